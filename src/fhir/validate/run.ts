import type { Fault } from '../../errors.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** `structure`: not R4 at all (400). `profile`: R4, but an invariant or a profile says no (422). */
export type Level = 'structure' | 'profile';

/** What a check found: FHIR issue-type, and the rest of the sentence that begins with the element's name. */
export type Problem = readonly [issue: string, predicate: string];

/** After so many faults a resource is not looked at further. */
export const maximumFaults = 100;
/** JSON levels, extensions and contained resources included. */
export const maximumDepth = 100;

/** The resource being looked at, and what stands around it. */
export interface Frame {
  /** FHIRPath's `%resource`: the innermost resource. */
  readonly resource: JsonObject;
  /** FHIRPath's `%rootResource`: the resource itself, or the one that contains it. */
  readonly container: JsonObject;
  /** Types of the contained resources by id; all that share a container point at each other with `#id`. */
  readonly contained: ReadonlyMap<string, string>;
  readonly inContained: boolean;
  /** Resource types by `fullUrl` within a Bundle, for its `urn:uuid` links; undefined outside one. */
  readonly bundle: ReadonlyMap<string, string> | undefined;
}

/**
 * One validation under way: where it stands and what it found. The path is a stack, so that nothing is built for a
 * resource without faults.
 */
export class Run {
  readonly faults: Record<Level, Fault[]> = { structure: [], profile: [] };
  frame: Frame = { resource: {}, container: {}, contained: new Map(), inContained: false, bundle: undefined };
  #path: (string | number)[] = [];
  #depth = 0;
  #count = 0;
  readonly #seen = new Set<string>();

  enter(step: string | number): void {
    this.#path.push(step);
  }

  leave(): void {
    this.#path.pop();
  }

  /** Goes one JSON level down; false, with a fault, where it is too deep. */
  descend(): boolean {
    if (this.#depth >= maximumDepth) {
      this.add('structure', ['structure', `is nested more than ${maximumDepth} levels deep: send it flatter`]);
      return false;
    }
    this.#depth += 1;
    return true;
  }

  ascend(): void {
    this.#depth -= 1;
  }

  get full(): boolean {
    return this.#count >= maximumFaults;
  }

  /** Remembers how many structural faults there are, for `isSound`. */
  mark(): number {
    return this.faults.structure.length;
  }

  /** Whether no structural fault was found since `mark`; false once the run is full and no longer counts. */
  isSound(mark: number): boolean {
    return !this.full && this.faults.structure.length === mark;
  }

  /** Notes a fault at the present place, or at a child of it. The same sentence is noted once. */
  add(level: Level, [issue, predicate]: Problem, child?: string): void {
    if (this.full) return;
    const expression = this.#expression(child);
    const text = `${expression} ${predicate}.`;
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    this.#count += 1;
    this.faults[level].push({ expression, issue, text });
  }

  #expression(child: string | undefined): string {
    let text = '';
    for (const step of this.#path) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += text === '' ? step : `.${identifier(step)}`;
    }
    return child === undefined ? text : `${text}.${identifier(child)}`;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `div` is the one element name of R4 that FHIRPath keeps for itself. */
function identifier(name: string): string {
  return name === 'div' ? '`div`' : name;
}
