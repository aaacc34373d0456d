import type { BundleEntry, CommunicationRequest } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../src/canonical.ts';
import { CallInHand } from '../../src/jobs/jobs.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { anObjection } from '../support/people.ts';
import { ask, type BundleRig, keyed, numbered, numbers, post, put, reason, startRig, urn } from './bundle-rig.ts';

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
  await herald.given({ ...numbered(numbers[0]), id: 'ada' });
});
afterEach(() => herald.close());

const communications = () => searchAll(herald.store, 'Communication', []);
const requests = () => searchAll(herald.store, 'CommunicationRequest', []);

describe('contract 3: the caller’s key in a transaction', () => {
  const entries = (n: number, text?: string) => [
    post(numbered(numbers[1]), { fullUrl: urn(n), ifNoneExist: `identifier=${system.nhsNumber}|${numbers[1]}` }),
    post(keyed(urn(n), 'k-1', text === undefined ? {} : { payload: [{ contentString: text }] })),
  ];

  it('sent again, with links made anew, it is the same message', async () => {
    const first = await herald.transact(entries(1));
    const again = await herald.transact(entries(2));
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body.entry.map((one: BundleEntry) => one.response?.status)).toEqual(['200 OK', '200 OK']);
    expect(again.body.entry[1].resource.id).toBe(first.body.entry[1].resource.id);
    expect([herald.jobs().length, (await communications()).length]).toEqual([1, 1]);
  });

  it('with other content it is 409, and nothing of the transaction is kept', async () => {
    await herald.transact(entries(1));
    const before = herald.kept();
    const other = await herald.transact([...entries(2, 'Something else altogether.'), post(numbered(numbers[2]))]);
    expect([other.status, other.body.issue[0].code, herald.kept()]).toEqual([409, 'duplicate', before]);
    const somebodyElse = await herald.transact([
      post(numbered(numbers[3]), { fullUrl: urn(1) }),
      post(keyed(urn(1), 'k-1')),
    ]);
    expect([somebodyElse.status, herald.kept()]).toEqual([409, before]);
  });

  it('is the same as by an address of its own, both ways', async () => {
    await herald.as('epr', 'post', '/fhir/CommunicationRequest').send(keyed('Patient/ada'));
    expect((await herald.transact([post(keyed('Patient/ada'))])).body.entry[0].response.status).toBe('200 OK');
    await herald.transact([post(keyed('Patient/ada', 'k-2'))]);
    const single = await herald.as('epr', 'post', '/fhir/CommunicationRequest').send(keyed('Patient/ada', 'k-2'));
    expect([single.status, herald.jobs().length]).toEqual([200, 2]);
  });

  it('twice in one Bundle it is one message; with other content 409', async () => {
    const answer = await herald.transact([post(keyed('Patient/ada')), post(keyed('Patient/ada'))]);
    expect(answer.body.entry.map((one: BundleEntry) => one.response?.status)).toEqual(['201 Created', '200 OK']);
    expect(herald.jobs()).toHaveLength(1);
    const other = post(keyed('Patient/ada', 'k-2', { priority: 'urgent' }));
    expect((await herald.transact([post(keyed('Patient/ada', 'k-2')), other])).status).toBe(409);
    expect(herald.jobs()).toHaveLength(1);
  });

  it('at the same moment from several: one message', async () => {
    const single = herald.as('epr', 'post', '/fhir/CommunicationRequest').send(keyed('Patient/ada'));
    const answers = await Promise.all([
      herald.transact([post(keyed('Patient/ada')), post(numbered(numbers[1]))]),
      single,
      herald.transact([post(keyed('Patient/ada')), post(numbered(numbers[2]))]),
    ]);
    for (const one of answers) expect([200, 201]).toContain(one.status);
    expect([herald.jobs().length, (await communications()).length]).toEqual([1, 1]);
  });

  it('of one that was refused is free again', async () => {
    const consent = await herald.given({ ...anObjection('Patient/ada'), id: 'no-texts' });
    expect((await herald.transact([post(keyed('Patient/ada'))])).status).toBe(422);
    const { body } = await herald.transact([put({ ...consent, status: 'inactive' }), post(keyed('Patient/ada'))]);
    expect(body.entry[1].response.status).toBe('201 Created');
  });
});

describe('contract 2: a change of status in a transaction', () => {
  const stored = async (status: 'draft' | 'active') => {
    const { body } = await herald.transact([post(ask('Patient/ada', { status }))]);
    return body.entry[0].resource as CommunicationRequest & { id: string };
  };

  it('a draft is released on the facts that come with it', async () => {
    const draft = await stored('draft');
    const objected = await herald.transact([put({ ...draft, status: 'active' }), post(anObjection('Patient/ada'))]);
    expect([objected.status, reason(objected.body), herald.jobs()]).toEqual([422, 'objection', []]);
    expect(await requests()).toMatchObject([{ status: 'draft', meta: { versionId: '1' } }]);
    expect(await communications()).toMatchObject([
      { status: 'not-done', basedOn: [{ reference: `CommunicationRequest/${draft.id}` }] },
    ]);
    const released = await herald.transact([put({ ...draft, status: 'active' }, 'W/"1"'), post(numbered(numbers[1]))]);
    expect([released.status, herald.jobs()]).toEqual([200, [draft.id]]);
  });

  it('one that is taken back loses its job in the same commit, or keeps it with everything else', async () => {
    const request = await stored('active');
    const revoke = put({ ...request, status: 'revoked' });
    const failed = await herald.transact([revoke, post({ ...numbered(numbers[1]), birthDate: 'x' })]);
    expect([failed.status, herald.jobs()]).toEqual([400, [request.id]]);
    const done = await herald.transact([revoke, post(numbered(numbers[1]))]);
    expect([done.status, herald.jobs()]).toEqual([200, []]);
    expect(done.body.entry[0].resource.status).toBe('revoked');
  });

  it('one that may be with the provider is 409, and nothing of the transaction is kept', async () => {
    const own = await startRig({
      commitUnit: (commit) => async (unit) => {
        if (unit.jobs?.some((one) => one.kind === 'cancel')) throw new CallInHand();
        return commit(unit);
      },
    });
    await own.given({ ...numbered(numbers[0]), id: 'ada' });
    const { body } = await own.transact([post(ask('Patient/ada'))]);
    const before = own.kept();
    const revoked = { ...body.entry[0].resource, status: 'revoked' };
    const answer = await own.transact([post(numbered(numbers[1])), put(revoked)]);
    expect([answer.status, own.kept()]).toEqual([409, before]);
    own.close();
  });

  it.each([
    ['other content', { priority: 'urgent' }, undefined, 422],
    ['a version that is past', { status: 'revoked' }, 'W/"7"', 412],
  ])('%s is refused', async (_what, change, ifMatch, status) => {
    const request = await stored('active');
    const answer = await herald.transact([
      post(numbered(numbers[1])),
      put({ ...request, ...change } as never, ifMatch),
    ]);
    expect([answer.status, await searchAll(herald.store, 'Patient', [])]).toMatchObject([status, [{ id: 'ada' }]]);
  });

  it('an unknown one is 404', async () => {
    const answer = await herald.transact([put({ ...ask('Patient/ada'), id: 'none', status: 'revoked' })]);
    expect(answer.status).toBe(404);
  });
});
