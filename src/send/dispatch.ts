import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import type { Job } from '../jobs/jobs.ts';
import type { Held, JobOutcome } from '../jobs/worker.ts';
import { type Channel, channels } from '../policy/channel.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/decision.ts';
import { type PolicyFacts, sensitivityOf } from '../policy/facts.ts';
import type { Provider, ProviderChannel } from '../providers/provider.ts';
import type { Stored } from '../store/fhir-store.ts';
import { authorityWrites } from './authority.ts';
import { recordResult, settleCall } from './call-result.ts';
import { type Reviewed, reviewWrites } from './emergency-review.ts';
import { type Attempt, alertWhenStuck, type DispatchDeps, hold, notAskedFor, withhold } from './endings.ts';
import { isSameContent } from './ids.ts';
import { withLabels } from './labels.ts';
import { again, waitUntil } from './next-try.ts';
import { withDelivery } from './record.ts';
import { goesAt, occurrenceOf } from './times.ts';
import { providerChannelOf } from './tried.ts';

/**
 * Facts older than this are not acted on: an objection, a withdrawal or a death that was recorded more than two
 * seconds ago is heeded by every provider call (contract 4).
 */
const FACTS_GOOD_FOR_MS = 1_500;

/**
 * Sends one attempt that is due. Repeatable at every point: whatever an earlier run did is found in the record, in
 * the job's note of a begun call, or at the provider under the attempt's reference, before anything is done again.
 */
export async function dispatch(deps: DispatchDeps, job: Job, held: Held): Promise<JobOutcome> {
  const { attempt, turn, facts, quietUntil } = await look(deps, job);
  const { request, communication } = attempt;
  if (communication.status !== 'preparation') return { kind: 'finish' };
  if (job.callBegunAt !== undefined) return await settleCall(deps, attempt, job.callBegunAt);
  if (request.status !== 'active') return notAskedFor(deps, attempt);
  if (quietUntil !== undefined) return { kind: 'retry', runAt: quietUntil, error: 'quiet-hours', call: 'none' };
  if (turn === undefined) return { kind: 'retry', runAt: occurrenceOf(request) as Date, error: 'early', call: 'none' };
  if (turn.paused !== undefined) return waitUntil(deps, request, turn.paused, 'limit-minute');
  const { read } = turn;
  if (facts === undefined) throw new Error('The facts of a message that is to go were not read');
  const decision = decide(facts);
  switch (decision.kind) {
    case 'unknown':
      deps.log.warn('message.undecided', { job: job.key, attempt: job.attempts });
      await alertWhenStuck(deps, attempt, 'a fact that its decision rests on cannot be read');
      return again(deps, job, 'facts-unknown', 'none');
    case 'refuse':
      return withhold(deps, labelled(attempt, facts), decision);
    case 'hold':
      return hold(deps, labelled(attempt, facts), facts, decision);
    case 'send':
      return send(deps, attempt, { decision, facts }, held, read);
    default:
      return decision satisfies never;
  }
}

/** The record says of its matter what is known of it now, whether it goes or not (PRX-7). */
const labelled = (attempt: Attempt, facts: PolicyFacts): Attempt => ({
  ...attempt,
  communication: withLabels(attempt.communication, sensitivityOf(facts)),
});

/** A turn to call the provider, and from when on the facts were read. `paused`: no turn before then. */
interface Turn {
  readonly paused: Date | undefined;
  readonly read: { readonly at: number; readonly monotonic: number };
}

/**
 * Reads an attempt and, if it is to go now and has its turn, the facts about it: all in one turn of the store where that
 * counts. Errors: StoreError; Error when the record is gone.
 */
