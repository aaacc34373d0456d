import { fingerprintOf } from '../cursor.ts';
import { unsupported } from '../search-text.ts';
import { unavailable } from './answer.ts';

/** Pages of one answer, at most: a server whose pages never end must not keep us for ever. */
const MOST_PAGES = 10_000;

/**
 * The part of an address behind the base: `?page=2`, `/Patient?page=2`. `undefined` for one that leads anywhere else:
 * it is never called, and our token never goes there.
 */
export function belowBase(link: string, baseUrl: string): string | undefined {
  const base = new URL(`${baseUrl}/`);
  const url = URL.parse(link, base.href);
  if (url === null || url.origin !== base.origin || url.username !== '' || url.password !== '') return undefined;
  const isBelow = url.pathname.startsWith(base.pathname) || `${url.pathname}/` === base.pathname;
  return isBelow ? url.pathname.slice(base.pathname.length - 1) + url.search : undefined;
}

/** Where to go on, as the port hands it out: opaque, and good for its own question alone. */
export interface PageCursors {
  /** Errors: StoreError `unavailable` for a link that leads elsewhere or in a circle. */
  write(question: unknown, link: string, from: Position | undefined): string;
  /** Errors: StoreError `unsupported-search`. */
  read(question: unknown, cursor: string): Position;
}

export interface Position {
  /** Whole, below the base. */
  readonly url: string;
  /** The first page is 0. */
  readonly number: number;
}

export function pageCursors(baseUrl: string): PageCursors {
  return {
    write(question, link, from) {
      const path = belowBase(link, baseUrl);
      if (path === undefined) throw unavailable('next-page-elsewhere');
      const number = (from?.number ?? 0) + 1;
      if (baseUrl + path === from?.url || number > MOST_PAGES) throw unavailable('pages-without-end');
      return Buffer.from(JSON.stringify([fingerprintOf(question), number, path])).toString('base64url');
    },
    read(question, cursor) {
      const [fingerprint, number, path] = partsOf(cursor);
      const sound = fingerprint === fingerprintOf(question) && typeof path === 'string' && Number.isSafeInteger(number);
      if (!sound || belowBase(baseUrl + path, baseUrl) !== path) {
        throw unsupported('cursor', 'was not made for this search');
      }
      return { url: baseUrl + path, number: Number(number) };
    },
  };
}

function partsOf(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
