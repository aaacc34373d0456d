import {
  type CodeSets,
  type Definitions,
  type ElementType,
  type StructureDefinition,
  statedValue,
  unversioned,
} from './definitions.ts';
import { invariantsOf } from './invariants.ts';
import { type Item, isPresent, itemsOf, narrowedTypes } from './items.ts';
import { contains, equals } from './patterns.ts';
import { referenceCheck } from './references.ts';
import { requiredCodes, targetTypes } from './rules.ts';
import { isObject, type JsonObject, type Problem, type Run } from './run.ts';
import { sliceLabel, sliceMatcher } from './slices.ts';
import { type SnapshotNode, snapshotTree } from './snapshot-tree.ts';

export interface ProfileSource {
  /** R4's own types and all profiles. */
  readonly definitions: Definitions;
  readonly codeSets: CodeSets;
  readonly isResourceType: (name: string) => boolean;
  /** The check of another profile, for elements whose type names one; undefined if it is not loaded. */
  readonly profile: (canonical: string) => ProfileCheck | undefined;
}

/**
 * Checks what a profile adds to R4; what R4 says itself is never said twice. Takes any JSON value; `sound` says that it has
 * no structural fault, without which invariants are not tried.
 */
export type ProfileCheck = (value: unknown, run: Run, sound: boolean) => void;

type ItemCheck = (item: Item, run: Run, sound: boolean) => void;
type ElementCheck = (parent: JsonObject, run: Run, sound: boolean) => void;

/**
 * Compiles a profile from its snapshot. Elements that it leaves as R4 has them cost nothing.
 *
 * @throws Error for a profile that cannot be checked as it is written (see `sliceMatcher`, `invariantsOf`).
 */
