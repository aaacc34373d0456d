/**
 * Contract 2's table by hand: what each type answers, and which of contract 10's tokens may ask. Nothing here is made
 * from the route table, so that the two can be held against each other.
 */
export interface TypeExpectation {
  readonly interactions: readonly Interaction[];
  /** Operations of the type, without `$`. */
  readonly operations: readonly string[];
  /** A token that may do all of it. */
  readonly token: 'demo-epr' | 'demo-ig' | 'demo-admin';
  /** What the contract has and this release does not answer yet, by what it answers instead. */
  readonly owed: Readonly<Record<string, number>>;
}

export type Interaction = 'read' | 'vread' | 'history-instance' | 'history-type' | 'search-type' | 'create' | 'update';

const looking = ['read', 'vread', 'history-instance', 'history-type', 'search-type'] as const;
const full: TypeExpectation = {
  interactions: [...looking, 'create', 'update'],
  operations: [],
  token: 'demo-epr',
  owed: {},
};
/** The `Location` of a create leads to a version, so that versions are answered too. */
const catalogue: TypeExpectation = {
  interactions: ['read', 'vread', 'search-type', 'create', 'update'],
  operations: [],
  token: 'demo-admin',
  owed: {},
};
const kept: TypeExpectation = {
  interactions: ['read', 'search-type'],
  operations: [],
  token: 'demo-ig',
  owed: {},
};
const published: TypeExpectation = { ...kept, token: 'demo-epr' };

export const expectedTypes = {
  CommunicationRequest: { ...full, operations: ['evaluate'] },
  Communication: {
    ...full,
    interactions: [...looking, 'create'],
    operations: ['mark-entered-in-error'],
  },
  Patient: { ...full, operations: ['subject-access-export', 'without-digital-channel'] },
  RelatedPerson: full,
  Consent: full,
  Flag: full,
  Task: full,
  Group: full,
  List: full,
  Practitioner: full,
  PractitionerRole: full,
  Organization: full,
  HealthcareService: full,
  Appointment: full,
  Encounter: full,
  Device: full,
  DocumentReference: full,
  ActivityDefinition: catalogue,
  Endpoint: catalogue,
  Provenance: kept,
  AuditEvent: kept,
  StructureDefinition: published,
  OperationDefinition: published,
  SearchParameter: published,
  CodeSystem: published,
  ValueSet: { ...published, operations: ['expand', 'validate-code'] },
  ConceptMap: published,
} as const satisfies Readonly<Record<string, TypeExpectation>>;

export type ExpectedType = keyof typeof expectedTypes;

/** Of the whole system: a Bundle posted to the base. */
export const expectedOfSystem = ['batch', 'transaction'] as const;

/** Contract 2: "at least" these searches. */
export const namedByContract: Readonly<Partial<Record<ExpectedType, string>>> = {
  Communication: 'subject patient sender recipient category identifier based-on status sent received medium',
  CommunicationRequest: 'subject patient identifier status based-on group-identifier occurrence recipient',
  Consent: 'patient category status actor action period identifier',
  Task: 'patient subject focus code status owner performer authored-on',
  Flag: 'patient',
  RelatedPerson: 'patient identifier phone',
  Patient: 'identifier phone email family birthdate link',
  AuditEvent: 'patient entity agent date policy',
  Provenance: 'target',
  ActivityDefinition: 'url topic status',
  Endpoint: 'organization status connection-type',
  StructureDefinition: 'url',
  OperationDefinition: 'url',
  SearchParameter: 'url',
  CodeSystem: 'url',
  ValueSet: 'url',
  ConceptMap: 'url',
};

/** Of every type, beside its own: what finds, and what shapes the answer, with R4's kinds. */
export const expectedEverywhere = {
  _id: 'token',
  _lastUpdated: 'date',
  _profile: 'uri',
  _security: 'token',
  _tag: 'token',
  _has: 'special',
  _sort: 'special',
  _count: 'special',
  _total: 'special',
  _summary: 'special',
  _elements: 'special',
  _include: 'special',
  _revinclude: 'special',
} as const;

/** Searches of the conformance resources, which come with the service and are not written by anybody. */
export const expectedOfPublished = { url: 'uri', name: 'string', version: 'token', status: 'token' } as const;
