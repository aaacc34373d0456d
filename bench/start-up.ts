import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './measure.ts';
import { startChild } from './processes.ts';

/** Milliseconds until the service says that it listens. */
export interface StartUp {
  /** Nothing compiled before, no data. */
  readonly firstEver: number;
  /** No data; compiled at an earlier start. */
  readonly empty: number;
  /** On the data of the load that came before. */
  readonly withData: number;
}

/**
 * How soon `npm start` is ready, simulator and examples included: the middle of several starts of each kind, in turn.
 */
export async function measureStartUp(dir: string, dataDir: string, times: number): Promise<StartUp> {
  const taken = { firstEver: [] as number[], empty: [] as number[], withData: [] as number[] };
  const compiled = join(dir, 'compiled');
  const fresh = (): string => mkdtempSync(join(dir, 'start-'));
  await start(fresh(), compiled);
  for (let time = 0; time < times; time += 1) {
    taken.firstEver.push(await start(fresh(), fresh()));
    taken.empty.push(await start(fresh(), compiled));
    taken.withData.push(await start(dataDir, compiled));
  }
  return { firstEver: median(taken.firstEver), empty: median(taken.empty), withData: median(taken.withData) };
}

async function start(dataDir: string, compileCache: string): Promise<number> {
  const service = await startChild('src/main.ts', {
    HERALD_DATA_DIR: dataDir,
    HERALD_PORT: '0',
    NODE_COMPILE_CACHE: compileCache,
  });
  await service.stop();
  return service.readyMs;
}