export function compileProfile(profile: StructureDefinition, source: ProfileSource): ProfileCheck {
  const by = unversioned(profile.url);

  const contentChecks = (node: SnapshotNode): ItemCheck[] => {
    const { element, base } = node;
    const checks: ItemCheck[] = [];
    const add = (problem: Problem, isBroken: (value: unknown) => boolean): void => {
      checks.push(({ value }, run) => {
        if (value !== undefined && value !== null && isBroken(value)) run.add('profile', problem);
      });
    };
    const fixed = statedValue(element, 'fixed');
    if (fixed && !(base && statedValue(base, 'fixed'))) {
      add(['value', `is not ${quoted(fixed.value)}, which ${by} requires`], (value) => !equals(value, fixed.value));
    }
    const pattern = statedValue(element, 'pattern');
    if (pattern) {
      add(
        ['value', `does not hold ${quoted(pattern.value)}, which ${by} requires`],
        (value) => !contains(value, pattern.value),
      );
    }
    const codes =
      element.binding?.valueSet === base?.binding?.valueSet ? undefined : requiredCodes(element, source.codeSets);
    if (codes) {
      checks.push(({ value }, run) => {
        const problem = codes(value);
        if (problem) run.add('profile', problem);
      });
    }
    const { maxLength } = element;
    if (maxLength !== undefined && maxLength !== base?.maxLength) {
      add(
        ['too-long', `is longer than the ${maxLength} characters that ${by} allows`],
        (value) => typeof value === 'string' && value.length > maxLength,
      );
    }
    for (const type of element.type ?? [])
      checks.push(
        ...typeChecks(
          type,
          base?.type?.find(({ code }) => code === type.code),
        ),
      );
    const known = new Set(base?.constraint?.map(({ key }) => key)).add('ext-1');
    for (const invariant of invariantsOf(element.constraint?.filter(({ key }) => !known.has(key)))) {
      checks.push(({ value, type }, run, sound) => {
        if (sound && isPresent(value) && !invariant.holds(value, type, run))
          run.add('profile', invariant.problem, invariant.child);
      });
    }
    const children = node.children.flatMap((child) => elementCheck(child) ?? []);
    if (children.length > 0) {
      checks.push(({ value, companion }, run, sound) => {
        const parent = isObject(value) ? value : isObject(companion) ? companion : {};
        for (const check of children) check(parent, run, sound);
      });
    }
    return checks;
  };

  const typeChecks = (type: ElementType, base: ElementType | undefined): ItemCheck[] => {
    const checks: ItemCheck[] = [];
    if (type.code === 'Reference' && type.targetProfile && type.targetProfile.length > 0) {
      const targets = targetTypes(type, source.definitions);
      const before = base && targetTypes(base, source.definitions);
      if (targets && (!before || [...before].some((name) => !targets.has(name)))) {
        const check = referenceCheck(targets, source.isResourceType, 'profile');
        checks.push((item, run) => item.type === 'Reference' && check(item.value, run));
      }
    }
    // Known extensions are checked wherever they stand, so not again here.
    if (type.code === 'Extension') return checks;
    const profiles = (type.profile ?? []).filter((canonical) => !base?.profile?.includes(canonical));
    if (profiles.length === 1) {
      checks.push((item, run, sound) => {
        if (item.type === type.code) source.profile(unversioned(profiles[0] ?? ''))?.(item.value, run, sound);
      });
    }
    return checks;
  };

  const elementCheck = (node: SnapshotNode): ElementCheck | undefined => {
    const { element, base, name } = node;
    const counts = cardinality(element.min ?? 0, element.max ?? '*', by);
    const isNarrower = (element.min ?? 0) > (base?.min ?? 0) || (element.max ?? '*') !== (base?.max ?? '*');
    const items = itemsOf(node);
    const narrowed = narrowedTypes(node, by);
    const contents = contentChecks(node);
    const slicing = slicingCheck(node);
    if (!isNarrower && !narrowed && contents.length === 0 && !slicing) return undefined;
    return (parent, run, sound) => {
      if (run.full) return;
      const found = items(parent);
      const problem = isNarrower ? counts(found.length) : undefined;
      if (problem) run.add('profile', problem, name);
      if (found.length === 0 && !slicing) return;
      run.enter(name);
      for (const item of found) {
        if (run.full) break;
        if (item.index !== undefined) run.enter(item.index);
        if (narrowed && !narrowed.types.has(item.type)) run.add('profile', narrowed.problem);
        for (const check of contents) check(item, run, sound);
        if (item.index !== undefined) run.leave();
      }
      slicing?.(found, run, sound);
      run.leave();
    };
  };

  const slicingCheck = (
    node: SnapshotNode,
  ): ((items: readonly Item[], run: Run, sound: boolean) => void) | undefined => {
    if (node.slices.length === 0) return undefined;
    const isClosed = node.element.slicing?.rules === 'closed';
    const slices = node.slices.map((slice) => ({
      matches: sliceMatcher(node, slice, source.codeSets),
      counts: cardinality(slice.element.min ?? 0, slice.element.max ?? '*', by, sliceLabel(slice)),
      checks: contentChecks(slice),
    }));
    const stranger: Problem = ['value', `is none of the kinds that ${by} allows there: remove it`];
    return (items, run, sound) => {
      const found = new Map<object, number>();
      for (const item of items) {
        if (run.full) return;
        const slice = slices.find(({ matches }) => matches(item));
        if (slice) found.set(slice, (found.get(slice) ?? 0) + 1);
        if (item.index !== undefined) run.enter(item.index);
        if (!slice && isClosed) run.add('profile', stranger);
        for (const check of slice?.checks ?? []) check(item, run, sound);
        if (item.index !== undefined) run.leave();
      }
      for (const slice of slices) {
        const problem = slice.counts(found.get(slice) ?? 0);
        if (problem) run.add('profile', problem);
      }
    };
  };

  const checks = contentChecks(snapshotTree(profile, source.definitions));
  return (value, run, sound) => {
    const item: Item = { value, companion: undefined, type: profile.type, index: undefined };
    for (const check of checks) check(item, run, sound);
  };
}

/** The check of a number of occurrences, of an element or of a slice of it. */
function cardinality(min: number, max: string, by: string, slice?: string): (count: number) => Problem | undefined {
  const most = max === '*' ? Number.POSITIVE_INFINITY : Number(max);
  const missing = slice === undefined ? 'is missing' : `has no ${slice}`;
  const tooFew: Problem = [
    'required',
    min > 1 ? `needs ${slice ?? 'it'} ${min} times: ${by} requires it` : `${missing}: ${by} requires it`,
  ];
  const what = slice === undefined ? 'is' : `has ${slice}`;
  const tooMany: Problem = [
    'structure',
    most === 0
      ? `${what} where ${by} allows none: remove it`
      : `${what} there more than ${max} times, the most that ${by} allows`,
  ];
  return (count) => (count < min ? tooFew : count > most ? tooMany : undefined);
}

/** Fixed values and patterns are a profile's own, never a caller's. */
function quoted(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
