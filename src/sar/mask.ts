import type { Coding, Meta, Resource } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { decodedText, encodedText, isTextAttachment } from './attachments.ts';
import { MASKED } from './history.ts';
import { type Place, type Pointer, textsIn, valueAt } from './places.ts';

/** Hiding parts of a copy. The record itself is never touched: everything works on a clone (SAR-2). */

type Json = Record<string, unknown>;

const dataAbsentReason = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';

/** FHIR's label for a copy that something was taken from. */
const redacted: Coding = { system: system.actCode, code: 'REDACT' };

/** What is hidden at a place: the words that a pattern finds there, or all of it. */
export interface Hide {
  readonly place: Place;
  readonly words?: RegExp;
}

/** The resource with everything hidden that is asked for. It stays valid R4. */
export function withMasks<T extends Resource>(resource: T, hides: readonly Hide[]): T {
  if (hides.length === 0) return resource;
  const copy = structuredClone(resource) as T & Json;
  for (const { place, words } of hides) if (words !== undefined) hideWords(copy, place.pointer, words);
  for (const { place, words } of hides) if (words === undefined) hideElement(copy, place.pointer);
  // What was written for readers may say again what is hidden.
  delete (copy as Json).text;
  return withRedactLabel(copy);
}

/** The label alone, for the reviewer's copy, in which everything can be read. */
export function withRedactLabel<T extends Resource>(resource: T): T {
  const security = resource.meta?.security ?? [];
  if (security.some((one) => one.code === redacted.code && one.system === redacted.system)) return resource;
  const meta: Meta = { ...resource.meta, security: [...security, redacted] };
  return { ...resource, meta };
}

/** Whether words stand in an element, in the text of an attachment too. */
export function findsWords(resource: Resource, { pointer }: Place, words: RegExp): boolean {
  return textsIn(resource, pointer).some(({ pointer: at, text }) => {
    words.lastIndex = 0;
    return words.test(readableText(resource, at, text));
  });
}

/** The words of a text as they can be searched: an attachment's content is decoded where it is text. */
export function readableText(resource: Resource, at: Pointer, text: string): string {
  return isAttachmentData(resource, at) ? (decodedText(text) ?? '') : text;
}

function isAttachmentData(resource: Resource, at: Pointer): boolean {
  return at.at(-1) === 'data' && isTextAttachment(valueAt(resource, at.slice(0, -1)));
}

function hideWords(copy: Resource, within: Pointer, words: RegExp): void {
  for (const { pointer, text } of textsIn(copy, within)) {
    const parent = valueAt(copy, pointer.slice(0, -1)) as Json;
    const key = pointer.at(-1);
    if (key === undefined || isStructure(key) || valueAt(copy, pointer) !== text) continue;
    const readable = readableText(copy, pointer, text);
    const hidden = readable.replaceAll(words, MASKED);
    if (hidden === readable) continue;
    if (hasForm(text)) hidePrimitive(copy, pointer);
    else if (!isAttachmentData(copy, pointer)) Reflect.set(parent, key, hidden);
    else {
      Reflect.set(parent, key, encodedText(hidden));
      delete parent.hash;
      delete parent.size;
    }
  }
}

/** A date or an address on the web with a part hidden would be none: it is hidden whole. */
const hasForm = (text: string): boolean => date.test(text) || /^(?:https?|urn):\S+$/.test(text);

const date = /^\d{4}(?:-\d\d(?:-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?)?)?$/;

/** Addresses and codes say what kind of thing something is; words in them are not the words that were meant. */
const isStructure = (key: string | number): boolean => structural.includes(String(key));

const structural: readonly string[] = [
  ...['resourceType', 'id', 'url', 'system', 'code', 'reference', 'contentType', 'valueCode', 'valueCanonical'],
  ...['status', 'intent', 'type', 'role', 'mode', 'priority', 'gender', 'use', 'language', 'versionId', 'lastUpdated'],
];

function hideElement(copy: Resource, pointer: Pointer): void {
  const value = valueAt(copy, pointer);
  if (value === undefined || value === null) return;
  if (pointer.length === 0) {
    hideParts(copy, pointer, (key) => !keptOfWhole.includes(key));
    return;
  }
  const key = pointer.at(-1) as string | number;
  const parent = valueAt(copy, pointer.slice(0, -1)) as Json;
  if (Array.isArray(value)) {
    for (const at of value.keys()) hideElement(copy, [...pointer, at]);
  } else if (typeof value !== 'object') {
    hidePrimitive(copy, pointer);
  } else if (isExtension(pointer)) {
    Reflect.set(parent, key, { url: Reflect.get(value, 'url'), ...maskedElement() });
  } else if (isDataType(value) && !isNote(pointer)) {
    Reflect.set(parent, key, maskedElement());
  } else {
    hideParts(copy, pointer, () => true);
  }
}

