import { containedExists } from './references.ts';
import { isObject, type JsonObject, type Run } from './run.ts';

/**
 * Invariants of R4 written out: those of the types that callers write, where FHIRPath would cost most of the validation, and those
 * that FHIRPath cannot see (ref-1 needs the container) or @medplum/core 5.2.13 answers wrongly (obs-7: its `intersect`
 * compares by identity). Each is given a value without structural faults and says whether it holds.
 */
export const nativeInvariants: Readonly<Record<string, (value: JsonObject, run: Run) => boolean>> = {
  'dom-2': (resource) => containedIn(resource).every((contained) => !has(contained, 'contained')),
  'dom-3': containedAreUsed,
  'dom-4': (resource) =>
    containedIn(resource).every(
      ({ meta }) => !isObject(meta) || (!has(meta, 'versionId') && !has(meta, 'lastUpdated')),
    ),
  'dom-5': (resource) => containedIn(resource).every(({ meta }) => !isObject(meta) || !has(meta, 'security')),
  'ext-1': (extension) => hasValue(extension) !== has(extension, 'extension'),
  'ref-1': containedExists,
  'per-1': ({ start, end }) => typeof start !== 'string' || typeof end !== 'string' || !isAfter(start, end),
  'cpt-2': (contact) => !has(contact, 'value') || has(contact, 'system'),
  'att-1': (attachment) => !has(attachment, 'data') || has(attachment, 'contentType'),
  'qty-3': (quantity) => !has(quantity, 'code') || has(quantity, 'system'),
  'pat-1': (contact) => hasOne(contact, ['name', 'telecom', 'address', 'organization']),
  'org-1': (organization) => hasOne(organization, ['identifier', 'name']),
  'org-2': ({ use }) => use !== 'home',
  'org-3': ({ use }) => use !== 'home',
  'app-1': (participant) => hasOne(participant, ['type', 'actor']),
  'app-2': (appointment) => has(appointment, 'start') === has(appointment, 'end'),
  'app-3': (appointment) =>
    (has(appointment, 'start') && has(appointment, 'end')) ||
    ['proposed', 'cancelled', 'waitlist'].includes(String(appointment.status)),
  'app-4': (appointment) =>
    !has(appointment, 'cancelationReason') || ['noshow', 'cancelled'].includes(String(appointment.status)),
  'ppc-1': (consent) => hasOne(consent, ['policy', 'policyRule']),
  'sev-1': (entity) => !has(entity, 'name') || !has(entity, 'query'),
  'grp-1': (group) => !has(group, 'member') || group.actual === true,
  'lst-1': (list) => !has(list, 'emptyReason') || !has(list, 'entry'),
  'lst-2': (list) => list.mode === 'changes' || !entriesOf(list).some((entry) => has(entry, 'deleted')),
  'lst-3': (list) => list.mode === 'working' || !entriesOf(list).some((entry) => has(entry, 'date')),
  'obs-7': componentsDiffer,
  'bdl-1': ({ type, total }) => total === undefined || type === 'searchset' || type === 'history',
  'bdl-2': (bundle) => bundle.type === 'searchset' || !entriesOf(bundle).some((entry) => has(entry, 'search')),
  'bdl-3': (bundle) => entriesHave(bundle, 'request', ['batch', 'transaction', 'history']),
  'bdl-4': (bundle) => entriesHave(bundle, 'response', ['batch-response', 'transaction-response', 'history']),
  'bdl-5': (entry) => hasOne(entry, ['resource', 'request', 'response']),
  'bdl-7': (bundle) => bundle.type === 'history' || distinctFullUrls(bundle),
  'bdl-8': ({ fullUrl }) => !String(fullUrl).includes('/_history/'),
};

/** FHIRPath's `exists()`: a primitive may have nothing but extensions. */
function has(value: JsonObject, element: string): boolean {
  return value[element] !== undefined || value[`_${element}`] !== undefined;
}

function hasOne(value: JsonObject, elements: readonly string[]): boolean {
  return elements.some((element) => has(value, element));
}

function hasValue(value: JsonObject): boolean {
  return Object.keys(value).some((key) => /^_?value[A-Z]/.test(key));
}

function containedIn(resource: JsonObject): JsonObject[] {
  const { contained } = resource;
  return Array.isArray(contained) ? contained.filter(isObject) : [];
}

/** dom-3: something in the resource says `#id`, or the contained resource says `#`. Reads everything once. */
function containedAreUsed(resource: JsonObject): boolean {
  const contained = containedIn(resource);
  if (contained.length === 0) return true;
  const links = linksIn(resource);
  return contained.every(({ id, ...rest }) => links.has(`#${String(id)}`) || linksIn(rest).has('#'));
}

/** All strings that begin with `#`. Goes down iteratively: depth was limited before, width is not. */
function linksIn(value: unknown): Set<string> {
  const links = new Set<string>();
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string' && next.startsWith('#')) links.add(next);
    if (typeof next !== 'object' || next === null) continue;
    for (const child of Object.values(next)) waiting.push(child);
  }
  return links;
}

/**
 * per-1: whether a Period's start is certainly after its end. Two instants are compared as such; otherwise by the calendar
 * parts that both have, since the end of a period includes its whole day, month or year.
 */
function isAfter(start: string, end: string): boolean {
  if (start.includes('T') && end.includes('T')) return Date.parse(start) > Date.parse(end);
  const length = Math.min(start.length, end.length, 10);
  return start.slice(0, length) > end.slice(0, length);
}

/** obs-7: with a value at the root, no component has a coding of the Observation's own code. */
function componentsDiffer(observation: JsonObject): boolean {
  const { code, component } = observation;
  if (!hasValue(observation) || !Array.isArray(component)) return true;
  const own = new Set(codingsOf(code));
  return !component.some((item: unknown) => isObject(item) && codingsOf(item.code).some((coding) => own.has(coding)));
}

function codingsOf(concept: unknown): string[] {
  const codings = isObject(concept) ? concept.coding : undefined;
  return Array.isArray(codings) ? codings.map((coding) => JSON.stringify(coding)) : [];
}

function entriesOf(bundle: JsonObject): JsonObject[] {
  const { entry } = bundle;
  return Array.isArray(entry) ? entry.filter(isObject) : [];
}

function entriesHave(bundle: JsonObject, element: string, types: readonly string[]): boolean {
  const expected = types.includes(String(bundle.type));
  return entriesOf(bundle).every((entry) => (entry[element] !== undefined) === expected);
}

function distinctFullUrls(bundle: JsonObject): boolean {
  const keys = entriesOf(bundle).flatMap(({ fullUrl, resource }) => {
    if (typeof fullUrl !== 'string') return [];
    const meta = isObject(resource) ? resource.meta : undefined;
    return [`${fullUrl} ${isObject(meta) ? String(meta.versionId) : ''}`];
  });
  return new Set(keys).size === keys.length;
}
