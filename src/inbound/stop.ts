import type { Consent, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { codeSystem, system } from '../canonical.ts';
import type { ObjectionDeps } from '../objections/deps.ts';
import { objectionWrites } from '../objections/follow.ts';
import { provenance } from '../send/authors.ts';
import { objectionsOf } from '../send/gather-objections.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { idOfKey, newId } from '../send/ids.ts';
import { endOfNextOpenDay, type Opening } from '../send/opening.ts';
import type { FhirStore, Write } from '../store/fhir-store.ts';
import type { Sender } from './senders.ts';

/**
 * OBJ-11: a text that says STOP is the start of a conversation. It makes a provisional objection to texts, which blocks
 * them, the note of it in the record, and the Task to talk to its sender by another way, all in one commit. Errors:
 * StoreError.
 */
export async function stopWrites(
  deps: ObjectionDeps,
  stop: {
    /** `Communication/id`. */
    readonly text: string;
    readonly receivedAt: string;
    readonly sender: Sender;
    /** Who says whose text it is: the sender's number, or a member of staff. */
    readonly by: { readonly caller: Caller; readonly author: Reference | undefined };
    readonly opening: Opening;
  },
): Promise<Write[]> {
  const now = deps.clock.now();
  const context = { now, controller: deps.controller, policy: deps.policy };
  const consent = stopConsent(stop.text, stop.sender, stop.receivedAt);
  const follows = await objectionWrites(deps, consent, flagAuthor(stop.by.author));
  const due = endOfNextOpenDay(stop.opening, now).toISOString();
  const targets = [
    `Consent/${consent.id}`,
    ...follows.flatMap(({ resource }) => (resource.resourceType === 'Flag' ? [`Flag/${resource.id}`] : [])),
  ];
  const by = { ...stop.by, activity: 'CREATE' as const, sources: [stop.text] };
  return [
    { op: 'create', resource: consent },
    { op: 'create', resource: provenance(newId(now), targets, by, context) },
    // Nobody's wish waits without an end.
    ...follows.map((one) => (isConversation(one) ? withDue(one, due) : one)),
  ];
}

/** Whether an objection to all texts stands already: a second one would say nothing new. Errors: StoreError. */
export async function textsAreObjectedTo(store: FhirStore, { person, patient }: Sender, now: Date): Promise<boolean> {
  const proxy = person === patient ? undefined : person;
  const all = await objectionsOf(store, { records: [patient] });
  return all.some(
    (one) =>
      one.ofProxy === proxy &&
      one.period.until > now.getTime() &&
      (one.everything || (one.kinds === 'all' && (one.channels === 'all' || one.channels.includes('sms')))),
  );
}

/** The objection that a text makes: always the same for the same text. Its reason is still to be talked about. Pure. */
function stopConsent(text: string, { person, patient }: Sender, since: string): Consent & { id: string } {
  const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });
  const isProxy = person !== patient;
  return {
    resourceType: 'Consent',
    id: idOfKey(`objection by ${text}`),
    status: 'proposed',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [concept('consent-category', 'messaging-objection'), concept('objection-scope', 'channel')],
    patient: { reference: patient },
    dateTime: since,
    performer: [{ reference: person }] as NonNullable<Consent['performer']>,
    policyRule: { coding: [{ system: system.actCode, code: 'OPTOUT' }] },
    provision: {
      type: 'deny',
      period: { start: since },
      action: [concept('channel', 'sms')],
      ...(isProxy
        ? {
            actor: [
              {
                role: { coding: [{ system: participation, code: 'IRCP' }] },
                reference: { reference: person } as Reference as NonNullable<
                  NonNullable<Consent['provision']>['actor']
                >[number]['reference'],
              },
            ],
          }
        : {}),
    },
  };
}

const participation = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';

/** R4 lets no RelatedPerson be the author of a Flag. */
const flagAuthor = (author: Reference | undefined): Reference | undefined =>
  author?.reference?.startsWith('RelatedPerson/') ? undefined : author;

const isConversation = ({ op, resource }: Write): boolean =>
  op === 'create' &&
  resource.resourceType === 'Task' &&
  codesIn(resource.code, 'task-code').includes('discuss-objection');

function withDue(write: Write, end: string): Write {
  const { resource } = write;
  if (resource.resourceType !== 'Task' || resource.restriction !== undefined) return write;
  return { ...write, resource: { ...resource, restriction: { period: { end } } } };
}
