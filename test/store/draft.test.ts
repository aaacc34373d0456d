import type { Consent, Patient, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { system } from '../../src/canonical.ts';
import { createDrafts } from '../../src/store/draft.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { type FhirStore, type SearchParams, StoreError, searchAll, type Write } from '../../src/store/fhir-store.ts';

const clock = { now: () => new Date('2026-06-01T09:00:00Z') };
const openDraft = createDrafts(clock);

const patient = (id: string, change: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  ...change,
});
const consent = (id: string, of: string, change: Partial<Consent> = {}): Consent & { id: string } => ({
  resourceType: 'Consent',
  id,
  status: 'active',
  scope: { text: 'x' },
  category: [{ coding: [{ system: 'urn:category', code: 'objection', display: 'Objection' }] }],
  patient: { reference: `Patient/${of}` },
  ...change,
});
const writes = (resources: readonly (Resource & { id: string })[]): Write[] =>
  resources.map((resource) => ({ op: 'update', resource }));

/** A store with `base` in it, and a draft of `pending` upon it. */
async function drafted(base: readonly (Resource & { id: string })[], pending: readonly (Resource & { id: string })[]) {
  const { store, close } = openEmbedded(':memory:', { clock });
  await store.commit(writes(base));
  const draft = openDraft(store);
  for (const write of writes(pending)) await draft.put([write]);
  return {
    base: store,
    draft,
    close: () => {
      draft.close();
      close();
    },
  };
}

describe('a draft shows what the store will hold', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const status = fc.constantFrom<Consent['status']>('active', 'proposed', 'inactive');
  const aPatient = fc
    .record({ id, family: fc.constantFrom('Ash', 'Beech'), number: fc.constantFrom('1', '2') })
    .map((one) =>
      patient(one.id, {
        name: [{ family: one.family }],
        identifier: [{ system: system.nhsNumber, value: one.number }],
        link: [{ type: 'seealso', other: { reference: `Patient/${one.id === 'a' ? 'b' : 'a'}` } }],
      }),
    );
  const aConsent = fc.record({ id, of: id, status }).map((one) => consent(one.id, one.of, { status: one.status }));
  const resources = fc.array(fc.oneof(aPatient, aConsent), { maxLength: 8 });
  const questions: readonly (readonly ['Patient' | 'Consent', SearchParams])[] = [
    ['Patient', [['identifier', `${system.nhsNumber}|1`]]],
    ['Patient', [['family', 'ash']]],
    ['Patient', [['link', 'Patient/a,Patient/b']]],
    ['Patient', [['name:contains', 'ee']]],
    ['Patient', [['_id', 'a,c']]],
    ['Patient', [['family:missing', 'true']]],
    ['Patient', []],
    [
      'Consent',
      [
        ['patient', 'Patient/a,Patient/b'],
        ['status', 'active,proposed'],
      ],
    ],
    ['Consent', [['status:not', 'active']]],
    ['Consent', [['category:text', 'obj']]],
    [
      'Consent',
      [['status', 'http://hl7.org/fhir/consent-state-codes|active,http://hl7.org/fhir/event-status|stopped']],
    ],
    ['Patient', [['_id:not', 'a,c']]],
    [
      'Consent',
      [
        ['category', 'urn:category|objection'],
        ['patient', 'Patient/c'],
        ['_count', '1'],
      ],
    ],
  ];

  it('OBJ-1: every search finds the same in the draft as once it is committed', async () => {
    await fc.assert(
      fc.asyncProperty(resources, resources, async (base, pending) => {
        const given = await drafted(base, pending);
        const { store: later, close } = openEmbedded(':memory:', { clock });
        await later.commit(writes([...base, ...pending]));
        const ids = async (store: FhirStore, [type, params]: (typeof questions)[number]) =>
          (await searchAll(store, type, params)).map((one) => one.id).sort();
        for (const question of questions) {
          expect([question, await ids(given.draft.store, question)]).toEqual([question, await ids(later, question)]);
        }
        for (const one of ['a', 'b', 'c', 'd']) {
          const { meta: _mine, ...seen } = (await given.draft.store.read('Consent', one)) ?? { meta: {} };
          const { meta: _later, ...stored } = (await later.read('Consent', one)) ?? { meta: {} };
          expect(seen).toEqual(stored);
        }
        given.close();
        close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it.each<[string, string, string]>([
    ['a chain', 'patient.family', 'Ash'],
    ['_has', '_has:Provenance:target:agent', 'x'],
    ['a chain of two', 'patient:Patient.link:Patient.family', 'Ash'],
    ['a chain to _has', 'patient:Patient._has:Consent:patient:status', 'active'],
    ['_include', '_include', 'Consent:patient'],
    ['_include:iterate', '_include:iterate', 'Consent:patient'],
    ['_revinclude', '_revinclude', 'Provenance:target'],
    ['_revinclude:iterate', '_revinclude:iterate', 'Provenance:target'],
    ['an order', '_sort', '_id'],
    ['an order of codes', '_sort', 'status'],
    ['a total', '_total', 'accurate'],
    ['a count', '_summary', 'count'],
  ])('%s over pending writes is unsupported, never an answer without them', async (_what, name, value) => {
    const given = await drafted([patient('a')], [patient('a', { name: [{ family: 'Ash' }] }), consent('c', 'a')]);
    const asked = given.draft.store.search('Consent', [[name, value]]);
    await expect(asked).rejects.toMatchObject({ name: 'StoreError', code: 'unsupported-search' });
    given.close();
  });

  it('earlier versions stay in the history, after the pending one', async () => {
    const given = await drafted([patient('a', { gender: 'male' })], [patient('a', { gender: 'female' })]);
    const { matches } = await given.draft.store.history('Patient', { id: 'a' });
    expect(matches.map((one) => one.gender)).toEqual(['female', 'male']);
    expect(await given.draft.store.vread('Patient', 'a', '1')).toMatchObject({ gender: 'male' });
    const all = given.draft.store.history('Patient', {});
    await expect(all).rejects.toMatchObject({ code: 'unsupported-search' });
    given.close();
  });

  it('nothing reaches the store, and nothing can be committed', async () => {
    const given = await drafted([], [patient('a')]);
    expect(await given.base.read('Patient', 'a')).toBeUndefined();
    await expect(given.draft.store.commit(writes([patient('b')]))).rejects.toBeInstanceOf(StoreError);
    expect(await given.base.read('Patient', 'b')).toBeUndefined();
    given.close();
  });
});
