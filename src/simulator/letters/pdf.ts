import { type Face, glyphName, textWidth, windowsByte } from './pdf-fonts.ts';

/** A line of text; `x` and `y` in points from the top left corner of the page to where the text stands. */
export interface PlacedText {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly face: Face;
  readonly text: string;
}

/** A4 in points. */
export const PAGE = { width: 595.28, height: 841.89 } as const;

const MOST_OTHERS = 200;
const FIRST_OTHER = 33;

/**
 * Writes a PDF of A4 pages: text in Helvetica, nothing else, so that it opens anywhere and can be read by a program.
 * Characters beyond the Windows alphabet have a font of their own, and what they are is written beside it.
 */
export function writePdf(title: string, pages: readonly (readonly PlacedText[])[]): Buffer {
  const texts = pages.flat().map(({ text }) => text);
  const others = [...new Set(texts.flatMap((text) => [...text]))].filter((one) => windowsByte(one) === undefined);
  const codes = new Map(others.slice(0, MOST_OTHERS).map((one, at) => [one, FIRST_OTHER + at]));

  const bodies: string[] = [];
  const add = (body: string): number => bodies.push(body);
  const catalogue = add('');
  const tree = add('');
  const info = add(`<< /Title ${hexText(title)} /Producer (GOV.UK Notify simulator) >>`);
  const regular = add(font('Helvetica', '/WinAnsiEncoding'));
  const bold = add(font('Helvetica-Bold', '/WinAnsiEncoding'));
  const fonts = [`/F1 ${regular} 0 R /F2 ${bold} 0 R`];
  if (codes.size > 0) {
    const meanings = add(stream(toUnicode(codes)));
    const names = [...codes.keys()].map((one) => `/${glyphName(one)}`).join(' ');
    const encoding = `<< /Type /Encoding /Differences [${FIRST_OTHER} ${names}] >> /ToUnicode ${meanings} 0 R`;
    const measures = (face: Face): string => {
      const widths = [...codes.keys()].map((one) => Math.round(textWidth(one, 1000, face))).join(' ');
      return ` /FirstChar ${FIRST_OTHER} /LastChar ${FIRST_OTHER + codes.size - 1} /Widths [${widths}]`;
    };
    fonts.push(`/F3 ${add(font('Helvetica', encoding + measures('regular')))} 0 R`);
    fonts.push(`/F4 ${add(font('Helvetica-Bold', encoding + measures('bold')))} 0 R`);
  }
  const kids = pages.map((page) => {
    const content = add(stream(page.map((line) => show(line, codes)).join('')));
    return add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] ` +
        `/Resources << /Font << ${fonts.join(' ')} >> >> /Contents ${content} 0 R >>`,
    );
  });
  bodies[catalogue - 1] = `<< /Type /Catalog /Pages ${tree} 0 R /Lang (en-GB) >>`;
  bodies[tree - 1] = `<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count ${kids.length} >>`;
  return assemble(bodies, catalogue, info);
}

/** Objects, the table of where each begins, and where to start reading. All of it is bytes, one a character. */
function assemble(bodies: readonly string[], catalogue: number, info: number): Buffer {
  let text = '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n';
  const starts: number[] = [];
  for (const [at, body] of bodies.entries()) {
    starts.push(text.length);
    text += `${at + 1} 0 obj\n${body}\nendobj\n`;
  }
  const table = starts.map((start) => `${String(start).padStart(10, '0')} 00000 n \n`).join('');
  const count = bodies.length + 1;
  const trailer = `trailer\n<< /Size ${count} /Root ${catalogue} 0 R /Info ${info} 0 R >>\nstartxref\n${text.length}\n`;
  return Buffer.from(`${text}xref\n0 ${count}\n0000000000 65535 f \n${table}${trailer}%%EOF\n`, 'latin1');
}

function font(name: string, encoding: string): string {
  return `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding ${encoding} >>`;
}

function stream(content: string): string {
  return `<< /Length ${content.length} >>\nstream\n${content}\nendstream`;
}

/** A line as the page's program: runs of characters that one font has, one after the other. */
function show({ x, y, size, face, text }: PlacedText, codes: ReadonlyMap<string, number>): string {
  const [plain, other] = face === 'bold' ? ['F2', 'F4'] : ['F1', 'F3'];
  const runs: { font: string; bytes: string }[] = [];
  for (const character of text) {
    const code = codes.get(character);
    const byte = code ?? windowsByte(character) ?? 0x3f;
    const font = code === undefined ? plain : other;
    const last = runs.at(-1);
    if (last?.font === font) last.bytes += String.fromCharCode(byte);
    else runs.push({ font, bytes: String.fromCharCode(byte) });
  }
  const shown = runs.map(({ font, bytes }) => `/${font} ${size} Tf (${escapeString(bytes)}) Tj`).join(' ');
  return `BT 1 0 0 1 ${x.toFixed(2)} ${(PAGE.height - y).toFixed(2)} Tm ${shown} ET\n`;
}

function escapeString(bytes: string): string {
  return bytes
    .replace(/[\\()]/g, '\\$&')
    .replace(/[^ -~]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** UTF-16 with its mark, as PDF writes text that is no ASCII. */
function hexText(text: string): string {
  return `<FEFF${utf16(text)}>`;
}

function utf16(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase();
}

/** Which character each code of the extra font stands for, for whoever copies or reads the text aloud. */
function toUnicode(codes: ReadonlyMap<string, number>): string {
  const hex = (code: number): string => code.toString(16).toUpperCase().padStart(2, '0');
  const rows = [...codes].map(([character, code]) => `<${hex(code)}> <${utf16(character)}>`);
  const blocks: string[] = [];
  for (let at = 0; at < rows.length; at += 100) {
    const some = rows.slice(at, at + 100);
    blocks.push(`${some.length} beginbfchar\n${some.join('\n')}\nendbfchar`);
  }
  return [
    '/CIDInit /ProcSet findresource begin 12 dict begin begincmap',
    '/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def',
    '/CMapName /Others def /CMapType 2 def',
    '1 begincodespacerange <00> <FF> endcodespacerange',
    ...blocks,
    'endcmap CMapName currentdict /CMap defineresource pop end end',
  ].join('\n');
}
