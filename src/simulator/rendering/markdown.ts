/**
 * Notify's Markdown for emails and letters: headings, bullet and numbered lists, links, lines across, and `^` for text
 * set apart. It has its own ways: a line may begin a list with no space after the bullet (`10.30am` begins one), every
 * line end in a paragraph is kept, and nothing is bold or slanted. Link definitions and footnotes are not read here.
 */
export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** Text of a list item that is no paragraph of its own. */
  | { readonly kind: 'lines'; readonly text: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Block[])[] }
  /** Indented or fenced: printed as it is. */
  | { readonly kind: 'verbatim'; readonly text: string }
  /** Two line ends or more where none is expected. */
  | { readonly kind: 'gap' };

/** What a line of text is made of. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'escaped'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'link';
      readonly text: readonly Inline[];
      readonly url: string;
      readonly title: string | undefined;
    };

/** Reads a whole text. */
export function parseMarkdown(text: string): Block[] {
  const lines = text
    .replace(/\r\n?|\u2424/g, '\n')
    .split('\n')
    .map((line) => withoutTabs(line).replace(/^ +$/, ''));
  return parseLines(lines, 'text', 0);
}

const bullet = '(?:[•*-]|\\d+\\.)';
const listStart = new RegExp(`^( *)(${bullet})`);
const bareBullet = new RegExp(`^ *${bullet}$`);
const rule = /^ {0,3}[-*_](?: *[-*_]){2,} *$/;
const heading = /^ *(#{1,6}) *(.+?) *#* *$/;
const underline = /^ *[=-]+ *$/;
const fence = /^ *(`{3,}|~{3,}) *[^`\s]* *$/;
const MOST_NESTED = 6;

/** `item` is the inside of a list, where there are no headings and no paragraphs but lines. */
type Where = 'text' | 'item';

function parseLines(all: readonly string[], where: Where, depth: number): Block[] {
  const lines = all.slice(0, all.findLastIndex((line) => line !== '') + 1);
  const blocks: Block[] = [];
  let at = 0;
  const skipBlank = (): void => {
    while (at < lines.length && lines[at] === '') at += 1;
  };
  while (at < lines.length) {
    const from = at;
    const line = lines[at] ?? '';
    if (line === '') {
      skipBlank();
      // An item's line leaves its own line end behind.
      const ends = at - from + (blocks.at(-1)?.kind === 'lines' ? 1 : 0);
      if (ends > 1) blocks.push({ kind: 'gap' });
      continue;
    }
    const found = blockAt(lines, at, where, depth);
    at = found.next;
    // An item's lines are taken one by one, and what is between them counts.
    if (found.block?.kind !== 'lines') skipBlank();
    const last = blocks.at(-1);
    if (found.block?.kind === 'lines' && last?.kind === 'lines' && lines[from - 1] !== '') {
      blocks[blocks.length - 1] = { kind: 'lines', text: `${last.text}\n${found.block.text}` };
    } else if (found.block !== undefined) {
      blocks.push(found.block);
    }
  }
  return blocks;
}

interface Found {
  readonly block: Block | undefined;
  readonly next: number;
}

function blockAt(lines: readonly string[], at: number, where: Where, depth: number): Found {
  const line = lines[at] ?? '';
  const following = lines[at + 1];
  const isHeading = following !== undefined && underline.test(following);
  if (where === 'text' && rule.test(line)) return { block: { kind: 'rule' }, next: at + 1 };
  if (/^ {4}./.test(line)) return verbatimAt(lines, at);
  const fenced = fencedAt(lines, at);
  if (fenced !== undefined) return fenced;
  if (where === 'text') {
    const [, marks, text] = heading.exec(line) ?? [];
    if (marks !== undefined && text !== undefined) {
      return { block: { kind: 'heading', level: marks.length, text }, next: at + 1 };
    }
    const table = tableAt(lines, at);
    if (table !== undefined) return { block: undefined, next: table };
  }
  if (isHeading) {
    const level = following.trimEnd().endsWith('=') ? 1 : 2;
    return { block: { kind: 'heading', level, text: line }, next: at + 2 };
  }
  if (where === 'item' && rule.test(line)) return { block: { kind: 'rule' }, next: at + 1 };
  if (/^ *\^./.test(line)) return quoteAt(lines, at, depth);
  const isLast = at === lines.length - 1;
  if (listStart.test(line) && !(isLast && bareBullet.test(line))) return listAt(lines, at, depth);
  return where === 'item' ? { block: { kind: 'lines', text: line }, next: at + 1 } : paragraphAt(lines, at);
}

function verbatimAt(lines: readonly string[], at: number): Found {
  let next = at;
  while (next < lines.length && (lines[next] === '' || /^ {4}./.test(lines[next] ?? ''))) next += 1;
  const text = lines.slice(at, next).map((line) => line.replace(/^ {4}/, ''));
  return { block: { kind: 'verbatim', text: text.join('\n') + (next < lines.length ? '\n' : '') }, next };
}

function fencedAt(lines: readonly string[], at: number): Found | undefined {
  const mark = fence.exec(lines[at] ?? '')?.[1];
  if (mark === undefined) return undefined;
  const close = lines.findIndex((line, n) => n > at + 1 && line.trim() === mark);
  if (close < 0) return undefined;
  return {
    block: {
      kind: 'verbatim',
      text: lines
        .slice(at + 1, close)
        .join('\n')
        .trimEnd(),
    },
    next: close + 1,
  };
}

/** Tables are left out of emails and letters altogether. Answers where the one that begins here ends. */
function tableAt(lines: readonly string[], at: number): number | undefined {
  const [head = '', line = ''] = lines.slice(at, at + 2);
  const bars = /^ *\|.+/.test(head) && /^ *\| *[-:]+[-| :]*$/.test(line);
  const plain = /^ *\S.*\|/.test(head) && /^ *[-:]+ *\|[-| :]*$/.test(line);
  if ((!bars && !plain) || at + 2 >= lines.length) return undefined;
  let next = at + 2;
  while (next < lines.length && (bars ? /^ *\|/ : /\|/).test(lines[next] ?? '')) next += 1;
  return next;
}

function quoteAt(lines: readonly string[], at: number, depth: number): Found {
  let next = at;
  while (next < lines.length && /^ *\^./.test(lines[next] ?? '')) {
    while (next < lines.length && lines[next] !== '') next += 1;
    while (next < lines.length && lines[next] === '') next += 1;
  }
  const inside = lines.slice(at, next);
  if (depth >= MOST_NESTED) return { block: { kind: 'paragraph', text: inside.join('\n') }, next };
  const bare = inside.map((line) => line.replace(/^ *\^ ?/, ''));
  return { block: { kind: 'quote', blocks: parseLines(bare, 'text', depth + 1) }, next };
}

/** A list goes on until two empty lines, one before what is neither indented nor an item, or a line across. */
function listAt(lines: readonly string[], at: number, depth: number): Found {
  const [, indent = '', mark = ''] = listStart.exec(lines[at] ?? '') ?? [];
  const across = new RegExp(`^(?:${indent})?(?:[-*_] *){3,}$`);
  const item = new RegExp(`^${indent}${bullet} `);
  const bare = lines[at] === indent + mark;
  let next = at + 1;
  let end = at + 1;
  while (next < lines.length) {
    const blank = next;
    while (lines[next] === '') next += 1;
    const line = lines[next] ?? '';
    // A bullet with nothing after it takes its own line end with it.
    const ends = next - blank + (end === at + 1 && bare ? 0 : 1);
    if (ends > 2 || (ends > 0 && across.test(line))) break;
    if (ends === 2 && !line.startsWith(' ') && !item.test(line)) break;
    next += 1;
    end = next;
  }
  const trailing = next - end;
  const own = lines.slice(at, end);
  const items = itemsOf(trailing > 0 ? [...own, ...Array.from({ length: trailing }, () => '')] : own);
  return { block: { kind: 'list', ordered: mark.endsWith('.'), items: readItems(items, depth) }, next: end + trailing };
}

/** The lines of each item, the bullet's line first. */
function itemsOf(lines: readonly string[]): string[][] {
  const items: string[][] = [];
  let indent = '';
  for (const line of lines) {
    const own = items.at(-1);
    const starts = own === undefined ? listStart.exec(line) : new RegExp(`^${indent}${bullet}`).exec(line);
    if (own !== undefined && starts === null) {
      own.push(line);
      continue;
    }
    if (own === undefined) indent = listStart.exec(line)?.[1] ?? '';
    items.push([line]);
  }
  return items;
}

function readItems(items: readonly (readonly string[])[], depth: number): Block[][] {
  let looseBefore = false;
  return items.map((lines, at) => {
    const [first = '', ...rest] = lines;
    const text = first.replace(new RegExp(`^ *${bullet}`), '');
    const outdent = new RegExp(`^ {1,${first.length - text.length}}`);
    const inside = rest.some((line) => line.startsWith(' '))
      ? [text, ...rest].map((line) => line.replace(outdent, ''))
      : [text, ...rest];
    const isLast = at === items.length - 1;
    const endsBlank = !isLast && inside.length > 1 && inside.at(-1) === '';
    const loose = looseBefore || hasBlankInside(inside) || endsBlank;
    looseBefore = endsBlank;
    if (depth >= MOST_NESTED) return [{ kind: 'lines', text: inside.join('\n') }];
    const blocks = parseLines(inside, 'item', depth + 1);
    return loose ? blocks.map((block) => (block.kind === 'lines' ? { ...block, kind: 'paragraph' } : block)) : blocks;
  });
}

function hasBlankInside(lines: readonly string[]): boolean {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return lines.some((line, at) => line === '' && at > 0 && at < last);
}

/** Ends before an empty line and before whatever may break in on a paragraph: `•` may not, `+` may. */
function paragraphAt(lines: readonly string[], at: number): Found {
  let next = at + 1;
  while (next < lines.length && lines[next] !== '' && !breaksIn(lines, next)) next += 1;
  return { block: { kind: 'paragraph', text: lines.slice(at, next).join('\n') }, next };
}

function breaksIn(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return (
    rule.test(line) ||
    heading.test(line) ||
    /^ *(?:[*+-]|[*+-]?\d+\.) (?:.|$)/.test(line) ||
    underline.test(lines[at + 1] ?? '') ||
    fencedAt(lines, at) !== undefined
  );
}

function withoutTabs(line: string): string {
  let out = '';
  for (const character of line) out += character === '\t' ? ' '.repeat(4 - (out.length % 4)) : character;
  return out;
}

const inlineRules: readonly (readonly [RegExp, (match: RegExpExecArray, inLink: boolean) => readonly Inline[]])[] = [
  [/^\\([\\`*{}[\]()#+\-.!_>~|])/, ([, text = '']) => [{ kind: 'escaped', text }]],
  [
    /^https?:\/\/[^\s<]+[^<.,:"')\]\s]/,
    ([url], inLink) => [inLink ? { kind: 'text', text: url } : { kind: 'url', url }],
  ],
  [
    /^!?\[((?:\[[^^\]]*\]|[^[\]]|\](?=[^[]*\]))*)\]\(\s*([\s\S]*?)(?:\s+['"]([\s\S]*?)['"])?\s*\)/,
    ([whole, text = '', url = '', title]) =>
      whole.startsWith('!') ? [] : [{ kind: 'link', text: parseInline(text, true), url, title }],
  ],
  [/^ *\n(?!\s*$)/, () => [{ kind: 'break' }]],
  [/^[\s\S]+?(?=[\\<![_*`~]|https?:\/\/| *\n|$)/, ([text]) => [{ kind: 'text', text }]],
];

/** Reads the text of a heading, a paragraph or an item. */
export function parseInline(text: string, inLink = false): Inline[] {
  const found: Inline[] = [];
  let rest = text.replace(/\n+$/, '');
  while (rest !== '') {
    let length = 0;
    for (const [pattern, read] of inlineRules) {
      const match = pattern.exec(rest);
      if (match === null) continue;
      found.push(...read(match, inLink));
      length = match[0].length;
      break;
    }
    if (length === 0) break;
    rest = rest.slice(length);
  }
  return found;
}
