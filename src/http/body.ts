import express, { type Request, type Response } from 'express';
import { AppError } from '../errors.ts';

/** Bytes of a body, unpacked. */
export const BODY_LIMIT = 1024 * 1024;
/** The same for a Bundle, which may bring a thousand resources. */
export const BUNDLE_LIMIT = 8 * BODY_LIMIT;
/** Levels of objects and arrays in each other. The deepest resource of the interface has about twenty. */
const DEPTH_LIMIT = 64;

/** The whole body as text. Errors: AppError TOO_LARGE, MEDIA_TYPE_UNSUPPORTED, REQUEST_MALFORMED. */
export async function readText(req: Request, res: Response, limit = BODY_LIMIT): Promise<string> {
  const rawBody = express.raw({ type: () => true, limit });
  await new Promise<void>((resolve, reject) => {
    rawBody(req, res, (error: unknown) => (error === undefined ? resolve() : reject(bodyError(error, limit))));
  });
  const body: unknown = req.body;
  if (!Buffer.isBuffer(body)) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new AppError('REQUEST_MALFORMED', 'The body is not UTF-8.');
  }
}

/** The body as JSON that is safe to walk and to copy. Errors: as `readText`. */
export async function readJson(req: Request, res: Response, limit = BODY_LIMIT): Promise<unknown> {
  const text = await readText(req, res, limit);
  if (text.trim() === '') throw new AppError('REQUEST_MALFORMED', 'The body is empty; send one resource as JSON.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw new AppError('REQUEST_MALFORMED', 'The body is not JSON.');
  }
  assertHarmless(value);
  return value;
}

/**
 * No deeper than the limit, and no key that means something to JavaScript's objects: such keys name no FHIR element.
 * Walks without recursion, so that depth costs no stack.
 */
function assertHarmless(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_LIMIT) {
      throw new AppError('REQUEST_MALFORMED', `The body has more than ${DEPTH_LIMIT} levels of elements.`);
    }
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      for (const [key, inner] of Object.entries(one)) {
        if (forbiddenKeys.has(key)) throw new AppError('REQUEST_MALFORMED', `No element is called ${key}.`);
        if (typeof inner === 'object') next.push(inner);
      }
    }
    level = next;
  }
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** What express's body parser says, in our words; its own quote what they choked on. */
function bodyError(error: unknown, limit: number): AppError {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413) return new AppError('TOO_LARGE', `The body is over ${limit} bytes.`, { cause: error });
  if (status === 415) {
    return new AppError('MEDIA_TYPE_UNSUPPORTED', 'The Content-Encoding is not supported.', { cause: error });
  }
  return new AppError('REQUEST_MALFORMED', 'The body could not be read.', { cause: error });
}
