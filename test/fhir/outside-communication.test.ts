import type { Communication, OperationOutcome, Provenance, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, identifierSystem, structureDefinition, system } from '../../src/canonical.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { audited } from '../support/app.ts';
import { type BundleRig, person, post, startRig, urn } from './bundle-rig.ts';

const staff = { reference: `Practitioner/${demoStaff.epr.id}` };
const text = (fidelity: string) => ({
  extension: [{ url: structureDefinition('content-fidelity'), valueCode: fidelity }],
  contentString: 'Please come at ten.',
});
const by = (code: string) => ({ coding: [{ system: codeSystem('channel'), code }] });

/** A text that a member of staff sent to Ada from another telephone. */
const outside = (change: Partial<Communication> = {}): Communication => ({
  resourceType: 'Communication',
  status: 'completed',
  subject: { reference: 'Patient/ada' },
  sender: staff,
  recipient: [{ reference: 'Patient/ada' }],
  sent: '2026-06-01T09:00:00Z',
  medium: [by('sms')],
  payload: [text('summary')],
  ...change,
});

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
  await herald.given({ ...person({ active: true }), id: 'ada' });
  await herald.given({
    ...person({ active: true, identifier: [{ system: system.nhsNumber, value: '9990000026' }] }),
    id: 'ben',
  });
  await herald.given({ resourceType: 'RelatedPerson', id: 'mother', patient: { reference: 'Patient/ada' } });
  await herald.given({ resourceType: 'RelatedPerson', id: 'other', patient: { reference: 'Patient/ben' } });
});
afterEach(() => herald.close());

const create = (resource: Communication, role: 'epr' | 'ig' | 'sar' = 'epr') =>
  herald.as(role, 'post', '/fhir/Communication').send(resource);
const places = (outcome: OperationOutcome) => outcome.issue.flatMap((one) => one.expression ?? []);
const tasks = () => searchAll(herald.store, 'Task', []);

