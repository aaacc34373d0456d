import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent, Bundle, Consent, List, Patient, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, identifierSystem } from '../../src/canonical.ts';
import { systemClock } from '../../src/clock.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { type Stub, startStub } from '../servers/stub/stub.ts';
import { startApp } from '../support/app.ts';
import { anObjection } from '../support/people.ts';
import { faultsOf, r4 } from '../validate/support.ts';
import { given, probeOf, run } from './support.ts';

type Given = Resource & { id: string };
const mobile = { system: 'phone', value: '07700 900123', use: 'mobile' } as const;
const home = { line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' };
const patient = (id: string, change: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  name: [{ family: 'Example', given: ['Robin'] }],
  ...change,
});
const objecting = (id: string, to: string, change: Partial<Consent> = {}): Consent & { id: string } => ({
  ...anObjection(`Patient/${to}`),
  id,
  ...change,
});
const everything = {
  category: [
    { coding: [{ system: codeSystem('consent-category'), code: 'messaging-objection' }] },
    { coding: [{ system: codeSystem('objection-scope'), code: 'all-messages' }] },
  ],
  provision: { type: 'deny' as const },
};
const kind = {
  provision: {
    type: 'deny' as const,
    action: [{ coding: [{ system: codeSystem('channel'), code: 'all' }] }],
    code: [{ coding: [{ system: codeSystem('message-type'), code: 'check-in' }] }],
  },
};

/** Who is there, and whom the report names. */
const people: readonly Given[] = [
  patient('texted', { telecom: [mobile] }),
  patient('mailed', { telecom: [{ system: 'email', value: 'maya@example.org' }] }),
  patient('letter-only', { address: [home] }),
  patient('nothing'),
  patient('landline', { telecom: [{ system: 'phone', value: '0113 496 0123' }], address: [home] }),
  patient('old-number', { telecom: [{ ...mobile, use: 'old' }] }),
  patient('objector', { telecom: [mobile], address: [home] }),
  objecting('objector-no-texts', 'objector'),
  patient('objector-with-email', { telecom: [mobile, { system: 'email', value: 'sam@example.org' }] }),
  objecting('objector-2', 'objector-with-email'),
  patient('kind-objector', { telecom: [mobile] }),
  objecting('objector-3', 'kind-objector', kind),
  patient('to-everything', { telecom: [mobile], address: [home] }),
  objecting('objector-4', 'to-everything', everything),
  patient('withdrawn', { telecom: [mobile] }),
  objecting('objector-5', 'withdrawn', { status: 'inactive' }),
  patient('objected-once', { telecom: [mobile] }),
  objecting('objector-7', 'objected-once', {
    provision: { ...anObjection('').provision, period: { start: '2024-01-01', end: '2024-12-31' } },
  }),
  patient('spoken-for', { telecom: [mobile] }),
  objecting('objector-8', 'spoken-for', {
    ...everything,
    performer: [{ reference: 'RelatedPerson/son' }],
    provision: {
      type: 'deny',
      actor: [
        {
          role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
          reference: { reference: 'RelatedPerson/son' },
        },
      ],
    },
  }),
  patient('dead', { deceasedBoolean: true }),
  patient('out-of-use', { active: false }),
  patient('replaced', { link: [{ type: 'replaced-by', other: { reference: 'Patient/survivor' } }] }),
  patient('survivor', { telecom: [mobile] }),
  objecting('objector-6', 'replaced'),
];
const expected = ['landline', 'letter-only', 'nothing', 'objector', 'old-number', 'survivor', 'to-everything'];
const byLetter = ['landline', 'letter-only', 'objector'];

