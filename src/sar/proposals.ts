import type { Communication, Consent, Extension, Resource } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import type { Stored } from '../store/fhir-store.ts';
import type { HiddenDetail } from './details.ts';
import type { EntryMask, MaskGround } from './history.ts';
import { type Hide, isMasked, readableText } from './mask.ts';
import { isWithin, type Place, type PlacedText, type Pointer, pathTo, placesOf, textsIn } from './places.ts';
import { exportedReference } from './review.ts';
import { contactsIn, freeTexts, type Hit, namesIn, type OwnDetails } from './third-parties.ts';
import { wordsPattern } from './words.ts';

/** What Herald proposes to hide: what is about other people, and details that were removed because of a risk (SAR-2). */

/** What is known of everybody concerned, from which it is proposed what to hide. */
export interface MaskFacts {
  readonly own: OwnDetails;
  /** `Patient/id` and `RelatedPerson/id` of the person themselves. */
  readonly self: ReadonlySet<string>;
  /** `RelatedPerson/id` of those who act or acted for the person. */
  readonly proxies: ReadonlySet<string>;
  /** Words of names, in lower case, that the copy says anyhow: the person's, and those of their proxies. */
  readonly named: ReadonlySet<string>;
  /** What is hidden where it belongs, and so wherever else it stands. */
  readonly details: readonly HiddenDetail[];
}

/** A part that is, or would be, hidden. */
export interface Order extends Hide {
  readonly path: string;
  readonly text?: string;
  readonly ground: MaskGround;
  readonly origin: EntryMask['origin'];
  readonly why: string;
}

const contactUrl = structureDefinition('contact-point-used');
const detailUrl = structureDefinition('objection-detail');
const contactPath = `extension.where(url = '${contactUrl}').value`;
const reasonPath = `extension.where(url = '${detailUrl}').extension.where(url = 'reason' or url = 'impactText')`;
const REMOVED = 'a detail that was removed because of a risk (OBJ-8)';

/** Every part of a resource, as exported, that is somebody else's or may not be told. */
export function proposals(resource: Stored<Resource>, facts: MaskFacts): Order[] {
  const orders = ofOthers(resource, facts);
  const whole = (path: string, why: string, origin: Order['origin'], ground: MaskGround): void => {
    const full = `${resource.resourceType}.${path}`;
    for (const place of placesOf(resource, full) ?? []) orders.push({ place, path: full, ground, origin, why });
  };
  const others = (path: string, why: string): void => whole(path, why, 'proposed', 'third-party');
  switch (resource.resourceType) {
    case 'RelatedPerson':
      if (!facts.proxies.has(`RelatedPerson/${resource.id}`)) break;
      for (const part of ['telecom', 'address', 'identifier', 'birthDate', 'photo'])
        others(part, "a proxy's own detail");
      break;
    case 'Patient':
      for (const part of ['telecom', 'address']) others(`contact.${part}`, 'a detail of somebody else');
      break;
    case 'Consent':
      if (isOfOther(resource, facts)) others(reasonPath, 'what a proxy said of their own objection');
      break;
    case 'Communication':
      if (isMasked(resource, 'subject')) others('payload', 'about somebody for whom the person acts');
      if (resource.status === 'entered-in-error' && isFromOutside(resource)) {
        for (const path of ['payload', contactPath]) others(path, 'filed by mistake: it may be somebody else’s');
      }
      if (isRemoved(resource)) whole(contactPath, REMOVED, 'fixed', 'serious-harm');
      else if (isWithOther(resource, facts)) others(contactPath, 'the contact detail of somebody else');
      break;
    default:
  }
  const texts = textsIn(resource, [], neverDetails);
  const free = freeTexts(resource, texts);
  const hits = namesIn(free, facts.named);
  if (isFromOutside(resource)) hits.push(...contactsIn(free, facts.own));
  const found = [...detailsIn(resource, texts, facts), ...hits.map((one) => ofHit(resource, one, theirs))];
  return [...orders, ...found.filter((one) => !orders.some((other) => covers(other, one)))];
}

const covers = (outer: Order, { place, origin }: Order): boolean =>
  isWithin(place.pointer, outer.place.pointer) && (origin !== 'fixed' || outer.origin === 'fixed');

const theirs = { ground: 'third-party', origin: 'proposed' } as const satisfies Partial<Order>;

function ofHit(resource: Resource, { pointer, text, why }: Hit, how: Pick<Order, 'ground' | 'origin'>): Order {
  const place: Place = { pointer };
  return { ...{ place, path: pathTo(resource, pointer), text, words: wordsPattern(text) }, ...how, why };
}

/** References to people who are neither the person nor act for them: candidates for a text, a record taken for theirs. */
function ofOthers(resource: Stored<Resource>, facts: MaskFacts): Order[] {
  return referencesIn(resource, facts, []).map((pointer) => ({
    ...{ place: { pointer }, path: pathTo(resource, pointer), ...theirs, why: "somebody else's record" },
  }));
}