describe('contract 5: a message sent or received outside Herald', () => {
  it('REC-1: is kept as it comes, with a Provenance of who recorded it and when it was', async () => {
    const answer = await create(outside());
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body).toMatchObject({ ...outside() });
    const self = `Communication/${answer.body.id}`;
    const [record, ...more] = (await searchAll(herald.store, 'Provenance', [['target', self]])) as Provenance[];
    expect(more).toEqual([]);
    expect(record).toMatchObject({ occurredDateTime: '2026-06-01T09:00:00Z', target: [{ reference: self }] });
    expect(record?.agent[0]?.who).toEqual(staff);
    expect((await audited(herald.store)).at(-1)).toMatchObject({ action: 'C' });
    expect(await tasks()).toEqual([]);
  });

  it('ACC-1: whoever is named in recorded-by speaks for it, beside the person of the token', async () => {
    const named = { reference: `Practitioner/${demoStaff.sar.id}` };
    const answer = await create(
      outside({ extension: [{ url: structureDefinition('recorded-by'), valueReference: named }] }),
    );
    const [record] = await searchAll(herald.store, 'Provenance', [['target', `Communication/${answer.body.id}`]]);
    expect(record?.agent.map((one) => one.who?.reference).slice(0, 2)).toEqual([named.reference, staff.reference]);
    const patient = { url: structureDefinition('recorded-by'), valueReference: { reference: 'Patient/ada' } };
    expect((await create(outside({ extension: [patient as never] }))).status).toBe(422);
  });

  it.each<[string, Partial<Communication>]>([
    [
      'what the person wrote',
      {
        sender: { reference: 'Patient/ada' },
        recipient: [staff],
        received: '2026-06-01T09:00:00Z',
        sent: undefined as never,
      },
    ],
    ['what went to somebody who acts for them', { recipient: [{ reference: 'RelatedPerson/mother' }] }],
    ['the exact words', { payload: [text('exact')] }],
    ['one that names no recipient', { recipient: undefined as never }],
    [
      'one that names the patient by number',
      { subject: { identifier: { system: system.nhsNumber, value: '9990000018' } } },
    ],
  ])('REC-1: %s is taken', async (_what, change) => {
    const answer = await create(JSON.parse(JSON.stringify(outside(change))));
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body.subject.reference).toBe('Patient/ada');
  });

  it.each<[string, Partial<Communication>, string]>([
    ['one that is not over', { status: 'in-progress' }, 'Communication.status'],
    ['one that did not happen', { status: 'not-done', statusReason: { text: 'x' } }, 'Communication.status'],
    ['one that is marked as a mistake', { status: 'entered-in-error' }, 'Communication.status'],
    ['one of tomorrow', { sent: '2999-01-01T00:00:00Z' }, 'Communication.sent'],
    ['one received tomorrow', { received: '2999-01-01T00:00:00Z' }, 'Communication.received'],
    ['one without a subject', { subject: undefined as never }, 'Communication.subject'],
    ['one without a sender', { sender: undefined as never }, 'Communication.sender'],
    [
      'one of an organisation',
      { sender: { type: 'Organization', display: 'The trust' } as never },
      'Communication.sender',
    ],
    ['one of another patient', { sender: { reference: 'Patient/ben' } }, 'Communication.sender'],
    ['one of a proxy', { sender: { reference: 'RelatedPerson/mother' } }, 'Communication.sender'],
    ['one to another patient', { recipient: [{ reference: 'Patient/ben' }] }, 'Communication.recipient[0]'],
    [
      "one to another patient's proxy",
      { recipient: [{ reference: 'RelatedPerson/other' }] },
      'Communication.recipient[0]',
    ],
    [
      "one with Herald's identifier",
      { identifier: [{ system: identifierSystem.attempt, value: 'x' }] },
      'Communication.identifier[0]',
    ],
    [
      "one with the provider's identifier",
      { identifier: [{ system: identifierSystem.notifyNotification, value: 'x' }] },
      'Communication.identifier[0]',
    ],
    ['one that nobody can read', { payload: [] as never }, 'Communication.payload'],
  ])('contract 5: %s is 422', async (_what, change, place) => {
    const answer = await create(JSON.parse(JSON.stringify(outside(change))));
    // R4 itself has no empty lists.
    expect(answer.status, answer.text).toBe(place === 'Communication.payload' ? 400 : 422);
    if (answer.status === 422) expect(places(answer.body)).toContain(place);
    expect(herald.kept().filter((one) => one.startsWith('Communication/'))).toEqual([]);
  });

  it('contract 5: it cannot pass for an attempt at a request, nor for a decision of Herald', async () => {
    const request = await herald.given({ resourceType: 'CommunicationRequest', id: 'r', status: 'draft' });
    const answer = await create(
      outside({
        basedOn: [{ reference: `CommunicationRequest/${request.id}` }],
        extension: [{ url: structureDefinition('decision'), extension: [{ url: 'rule', valueCode: 'x' }] }],
      }),
    );
    expect(answer.status).toBe(422);
    expect(places(answer.body)).toEqual(
      expect.arrayContaining(['Communication.basedOn', 'Communication.extension[0]']),
    );
  });

  it('contract 10: epr alone records them', async () => {
    expect((await create(outside(), 'ig')).status).toBe(403);
    expect((await create(outside(), 'sar')).status).toBe(403);
  });

  it.each<[string, Partial<Communication>, string | undefined]>([
    ['an approved channel', { medium: [by('email')] }, undefined],
    ['a channel that is closed', { medium: [by('nhsapp')] }, 'unapproved-channel'],
    ['a channel that nobody knows', { medium: [{ text: 'A messaging app' }] }, 'unapproved-channel'],
    ['an emergency', { reasonCode: [{ coding: [{ system: system.actReason, code: 'ETREAT' }] }] }, 'emergency-send'],
    [
      'what the person wrote by a channel that nobody knows',
      { sender: { reference: 'Patient/ada' }, recipient: [staff], medium: [{ text: 'A messaging app' }] },
      undefined,
    ],
  ])('EMG-2: %s is looked at afterwards as it should be', async (_what, change, reason) => {
    const answer = await create(outside(change));
    expect(answer.status, answer.text).toBe(201);
    const made = (await tasks()) as Task[];
    expect(made.map((one) => [one.reasonCode?.coding?.[0]?.code, one.focus?.reference])).toEqual(
      reason === undefined ? [] : [[reason, `Communication/${answer.body.id}`]],
    );
  });

  it('contract 2: it is one entry of a transaction, about a person who is made there', async () => {
    const answer = await herald.transact([
      post(person({ identifier: [{ system: system.nhsNumber, value: '9990000034' }] }), { fullUrl: urn(1) }),
      post(outside({ subject: { reference: urn(1) }, recipient: [{ reference: urn(1) }] })),
    ]);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(herald.kept().filter((one) => one.startsWith('Provenance/'))).toHaveLength(1);
  });
});

