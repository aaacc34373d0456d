import { createHash, randomUUID } from 'node:crypto';
import type { CommunicationRequest } from '@medplum/fhirtypes';

/** A UUID of version 7 (RFC 9562 5.7): sorted by time, so that indexes grow at one end. */
export function newId(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  // Node draws random UUIDs from a pool, which bytes asked for one id at a time are not.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/**
 * The caller's own key: the first identifier of the request, as one string; `undefined` when there is none.
 * The request is stored under an id made from it, so that the same key can never be stored twice, whichever process
 * asks and whatever the store's index knows yet (contract 3).
 */
export function callerKey(request: CommunicationRequest): string | undefined {
  const identifier = request.identifier?.find((one) => one.value);
  return identifier === undefined ? undefined : `${identifier.system ?? ''}|${identifier.value}`;
}

/** The id of the request that has this key: always the same (RFC 9562 5.8, a UUID of our own making). */
export function idOfKey(key: string): string {
  return uuid(createHash('sha256').update('herald request key\n').update(key).digest().subarray(0, 16), 8);
}

/**
 * What was asked for, as one digest: the content without `id`, `meta` and `text`, whatever the order of its keys.
 * Two submissions are the same message exactly when it is equal.
 */
export function submissionDigest(request: CommunicationRequest): string {
  const { id: _id, meta: _meta, text: _text, ...content } = request;
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** JSON with sorted keys and without absent values: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function uuid(bytes: Buffer, version: number): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
