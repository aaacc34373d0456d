import type { Jobs } from '../../src/jobs/jobs.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { FhirStore } from '../../src/store/fhir-store.ts';
import type { GivenName } from './givens.ts';
import type { Fault, Moment } from './plan.ts';

/**
 * Who makes a port call: the module of the use case whose frame is innermost on the call's stack. Modules that several
 * use cases share (facts, plans, outcomes) are not named here, so that what they do counts for whoever called them.
 */
export const actors = {
  start: 'src/catalogue/seed.ts',
  edge: 'src/fhir/communication-request.ts',
  accept: 'src/send/accept.ts',
  change: 'src/send/change.ts',
  endings: 'src/send/endings.ts',
  dispatch: 'src/send/dispatch.ts',
  receipt: 'src/send/receipt.ts',
  returned: 'src/send/returned-letter.ts',
  inbound: 'src/inbound/received-text.ts',
  'follow-up': 'src/send/follow-up.ts',
  sweep: 'src/send/sweep.ts',
  callback: 'src/providers/callbacks.ts',
  heart: 'src/jobs/holds.ts',
  worker: 'src/jobs/worker.ts',
} as const;
export type Actor = keyof typeof actors;

/** Callers that send nothing and end nothing: reading over FHIR, writing people, notes of proxies, health and metrics. */
export const bystanders = [
  'src/doctor/',
  'src/fhir/',
  'src/http/',
  'src/inbound/overdue.ts',
  'src/metrics.ts',
  'src/notice/',
  'src/objections/',
  'src/send/emergency-pattern.ts',
  'src/send/proxy-flags.ts',
  'src/service.ts',
  'src/service/',
  'src/unreachable/',
];

/** Methods that ask or tell something once and may be made to fail. */
type Calls<Name extends string, Port> = `${Name}.${Extract<keyof Port, string>}`;
export type PortCall = Calls<'store', FhirStore> | Calls<'jobs', Jobs> | Calls<'provider', Provider> | 'commitUnit';

/** One call, as the injector sees it. */
export interface SeenCall {
  readonly args: readonly unknown[];
  readonly moment: Moment;
  /** Only after. */
  readonly result: unknown;
  /** Messages were accepted by this process, so that there is work. */
  readonly busy: boolean;
}

export interface StepRow {
  /** `actor.what`. */
  readonly name: string;
  readonly actor: Actor;
  readonly call: PortCall;
  /** Resource types that it is about; none: all. */
  readonly of?: readonly string[];
  readonly when?: (call: SeenCall) => boolean;
  /** What has to be done for the step to be reached. */
  readonly given: GivenName;
  /** A read changes nothing, so that before and after differ only for what is killed. */
  readonly effect: 'read' | 'write';
  /** Also with the process stopped past its lease while another works on. */
  readonly stop?: true;
}

const row = (
  name: string,
  call: PortCall,
  effect: StepRow['effect'],
  given: GivenName,
  more: Pick<StepRow, 'of' | 'when' | 'stop'> = {},
): StepRow => ({ name, actor: name.slice(0, name.indexOf('.')) as Actor, call, effect, given, ...more });

const about = (...of: string[]): Pick<StepRow, 'of'> => ({ of });
const stop = { stop: true } as const;
const records = ['CommunicationRequest', 'Communication'];
const people = ['Patient', 'RelatedPerson'];

