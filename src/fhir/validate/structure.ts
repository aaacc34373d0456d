import { frameOf, type Position } from './frame.ts';
import { checkJson, empty, emptyList, fhirName, unnameable } from './json.ts';
import { narrativeProblem } from './narrative.ts';
import { text } from './primitives.ts';
import type { ElementRules, ObjectRules, Property } from './rules.ts';
import { isObject, type JsonObject, type Problem, type Run } from './run.ts';

export interface StructureSource {
  readonly rulesOf: (type: string) => ObjectRules | undefined;
  readonly isResourceType: (name: string) => boolean;
  /** Called after the structure of each resource; `sound` says that it has no structural fault. */
  readonly onResource: (resource: JsonObject, position: Position, sound: boolean, run: Run) => void;
}

/** A check of a resource's structure against R4, contained resources and Bundle entries included. */
export function structureCheck(source: StructureSource): (value: unknown, run: Run) => void {
  const checkResource = (value: unknown, position: Position, run: Run): void => {
    if (!isObject(value)) {
      run.add('structure', notResource);
      return;
    }
    const type = value.resourceType;
    if (typeof type !== 'string') {
      run.add('structure', untyped, 'resourceType');
      return;
    }
    const rules = source.rulesOf(type);
    if (!rules?.isResource) {
      if (!source.isResourceType(type)) {
        run.add('structure', unknownType, 'resourceType');
        return;
      }
      if (position === 'root') {
        run.add('structure', otherType, 'resourceType');
        return;
      }
      checkJson(value, run);
      return;
    }
    const outer = run.frame;
    run.frame = frameOf(value, position, outer);
    const before = run.mark();
    checkObject(value, rules, run);
    source.onResource(value, position, run.isSound(before), run);
    run.frame = outer;
  };

  const checkObject = (value: JsonObject, rules: ObjectRules, run: Run, mayBeEmpty = rules.isResource): void => {
    if (!run.descend()) return;
    const before = run.mark();
    let children = 0;
    let chosen: Property[] | undefined;
    for (const key of Object.keys(value)) {
      if (run.full) break;
      if (value[key] === undefined || (rules.isResource && key === 'resourceType')) continue;
      if (key !== 'id') children += 1;
      const property = rules.properties.get(key);
      if (!property) {
        addUnknown(key, rules, run);
        continue;
      }
      const { element } = property;
      if (property.isCompanion && value[property.key] !== undefined) continue;
      if (element.isChoice) {
        if (chosen?.some((other) => other.element === element)) run.add('structure', twoChoices(element), element.name);
        chosen = [...(chosen ?? []), property];
      }
      run.enter(element.name);
      checkProperty(property, value, run);
      run.leave();
    }
    if (children === 0 && !mayBeEmpty) run.add('structure', empty);
    for (const element of rules.required) {
      if (element.keys.every((key) => value[key] === undefined && value[`_${key}`] === undefined)) {
        run.add('structure', missing(element), element.name);
      }
    }
    if (run.isSound(before)) {
      for (const invariant of rules.invariants) {
        if (!invariant.holds(value, rules.type, run)) run.add('profile', invariant.problem);
      }
    }
    run.ascend();
  };

  const checkProperty = (property: Property, owner: JsonObject, run: Run): void => {
    const { element, key, type } = property;
    const value = owner[key];
    const companion = type.kind === 'primitive' ? owner[`_${key}`] : undefined;
    if (!element.isList) {
      if (Array.isArray(value) || Array.isArray(companion)) run.add('structure', notList);
      else checkItem(property, value, companion, run);
      return;
    }
    const values = value ?? [];
    const companions = companion ?? [];
    if (!Array.isArray(values) || !Array.isArray(companions)) {
      run.add('structure', notSingle);
      return;
    }
    const length = Math.max(values.length, companions.length);
    if (length === 0) run.add('structure', emptyList);
    for (let index = 0; index < length && !run.full; index += 1) {
      run.enter(index);
      checkItem(property, values[index], companions[index], run);
      run.leave();
    }
  };

  const checkItem = (property: Property, value: unknown, companion: unknown, run: Run): void => {
    const { element, type, binding } = property;
    const before = run.mark();
    switch (type.kind) {
      case 'primitive': {
        if (companion !== undefined && companion !== null) checkCompanion(companion, value, run);
        else if (value === undefined || value === null) run.add('structure', isNull);
        if (value === undefined || value === null) return;
        const problem = type.check(value) ?? binding?.(value);
        if (problem) run.add('structure', problem);
        break;
      }
      case 'xhtml': {
        const problem = text(value) ?? narrativeProblem(value as string);
        if (problem) run.add(problem[0] === 'invariant' ? 'profile' : 'structure', problem);
        return;
      }
      case 'resource':
        checkResource(value, element.name === 'contained' ? 'contained' : 'entry', run);
        return;
      case 'object': {
        if (!isObject(value)) {
          run.add('structure', value === null ? isNull : notObject);
          return;
        }
        checkObject(value, type.rules(), run);
        const problem = binding?.(value);
        if (problem) run.add('structure', problem);
        const owner = element.path.slice(0, element.path.lastIndexOf('.'));
        type.after?.(value, run, run.isSound(before), owner);
        break;
      }
      default:
        throw new Error(`unknown kind of type: ${JSON.stringify(type satisfies never)}`);
    }
    if (!run.isSound(before)) return;
    for (const invariant of element.invariants) {
      if (!invariant.holds(value, type.code, run)) run.add('profile', invariant.problem);
    }
  };

  const checkCompanion = (companion: unknown, value: unknown, run: Run): void => {
    const rules = source.rulesOf('Element');
    if (!isObject(companion) || !rules) {
      run.add('structure', notCompanion);
      return;
    }
    const hasValue = value !== undefined && value !== null;
    checkObject(companion, rules, run, hasValue && companion.id !== undefined);
  };

  return (value, run) => {
    if (isObject(value) && typeof value.resourceType === 'string' && source.isResourceType(value.resourceType)) {
      run.enter(value.resourceType);
    } else run.enter('Resource');
    checkResource(value, 'root', run);
    run.leave();
  };
}

