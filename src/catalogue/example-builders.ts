import type {
  CodeableConcept,
  Coding,
  Consent,
  ContactPoint,
  DocumentReference,
  Extension,
  Flag,
  Patient,
  Reference,
  RelatedPerson,
  Resource,
} from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';

export type Example = Resource & { id: string };

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

/** The contact detail, as one that somebody asked about in person. */
export function confirmed(contact: ContactPoint): ContactPoint {
  return {
    extension: [
      {
        url: structureDefinition('contact-confirmed'),
        extension: [
          { url: 'on', valueDateTime: '2026-05-02T10:15:00+01:00' },
          { url: 'method', valueCode: 'in-person' },
        ],
      },
    ],
    ...contact,
  };
}

/** An objection of a patient to texts, made by themselves (OBJ-3). */
export function objectionToTexts(about: {
  readonly id: string;
  readonly patient: string;
  readonly reason: CodeableConcept;
  /** The day and the time at which it was made, and the time at which its consequences were explained. */
  readonly day: string;
  readonly at: string;
  readonly explainedAt: string;
  /** What else `objection-detail` says. */
  readonly detail?: readonly Extension[];
  /** v3-ActCode: what the matter itself gives away. */
  readonly sensitivity?: string;
}): Consent & { id: string } {
  const reference = `Patient/${about.patient}`;
  return {
    resourceType: 'Consent',
    id: about.id,
    ...(about.sensitivity === undefined
      ? {}
      : { meta: { security: [{ system: system.confidentiality, code: 'R' }, actCode(about.sensitivity)] } }),
    extension: [
      {
        url: structureDefinition('objection-detail'),
        extension: [
          { url: 'reason', valueCodeableConcept: about.reason },
          { url: 'reasonSource', valueCode: 'stated-by-patient' },
          { url: 'impactExplained', valueDateTime: `${about.day}T${about.explainedAt}` },
          ...(about.detail ?? []),
        ],
      },
    ],
    status: 'active',
    scope: privacyScope,
    category: [concept('consent-category', 'messaging-objection'), concept('objection-scope', 'channel')],
    patient: { reference },
    dateTime: `${about.day}T${about.at}`,
    performer: [{ reference }],
    policyRule: { coding: [actCode('OPTOUT')], text: 'Right to object, UK GDPR Article 21(1)' },
    provision: { type: 'deny', period: { start: about.day }, action: [concept('channel', 'sms')] },
  };
}

/** A proxy's authority to receive texts and letters (PRX-2), by their own statement and with its evidence. */
export function proxyConsent(about: {
  readonly id: string;
  readonly basis: 'parental-responsibility' | 'health-and-welfare-lasting-power-of-attorney';
  readonly patient: Patient;
  readonly proxy: RelatedPerson;
  readonly evidence: DocumentReference;
  readonly period: { readonly start: string; readonly end?: string };
  /** v3-ActCode: matters that stay the patient's own. */
  readonly neverAbout?: readonly string[];
  readonly activated?: string;
}): Consent & { id: string } {
  const proxy = { reference: `RelatedPerson/${about.proxy.id}` };
  return {
    resourceType: 'Consent',
    id: about.id,
    status: 'active',
    scope: privacyScope,
    category: [{ coding: [actCode('IDSCL')] }, concept('consent-category', 'proxy-messaging')],
    patient: { reference: `Patient/${about.patient.id}` },
    dateTime: `${about.period.start}T10:30:00Z`,
    performer: [proxy],
    sourceReference: { reference: `DocumentReference/${about.evidence.id}` },
    policyRule: {
      coding: [
        { system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis', code: about.basis },
        actCode('OPTIN'),
      ],
    },
    ...(about.activated === undefined ? {} : { verification: [{ verified: true, verificationDate: about.activated }] }),
    provision: {
      type: 'permit',
      period: about.period,
      actor: [
        {
          role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
          reference: proxy,
        },
      ],
      action: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'disclose' }] },
        concept('channel', 'sms'),
        concept('channel', 'letter'),
      ],
      ...(about.neverAbout === undefined
        ? {}
        : { provision: [{ type: 'deny', securityLabel: about.neverAbout.map(actCode) }] }),
    },
  };
}

/** PRX-3, OBJ-5: what staff see of a Consent on opening the record. */
export function noteOf(consent: Consent & { id: string }, id: string, code: CodeableConcept): Flag & { id: string } {
  return {
    resourceType: 'Flag',
    id,
    extension: [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
        valueReference: { reference: `Consent/${consent.id}` },
      },
    ],
    status: 'active',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'contact' }] }],
    code,
    subject: consent.patient as Reference<Patient>,
    ...(consent.provision?.period === undefined ? {} : { period: consent.provision.period }),
  };
}

/** A document in a patient's record. */
export function document(
  id: string,
  { id: subject }: Patient,
  description: string,
): DocumentReference & { id: string } {
  return {
    resourceType: 'DocumentReference',
    id,
    status: 'current',
    subject: { reference: `Patient/${subject}` },
    description,
    content: [{ attachment: { contentType: 'application/pdf', title: description } }],
  };
}

/** A concept of one of our code systems. */
export const concept = (name: string, code: string): CodeableConcept => ({
  coding: [{ system: codeSystem(name), code }],
});

const actCode = (code: string): Coding => ({ system: system.actCode, code });

const privacyScope = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
};
