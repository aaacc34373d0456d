import type { CommunicationRequest, Consent, Patient } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { codeSystem, system } from '../../../src/canonical.ts';
import { createLog } from '../../../src/log.ts';
import { defaultPolicy } from '../../../src/policy-file.ts';
import { gatherFacts } from '../../../src/send/gather.ts';
import { openDatabase } from '../../../src/store/database.ts';
import {
  type FhirStore,
  type SearchParams,
  type Stored,
  searchAll,
  type Write,
} from '../../../src/store/fhir-store.ts';
import { withRecent } from '../../../src/store/remote/recent.ts';
import { SqliteFhirStore } from '../../../src/store/sqlite-store.ts';
import { create, update } from '../../contract/fhir-store-parts.ts';
import { filesUnder, textOf } from '../../meta/tree.ts';
import { aRequest } from '../../support/herald.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const one of closing.splice(0)) one();
});

const log = createLog({ level: 'silent' });

/** A server whose searches know nothing of a write until `index` is called. */
function laggingServer() {
  let time = Date.parse('2026-06-01T09:00:00Z');
  const clock = { now: () => new Date(time) };
  const [now, then] = [openDatabase(':memory:'), openDatabase(':memory:')];
  const current = new SqliteFhirStore(now, { clock });
  const indexed = new SqliteFhirStore(then, { clock });
  const waiting = new Map<string, Write['resource']>();
  const asked: { type: string; params: SearchParams }[] = [];
  const base: FhirStore = {
    read: (type, id) => current.read(type, id),
    vread: (type, id, versionId) => current.vread(type, id, versionId),
    history: (type, options) => current.history(type, options),
    async search(type, params, cursor) {
      asked.push({ type, params });
      const page = await indexed.search(type, params, cursor);
      const matches = await Promise.all(page.matches.map((one) => versionOf(current, one)));
      return { ...page, matches: matches as never };
    },
    async commit(writes) {
      const results = await current.commit(writes);
      for (const { resource } of results) waiting.set(`${resource.resourceType}/${resource.id}`, resource);
      return results;
    },
    redact: (type, id, rewrite) => current.redact(type, id, rewrite),
    ping: () => current.ping(),
  };
  const store = withRecent(base, { clock, log, monotonic: () => time, lagMs: 30_000 });
  closing.push(() => {
    store.close();
    now.close();
    then.close();
  });
  return {
    base,
    current,
    store,
    clock,
    asked,
    pass: (ms: number) => {
      time += ms;
    },
    async index() {
      const resources = [...waiting.values()];
      waiting.clear();
      await indexed.commit(resources.map((resource) => ({ op: 'update', resource: withVersion(resource) })));
    },
  };
}

/** The index remembers which version it has, in a tag that nobody else sees. */
const withVersion = (resource: Write['resource']): Write['resource'] => ({
  ...resource,
  meta: { ...resource.meta, source: resource.meta?.versionId ?? '' },
});

async function versionOf(current: FhirStore, found: Stored): Promise<Stored> {
  const version = await current.vread(found.resourceType, found.id, found.meta.source ?? '');
  if (version === undefined) throw new Error('a version that never was');
  return version;
}

const patient = (id: string, parts: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  ...parts,
});
const objection = (id: string, of: string, parts: Partial<Consent> = {}): Consent & { id: string } => ({
  resourceType: 'Consent',
  id,
  status: 'active',
  scope: { text: 'x' },
  category: [
    { coding: [{ system: codeSystem('consent-category'), code: 'messaging-objection' }] },
    { coding: [{ system: codeSystem('objection-scope'), code: 'all-messages' }] },
  ],
  patient: { reference: `Patient/${of}` },
  ...parts,
});
const ids = async (store: FhirStore, type: 'Patient' | 'Consent' | 'Communication', params: SearchParams) =>
  (await searchAll(store, type, params)).map((one) => one.id).sort();

const number = (value: string) => [{ system: system.nhsNumber, value }];