/** Names the key where it can be an element's name; anything else in a key is content, and is not repeated. */
function addUnknown(key: string, rules: ObjectRules, run: Run): void {
  if (!fhirName.test(key)) {
    run.add('structure', unnameable);
    return;
  }
  for (const { element } of rules.properties.values()) {
    if (element.isChoice && key.startsWith(element.name) && /^[A-Z]/.test(key.slice(element.name.length))) {
      run.add('structure', ['structure', `does not take that type: ${choicesOf(element)}`], element.name);
      return;
    }
  }
  run.add('structure', unknownElement, key);
}

function missing(element: ElementRules): Problem {
  return ['required', element.isChoice ? `is missing: ${choicesOf(element)}` : 'is missing: R4 requires it'];
}

function twoChoices(element: ElementRules): Problem {
  return ['structure', `is given more than once: ${choicesOf(element)}`];
}

function choicesOf({ name, keys }: ElementRules): string {
  return keys.length > 12 ? `send one ${name}[x] of a type that R4 allows` : `send one of ${keys.join(', ')}`;
}

const notResource: Problem = ['structure', 'is not a resource: send a JSON object with a resourceType'];
const untyped: Problem = ['required', 'is missing: say which type of resource this is'];
const unknownType: Problem = ['structure', 'is no resource type of R4'];
const otherType: Problem = ['not-supported', 'is a type of R4 that is not handled here'];
const unknownElement: Problem = ['structure', 'is not an element of R4 at this place: remove it'];
const isNull: Problem = ['structure', 'is null: leave it out, or give its _ companion an extension'];
const notList: Problem = ['structure', 'does not repeat: send one value without brackets'];
const notSingle: Problem = ['structure', 'repeats: send a list, even of one value'];
const notObject: Problem = ['structure', 'is not a JSON object'];
const notCompanion: Problem = ['structure', 'has a _ companion that is not a JSON object'];
