import { inflateSync } from 'node:zlib';

export interface PdfText {
  /** Of each page, its lines in the order of its content. */
  readonly pages: readonly string[];
  /** All that was shown glyph by glyph, joined. */
  readonly glyphs: string;
  /** All objects but the pages' content, with their streams unpacked. */
  readonly objects: string;
  /** Of the tree of tags, in the order of the file. */
  readonly tags: readonly string[];
  readonly bookmarks: readonly string[];
  /** Codes of glyphs that no character is known for. */
  readonly unmapped: readonly string[];
}

/**
 * Reads back a PDF that Herald wrote, by ISO 32000-1 and without any of the code that wrote it: objects, streams, ToUnicode.
 */
export function pdfText(file: Buffer): PdfText {
  const objects = objectsIn(file);
  const fonts = new Map<string, ReadonlyMap<string, string>>();
  for (const { dictionary } of objects.values()) {
    for (const [, name = '', id = ''] of dictionary.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const unicode = /\/ToUnicode (\d+) 0 R/.exec(objects.get(id)?.dictionary ?? '')?.[1] ?? '';
      fonts.set(name, charactersIn(objects.get(unicode)?.stream ?? ''));
    }
  }
  const unmapped: string[] = [];
  const linesOf = (content: string): string[] =>
    [...content.matchAll(/BT \/(F\d+) [\d.]+ Tf ([\s\S]*?) ET(?=\n| EMC|$)/g)].map(([, font = '', shown = '']) =>
      [...shown.matchAll(/\(((?:\\.|[^\\()])*)\) Tj/gs)].map(([, codes = '']) => decoded(codes, font)).join(''),
    );
  const decoded = (codes: string, font: string): string => {
    const plain = codes.replaceAll(/\\(.)/gs, (_all, one: string) => (one === 'r' ? '\r' : one));
    const hex = Buffer.from(plain, 'latin1').toString('hex').match(/.{4}/g) ?? [];
    return hex
      .map((code) => {
        const character = fonts.get(font)?.get(code);
        if (character === undefined) unmapped.push(code);
        return character ?? '\uFFFD';
      })
      .join('');
  };
  const order = [...objects.values()].filter(({ dictionary }) => /\/Type \/Page\b(?!s)/.test(dictionary));
  const total = [...objects.values()].find(({ dictionary }) => dictionary.includes('/Subtype /Form'))?.stream ?? '';
  const contents = new Set(order.map(({ dictionary }) => /\/Contents (\d+) 0 R/.exec(dictionary)?.[1] ?? ''));
  const pages = order.map(({ dictionary }) => {
    const content = objects.get(/\/Contents (\d+) 0 R/.exec(dictionary)?.[1] ?? '')?.stream ?? '';
    return linesOf(content.replace('/Total Do', total)).join('\n');
  });
  const rest = [...objects].filter(([id]) => !contents.has(id)).map(([, one]) => one);
  return {
    ...{ pages, glyphs: pages.join('\n'), unmapped },
    objects: rest.map(({ dictionary, stream }) => `${dictionary}\n${isText(stream) ? stream : ''}`).join('\n'),
    tags: rest.flatMap(({ dictionary }) => /^<<\/S \/(\w+)/.exec(dictionary)?.[1] ?? []),
    bookmarks: rest.flatMap(({ dictionary }) =>
      dictionary.includes('/Dest [') ? (/\/Title \(([^)]*)\)/.exec(dictionary)?.[1] ?? []) : [],
    ),
  };
}

const isText = (stream: string): boolean => !stream.slice(0, 2_000).includes('\0');

interface PdfObject {
  readonly dictionary: string;
  readonly stream: string;
}

/** By the table at the end of the file, in the order of their numbers. */
function objectsIn(file: Buffer): Map<string, PdfObject> {
  const text = file.toString('latin1');
  const start = Number(/startxref\n(\d+)\n%%EOF/.exec(text)?.[1]);
  const offsets = [...text.slice(start).matchAll(/(\d{10}) 00000 n/g)].map(([, at]) => Number(at));
  return new Map(
    offsets.map((at, index) => {
      const id = String(index + 1);
      const head = `${id} 0 obj\n`;
      if (!text.startsWith(head, at)) throw new Error(`object ${id} is not where the table says`);
      const body = text.slice(at + head.length, text.indexOf('endobj', at));
      const length = /\/Length (\d+)/.exec(body)?.[1];
      const began = body.indexOf('\nstream\n');
      if (began < 0 || length === undefined) return [id, { dictionary: body, stream: '' }];
      const from = at + head.length + began + '\nstream\n'.length;
      const bytes = file.subarray(from, from + Number(length));
      const packed = body.slice(0, began).includes('FlateDecode');
      const stream = (packed ? inflateSync(bytes) : bytes).toString('latin1');
      return [id, { dictionary: body.slice(0, began), stream }];
    }),
  );
}

/** By the code of the glyph. */
function charactersIn(cmap: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, first = '', , list = ''] of cmap.matchAll(/<(\w{4})> <(\w{4})> \[([^\]]*)\]/g)) {
    for (const [at, one] of [...list.matchAll(/<([\w ]*)>/g)].entries()) {
      const code = (Number.parseInt(first, 16) + at).toString(16).padStart(4, '0');
      const units = (one[1] ?? '').split(' ').map((unit) => Number.parseInt(unit, 16));
      found.set(code, String.fromCharCode(...units));
    }
  }
  found.delete('0000');
  return found;
}
