import type { ContactPoint, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { codeSystem, system } from '../canonical.ts';

/** What the example people have in common. */
export interface Persona
  extends Pick<
    Patient,
    'gender' | 'birthDate' | 'telecom' | 'address' | 'deceasedDateTime' | 'active' | 'identifier' | 'link'
  > {
  readonly id: string;
  /** Absent in a record that was made without it. */
  readonly nhsNumber?: string;
  readonly name: readonly [given: string, family: string];
}

const ukCore = 'https://fhir.hl7.org.uk/StructureDefinition';

/** `01`: present and verified. */
const numberVerified = {
  url: `${ukCore}/Extension-UKCore-NHSNumberVerificationStatus`,
  valueCodeableConcept: {
    coding: [{ system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland', code: '01' }],
  },
};

/** A Patient who is verified by the Spine, unless the persona says otherwise. */
export function patient({ id, nhsNumber, name: [given, family], identifier = [], ...others }: Persona): Patient & {
  id: string;
} {
  return {
    resourceType: 'Patient',
    id,
    meta: { profile: [`${ukCore}/UKCore-Patient`] },
    identifier: [
      ...(nhsNumber === undefined ? [] : [{ extension: [numberVerified], system: system.nhsNumber, value: nhsNumber }]),
      ...identifier,
    ],
    active: true,
    name: [{ use: 'official', family, given: [given] }],
    ...others,
  };
}

/** Somebody of a patient's family. `relationship`: v3-RoleCode. */
export function relatedPerson(about: {
  readonly id: string;
  readonly patient: string;
  readonly relationship: 'MTH' | 'FTH' | 'DAUC';
  readonly name: readonly [given: string, family: string];
  readonly telecom: ContactPoint[];
}): RelatedPerson & { id: string } {
  const [given, family] = about.name;
  return {
    resourceType: 'RelatedPerson',
    id: about.id,
    meta: { profile: [`${ukCore}/UKCore-RelatedPerson`] },
    active: true,
    patient: { reference: `Patient/${about.patient}` },
    relationship: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: about.relationship }] },
    ],
    name: [{ use: 'official', family, given: [given] }],
    telecom: about.telecom,
  };
}

export function mobile(value: string, rank?: number): ContactPoint {
  return { system: 'phone', value, use: 'mobile', ...(rank === undefined ? {} : { rank }) };
}

export function email(value: string, rank: number): ContactPoint {
  return { system: 'email', value, use: 'home', rank };
}

/** A concept of one of our code systems. */
export const consentTerm = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });
