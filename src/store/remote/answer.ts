import { StoreError } from '../fhir-store.ts';
import type { Exchanged } from './exchange.ts';
import { isObject } from './json.ts';

/** JSON with a `resourceType`: nothing else is known of it. */
export type FhirResource = Record<string, unknown> & { resourceType: string };

/** What a FHIR server said. Everything else that can come over HTTP is StoreError `unavailable`. */
export interface Answer {
  readonly status: number;
  /** Absent when the body was empty. */
  readonly resource?: FhirResource;
  /** Of `ETag`. */
  readonly versionId?: string;
  /** The server's clock when it answered, in milliseconds. */
  readonly date?: number;
  readonly elapsedMs: number;
  /** An earlier try of the same call may have reached the server. */
  readonly repeated: boolean;
}

/** The sentence names a code of ours, and nothing of the call. */
export function unavailable(code: string): StoreError {
  return new StoreError('unavailable', `the FHIR store gave no answer that can be trusted (${code})`);
}

/** What an exchange says, if a FHIR server said it. Errors: StoreError `unavailable`. */
export function answerOf(exchanged: Exchanged, repeated: boolean): Answer {
  if (exchanged.kind === 'failed') throw unavailable(exchanged.code);
  const { status, headers, text, elapsedMs } = exchanged;
  if ([401, 403, 429].includes(status) || status >= 500 || (status >= 300 && status < 400)) {
    throw unavailable(`status-${status}`);
  }
  const resource = text.trim() === '' ? undefined : resourceIn(text);
  const versionId = versionInTag(headers.get('etag'));
  const date = Date.parse(headers.get('date') ?? '');
  return {
    status,
    ...(resource === undefined ? {} : { resource }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(Number.isNaN(date) ? {} : { date }),
    elapsedMs,
    repeated,
  };
}

/** The version that an entity tag names: `W/"3"`, or as some servers write it, `"3"` or `3`. */
export function versionInTag(tag: string | null | undefined): string | undefined {
  return /^(?:W\/)?"?([A-Za-z0-9\-.]{1,64})"?$/.exec(tag ?? '')?.[1];
}

export function isResource(value: unknown): value is FhirResource {
  return isObject(value) && typeof value.resourceType === 'string';
}

/** Errors: StoreError `unavailable` for what is no FHIR resource in JSON. */
function resourceIn(text: string): FhirResource {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unavailable('not-json');
  }
  if (!isResource(value)) throw unavailable('not-fhir');
  return value;
}
