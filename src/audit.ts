import type {
  AuditEvent,
  AuditEventAgent,
  AuditEventEntity,
  CodeableConcept,
  Coding,
  Identifier,
} from '@medplum/fhirtypes';
import type { Caller } from './auth/caller.ts';
import { codeSystem, MSG, system } from './canonical.ts';
import type { Controller } from './policy/policy.ts';
import { heraldReference } from './send/authors.ts';
import { newId } from './send/ids.ts';

/**
 * The security log: who touched or disclosed what, and when (ACC-1, ACC-2). An event holds references, codes and
 * parameter names; never a name, number, address, message text or reason.
 *
 * What came by the interface and succeeded is as IHE's Basic Audit Log Patterns 1.1.4 ask (Create, Read, Update, Query,
 * and Patient… of each where `patient` is given), with one departure: see `queryShape`. No event says so in
 * `meta.profile`: those profiles are IHE's to publish, and a server that does not have them may refuse what names them
 * (HAPI FHIR's validator makes it an error). Then no record could be kept there at all.
 */
export interface AuditInput {
  readonly action: NonNullable<AuditEvent['action']>;
  readonly subtype: AuditSubtype;
  /** `0` success; `4` refused; `8` failed. */
  readonly outcome: '0' | '4' | '8';
  readonly recorded: Date;
  readonly caller: Pick<Caller, 'client' | 'fhirUser'> & Partial<Pick<Caller, 'requestId'>>;
  readonly controller: Controller;
  /** `Patient/id`: whose record it is. One event speaks of one patient, so that it can be shown to that person. */
  readonly patient?: string;
  /** `Patient/id` of those whom a Group or a List names: such an event is shown to none of them as it is. */
  readonly members?: readonly string[];
  /** References of what was touched. */
  readonly entities?: readonly string[];
  /** Ids of the guidance's clauses that decided. */
  readonly clauses?: readonly string[];
  /** URLs of the laws that it rests on. */
  readonly policies?: readonly string[];
  /** A search as it was asked, without its values: see `queryShape`. */
  readonly query?: string;
  /** Addresses of the two ends, as the connection knows them; only where there was a connection. */
  readonly network?: { readonly client: string; readonly server: string };
  /** Why something was disclosed: of v3-ActReason, with what the member of staff gave as the reason. */
  readonly purpose?: { readonly code: string; readonly text?: string };
  /** What was made of the record and handed over: see `identifierSystem`. */
  readonly document?: Identifier;
  /** Where one event stands for many. */
  readonly repeated?: { readonly times: number; readonly from: Date; readonly to: Date };
}

export type AuditSubtype = RestInteraction | keyof typeof ownSubtypes | keyof typeof refusals | 'disclose';

const restInteractions = [
  'read',
  'vread',
  'history-instance',
  'history-type',
  'search-type',
  'create',
  'update',
] as const;
export type RestInteraction = (typeof restInteractions)[number];

/** What Herald does of its own, as a step in the life of a record (ISO 21089). */
const ownSubtypes = {
  decide: 'originate',
  evaluate: 'access',
  revoke: 'amend',
  send: 'transmit',
  withhold: 'amend',
} as const;

/** DICOM's codes: type, subtype. */
const refusals = {
  login: ['110114', '110122'],
  forbidden: ['110113', '110127'],
} as const;

/** Builds the event. Nothing is written; the caller commits it with what it speaks of. */
export function auditEvent(input: AuditInput): AuditEvent & { id: string } {
  const { type, subtype } = kind(input.subtype);
  return {
    resourceType: 'AuditEvent',
    id: newId(input.recorded),
    type,
    subtype: [subtype, ...(input.clauses ?? []).map((code) => ({ system: codeSystem('guidance-clause'), code }))],
    action: input.action,
    ...(input.repeated === undefined
      ? {}
      : { period: { start: input.repeated.from.toISOString(), end: input.repeated.to.toISOString() } }),
    recorded: input.recorded.toISOString(),
    outcome: input.outcome,
    ...(input.purpose === undefined ? {} : { purposeOfEvent: [purposeConcept(input.purpose)] }),
    agent: agents(input),
    source: { site: input.controller.ods, observer: heraldReference as AuditEvent['source']['observer'] },
    entity: entities(input),
  };
}

/**
 * What a search asked, as the audit may keep it. IHE keeps the whole query; its values may be an NHS number, a telephone
 * number or a name, which no audit event may hold (contract 2), so that only the names of its parameters stay. They are
 * where IHE's profile has the query, and in its form.
 */
