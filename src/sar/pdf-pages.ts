import { MASKED } from './history.ts';
import type { FontName, PdfFile, Reference } from './pdf-file.ts';
import type { PdfFont } from './pdf-font.ts';
import { PdfStructure, type Tag } from './pdf-structure.ts';

/** How a block of text looks. Points. */
export interface Style {
  readonly font: FontName;
  readonly size: number;
  readonly leading: number;
  readonly color?: string;
}

/** A column of text: from the left edge of the text, and how wide. `bar`: the colour of a bar along its left side. */
interface Column {
  readonly x: number;
  readonly width: number;
  /** Where each line ends; absent: as it comes. */
  readonly endsAt?: number;
  readonly bar?: string;
}

export interface Furniture {
  readonly left: string;
  readonly right: string;
  /** Whether what stands on the left warns. */
  readonly isWarning: boolean;
}

const PAGE = { width: 595.28, height: 841.89, margin: 56 } as const;
const TOP = 76;
const BOTTOM = PAGE.height - 64;
export const TEXT_WIDTH = PAGE.width - 2 * PAGE.margin;
export const MARGIN = PAGE.margin;

const ink = '0.129 0.169 0.196';
const grey = '0.298 0.384 0.447';
const blue = '0 0.369 0.722';
const red = '0.835 0.157 0.106';
const shade = '0.847 0.867 0.878';
export const colors = { ink, grey, blue, red } as const;

const small: Style = { font: 'body', size: 8, leading: 11, color: grey };

/**
 * Sets text on pages, line after line. What is on every page (head, foot, rules, shades) is no part of the content (PDF/UA-1,
 * 7.1): artifacts. How many pages there are is known at the end alone: each foot shows one object that is written then.
 */
export class PdfPages {
  readonly structure: PdfStructure;
  readonly #file: PdfFile;
  readonly #furniture: Furniture;
  readonly #total: Reference;
  #operators: string[] = [];
  #color = '';
  #count = 0;
  #y = TOP;
  /** Of the mark that is open: it goes on on the next page. */
  #isMarked = false;

