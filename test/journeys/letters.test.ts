import { createHash } from 'node:crypto';
import type { Communication, CommunicationRequest, Patient, RelatedPerson, Task } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { identifierSystem, structureDefinition } from '../../src/canonical.ts';
import { mediumConcept } from '../../src/send/record.ts';
import { channelOfAttempt } from '../../src/send/tried.ts';
import { saidOf } from '../profiles/support.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import { anAuthority, anObjection, aRelatedPerson, attemptsOf, posted, requestOf } from '../support/people.ts';

const CALLBACK_TOKEN = 'token-that-only-the-tests-know';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Letters, the whole way through the service to the simulator's letterbox, at times that the test decides. */
describe('letters', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  beforeAll(async () => {
    herald = await startHerald({ clock, env: { GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN } });
  });
  afterAll(() => herald.close());
  afterEach(async () => {
    await supertest(herald.simulatorUrl).delete('/control/faults').type('json');
  });

  /** The time goes on, for the provider and for the service: letters take days, and are asked after every few hours. */
  const pass = async (ms: number): Promise<void> => {
    expect((await herald.control('clock', { advanceMs: ms })).status).toBe(200);
    ahead += ms;
  };
  const fault = async (rule: object) => expect((await herald.control('faults', rule)).status).toBe(201);
  const address = { use: 'home' as const, line: ['1 Example Row'], city: 'Leeds', postalCode: 'ls1 4ap' };
  const somebody = (nhsNumber: string, change: Partial<Patient> = {}): Promise<string> =>
    posted(herald, {
      resourceType: 'Patient',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumber }],
      active: true,
      name: [{ family: 'Example', given: ['Robin'] }],
      birthDate: '1950-01-01',
      address: [address],
      ...change,
    });
  const words = 'Your appointment has moved. Please ring us on 0113 496 0123.';
  const asked = async (patient: string, change: Partial<CommunicationRequest> = {}): Promise<string> => {
    const request = aRequest('care-message', patient, { payload: [{ contentString: words }], ...change });
    const answer = await herald.post('/fhir/CommunicationRequest', request);
    expect(answer.status, answer.text).toBe(201);
    return answer.body.id as string;
  };
  const attempt = (id: string, is: (one: Communication) => boolean, what: string): Promise<Communication> =>
    until(async () => (await attemptsOf(herald, id)).find(is), `a record ${what}`);
  const status = (...names: Communication['status'][]) => {
    const wanted: readonly unknown[] = names;
    return (one: Communication): boolean => wanted.includes(one.status);
  };
  const isFinal = status('completed', 'stopped', 'not-done', 'unknown');
  const taken = (id: string) => attempt(id, status('in-progress'), 'of a letter that the provider took');
  const tasks = (record: Communication) => herald.all<Task>(`/fhir/Task?focus=Communication/${record.id}`);
  const notifyId = (record: Communication): string =>
    record.identifier?.find((one) => one.system === identifierSystem.notifyNotification)?.value ?? '';
  const entry = async (record: Communication) => (await herald.ledger()).find((one) => one.reference === record.id);
  const sentOf = async (record: Communication) =>
    (await herald.ledger()).filter((one) => one.reference === record.id).length;
  const pdfOf = (record: Communication) =>
    record.payload?.find((one) => one.contentAttachment?.contentType === 'application/pdf')?.contentAttachment;
  const word = (record: Communication) => record.statusReason?.coding?.at(-1)?.code;
  /** Long enough for a letter to be printed and posted, weekend and bank holidays included. */
  const postedBy = async () => pass(6 * DAY);
  const returned = (event: object, token = CALLBACK_TOKEN) =>
    supertest(herald.url)
      .post('/callbacks/govuk-notify/returned-letter')
      .set('Authorization', `Bearer ${token}`)
      .send({ date_sent: '2026-11-21T10:00:00.000000Z', sent_by: 'API', template_name: 'Letter', ...event });
  const inboxEmpty = () =>
    until(async () => {
      const { text } = await supertest(herald.url).get('/metrics');
      return (
        /herald_queue_jobs\{queue="inbox",state="waiting"\} 0/.test(text) &&
        /queue="inbox",state="claimed"\} 0/.test(text)
      );
    }, 'the inbox to be empty');

  it('contract 5, 11: a letter is asked for, printed and posted, is kept as it was printed, and comes back', async () => {
    const patient = await somebody('9990009007', { name: [{ family: 'Example', given: ['Robin'], prefix: ['Mx'] }] });
    const id = await asked(patient);
    const first = await taken(id);
    expect(channelOfAttempt(first)).toBe('letter');
    expect(first.medium?.[0]?.coding?.map((one) => one.code)).toEqual(['letter', 'MAILWRIT']);
    const used = first.extension?.find((one) => one.url === structureDefinition('contact-point-used'));
    expect(used?.valueAddress).toEqual(address);

    // What the provider has is what the record says, and it is addressed to the person by name.
    const letter = await entry(first);
    expect(letter?.recipient).toBe('Mx Robin Example\n1 Example Row\nLeeds\nLS1 4AP');
    expect(first.payload?.[0]?.contentString).toBe(letter?.body);
    expect(first.payload?.[0]?.contentString).toContain(words);
    expect(first.topic?.text).toBe('A message from Example NHS Trust');
    const letterbox = await supertest(herald.simulatorUrl).get('/');
    expect(letterbox.text).toContain('Mx Robin Example');

    // The PDF is made within minutes, and kept beside the words.
    await pass(6 * MINUTE);
    const kept = await attempt(id, (one) => pdfOf(one) !== undefined, 'with the PDF');
    expect(kept.status).toBe('in-progress');
    const attached = pdfOf(kept);
    const bytes = Buffer.from(attached?.data ?? '', 'base64');
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(attached?.hash).toBe(createHash('sha1').update(bytes).digest('base64'));
    expect(attached?.size).toBe(bytes.length);
    const token = (await supertest(herald.simulatorUrl).get('/control/token')).text.trim();
    const theirs = await supertest(herald.simulatorUrl)
      .get(`/v2/notifications/${notifyId(kept)}/pdf`)
      .set('Authorization', `Bearer ${token}`);
    expect(bytes.equals(theirs.body as Buffer)).toBe(true);
    expect(kept.payload?.[0]?.contentString).toBe(letter?.body);

    // No receipt is ever sent: that it was posted is asked for. Nobody says that it came, or was read.
    await postedBy();
    const gone = await attempt(id, status('completed'), 'of a letter that was posted');
    expect([word(gone), gone.received]).toEqual(['received', undefined]);
    expect(gone.sent).not.toBe(first.sent);
    expect(gone.payload?.filter((one) => one.contentAttachment !== undefined)).toHaveLength(1);
    expect((await requestOf(herald, id)).status).toBe('completed');
    expect(await tasks(gone)).toEqual([]);

    // The post brings it back.
    expect((await herald.control(`letters/${notifyId(gone)}/return`, {})).status).toBeLessThan(300);
    const back = await attempt(id, status('stopped'), 'of a letter that came back');
    expect(back.statusReason?.coding?.map((one) => one.code)).toEqual(['recipient-unavailable', 'returned-letter']);
    expect([back.sent, pdfOf(back)?.hash]).toEqual([gone.sent, attached?.hash]);
    const found = await until(async () => {
      const all = await tasks(back);
      return all.length > 0 && all;
    }, 'a Task to check the address');
    expect(found.map((one) => [one.code?.coding?.[0]?.code, one.for?.reference])).toEqual([['check-contact', patient]]);
    expect(JSON.stringify(found)).not.toMatch(/Example Row|LS1/i);
    expect((await requestOf(herald, id)).status).toBe('completed');

    // It comes back, or is told, once more: nothing changes.
    await returned({ notification_id: notifyId(back), reference: back.id });
    await inboxEmpty();
    expect((await herald.get(`/fhir/Communication/${back.id}`)).body.meta.versionId).toBe(back.meta?.versionId);
    expect(await tasks(back)).toHaveLength(1);
    expect(await sentOf(back)).toBe(1);
    for (const written of [kept, gone, back, ...found]) expect(saidOf(written)).toEqual([]);
    expect(herald.logged()).not.toContain('Example Row');
  });

  it('contract 11: a letter that comes back before anybody heard that it was posted ends the same way', async () => {
    const id = await asked(await somebody('9990009015'));
    const record = await taken(id);
    expect((await returned({ notification_id: notifyId(record), reference: record.id })).status).toBe(204);
    const back = await attempt(id, status('stopped'), 'of a letter that came back');
    expect(word(back)).toBe('returned-letter');
    expect((await requestOf(herald, id)).status).toBe('completed');
    // What it looked like is still fetched.
    await pass(6 * MINUTE);
    const kept = await attempt(id, (one) => pdfOf(one) !== undefined, 'with the PDF');
    expect(kept.status).toBe('stopped');
    await postedBy();
    expect(await tasks(kept)).toHaveLength(1);
  });

  it('contract 11: another system’s letter changes nothing, and one without our token is not heard', async () => {
    const id = '740e5834-3a29-46b4-9a6f-16142fde533a';
    expect((await returned({ notification_id: id, reference: 'their own' }, 'not-the-token')).status).toBe(401);
    expect((await returned({ notification_id: id, reference: 'their own' })).status).toBe(204);
    expect((await returned({ notification_id: id, reference: null })).status).toBe(204);
    await inboxEmpty();
    expect(herald.logged()).toContain('receipt.of-another-system');
  });

  it.each<[string, string, Communication['status'], CommunicationRequest['status'], string]>([
    ['delivered', '9990009023', 'completed', 'completed', 'received'],
    ['cancelled', '9990009031', 'stopped', 'revoked', 'cancelled'],
    ['validation-failed', '9990009058', 'stopped', 'revoked', 'validation-failed'],
    ['technical-failure', '9990009066', 'stopped', 'revoked', 'technical-failure'],
    ['permanent-failure', '9990009074', 'stopped', 'revoked', 'permanent-failure'],
  ])(
    'contract 5: no receipt tells of %s, and it is heard of all the same',
    async (outcome, nhsNumber, end, request, said) => {
      if (outcome !== 'delivered') await fault({ fault: 'outcome', outcome, channel: 'letter', count: 1 });
      const id = await asked(await somebody(nhsNumber));
      await taken(id);
      await postedBy();
      const record = await attempt(id, isFinal, `that ended with ${outcome}`);
      expect([record.status, word(record)]).toEqual([end, said]);
      expect((await requestOf(herald, id)).status).toBe(request);
      const codes = (await tasks(record)).map((one) => one.code?.coding?.[0]?.code);
      expect(codes).toEqual(end === 'completed' ? [] : ['check-contact']);
      expect(await sentOf(record)).toBe(1);
    },
  );

  it('contract 5: a PDF that is not ready is asked for again, and one that never comes loses nothing', async () => {
    await fault({ fault: 'pdf-not-ready', operation: 'pdf', count: 1 });
    const late = await asked(await somebody('9990009082'));
    await taken(late);
    await pass(6 * MINUTE);
    await until(
      async () => (await supertest(herald.simulatorUrl).get('/control/faults')).body.length === 0,
      'a first look',
    );
    expect(pdfOf(await taken(late))).toBeUndefined();
    await pass(11 * MINUTE);
    await attempt(late, (one) => pdfOf(one) !== undefined, 'with the PDF');

    await fault({ fault: 'pdf-not-ready', operation: 'pdf' });
    const never = await asked(await somebody('9990009090'));
    await taken(never);
    await postedBy();
    const record = await attempt(never, status('completed'), 'of a letter without a PDF');
    expect([pdfOf(record), record.payload?.[0]?.contentString?.includes(words)]).toEqual([undefined, true]);
  });

  it.each([
    ['accept-drop', '9990009104'],
    ['accept-500', '9990009112'],
    ['accept-504', '9990009120'],
    ['accept-truncated', '9990009139'],
    ['reset', '9990009147'],
    ['rate-limited', '9990009155'],
    ['html-502', '9990009163'],
  ])('contract 5: %s: a letter goes once', async (name, nhsNumber) => {
    await fault({ fault: name, channel: 'letter', count: 1 });
    expect(await sentOf(await taken(await asked(await somebody(nhsNumber))))).toBe(1);
  });

  it('contract 5: a letter stopped by the day’s limit waits for the next day, and goes', async () => {
    await fault({ fault: 'day-limited', channel: 'letter' });
    const id = await asked(await somebody('9990009171'));
    await until(
      async () => herald.logged().includes('"until":"day"') || herald.logged().includes('"code":"day"'),
      'the limit',
    );
    await supertest(herald.simulatorUrl).delete('/control/faults').type('json');
    expect((await attemptsOf(herald, id))[0]?.status).toBe('preparation');
    await pass(DAY);
    expect(await sentOf(await taken(id))).toBe(1);
  });

  it('OBJ-5: somebody who objects to texts gets a letter, their only other way', async () => {
    const patient = await somebody('9990009198', { telecom: [{ system: 'phone', value: '07700 900123' }] });
    await posted(herald, anObjection(patient));
    expect(channelOfAttempt(await taken(await asked(patient)))).toBe('letter');
  });

  it('contract 5: a text that fails goes on as a letter, with a record of its own', async () => {
    await fault({ fault: 'outcome', outcome: 'permanent-failure', channel: 'sms', count: 1 });
    const patient = await somebody('9990009201', { telecom: [{ system: 'phone', value: '07700 900124' }] });
    const id = await asked(patient);
    const letter = await attempt(
      id,
      (one) => channelOfAttempt(one) === 'letter' && one.status === 'in-progress',
      'of a letter',
    );
    const all = await attemptsOf(herald, id);
    expect(all.map((one) => [channelOfAttempt(one), one.status]).sort()).toEqual([
      ['letter', 'in-progress'],
      ['sms', 'stopped'],
    ]);
    await postedBy();
    await attempt(id, (one) => one.id === letter.id && one.status === 'completed', 'of a letter that was posted');
    expect((await requestOf(herald, id)).status).toBe('completed');
  });

  it('PRX-2: a letter to a proxy goes to the proxy’s own name and address', async () => {
    const patient = await somebody('9990009228');
    const change: Partial<RelatedPerson> = {
      address: [{ line: ['2 Other Street'], city: 'York', postalCode: 'YO1 7HH' }],
    };
    const mother = await posted(herald, aRelatedPerson(patient, change));
    await posted(herald, anAuthority(patient, mother));
    const id = await until(async () => {
      const body = aRequest('care-message', patient, {
        payload: [{ contentString: words }],
        recipient: [{ reference: mother }],
        medium: [mediumConcept('letter')],
      });
      const answer = await herald.post('/fhir/CommunicationRequest', body);
      return answer.status === 201 && (answer.body.id as string);
    }, 'a letter to the mother');
    expect((await entry(await taken(id)))?.recipient).toBe('Kim Example\n2 Other Street\nYork\nYO1 7HH');
  });

  it('PRF-5: an address that nothing can be sent to is told before any call, without repeating it', async () => {
    const patient = await somebody('9990009236', { address: [{ line: ['9 Elsewhere Lane', 'Leeds'] }] });
    const answer = await herald.post(
      '/fhir/CommunicationRequest',
      aRequest('care-message', patient, { payload: [{ contentString: words }], medium: [mediumConcept('letter')] }),
    );
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].details.coding[0].code).toBe('no-contact');
    expect(answer.text).toContain('not ending with a UK postcode');
    expect(answer.text).not.toContain('Elsewhere');
  });

  it('contract 3: $evaluate shows the very letter that is then sent', async () => {
    const patient = await somebody('9990009244');
    const request = aRequest('care-message', patient, {
      payload: [{ contentString: 'Fish & chips * at 10.\n\n# Soon' }],
    });
    const shown = await herald.post('/fhir/CommunicationRequest/$evaluate', request);
    const value = (name: string) =>
      (shown.body.parameter as { name: string; valueString?: string; valueCode?: string }[]).find(
        (one) => one.name === name,
      );
    expect(value('channel')?.valueCode).toBe('letter');
    const answer = await herald.post('/fhir/CommunicationRequest', request);
    const record = await taken(answer.body.id);
    expect(record.payload?.[0]?.contentString).toBe(value('text')?.valueString);
    expect(record.topic?.text).toBe(value('subject-line')?.valueString);
  });
});
