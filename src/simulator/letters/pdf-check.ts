import { inflateSync } from 'node:zlib';
import { MOST_PAGES } from './layout.ts';
import { PAGE } from './pdf.ts';

/** What Notify's scanner and its checks make of a PDF that somebody sent. */
export type Verdict =
  | { readonly kind: 'ok'; readonly pages: number }
  | { readonly kind: 'virus' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** The harmless text that every scanner must report (EICAR's test file), in two halves so that none reports this file. */
const TEST_VIRUS = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/** How far a page may be from A4, in points: two millimetres. */
const TOLERANCE = 5.7;

/**
 * Looks at a PDF as far as a simulator can: the scanner's test text, whether it is a PDF, how many pages it has, and
 * whether they are A4. What Notify reads from the page itself (margins, address, fonts) is not looked at.
 */
export function checkPdf(pdf: Buffer): Verdict {
  if (pdf.includes(TEST_VIRUS)) return { kind: 'virus' };
  const text = pdf.toString('latin1');
  if (!text.slice(0, 1024).includes('%PDF-') || !text.includes('startxref')) return invalid('unable-to-read-the-file');
  const objects = text + packedObjects(pdf, text);
  const pages = objects.match(/\/Type\s*\/Page(?![A-Za-z])/g)?.length ?? 0;
  if (pages === 0) return invalid('unable-to-read-the-file');
  if (pages > MOST_PAGES) return invalid('letter-too-long');
  const boxes = objects.matchAll(/\/MediaBox\s*\[\s*([\d.+-]+)\s+([\d.+-]+)\s+([\d.+-]+)\s+([\d.+-]+)\s*\]/g);
  for (const [, left, bottom, right, top] of boxes) {
    const isA4 =
      Math.abs(Number(right) - Number(left) - PAGE.width) <= TOLERANCE &&
      Math.abs(Number(top) - Number(bottom) - PAGE.height) <= TOLERANCE;
    if (!isA4) return invalid('letter-not-a4-portrait-oriented');
  }
  return { kind: 'ok', pages };
}

function invalid(reason: string): Verdict {
  return { kind: 'invalid', reason };
}

/** The largest that a packed part may become: more is no letter. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Objects that newer PDFs keep compressed. */
function packedObjects(pdf: Buffer, text: string): string {
  let found = '';
  for (const match of text.matchAll(/\/Type\s*\/ObjStm[\s\S]*?stream\r?\n/g)) {
    const start = match.index + match[0].length;
    const end = text.indexOf('endstream', start);
    if (end < 0) break;
    try {
      found += inflateSync(pdf.subarray(start, end), { maxOutputLength: MOST_BYTES }).toString('latin1');
    } catch {
      // Packed in another way: what is in it stays unknown.
    }
  }
  return found;
}

/** Sheets of paper, printed on both sides. */
export function sheetsOf(pages: number): number {
  return Math.ceil(pages / 2);
}
