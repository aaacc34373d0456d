import type { ResourceType } from '@medplum/fhirtypes';
import type { RestInteraction } from '../audit.ts';
import { type Role, roles } from '../auth/caller.ts';
import { fileForms } from '../sar/forms.ts';

/**
 * The FHIR interface as data: contract 2's table with contract 10's roles. The router, the check of roles and the
 * CapabilityStatement are all made from it, so that none can promise what another does not do.
 */
export interface ResourceRoute {
  readonly type: ServedType;
  /** Who may; an interaction that is not here is 405 (or 404, where it would have an address of its own). */
  readonly interactions: Readonly<Partial<Record<RestInteraction, readonly Role[]>>>;
  /** By name without `$`. */
  readonly operations: Readonly<Partial<Record<OperationName, OperationRoute>>>;
  /** Search parameters of the type; `commonSearch` comes on top. */
  readonly search: readonly string[];
}

/** Where an operation is asked for, how, and by whom: `POST CommunicationRequest/$evaluate`. */
export interface OperationRoute {
  readonly on: readonly ('type' | 'instance')[];
  readonly methods: readonly ('GET' | 'POST')[];
  readonly roles: readonly Role[];
  /** Media types that it answers beside FHIR's, where the caller asks for one (`Accept`, `_format`). */
  readonly answers?: readonly string[];
  /** It answers a file, in pieces as they are found, which has no place in a Bundle that is made whole. */
  readonly alone?: true;
}

export type OperationName =
  | 'evaluate'
  | 'mark-entered-in-error'
  | 'subject-access-export'
  | 'without-digital-channel'
  | TerminologyOperation;

/** R4's own: they change nothing and need no body. */
export const terminologyOperations = ['expand', 'validate-code'] as const;
export type TerminologyOperation = (typeof terminologyOperations)[number];

/** Result parameters and the parameters of every resource. */
export const commonSearch = ['_id', '_lastUpdated', '_profile', '_security', '_tag'] as const;
export const resultParameters = [
  '_sort',
  '_count',
  '_total',
  '_summary',
  '_elements',
  '_include',
  '_revinclude',
] as const;

/** Reads what concerns a patient. */
const care: readonly Role[] = ['epr', 'sar', 'ig'];
const everyone: readonly Role[] = roles;

const onTerminology: OperationRoute = { on: ['type', 'instance'], methods: ['GET', 'POST'], roles: everyone };

const published = {
  interactions: { read: everyone, 'search-type': everyone },
  search: 'name status url version',
} as const;