/** What stays of a resource that is hidden whole: that there was one, whose, what became of it and when. */
const keptOfWhole: readonly string[] = [
  ...['meta', 'status', 'intent', 'subject', 'patient', 'for', 'category', 'scope', 'target'],
  ...['sent', 'received', 'authoredOn', 'recorded', 'dateTime', 'lastModified'],
];

/** Each part of a group of elements, for R4 asks for some of them. */
function hideParts(copy: Resource, pointer: Pointer, isHidden: (key: string) => boolean): void {
  for (const key of Object.keys(valueAt(copy, pointer) as Json)) {
    const isKept = key === 'id' || key === 'resourceType' || key.startsWith('_');
    if (!isKept && isHidden(key)) hideElement(copy, [...pointer, key]);
  }
}

const isExtension = (pointer: Pointer): boolean => ['extension', 'modifierExtension'].includes(String(pointer.at(-2)));

/** A note has to have a text. */
const isNote = (pointer: Pointer): boolean => pointer.at(-2) === 'note';

/** Whether an element is of a type that R4 asks no part of, so that nothing of it has to stay. */
function isDataType(value: object): boolean {
  const keys = Object.keys(value)
    .map((key) => key.replace(/^_/, ''))
    .filter((key) => key !== 'id' && key !== 'extension');
  return dataTypes.some((parts) => keys.every((key) => parts.includes(key)));
}

const dataTypes: readonly (readonly string[])[] = [
  // ContactPoint, Address, HumanName, Identifier, Reference, CodeableConcept, Coding, Period, Quantity, Attachment.
  ['system', 'value', 'use', 'rank', 'period'],
  ['use', 'type', 'text', 'line', 'city', 'district', 'state', 'postalCode', 'country', 'period'],
  ['use', 'text', 'family', 'given', 'prefix', 'suffix', 'period'],
  ['use', 'type', 'system', 'value', 'period', 'assigner'],
  ['reference', 'type', 'identifier', 'display'],
  ['coding', 'text'],
  ['system', 'version', 'code', 'display', 'userSelected'],
  ['start', 'end'],
  ['value', 'comparator', 'unit', 'system', 'code'],
  ['contentType', 'language', 'data', 'url', 'size', 'hash', 'title', 'creation'],
];

/** Hidden as FHIR JSON has it: the value goes, and the reason stands beside it (R4 2.6.2.3). */
function hidePrimitive(copy: Resource, pointer: Pointer): void {
  const last = pointer.at(-1);
  if (typeof last === 'string') {
    const parent = valueAt(copy, pointer.slice(0, -1)) as Json;
    delete parent[last];
    parent[`_${last}`] = maskedElement();
    return;
  }
  const name = String(pointer.at(-2));
  const holder = valueAt(copy, pointer.slice(0, -2)) as Json;
  const values = holder[name] as unknown[];
  const beside = (holder[`_${name}`] ?? values.map(() => null)) as unknown[];
  values[Number(last)] = null;
  beside[Number(last)] = maskedElement();
  holder[`_${name}`] = beside;
}

/** Whether an element is there, but hidden. */
export function isMasked(holder: object | undefined, key: string): boolean {
  if (holder === undefined) return false;
  const [element, beside] = [Reflect.get(holder, key), Reflect.get(holder, `_${key}`)];
  return [element, beside].some((one) => hasMask(one) || (Array.isArray(one) && one.some(hasMask)));
}

function hasMask(element: unknown): boolean {
  if (typeof element !== 'object' || element === null) return false;
  const extension: unknown = Reflect.get(element, 'extension');
  return (
    Array.isArray(extension) && extension.some((one) => one?.url === dataAbsentReason && one?.valueCode === 'masked')
  );
}

/** What stands for an element that is hidden; never the same object twice, for copies are changed. */
export const maskedElement = (): { extension: { url: string; valueCode: string }[] } => ({
  extension: [{ url: dataAbsentReason, valueCode: 'masked' }],
});
