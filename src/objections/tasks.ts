import type { Consent, Flag, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { channelName } from '../policy/channel.ts';
import type { TaskCode } from '../policy/codes.ts';
import type { RecordContext } from '../send/authors.ts';
import { objectedChannels, objectingProxy, scopesOf } from '../send/gather-objections.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { idOfKey } from '../send/ids.ts';
import { localReference } from '../send/naming.ts';
import { detailOf, stands } from '../send/objection-detail.ts';
import { holdDue, type TaskRequest, task } from '../send/tasks.ts';
import { type FhirStore, type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import { needsMet } from './needs.ts';

/** What people have to do about an objection (contract 7), each once. Its words say nothing of why. */

type Asked = Omit<TaskRequest, 'patient'>;

/** A Task about an objection: handled discreetly where what is known did not come from the person (OBJ-13). */
export function aboutObjection(
  id: string,
  consent: Consent & { id: string },
  asked: Asked,
  context: RecordContext,
): Task & { id: string } {
  const patient = localReference(consent.patient?.reference, 'Patient');
  const reference = `Consent/${consent.id}`;
  const made = task(id, { ...asked, ...(patient === undefined ? {} : { patient }) }, context);
  return {
    ...made,
    ...(asked.focus === reference ? {} : { reasonReference: { reference } }),
    ...(detailOf(consent).discreet
      ? {
          businessStatus: { coding: [{ system: codeSystem('handling'), code: 'discreet' }] },
          description: `${asked.text} Be discreet: nobody else may learn of it.`,
        }
      : {}),
  };
}

/**
 * The Tasks that an objection needs and does not have, and the ends of those that it needs no more. Goes into the same
 * commit. Errors: StoreError.
 */
export async function objectionTasks(
  store: FhirStore,
  consent: Consent & { id: string },
  flags: readonly Stored<Flag>[],
  context: RecordContext,
): Promise<Write[]> {
  const wanted = wantedTasks(consent, flags, context);
  const existing = await searchAll(store, 'Task', [['focus', `Consent/${consent.id}`]]);
  const made = wanted
    .filter((one) => !existing.some((other) => isFor(other, one)))
    .map((one): Write => ({ op: 'create', resource: one }));
  const ended = existing
    .filter((one) => isOurs(one) && isOpen(one) && !wanted.some((other) => isFor(one, other)))
    .map((one): Write => ({ op: 'update', resource: endOf(one, consent, context), ifMatch: one.meta.versionId }));
  return [...made, ...ended];
}

function wantedTasks(
  consent: Consent & { id: string },
  flags: readonly Stored<Flag>[],
  context: RecordContext,
): (Task & { id: string })[] {
  const { now } = context;
  if (!stands(consent, now)) return [];
  const detail = detailOf(consent);
  const focus = `Consent/${consent.id}`;
  const who = objectingProxy(consent) === undefined ? 'person' : 'proxy';
  const not = `Do not use ${channelsIn(consent)} for it.`;
  const make = (key: string, asked: Omit<Asked, 'focus'>): Task & { id: string } =>
    aboutObjection(idOfKey(`${key} ${consent.id}`), consent, { ...asked, focus }, context);
  const forCare = scopesOf(consent).includes('care-processing');
  return [
    ...(detail.impactExplained
      ? []
      : [
          make('explain-impact', {
            code: 'explain-impact',
            text: `Explain to the ${who} how their objection may affect care, and record when that was done. ${not}`,
            performerType: 'clinic',
          }),
        ]),
    ...(forCare || consent.status === 'proposed'
      ? [
          make('discuss-objection', {
            code: 'discuss-objection',
            text: forCare
              ? `The ${who} objects to the processing of their information for care. Talk to them, and record whether the objection is upheld, resolved or withdrawn. ${not}`
              : `Talk to the ${who} about their objection: what it is about, and what it means for care. Record whether it is upheld, resolved or withdrawn. ${not}`,
            performerType: forCare ? 'dpo' : 'clinic',
          }),
        ]
      : []),
    ...(detail.riskOfSeriousHarm && detail.contactDetailDecision === undefined
      ? [
          make('discuss-removal', {
            code: 'discuss-removal',
            text: `Ask the ${who}, alone, whether the contact details that they object to should leave the record altogether. ${not}`,
            priority: 'urgent',
            performerType: 'clinic',
            due: holdDue('urgent', now, undefined),
          }),
        ]
      : []),
    ...needTask(consent, flags, context),
  ];
}

/** A recorded need that the objection stands against: no rule can settle that, a person must. */
export function needTask(
  consent: Consent & { id: string },
  flags: readonly Stored<Flag>[],
  context: RecordContext,
): (Task & { id: string })[] {
  if (objectingProxy(consent) !== undefined) return [];
  return needsMet(consent, flags, context.now).map((flag) => ({
    ...aboutObjection(
      idOfKey(`need ${flag} ${consent.id}`),
      consent,
      {
        code: 'need-meets-objection',
        focus: `Consent/${consent.id}`,
        text: `The person needs to be contacted in a way that is objected to. Find out with them how they can be reached. Do not use ${channelsIn(consent)} for it.`,
        performerType: 'clinic',
      },
      context,
    ),
    reasonReference: { reference: flag },
  }));
}

/** OBJ-13: a conversation about an objection does not go by what is objected to. */
function channelsIn(consent: Consent): string {
  const channels = objectedChannels(consent);
  const isAll =
    channels === 'all' || scopesOf(consent).some((one) => one === 'all-messages' || one === 'care-processing');
  return isAll ? 'messages' : channels.map((one) => channelName[one]).join(' or ');
}

const ours = [
  'explain-impact',
  'discuss-objection',
  'discuss-removal',
  'need-meets-objection',
] as const satisfies readonly TaskCode[];
const open: readonly Task['status'][] = [
  'draft',
  'requested',
  'received',
  'accepted',
  'ready',
  'in-progress',
  'on-hold',
];

const isOurs = (one: Task): boolean => ours.some((code) => codesIn(one.code, 'task-code').includes(code));
export const isOpen = (one: Task): boolean => one.status !== undefined && open.includes(one.status);

/** Whether a Task that is there asks for the same. */
function isFor(one: Task, wanted: Task): boolean {
  const [code = ''] = codesIn(wanted.code, 'task-code');
  if (!codesIn(one.code, 'task-code').includes(code)) return false;
  return code !== 'need-meets-objection' || one.reasonReference?.reference === wanted.reasonReference?.reference;
}

/** Done, where the objection itself says so; otherwise there is nothing left to do. */
function endOf(one: Stored<Task>, consent: Consent, { now }: RecordContext): Task & { id: string } {
  const isReminder = codesIn(one.code, 'task-code').includes('explain-impact');
  if (isReminder && detailOf(consent).impactExplained) {
    return doneTask(one, 'The objection says when its effect was explained.', now);
  }
  return { ...one, status: 'cancelled', ...noted(one, 'The objection was settled without it.', now) };
}

/** A Task that somebody else did. */
export function doneTask(one: Stored<Task>, text: string, now: Date): Task & { id: string } {
  const done = { coding: [{ system: codeSystem('decision'), code: 'done' }] };
  const type = { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] };
  return {
    ...one,
    status: 'completed',
    ...noted(one, text, now),
    output: [...(one.output ?? []), { type, valueCodeableConcept: done }],
  };
}

function noted({ note = [] }: Task, text: string, now: Date): Pick<Task, 'note' | 'lastModified'> {
  const time = now.toISOString();
  return { lastModified: time, note: [...note, { time, text }] };
}