describe('section 4: a search knows what was just written', () => {
  it('something new is found', async () => {
    const { store } = laggingServer();
    await store.commit([create(patient('a', { identifier: number('9990000018') }))]);
    expect(await ids(store, 'Patient', [['identifier', `${system.nhsNumber}|9990000018`]])).toEqual(['a']);
    expect(await ids(store, 'Patient', [['identifier', `${system.nhsNumber}|9990000026`]])).toEqual([]);
  });

  it('what changed is judged by what it is now', async () => {
    const { store, index } = laggingServer();
    await store.commit([create(objection('o', 'a'))]);
    await index();
    await store.commit([update(objection('o', 'a', { status: 'inactive' }))]);
    expect(await ids(store, 'Consent', [['status', 'active']])).toEqual([]);
    expect(await ids(store, 'Consent', [['status', 'inactive']])).toEqual(['o']);
    await store.commit([update(objection('o', 'b', { status: 'active' }))]);
    expect(await ids(store, 'Consent', [['patient', 'Patient/a']])).toEqual([]);
    const [found] = await searchAll(store, 'Consent', [['patient', 'Patient/b']]);
    expect(found?.meta.versionId).toBe('3');
  });

  it('a newer version that the server has counts before ours', async () => {
    const { store, base, index } = laggingServer();
    await store.commit([create(objection('o', 'a'))]);
    await base.commit([update(objection('o', 'a', { status: 'proposed' }))]);
    await index();
    const [found, ...others] = await searchAll(store, 'Consent', [['patient', 'Patient/a']]);
    expect([found?.status, others]).toEqual(['proposed', []]);
  });

  it('a read by id is the server’s', async () => {
    const { store, base } = laggingServer();
    await store.commit([create(patient('a', { gender: 'male' }))]);
    await base.commit([update(patient('a', { gender: 'female' }))]);
    expect(await store.read('Patient', 'a')).toMatchObject({ gender: 'female' });
    expect((await store.history('Patient', { id: 'a' })).matches).toHaveLength(2);
    expect(await store.vread('Patient', 'a', '1')).toMatchObject({ gender: 'male' });
  });

  it('what was written by another way can be told', async () => {
    const { store, base } = laggingServer();
    const results = await base.commit([create(patient('a', { gender: 'male' }))]);
    store.remember(results.map((one) => one.resource));
    expect(await ids(store, 'Patient', [['gender', 'male']])).toEqual(['a']);
  });

  it('news that come late do not take the place of later ones', async () => {
    const { store, base } = laggingServer();
    const first = await base.commit([create(patient('a', { gender: 'male' }))]);
    await store.commit([update(patient('a', { gender: 'female' }))]);
    store.remember(first.map((one) => one.resource));
    expect(await ids(store, 'Patient', [['gender', 'female']])).toEqual(['a']);
  });

  it('after the time that an index may take, the server is believed', async () => {
    const { store, pass } = laggingServer();
    await store.commit([create(patient('a', { gender: 'male' }))]);
    pass(30_000);
    expect(await ids(store, 'Patient', [['gender', 'male']])).toEqual(['a']);
    pass(1);
    expect(await ids(store, 'Patient', [['gender', 'male']])).toEqual([]);
  });

  it('the time of a version is the server’s', async () => {
    const { store, pass } = laggingServer();
    await store.commit([create(patient('a'))]);
    pass(20_000);
    expect(await ids(store, 'Patient', [['_lastUpdated', 'le2026-06-01T09:00:00Z']])).toEqual(['a']);
    expect(await ids(store, 'Patient', [['_lastUpdated', 'gt2026-06-01T09:00:01Z']])).toEqual([]);
  });

  it.each<[string, SearchParams]>([
    ['a chain', [['patient.family', 'Ash']]],
    ['_has', [['_has:Provenance:target:agent', 'x']]],
    ['an include', [['_include', 'Consent:patient']]],
    ['an order', [['_sort', '_id']]],
    ['a count', [['_summary', 'count']]],
    ['a total', [['_total', 'accurate']]],
  ])('%s finds what the server finds', async (_what, params) => {
    const { store, base, asked } = laggingServer();
    await store.commit([create(objection('o', 'a'))]);
    expect(await store.search('Consent', params)).toEqual(await base.search('Consent', params));
    expect(asked[0]?.params).toEqual(params);
  });

  it('a condition of a create knows it as well', async () => {
    const { store } = laggingServer();
    const unless: SearchParams = [['identifier', 'urn:key|1']];
    const one = (id: string): Write => ({
      op: 'create',
      resource: patient(id, { identifier: [{ system: 'urn:key', value: '1' }] }),
      unless,
    });
    expect(await store.commit([one('a')])).toMatchObject([{ outcome: 'created' }]);
    expect(await store.commit([one('b')])).toMatchObject([{ outcome: 'existing', resource: { id: 'a' } }]);
  });
});

