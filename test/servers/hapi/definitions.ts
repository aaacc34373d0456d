import type { CodeSystem, Resource, SearchParameter, StructureDefinition } from '@medplum/fhirtypes';
import { MSG } from '../../../src/canonical.ts';
import { codesIn } from '../../../src/fhir/conformance/expansion.ts';
import { published, publishedResources } from '../../../src/fhir/conformance/load.ts';
import { routes } from '../../../src/fhir/routes.ts';

type Definition = Resource & { id: string };

/** What a trust's server holds before Herald writes to it: what we publish, and what is NHS England's and UK Core's. */
export function trustDefinitions(): readonly Definition[] {
  return [...publishedResources(), ...ukCoreProfiles, proxyLegalBasis()];
}

/**
 * Switches searches off, each written `Consent.patient`, as a trust would: by a retired SearchParameter of its own in
 * the place of FHIR's. HAPI then answers 400, and leaves it out of its CapabilityStatement.
 */
export function retiredSearches(searches: readonly string[]): readonly Definition[] {
  return searches.map((search): SearchParameter & { id: string } => {
    const [name, code] = search.split('.');
    const type = routes.find((route) => route.type === name)?.type;
    if (type === undefined || code === undefined)
      throw new Error(`${search} is no search of ours, as Consent.patient is`);
    const id = `without-${type}-${code.replaceAll('_', '-')}`;
    return {
      resourceType: 'SearchParameter',
      id,
      url: `${MSG}/SearchParameter/${id}`,
      name: id.replaceAll('-', '_'),
      status: 'retired',
      description: `Switches ${search} off.`,
      code,
      base: [type],
      type: 'string',
      expression: `${type}.id`,
    };
  });
}

/** Stand-ins: they ask for nothing, and are there so that resources may declare them. */
const ukCoreProfiles = (['Patient', 'RelatedPerson'] as const).map((type): StructureDefinition & { id: string } => ({
  resourceType: 'StructureDefinition',
  id: `UKCore-${type}`,
  url: `https://fhir.hl7.org.uk/StructureDefinition/UKCore-${type}`,
  name: `StandInForUKCore${type}`,
  status: 'draft',
  fhirVersion: '4.0.1',
  kind: 'resource',
  abstract: false,
  type,
  baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  derivation: 'constraint',
  differential: { element: [{ id: type, path: type }] },
}));

/** Stand-in with the codes that we use of it. */
function proxyLegalBasis(): CodeSystem & { id: string } {
  const used = published('ValueSet').find(({ id }) => id === 'proxy-legal-basis');
  if (used === undefined) throw new Error('The value set proxy-legal-basis is no longer published');
  const codes = codesIn(used);
  return {
    resourceType: 'CodeSystem',
    id: 'England-NHSProxyLegalBasis',
    url: codes[0]?.system ?? '',
    name: 'StandInForNHSProxyLegalBasis',
    status: 'draft',
    content: 'fragment',
    concept: codes.map(({ code }) => ({ code })),
  };
}