describe('REC-4: $mark-entered-in-error', () => {
  const mark = (id: string, parameter: object[], role: 'epr' | 'ig' | 'sar' | 'admin' = 'ig') =>
    herald
      .as(role, 'post', `/fhir/Communication/${id}/$mark-entered-in-error`)
      .send({ resourceType: 'Parameters', parameter });
  const why = { name: 'reason', valueString: 'Filed under the wrong person' };
  const held = (status: Communication['status'], change: Partial<Communication> = {}) =>
    herald.given({ ...outside(change), id: 'one', status });

  it.each(['completed', 'in-progress', 'stopped', 'not-done', 'unknown'] as const)(
    'one that is %s keeps everything but its status and its reason',
    async (status) => {
      const before = await held(status, { statusReason: { coding: [{ system: 'urn:x', code: 'delivered' }] } });
      const answer = await mark('one', [why]);
      expect(answer.status, answer.text).toBe(200);
      const { meta: _meta, ...marked } = (await herald.store.read('Communication', 'one')) ?? {};
      const { meta: _before, ...kept } = before;
      expect(marked).toEqual({
        ...kept,
        status: 'entered-in-error',
        statusReason: { coding: [{ system: 'urn:x', code: 'delivered' }], text: why.valueString },
      });
      expect((await herald.as('epr', 'get', '/fhir/Communication?subject=Patient/ada')).body.entry).toHaveLength(1);
      expect((await herald.as('epr', 'get', '/fhir/Communication/one/_history/1')).body.status).toBe(status);
    },
  );

  it('says who marked it, and when', async () => {
    await held('completed');
    const requester = { reference: `Practitioner/${demoStaff.sar.id}` };
    await mark('one', [why, { name: 'requester', valueReference: requester }]);
    const [record] = await searchAll(herald.store, 'Provenance', [['target', 'Communication/one']]);
    expect(record?.agent.map((one) => one.who?.reference).slice(0, 2)).toEqual([
      requester.reference,
      `Practitioner/${demoStaff.ig.id}`,
    ]);
    const last = (await audited(herald.store)).filter((one) => one.action === 'U');
    expect(last).toHaveLength(1);
    // ACC-4: the words are in the record alone.
    expect(JSON.stringify(last)).not.toContain(why.valueString);
  });

  it('contract 3.2: one that has not gone yet stays as it is, 409', async () => {
    await held('preparation');
    const answer = await mark('one', [why]);
    expect([answer.status, answer.body.issue[0].code]).toEqual([409, 'conflict']);
    expect((await herald.store.read('Communication', 'one'))?.status).toBe('preparation');
  });

  it('contract 3.2: a second mark is 409 and changes nothing', async () => {
    await held('completed');
    expect((await mark('one', [why])).status).toBe(200);
    expect((await mark('one', [{ name: 'reason', valueString: 'Another' }])).status).toBe(409);
    expect((await herald.store.read('Communication', 'one'))?.statusReason?.text).toBe(why.valueString);
  });

  it('of two at once one is told that the other was there first', async () => {
    await held('completed');
    const answers = await Promise.all([mark('one', [why]), mark('one', [why]), mark('one', [why])]);
    expect(answers.map((one) => one.status).sort()).toEqual([200, 409, 409]);
  });

  it.each<[string, object[], number]>([
    ['no reason', [{ name: 'requester', valueReference: staff }], 422],
    ['an empty reason', [{ name: 'reason', valueString: '  ' }], 422],
    ['two reasons', [why, why], 422],
    [
      'a requester who is no member of staff',
      [why, { name: 'requester', valueReference: { reference: 'Patient/ada' } }],
      422,
    ],
    [
      'a requester who is not there',
      [why, { name: 'requester', valueReference: { reference: 'Practitioner/none' } }],
      422,
    ],
    ['what is not R4', [{ name: 'reason', valueString: 7 }], 400],
  ])('%s is refused', async (_what, parameter, status) => {
    await held('completed');
    const answer = await mark('one', parameter);
    expect(answer.status, answer.text).toBe(status);
    expect(places(answer.body).length).toBeGreaterThan(0);
    expect((await herald.store.read('Communication', 'one'))?.status).toBe('completed');
  });

  it('contract 10: epr and ig may, the others not', async () => {
    await held('completed');
    for (const role of ['sar', 'admin'] as const) expect((await mark('one', [why], role)).status).toBe(403);
    expect((await mark('one', [why], 'epr')).status).toBe(200);
    expect((await mark('none', [why])).status).toBe(404);
  });
});
