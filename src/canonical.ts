/**
 * Canonical URLs and identifier systems: the one place that names them.
 *
 * `MSG` is the project's canonical base. It is a reserved domain on purpose; a trust that publishes its own changes it
 * here (and nowhere else).
 */
export const MSG = 'https://herald.example/fhir';

/** Canonical of one of our StructureDefinitions (extensions and profiles). */
export const structureDefinition = (name: string): string => `${MSG}/StructureDefinition/${name}`;

/** Canonical of one of our CodeSystems. */
export const codeSystem = (name: string): string => `${MSG}/CodeSystem/${name}`;

/** Identifier systems that Herald mints. */
export const identifierSystem = {
  attempt: `${MSG}/id/attempt`,
  notifyNotification: `${MSG}/id/notify-notification`,
  notifyInbound: `${MSG}/id/notify-inbound`,
  /** On a Task: the fingerprint of a number to which no text goes while it stands. Nobody can read the number from it. */
  closedNumber: `${MSG}/id/closed-number`,
} as const;

/** Systems owned by others, used on the wire exactly as published. */
export const system = {
  nhsNumber: 'https://fhir.nhs.uk/Id/nhs-number',
  odsCode: 'https://fhir.nhs.uk/Id/ods-organization-code',
  sdsUserId: 'https://fhir.nhs.uk/Id/sds-user-id',
  actReason: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  participationMode: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationMode',
  notDoneReason: 'http://terminology.hl7.org/CodeSystem/communication-not-done-reason',
  instantiatesCanonical: 'http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical',
  govukNotify: 'https://api.notifications.service.gov.uk',
} as const;
