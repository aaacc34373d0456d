import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Communication,
  CommunicationRequest,
  Extension,
  Flag,
  List,
  Parameters,
  Patient,
} from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { anObjection, attemptsOf, endOf, posted, requestOf } from '../support/people.ts';

/** How people wish and need to be contacted, the whole way through the service, at times that the test decides. */
describe('preferences, needs and quiet hours', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  const dir = mkdtempSync(join(tmpdir(), 'herald-policy-'));

  beforeAll(async () => {
    const file = join(dir, 'policy.json');
    writeFileSync(file, JSON.stringify({ quietHours: { from: '21:00', to: '08:00' } }));
    setTo('11:00');
    herald = await startHerald({ clock, timing: { sweepMs: 100 }, env: { HERALD_POLICY: file } });
  });
  afterAll(async () => {
    await herald.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The next time that clocks in England show this, by Greenwich time in winter or an hour on in summer. */
  function setTo(time: string): void {
    const [hour = 0, minute = 0] = time.split(':').map(Number);
    const from = new Date(clock.now());
    const shown = from.toLocaleTimeString('en-GB', { timeZone: 'Europe/London', hour: '2-digit', minute: '2-digit' });
    const [nowHour = 0, nowMinute = 0] = shown.split(':').map(Number);
    const minutes = (hour - nowHour) * 60 + (minute - nowMinute);
    ahead += (minutes <= 0 ? minutes + 24 * 60 : minutes) * 60_000;
  }

  const yesterday = (): string => new Date(clock.now().getTime() - 86_400_000).toISOString();
  const confirmed = (on = yesterday()): Extension[] => [
    { url: structureDefinition('contact-confirmed'), extension: [{ url: 'on', valueDateTime: on }] },
  ];
  const preference = (parts: Extension[]): Extension => ({
    url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactPreference',
    extension: parts,
  });
  const method = (code: string): Extension => ({
    url: 'PreferredContactMethod',
    valueCodeableConcept: {
      coding: [{ system: 'https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredContactMethod', code }],
    },
  });
  /** Somebody new, with a mobile and an email address, both confirmed. */
  const someone = (nhsNumber: string, change: Partial<Patient> = {}) =>
    posted(herald, {
      resourceType: 'Patient',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumber }],
      name: [{ family: 'Example', given: ['Robin'] }],
      birthDate: '1990-01-01',
      telecom: [
        { extension: confirmed(), system: 'phone', value: '07700 900123', use: 'mobile' },
        { extension: confirmed(), system: 'email', value: 'robin@example.org' },
      ],
      ...change,
    });
  const needing = (patient: string, code: string): Promise<string> =>
    posted(herald, {
      resourceType: 'Flag',
      status: 'active',
      category: [{ coding: [{ system: codeSystem('flag-category'), code: 'accessible-information' }] }],
      code: { coding: [{ system: 'http://snomed.info/sct', code }] },
      subject: { reference: patient },
      period: { start: '2026-05-02' },
    } as Flag);
  const asked = (patient: string, change: Partial<CommunicationRequest> = {}): CommunicationRequest =>
    aRequest('contact-us', patient, { payload: [personalisation({ phone: '0113 496 0123' })], ...change });
  const sent = async (request: CommunicationRequest): Promise<CommunicationRequest & { id: string }> => {
    const answer = await herald.post('/fhir/CommunicationRequest', request);
    expect([answer.status, answer.body.status], answer.text).toEqual([201, 'active']);
    return answer.body;
  };
  const decisionOf = ({ extension = [] }: Pick<Communication, 'extension'>): Extension[] =>
    extension.find((one) => one.url === structureDefinition('decision'))?.extension ?? [];
  const warnings = (resource: Communication | CommunicationRequest): (string | undefined)[] =>
    decisionOf(resource).flatMap((one) =>
      one.url === 'warning' ? [one.valueCodeableConcept?.coding?.map((coding) => coding.code).join(' ')] : [],
    );
  const channelOf = ({ medium }: Communication): string | undefined => medium?.[0]?.coding?.[0]?.code;

  it('PRF-1: the preferred method is used, and nothing is to be said', async () => {
    const patient = await someone('9990000115', { extension: [preference([method('4')])] });
    const { id } = await sent(asked(patient));
    const attempt = await endOf(herald, id);
    expect([attempt.status, channelOf(attempt), warnings(attempt)]).toEqual(['completed', 'email', []]);
  });

  it('PRF-2, PRF-7: passed over for an objection before any provider is called, and the record says which and why', async () => {
    const patient = await someone('9990000123', { extension: [preference([method('9')])] });
    await posted(herald, anObjection(patient));
    const { id } = await sent(asked(patient));
    const attempt = await endOf(herald, id);
    const calls = (await herald.ledger()).filter((one) => one.reference === attempt.id);
    expect(calls.map((one) => one.type)).toEqual(['email']);
    const passedOver = decisionOf(attempt).find((one) => one.url === 'preferencePassedOver')?.valueString;
    expect([channelOf(attempt), warnings(attempt)]).toEqual(['email', ['preference-passed-over PRF-2']]);
    expect(passedOver).toBe(
      'The person prefers text; this message goes by email, because an objection to that way is on record.',
    );
  });

  it('PRF-6: a need by Flag goes before the preference; one that is not met is flagged', async () => {
    const patient = await someone('9990000131', { extension: [preference([method('9')])] });
    await needing(patient, '936741000000100');
    await needing(patient, '796161000000101');
    const { id } = await sent(asked(patient));
    const attempt = await endOf(herald, id);
    expect([channelOf(attempt), warnings(attempt)]).toEqual([
      'email',
      ['need-not-met PRF-6', 'preference-passed-over PRF-2'],
    ]);
  });

  it('PRF-4, PRF-8: a detail confirmed long ago, a language without a text, an interpreter', async () => {
    const patient = await someone('9990000158', {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }],
      telecom: [{ extension: confirmed('2024-01-05'), system: 'phone', value: '07700 900124', use: 'mobile' }],
      communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'ur' }] }, preferred: true }],
    });
    const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', asked(patient));
    const said = ((answer.body as Parameters).parameter ?? []).filter((one) => one.name === 'warning');
    const part = (name: string) => said.map(({ part = [] }) => part.find((one) => one.name === name));
    expect(part('code').map((one) => one?.valueCode)).toEqual(['language-not-met', 'stale-contact']);
    expect(part('text')[0]?.valueString).toContain('prefers Urdu');
    expect(part('text')[0]?.valueString).toContain('An interpreter is on record');
    expect(answer.text).not.toContain('900124"}');
  });

  it('TWO-7: whom no digital channel reaches is listed, and found by the letter that does', async () => {
    const patient = await someone('9990000166', {
      telecom: [{ system: 'phone', value: '0113 496 0123' }],
      address: [{ line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' }],
    });
    const entry = await until(async () => {
      const answer = await herald.get('/fhir/Patient/$without-digital-channel', 'demo-ig');
      expect(answer.status, answer.text).toBe(200);
      return (answer.body as List).entry?.find((one) => one.item.reference === patient);
    }, 'the person in the report');
    expect(entry.flag?.text).toContain('A letter reaches them.');
    expect((await herald.get('/fhir/Patient/$without-digital-channel', 'demo-epr')).status).toBe(403);
  });

  describe('contract 1: quiet hours', () => {
    it('what is routine waits for their end and then goes; what is urgent goes', async () => {
      const patient = await someone('9990000174');
      setTo('22:30');
      const routine = await sent(asked(patient));
      expect(warnings(routine)).toContain('quiet-hours PRF-1');
      const urgent = await sent(asked(patient, { priority: 'urgent' }));
      expect(warnings(urgent)).not.toContain('quiet-hours PRF-1');
      expect((await endOf(herald, urgent.id)).status).toBe('completed');
      expect((await requestOf(herald, routine.id)).status).toBe('active');
      const [waiting] = await attemptsOf(herald, routine.id);
      expect(waiting?.status).toBe('preparation');

      setTo('08:00');
      const attempt = await endOf(herald, routine.id, 15_000);
      expect([attempt.status, warnings(attempt)]).toEqual(['completed', []]);
    }, 40_000);

    it('what was held up until they began waits as well', async () => {
      const patient = await someone('9990000204');
      setTo('20:00');
      expect((await herald.control('faults', { fault: 'clock-refused' })).status).toBe(201);
      const held = await sent(asked(patient));
      expect(warnings(held)).not.toContain('quiet-hours PRF-1');
      await until(
        async () =>
          herald
            .logged()
            .split('\n')
            .some((line) => line.includes('message.called') && line.includes(held.id)),
        'a first call',
      );
      setTo('22:00');
      await supertest(herald.simulatorUrl).delete('/control/faults').type('json');
      const urgent = await sent(asked(patient, { priority: 'urgent' }));
      expect((await endOf(herald, urgent.id)).status).toBe('completed');
      const [waiting] = await attemptsOf(herald, held.id);
      expect(waiting?.status).toBe('preparation');
      setTo('08:00');
      expect((await endOf(herald, held.id, 15_000)).status).toBe('completed');
    }, 40_000);

    it('OBJ-1: it is decided again when they end', async () => {
      const patient = await someone('9990000182', {
        telecom: [{ extension: confirmed(), system: 'phone', value: '07700 900125', use: 'mobile' }],
      });
      setTo('23:00');
      const { id } = await sent(asked(patient));
      await posted(herald, anObjection(patient));
      setTo('08:00');
      const attempt = await endOf(herald, id, 15_000);
      expect([attempt.status, (await requestOf(herald, id)).status]).toEqual(['not-done', 'revoked']);
    }, 40_000);

    it('contract 3: what expires before they end is not sent, and ends when it expires', async () => {
      const patient = await someone('9990000190');
      setTo('22:00');
      const expires = new Date(clock.now().getTime() + 60 * 60_000).toISOString();
      const plain = asked(patient);
      const extension = [...(plain.extension ?? []), { url: structureDefinition('expires'), valueDateTime: expires }];
      const { id } = await sent({ ...plain, extension });
      setTo('23:30');
      const attempt = await endOf(herald, id, 15_000);
      expect([attempt.status, attempt.statusReason?.coding?.[0]?.code]).toEqual(['not-done', 'expired']);
    }, 40_000);
  });
});
