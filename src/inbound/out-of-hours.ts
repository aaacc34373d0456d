import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../canonical.ts';
import { AppError } from '../errors.ts';
import { decide } from '../policy/decide.ts';
import type { Interval } from '../policy/london.ts';
import { heraldReference } from '../send/authors.ts';
import { openingText } from '../send/hours.ts';
import { localReference } from '../send/naming.ts';
import { closedAt } from '../send/opening.ts';
import { worker } from '../send/worker-caller.ts';
import { type Stored, searchEach } from '../store/fhir-store.ts';
import type { InboundDeps } from './deps.ts';
import { isLimited } from './limited.ts';
import type { Sender } from './senders.ts';
import { inboundCategory, wordsOf } from './text.ts';
import { type Team, teamOf } from './thread.ts';

export const OUT_OF_HOURS = 'out-of-hours-reply';

/**
 * TWO-2: outside the team's hours the sender is told when somebody will read it and what to do if it is urgent, at most
 * once per person and closed period: the request has the two as its key. It is a request as any other, so that every
 * rule applies; one that they would refuse is not asked for. Doing this again changes nothing. Errors: StoreError;
 * AppError of a request that could not be decided or kept.
 */
export async function answerOutOfHours(deps: InboundDeps, text: Stored<Communication>): Promise<void> {
  const sender = senderOf(text);
  if (sender === undefined || text.received === undefined || text.status !== 'completed') return;
  const now = deps.clock.now();
  const meaning = deps.meaningOf(wordsOf(text));
  if (meaning.stop || meaning.wrongNumber || meaning.automatic) return;
  const team = await teamFor(deps, text);
  const closed = closedAt(team.opening, new Date(text.received));
  // What was read late, when somebody is there again, needs no machine's answer.
  if (closed === undefined || closed.until <= now.getTime()) return;
  if (await isLimited(deps.store, sender, now)) return;
  if (await saysTheSameAgain(deps, text, sender)) return;
  const request = replyTo(text, sender, closed, team);
  const decision = decide(await deps.gather(request, { leavesDraft: true }));
  if (decision.kind === 'unknown')
    throw new AppError('FACTS_UNKNOWN', 'Not decided: what it rests on could not be read.');
  if (decision.kind !== 'send') {
    const [reason] = decision.reasons;
    deps.log.info('inbound.not-answered', { reference: text.id, ...(reason && { code: reason.code }) });
    return;
  }
  try {
    await deps.requests.submit(request, worker);
  } catch (error) {
    // The key was used for another text of the same closed period: one answer is enough.
    if (!(error instanceof AppError && error.code === 'IDENTIFIER_REUSED')) throw error;
  }
}

/** Who is on record as the sender of a text. */
export function senderOf({ subject, sender }: Communication): Sender | undefined {
  const patient = localReference(subject?.reference, 'Patient');
  const person = localReference(sender?.reference, 'Patient') ?? localReference(sender?.reference, 'RelatedPerson');
  return patient === undefined || person === undefined ? undefined : { person, patient };
}

async function teamFor(deps: InboundDeps, { inResponseTo }: Communication): Promise<Team> {
  const id = localReference(inResponseTo?.[0]?.reference, 'Communication')?.split('/')[1];
  const answered = id === undefined ? undefined : await deps.store.read('Communication', id);
  return teamOf(deps.store, answered, deps.policy, deps.clock.now());
}

/** Whom to ring where the team has no number of its own on record. */
const NHS_111 = '111';

const DAY_MS = 24 * 60 * 60_000;

/** A person hardly sends the same words twice in a day; a machine does. Errors: StoreError. */
async function saysTheSameAgain(
  { store }: InboundDeps,
  text: Stored<Communication>,
  { person }: Sender,
): Promise<boolean> {
  const at = Date.parse(text.received ?? '');
  const earlier = searchEach(store, 'Communication', [
    ['sender', person],
    ['category', inboundCategory],
    ['received', `ge${new Date(at - DAY_MS).toISOString()}`],
  ]);
  const words = plain(text);
  for await (const one of earlier) {
    if (one.id !== text.id && Date.parse(one.received ?? '') <= at && plain(one) === words) return true;
  }
  return false;
}

const plain = (text: Communication): string => wordsOf(text).trim().toLowerCase();

function replyTo(
  text: Stored<Communication>,
  { person, patient }: Sender,
  closed: Interval,
  team: Team,
): CommunicationRequest {
  const values = { hours: openingText(team.opening), phone: team.phone ?? NHS_111 };
  return {
    resourceType: 'CommunicationRequest',
    status: 'active',
    // Whoever wrote just now is awake: quiet hours are for messages that nobody waits for.
    priority: 'urgent',
    identifier: [{ system: `${MSG}/id/${OUT_OF_HOURS}`, value: `${person} ${new Date(closed.from).toISOString()}` }],
    extension: [
      { url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/${OUT_OF_HOURS}` },
      { url: structureDefinition('in-reply-to'), valueReference: { reference: `Communication/${text.id}` } },
      { url: structureDefinition('expires'), valueDateTime: new Date(closed.until).toISOString() },
    ],
    subject: { reference: patient },
    ...(person === patient ? {} : { recipient: [{ reference: person }] }),
    requester: heraldReference as NonNullable<CommunicationRequest['requester']>,
    medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
    payload: [
      {
        contentAttachment: {
          contentType: 'application/json',
          data: Buffer.from(JSON.stringify(values)).toString('base64'),
        },
      },
    ],
  };
}