const rows = {
  CommunicationRequest: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    operations: { evaluate: { on: ['type'], methods: ['POST'], roles: ['epr'] } },
    search:
      'authored based-on category encounter group-identifier identifier medium occurrence patient priority recipient replaces requester sender status subject',
  },
  Communication: {
    interactions: reads(care, { create: ['epr'] }),
    operations: { 'mark-entered-in-error': { on: ['instance'], methods: ['POST'], roles: ['epr', 'ig'] } },
    search:
      'based-on category encounter identifier instantiates-canonical instantiates-uri medium part-of patient received recipient sender sent status subject',
  },
  Patient: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    operations: {
      'subject-access-export': {
        on: ['instance'],
        methods: ['POST'],
        roles: ['sar'],
        answers: fileForms.map((one) => one.mediaType),
        alone: true,
      },
      'without-digital-channel': { on: ['type'], methods: ['GET'], roles: ['ig'], alone: true },
    },
    search:
      'active address address-city address-postalcode birthdate death-date deceased email family gender general-practitioner given identifier language link name organization phone telecom',
  },
  RelatedPerson: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search:
      'active address address-city address-postalcode birthdate email gender identifier name patient phone relationship telecom',
  },
  Consent: {
    interactions: reads(care, { create: ['epr', 'ig'], update: ['epr', 'ig'] }),
    search:
      'action actor category consentor data date identifier organization patient period purpose scope security-label source-reference status',
  },
  Flag: {
    interactions: reads(care, { create: ['epr', 'ig'], update: ['epr', 'ig'] }),
    search: 'author date encounter identifier patient subject',
  },
  Task: {
    interactions: reads(care, { create: ['epr', 'sar', 'ig'], update: ['epr', 'sar', 'ig'] }),
    search:
      'authored-on based-on business-status code encounter focus group-identifier identifier intent modified owner part-of patient performer period priority requester status subject',
  },
  Group: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search: 'actual code identifier managing-entity member type',
  },
  List: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search: 'code date empty-reason encounter identifier item patient source status subject title',
  },
  Practitioner: {
    interactions: reads(everyone, { create: ['epr', 'admin'], update: ['epr', 'admin'] }),
    search: 'active email family given identifier name phone telecom',
  },
  PractitionerRole: {
    interactions: reads(everyone, { create: ['epr', 'admin'], update: ['epr', 'admin'] }),
    search: 'active date email endpoint identifier organization phone practitioner role service specialty telecom',
  },
  Organization: {
    interactions: reads(everyone, { create: ['epr', 'admin'], update: ['epr', 'admin'] }),
    search: 'active address address-city address-postalcode endpoint identifier name partof type',
  },
  HealthcareService: {
    interactions: reads(everyone, { create: ['epr', 'admin'], update: ['epr', 'admin'] }),
    search:
      'active characteristic endpoint identifier name organization program service-category service-type specialty',
  },
  Appointment: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search:
      'actor appointment-type based-on date identifier part-status patient practitioner reason-code reason-reference service-category service-type specialty status',
  },
  Encounter: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search:
      'appointment based-on class date identifier part-of participant participant-type patient practitioner reason-code service-provider status subject type',
  },
  Device: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search: 'device-name identifier manufacturer model organization patient status type url',
  },
  DocumentReference: {
    interactions: reads(care, { create: ['epr'], update: ['epr'] }),
    search:
      'author authenticator category contenttype custodian date description encounter event facility format identifier language patient period related security-label setting status subject type',
  },
  // A create answers the address of a version, so that the version can be read here too.
  ActivityDefinition: {
    interactions: {
      read: everyone,
      vread: everyone,
      'search-type': everyone,
      create: ['admin'],
      update: ['admin'],
    },
    search:
      'context context-type context-type-value date description effective identifier name publisher status title topic url version',
  },
  Endpoint: {
    interactions: {
      read: everyone,
      vread: everyone,
      'search-type': everyone,
      create: ['admin'],
      update: ['admin'],
    },
    search: 'connection-type identifier name organization payload-type status',
  },
  Provenance: {
    interactions: { read: care, 'search-type': care },
    search: 'agent agent-role agent-type entity patient recorded target when',
  },
  AuditEvent: {
    interactions: { read: ['sar', 'ig'], 'search-type': ['sar', 'ig'] },
    search: 'action agent date entity entity-role entity-type outcome patient policy site source subtype type',
  },
  // What we publish: `conformance/`.
  StructureDefinition: published,
  OperationDefinition: published,
  SearchParameter: published,
  CodeSystem: published,
  ValueSet: { ...published, operations: { expand: onTerminology, 'validate-code': onTerminology } },
  ConceptMap: published,
} as const satisfies Partial<Record<ResourceType, Row>>;

interface Row {
  readonly interactions: ResourceRoute['interactions'];
  readonly operations?: ResourceRoute['operations'];
  readonly search: string;
}

export type ServedType = keyof typeof rows;

export const routes: readonly ResourceRoute[] = Object.entries(rows).map(([type, row]: [string, Row]) => ({
  type: type as ServedType,
  interactions: row.interactions,
  operations: row.operations ?? {},
  search: row.search.split(' '),
}));

/** The type's route; `undefined` when the interface does not have the type. */
export function routeOf(type: string): ResourceRoute | undefined {
  return routes.find((one) => one.type === type);
}

/** May this role see resources of this type, however it came by them? */
export function mayRead(role: Role, type: string): boolean {
  return routeOf(type)?.interactions.read?.includes(role) ?? false;
}

function reads(
  readers: readonly Role[],
  writes: { readonly create?: readonly Role[]; readonly update?: readonly Role[] },
): ResourceRoute['interactions'] {
  return {
    read: readers,
    vread: readers,
    'history-instance': readers,
    'history-type': readers,
    'search-type': readers,
    ...writes,
  };
}
