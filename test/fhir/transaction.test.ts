import type { BundleEntry, Task } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../src/canonical.ts';
import { StoreError, searchAll } from '../../src/store/fhir-store.ts';
import { audited, PUBLIC_URL } from '../support/app.ts';
import {
  type BundleRig,
  expressions,
  flag,
  get,
  numbered,
  numbers,
  person,
  post,
  put,
  startRig,
  urn,
} from './bundle-rig.ts';

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
});
afterEach(() => herald.close());

describe('contract 2: a transaction that can be made', () => {
  it('answers each entry in its place with a versioned location, its tag and its time', async () => {
    const answer = await herald.transact([
      put({ ...numbered(numbers[0]), id: 'ada' }),
      post(numbered(numbers[1])),
      get('Patient/ada'),
    ]);
    expect([answer.status, answer.body.type]).toEqual([200, 'transaction-response']);
    const [updated, created, seen] = answer.body.entry;
    expect(updated.response).toMatchObject({
      status: '201 Created',
      location: `${PUBLIC_URL}/fhir/Patient/ada/_history/1`,
      etag: 'W/"1"',
      lastModified: expect.stringMatching(/^\d{4}-/),
    });
    expect(created.response.location).toBe(`${created.fullUrl}/_history/1`);
    expect(seen).toMatchObject({ resource: { id: 'ada' }, response: { status: '200 OK', etag: 'W/"1"' } });
  });

  it('what comes back is as Prefer says', async () => {
    const send = async (prefer: string) => {
      const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [post(numbered(undefined))] };
      const { body } = await herald.as('epr', 'post', '/fhir').set('Prefer', prefer).send(bundle);
      return Object.keys({ ...body.entry[0], ...body.entry[0].response }).filter((one) => /resource|outcome/.test(one));
    };
    expect(await send('return=representation')).toEqual(['resource']);
    expect(await send('return=minimal')).toEqual([]);
    expect(await send('return=OperationOutcome')).toEqual(['outcome']);
  });

  it('an empty one is answered empty', async () => {
    const answer = await herald.as('epr', 'post', '/fhir').send({ resourceType: 'Bundle', type: 'transaction' });
    expect([answer.status, answer.body]).toEqual([200, { resourceType: 'Bundle', type: 'transaction-response' }]);
  });

  it('takes 500 entries, all in one commit', async () => {
    const people = Array.from({ length: 250 }, (_, n) => post(numbered(undefined), { fullUrl: urn(n) }));
    const flags = people.map((_, n) => post(flag(urn(n))));
    const answer = await herald.transact([...flags, ...people]);
    expect([answer.status, answer.body.entry.length]).toEqual([200, 500]);
    expect(herald.kept()).toHaveLength(500);
  }, 60_000);

  it('more than 1000 entries are 413, and nothing is stored', async () => {
    const answer = await herald.transact(Array.from({ length: 1001 }, () => post(numbered(undefined))));
    expect([answer.status, answer.body.issue[0].code, herald.kept()]).toEqual([413, 'too-long', []]);
  });

  it('VER-3: of two records with one number the later makes one Task duplicate-record', async () => {
    const { body } = await herald.transact([post(numbered(numbers[0])), post(numbered(numbers[0]))]);
    const tasks = (await searchAll(herald.store, 'Task', [])) as Task[];
    expect(tasks.map((one) => one.focus?.reference)).toEqual([`Patient/${body.entry[1].resource.id}`]);
  });

  it('ACC-2: each write has its own audit, with the patient it is about', async () => {
    const { body } = await herald.transact([post(numbered(undefined), { fullUrl: urn(1) }), post(flag(urn(1)))]);
    const patient = `Patient/${body.entry[0].resource.id}`;
    const events = await audited(herald.store);
    const about = (one: (typeof events)[number]) => one.entity?.flatMap((entity) => entity.what?.reference ?? []);
    expect(events.map((one) => one.subtype?.[0]?.code)).toEqual(['create', 'create']);
    expect(events.map(about)).toEqual(
      expect.arrayContaining([
        [patient, patient],
        [patient, `Flag/${body.entry[1].resource.id}`],
      ]),
    );
  });
});

