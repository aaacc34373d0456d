import type { Consent, Provenance } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { structureDefinition } from '../../src/canonical.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { aPatient, startApp, type TestApp } from '../support/app.ts';
import { anObjection } from '../support/people.ts';
import { type BundleRig, numbers, post, put, startRig } from './bundle-rig.ts';

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
  await herald.given({ ...aPatient(), id: 'ada' });
});
afterEach(() => herald.close());

const clerk = `Practitioner/${demoStaff.epr.id}`;
const guardian = `Practitioner/${demoStaff.ig.id}`;
const recordedBy = (...references: string[]): Consent => {
  const consent = anObjection('Patient/ada');
  const named = references.map((reference) => ({
    url: structureDefinition('recorded-by'),
    valueReference: { reference },
  }));
  const others = (consent.extension ?? []).filter((one) => one.url !== structureDefinition('recorded-by'));
  return { ...consent, extension: [...others, ...named] };
};
const written = async (): Promise<Provenance[]> => {
  const found = await searchAll(herald.store, 'Provenance', []);
  return [...found].sort((a, b) => (a.id < b.id ? -1 : 1));
};
const agents = (one: Provenance | undefined) =>
  one?.agent.map((agent) => [agent.type?.coding?.[0]?.code, agent.who.reference ?? agent.who.identifier?.value]);

describe('contract 6: who recorded a Consent', () => {
  it('is in the Provenance of each version: the person of the token', async () => {
    const { body } = await herald.as('epr', 'post', '/fhir/Consent').send(recordedBy());
    await herald.as('ig', 'put', `/fhir/Consent/${body.id}`).send({ ...body, status: 'inactive' });
    const [first, second, third] = await written();
    expect(third).toBeUndefined();
    expect(first).toMatchObject({
      target: expect.arrayContaining([{ reference: `Consent/${body.id}/_history/1` }]),
      activity: { coding: [{ code: 'CREATE' }] },
    });
    expect(agents(first)).toEqual([
      ['author', clerk],
      ['assembler', 'herald'],
    ]);
    expect(second).toMatchObject({
      target: expect.arrayContaining([{ reference: `Consent/${body.id}/_history/2` }]),
      activity: { coding: [{ code: 'UPDATE' }] },
    });
    expect(agents(second)?.[0]).toEqual(['author', guardian]);
  });

  it('contract 10: recorded-by speaks for the person it names, and the token’s person is put beside', async () => {
    await herald.as('epr', 'post', '/fhir/Consent').send(recordedBy(guardian));
    expect(agents((await written())[0])).toEqual([
      ['author', guardian],
      ['enterer', clerk],
      ['assembler', 'herald'],
    ]);
  });

  it('is found by the Consent, whatever its version', async () => {
    const { body } = await herald.as('epr', 'post', '/fhir/Consent').send(recordedBy());
    await herald.as('epr', 'put', `/fhir/Consent/${body.id}`).send({ ...body, status: 'inactive' });
    const found = await herald.as('epr', 'get', `/fhir/Provenance?target=Consent/${body.id}`);
    expect(found.body.entry).toHaveLength(2);
  });

  it('one that is made by an update has its first version in it', async () => {
    await herald.as('epr', 'put', '/fhir/Consent/no-texts').send({ ...recordedBy(), id: 'no-texts' });
    expect((await written())[0]?.target[0]?.reference).toBe('Consent/no-texts/_history/1');
  });

  it('each of several updates at once has the version that it made', async () => {
    const { body } = await herald.as('epr', 'post', '/fhir/Consent').send(recordedBy());
    const change = () => herald.as('epr', 'put', `/fhir/Consent/${body.id}`).send(body);
    const answers = await Promise.all([change(), change(), change()]);
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200]);
    const targets = (await written()).map((one) => one.target[0]?.reference);
    expect(targets.sort()).toEqual([1, 2, 3, 4].map((n) => `Consent/${body.id}/_history/${n}`));
  });

  it('is written by a transaction and a batch too, and is gone with a transaction that fails', async () => {
    const { body } = await herald.transact([post(recordedBy(guardian))]);
    const id = body.entry[0].resource.id;
    await herald.batch([put({ ...recordedBy(), id })]);
    const targets = (await written()).map((one) => one.target[0]?.reference);
    expect(targets).toEqual([`Consent/${id}/_history/1`, `Consent/${id}/_history/2`]);
    await herald.transact([post(recordedBy()), post({ ...aPatient(), birthDate: 'x' })]);
    expect(await written()).toHaveLength(2);
  });

  it('what is stored already by its condition is not recorded again', async () => {
    const identifier = [{ system: 'https://epr.example.org/consent', value: numbers[0] ?? '' }];
    const send = () =>
      herald
        .as('epr', 'post', '/fhir/Consent')
        .set('If-None-Exist', `identifier=https://epr.example.org/consent|${numbers[0]}`)
        .send({ ...recordedBy(), identifier });
    expect([(await send()).status, (await send()).status]).toEqual([201, 200]);
    expect(await written()).toHaveLength(1);
  });

  it.each([
    ['nobody who is there', recordedBy('Practitioner/none')],
    ['no member of staff', recordedBy('Patient/ada')],
    ['two', recordedBy(clerk, guardian)],
  ])('recorded-by that names %s is 422', async (_what, consent) => {
    const answer = await herald.as('epr', 'post', '/fhir/Consent').send(consent);
    expect([answer.status, await written()]).toEqual([422, []]);
  });

  it('only a Consent has one: other writes have their audit', async () => {
    await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
    expect(await written()).toEqual([]);
  });
});

describe('ACC-1: a token that names nobody', () => {
  let nobody: TestApp;
  beforeEach(async () => {
    nobody = startApp({ auth: async (_header, requestId) => ({ client: 'epr', role: 'epr', requestId }) });
    await nobody.given({ ...aPatient(), id: 'ada' });
    await nobody.given({ resourceType: 'Practitioner', id: demoStaff.ig.id });
  });
  afterEach(() => nobody.close());

  it('records a Consent only with recorded-by', async () => {
    const without = await nobody.as('epr', 'post', '/fhir/Consent').send(recordedBy());
    expect([without.status, without.body.issue[0].expression]).toEqual([422, ['Consent.extension']]);
    expect((await nobody.as('epr', 'post', '/fhir/Consent').send(recordedBy(guardian))).status).toBe(201);
    const [made] = await searchAll(nobody.store, 'Provenance', []);
    expect(agents(made)).toEqual([
      ['author', guardian],
      ['assembler', 'herald'],
    ]);
  });
});
