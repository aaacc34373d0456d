import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import type { StoreConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { openEmbedded } from '../store/embedded.ts';
import type { FhirStore, WriteResult } from '../store/fhir-store.ts';
import { createRemote } from '../store/remote/remote-store.ts';
import { CommandError } from './command.ts';
import { reached } from './reach.ts';

/**
 * Works on the record itself, wherever it is kept, while the service runs or not. The queue is left alone. Errors:
 * CommandError when there is no record here, or it cannot be reached; those of the work.
 */
export async function withRecord<T>(config: StoreConfig, work: (store: FhirStore) => Promise<T>): Promise<T> {
  const { store, close } = config.kind === 'embedded' ? openHere(config.dataDir) : openThere(config);
  try {
    return await reached(() => work(store));
  } finally {
    close();
  }
}

interface Opened {
  readonly store: FhirStore;
  close(): void;
}

function openHere(dataDir: string): Opened {
  const file = join(dataDir, 'herald.sqlite');
  if (!existsSync(file)) {
    throw new CommandError('HERALD_DATA_DIR: there is no record in this directory. Give the one of the service.');
  }
  return openEmbedded(file, { clock: systemClock });
}

/** Without transactions writes are made one by one, in their order. */
function openThere({ baseUrl, access }: Extract<StoreConfig, { kind: 'remote' }>): Opened {
  const remote = createRemote({
    ...{ baseUrl, access, clock: systemClock, log: createLog({ level: 'silent' }) },
    async sequence(writes) {
      const results: WriteResult[] = [];
      for (const one of writes) results.push(await remote.writeOne(one));
      return results;
    },
  });
  return { store: remote.store, close: () => remote.close() };
}