/** Every port call of the pipeline, once for each use case that makes it. */
export const steps: readonly StepRow[] = [
  row('start.seed', 'store.commit', 'write', 'ordinary'),
  row('start.look', 'store.read', 'read', 'ordinary'),

  row('accept.known', 'store.read', 'read', 'ordinary', about('CommunicationRequest')),
  row('accept.person', 'store.read', 'read', 'ordinary', about(...people)),
  row('accept.requester', 'store.read', 'read', 'ordinary', about('Practitioner')),
  row('accept.facts', 'store.search', 'read', 'ordinary'),
  row('accept.commit', 'commitUnit', 'write', 'ordinary', stop),
  row('accept.refusal', 'store.commit', 'write', 'refused'),

  row('change.read', 'store.read', 'read', 'revoked', about('CommunicationRequest')),
  row('change.attempts', 'store.search', 'read', 'revoked', about('Communication')),
  row('change.job', 'jobs.get', 'read', 'revoked'),
  row('change.commit', 'commitUnit', 'write', 'revoked'),

  row('worker.claim', 'jobs.claim', 'write', 'ordinary', {
    when: ({ moment, result, busy }) => (moment === 'before' ? busy : (result as unknown[]).length > 0),
    ...stop,
  }),
  row('heart.beat', 'jobs.heartbeat', 'write', 'slow'),
  row('worker.retry', 'jobs.retry', 'write', 'uncertain'),
  row('worker.finish', 'jobs.finish', 'write', 'text-twice'),

  row('dispatch.record', 'store.read', 'read', 'ordinary', { ...about(...records), ...stop }),
  row('dispatch.person', 'store.read', 'read', 'ordinary', about(...people)),
  row('dispatch.facts', 'store.search', 'read', 'ordinary'),
  row('dispatch.prepare', 'store.commit', 'write', 'changed', stop),
  row('dispatch.begin', 'jobs.beginCall', 'write', 'ordinary', stop),
  row('dispatch.send', 'provider.send', 'write', 'ordinary', stop),
  row('dispatch.settle', 'provider.findByReference', 'read', 'uncertain', stop),
  row('dispatch.accepted', 'commitUnit', 'write', 'ordinary', stop),
  row('endings.commit', 'commitUnit', 'write', 'withheld', stop),

  row('callback.add', 'jobs.add', 'write', 'ordinary'),
  row('receipt.read', 'store.read', 'read', 'ordinary', about(...records)),
  row('receipt.commit', 'commitUnit', 'write', 'ordinary', stop),
  row('inbound.known', 'store.read', 'read', 'text-twice', about('Communication')),
  row('inbound.senders', 'store.search', 'read', 'text-twice', about(...people)),
  row('inbound.commit', 'commitUnit', 'write', 'text-twice', stop),

  row('follow-up.read', 'store.read', 'read', 'no-receipt', about(...records)),
  row('follow-up.ask', 'provider.findById', 'read', 'no-receipt'),
  row('follow-up.commit', 'commitUnit', 'write', 'no-receipt'),
  row('follow-up.document', 'provider.findDocument', 'read', 'letter'),

  row('returned.read', 'store.read', 'read', 'letter-back', about(...records)),
  row('returned.commit', 'commitUnit', 'write', 'letter-back'),

  row('sweep.look', 'store.search', 'read', 'no-job', about('Communication')),
  row('sweep.job', 'jobs.get', 'read', 'no-job'),
  row('sweep.read', 'store.read', 'read', 'no-job', about(...records)),
  row('sweep.add', 'jobs.add', 'write', 'no-job'),
];

/**
 * Every method of every port, so that a new one does not compile until somebody says where it is failed: `steps`, or
 * why it needs no row.
 */
export const coverage: Readonly<Record<PortCall, 'steps' | { readonly without: string }>> = {
  commitUnit: 'steps',
  'store.read': 'steps',
  'store.search': 'steps',
  'store.commit': 'steps',
  'store.vread': { without: 'reading over FHIR alone' },
  'store.history': {
    without: 'reading over FHIR, and one more fact of those that accept.facts and dispatch.facts fail',
  },
  'store.redact': { without: 'objections alone: test/journeys/serious-harm.test.ts' },
  'store.ping': { without: 'health alone' },
  'jobs.add': 'steps',
  'jobs.claim': 'steps',
  'jobs.heartbeat': 'steps',
  'jobs.beginCall': 'steps',
  'jobs.finish': 'steps',
  'jobs.retry': 'steps',
  'jobs.get': 'steps',
  'jobs.bury': { without: 'twelve failures in a row take minutes: test/jobs/worker.test.ts' },
  'jobs.cancel': { without: 'the pipeline cancels within a unit: change.commit, receipt.commit' },
  'jobs.stats': { without: 'health and metrics alone' },
  'jobs.onWork': { without: 'a hint, which nothing rests on' },
  'provider.send': 'steps',
  'provider.findByReference': 'steps',
  'provider.findById': 'steps',
  'provider.findDocument': 'steps',
  'provider.findTemplate': { without: 'a fact, which unread is never sent: test/journeys/templates.test.ts' },
  'provider.channels': { without: 'a value' },
  'provider.quietPeriodMs': { without: 'a value' },
  'provider.retentionMs': { without: 'a value' },
};

/** The faults of a row, each with its moment. */
export function faultsOf({ call, effect, stop: stops }: StepRow): (readonly [Moment, Fault])[] {
  // The queue and the provider have no error of their own for "no answer".
  const errors: Fault[] = call.startsWith('store.') || call === 'commitUnit' ? ['unavailable', 'broken'] : ['broken'];
  const before: Fault[] = ['kill', ...errors, 'hang', ...(stops ? (['stop'] as const) : [])];
  const after: Fault[] = effect === 'write' ? before : ['kill'];
  return [...before.map((one) => ['before', one] as const), ...after.map((one) => ['after', one] as const)];
}

/** Whether a call belongs to a row, whatever its moment. */
export function isOf({ actor, call, of }: StepRow, seen: { actor: string; call: string; type: string }): boolean {
  return actor === seen.actor && call === seen.call && (of === undefined || of.includes(seen.type));
}
