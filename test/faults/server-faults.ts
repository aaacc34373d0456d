import type { Fault, Trouble } from '../servers/stub/stub.ts';
import type { Expected } from './compare.ts';
import { type GivenName, givens } from './givens.ts';
import { timing } from './plan.ts';
import { RunFailed, type World } from './world.ts';

/** A server of the record that misbehaves on its own wire. */
export interface ServerRow {
  /** `target/trouble`. */
  readonly name: string;
  readonly given: GivenName;
  /** What is armed while people are already known. */
  readonly fault: Fault;
  /** Which kinds of server it is tried on; `one`: on one of them, in turn. */
  readonly on: 'every' | 'one' | 'strict';
  readonly quick: boolean;
}

/** Longer than the service waits for an answer to a write. */
const LATE_MS = 2_000;
const DOWN_MS = 1_500;

/** `done`: the server has done what it was asked, and says something else. */
const troubles = {
  cut: { kind: 'cut' },
  'lose-answer': { kind: 'lose-answer' },
  late: { kind: 'late', ms: LATE_MS },
  hang: { kind: 'hang' },
  'hang-done': { kind: 'hang-after' },
  conflict: { kind: 'status', status: 409 },
  'conflict-done': { kind: 'status', status: 409, done: true },
  failed: { kind: 'status', status: 412 },
  'failed-done': { kind: 'status', status: 412, done: true },
  'too-many': { kind: 'status', status: 429, retryAfter: 1 },
  error: { kind: 'status', status: 500 },
  'error-done': { kind: 'status', status: 500, done: true },
  unavailable: { kind: 'status', status: 503 },
  'unavailable-done': { kind: 'status', status: 503, done: true },
  html: { kind: 'html' },
  'html-done': { kind: 'html', done: true },
  truncated: { kind: 'truncated' },
  'cut-body': { kind: 'cut-body' },
  down: { kind: 'down', ms: DOWN_MS },
  'down-done': { kind: 'down', ms: DOWN_MS, done: true },
} as const satisfies Readonly<Record<string, Trouble>>;
type TroubleName = keyof typeof troubles;
const everyTrouble = Object.keys(troubles) as TroubleName[];

/** Those that leave something in doubt in different ways. */
const doubtful: readonly TroubleName[] = [
  'cut',
  'lose-answer',
  'late',
  'failed-done',
  'unavailable-done',
  'truncated',
  'down',
];
/** A question is not in doubt: it is answered wrongly or not at all. */
const silent: readonly TroubleName[] = ['cut', 'hang', 'too-many', 'error', 'html', 'truncated', 'down'];

interface Target {
  readonly given: GivenName;
  /** Calls that are troubled. */
  readonly calls: Omit<Fault, 'trouble'>;
  readonly troubles: readonly TroubleName[];
  /** Other servers are asked in batches, and have no such calls. */
  readonly only?: 'strict';
}

const writes = (type: string, skip = 0): Omit<Fault, 'trouble'> => ({ writes: type, skip });

/** Whose calls are troubled, and in which journey. */
const targets: Readonly<Record<string, Target>> = {
  accept: { given: 'ordinary', calls: writes('CommunicationRequest'), troubles: everyTrouble },
  attempt: { given: 'ordinary', calls: writes('Communication'), troubles: doubtful },
  // The first three are those of acceptance.
  outcome: { given: 'ordinary', calls: writes('Communication', 3), troubles: doubtful },
  audit: { given: 'ordinary', calls: writes('AuditEvent'), troubles: doubtful },
  'audit-of-outcome': { given: 'ordinary', calls: writes('AuditEvent', 3), troubles: doubtful },
  triage: { given: 'text-twice', calls: writes('Task'), troubles: doubtful },
  reads: {
    given: 'ordinary',
    calls: { path: '^/(CommunicationRequest|Communication)/[^/]+$', method: 'GET' },
    troubles: silent,
    only: 'strict',
  },
  facts: { given: 'ordinary', calls: { path: '_search$', method: 'POST' }, troubles: silent },
  'at-once': { given: 'at-once', calls: writes('CommunicationRequest'), troubles: ['lose-answer', 'late', 'cut'] },
  'asked-once': { given: 'asked-once', calls: writes('CommunicationRequest'), troubles: doubtful },
  changed: { given: 'changed', calls: writes('Communication', 3), troubles: ['lose-answer', 'late'] },
  withheld: { given: 'withheld', calls: writes('CommunicationRequest', 3), troubles: ['lose-answer', 'late'] },
  refused: { given: 'refused', calls: writes('Communication'), troubles: ['lose-answer', 'late'] },
  revoked: { given: 'revoked', calls: writes('CommunicationRequest', 3), troubles: ['lose-answer', 'late', 'cut'] },
  'no-receipt': { given: 'no-receipt', calls: writes('Communication', 6), troubles: ['lose-answer', 'late'] },
  'no-job': { given: 'no-job', calls: writes('Communication', 3), troubles: ['lose-answer', 'late'] },
};

/** Where a server in trouble would double or lose a message if any would. */
const quick = new Set([
  'accept/lose-answer',
  'accept/late',
  'accept/failed-done',
  'outcome/lose-answer',
  'asked-once/lose-answer',
]);

/** What ends differently with transactions and without. */
const onEvery: ReadonlySet<TroubleName> = new Set(['late', 'failed-done']);

/** Every row, for each kind of server. */
export const serverRows: readonly ServerRow[] = Object.entries(targets).flatMap(
  ([target, { given, calls, troubles: of, only }]) =>
    of.map((name) => ({
      name: `${target}/${name}`,
      given,
      fault: { ...calls, trouble: troubles[name] },
      on: only ?? (target === 'accept' || onEvery.has(name) || quick.has(`${target}/${name}`) ? 'every' : 'one'),
      quick: quick.has(`${target}/${name}`),
    })),
);

/** One row in one run: armed before the service starts, once or twice, and certain to strike. */
export async function underTrouble(world: World, { given, fault }: ServerRow): Promise<readonly Expected[]> {
  const { server } = world;
  if (server === undefined) throw new RunFailed('the record is not on a server');
  const times = 1 + Math.floor(world.draw() * 2);
  await server.arm({ ...fault, times });
  // What the server does late comes when nobody waits for it any more, and is looked for once in a while.
  if (fault.trouble.kind === 'late') world.aftermathMs += LATE_MS + 4 * timing.doubtsMs;
  const ends = await givens[given](world, undefined);
  const unstruck = (await server.armed()).filter(({ struck }) => struck === 0);
  if (unstruck.length > 0) throw new RunFailed('the trouble of the server never struck');
  return ends;
}