const dirs: string[] = [];
function filled(resources: readonly Given[] = people): NodeJS.ProcessEnv {
  const dir = mkdtempSync(join(tmpdir(), 'herald-unreachable-'));
  dirs.push(dir);
  const { store, close } = openEmbedded(join(dir, 'herald.sqlite'), { clock: systemClock });
  pending.push(store.commit(resources.map((resource) => ({ op: 'create', resource }))).finally(close));
  return { HERALD_DATA_DIR: dir };
}
const pending: Promise<unknown>[] = [];
const ready = async (resources?: readonly Given[]): Promise<NodeJS.ProcessEnv> => {
  const env = filled(resources);
  await Promise.all(pending.splice(0));
  return env;
};
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});
const idsIn = (out: string): string[] =>
  (JSON.parse(out).people as { patient: string }[]).map((one) => one.patient.slice('Patient/'.length)).sort();

describe('TWO-7: npx herald unreachable', () => {
  it('names whom no digital channel reaches, why, and whether a letter does', async () => {
    const { code, out, err } = await run(['unreachable', '--json'], await ready());
    expect([code, err]).toEqual([0, '']);
    expect(idsIn(out)).toEqual(expected);
    const found = JSON.parse(out).people as { patient: string; sms: string; email: string; letter: boolean }[];
    const of = (id: string) => found.find((one) => one.patient === `Patient/${id}`);
    expect(of('objector')).toEqual({
      patient: 'Patient/objector',
      ...{ sms: 'objection', email: 'no-contact', nhsapp: 'channel-not-approved', letter: true },
    });
    expect(
      found
        .filter((one) => one.letter)
        .map((one) => one.patient.slice('Patient/'.length))
        .sort(),
    ).toEqual(byLetter);
  });

  it('prints a table without names or details', async () => {
    const { out } = await run(['unreachable'], await ready());
    expect(out).toMatch(/^Patient\/landline +no usable detail +no usable detail +not in use +reaches them$/m);
    expect(out.split('\n').at(-1)).toBe('7 without a digital channel; a letter reaches 3 of them.');
    expect(out).not.toMatch(/Example|Robin|7700|Leeds/);
    expect((await run(['unreachable'], await ready([patient('a', { telecom: [mobile] })]))).out).toBe(
      'A digital channel reaches everybody.',
    );
  });

  it('ACC-2: leaves a trace of who looked, and of whom, even where nobody is found', async () => {
    const staff: Given = { resourceType: 'Practitioner', id: 'helen', name: [{ family: 'Okafor' }] };
    const env = await ready([staff, ...people]);
    await run(['unreachable', '--as', 'Practitioner/helen'], env);
    const { store, close } = openEmbedded(join(String(env.HERALD_DATA_DIR), 'herald.sqlite'), { clock: systemClock });
    const { matches } = await store.search('AuditEvent', [['patient', 'Patient/nothing']]);
    close();
    const [event] = matches as AuditEvent[];
    expect(event?.agent.map((one) => one.who?.reference ?? one.who?.identifier?.value)).toContain('Practitioner/helen');
    expect(event?.entity?.flatMap((one) => one.what?.reference ?? []).sort()).toEqual(
      expected.map((one) => `Patient/${one}`),
    );
  });

  it('refuses a name of somebody who is not on record', async () => {
    const { code, err } = await run(['unreachable', '--as', 'Practitioner/nobody'], await ready());
    expect([code, err]).toEqual([1, '--as: there is no such Practitioner in use. Give one who is on record.']);
    expect((await run(['unreachable', '--as', 'Patient/x'], await ready())).code).toBe(64);
  });

  it('reads page by page: more people than fit into one', async () => {
    const many = Array.from({ length: 620 }, (_, at) => patient(`p${at}`, at % 2 === 0 ? { telecom: [mobile] } : {}));
    expect(idsIn((await run(['unreachable', '--json'], await ready(many))).out)).toHaveLength(310);
  });
});

