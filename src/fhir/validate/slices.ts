import { type CodeSet, type CodeSets, statedValue, unversioned } from './definitions.ts';
import type { Item } from './items.ts';
import { contains, equals, valuesAt } from './patterns.ts';
import { isObject } from './run.ts';
import type { SnapshotNode } from './snapshot-tree.ts';

/**
 * Says which items belong to a slice (`profiling.html#discriminator`). Discriminators by `value` and `pattern` (also an
 * extension's url), `exists`, and `type` at `$this` or at a resource.
 *
 * @throws Error for any other discriminator: a profile that cannot be checked must not start.
 */
export function sliceMatcher(node: SnapshotNode, slice: SnapshotNode, codeSets: CodeSets): (item: Item) => boolean {
  const discriminators = node.element.slicing?.discriminator ?? [];
  if (discriminators.length === 0) throw unsupported(slice, 'without discriminator');
  const tests = discriminators.map(({ type, path }) => {
    const steps = path === '$this' ? [] : path.split('.');
    if (steps.some((step) => !/^[a-z][A-Za-z0-9]*$/.test(step))) throw unsupported(slice, `by ${path}`);
    switch (type) {
      case 'value':
      case 'pattern':
        return byValue(slice, steps, codeSets);
      case 'exists':
        return byExistence(slice, steps);
      case 'type':
        return byType(slice, steps);
      default:
        throw unsupported(slice, `by ${type}`);
    }
  });
  return (item) => tests.every((test) => test(item));
}

/** How a caller knows the slice: the extension's url, or the slice's name. */
export function sliceLabel(slice: SnapshotNode): string {
  const url = slice.name.endsWith('xtension') ? extensionUrl(slice) : undefined;
  return url ?? slice.element.sliceName ?? slice.name;
}

type Test = (item: Item) => boolean;

function byValue(slice: SnapshotNode, steps: readonly string[], codeSets: CodeSets): Test {
  if (steps.length === 1 && steps[0] === 'url') {
    const url = extensionUrl(slice);
    if (url !== undefined) return ({ value }) => isObject(value) && value.url === url;
  }
  const test = expectation(slice, steps, codeSets);
  if (!test) throw unsupported(slice, `by ${steps.join('.') || '$this'}, which it does not fix`);
  return ({ value }) => valuesAt(value, steps).some(test);
}

/** What the slice says of the value at `steps`: a fixed value, a pattern (perhaps further up), or a required binding. */
function expectation(
  slice: SnapshotNode,
  steps: readonly string[],
  codeSets: CodeSets,
): ((value: unknown) => boolean) | undefined {
  let node: SnapshotNode | undefined = slice;
  for (let depth = 0; node; depth += 1) {
    const fixed = statedValue(node.element, 'fixed');
    const pattern = fixed ?? statedValue(node.element, 'pattern');
    if (pattern) {
      const [wanted, ...others] = valuesAt(pattern.value, steps.slice(depth));
      if (wanted === undefined || others.length > 0) return undefined;
      return (value) => (fixed ? equals(value, wanted) : contains(value, wanted));
    }
    if (depth === steps.length) break;
    node = node.children.find(({ name }) => name === steps[depth]);
  }
  const { strength, valueSet } = node?.element.binding ?? {};
  const codes = strength === 'required' && valueSet !== undefined ? codeSets(unversioned(valueSet)) : undefined;
  return codes && ((value) => isIn(value, codes));
}

function isIn(value: unknown, codes: CodeSet): boolean {
  if (typeof value === 'string') return [...codes.values()].some((system) => system.has(value));
  if (!isObject(value)) return false;
  if (Array.isArray(value.coding)) return value.coding.some((coding) => isIn(coding, codes));
  const { system, code } = value;
  return typeof system === 'string' && typeof code === 'string' && (codes.get(system)?.has(code) ?? false);
}

function byExistence(slice: SnapshotNode, steps: readonly string[]): Test {
  let node: SnapshotNode | undefined = slice;
  for (const step of steps) node = node?.children.find(({ name }) => name === step);
  if (!node) throw unsupported(slice, `by the existence of ${steps.join('.')}, of which it says nothing`);
  const wanted = node.element.max !== '0';
  return ({ value }) => valuesAt(value, steps).length > 0 === wanted;
}

function byType(slice: SnapshotNode, steps: readonly string[]): Test {
  let node: SnapshotNode | undefined = slice;
  for (const step of steps) node = node?.children.find(({ name }) => name === step);
  const types = new Set((node?.element.type ?? []).map(({ code }) => code));
  if (types.size === 0) throw unsupported(slice, `by the type of ${steps.join('.')}, which it does not give`);
  if (steps.length === 0) {
    return ({ value, type }) => types.has(type) || (isObject(value) && types.has(String(value.resourceType)));
  }
  return ({ value }) =>
    valuesAt(value, steps).some((found) => isObject(found) && types.has(String(found.resourceType)));
}

function extensionUrl(slice: SnapshotNode): string | undefined {
  const url = slice.children.find(({ name }) => name === 'url');
  const fixed = url && (statedValue(url.element, 'fixed') ?? statedValue(url.element, 'pattern'));
  if (typeof fixed?.value === 'string') return fixed.value;
  const profile = slice.element.type?.[0]?.profile?.[0];
  return profile && unversioned(profile);
}

function unsupported(slice: SnapshotNode, how: string): Error {
  return new Error(`${slice.element.id} is sliced ${how}: not supported`);
}