async function look(
  deps: DispatchDeps,
  job: Job,
): Promise<{
  readonly attempt: Attempt;
  readonly turn?: Turn;
  readonly facts?: PolicyFacts;
  /** It came up within quiet hours, and can wait. */
  readonly quietUntil?: Date;
}> {
  let taken: Promise<Turn> | undefined;
  return deps.readAhead(async (view) => {
    const [request, communication] = await Promise.all([
      view.read('CommunicationRequest', job.key),
      view.read('Communication', String(job.data.communication)),
    ]);
    if (request === undefined || communication === undefined) throw new Error('The record of a queued message is gone');
    const attempt = { job, request, communication };
    const isAsked = communication.status === 'preparation' && job.callBegunAt === undefined;
    const due = occurrenceOf(request);
    const now = deps.clock.now();
    if (!isAsked || request.status !== 'active' || (due !== undefined && due > now)) return { attempt };
    const goes = goesAt(request, now, deps.context.policy);
    if (goes > now) return { attempt, quietUntil: goes };
    taken ??= takeTurn(deps, attempt);
    const turn = await taken;
    if (turn.paused !== undefined) return { attempt, turn };
    return { attempt, turn, facts: await deps.gather(request, { view, tried: triedOf(job) }) };
  });
}

async function takeTurn(deps: DispatchDeps, { request, communication }: Attempt): Promise<Turn> {
  const paused = await deps.pace.turn({ channel: providerChannelOf(communication), urgent: isUrgent(request) });
  return { paused, read: { at: deps.clock.now().getTime(), monotonic: deps.monotonic() } };
}

async function send(
  deps: DispatchDeps,
  attempt: Attempt,
  { decision, facts }: { readonly decision: Extract<Decision, { kind: 'send' }>; readonly facts: PolicyFacts },
  held: Held,
  read: Turn['read'],
): Promise<JobOutcome> {
  const { job } = attempt;
  const { delivery } = decision;
  const channel = providerChannel(deps.provider, delivery.channel);
  if (channel === undefined) return again(deps, job, 'no-provider', 'none');
  if (channel === 'sms') {
    const free = isUrgent(attempt.request) ? undefined : deps.pace.numberFreeAt(delivery.to, delivery.text);
    if (free !== undefined) return waitUntil(deps, attempt.request, free, 'limit-number');
    deps.pace.note(delivery.to, delivery.text);
  }

  // The record says what is about to be sent, before it is sent (REC-1).
  const prepared = withDelivery<Communication>(labelled(attempt, facts).communication, decision, deps.context.policy);
  let { communication } = attempt;
  const context = { ...deps.context, now: deps.clock.now() };
  const relied = [
    ...(await authorityWrites(deps.store, communication.id, attempt.request, delivery, context)),
    ...(await reviewWrites(deps.store, reviewed(attempt), decision, context)),
  ];
  if (!isSameContent(prepared, communication) || relied.length > 0) {
    const [written] = await deps.store.commit([
      { op: 'update', resource: { ...prepared, id: communication.id }, ifMatch: communication.meta.versionId },
      ...relied,
    ]);
    communication = written?.resource as Stored<Communication>;
  }

  if (!(await deps.jobs.beginCall(job.lease, deps.clock.now()))) return { kind: 'settled' };
  const result = await deps.provider.send(
    {
      channel,
      to: delivery.to,
      text: delivery.text,
      ...(delivery.subjectLine === undefined ? {} : { subjectLine: delivery.subjectLine }),
      ...(delivery.template === undefined ? {} : { template: delivery.template }),
      ...(delivery.senderId === undefined ? {} : { senderId: delivery.senderId }),
      reference: communication.id,
    },
    // Two clocks: the one that never jumps may stand still while the machine sleeps.
    () =>
      held.stillHeld() &&
      deps.monotonic() - read.monotonic < FACTS_GOOD_FOR_MS &&
      Math.abs(deps.clock.now().getTime() - read.at) < FACTS_GOOD_FOR_MS,
  );
  deps.log.info('message.called', { job: job.key, reference: communication.id, channel, outcome: result.kind });
  deps.count(result.kind, channel);
  if (decision.emergency) deps.emergencySent();
  return await recordResult(deps, { ...attempt, communication }, result);
}

const reviewed = ({ communication, request }: Attempt): Reviewed => ({
  communication: communication.id,
  patient: communication.subject?.reference,
  request,
});

/** Goes before everything else, and waits for no limit but the provider's. */
function isUrgent({ priority }: CommunicationRequest): boolean {
  return priority === 'stat' || priority === 'asap';
}

function triedOf(job: Job): readonly Channel[] {
  const { tried } = job.data;
  return Array.isArray(tried) ? channels.filter((one) => tried.includes(one)) : [];
}

function providerChannel(provider: Provider, channel: string): ProviderChannel | undefined {
  return provider.channels.find((one) => one === channel);
}
