import type {
  Coding,
  Consent,
  ContactPoint,
  DocumentReference,
  Flag,
  Patient,
  RelatedPerson,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import { consentTerm, email, mobile, patient, relatedPerson } from './example-builders.ts';

/**
 * Those of the cast who do not stand alone: a proxy, an attorney, a partner who reads along, a second record. In the
 * order of their references.
 */
export function exampleFamilies(): readonly (Resource & { id: string })[] {
  return [...aishaAndHerMother(), ...haroldAndHisDaughter(), ...leilaAtRisk(), ...tomosTwice()];
}

/**
 * A young person is messaged herself (PRX-10). Her mother may receive messages too, on parental responsibility, until
 * the day before the 18th birthday (PRX-5), and nothing about the matters that are the young person's own.
 */
function aishaAndHerMother(): (Resource & { id: string })[] {
  const aisha = patient({
    id: 'example-aisha',
    nhsNumber: '9996660001',
    name: ['Aisha', 'Rahman'],
    gender: 'female',
    birthDate: '2009-10-03',
    telecom: [confirmed(mobile('+447700900189', 1))],
  });
  const mother = relatedPerson({
    id: 'example-aisha-mother',
    patient: aisha.id,
    relationship: 'MTH',
    name: ['Nadia', 'Rahman'],
    telecom: [confirmed(mobile('+447700900190'))],
  });
  const evidence = document('example-aisha-birth-certificate', aisha, 'Birth certificate, seen at the desk');
  const consent = proxyConsent({
    id: 'example-aisha-proxy',
    basis: 'parental-responsibility',
    patient: aisha,
    proxy: mother,
    performer: mother,
    evidence,
    period: { start: '2026-05-02', end: '2027-10-02' },
    neverAbout: ['SEX', 'SDV', 'MH', 'ETHUD'],
  });
  return [aisha, mother, evidence, consent, proxyFlag('example-aisha-proxy-note', consent)];
}

/** His daughter acts under a lasting power of attorney, which counts because somebody checked that it was activated (PRX-6). */
function haroldAndHisDaughter(): (Resource & { id: string })[] {
  const harold = patient({
    id: 'example-harold',
    nhsNumber: '9996660028',
    name: ['Harold', 'Bennett'],
    gender: 'male',
    birthDate: '1939-02-17',
    address: [{ use: 'home', line: ['2 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' }],
  });
  const daughter = relatedPerson({
    id: 'example-harold-daughter',
    patient: harold.id,
    relationship: 'DAUC',
    name: ['Susan', 'Bennett'],
    telecom: [confirmed(mobile('+447700900201', 1)), email('susan.bennett@example.org', 2)],
  });
  const evidence = document(
    'example-harold-power-of-attorney',
    harold,
    'Lasting power of attorney, health and welfare',
  );
  const consent = proxyConsent({
    id: 'example-harold-proxy',
    basis: 'health-and-welfare-lasting-power-of-attorney',
    patient: harold,
    proxy: daughter,
    performer: daughter,
    evidence,
    period: { start: '2026-03-16' },
    activated: '2026-03-16',
  });
  return [harold, daughter, evidence, consent, proxyFlag('example-harold-proxy-note', consent)];
}

/** The words that staff see on opening her record do not say why (OBJ-5); who reads the reason sees that it is restricted. */
function leilaAtRisk(): (Resource & { id: string })[] {
  const leila = patient({
    id: 'example-leila',
    nhsNumber: '9996660036',
    name: ['Leila', 'Haddad'],
    gender: 'female',
    birthDate: '1991-08-22',
    telecom: [mobile('+447700900212', 1), email('leila.haddad@example.org', 2)],
  });
  const reference = `Patient/${leila.id}`;
  const objection: Consent & { id: string } = {
    resourceType: 'Consent',
    id: 'example-leila-no-texts',
    meta: { security: [{ system: system.confidentiality, code: 'R' }, actCode('SDV')] },
    extension: [
      {
        url: structureDefinition('objection-detail'),
        extension: [
          {
            url: 'reason',
            valueCodeableConcept: {
              ...consentTerm('objection-reason', 'others-see-device'),
              text: 'Her partner reads the texts on her telephone',
            },
          },
          { url: 'reasonSource', valueCode: 'stated-by-patient' },
          { url: 'impactExplained', valueDateTime: '2026-10-05T14:20:00+01:00' },
          {
            url: 'impactText',
            valueString: 'Told that email can be slower, and that short-notice times may be missed',
          },
          { url: 'riskOfSeriousHarm', valueBoolean: true },
        ],
      },
    ],
    status: 'active',
    scope: privacyScope,
    category: [consentTerm('consent-category', 'messaging-objection'), consentTerm('objection-scope', 'channel')],
    patient: { reference },
    dateTime: '2026-10-05T14:10:00+01:00',
    performer: [{ reference }],
    policyRule: { coding: [actCode('OPTOUT')], text: 'Right to object, UK GDPR Article 21(1)' },
    provision: { type: 'deny', period: { start: '2026-10-05' }, action: [consentTerm('channel', 'sms')] },
  };
  const note: Flag & { id: string } = {
    resourceType: 'Flag',
    id: 'example-leila-do-not-text',
    extension: [{ url: flagDetail, valueReference: { reference: `Consent/${objection.id}` } }],
    status: 'active',
    category: [contactCategory],
    code: { ...consentTerm('flag-code', 'do-not-text'), text: 'Do not text. An objection is on file.' },
    subject: { reference },
    period: { start: '2026-10-05' },
  };
  const talk: Task & { id: string } = {
    resourceType: 'Task',
    id: 'example-leila-discuss-removal',
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    businessStatus: { coding: [{ system: codeSystem('handling'), code: 'discreet' }] },
    code: consentTerm('task-code', 'discuss-removal'),
    description: 'Ask the person, alone and not by text, whether these contact details should leave the record.',
    focus: { reference: `Consent/${objection.id}` },
    for: { reference },
    authoredOn: '2026-10-05T14:10:00+01:00',
    performerType: [consentTerm('staff-role', 'clinic')],
  };
  return [leila, objection, note, talk];
}

/** He was registered a second time without his NHS number; the records were merged, and nothing is sent on the old one. */
function tomosTwice(): (Resource & { id: string })[] {
  const tomos = patient({
    id: 'example-tomos',
    nhsNumber: '9996660044',
    name: ['Tomos', 'Evans'],
    gender: 'male',
    birthDate: '1968-01-25',
    telecom: [mobile('+447700900223', 1), email('tomos.evans@example.org', 2)],
  });
  const replaced = patient({
    id: 'example-tomos-replaced',
    name: ['Thomas', 'Evans'],
    gender: 'male',
    birthDate: '1968-01-25',
    active: false,
    identifier: [{ system: 'https://trust.nhs.example/id/hospital-number', value: 'H0481516' }],
    link: [{ type: 'replaced-by', other: { reference: `Patient/${tomos.id}` } }],
  });
  return [tomos, replaced];
}

const privacyScope = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
};
const contactCategory = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'contact' }],
};
const flagDetail = 'http://hl7.org/fhir/StructureDefinition/flag-detail';
const actCode = (code: string): Coding => ({ system: system.actCode, code });