export function queryShape(method: string, type: string, names: readonly string[]): string {
  return `${method} ${type}?${[...new Set(names)].join('&')}`;
}

function kind(subtype: AuditSubtype): { type: Coding; subtype: Coding } {
  if (isRest(subtype)) {
    return {
      type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
      subtype: { system: 'http://hl7.org/fhir/restful-interaction', code: subtype },
    };
  }
  // IHE BALP's PrivacyDisclosure: DICOM's Export.
  if (subtype === 'disclose') {
    return {
      type: { system: dicom, code: '110106' },
      subtype: { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'disclose' },
    };
  }
  if (subtype === 'login' || subtype === 'forbidden') {
    const [type, code] = refusals[subtype];
    return { type: { system: dicom, code: type }, subtype: { system: dicom, code } };
  }
  return {
    type: { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: ownSubtypes[subtype] },
    subtype: { system: codeSystem('audit-subtype'), code: subtype },
  };
}

const purposeConcept = ({ code, text }: NonNullable<AuditInput['purpose']>): CodeableConcept => ({
  coding: [{ system: system.actReason, code }],
  ...(text === undefined ? {} : { text }),
});

const isRest = (subtype: AuditSubtype): subtype is RestInteraction =>
  (restInteractions as readonly string[]).includes(subtype);

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const SOURCE = '110153';
const DESTINATION = '110152';

/** The program that asked, Herald, and the member of staff whom the token names. */
function agents(input: AuditInput): AuditEventAgent[] {
  const { caller, network } = input;
  // IHE has the data flow from the server for a read, and from the client for everything else.
  const reads = input.subtype === 'read' || input.subtype === 'vread' || input.subtype === 'disclose';
  const policy = input.policies === undefined || input.policies.length === 0 ? {} : { policy: [...input.policies] };
  const person = caller.fhirUser;
  const program: AuditEventAgent = {
    type: { coding: [{ system: dicom, code: reads ? DESTINATION : SOURCE }] },
    who: { identifier: { system: `${MSG}/id/client`, value: caller.client } },
    requestor: person === undefined,
    ...policy,
    ...(network === undefined ? {} : { network: { address: network.client, type: '2' } }),
  };
  const herald: AuditEventAgent = {
    type: { coding: [{ system: dicom, code: reads ? SOURCE : DESTINATION }] },
    who: heraldReference as NonNullable<AuditEventAgent['who']>,
    requestor: false,
    ...(network === undefined ? {} : { network: { address: network.server, type: '5' } }),
  };
  if (person?.reference === undefined) return [program, herald];
  const user: AuditEventAgent = {
    type: { coding: [{ system: participationType, code: action(input) }] },
    // The reference alone: the name that may stand beside it is personal data.
    who: { reference: person.reference } as NonNullable<AuditEventAgent['who']>,
    requestor: true,
    ...policy,
  };
  return [program, herald, user];
}

const participationType = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const action = (input: AuditInput): 'AUT' | 'IRCP' =>
  input.action === 'C' || input.action === 'U' || input.action === 'D' ? 'AUT' : 'IRCP';

function entities(input: AuditInput): AuditEventEntity[] {
  const { patient, members = [], repeated } = input;
  const { requestId } = input.caller;
  const found: AuditEventEntity[] = [];
  for (const reference of [...(patient === undefined ? [] : [patient]), ...members]) {
    found.push({ what: { reference }, type: entityType('1'), role: objectRole('1') });
  }
  // A Patient that was read is there twice: whom it is about, and what was read.
  for (const reference of input.entities ?? []) {
    found.push({ what: { reference }, type: entityType('2'), role: objectRole('4') });
  }
  if (input.document !== undefined) {
    found.push({ what: { identifier: input.document }, type: entityType('2'), role: objectRole('3') });
  }
  if (input.query !== undefined) {
    found.push({
      type: entityType('2'),
      role: objectRole('24'),
      description: input.query,
      query: Buffer.from(input.query).toString('base64'),
    });
  }
  if (repeated !== undefined) {
    found.push({ type: entityType('4'), detail: [{ type: 'count', valueString: String(repeated.times) }] });
  }
  if (requestId !== undefined) {
    found.push({
      what: { identifier: { value: requestId } },
      type: { system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType', code: 'XrequestId' },
    });
  }
  return found;
}

const entityType = (code: string): Coding => ({
  system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  code,
});
const objectRole = (code: string): Coding => ({ system: 'http://terminology.hl7.org/CodeSystem/object-role', code });