  constructor(file: PdfFile, furniture: Furniture) {
    this.#file = file;
    this.#furniture = furniture;
    this.structure = new PdfStructure(file);
    this.#total = file.reference({
      ...{ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, PAGE.width, PAGE.height] },
      Resources: { Font: { [file.fonts.body.id]: file.fonts.body.reference() } },
    });
    this.newPage();
  }

  /** Points that are left on this page. */
  get room(): number {
    return BOTTOM - this.#y;
  }

  /** Begins a new page unless this one has so much room. */
  need(points: number): void {
    if (this.room < points && this.#y > TOP) this.newPage();
  }

  space(points: number): void {
    if (this.#y > TOP) this.#y += points;
  }

  /** One element of text. */
  text(tag: Tag, text: string, style: Style, column: Column = { x: 0, width: TEXT_WIDTH }): void {
    this.structure.begin(tag);
    this.#set(text, style, column);
    this.structure.end();
  }

  /** A term and its value beside it: one item of a list. */
  item(label: string, value: string, styles: { label: Style; value: Style }, at: { column: number }): void {
    const { structure } = this;
    const values: Column = { x: at.column, width: TEXT_WIDTH - at.column };
    // Close to its value, so that whatever takes the text out by where it stands keeps the two together.
    const labels: Column = { x: 0, width: at.column - GAP, endsAt: at.column - GAP };
    this.need(2 * styles.value.leading);
    structure.begin('LI');
    const top = this.#y;
    const page = this.#count;
    structure.begin('Lbl');
    this.#set(label, styles.label, labels);
    structure.end();
    const below = this.#y;
    if (page === this.#count) this.#y = top;
    structure.begin('LBody');
    this.#set(value, styles.value, values);
    structure.end();
    if (page === this.#count) this.#y = Math.max(this.#y, below);
    structure.end();
  }

  /** A line across the text. */
  rule(points: number, color: string): void {
    const y = short(this.#y);
    this.#artifact(`${color} RG ${points} w ${PAGE.margin} ${y} m ${PAGE.margin + TEXT_WIDTH} ${y} l S`);
  }

  /** A bookmark to this place. `under`: the one that it belongs to. */
  bookmark(title: string, under?: Bookmark): Bookmark {
    const outline = (under ?? this.#file.document.outline) as unknown as Bookmark;
    return outline.addItem(title, { top: this.#y - 12, left: PAGE.width });
  }

  newPage(): void {
    if (this.#count > 0) this.#endPage();
    const { document } = this.#file;
    document.addPage();
    this.#color = '';
    this.#count += 1;
    this.#y = TOP;
    const { left, right, isWarning } = this.#furniture;
    this.#small(left, HEAD, 'left', isWarning ? { font: 'bold', color: red } : {});
    this.#small(right, HEAD, 'right');
    this.#artifact(`${grey} RG 0.5 w ${PAGE.margin} 52 m ${PAGE.margin + TEXT_WIDTH} 52 l S`, 'Layout');
    this.#small(`Page ${this.#count} of`, FOOT, 'before');
    this.#artifact('/Total Do', 'Pagination');
    if (this.#isMarked) this.#operators.push(this.structure.mark(this.#page()));
  }

  /** Ends the last page, and says how many there are. */
  end(): void {
    this.#endPage();
    this.#color = '';
    const { body } = this.#file.fonts;
    const text = String(this.#count);
    const total = this.#line(body.printable(text), small, FOOT_TOTAL, 60, FOOT);
    this.#total.write(total);
    this.#total.end();
  }

  #endPage(): void {
    if (this.#isMarked) this.#operators.push('EMC');
    const { document, structure, fonts } = this.#file;
    const key = structure.pageKey();
    for (const font of Object.values(fonts)) document.page.fonts[font.id] = font.reference();
    document.page.xobjects.Total = this.#total;
    this.#file.fill(this.#operators.join('\n'));
    this.#operators = [];
    this.structure.endPage(key);
  }

  #page(): Reference {
    return this.#file.document.page.dictionary as unknown as Reference;
  }

  #set(text: string, style: Style, column: Column): void {
    const font = this.#font(style);
    this.#mark();
    for (const line of font.lines(font.printable(text), style.size, column.width)) {
      if (this.room < style.leading) this.newPage();
      if (column.bar !== undefined) this.#bar(column.x, style.leading, column.bar);
      this.#shadeMasked(line, font, style, column);
      this.#mark();
      const baseline = this.#y + style.leading * 0.75;
      const { endsAt } = column;
      const x = endsAt === undefined ? column.x : endsAt - font.width(line, style.size);
      if (line !== '') this.#operators.push(this.#line(line, style, x, column.width, baseline));
      this.#y += style.leading;
    }
    this.#unmark();
  }

  #mark(): void {
    if (this.#isMarked) return;
    this.#operators.push(this.structure.mark(this.#page()));
    this.#isMarked = true;
  }

  #unmark(): void {
    if (!this.#isMarked) return;
    this.#operators.push('EMC');
    this.#isMarked = false;
  }

  #bar(x: number, height: number, color: string): void {
    this.#unmark();
    this.#artifact(`${this.#filled(color)}${[PAGE.margin + x - 10, this.#y, 2.5, height].map(short).join(' ')} re f`);
  }

  /** What is masked is seen at a glance. */
  #shadeMasked(line: string, font: PdfFont, { size, leading }: Style, { x }: Column): void {
    for (let at = line.indexOf(MASKED); at >= 0; at = line.indexOf(MASKED, at + MASKED.length)) {
      const left = PAGE.margin + x + font.width(line.slice(0, at), size);
      const box = [left - 1, this.#y + 1, font.width(MASKED, size) + 2, leading - 2].map(short);
      this.#unmark();
      this.#artifact(`${this.#filled(shade)}${box.join(' ')} re f`);
    }
  }

  #line(line: string, style: Style, x: number, width: number, y: number): string {
    const shown = this.#font(style).show(line, { x: PAGE.margin + x, y, size: style.size, width });
    return `${this.#filled(style.color ?? ink)}${shown}`;
  }

  #small(text: string, y: number, where: 'left' | 'right' | 'before', how: Partial<Style> = {}): void {
    const style: Style = { ...small, ...how };
    const font = this.#font(style);
    const shown = cut(font, font.printable(text), style.size);
    const wide = font.width(shown, style.size);
    const places = {
      ...{ left: 0, right: TEXT_WIDTH - wide },
      before: FOOT_TOTAL - wide - font.width(' ', style.size),
    };
    this.#artifact(this.#line(shown, style, places[where], wide, y), 'Pagination');
  }

  /** The colour is set where it changes. */
  #filled(color: string): string {
    if (color === this.#color) return '';
    this.#color = color;
    return `${color} rg `;
  }

  #artifact(operators: string, type: 'Layout' | 'Pagination' = 'Layout'): void {
    this.#operators.push(`/Artifact <</Type /${type}>> BDC ${operators} EMC`);
  }

  #font({ font }: Pick<Style, 'font'>): PdfFont {
    return this.#file.fonts[font];
  }
}

/** Between a label and its value; where the lines of head and foot are, and where on it the number of pages begins. */
const HEAD = 44;
const GAP = 5;
const FOOT = PAGE.height - 40;
const FOOT_TOTAL = TEXT_WIDTH - 32;

export interface Bookmark {
  addItem(title: string, options?: object): Bookmark;
}

/** Nothing in a page's head may run into what stands beside it. */
function cut(font: PdfFont, text: string, size: number): string {
  const most = TEXT_WIDTH * 0.62;
  if (font.width(text, size) <= most) return text;
  const [first = ''] = font.lines(text, size, most - font.width('…', size));
  return `${first}…`;
}

const short = (value: number): number => Math.round(value * 100) / 100;