function proxyConsent(about: {
  readonly id: string;
  readonly basis: 'parental-responsibility' | 'health-and-welfare-lasting-power-of-attorney';
  readonly patient: Patient;
  readonly proxy: RelatedPerson;
  readonly performer: RelatedPerson;
  readonly evidence: DocumentReference;
  readonly period: { readonly start: string; readonly end?: string };
  /** v3-ActCode: matters that stay the patient's own. */
  readonly neverAbout?: readonly string[];
  readonly activated?: string;
}): Consent & { id: string } {
  return {
    resourceType: 'Consent',
    id: about.id,
    status: 'active',
    scope: privacyScope,
    category: [{ coding: [actCode('IDSCL')] }, consentTerm('consent-category', 'proxy-messaging')],
    patient: { reference: `Patient/${about.patient.id}` },
    dateTime: `${about.period.start}T10:30:00Z`,
    performer: [{ reference: `RelatedPerson/${about.performer.id}` }],
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
          reference: { reference: `RelatedPerson/${about.proxy.id}` },
        },
      ],
      action: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'disclose' }] },
        consentTerm('channel', 'sms'),
        consentTerm('channel', 'letter'),
      ],
      ...(about.neverAbout === undefined
        ? {}
        : { provision: [{ type: 'deny', securityLabel: about.neverAbout.map(actCode) }] }),
    },
  };
}

/** PRX-3: the note that staff see. */
function proxyFlag(id: string, consent: Consent & { id: string }): Flag & { id: string } {
  return {
    resourceType: 'Flag',
    id,
    extension: [{ url: flagDetail, valueReference: { reference: `Consent/${consent.id}` } }],
    status: 'active',
    category: [contactCategory],
    code: {
      ...consentTerm('flag-code', 'proxy-receives-messages'),
      text: 'A member of the family may receive messages.',
    },
    subject: consent.patient as Flag['subject'],
    ...(consent.provision?.period === undefined ? {} : { period: consent.provision.period }),
  };
}

function document(id: string, { id: subject }: Patient, description: string): DocumentReference & { id: string } {
  return {
    resourceType: 'DocumentReference',
    id,
    status: 'current',
    subject: { reference: `Patient/${subject}` },
    description,
    content: [{ attachment: { contentType: 'application/pdf', title: description } }],
  };
}

function confirmed(contact: ContactPoint): ContactPoint {
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
