import { aroundMessages, titleOf } from './bundle.ts';
import type { EntryMask, HistoryEntry, HistoryItem, HistorySection, SubjectHistory } from './history.ts';
import { coveringLetter } from './letter.ts';
import { openPdf } from './pdf-file.ts';
import { type Bookmark, colors, MARGIN, PdfPages, type Style, TEXT_WIDTH } from './pdf-pages.ts';
import {
  fieldsAfter,
  fieldsBefore,
  headingOf,
  listedMasks,
  maskText,
  maskWords,
  type PrintedField,
  particularsOf,
} from './printed.ts';
import { dayText, timeText } from './readable.ts';

/**
 * The copy as a PDF/UA-1 file: tagged, with bookmarks, searchable, the person and the request's number on each page. A
 * released copy begins with its covering letter. It is written page by page. Errors: those of reading the history.
 */
export async function* historyPdf(history: SubjectHistory): AsyncGenerator<Uint8Array> {
  const { person, request, controller, sections, stage, madeAt } = history;
  const title = `${titleOf(history)}: ${person.name}, request ${request.number}`;
  const file = openPdf({ title, author: controller.name, madeAt, margin: MARGIN });
  const pages = new PdfPages(file, {
    left: stage === 'review' ? 'For review: do not release' : titleOf(history),
    right: `${person.name}, request ${request.number}`,
    isWarning: stage === 'review',
  });
  const { structure } = pages;
  structure.begin('Document');
  if (stage === 'release') letter(pages, history);
  beginning(pages, history);
  const [before, after] = aroundMessages(sections);
  for (const section of before) sectionOn(pages, section);

  const place = headed(pages, 'Messages and requests');
  pages.text('P', history.total === 0 ? 'There are none.' : 'The oldest is first and the newest is last.', body);
  let month = '';
  for await (const entry of history.entries()) {
    if (!entry.standsAlone) continue;
    const own = monthOf(entry);
    if (own !== month) {
      if (month !== '') structure.end();
      month = own;
      structure.begin('Sect');
      monthHead(pages, own, place);
    }
    entryOn(pages, entry);
    const done = file.taken();
    if (done.length > 0) yield done;
  }
  if (month !== '') structure.end();
  structure.end();

  for (const section of after) {
    sectionOn(pages, section, () => {
      if (section.id === 'masked') maskedList(pages, history);
    });
  }
  pages.space(12);
  pages.text('P', `${controller.name}. Made on ${timeText(madeAt)}. Document ${history.documentId}.`, note);
  structure.end();
  pages.end();
  file.end();
  yield file.taken();
}

const body: Style = { font: 'body', size: 10, leading: 14.5 };
const bold: Style = { ...body, font: 'bold' };
const label: Style = { font: 'bold', size: 9, leading: 13 };
const value: Style = { font: 'body', size: 9, leading: 13 };
const note: Style = { font: 'body', size: 8.5, leading: 12, color: colors.grey };
const warning: Style = { font: 'bold', size: 10, leading: 14.5, color: colors.red };
const heads = {
  H1: { font: 'bold', size: 20, leading: 26 },
  H2: { font: 'bold', size: 14, leading: 19 },
  H3: { font: 'bold', size: 11.5, leading: 16, color: colors.blue },
  H4: { font: 'bold', size: 10, leading: 14 },
} as const satisfies Record<string, Style>;

const LABELS = 118;

function letter(pages: PdfPages, history: SubjectHistory): void {
  const { subject, greeting, paragraphs, closing } = coveringLetter(history, []);
  const { structure } = pages;
  pages.bookmark('Covering letter');
  structure.begin('Sect');
  pages.text('P', history.controller.name, { ...bold, size: 12, leading: 17 });
  pages.text('P', dayText(history.madeAt.toISOString().slice(0, 10)), body);
  pages.space(28);
  pages.text('P', greeting, body);
  pages.space(10);
  pages.text('H1', subject, { ...heads.H2, leading: 20 });
  for (const one of paragraphs) {
    pages.space(10);
    pages.text('P', one, body);
  }
  pages.space(18);
  for (const [at, one] of closing.entries()) {
    pages.text('P', one, at === 0 ? body : bold);
    pages.space(at === 0 ? 22 : 0);
  }
  structure.end();
  pages.newPage();
}