describe('TWO-7: on a server of its own', () => {
  let stub: Stub;
  beforeEach(async () => {
    stub = await startStub({ indexLagMs: 0 });
  });
  afterEach(() => stub.stop());

  it('finds the same, and keeps the trace there', async () => {
    const staff: Given = { resourceType: 'Practitioner', id: demoStaff.epr.id };
    const son: Given = { resourceType: 'RelatedPerson', id: 'son', patient: { reference: 'Patient/spoken-for' } };
    await given(probeOf(stub.url), staff, ...people.filter((one) => one.id === 'spoken-for'), son);
    await given(probeOf(stub.url), ...people.filter((one) => one.id === 'survivor'), ...people);
    const dir = mkdtempSync(join(tmpdir(), 'herald-unreachable-'));
    dirs.push(dir);
    const { code, out, err } = await run(['unreachable', '--json'], {
      HERALD_FHIR_STORE: stub.url,
      HERALD_DATA_DIR: dir,
    });
    expect([code, err]).toEqual([0, '']);
    expect(idsIn(out)).toEqual(expected);
    expect((await stub.dump()).filter((one) => one.resourceType === 'AuditEvent')).toHaveLength(1);
  });
});

describe('TWO-7: GET Patient/$without-digital-channel', () => {
  const app = startApp();
  afterEach(() => app.close());

  it('answers a valid List to the ig role alone, and says of whom it was', async () => {
    const empty = await app.as('ig', 'get', '/fhir/Patient/$without-digital-channel');
    expect(faultsOf(r4, JSON.parse(empty.text))).toEqual([]);
    expect(JSON.parse(empty.text)).toMatchObject({
      resourceType: 'List',
      emptyReason: { coding: [{ code: 'nilknown' }] },
    });

    await app.store.commit(people.map((resource) => ({ op: 'create', resource })));
    const answer = await app.as('ig', 'get', '/fhir/Patient/$without-digital-channel');
    const list = JSON.parse(answer.text) as List;
    expect([answer.status, answer.type]).toEqual([200, 'application/fhir+json']);
    expect(faultsOf(r4, list)).toEqual([]);
    expect(list.entry?.map((one) => one.item.reference?.slice('Patient/'.length)).sort()).toEqual(expected);
    const nothing = list.entry?.find((one) => one.item.reference === 'Patient/nothing');
    expect(nothing?.flag?.text).toBe(
      'Text: no usable detail; Email: no usable detail; NHS App: not in use. No letter reaches them either.',
    );
    expect(answer.text).not.toMatch(/Robin|7700|Does not want texts/);

    const seen = await app.store.search('AuditEvent', [['patient', 'Patient/to-everything']]);
    expect(seen.matches.map((one) => one.outcome)).toEqual(['0']);
    // VER-1: somebody answered that the number is not theirs, and nobody has checked it yet.
    const mark = createFingerprint(Buffer.alloc(32, 9))({ system: 'phone', value: '07700 900123' });
    const check: Given = {
      resourceType: 'Task',
      id: 'check',
      status: 'requested',
      intent: 'order',
      identifier: [{ system: identifierSystem.closedNumber, value: String(mark) }],
      code: { coding: [{ system: codeSystem('task-code'), code: 'check-contact' }] },
    };
    await app.store.commit([{ op: 'create', resource: check }]);
    const closed = await app.as('ig', 'get', '/fhir/Patient/$without-digital-channel');
    expect((JSON.parse(closed.text) as List).entry?.map((one) => one.item.reference)).toContain('Patient/texted');

    for (const role of ['epr', 'sar', 'admin'] as const) {
      expect((await app.as(role, 'get', '/fhir/Patient/$without-digital-channel')).status).toBe(403);
    }
    expect((await app.as('ig', 'get', '/fhir/Patient/$without-digital-channel?x=1')).status).toBe(400);
    expect((await app.as('ig', 'post', '/fhir/Patient/$without-digital-channel')).status).toBe(405);
    const batch = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: 'Patient/$without-digital-channel' } }],
    };
    const within = await app.as('ig', 'post', '/fhir').set('Content-Type', 'application/fhir+json').send(batch);
    expect((JSON.parse(within.text) as Bundle).entry?.[0]?.response?.status).toMatch(/^405/);
  });
});