function referencesIn(value: unknown, facts: MaskFacts, at: Pointer): Pointer[] {
  if (typeof value !== 'object' || value === null) return [];
  if (at.length > 0 && isToOther(value, facts)) return [at];
  return Object.entries(value).flatMap(([key, one]) =>
    referencesIn(one, facts, [...at, Array.isArray(value) ? Number(key) : key]),
  );
}

function isToOther(value: object, { self, proxies, own }: MaskFacts): boolean {
  const reference: unknown = Reflect.get(value, 'reference');
  const named = typeof reference === 'string' ? exportedReference(reference) : undefined;
  if (named !== undefined) return /^(?:Patient|RelatedPerson)\//.test(named) && !self.has(named) && !proxies.has(named);
  const identifier: unknown = Reflect.get(value, 'identifier');
  if (typeof identifier !== 'object' || identifier === null) return false;
  const number: unknown = Reflect.get(identifier, 'value');
  const isNumber = Reflect.get(identifier, 'system') === system.nhsNumber && typeof number === 'string';
  return isNumber && !own.numbers.has(number.replaceAll(/\s/g, ''));
}

/** Keys whose texts are nobody's details or words. */
const neverDetails: ReadonlySet<string> = new Set([
  ...['resourceType', 'id', 'url', 'system', 'code', 'reference', 'valueCode', 'contentType', 'status', 'lastUpdated'],
]);

/** Hidden details wherever else they stand. */
function detailsIn(resource: Resource, texts: readonly PlacedText[], { details }: MaskFacts): Order[] {
  if (details.length === 0) return [];
  return texts.flatMap(({ pointer, text }) => {
    const readable = readableText(resource, pointer, text);
    if (pointer.at(-1) === 'data' && readable === text) return [];
    return details.flatMap(({ pattern, isRemoved: gone }) => {
      const found = new Set([...readable.matchAll(pattern)].map(([words]) => words));
      const how = gone ? ({ ground: 'serious-harm', origin: 'fixed' } as const) : theirs;
      const why = gone ? REMOVED : 'a detail of somebody else';
      return [...found].map((words) => ofHit(resource, { pointer, text: words, why }, how));
    });
  });
}

/** Whether somebody else than the person objects, or has a say in it, as their proxy. */
function isOfOther({ category = [], performer = [], provision }: Consent, facts: MaskFacts): boolean {
  const kind = codeSystem('consent-category');
  const isObjection = category.some((one) =>
    one.coding?.some((coding) => coding.system === kind && coding.code === 'messaging-objection'),
  );
  const actors = (provision?.actor ?? []).map((one) => one.reference);
  return isObjection && [...performer, ...actors].some((one) => isPersonBeside(one, facts));
}

function isWithOther({ recipient = [], sender }: Communication, facts: MaskFacts): boolean {
  return [...recipient, ...(sender === undefined ? [] : [sender])].some((one) => isPersonBeside(one, facts));
}

function isPersonBeside(one: { readonly reference?: string } | undefined, { self }: MaskFacts): boolean {
  const named = exportedReference(one?.reference);
  return named !== undefined && /^(?:Patient|RelatedPerson)\//.test(named) && !self.has(named);
}

/** Contact details in a message that are marked as taken out of the record because of a risk (OBJ-8). */
export function removedDetailsIn(message: Communication): string[] {
  return usedDetails(message)
    .filter(hasMark)
    .flatMap(({ valueContactPoint, valueAddress }) => [
      valueContactPoint?.value,
      ...(valueAddress?.line ?? []),
      valueAddress?.postalCode,
    ])
    .filter((one) => one !== undefined);
}

/** The number or email address in a message to or from one of these people. */
export function detailsOfOthers(message: Communication, others: ReadonlySet<string>): string[] {
  const people = [...(message.recipient ?? []), ...(message.sender === undefined ? [] : [message.sender])];
  if (!people.some(({ reference }) => others.has(exportedReference(reference) ?? ''))) return [];
  return usedDetails(message).flatMap(({ valueContactPoint }) => valueContactPoint?.value ?? []);
}

const isRemoved = (message: Communication): boolean => usedDetails(message).some(hasMark);

const usedDetails = ({ extension = [] }: Communication) => extension.filter((one) => one.url === contactUrl);

const hasMark = (used: Extension): boolean => isMasked(used, 'valueContactPoint') || isMasked(used, 'valueAddress');

/** The detail as the reviewer sees it: without the mark that hides it from others. */
export function unmarked<T extends Stored<Resource>>(resource: T): T {
  if (resource.resourceType !== 'Communication' || !isRemoved(resource as Communication)) return resource;
  const copy = structuredClone(resource);
  for (const used of usedDetails(copy as Communication)) {
    delete used.valueContactPoint?.extension;
    delete used.valueAddress?.extension;
  }
  return copy;
}

/** Whether somebody else than the trust wrote it. */
const isFromOutside = (resource: Resource): boolean =>
  resource.resourceType === 'Communication' &&
  (resource.category ?? []).some((one) => one.coding?.some(({ code }) => code === 'inbound'));
