import type { Bundle, Communication, CommunicationRequest, Resource } from '@medplum/fhirtypes';
import { codeSystem, MSG } from '../../../src/canonical.ts';
import { examplePeople, exampleRequest } from '../../../src/catalogue/examples.ts';
import { publishedTypes } from '../../../src/fhir/conformance/load.ts';
import { routes } from '../../../src/fhir/routes.ts';
import { channelOfAttempt } from '../../../src/send/tried.ts';
import { aRequest, type Herald, personalisation, until } from '../../support/herald.ts';
import { anObjection, aPatient, attemptsOf } from '../../support/people.ts';

/**
 * Has the service write one of each kind of record: messages that arrive, wait, fail, are refused or taken back, by text,
 * email and letter, to the person and to a proxy; an objection; a second record of one person; a text that comes in.
 */
export async function makeRecords(herald: Herald): Promise<void> {
  const adult = `Patient/${examplePeople.adult}`;
  const reminder = personalisation({
    date: 'Tuesday 1 December',
    time: '10:30am',
    place: 'Entrance B',
    phone: '0113 496 0123',
  });
  const byEmail = { medium: [{ coding: [{ system: codeSystem('channel'), code: 'email' }] }], payload: [reminder] };
  const unreachable = await aPatient(herald, '07700 900002', '9990000107');
  const objecting = await aPatient(herald, '07700 900234', '9990000115');
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const about = (person: string, change: Partial<CommunicationRequest> = {}) => ({
    ...exampleRequest(crypto.randomUUID()),
    subject: { reference: person },
    ...change,
  });

  const accepted = await Promise.all(
    [
      about(adult),
      aRequest('appointment-reminder', adult, {
        ...byEmail,
        requester: { reference: 'Practitioner/demo-staff-clerk' },
      }),
      about(unreachable),
      about(`Patient/${examplePeople.objector}`),
    ].map((request) => post(herald, 'CommunicationRequest', request, [201])),
  );
  // A refusal is as good here: it writes records of its own.
  for (const request of [
    about(`Patient/${examplePeople.deceased}`),
    about(`Patient/${examplePeople.child}`),
    about(`Patient/${examplePeople.withoutContact}`),
    about(`Patient/${examplePeople.atRisk}`),
    about(`Patient/${examplePeople.youngPerson}`, { recipient: [{ reference: 'RelatedPerson/example-aisha-mother' }] }),
    about(`Patient/${examplePeople.represented}`, {
      recipient: [{ reference: 'RelatedPerson/example-harold-daughter' }],
    }),
  ]) {
    const answer = await post(herald, 'CommunicationRequest', request, [201, 422]);
    if (answer.resourceType === 'CommunicationRequest') accepted.push(answer);
  }
  const waiting = await post(herald, 'CommunicationRequest', about(adult, { occurrenceDateTime: later }), [201]);
  const revoked = await herald.put(`/fhir/CommunicationRequest/${waiting.id}`, { ...waiting, status: 'revoked' });
  if (revoked.status !== 200) throw new Error(`a request could not be taken back: ${revoked.status}`);
  await post(herald, 'CommunicationRequest', about(objecting, { occurrenceDateTime: later }), [201]);
  await post(herald, 'Consent', anObjection(objecting), [201]);
  await aPatient(herald, '07700 900245', '9990000115');
  await herald.control('received-texts', { from: '07700900123', message: 'Thank you' });

  for (const { id } of accepted) {
    await until(async () => {
      const attempts = await attemptsOf(herald, id ?? '');
      // A letter is under way for days.
      const isOver = (one: Communication): boolean =>
        one.status !== 'preparation' && (one.status !== 'in-progress' || channelOfAttempt(one) === 'letter');
      return attempts.length > 0 && attempts.every(isOver);
    }, 'the end of a message');
  }
}

/** Everything that the service holds, read through its own interface. */
export async function allRecords(herald: Herald): Promise<Resource[]> {
  const own: readonly string[] = publishedTypes;
  const found: Resource[] = [];
  for (const { type } of routes.filter((one) => !own.includes(one.type))) {
    let path: string | undefined = `/fhir/${type}?_count=100`;
    while (path !== undefined) {
      const page: Bundle = (await herald.get(path, 'demo-ig')).body;
      found.push(...(page.entry ?? []).flatMap(({ resource }) => resource ?? []));
      const next = page.link?.find(({ relation }) => relation === 'next')?.url;
      path = next?.slice(herald.url.length);
    }
  }
  return found;
}

/** One of each kind of answer that is not a record. */
export async function answers(herald: Herald): Promise<Record<string, unknown>> {
  const person = `/fhir/Patient/${examplePeople.adult}`;
  const refused = { ...exampleRequest('java-refused'), subject: { reference: `Patient/${examplePeople.deceased}` } };
  const bundle = (type: Bundle['type']): Bundle => ({
    resourceType: 'Bundle',
    type,
    entry: [{ request: { method: 'GET', url: `Patient/${examplePeople.adult}` } }],
  });
  const given = {
    metadata: herald.get('/fhir/metadata'),
    'a page of a search': herald.get('/fhir/Communication?_include=Communication:subject&_total=accurate&_count=5'),
    'a search with no match': herald.get('/fhir/Patient?family=Nobody'),
    'a number': herald.get('/fhir/Patient?_summary=count'),
    'a history': herald.get(`${person}/_history`),
    'a transaction': herald.post('/fhir', bundle('transaction')),
    'a batch': herald.post('/fhir', bundle('batch')),
    $evaluate: herald.post('/fhir/CommunicationRequest/$evaluate', exampleRequest('java-evaluate')),
    'a refused $evaluate': herald.post('/fhir/CommunicationRequest/$evaluate', refused),
    'a refusal': herald.post('/fhir/CommunicationRequest', refused),
    'an error': herald.get('/fhir/Patient/nobody'),
    'an expansion': herald.get(`/fhir/ValueSet/$expand?url=${MSG}/ValueSet/channel`),
    '$validate-code': herald.get(
      `/fhir/ValueSet/$validate-code?url=${MSG}/ValueSet/channel&system=${codeSystem('channel')}&code=sms`,
    ),
  };
  return Object.fromEntries(
    await Promise.all(Object.entries(given).map(async ([name, answer]) => [name, (await answer).body])),
  );
}

async function post(herald: Herald, type: string, body: unknown, statuses: readonly number[]): Promise<Resource> {
  const answer = await herald.post(`/fhir/${type}`, body);
  if (!statuses.includes(answer.status)) throw new Error(`POST ${type} answered ${answer.status}: ${answer.text}`);
  return answer.body as Resource;
}
