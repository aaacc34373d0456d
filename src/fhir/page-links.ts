import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { AppError } from '../errors.ts';
import type { SearchParams } from '../store/fhir-store.ts';

/** Where a page of a search or history stands: everything needed to ask for it again. */
export interface PagePosition {
  readonly params: SearchParams;
  readonly cursor?: string;
}

/**
 * Makes and reads the token of a page link. A link is fetched by GET and so ends up in logs and browser histories; the
 * search it continues may name a patient by NHS number. The token is therefore encrypted, and any process with the
 * same key can read it: nothing is kept between two pages.
 */
export interface PageLinks {
  seal(type: string, position: PagePosition): string;
  /** Errors: AppError SEARCH_UNSUPPORTED for a token that is not ours, or of another address. */
  open(type: string, token: string): PagePosition;
}

/** `key`: 32 bytes, the same in every process that answers at this address. */
export function createPageLinks(key: Buffer): PageLinks {
  return {
    seal(type, position) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(type));
      const sealed = Buffer.concat([cipher.update(deflateRawSync(JSON.stringify(position))), cipher.final()]);
      const token = Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
      if (token.length > LONGEST) {
        throw new AppError(
          'SEARCH_UNSUPPORTED',
          'The search is too long to be answered in pages; ask for less at once.',
        );
      }
      return token;
    },
    open(type, token) {
      try {
        const bytes = Buffer.from(token, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE))
          .setAAD(Buffer.from(type))
          .setAuthTag(bytes.subarray(-TAG));
        const packed = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
        return JSON.parse(inflateRawSync(packed).toString('utf8')) as PagePosition;
      } catch (cause) {
        throw new AppError('SEARCH_UNSUPPORTED', 'This page link is not valid here; begin the search again.', {
          cause,
        });
      }
    },
  };
}

const NONCE = 12;
const TAG = 16;
/** Characters: what fits into an address under Node's limit of 16 KB for all headers. */
const LONGEST = 8_000;
