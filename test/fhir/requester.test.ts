import type { ActivityDefinition, CommunicationRequest, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { structureDefinition, system } from '../../src/canonical.ts';
import { heraldReference } from '../../src/send/authors.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { audited } from '../support/app.ts';
import { ask, type BundleRig, expressions, keyed, person, post, put, reason, startRig, urn } from './bundle-rig.ts';

type Requester = CommunicationRequest['requester'];

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
  await herald.given({ ...person({ active: true }), id: 'ada' });
});
afterEach(() => herald.close());

const nobody: Requester = { reference: 'Practitioner/nobody' };
const by = (requester: Requester, change: Partial<CommunicationRequest> = {}): CommunicationRequest =>
  ask('Patient/ada', { ...change, ...(requester === undefined ? {} : { requester }) });
const send = (body: Resource) => herald.as('epr', 'post', '/fhir/CommunicationRequest').send(body);
const evaluate = (body: Resource) => herald.as('epr', 'post', '/fhir/CommunicationRequest/$evaluate').send(body);
const kept = async () => [await searchAll(herald.store, 'CommunicationRequest', []), herald.jobs()];
const clerk = { resourceType: 'Practitioner' as const, active: true, name: [{ family: 'Example' }] };

describe('contract 2, ACC-1: whoever is named as asking must be on record', () => {
  it.each<[string, Requester]>([
    ['a Practitioner', nobody],
    ['a version of a Practitioner', { reference: 'Practitioner/nobody/_history/1' }],
    ['a PractitionerRole', { reference: 'PractitionerRole/nobody' }],
    ['an entry that is not there', { reference: urn(9), type: 'Practitioner' }],
  ])('%s that leads nowhere: 422 at its place, and nothing is kept', async (_what, requester) => {
    const answer = await send(by(requester));
    expect([answer.status, expressions(answer.body)]).toEqual([422, ['CommunicationRequest.requester']]);
    expect(answer.body.issue[0].code).toBe('not-found');
    expect([await kept(), await audited(herald.store)]).toEqual([[[], []], []]);
  });

  it('holds for a draft, and for a request with a key, whose key stays free', async () => {
    expect((await send(by(nobody, { status: 'draft' }))).status).toBe(422);
    expect((await send({ ...keyed('Patient/ada'), requester: nobody } as Resource)).status).toBe(422);
    expect(await kept()).toEqual([[], []]);
    expect((await send(keyed('Patient/ada'))).status).toBe(201);
  });

  it('holds for a draft that becomes active, which stays a draft; it may still be taken back', async () => {
    const draft = await herald.given({ ...by(nobody, { status: 'draft' }), id: 'draft' });
    const change = (status: 'active' | 'revoked') =>
      herald.as('epr', 'put', '/fhir/CommunicationRequest/draft').send({ ...draft, status });
    const activated = await change('active');
    expect([activated.status, expressions(activated.body)]).toEqual([422, ['CommunicationRequest.requester']]);
    expect([(await herald.store.read('CommunicationRequest', 'draft'))?.status, herald.jobs()]).toEqual(['draft', []]);
    expect((await change('revoked')).status).toBe(200);
  });

  it('holds for $evaluate, which then has nothing to record', async () => {
    const answer = await evaluate(by(nobody));
    expect([answer.status, expressions(answer.body)]).toEqual([422, ['CommunicationRequest.requester']]);
    expect(await audited(herald.store)).toEqual([]);
    expect((await evaluate(by(undefined))).status).toBe(200);
  });

  it('holds in a batch, for its entry alone', async () => {
    const { body } = await herald.batch([post(by(nobody)), post(by(undefined))]);
    expect(body.entry.map((one: { response: { status: string } }) => one.response.status)).toEqual([
      '422 Unprocessable Entity',
      '201 Created',
    ]);
  });

  it('holds in a transaction, with its place in the Bundle, and rolls all of it back', async () => {
    const draft = await herald.given({ ...by(nobody, { status: 'draft' }), id: 'draft' });
    const answer = await herald.transact([
      post(clerk),
      post(by(nobody)),
      put({ ...draft, status: 'active' }),
      post(by(undefined)),
    ]);
    const places = [1, 2].map((at) => `Bundle.entry[${at}].resource.requester`);
    expect([answer.status, expressions(answer.body).sort()]).toEqual([422, places]);
    expect(herald.kept()).toEqual(['CommunicationRequest/draft/1', 'Patient/ada/1']);
  });

  it('may be written by the same transaction', async () => {
    const answer = await herald.transact([
      post(by({ reference: urn(1), type: 'Practitioner' })),
      post(clerk, { fullUrl: urn(1) }),
    ]);
    const [request, made] = (answer.body.entry ?? []).map((one: { resource: Resource }) => one.resource);
    expect([answer.status, request?.requester?.reference]).toEqual([200, `Practitioner/${made?.id}`]);
  });

  it('may be named by identifier, as Herald itself is', async () => {
    const number = { identifier: { system: system.sdsUserId, value: '999000000017' } } as Requester;
    expect((await send(by(number))).status).toBe(201);
    const own = await send(by(heraldReference as Requester));
    expect([own.status, reason(own.body)]).toEqual([422, 'requester-missing']);
  });

  it.each<[string, Requester]>([
    ['a patient', { reference: 'Patient/nobody' } as never],
    ['a Device, for a type that is never automatic', { reference: 'Device/nobody' }],
  ])('%s is for the rules: requester-missing', async (_what, requester) => {
    const answer = await send(by(requester));
    expect([answer.status, reason(answer.body)]).toEqual([422, 'requester-missing']);
    const asked = await evaluate(by(requester));
    expect([asked.status, JSON.stringify(asked.body)]).toEqual([200, expect.stringContaining('requester-missing')]);
  });

  it('a Device that is not on record asks for no automatic message, and keeps no draft', async () => {
    const type = (await herald.store.read('ActivityDefinition', 'care-message')) as ActivityDefinition & { id: string };
    const extension = type.extension?.map((one) =>
      one.url === structureDefinition('automatic') ? { ...one, valueBoolean: true } : one,
    );
    const device = { reference: 'Device/nobody' };
    const draft = await send(by(device, { status: 'draft' }));
    expect([draft.status, expressions(draft.body)]).toEqual([422, ['CommunicationRequest.requester']]);
    await herald.store.commit([{ op: 'update', resource: { ...type, extension: extension ?? [] } }]);
    const answer = await send(by(device));
    expect([answer.status, answer.body.issue[0].code]).toEqual([422, 'not-found']);
    await herald.given({ resourceType: 'Device', id: 'nobody' });
    expect((await send(by(device))).status).toBe(201);
  });
});