describe('pages', () => {
  const many = (count: number): Write[] =>
    Array.from({ length: count }, (_, at) => create(patient(`p-${String(at).padStart(2, '0')}`, { gender: 'male' })));

  it.each([1, 2, 3, 5, 7, 100])('of %i hold each match once, and no more than asked for', async (count) => {
    const { store, index, pass } = laggingServer();
    await store.commit(many(6));
    await index();
    pass(60_000);
    await store.commit([
      update(patient('p-01', { gender: 'female' })),
      update(patient('p-02', { gender: 'male', active: true })),
      create(patient('q-1', { gender: 'male' })),
      create(patient('q-2', { gender: 'male' })),
    ]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.search(
        'Patient',
        [
          ['gender', 'male'],
          ['_count', String(count)],
        ],
        cursor,
      );
      expect(page.matches.length).toBeLessThanOrEqual(count);
      seen.push(...page.matches.map((one) => one.id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(['p-00', 'p-02', 'p-03', 'p-04', 'p-05', 'q-1', 'q-2']);
  });

  it('can be asked for again, for the same question alone', async () => {
    const { store } = laggingServer();
    await store.commit(many(5));
    const params: SearchParams = [
      ['gender', 'male'],
      ['_count', '2'],
    ];
    const { next } = await store.search('Patient', params);
    const again = [await store.search('Patient', params, next), await store.search('Patient', params, next)];
    expect(again[0]).toEqual(again[1]);
    await expect(
      store.search(
        'Patient',
        [
          ['gender', 'female'],
          ['_count', '2'],
        ],
        next,
      ),
    ).rejects.toMatchObject({
      code: 'unsupported-search',
    });
  });

  it('of a walk that is no longer known have expired', async () => {
    const { store } = laggingServer();
    await store.commit(many(3));
    const params: SearchParams = [
      ['gender', 'male'],
      ['_count', '2'],
    ];
    const { next = '' } = await store.search('Patient', params);
    const unknown = next.replace(/^[^.]+/, crypto.randomUUID());
    await expect(store.search('Patient', params, unknown)).rejects.toMatchObject({ code: 'unsupported-search' });
  });
});

describe('what Herald decides by', () => {
  const deps = (server: ReturnType<typeof laggingServer>) => ({
    store: server.store,
    clock: server.clock,
    policy: defaultPolicy,
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
    providerChannels: ['sms', 'email'] as const,
    findTemplate: async () => ({ kind: 'none' as const }),
    fingerprint: () => undefined,
  });
  const person = (id: string, value: string, parts: Partial<Patient> = {}) =>
    patient(id, {
      identifier: [{ system: system.nhsNumber, value }],
      name: [{ family: 'Ash' }],
      birthDate: '1980-05-05',
      ...parts,
    });

  it('OBJ-1, VER-3: is found at once, and forgotten at once, on a server that indexes later', async () => {
    const server = laggingServer();
    const { store } = server;
    await store.commit([create(person('a', '9990000018')), create(person('b', '9990000026'))]);
    await store.commit([create(objection('o', 'a'))]);
    const facts = () =>
      gatherFacts(aRequest('appointment-reminder', 'Patient/a') as CommunicationRequest, deps(server));
    expect((await facts()).objections).toMatchObject({ known: true, value: [{ reference: 'Consent/o' }] });
    await store.commit([update(objection('o', 'a', { status: 'inactive' }))]);
    expect((await facts()).objections).toMatchObject({ known: true, value: [] });
    // An objection on a record that was linked a moment ago counts, too.
    await store.commit([
      update(person('b', '9990000026', { link: [{ type: 'seealso', other: { reference: 'Patient/a' } }] })),
    ]);
    await store.commit([create(objection('o-2', 'b'))]);
    expect((await facts()).objections).toMatchObject({ known: true, value: [{ reference: 'Consent/o-2' }] });
    expect((await facts()).subject).toMatchObject({ value: { patient: { numberShared: false } } });
    await store.commit([create(person('c', '9990000018'))]);
    expect((await facts()).subject).toMatchObject({ value: { patient: { numberShared: true } } });
  });

  it('is asked by parameters that speak of each match by itself', async () => {
    const server = laggingServer();
    await server.store.commit([create(person('a', '9990000018'))]);
    await server.index();
    server.asked.length = 0;
    const request = aRequest('appointment-reminder', 'Patient/a', {
      subject: { identifier: { system: system.nhsNumber, value: '9990000018' } },
      recipient: [{ identifier: { system: system.nhsNumber, value: '9990000034' } }],
    });
    await gatherFacts(request, deps(server));
    expect(server.asked.length).toBeGreaterThan(4);
    const names = server.asked.flatMap((one) => one.params.map(([name]) => name));
    expect(names.filter((name) => /\.|^_(has|include|revinclude|sort|summary|total)/.test(name))).toEqual([]);
  });

  it('nor does any other step of the work ask for more', () => {
    const asking = filesUnder('src/send').filter((path) =>
      /['"`]_(has:|include|revinclude|sort|summary|total)/.test(textOf(path)),
    );
    expect(asking).toEqual([]);
  });

  it('finds the same as a server that indexes at once, whatever is written and when it is indexed', async () => {
    const id = fc.constantFrom('a', 'b', 'c');
    const resources = fc.oneof(
      fc
        .record({ id, family: fc.constantFrom('Ash', 'Beech'), value: fc.constantFrom('1', '2') })
        .map((one) => patient(one.id, { name: [{ family: one.family }], identifier: number(one.value) })),
      fc
        .record({ id, of: id, status: fc.constantFrom<Consent['status']>('active', 'proposed', 'inactive') })
        .map((one) => objection(one.id, one.of, { status: one.status })),
    );
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: resources.map((resource) => ({ kind: 'write' as const, resource: resource as Write['resource'] })),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'index' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'pass' as const }) },
    );
    const questions: readonly (readonly ['Patient' | 'Consent', SearchParams])[] = [
      ['Patient', [['identifier', `${system.nhsNumber}|1`]]],
      ['Patient', [['family', 'ash']]],
      ['Patient', [['identifier:not', `${system.nhsNumber}|1`]]],
      ['Patient', []],
      [
        'Consent',
        [
          ['patient', 'Patient/a,Patient/b'],
          ['status', 'active,proposed'],
          ['_count', '1'],
        ],
      ],
      ['Consent', [['status:not', 'active']]],
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const server = laggingServer();
        for (const one of steps) {
          if (one.kind === 'write') await server.store.commit([update(one.resource)]);
          else if (one.kind === 'index') await server.index();
          else server.pass(1_000);
        }
        for (const [type, params] of questions) {
          expect([type, params, await ids(server.store, type, params)]).toEqual([
            type,
            params,
            await ids(server.current, type, params),
          ]);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
