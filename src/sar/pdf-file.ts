import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import PDFDocument from 'pdfkit';
import { PdfFont, type PdfkitFont } from './pdf-font.ts';

/**
 * What is used of PDFKit: its file, its fonts, its bookmarks. Its own layout of text keeps every structure element and every
 * word that it ever measured; `pdf-pages.ts` keeps none, so that ten thousand messages take no more memory than ten.
 */
export interface PdfFile {
  readonly document: Document;
  readonly fonts: Readonly<Record<FontName, PdfFont>>;
  readonly structure: StructTreeRoot;
  /** What is finished, so far; empty when nothing is. */
  taken(): Uint8Array;
  /** An object that is written later; `data` where PDFKit writes it. */
  reference(data?: object): Reference;
  /** Writes what is on the page in hand. */
  fill(operators: string): void;
  /** Writes an object whose content is ready as text. */
  put(reference: Reference, content: string): void;
  end(): void;
}

export type Document = PDFKit.PDFDocument;
export type FontName = 'body' | 'bold';

/** An object of the file. */
export interface Reference {
  readonly id: number;
  write(content: string): void;
  end(): void;
}

export interface StructTreeRoot {
  readonly root: Reference;
  /** Where readers begin. */
  begin(element: Reference): void;
  /** A page's number in the tree that leads from what is printed to what it is. */
  pageKey(): number;
  /** Elements of one page by the number of their mark. */
  addPage(key: number, elements: Reference): void;
}

interface Internals {
  readonly _font: PdfkitFont;
  _write(data: Uint8Array | string): void;
  _offset: number;
  appendXML(xml: string): void;
  _refEnd(reference: Reference): void;
  getStructTreeRoot(): Reference & { data: { K?: unknown } };
  getStructParentTree(): { add(key: number, value: unknown): void };
  readonly page: { readonly structParentTreeKey: number; readonly content: PageContent };
}

interface PageContent {
  buffer: Uint8Array[];
  compress: boolean;
  data: { Filter?: string };
}

const require = createRequire(import.meta.url);
const fontFiles: Readonly<Record<FontName, string>> = {
  body: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  bold: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
};

/** A tagged file (PDF/UA-1, ISO 14289-1) with no page yet. `margin`: points. */
export function openPdf(about: { title: string; author: string; madeAt: Date; margin: number }): PdfFile {
  const document = new PDFDocument({
    ...{ autoFirstPage: false, size: 'A4', margin: about.margin, font: '' },
    ...{ pdfVersion: '1.7', tagged: true, lang: 'en-GB', displayTitle: true },
    info: {
      ...{ Title: unmarked(about.title), Author: unmarked(about.author), CreationDate: about.madeAt },
      ...{ Creator: 'Herald', Producer: 'Herald' },
    },
  });
  const internals = document as unknown as Internals;
  // PDFKit's own option for this also lists the glyphs of each font, and leaves out those that others are made of.
  internals.appendXML(
    '<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about=""><pdfuaid:part>1</pdfuaid:part></rdf:Description>',
  );
  const fontOf = (name: FontName): PdfFont => {
    document.font(fontFiles[name]);
    return new PdfFont(internals._font);
  };
  const root = internals.getStructTreeRoot();
  return {
    document,
    fonts: { body: fontOf('body'), bold: fontOf('bold') },
    structure: {
      root,
      begin: (element) => {
        root.data.K = [element];
      },
      pageKey: () => internals.page.structParentTreeKey,
      addPage: (key, elements) => internals.getStructParentTree().add(key, elements),
    },
    taken: outputOf(document, internals),
    reference: (data = {}) => document.ref(data) as unknown as Reference,
    fill: (operators) => pack(internals.page.content, operators),
    put(reference, content) {
      Object.assign(reference, { offset: internals._offset });
      internals._write(`${reference.id} 0 obj\n${content}\nendobj`);
      internals._refEnd(reference);
    },
    end: () => void document.end(),
  };
}

/**
 * Gathers what PDFKit writes. It hands each word of the file to a stream of its own, which takes longer than all the rest;
 * strings are Latin-1 and become bytes together.
 */
function outputOf(document: Document, internals: Internals): () => Uint8Array {
  const done: Uint8Array[] = [document.read() as Buffer];
  let text = '';
  const settle = (): void => {
    if (text !== '') done.push(Buffer.from(text, 'latin1'));
    text = '';
  };
  internals._write = (data) => {
    if (typeof data === 'string') {
      text += `${data}\n`;
      internals._offset += data.length + 1;
    } else {
      settle();
      done.push(data);
      internals._offset += data.length;
    }
  };
  return () => {
    settle();
    return Buffer.concat(done.splice(0));
  };
}

/** Packed less tightly than PDFKit would, in half the time. */
function pack(content: PageContent, operators: string): void {
  const whole = Buffer.concat([...content.buffer, Buffer.from(operators, 'latin1')]);
  content.buffer = [deflateSync(whole, { level: 2 })];
  content.compress = false;
  content.data.Filter = 'FlateDecode';
}

/** PDFKit writes these into XML as they are. */
const unmarked = (text: string): string =>
  text
    .replaceAll('&', 'and')
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replaceAll(/\p{Cc}/gu, ' ');
