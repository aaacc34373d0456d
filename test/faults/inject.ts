import { appendFileSync, writeSync } from 'node:fs';
import type { Ports } from '../../src/service.ts';
import { StoreError } from '../../src/store/fhir-store.ts';
import type { Fault, Moment, Note, ServiceDescription, Strike } from './plan.ts';
import { actors, bystanders, isOf, type PortCall, type StepRow, steps } from './steps.ts';

/** Says something to the process that started this one, at once: the next thing may be its own end. */
export function say(note: Note): void {
  writeSync(1, `${JSON.stringify(note)}\n`);
}

/** Wraps the ports so that the described fault strikes at its step, and that every kind of call made is written down. */
export function inject(ports: Ports, description: ServiceDescription): Ports {
  const { strike, seenFile } = description;
  const hits = createHits(strike);
  const written = new Set<string>();
  let busy = false;

  /** Makes one call of a port, with whatever is to happen before and after it. */
  const around = async <T>(call: PortCall, args: readonly unknown[], make: () => Promise<T>): Promise<T> => {
    const seen = { actor: actorOnStack(), call, type: call.startsWith('store.') ? typeNamed(args) : '' };
    const line = `${seen.actor} ${seen.call} ${seen.type}`;
    if (!written.has(line)) {
      written.add(line);
      appendFileSync(seenFile, `${line}\n`);
    }
    const mayHit = (moment: Moment, result?: unknown): Fault | undefined =>
      hits(moment, (row) => isOf(row, seen) && (row.when?.({ args, moment, result, busy }) ?? true));
    await act(mayHit('before'), strike);
    const result = await make();
    if (call === 'commitUnit' && seen.actor === 'accept') busy = true;
    await act(mayHit('after', result), strike);
    return result;
  };

  const wrapped = <P extends object>(name: string, port: P): P =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        if (key === 'onWork' || key === 'ready') return value.bind(target);
        return (...args: unknown[]) =>
          around(`${name}.${String(key)}` as PortCall, args, () => value.apply(target, args));
      },
    });

  return {
    store: wrapped('store', ports.store),
    jobs: wrapped('jobs', ports.jobs),
    provider: wrapped('provider', ports.provider),
    commitUnit: (unit) => around('commitUnit', [unit], () => ports.commitUnit(unit)),
    settleDoubts: ports.settleDoubts,
  };
}

/** Answers the fault for a call of the step, if this is one of those to be hit. */
function createHits(strike: Strike | undefined) {
  const row = steps.find(({ name }) => name === strike?.step);
  let count = 0;
  return (moment: Moment, matches: (row: StepRow) => boolean): Fault | undefined => {
    if (strike === undefined || row === undefined || moment !== strike.moment || !matches(row)) return undefined;
    count += 1;
    return count >= strike.nth && count < strike.nth + strike.times ? strike.fault : undefined;
  };
}

async function act(fault: Fault | undefined, strike: Strike | undefined): Promise<void> {
  if (fault === undefined || strike === undefined) return;
  say({ kind: 'struck' });
  switch (fault) {
    case 'kill':
      process.kill(-process.pid, 'SIGKILL');
      return await new Promise(() => {});
    case 'unavailable':
      throw new StoreError('unavailable', 'the fault kit says so');
    case 'broken':
      throw new Error('the fault kit says so');
    case 'hang':
      await new Promise((resolve) => setTimeout(resolve, strike.hangMs));
      return say({ kind: 'resumed' });
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      return say({ kind: 'resumed' });
    default:
      return fault satisfies never;
  }
}

Error.stackTraceLimit = 60;

const anchors = Object.entries(actors);
/** Where facts are read, or asked for before anybody needs them. */
const factReaders = ['src/send/gather', 'src/store/remote/ahead.ts'];

/** Who makes this call. V8 keeps the callers across `await`, so that the frames lead back to the use case. */
function actorOnStack(): string {
  const frames = (new Error().stack ?? '').split('\n');
  for (const frame of frames) {
    const anchor = anchors.find(([, file]) => frame.includes(file));
    if (anchor !== undefined) return anchor[0];
  }
  if (frames.some((frame) => bystanders.some((place) => frame.includes(place)))) return 'bystander';
  // Now and then the trail ends at the facts, which every use case reads in the same way.
  return frames.some((frame) => factReaders.some((place) => frame.includes(place))) ? 'facts' : 'nobody';
}

/** What a store call is about: the type it names, or those that it writes. */
function typeNamed([first]: readonly unknown[]): string {
  return typeof first === 'string' ? first : '';
}
