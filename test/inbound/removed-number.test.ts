import type { Consent, Patient, RelatedPerson, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { structureDefinition, system } from '../../src/canonical.ts';
import type { InboundDeps } from '../../src/inbound/deps.ts';
import { createMeaning } from '../../src/inbound/meaning.ts';
import { keepReceivedText } from '../../src/inbound/received-text.ts';
import type { Job } from '../../src/jobs/jobs.ts';
import { createLog } from '../../src/log.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import { detailOf } from '../../src/send/objection-detail.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { openTestStore, type TestStore } from '../store/open-store.ts';
import { aPatient, policy } from '../support/app.ts';
import { atRisk, detail, explained, objection, ofProxy, reason, removing } from '../support/objections.ts';

/** Midday on a Wednesday, when nobody is answered by a machine. */
const now = new Date('2026-06-03T11:00:00Z');
const fingerprint = createFingerprint(Buffer.alloc(32, 1));
const NUMBER = { system: 'phone', value: '07700 900123', use: 'mobile' } as const;
const mark = fingerprint(NUMBER) ?? '';
const remove = [reason, explained, atRisk, removing, { url: 'removed', valueString: mark }];

let test: TestStore;
let logged: string[];
beforeEach(() => {
  test = openTestStore({ now: () => now });
  logged = [];
});
afterEach(() => test.close());

const deps = (): InboundDeps => ({
  store: test.store,
  clock: { now: () => now },
  log: createLog({ level: 'debug', stream: { write: (line) => void logged.push(line) } }),
  controller: { ods: 'RXX', name: 'Example NHS Trust' },
  policy,
  fingerprint,
  meaningOf: createMeaning(),
  commitUnit: ({ writes }) => test.store.commit(writes),
  gather: () => Promise.reject(new Error('nobody is answered here')),
  requests: { submit: () => Promise.reject(new Error('nobody is answered here')) },
});
const received = (id: string, text = 'Can I come later?'): Job =>
  ({
    queue: 'inbox',
    key: `received:${id}`,
    lease: { id, token: 't' },
    addedAt: now,
    data: { kind: 'received-text', id, from: '447700900123', text, receivedAt: now.toISOString() },
  }) as unknown as Job;

const iris: Patient & { id: string } = { ...aPatient({ telecom: [NUMBER] }), id: 'iris' };
const theirs: Consent & { id: string } = { ...objection('Patient/iris', { parts: remove }), id: 'risk' };

/** Whatever was kept that has the number in it, by type; the details of records that another system wrote apart. */
async function withNumber(): Promise<string[]> {
  const types = ['Communication', 'Task', 'AuditEvent', 'Provenance', 'Consent', 'Flag'] as const;
  const all = await Promise.all(types.map((type) => searchAll(test.store, type, [])));
  const versions = await Promise.all(
    all.flat().map(async ({ resourceType, id }) => (await test.store.history(resourceType, { id })).matches),
  );
  const shown = versions.flat().map((one) => ({ type: one.resourceType, text: JSON.stringify(unmarked(one)) }));
  return shown.filter(({ text }) => /7700 ?900123/.test(text)).map(({ type }) => type);
}

/** Without what is marked as masked, which only information governance is shown. */
function unmarked(one: Resource): Resource {
  const { extension = [], ...rest } = one as Resource & { extension?: { url: string }[] };
  return { ...rest, extension: extension.filter((part) => !JSON.stringify(part).includes('"masked"')) } as Resource;
}

describe('OBJ-8: a text from a number that left the record', () => {
  it.each(['Can I come later?', 'STOP', 'Help, I cannot breathe', 'Wrong number'])(
    'is masked from its first version on, though another system put the number back: %s',
    async (words) => {
      await test.put(iris, theirs);
      await keepReceivedText(deps(), received('t1', words));
      const history = await test.store.history('Communication', { id: 't1' });
      expect(history.matches).toHaveLength(1);
      const [text] = history.matches;
      expect(text).toMatchObject({ subject: { reference: 'Patient/iris' } });
      expect(text?.meta.security?.map(({ code }) => code)).toEqual(['R', 'SDV']);
      expect(await withNumber()).toEqual([]);
      expect(logged.join('\n')).not.toMatch(/7700 ?900123/);
    },
  );

  it('so is one of a proxy whose own number it is', async () => {
    const kim: RelatedPerson & { id: string } = {
      resourceType: 'RelatedPerson',
      id: 'kim',
      patient: { reference: 'Patient/iris' },
      telecom: [NUMBER],
    };
    const own = ofProxy('Patient/iris', 'RelatedPerson/kim');
    const rest = (own.extension ?? []).filter((one) => one.url !== structureDefinition('objection-detail'));
    await test.put({ ...iris, telecom: [] } as never, kim, {
      ...own,
      id: 'own',
      extension: [detail(...remove), ...rest],
    } as Consent & { id: string });
    await keepReceivedText(deps(), received('t1'));
    const text = await test.store.read('Communication', 't1');
    expect(text).toMatchObject({ subject: { reference: 'Patient/iris' }, sender: { reference: 'RelatedPerson/kim' } });
    expect(await withNumber()).toEqual([]);
  });

  it('is filed as it came where the objection is of another person, or has ended', async () => {
    const other = {
      ...iris,
      id: 'other',
      identifier: [{ system: system.nhsNumber, value: '9990000026' }],
      telecom: [],
    };
    await test.put(iris, other as never, { ...theirs, patient: { reference: 'Patient/other' } }, {
      ...theirs,
      id: 'over',
      status: 'inactive',
    } as Consent & { id: string });
    expect(detailOf(theirs).removed).toEqual([mark]);
    await keepReceivedText(deps(), received('t1'));
    expect(await withNumber()).toEqual(['Communication']);
  });
});
