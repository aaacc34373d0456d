import { isObject, type JsonObject, type Level, type Problem, type Run } from './run.ts';

/** What a `Reference.reference` can point at (`references.html`). */
export type Target =
  | { readonly kind: 'contained'; readonly id: string }
  | { readonly kind: 'literal' | 'conditional'; readonly type: string; readonly id?: string }
  | { readonly kind: 'entry' | 'elsewhere' };

/** Reads a reference; undefined if it has none of the forms that R4 allows on a server. */
export function parseReference(reference: string): Target | undefined {
  if (reference.startsWith('#')) return { kind: 'contained', id: reference.slice(1) };
  if (/^urn:(?:uuid|oid):/i.test(reference)) return { kind: 'entry' };
  const literal =
    /^(https?:\/\/[^\s?#]+\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(
      reference,
    );
  if (literal) {
    const [, base, type = '', id = ''] = literal;
    return base === undefined || knownShape(type) ? { kind: 'literal', type, id } : { kind: 'elsewhere' };
  }
  const conditional = /^([A-Z][A-Za-z]+)\?\S+$/.exec(reference);
  if (conditional?.[1]) return { kind: 'conditional', type: conditional[1] };
  return /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(reference) ? { kind: 'elsewhere' } : undefined;
}

/**
 * A check of Reference values. `targets` are the resource types that the element takes, undefined for any. Literal,
 * absolute, contained and Bundle-internal references are held against them, and so is `Reference.type`; a logical
 * reference without a type can be anything.
 */
export function referenceCheck(
  targets: ReadonlySet<string> | undefined,
  isResourceType: (name: string) => boolean,
  level: Level,
): (value: unknown, run: Run) => void {
  const takes = targets ? `must point at ${[...targets].join(' or ')}` : 'may point at any resource';
  const wrongType: Problem = [level === 'structure' ? 'structure' : 'value', takes];
  const fits = (type: string): boolean => targets === undefined || targets.has(type);
  return (value, run) => {
    if (!isObject(value)) return;
    const { reference, type } = value;
    const target = typeof reference === 'string' && reference !== '' ? parseReference(reference) : undefined;
    if (typeof reference === 'string' && reference !== '' && level === 'structure') {
      if (!target) {
        run.add(level, malformed, 'reference');
        return;
      }
      if (target.kind === 'conditional' && !run.frame.bundle) {
        run.add(level, conditionalOutside, 'reference');
        return;
      }
    }
    const pointed = target && typeOf(target, reference as string, run);
    if (pointed !== undefined && !isResourceType(pointed)) {
      if (level === 'structure') run.add(level, unknownType, 'reference');
      return;
    }
    if (pointed !== undefined && !fits(pointed)) run.add(level, wrongType, 'reference');
    if (typeof type !== 'string' || type.includes(':')) return;
    if (!isResourceType(type)) {
      if (level === 'structure') run.add(level, unknownTypeName, 'type');
    } else if (pointed !== undefined && pointed !== type) {
      if (level === 'structure') run.add(level, disagreeing, 'type');
    } else if (!fits(type)) run.add(level, wrongType, 'type');
  };
}

/** ref-1: a `#id` needs a contained resource of that id in the resource that holds it. */
export function containedExists(value: JsonObject, run: Run): boolean {
  const { reference } = value;
  if (typeof reference !== 'string' || !reference.startsWith('#')) return true;
  if (reference === '#') return run.frame.inContained;
  return run.frame.contained.has(reference.slice(1));
}

/** A link inside a Bundle must lead to one of its entries. */
export function entryExists(value: JsonObject, run: Run): boolean {
  const { reference } = value;
  const { bundle } = run.frame;
  return !bundle || typeof reference !== 'string' || !/^urn:(?:uuid|oid):/i.test(reference) || bundle.has(reference);
}

const malformed: Problem = [
  'value',
  'is not a reference: write Type/id, an absolute URL, urn:uuid: of an entry, or # and the id of a contained resource',
];
const conditionalOutside: Problem = [
  'value',
  'is a search: only a batch or transaction may link that way; write Type/id',
];
const unknownType: Problem = ['structure', 'names a type that R4 does not have'];
const unknownTypeName: Problem = ['structure', 'is no resource type of R4'];
const disagreeing: Problem = [
  'structure',
  'is another type than the reference has: leave it out or correct one of the two',
];

function typeOf(target: Target, reference: string, run: Run): string | undefined {
  if (target.kind === 'literal' || target.kind === 'conditional') return target.type;
  if (target.kind === 'contained') {
    if (target.id !== '') return run.frame.contained.get(target.id);
    const own = run.frame.container.resourceType;
    return typeof own === 'string' ? own : undefined;
  }
  return run.frame.bundle?.get(reference);
}

/** Another server's address may end in two words that only look like a type and an id. */
function knownShape(type: string): boolean {
  return /^[A-Z][a-z]/.test(type);
}
