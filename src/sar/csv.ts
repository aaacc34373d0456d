import { stringify } from 'csv-stringify/sync';
import { aroundMessages } from './bundle.ts';
import type { EntryMask, HistoryEntry, HistoryItem, SubjectHistory } from './history.ts';
import { maskText } from './printed.ts';

/**
 * The copy as a table (RFC 4180) that opens rightly in a spreadsheet: UTF-8 with its mark, so that names keep their
 * letters, and no cell that a spreadsheet could run. Errors: those of reading the history.
 */
export async function* historyCsv(history: SubjectHistory): AsyncGenerator<string> {
  const [before, after] = aroundMessages(history.sections);
  yield `\uFEFF${row(columns)}`;
  for (const section of before) yield rowsOf(section.title, section.text, section.items);
  for await (const entry of history.entries()) yield row(entryCells(entry));
  for (const section of after) yield rowsOf(section.title, section.text, section.items);
}

const columns = [
  ...['What', 'Date and time', 'Direction', 'Status', 'Channel', 'From', 'To', 'Contact detail', 'Kind of message'],
  ...['Subject line', 'Text', 'Attachments', 'Reasons', 'Notes', 'Asked for by', 'Recorded by', 'Lawful basis'],
  ...['Times', 'Other record', 'Masked', 'Reference'],
] as const;

function entryCells(entry: HistoryEntry): string[] {
  const isProxy = entry.asProxy ? ', when acting for somebody' : '';
  return [
    ...[`${entry.kind === 'message' ? 'Message' : 'Request'}${isProxy}`, entry.at, directionText[entry.direction]],
    ...[entry.status, entry.channel ?? '', entry.from, entry.to, entry.contact ?? '', entry.messageType ?? ''],
    ...[entry.subjectLine ?? '', entry.text, entry.attachments.map((one) => one.title).join('; ')],
    ...[entry.reasons.join('\n'), entry.notes.join('\n'), entry.requester ?? '', entry.recordedBy.join(', ')],
    ...[entry.lawfulBases.join(', '), entry.times.map(({ what, at }) => `${what} ${at}`).join('; ')],
    ...[entry.otherRecord ?? '', entry.masks.map(maskCell).join('; '), entry.reference],
  ];
}

const directionText = { outbound: 'Sent by us', inbound: 'Sent to us' } as const;

function rowsOf(title: string, text: readonly string[], items: readonly HistoryItem[]): string {
  const said = text.map((one) => cellsOf({ what: title, text: one }));
  const listed = items.map((one) =>
    cellsOf({
      ...{ what: title, text: [one.title, ...one.fields.map(({ label, value }) => `${label}: ${value}`)].join('\n') },
      ...{ at: one.at ?? '', masked: one.masks.map(maskCell).join('; ') },
      reference: one.resources
        .slice(0, 1)
        .map(({ resourceType, id }) => `${resourceType}/${id}`)
        .join(''),
    }),
  );
  return [...said, ...listed].map(row).join('');
}

function cellsOf(cells: { what: string; text: string; at?: string; masked?: string; reference?: string }): string[] {
  const byColumn: Readonly<Partial<Record<(typeof columns)[number], string>>> = {
    ...{ What: cells.what, 'Date and time': cells.at ?? '', Text: cells.text },
    ...{ Masked: cells.masked ?? '', Reference: cells.reference ?? '' },
  };
  return columns.map((one) => byColumn[one] ?? '');
}

/** In a release, only what it is. */
const maskCell = (mask: EntryMask): string => (mask.path === undefined ? mask.what : maskText(mask));

/** Every cell in quotation marks; one that a spreadsheet would take for a formula begins with an apostrophe. */
const row = (cells: readonly string[]): string =>
  stringify([cells.map(asText)], {
    quoted: true,
    quoted_empty: true,
    record_delimiter: 'windows',
    escape_formulas: true,
  });

/**
 * The library sees a formula where a cell begins with one; some programs skip spaces first, and most take the 0 off a
 * number that begins with it.
 */
function asText(text: string): string {
  const plain = text.replaceAll('\0', '').replaceAll(/\r\n?/g, '\n');
  return /^[\s\u200B\uFEFF]+[=+\-@＝＋－＠]|^0\d+$/.test(plain) ? `'${plain}` : plain;
}
