import { containedExists } from './references.ts';
import { isObject, type JsonObject, type Run } from './run.ts';

/**
 * Invariants of R4 written out: those that stand at every resource or at frequent types, where FHIRPath would cost most, and those
 * that FHIRPath cannot see (ref-1 needs the container) or @medplum/core 5.2.13 answers wrongly (obs-7: its `intersect` compares by identity). Each is given a value without structural faults and says whether it holds.
 */
export const nativeInvariants: Readonly<Record<string, (value: JsonObject, run: Run) => boolean>> = {
  'dom-2': (resource) => containedIn(resource).every((contained) => contained.contained === undefined),
  'dom-3': containedAreUsed,
  'dom-4': (resource) =>
    containedIn(resource).every(({ meta }) => !isObject(meta) || (meta.versionId ?? meta.lastUpdated) === undefined),
  'dom-5': (resource) => containedIn(resource).every(({ meta }) => !isObject(meta) || meta.security === undefined),
  'ext-1': (extension) => {
    const hasValue = Object.keys(extension).some((key) => key.startsWith('value') || key.startsWith('_value'));
    return hasValue !== (extension.extension !== undefined);
  },
  'ref-1': containedExists,
  'per-1': ({ start, end }) => typeof start !== 'string' || typeof end !== 'string' || !isAfter(start, end),
  'obs-7': componentsDiffer,
  'bdl-3': (bundle) => entriesHave(bundle, 'request', ['batch', 'transaction', 'history']),
  'bdl-4': (bundle) => entriesHave(bundle, 'response', ['batch-response', 'transaction-response', 'history']),
  'bdl-7': (bundle) => bundle.type === 'history' || distinctFullUrls(bundle),
};

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
  if (!Object.keys(observation).some((key) => key.startsWith('value')) || !Array.isArray(component)) return true;
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
