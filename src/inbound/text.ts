import type { Communication } from '@medplum/fhirtypes';
import { codeSystem, identifierSystem, structureDefinition } from '../canonical.ts';
import type { Job } from '../jobs/jobs.ts';
import { controllerReference, type RecordContext } from '../send/authors.ts';
import { exactText, mediumConcept } from '../send/record.ts';
import type { Stored } from '../store/fhir-store.ts';
import { comparable } from './phone-forms.ts';
import type { Sender } from './senders.ts';

/** A text as the provider handed it over. */
export interface ReceivedText {
  /** The provider's own id: a repeat has the same. */
  readonly id: string;
  /** As it came: digits, a short code, a name, or nothing where it was withheld. */
  readonly from: string;
  /** The number with the plus; `undefined` for what is no number to text. */
  readonly e164: string | undefined;
  readonly words: string;
  /** A FHIR instant. */
  readonly receivedAt: string;
}

/** The text in an `inbox` job. */
export function textOf(job: Job): ReceivedText {
  const { id, from, text, receivedAt } = job.data;
  return {
    id: String(id),
    from: String(from).trim(),
    e164: comparable(String(from)),
    words: String(text),
    receivedAt: typeof receivedAt === 'string' ? receivedAt : job.addedAt.toISOString(),
  };
}

/** How a text is filed. */
export interface Filing {
  /** Whose record it belongs to; `undefined`: not certain whose (VER-1). */
  readonly sender: Sender | undefined;
  /** Whether it was that person who wrote it: not where the text itself says that the number is somebody else's. */
  readonly isTheirs: boolean;
  /** What it answers. */
  readonly answers: Stored<Communication> | undefined;
  readonly urgent: boolean;
}

/** The record of a text, word for word (TWO-1). Pure. */
export function textRecord(text: ReceivedText, filing: Filing, context: RecordContext): Communication & { id: string } {
  const { sender, isTheirs, answers, urgent } = filing;
  return {
    resourceType: 'Communication',
    id: text.id,
    ...(text.from === ''
      ? {}
      : {
          extension: [
            {
              url: structureDefinition('contact-point-used'),
              valueContactPoint:
                text.e164 === undefined ? { system: 'sms', value: text.from } : { system: 'phone', value: text.e164 },
            },
          ],
        }),
    identifier: [{ system: identifierSystem.notifyInbound, value: text.id }],
    ...labelsOf(answers),
    ...(answers === undefined ? {} : { inResponseTo: [{ reference: `Communication/${answers.id}` }] }),
    status: 'completed',
    category: [inbound],
    ...(urgent ? { priority: 'urgent' } : {}),
    medium: [mediumConcept('sms')],
    ...(sender === undefined ? {} : { subject: { reference: sender.patient } }),
    ...(sender === undefined || !isTheirs ? {} : { sender: { reference: sender.person } }),
    received: text.receivedAt,
    recipient: [controllerReference(context.controller)] as NonNullable<Communication['recipient']>,
    payload: [payloadOf(text.words)],
  };
}

/** Who may know of a message may know of the answer to it, and nobody else (PRX-7). */
function labelsOf(answered: Communication | undefined): Pick<Communication, 'meta'> {
  const security = answered?.meta?.security ?? [];
  return security.length === 0 ? {} : { meta: { security } };
}

const inbound = { coding: [{ system: codeSystem('direction'), code: 'inbound' }] };

/** As a search takes it. */
export const inboundCategory = `${codeSystem('direction')}|inbound`;

export const isInbound = ({ category = [] }: Communication): boolean =>
  category.some((one) =>
    one.coding?.some(({ system, code }) => system === codeSystem('direction') && code === 'inbound'),
  );

/** The words of a message that came in. */
export const wordsOf = ({ payload = [] }: Communication): string =>
  payload.flatMap(({ contentString }) => contentString ?? []).join('\n');

/** FHIR has no empty string, and no control characters in one. */
function payloadOf(words: string): NonNullable<Communication['payload']>[number] {
  const clean = words.replace(controls, '');
  if (clean.trim() !== '') return exactText(clean);
  return {
    extension: [{ url: structureDefinition('content-fidelity'), valueCode: 'summary' }],
    contentString: '(A text without words.)',
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out.
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;
