/**
 * The parts of R4 StructureDefinitions and value sets that the validator reads. Full resources from the specification,
 * from SUSHI or from a trust's own package fit these types as they are.
 */
export interface StructureDefinition {
  readonly url: string;
  /** The type it describes or constrains, e.g. `Patient`. */
  readonly type: string;
  readonly kind: string;
  readonly abstract?: boolean | undefined;
  readonly derivation?: string | undefined;
  readonly context?: readonly { readonly type: string; readonly expression: string }[] | undefined;
  readonly snapshot?: { readonly element: readonly ElementDefinition[] } | undefined;
}

/** `fixed[x]` and `pattern[x]` are read by `statedValue`. */
export interface ElementDefinition {
  readonly id?: string | undefined;
  readonly path: string;
  readonly sliceName?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: string | undefined;
  readonly base?:
    | { readonly path: string; readonly min?: number | undefined; readonly max?: string | undefined }
    | undefined;
  readonly contentReference?: string | undefined;
  readonly type?: readonly ElementType[] | undefined;
  readonly maxLength?: number | undefined;
  readonly constraint?: readonly Constraint[] | undefined;
  readonly binding?: { readonly strength: string; readonly valueSet?: string | undefined } | undefined;
  readonly slicing?:
    | {
        readonly discriminator?: readonly { readonly type: string; readonly path: string }[] | undefined;
        readonly rules?: string | undefined;
      }
    | undefined;
}

export interface ElementType {
  readonly code: string;
  readonly profile?: readonly string[] | undefined;
  readonly targetProfile?: readonly string[] | undefined;
}

/** An invariant: `expression` is FHIRPath, `human` the sentence of the specification. */
export interface Constraint {
  readonly key: string;
  readonly severity: string;
  readonly human: string;
  readonly expression?: string | undefined;
}

/** The codes of a value set by code system; a code element is held against all of them. */
export type CodeSet = ReadonlyMap<string, ReadonlySet<string>>;

/** Looks a value set up by its canonical, without version. `undefined` where it has no finite list (mime types, UCUM). */
export type CodeSets = (valueSet: string) => CodeSet | undefined;

/** Looks a StructureDefinition up by its canonical, without version. */
export type Definitions = (canonical: string) => StructureDefinition | undefined;

export const baseUrl = 'http://hl7.org/fhir/StructureDefinition/';

/** The canonical without its `|version`. */
export function unversioned(canonical: string): string {
  const bar = canonical.indexOf('|');
  return bar < 0 ? canonical : canonical.slice(0, bar);
}

/** The elements of a definition; a definition without a snapshot is a mistake in what was loaded. */
export function snapshotOf(definition: StructureDefinition): readonly ElementDefinition[] {
  if (!definition.snapshot) throw new Error(`${definition.url} has no snapshot`);
  return definition.snapshot.element;
}

/** The value of `fixed[x]` or `pattern[x]`, if the element has one. */
export function statedValue(element: ElementDefinition, kind: 'fixed' | 'pattern'): { value: unknown } | undefined {
  for (const [key, value] of Object.entries(element)) {
    if (key.startsWith(kind)) return { value };
  }
  return undefined;
}

/**
 * The type code of an element. The `System.*` codes stand at the attributes that FHIR defines by FHIRPath's own types; there
 * only the path says which primitive is meant.
 */
export function typeCode(code: string, path: string): string {
  if (!code.startsWith('http://hl7.org/fhirpath/System.')) return code;
  if (path === 'Extension.url') return 'uri';
  return path.endsWith('.id') ? 'elementId' : 'string';
}
