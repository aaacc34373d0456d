import { needsShaping, printable, readsRightToLeft, runsOf } from './pdf-text.ts';

/** PDFKit's embedded font, as far as it is used. Figures are thousandths of the font's size. */
export interface PdfkitFont {
  readonly id: string;
  readonly font: { hasGlyphForCodePoint(codePoint: number): boolean };
  /** Glyphs as four hexadecimal digits each, and what stands where. */
  encode(text: string, features?: readonly string[]): [glyphs: string[], positions: Position[]];
  ref(): unknown;
}

interface Position {
  readonly advanceWidth: number;
  readonly xAdvance: number;
  readonly xOffset: number;
  readonly yOffset: number;
}

/** What of a line is drawn at one place. */
interface Piece {
  readonly code: string;
  readonly dx: number;
  readonly dy: number;
}

interface Glyph {
  /** Two bytes, as they stand in a string of the file (ISO 32000-1, 7.3.4.2): in hexadecimal it would be twice as long. */
  readonly code: string;
  readonly width: number;
}

interface Shaped {
  readonly width: number;
  /** In the order in which they are read. */
  readonly pieces: readonly Piece[];
}

/** Measures and writes text in one font. Points, from the top left of the page. */
export class PdfFont {
  readonly id: string;
  readonly #font: PdfkitFont;
  /** By code point: an array, because each letter of every text is looked up here. */
  readonly #known: (Glyph | undefined)[] = [];
  /** Labels and others that stand on every page. */
  readonly #measured = new Map<string, number>();

  constructor(font: PdfkitFont) {
    this.#font = font;
    this.id = font.id;
  }

  /** For a page's resources. */
  reference(): unknown {
    return this.#font.ref();
  }

  printable(text: string): string {
    return printable(text, (codePoint) => this.#font.font.hasGlyphForCodePoint(codePoint));
  }

  width(text: string, size: number): number {
    const known = this.#measured.get(text);
    if (known !== undefined) return (known * size) / 1000;
    let width = 0;
    if (needsShaping(text)) for (const one of this.#shape(text)) width += one.width;
    else for (const glyph of this.#glyphs(text)) width += glyph.width;
    if (this.#measured.size < MEASURED) this.#measured.set(text, width);
    return (width * size) / 1000;
  }

  /**
   * Lines no wider than `width`, broken at spaces, or within a word that is wider by itself. Blank lines stay. `text`:
   * printable.
   */
  lines(text: string, size: number, width: number): string[] {
    if (!text.includes('\n') && this.width(text, size) <= width) return [text];
    const space = this.width(' ', size);
    return text.split('\n').flatMap((paragraph) => {
      if (this.width(paragraph, size) <= width) return paragraph;
      const found: string[] = [];
      let line = '';
      let used = 0;
      for (const word of paragraph.split(' ')) {
        const wide = this.width(word, size);
        if (line === '' && wide <= width) [line, used] = [word, wide];
        else if (line !== '' && used + space + wide <= width) [line, used] = [`${line} ${word}`, used + space + wide];
        else {
          if (line !== '') found.push(line);
          const parts = wide <= width ? [word] : this.#broken(word, size, width);
          found.push(...parts.slice(0, -1));
          line = parts.at(-1) ?? '';
          used = this.width(line, size);
        }
      }
      return [...found, line];
    });
  }

  /** Operators that show a line of printable text with its baseline at `y`; `width`: of the column it stands in. */
  show(
    line: string,
    at: { readonly x: number; readonly y: number; readonly size: number; readonly width: number },
  ): string {
    const { x, y, size } = at;
    if (!needsShaping(line)) {
      return `BT /${this.id} ${size} Tf 1 0 0 -1 ${short(x)} ${short(y)} Tm (${this.#codes(line)}) Tj ET`;
    }
    return `BT /${this.id} ${size} Tf ${this.#showShaped(line, at)} ET`;
  }

  #showShaped(line: string, { x, y, size, width }: { x: number; y: number; size: number; width: number }): string {
    const runs = this.#shape(line);
    const total = runs.reduce((sum, one) => sum + one.width, 0);
    const backwards = readsRightToLeft(line);
    let left = backwards ? ((width - (total * size) / 1000) * 1000) / size + total : 0;
    const written: string[] = [];
    for (const run of runs) {
      if (backwards) left -= run.width;
      const shown = run.pieces.map(
        ({ code, dx, dy }) =>
          `1 0 0 -1 ${short(x + ((left + dx) * size) / 1000)} ${short(y - (dy * size) / 1000)} Tm (${code}) Tj`,
      );
      written.push(...shown);
      if (!backwards) left += run.width;
    }
    return written.join(' ');
  }

  #shape(line: string): Shaped[] {
    return runsOf(line).map(({ text, rightToLeft }) => {
      if (!needsShaping(text)) {
        const width = [...text].reduce((sum, one) => sum + this.#glyph(one).width, 0);
        return { width, pieces: [{ code: this.#codes(text), dx: 0, dy: 0 }] };
      }
      // With features, even none, the run is shaped as a whole; without, word by word, and every word is kept.
      const [glyphs, positions] = this.#font.encode(text, []);
      const pieces: Piece[] = [];
      let width = 0;
      for (const [at, hex] of glyphs.entries()) {
        const { xAdvance = 0, xOffset = 0, yOffset = 0 } = positions[at] ?? {};
        if (hex !== NO_GLYPH) pieces.push({ code: literal(hex), dx: width + xOffset, dy: yOffset });
        width += xAdvance;
      }
      return { width, pieces: rightToLeft ? pieces.reverse() : pieces };
    });
  }

  #codes(text: string): string {
    let codes = '';
    for (const glyph of this.#glyphs(text)) codes += glyph.code;
    return codes;
  }

  #glyphs(text: string): Glyph[] {
    const found: Glyph[] = [];
    for (let at = 0; at < text.length; at += 1) {
      const codePoint = text.codePointAt(at) ?? 0;
      if (codePoint > 0xff_ff) at += 1;
      found.push(this.#known[codePoint] ?? this.#glyph(String.fromCodePoint(codePoint)));
    }
    return found;
  }

  #glyph(character: string): Glyph {
    const codePoint = character.codePointAt(0) ?? 0;
    const known = this.#known[codePoint];
    if (known !== undefined) return known;
    const [[hex = ''], [position]] = this.#font.encode(character);
    const isKnown = hex !== NO_GLYPH;
    const glyph = { code: isKnown ? literal(hex) : '', width: isKnown ? (position?.advanceWidth ?? 0) : 0 };
    this.#known[codePoint] = glyph;
    return glyph;
  }

  #broken(word: string, size: number, width: number): string[] {
    const parts: string[] = [];
    let part = '';
    let used = 0;
    for (const character of word) {
      const wide = (this.#glyph(character).width * size) / 1000;
      if (part !== '' && used + wide > width) {
        parts.push(part);
        [part, used] = ['', 0];
      }
      part += character;
      used += wide;
    }
    return [...parts, part];
  }
}

const NO_GLYPH = '0000';

/** So many widths are kept: the first are those that come again. */
const MEASURED = 500;
const literal = (hex: string): string =>
  Buffer.from(hex, 'hex')
    .toString('latin1')
    .replaceAll(/[\\()]/g, (character) => `\\${character}`)
    .replaceAll('\r', '\\r');
const short = (value: number): string => String(Math.round(value * 100) / 100);