describe('contract 2: one entry that cannot be made, and nothing is', () => {
  const good = (n: number) => post(numbered(undefined), { fullUrl: urn(n) });
  const bad: Readonly<Record<string, readonly [entry: BundleEntry, status: number, expression: RegExp]>> = {
    'not R4': [post({ ...person(), birthDate: 'soon' }), 400, /\.resource\.birthDate$/],
    'a dangling reference': [post(flag('Patient/none')), 422, /\.resource\.subject$/],
    'a broken rule': [
      post({
        ...flag('Patient/none'),
        subject: { identifier: { system: system.nhsNumber, value: '9990000019' } },
      }),
      422,
      /\.resource\.subject$/,
    ],
    'a type that is not kept': [
      post({ resourceType: 'Observation', status: 'final', code: { text: 'x' } }),
      404,
      /\.request\.url$/,
    ],
    'a resource of another type': [
      { resource: person(), request: { method: 'POST', url: 'Flag' } },
      400,
      /\.resource\.resourceType$/,
    ],
    'an id of another resource': [
      { resource: { ...person(), id: 'b' }, request: { method: 'PUT', url: 'Patient/a' } },
      400,
      /\.resource\.id$/,
    ],
    'no request': [{ resource: person() }, 400, /\.request$/],
    'no resource': [{ request: { method: 'POST', url: 'Patient' } }, 400, /\.resource$/],
    'a DELETE': [{ request: { method: 'DELETE', url: 'Patient/ada' } }, 405, /\.request\.method$/],
    'a PATCH': [{ request: { method: 'PATCH', url: 'Patient/ada' } }, 405, /\.request\.method$/],
    'a type that the role may not write': [
      post({ resourceType: 'Endpoint', status: 'off', connectionType: {}, payloadType: [{}], address: 'urn:x' }),
      403,
      /^Bundle\.entry\[\d\]$/,
    ],
    'a Provenance': [post({ resourceType: 'Provenance', target: [], recorded: '', agent: [] }), 403, /\.request$/],
    'an AuditEvent': [put({ resourceType: 'AuditEvent', id: 'a' } as never), 403, /\.request$/],
    'a read of nothing': [get('Patient/none'), 404, /^Bundle\.entry\[\d\]$/],
    'a search that is not known': [get('Patient?shoe-size=9'), 400, /^Bundle\.entry\[\d\]$/],
    'an operation': [
      { resource: { resourceType: 'Parameters' }, request: { method: 'POST', url: 'CommunicationRequest/$evaluate' } },
      422,
      /^Bundle\.entry\[\d\]$/,
    ],
    'a Communication': [post({ resourceType: 'Communication', status: 'completed' }), 422, /^Bundle\.entry\[\d\]/],
    'a condition of no search': [post(person(), { ifNoneExist: 'shoe-size=9' }), 400, /^Bundle\.entry\[\d\]$/],
  };
  const cases = Object.entries(bad).flatMap(([name, [entry, status, at]]) =>
    [0, 1, 2].map((position) => ({ name, entry, status, at, position })),
  );

  it.each(cases)('$name in place $position: $status', async ({ entry, status, at, position }) => {
    const entries = [good(1), good(2)];
    entries.splice(position, 0, entry);
    const answer = await herald.transact(entries);
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome']);
    expect(expressions(answer.body).some((one) => at.test(one) && one.includes(`[${position}]`))).toBe(true);
    expect(herald.kept()).toEqual([]);
  });

  it('every fault is told at once, each with its place', async () => {
    const answer = await herald.transact([
      post({ ...person(), birthDate: 'soon' }),
      good(1),
      post({ ...person(), gender: 'neither' as never }),
    ]);
    expect(answer.status).toBe(400);
    expect(expressions(answer.body)).toEqual(['Bundle.entry[0].resource.birthDate', 'Bundle.entry[2].resource.gender']);
  });

  it.each([
    ['the same fullUrl twice', () => [good(1), good(1)]],
    ['the same resource twice', () => [put({ ...person(), id: 'ada' }), put({ ...person(), id: 'ada' })]],
  ])('%s is 400', async (_what, entries) => {
    expect([(await herald.transact(entries())).status, herald.kept()]).toEqual([400, []]);
  });

  it('ACC-2: each entry that the role may not have is audited, and nothing else is stored', async () => {
    const device = { resourceType: 'Device' as const, id: 'd1' };
    const answer = await herald.transact([put(device), put({ ...person(), id: 'ada' })], 'ig');
    expect(answer.status).toBe(403);
    const events = await audited(herald.store);
    expect(events.map((one) => one.subtype?.[0]?.code)).toEqual(['110127', '110127']);
    expect(events.map((one) => one.entity?.[0]?.what?.reference).sort()).toEqual(['Device/d1', 'Patient/ada']);
    expect(herald.kept()).toEqual([]);
  });

  it.each([
    ['an array of no objects', { resourceType: 'Bundle', type: 'transaction', entry: [1] }],
    ['another type', { resourceType: 'Bundle', type: 'collection' }],
    ['no Bundle', { resourceType: 'Patient' }],
    ['no resource', []],
  ])('%s is 400', async (_what, body) => {
    expect((await herald.as('epr', 'post', '/fhir').send(body)).status).toBe(400);
  });

  it.each(['unavailable', 'rejected', 'conflict'] as const)(
    'a store that says %s: nothing, and no 500',
    async (code) => {
      const own = await startRig({
        commitUnit: () => async () => {
          throw new StoreError(code, 'as the test says');
        },
      });
      const answer = await own.transact([post(person()), post(person())]);
      expect([answer.status, own.kept()]).toEqual([{ unavailable: 503, rejected: 422, conflict: 409 }[code], []]);
      expect(answer.headers['retry-after']).toBe(code === 'unavailable' ? '5' : undefined);
      own.close();
    },
  );
});

