import type { Communication, CommunicationRequest, Reference, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Decision } from '../policy/decision.ts';
import type { FhirStore, Write } from '../store/fhir-store.ts';
import type { RecordContext } from './authors.ts';
import { seniorText } from './emergency-claim.ts';
import { idOfKey } from './ids.ts';
import { task } from './tasks.ts';

const DAY = 24 * 60 * 60_000;

type Sending = Extract<Decision, { kind: 'send' }>;

/** What is looked at afterwards: one message, and whoever asked for it. */
export interface Reviewed {
  /** Id of the Communication. */
  readonly communication: string;
  /** `Patient/id`. */
  readonly patient: string | undefined;
  readonly request: CommunicationRequest & { id: string };
}

/** The review of an emergency has the same id whoever makes it, so that each message has one. */
export const reviewId = (communication: string): string => idOfKey(`emergency-review ${communication}`);

/**
 * The Task by which information governance looks at an emergency once it is over (EMG-2): what was set aside, on whose
 * word, and until when it is to be done. Its requester is whoever asked for the message.
 */
export function reviewTask(about: Reviewed, decision: Sending, context: RecordContext): Task & { id: string } {
  const { request, communication, patient } = about;
  const senior = seniorText(request);
  const due = new Date(context.now.getTime() + context.policy.reviewDays * DAY);
  const asked = task(
    reviewId(communication),
    {
      code: 'post-hoc-ig-review',
      focus: `Communication/${communication}`,
      text: 'A message was sent as an emergency. Look at what was set aside for it, with whoever decided, and record the finding.',
      priority: 'asap',
      performerType: 'ig-team',
      due,
      ...(patient === undefined ? {} : { patient }),
    },
    context,
  );
  const requester = request.requester as Reference | undefined;
  return {
    ...asked,
    ...(requester === undefined ? {} : { requester: requester as NonNullable<Task['requester']> }),
    reasonCode: { coding: [{ system: codeSystem('review-reason'), code: 'emergency-send' }] },
    reasonReference: { reference: `CommunicationRequest/${request.id}` },
    input: [
      { type: parameter('rules-bypassed'), valueString: setAsideText(decision) },
      ...(senior === undefined ? [] : [{ type: parameter('senior-consulted'), valueString: senior }]),
    ],
  };
}

/** The same for a message that staff sent outside Herald, as its record says. */
export function outsideReviewTask(
  communication: Communication & { id: string },
  reason: 'emergency-send' | 'unapproved-channel',
  context: RecordContext,
): Task & { id: string } {
  const { id, subject, sender } = communication;
  const due = new Date(context.now.getTime() + context.policy.reviewDays * DAY);
  const asked = task(
    reviewId(id),
    {
      code: 'post-hoc-ig-review',
      focus: `Communication/${id}`,
      text: outsideText[reason],
      priority: 'asap',
      performerType: 'ig-team',
      due,
      ...(subject?.reference === undefined ? {} : { patient: subject.reference }),
    },
    context,
  );
  return {
    ...asked,
    ...(sender === undefined ? {} : { requester: sender as NonNullable<Task['requester']> }),
    reasonCode: { coding: [{ system: codeSystem('review-reason'), code: reason }] },
  };
}

const outsideText = {
  'emergency-send':
    'A message was sent outside Herald in an emergency. Look at it with whoever sent it, and record the finding.',
  'unapproved-channel':
    'A message was sent by a way that the organisation has not approved. Look at it with whoever sent it, and record the finding.',
} as const;

/**
 * Keeps the review of an emergency in step with what is about to be sent, where that was decided anew since; one that
 * somebody has finished stays as it is. Errors: StoreError.
 */
export async function reviewWrites(
  store: FhirStore,
  about: Reviewed,
  decision: Sending,
  context: RecordContext,
): Promise<Write[]> {
  if (decision.emergency !== true) return [];
  const wanted = reviewTask(about, decision, context);
  const current = await store.read('Task', wanted.id);
  if (current === undefined) return [{ op: 'create', resource: wanted }];
  const isOpen = current.status === 'requested' || current.status === 'in-progress';
  if (!isOpen || bypassed(current) === bypassed(wanted)) return [];
  const others = (current.input ?? []).filter((one) => !isBypassed(one));
  const resource: Task & { id: string } = {
    ...current,
    input: [...(wanted.input ?? []).filter(isBypassed), ...others],
    lastModified: context.now.toISOString(),
  };
  return [{ op: 'update', resource, ifMatch: current.meta.versionId }];
}

/** Reason and clause of each, as the record of the message lists them too. */
function setAsideText({ setAside = [] }: Sending): string {
  const named = [...new Set(setAside.map((one) => `${one.code} (${one.clause})`))];
  return named.length === 0 ? 'none' : named.join('; ');
}

type Input = NonNullable<Task['input']>[number];

const isBypassed = ({ type }: Input): boolean => type.coding?.some((one) => one.code === 'rules-bypassed') ?? false;

const bypassed = ({ input = [] }: Task): string | undefined => input.find(isBypassed)?.valueString;

const parameter = (code: string): Input['type'] => ({ coding: [{ system: codeSystem('task-parameter'), code }] });
