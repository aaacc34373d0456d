import type { Communication } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { structureDefinition } from '../../src/canonical.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { aPerson, concept, words } from '../support/overrides.ts';
import { endOf, posted, requestOf } from '../support/people.ts';

const staff = { reference: `Practitioner/${demoStaff.epr.id}` };
const recordedBy = { url: structureDefinition('recorded-by'), valueReference: staff };

/** What staff sent from their own telephones, and what should not be in a record, the whole way through the service. */
describe('messages from outside Herald', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald({ timing: { sweepMs: 100 } });
  });
  afterAll(() => herald.close());

  const outside = (patient: string, change: Partial<Communication> = {}): Communication => ({
    resourceType: 'Communication',
    extension: [recordedBy],
    status: 'completed',
    subject: { reference: patient },
    sender: staff,
    recipient: [{ reference: patient }],
    sent: '2026-06-01T09:00:00Z',
    medium: [concept('channel', 'sms')],
    payload: [
      {
        extension: [{ url: structureDefinition('content-fidelity'), valueCode: 'summary' }],
        contentString: 'Told them to come at ten.',
      },
    ],
    ...change,
  });
  const mark = (id: string, more: object[] = []) =>
    herald.post(
      `/fhir/Communication/${id}/$mark-entered-in-error`,
      {
        resourceType: 'Parameters',
        parameter: [
          { name: 'reason', valueString: 'Filed under somebody else' },
          { name: 'requester', valueReference: staff },
          ...more,
        ],
      },
      'demo-ig',
    );

  it('REC-1, REC-3: one that was sent from another telephone is found with all the others', async () => {
    const patient = await aPerson(herald);
    const answer = await herald.post('/fhir/Communication', outside(patient));
    expect(answer.status, answer.text).toBe(201);
    const sent = await endOf(herald, idIn(await posted(herald, words('care-message', patient))));
    await until(async () => {
      const found = await herald.all<Communication>(`/fhir/Communication?subject=${patient}`);
      return (
        found
          .map((one) => one.id)
          .sort()
          .join() === [answer.body.id, sent.id].sort().join()
      );
    }, 'both messages');
    const provenance = await until(async () => {
      const found = await herald.all(`/fhir/Provenance?target=Communication/${answer.body.id}`);
      return found.length > 0 && found;
    }, 'the Provenance');
    expect(provenance).toHaveLength(1);
  });

  it('contract 5: a text that does not say whether it is exact is 422, at its place', async () => {
    const answer = await herald.post(
      '/fhir/Communication',
      outside(await aPerson(herald), { payload: [{ contentString: 'Told them to come at ten.' }] }),
    );
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body.issue[0].expression)).toContain('Communication.payload[0]');
  });

  it('REC-4: a message that was marked as a mistake stays in the record, also for what its provider tells later', async () => {
    const patient = await aPerson(herald);
    const record = await endOf(herald, idIn(await posted(herald, words('care-message', patient))));
    const answer = await mark(record.id ?? '');
    expect(answer.status, answer.text).toBe(200);
    const { payload, sent, identifier } = answer.body;
    expect({ payload, sent, identifier }).toEqual({
      payload: record.payload,
      sent: record.sent,
      identifier: record.identifier,
    });
    expect((await mark(record.id ?? '')).status).toBe(409);
    const found = await herald.all<Communication>(`/fhir/Communication?subject=${patient}`);
    expect(found.map((one) => one.status)).toEqual(['entered-in-error']);
  });

  it('REC-4: one marked while it is under way ends its request with it, and is not sent another way', async () => {
    // Nobody hears of it until the simulator says so.
    expect((await herald.control('faults', { fault: 'callback-late', delayMs: 2_500, count: 1 })).status).toBe(201);
    const patient = await aPerson(herald);
    const id = idIn(await posted(herald, words('care-message', patient)));
    const underWay = await until(async () => {
      const [attempt] = await herald.all<Communication>(`/fhir/Communication?based-on=CommunicationRequest/${id}`);
      return attempt?.status === 'in-progress' && attempt;
    }, 'the message under way');
    expect((await mark(underWay.id ?? '')).status).toBe(200);
    await until(async () => (await requestOf(herald, id)).status === 'completed', 'the end of the request');
    const { body } = await herald.get(`/fhir/Communication/${underWay.id}`);
    expect(body.status).toBe('entered-in-error');
  });

  it('contract 3.2: one that has not gone yet cannot be marked, and goes', async () => {
    const occurrenceDateTime = new Date(Date.now() + 2_000).toISOString();
    const id = idIn(await posted(herald, words('care-message', await aPerson(herald), { occurrenceDateTime })));
    const waiting = await until(async () => {
      const [attempt] = await herald.all<Communication>(`/fhir/Communication?based-on=CommunicationRequest/${id}`);
      return attempt;
    }, 'the message');
    expect((await mark(waiting.id ?? '')).status).toBe(409);
    expect((await endOf(herald, id)).status).toBe('completed');
  });
});

const idIn = (reference: string): string => reference.slice(reference.indexOf('/') + 1);
