import type { Consent, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import {
  concept,
  confirmed,
  document,
  type Example,
  email,
  mobile,
  noteOf,
  objectionToTexts,
  patient,
  proxyConsent,
  relatedPerson,
} from './example-builders.ts';

/**
 * Those of the cast who do not stand alone: a proxy, an attorney, a partner who reads along, a second record. In the
 * order of their references.
 */
export function exampleFamilies(): readonly Example[] {
  return [...aishaAndHerMother(), ...haroldAndHisDaughter(), ...leilaAtRisk(), ...tomosTwice()];
}

/**
 * A young person is messaged herself (PRX-10). Her mother may receive messages too, on parental responsibility, until
 * the day before the 18th birthday (PRX-5), and nothing about the matters that are the young person's own.
 */
function aishaAndHerMother(): Example[] {
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
    evidence,
    period: { start: '2026-05-02', end: '2027-10-02' },
    neverAbout: ['SEX', 'SDV', 'MH', 'ETHUD'],
  });
  return [aisha, mother, evidence, consent, proxyNote(consent)];
}

/** His daughter acts under a lasting power of attorney, which counts because somebody checked that it was activated (PRX-6). */
function haroldAndHisDaughter(): Example[] {
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
    evidence,
    period: { start: '2026-03-16' },
    activated: '2026-03-16',
  });
  return [harold, daughter, evidence, consent, proxyNote(consent)];
}

const proxyNote = (consent: Consent & { id: string }) =>
  noteOf(consent, `${consent.id}-note`, {
    ...concept('flag-code', 'proxy-receives-messages'),
    text: 'A member of the family may receive messages.',
  });

/** The words that staff see on opening her record do not say why (OBJ-5); who reads the reason sees that it is restricted. */
function leilaAtRisk(): Example[] {
  const leila = patient({
    id: 'example-leila',
    nhsNumber: '9996660036',
    name: ['Leila', 'Haddad'],
    gender: 'female',
    birthDate: '1991-08-22',
    telecom: [mobile('+447700900212', 1), email('leila.haddad@example.org', 2)],
  });
  const objection = objectionToTexts({
    id: 'example-leila-no-texts',
    patient: leila.id,
    sensitivity: 'SDV',
    reason: {
      ...concept('objection-reason', 'others-see-device'),
      text: 'Her partner reads the texts on her telephone',
    },
    day: '2026-10-05',
    at: '14:10:00+01:00',
    explainedAt: '14:20:00+01:00',
    detail: [
      { url: 'impactText', valueString: 'Told that email can be slower, and that short-notice times may be missed' },
      { url: 'riskOfSeriousHarm', valueBoolean: true },
    ],
  });
  const note = noteOf(objection, 'example-leila-do-not-text', {
    ...concept('flag-code', 'do-not-text'),
    text: 'Do not text. An objection is on file.',
  });
  const talk: Task & { id: string } = {
    resourceType: 'Task',
    id: 'example-leila-discuss-removal',
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    businessStatus: { coding: [{ system: codeSystem('handling'), code: 'discreet' }] },
    code: concept('task-code', 'discuss-removal'),
    description: 'Ask the person, alone and not by text, whether these contact details should leave the record.',
    focus: { reference: `Consent/${objection.id}` },
    for: { reference: `Patient/${leila.id}` },
    authoredOn: '2026-10-05T14:10:00+01:00',
    performerType: [concept('staff-role', 'clinic')],
  };
  return [leila, objection, note, talk];
}

/** He was registered a second time without his NHS number; the records were merged, and nothing is sent on the old one. */
function tomosTwice(): Example[] {
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
