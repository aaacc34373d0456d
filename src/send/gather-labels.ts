import type {
  Coding,
  CommunicationRequest,
  HealthcareService,
  Reference,
  Resource,
  ResourceType,
} from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Sensitivity } from '../policy/facts.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import type { NamedType } from './gather-catalogue.ts';
import { localReference, searchText } from './naming.ts';

/**
 * What the matter gives away (PRX-7): labels of the request, of its type and the type's service, of what it is about
 * (`about`, `encounter`, `reasonReference`), and of the service and the reasons that those name; and whether it is
 * somebody else's (VER-1). `records`: `Patient/id` of the subject and of all linked records, none where that is not
 * known. Errors: StoreError.
 */
export async function sensitivityOfMatter(
  store: FhirStore,
  request: CommunicationRequest,
  named: NamedType,
  records: readonly string[],
): Promise<Sensitivity> {
  const matter = [
    ...(request.about ?? []),
    ...(request.encounter === undefined ? [] : [request.encounter]),
    ...(request.reasonReference ?? []),
  ];
  const pointed = matter.filter((one) => !isContained(one));
  const [about, services] = await Promise.all([resolved(store, pointed), servicesOf(store, named)]);
  // What comes with the request has no labels of its own (FHIR R4, dom-5), but its service may.
  const contained = matter
    .filter(isContained)
    .flatMap(({ reference }) => (request.contained ?? []).filter((one) => `#${one.id}` === reference));
  const further = [...about.found, ...contained]
    .flatMap(furtherOf)
    .filter((one) => one.reference !== undefined && !isContained(one));
  const behind = await resolved(store, further);
  const labelled: readonly Resource[] = [...about.found, ...services, ...behind.found];
  return {
    labels: distinct([
      ...(request.meta?.security ?? []),
      ...(named.kind === 'found' ? named.type.sensitivity : []),
      ...labelled.flatMap((one) => one.meta?.security ?? []),
    ]),
    unread: about.isPartial || behind.isPartial,
    ofAnother: records.length > 0 && [...about.found, ...contained].some((one) => isOfAnother(one, records)),
  };
}

/** Somebody is named and the subject is not. Whoever is named by identifier alone says nothing here. */
function isOfAnother(matter: Resource, records: readonly string[]): boolean {
  const patients = namedIn(matter).flatMap(({ reference }) => localReference(reference, 'Patient') ?? []);
  return patients.length > 0 && !patients.some((one) => records.includes(one));
}

/** Whose it is. Of an appointment everybody who takes part: one of a group is about each of them. */
function namedIn(matter: Resource): Reference[] {
  switch (matter.resourceType) {
    case 'Appointment':
      return (matter.participant ?? []).flatMap(({ actor }) => actor ?? []);
    case 'Encounter':
    case 'DocumentReference':
      return matter.subject === undefined ? [] : [matter.subject];
    default:
      return [];
  }
}

const isContained = ({ reference }: Reference): boolean => reference?.startsWith('#') === true;

/** What references lead to; `isPartial`: one of them leads to nothing that is kept here. */
async function resolved(
  store: FhirStore,
  references: readonly Reference[],
): Promise<{ readonly found: readonly Stored[]; readonly isPartial: boolean }> {
  const places = [...new Set(references.map(({ reference = '' }) => reference))].map(placeOf);
  const found = await Promise.all(
    places.map((place) => (place === undefined ? undefined : store.read(place.type, place.id))),
  );
  const present = found.filter((one) => one !== undefined);
  return { found: present, isPartial: present.length < places.length };
}

function placeOf(reference: string): { readonly type: ResourceType; readonly id: string } | undefined {
  const [, type, id] =
    /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(reference) ?? [];
  return type === undefined || id === undefined ? undefined : { type: type as ResourceType, id };
}

/** The service that something belongs to, and why it takes place: a clinic or a diagnosis may be what must not be told. */
function furtherOf(resource: Resource): Reference[] {
  switch (resource.resourceType) {
    case 'Appointment':
      return [
        ...(resource.participant ?? []).flatMap(({ actor }) =>
          actor?.reference?.startsWith('HealthcareService/') === true ? [actor] : [],
        ),
        ...(resource.reasonReference ?? []),
      ];
    case 'Encounter':
      return [
        ...(resource.reasonReference ?? []),
        ...(resource.diagnosis ?? []).map((one) => one.condition),
        ...(resource.appointment ?? []),
      ];
    default:
      return [];
  }
}

/** The HealthcareServices of the type's program (contract 3.2). Errors: StoreError. */
export async function servicesOf(store: FhirStore, named: NamedType): Promise<Stored<HealthcareService>[]> {
  const kinds = named.kind === 'found' ? named.type.kinds : [];
  const programs = kinds.filter((one) => one.system !== codeSystem('message-type'));
  if (programs.length === 0) return [];
  const wanted = programs.map(({ system, code }) =>
    system === undefined ? searchText(code) : `${searchText(system)}|${searchText(code)}`,
  );
  return searchAll(store, 'HealthcareService', [['service-type', [...new Set(wanted)].join(',')]]);
}

/** Each label once, in an order of its own. */
function distinct(labels: readonly Coding[]): Coding[] {
  const known = labels.filter(({ code }) => code !== undefined);
  const byText = new Map(
    known.map(({ system, code }) => [`${code} ${system ?? ''}`, { ...(system && { system }), ...(code && { code }) }]),
  );
  return [...byText].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, label]) => label);
}
