import { createHash } from 'node:crypto';
import { unsupported } from './search-text.ts';

/** Where a page ended, in numbers of ours: a link to the next page gives away nothing about anybody. */
export type Place = readonly number[];

/** What the cursor belongs to: it is refused with any other question. */
export function fingerprintOf(question: unknown): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url').slice(0, 12);
}

export function writeCursor(fingerprint: string, place: Place): string {
  return Buffer.from(JSON.stringify([fingerprint, ...place])).toString('base64url');
}

/** Errors: StoreError `unsupported-search` for a cursor that was not made for this question. */
export function readCursor(fingerprint: string, cursor: string, length: number): Place {
  const [found, ...place] = parse(cursor);
  const sound = place.length === length && place.every((one) => Number.isSafeInteger(one));
  if (found !== fingerprint || !sound) throw unsupported('cursor', 'was not made for this search');
  return place as number[];
}

function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