describe('wholly or not at all', () => {
  /** An entry and whether it can be made, whatever stands beside it. */
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ make: () => post(numbered(undefined)), good: true }) },
    {
      weight: 4,
      arbitrary: fc.nat(4).map((n) => ({ make: () => put({ ...numbered(undefined), id: `p-${n}` }), good: true })),
    },
    { weight: 3, arbitrary: fc.constant({ make: () => post(flag('Patient/there')), good: true }) },
    { weight: 1, arbitrary: fc.constant({ make: () => post(flag('Patient/nowhere')), good: false }) },
    { weight: 1, arbitrary: fc.constant({ make: () => post({ ...person(), birthDate: 'x' }), good: false }) },
    { weight: 1, arbitrary: fc.constant({ make: () => put({ ...person(), id: 'there' }, 'W/"9"'), good: false }) },
    { weight: 1, arbitrary: fc.constant({ make: () => get('Patient/nowhere'), good: false }) },
  );

  it('a random transaction leaves all of its writes or none', async () => {
    await herald.given({ ...numbered(undefined), id: 'there' });
    let [made, failed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        const entries = pieces.map((one) => one.make());
        const targets = entries.flatMap((one) => (one.request?.method === 'PUT' ? [one.request.url] : []));
        const good = pieces.every((one) => one.good) && new Set(targets).size === targets.length;
        const before = { kept: herald.kept(), versions: herald.versions() };
        const answer = await herald.transact(entries);
        expect(answer.status === 200).toBe(good);
        if (good) {
          made += 1;
          // Each write with its audit, and nothing besides.
          expect(herald.versions()).toBe(before.versions + 2 * entries.length);
          for (const one of answer.body.entry) expect(one.response.status).toMatch(/^20[01] /);
        } else {
          failed += 1;
          expect(herald.kept()).toEqual(before.kept);
          expect(herald.versions()).toBe(before.versions);
        }
      }),
      { numRuns: 60 },
    );
    expect([made > 5, failed > 5]).toEqual([true, true]);
  }, 60_000);
});
