import {
  baseUrl,
  type Definitions,
  type ElementDefinition,
  type StructureDefinition,
  snapshotOf,
} from './definitions.ts';

/** An element of a profile with what stands below it. */
export interface SnapshotNode {
  readonly element: ElementDefinition;
  /** As FHIRPath names it, without `[x]`. */
  readonly name: string;
  readonly isChoice: boolean;
  /** The same element in R4 itself, where it can be found: what it says was checked already. */
  readonly base: ElementDefinition | undefined;
  readonly children: SnapshotNode[];
  readonly slices: SnapshotNode[];
}

/**
 * Reads a profile's snapshot as a tree, by the ids of its elements (`elementdefinition.html#id`).
 *
 * @throws Error where an id is missing or names a parent that is not there.
 */
export function snapshotTree(profile: StructureDefinition, definitions: Definitions): SnapshotNode {
  const nodes = new Map<string, SnapshotNode>();
  let root: SnapshotNode | undefined;
  for (const element of snapshotOf(profile)) {
    const id = element.id;
    if (id === undefined) throw new Error(`${profile.url} has an element without id: ${element.path}`);
    const last = id.slice(id.lastIndexOf('.') + 1);
    const [plain = '', slice] = last.split(':', 2);
    const isChoice = plain.endsWith('[x]');
    const node: SnapshotNode = {
      element,
      name: isChoice ? plain.slice(0, -3) : plain,
      isChoice,
      base: baseElement(element, definitions),
      children: [],
      slices: [],
    };
    nodes.set(id, node);
    if (!root) {
      root = node;
      continue;
    }
    const above = slice === undefined ? id.slice(0, id.lastIndexOf('.')) : id.slice(0, id.lastIndexOf(':'));
    const parent = nodes.get(above);
    if (!parent) throw new Error(`${profile.url} has no element ${above}, which ${id} belongs to`);
    (slice === undefined ? parent.children : parent.slices).push(node);
  }
  if (!root) throw new Error(`${profile.url} has an empty snapshot`);
  return root;
}

function baseElement(element: ElementDefinition, definitions: Definitions): ElementDefinition | undefined {
  return elementAt(element.path, definitions) ?? (element.base && elementAt(element.base.path, definitions));
}

function elementAt(path: string, definitions: Definitions): ElementDefinition | undefined {
  const definition = definitions(baseUrl + (path.split('.', 1)[0] ?? ''));
  if (!definition) return undefined;
  let byPath = elementsByPath.get(definition);
  if (!byPath) {
    byPath = new Map(snapshotOf(definition).map((item) => [item.path, item]));
    elementsByPath.set(definition, byPath);
  }
  return byPath.get(path);
}

const elementsByPath = new WeakMap<StructureDefinition, Map<string, ElementDefinition>>();
