import { createHash, randomUUID } from 'node:crypto';
import type { CommunicationRequest, Identifier } from '@medplum/fhirtypes';
import { MSG } from '../canonical.ts';

/** A UUID of version 7 (RFC 9562 5.7): sorted by time, so that indexes grow at one end. */
export function newId(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  // Node draws random UUIDs from a pool, which bytes asked for one id at a time are not.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

const ownSystem = `${MSG}/id/request`;

/** The identifier that is the caller's own key: the one under Herald's own system, otherwise the first. */
export function keyIdentifier(request: CommunicationRequest): Identifier | undefined {
  const usable = request.identifier?.filter((one) => one.value) ?? [];
  return usable.find((one) => one.system === ownSystem) ?? usable[0];
}

/**
 * The caller's own key as one string; `undefined` when there is none.
 * The request is stored under an id made from it, so that the same key can never be stored twice, whichever process
 * asks and whatever the store's index knows yet (contract 3).
 */
export function callerKey(request: CommunicationRequest): string | undefined {
  const identifier = keyIdentifier(request);
  return identifier === undefined ? undefined : `${identifier.system ?? ''}|${identifier.value}`;
}

/** The id of the request that has this key: always the same (RFC 9562 5.8, a UUID of our own making). */
export function idOfKey(key: string): string {
  return uuid(createHash('sha256').update('herald request key\n').update(key).digest().subarray(0, 16), 8);
}

/**
 * What was asked for, as one digest: the content without `id`, `meta` and `text`, whatever the order of its keys and
 * of its identifiers. Two submissions are the same message exactly when it is equal.
 */
export function submissionDigest(request: CommunicationRequest): string {
  const { id: _id, meta: _meta, text: _text, ...content } = request;
  const identifier = content.identifier?.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  const compared = identifier === undefined ? content : { ...content, identifier };
  return createHash('sha256').update(canonicalJson(compared)).digest('hex');
}

/** JSON with sorted keys and without absent values: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const parts: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const one = (value as Record<string, unknown>)[key];
      if (one !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(one)}`);
    }
    return `{${parts.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Whether two values have one canonical JSON; quicker than making it of both. */
export function isSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return (a ?? null) === (b ?? null);
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, at) => isSameContent(one, b[at]))
    );
  }
  return hasAllOf(a, b, isSameContent) && hasAllOf(b, a, () => true);
}

/** Whether one object has all that the other has, absent values aside, and each of it `alike`. */
function hasAllOf(one: object, other: object, alike: (a: unknown, b: unknown) => boolean): boolean {
  return Object.keys(other).every((key) => {
    const wanted: unknown = Reflect.get(other, key);
    if (wanted === undefined) return true;
    const found: unknown = Object.hasOwn(one, key) ? Reflect.get(one, key) : undefined;
    return found !== undefined && alike(found, wanted);
  });
}

function uuid(bytes: Buffer, version: number): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