function beginning(pages: PdfPages, history: SubjectHistory): void {
  const { stage } = history;
  pages.bookmark(titleOf(history));
  pages.text('H1', titleOf(history), heads.H1);
  pages.space(6);
  if (stage === 'review') pages.text('P', 'For review. Do not release this copy.', warning);
  fields(pages, particularsOf(history));
}

/** Begins a section: its heading, and its bookmark. */
function headed(pages: PdfPages, title: string): Bookmark {
  pages.space(20);
  pages.need(80);
  pages.structure.begin('Sect');
  const place = pages.bookmark(title);
  pages.text('H2', title, heads.H2);
  pages.space(2);
  pages.rule(1.5, colors.blue);
  pages.space(7);
  return place;
}

function monthHead(pages: PdfPages, month: string, under: Bookmark): void {
  pages.space(12);
  pages.need(90);
  pages.bookmark(month, under);
  pages.text('H3', month, heads.H3);
}

function sectionOn(pages: PdfPages, { title, text, items, none }: HistorySection, more: () => void = () => {}): void {
  headed(pages, title);
  for (const one of text) {
    pages.text('P', one, body);
    pages.space(5);
  }
  if (items.length === 0 && none !== undefined) pages.text('P', none, body);
  for (const one of items) itemOn(pages, one);
  more();
  pages.structure.end();
}

function itemOn(pages: PdfPages, item: HistoryItem): void {
  pages.space(6);
  pages.need(52);
  pages.text('H3', item.title, { ...heads.H4, leading: 16 });
  fields(
    pages,
    item.fields.map(({ label: name, value: text }) => [name, text]),
  );
  masksOf(pages, item.masks);
}

/** `June 2026`, in England. */
const monthOf = ({ atText }: HistoryEntry): string => /\p{L}+ \d{4}/u.exec(atText)?.[0] ?? atText;

function entryOn(pages: PdfPages, entry: HistoryEntry): void {
  pages.space(9);
  pages.need(70);
  pages.rule(0.5, colors.grey);
  pages.space(3);
  pages.text('H4', `${entry.atText}: ${headingOf(entry)}`, heads.H4);
  fields(pages, fieldsBefore(entry));
  if (entry.text !== '') {
    pages.space(4);
    pages.text('P', entry.text, body, { x: 14, width: TEXT_WIDTH - 14, bar: colors.blue });
    pages.space(4);
  }
  fields(pages, fieldsAfter(entry));
  masksOf(pages, entry.masks);
}

function fields(pages: PdfPages, given: readonly PrintedField[]): void {
  const shown = given.filter(([, text]) => text !== '');
  if (shown.length === 0) return;
  pages.structure.begin('L');
  for (const [name, text] of shown) pages.item(name, text, { label, value }, { column: LABELS });
  pages.structure.end();
}

function masksOf(pages: PdfPages, masks: readonly EntryMask[]): void {
  const listed = listedMasks(masks);
  if (listed.length === 0) return;
  pages.need(40);
  pages.text('P', maskWords.beside, { ...label, color: colors.red });
  list(pages, listed.map(maskText));
}

function maskedList(pages: PdfPages, { stage, masks, unmatched }: SubjectHistory): void {
  if (stage === 'release') return;
  if (masks.listed.length === 0) pages.text('P', maskWords.none, body);
  list(pages, masks.listed.map(maskText));
  if (masks.more) pages.text('P', maskWords.more, body);
  if (unmatched.length === 0) return;
  pages.text('P', maskWords.unmatched, warning);
  list(
    pages,
    unmatched.map(({ expression, text }) => `${expression}: ${text}`),
  );
}

function list(pages: PdfPages, texts: readonly string[]): void {
  if (texts.length === 0) return;
  pages.structure.begin('L');
  for (const one of texts) pages.item('•', one, { label: value, value }, { column: 12 });
  pages.structure.end();
}
