import type { EntryMask, HistoryEntry, SubjectHistory } from './history.ts';
import { dayText } from './readable.ts';

/** What the page and the PDF print, in the same words and order; what has no value is left out by them. */

export type PrintedField = readonly [label: string, value: string];

/** Whose copy it is. */
export function particularsOf({ person, request }: SubjectHistory): PrintedField[] {
  return [
    ['Name', person.name],
    ['Date of birth', person.birthDate === undefined ? '' : dayText(person.birthDate)],
    ['NHS number', person.nhsNumber ?? ''],
    ['Request', request.number],
    ['Received on', dayText(request.received)],
  ];
}

/** The heading of an entry after its time: `To Ada Example`. */
export function headingOf({ kind, direction, from, to }: HistoryEntry): string {
  if (kind === 'request') return 'Request for a message';
  return direction === 'inbound' ? `From ${from}` : `To ${to}`;
}

/** What stands before the text of an entry. */
export const fieldsBefore = (entry: HistoryEntry): PrintedField[] => [
  ['Status', entry.status],
  ['Channel', entry.channel ?? ''],
  ['From', entry.from],
  ['To', entry.to],
  ['Contact detail', entry.contact ?? ''],
  ['Kind of message', entry.messageType ?? ''],
  ['Acting for somebody', entry.asProxy ? 'Yes' : ''],
  ['Other record', entry.otherRecord ?? ''],
  ['Subject line', entry.subjectLine ?? ''],
];

/** What stands after it. */
export const fieldsAfter = (entry: HistoryEntry): PrintedField[] => [
  ['Attachments', entry.attachments.map((one) => one.title).join('\n')],
  ['Reasons', entry.reasons.join('\n')],
  ['Notes', entry.notes.join('\n')],
  ['Asked for by', entry.requester ?? ''],
  ['Recorded by', entry.recordedBy.join(', ')],
  ['Lawful basis', entry.lawfulBases.join(', ')],
  ...entry.times.map(({ what, atText }) => [what, atText] as const),
  ['Reference', entry.reference],
];

/** One part that the released copy hides, for the reviewer. */
export function maskText({ reference, what, origin, path = '', text, ground, why = '' }: EntryMask): string {
  const words = text === undefined ? '' : `, the words “${text}”`;
  return `${reference}: ${what}${words}; ${originText[origin]}; ground: ${ground ?? 'none'}; ${why}; path: ${path}`;
}

/** The parts that are listed beside what they are in: in a review alone. */
export const listedMasks = (masks: readonly EntryMask[]): EntryMask[] => masks.filter((one) => one.path !== undefined);

const originText = {
  decided: 'decided by the reviewer',
  proposed: 'proposed',
  shown: 'proposed, and shown by a decision: it is NOT masked',
  fixed: 'always masked',
} as const satisfies Record<EntryMask['origin'], string>;

/** What is said around the lists of masks. */
export const maskWords = {
  beside: 'Masked in the released copy:',
  none: 'Nothing is masked.',
  more: 'There are more; each is listed at its message.',
  unmatched: 'Decisions that mask nothing:',
} as const;
