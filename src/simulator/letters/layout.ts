import { type Block, type Inline, parseInline, parseMarkdown } from '../rendering/markdown.ts';
import { niceTypography } from '../rendering/typography.ts';
import { PAGE, type PlacedText } from './pdf.ts';
import { type Face, textWidth } from './pdf-fonts.ts';

/** What is printed. The subject and the body are text, not HTML. */
export interface LetterContent {
  readonly address: readonly string[];
  /** Who writes, at the right. */
  readonly contact: readonly string[];
  /** As people write it. */
  readonly date: string;
  readonly subject: string;
  /** Notify's Markdown. */
  readonly body: string;
}

/** Above this many pages Notify does not print a letter. */
export const MOST_PAGES = 10;

const LEFT = 70;
const RIGHT = 40;
const TOP = 60;
const BOTTOM = 70;
const SIZE = 11;
const LEADING = 15;
/** The address has to be in the window of the envelope. */
const ADDRESS_TOP = 130;
const CONTACT_LEFT = 390;
const INDENT = 20;

/** Lays a letter out on A4 pages. `# ` is a heading, a line across begins a new page. */
export function layOut(letter: LetterContent): PlacedText[][] {
  const pages: PlacedText[][] = [[]];
  let y = ADDRESS_TOP;
  const put = (text: string, x: number, size: number, face: Face): void => {
    pages.at(-1)?.push({ x, y, size, face, text });
  };
  const turn = (): void => {
    pages.push([]);
    y = TOP + LEADING;
  };
  const write = (text: string, x: number, size: number, face: Face): void => {
    for (const line of wrap(text, PAGE.width - RIGHT - x, size, face)) {
      if (y > PAGE.height - BOTTOM) turn();
      put(line, x, size, face);
      y += size === SIZE ? LEADING : size * 1.3;
    }
  };

  for (const line of letter.address) {
    put(line, LEFT, SIZE, 'regular');
    y += LEADING - 2;
  }
  const addressEnd = y;
  y = TOP;
  for (const line of letter.contact) {
    put(line, CONTACT_LEFT, SIZE - 1, 'regular');
    y += LEADING - 2;
  }
  y = Math.max(addressEnd, y, ADDRESS_TOP + 8 * LEADING) + LEADING;
  write(letter.date, LEFT, SIZE, 'regular');
  y += LEADING;
  write(letter.subject, LEFT, SIZE + 4, 'bold');
  y += LEADING / 2;

  const block = (one: Block, x: number, marker?: string): void => {
    const mark = (): void => {
      if (marker === undefined) return;
      if (y > PAGE.height - BOTTOM) turn();
      put(marker, x - INDENT + 4, SIZE, 'regular');
    };
    switch (one.kind) {
      case 'heading':
        mark();
        write(words(one.text), x, one.level === 1 ? SIZE + 2 : SIZE, one.level === 1 ? 'bold' : 'regular');
        y += LEADING / 3;
        return;
      case 'paragraph':
      case 'lines':
        mark();
        write(words(one.text), x, SIZE, 'regular');
        if (one.kind === 'paragraph') y += LEADING / 2;
        return;
      case 'verbatim':
        mark();
        write(one.text.trimEnd(), x, SIZE, 'regular');
        y += LEADING / 2;
        return;
      case 'rule':
        turn();
        return;
      case 'quote':
        for (const inner of one.blocks) block(inner, x);
        return;
      case 'list':
        for (const [at, item] of one.items.entries()) {
          const [first = { kind: 'lines', text: '' } as const, ...rest] = item;
          block(first, x + INDENT, one.ordered ? `${at + 1}.` : '•');
          for (const inner of rest) block(inner, x + INDENT);
        }
        y += LEADING / 2;
        return;
      case 'gap':
        y += LEADING;
        return;
      default:
        one satisfies never;
    }
  };
  for (const one of parseMarkdown(letter.body)) block(one, LEFT);
  return pages;
}

/** The words of a paragraph: links as they are written, addresses without their scheme, as Notify prints them. */
function words(markdown: string): string {
  const text = parseInline(markdown).map(word).join('');
  const code = /^\s*qr\s*:\s*(.+)/i.exec(text)?.[1];
  return niceTypography(code === undefined ? text.trim() : `[QR code: ${code}]`);
}

function word(piece: Inline): string {
  switch (piece.kind) {
    case 'text':
    case 'escaped':
      return piece.text;
    case 'break':
      return '\n';
    case 'url':
      return piece.url.replace(/^https?:\/\//, '');
    case 'link':
      return `[${piece.text.map(word).join('')}](${piece.url}${piece.title ? ` "${piece.title}"` : ''})`;
    default:
      return piece satisfies never;
  }
}

/** Breaks at spaces, and inside a word only where it is longer than a line. */
function wrap(text: string, width: number, size: number, face: Face): string[] {
  const fits = (line: string): boolean => textWidth(line, size, face) <= width;
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const whole of paragraph.split(/ +/)) {
      let rest = whole;
      if (line !== '' && !fits(`${line} ${rest}`)) {
        lines.push(line);
        line = '';
      }
      while (!fits(rest)) {
        let length = rest.length - 1;
        while (length > 1 && !fits(rest.slice(0, length))) length -= 1;
        lines.push(rest.slice(0, length));
        rest = rest.slice(length);
      }
      line = line === '' ? rest : `${line} ${rest}`;
    }
    lines.push(line);
  }
  return lines;
}
