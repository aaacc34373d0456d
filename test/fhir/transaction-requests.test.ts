import type { BundleEntry, Patient } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, system } from '../../src/canonical.ts';
import { StoreError, searchAll } from '../../src/store/fhir-store.ts';
import { audited } from '../support/app.ts';
import { anObjection } from '../support/people.ts';
import {
  ask,
  type BundleRig,
  keyed,
  numbered,
  numbers,
  person,
  post,
  put,
  reason,
  startRig,
  urn,
} from './bundle-rig.ts';

let herald: BundleRig;
let ada: Patient & { id: string };
beforeEach(async () => {
  herald = await startRig();
  ada = await herald.given({ ...numbered(numbers[0]), id: 'ada' });
});
afterEach(() => herald.close());

const communications = () => searchAll(herald.store, 'Communication', []);
const requests = () => searchAll(herald.store, 'CommunicationRequest', []);

describe('contract 3: a request in a transaction', () => {
  it('about a person who is recorded by it: all of it, the attempt and its job in one commit', async () => {
    const answer = await herald.transact([post(ask(urn(1))), post(numbered(numbers[1]), { fullUrl: urn(1) })]);
    expect([answer.status, answer.body.issue]).toEqual([200, undefined]);
    const [request, patient] = answer.body.entry.map((one: BundleEntry) => one.resource);
    expect(request).toMatchObject({ status: 'active', subject: { reference: `Patient/${patient.id}` } });
    expect(await communications()).toMatchObject([
      { status: 'preparation', basedOn: [{ reference: `CommunicationRequest/${request.id}` }] },
    ]);
    expect(herald.jobs()).toEqual([request.id]);
  });

  it('OBJ-1: an objection that the same transaction records stops it; nothing is kept but the not-done', async () => {
    const answer = await herald.transact([
      post(keyed('Patient/ada')),
      post(anObjection('Patient/ada')),
      post(numbered(numbers[1])),
    ]);
    expect([answer.status, reason(answer.body)]).toEqual([422, 'objection']);
    expect(herald.kept().filter((one) => !one.startsWith('Communication/'))).toEqual(['Patient/ada/1']);
    expect(await communications()).toMatchObject([
      {
        status: 'not-done',
        subject: { reference: 'Patient/ada' },
        basedOn: [{ identifier: { value: 'k-1' } }],
        statusReason: { coding: [{ code: 'objection' }, {}] },
      },
    ]);
    expect(herald.jobs()).toEqual([]);
    const [event, second] = await audited(herald.store);
    expect([event?.outcome, second]).toEqual(['4', undefined]);
  });

  it('an objection that names the person by number alone is heeded too', async () => {
    const objection = {
      ...anObjection(''),
      patient: { identifier: { system: system.nhsNumber, value: numbers[1] ?? '' } },
    };
    const answer = await herald.transact([
      post(numbered(numbers[1]), { fullUrl: urn(1) }),
      post(objection),
      post(ask(urn(1))),
    ]);
    expect([answer.status, reason(answer.body)]).toEqual([422, 'objection']);
  });

  it('an objection that the same transaction ends does not stop it', async () => {
    const consent = await herald.given({ ...anObjection('Patient/ada'), id: 'no-texts' });
    expect((await herald.transact([post(ask('Patient/ada'))])).status).toBe(422);
    const answer = await herald.transact([post(ask('Patient/ada')), put({ ...consent, status: 'inactive' })]);
    expect([answer.status, herald.jobs().length]).toEqual([200, 1]);
  });

  it('VER-3: a death, or a merger with another record, that it brings is heeded', async () => {
    const died = await herald.transact([post(ask('Patient/ada')), put({ ...ada, deceasedBoolean: true })]);
    expect([died.status, reason(died.body)]).toEqual([422, 'deceased']);
    const merged = await herald.transact([
      post(ask('Patient/ada')),
      post({ ...numbered(numbers[1]), link: [{ type: 'replaces', other: { reference: 'Patient/ada' } }] }),
    ]);
    expect([merged.status, reason(merged.body)]).toEqual([422, 'inactive-record']);
    const twice = await herald.transact([post(ask('Patient/ada')), post(numbered(numbers[0]))]);
    expect([twice.status, reason(twice.body)]).toEqual([422, 'identity-unusable']);
    expect((await herald.store.read('Patient', 'ada'))?.meta.versionId).toBe('1');
  });

  it('a refusal about somebody whom only the Bundle knows leaves its AuditEvent, and nothing under a name', async () => {
    const answer = await herald.transact([
      post(ask(urn(1))),
      post({ ...numbered(numbers[1]), deceasedBoolean: true }, { fullUrl: urn(1) }),
    ]);
    expect([answer.status, reason(answer.body)]).toEqual([422, 'deceased']);
    expect(herald.kept()).toEqual(['Patient/ada/1']);
    const [event, second] = await audited(herald.store);
    expect([event?.outcome, event?.subtype?.[0]?.code, second]).toEqual(['4', 'decide', undefined]);
    expect(JSON.stringify(event)).not.toContain('Patient/');
  });

  it('a not-done points at nothing that was rolled back', async () => {
    const answer = await herald.transact([
      post({ resourceType: 'RelatedPerson', patient: { reference: 'Patient/ada' } }, { fullUrl: urn(1) }),
      post(
        {
          resourceType: 'Appointment',
          status: 'booked',
          start: '2026-12-01T10:30:00Z',
          end: '2026-12-01T11:00:00Z',
          participant: [{ status: 'accepted', actor: { reference: 'Patient/ada' } }],
        },
        { fullUrl: urn(2) },
      ),
      post(ask('Patient/ada', { recipient: [{ reference: urn(1) }], about: [{ reference: urn(2) }] })),
    ]);
    expect([answer.status, reason(answer.body)]).toEqual([422, 'proxy-not-authorised']);
    const [record] = await communications();
    expect(record).toMatchObject({ status: 'not-done', subject: { reference: 'Patient/ada' } });
    expect(JSON.stringify(record)).not.toMatch(/RelatedPerson\/|Appointment\//);
    expect(record?.recipient).toHaveLength(1);
    expect(record?.recipient?.[0]?.reference).toBeUndefined();
  });

  it('one that is refused takes those with it that are not', async () => {
    await herald.given({ ...numbered(numbers[1]), id: 'bob', deceasedBoolean: true });
    const answer = await herald.transact([
      post(ask('Patient/ada')),
      post(ask('Patient/bob')),
      post(ask('Patient/ada')),
    ]);
    expect([answer.status, answer.body.issue[0].expression[0]]).toEqual([422, 'Bundle.entry[1].resource.subject']);
    expect([await requests(), herald.jobs()]).toEqual([[], []]);
    expect((await communications()).map((one) => one.status)).toEqual(['not-done']);
  });

  it('a draft is stored whatever would be decided of it', async () => {
    const answer = await herald.transact([
      post(ask('Patient/ada', { status: 'draft' })),
      post(anObjection('Patient/ada')),
    ]);
    expect([answer.status, answer.body.entry[0].resource.status, herald.jobs()]).toEqual([200, 'draft', []]);
  });

  it('one that is held is stored with its Task', async () => {
    const label = { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] };
    const answer = await herald.transact([post(ask('Patient/ada')), put({ ...ada, meta: label })]);
    expect([answer.status, answer.body.entry[0].resource.status]).toEqual([200, 'on-hold']);
    expect(await searchAll(herald.store, 'Task', [])).toMatchObject([
      { focus: { reference: `CommunicationRequest/${answer.body.entry[0].resource.id}` } },
    ]);
  });

  it.each([
    ['a status that is not asked for', { status: 'completed' as const }, 422],
    ['a Group', { subject: { reference: 'Group/all' } }, 422],
    ['what it is about not being there', { about: [{ reference: 'Appointment/none' }] }, 422],
  ])('%s is %i, with its place', async (_what, change, status) => {
    const answer = await herald.transact([post(numbered(numbers[1])), post(ask('Patient/ada', change))]);
    expect([answer.status, herald.kept()]).toEqual([status, ['Patient/ada/1']]);
    expect(answer.body.issue[0].expression[0]).toMatch(/^Bundle\.entry\[1\]\.resource\./);
  });

  it('VER-1: whoever is found by a number that is no longer theirs is not written to', async () => {
    const old = { system: system.nhsNumber, value: numbers[2] ?? '', use: 'old' as const };
    await herald.given({
      ...numbered(numbers[1]),
      id: 'cay',
      identifier: [...(numbered(numbers[1]).identifier ?? []), old],
    });
    const found = await herald.transact([post(ask(`Patient?identifier=${system.nhsNumber}|${numbers[1]}`))]);
    expect(found.body.entry?.[0].resource).toMatchObject({ status: 'active', subject: { reference: 'Patient/cay' } });
    const wrong = await herald.transact([post(ask(`Patient?identifier=${system.nhsNumber}|${numbers[2]}`))]);
    expect([wrong.status, reason(wrong.body)]).toEqual([422, 'identity-mismatch']);
  });

  it('a fact that cannot be read: 503, and nothing is stored', async () => {
    let broken = false;
    const own = await startRig({
      store: (store) => ({
        read: (type, id) => store.read(type, id),
        vread: (type, id, version) => store.vread(type, id, version),
        history: (type, options) => store.history(type, options),
        search: async (type, params, cursor) => {
          if (broken && type === 'Consent') throw new StoreError('unavailable', 'no answer');
          return store.search(type, params, cursor);
        },
        commit: (writes) => store.commit(writes),
        redact: (type, id, rewrite) => store.redact(type, id, rewrite),
        ping: () => store.ping(),
      }),
    });
    broken = true;
    const answer = await own.transact([post(numbered(numbers[1]), { fullUrl: urn(1) }), post(ask(urn(1)))]);
    expect([answer.status, answer.headers['retry-after'], own.kept(), own.jobs()]).toEqual([503, '5', [], []]);
    own.close();
  });
});

describe('OBJ-1: wherever the objection stands, and however it names the person', () => {
  it('no message goes that the transaction’s own objection forbids', async () => {
    const naming = fc.constantFrom('link', 'literal', 'number', 'search');
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(2), naming, fc.boolean(), async (at, others, how, everything) => {
        const own = await startRig();
        const reference = { link: urn(1), literal: 'Patient/eve', number: '', search: '' }[how];
        const number = `${system.nhsNumber}|${numbers[1]}`;
        const patient =
          how === 'number'
            ? { identifier: { system: system.nhsNumber, value: numbers[1] ?? '' } }
            : { reference: how === 'search' ? `Patient?identifier=${number}` : reference };
        const scope = everything ? 'all-messages' : 'channel';
        const objection = {
          ...anObjection(''),
          patient,
          category: [
            { coding: [{ system: codeSystem('consent-category'), code: 'messaging-objection' }] },
            { coding: [{ system: codeSystem('objection-scope'), code: scope }] },
          ],
        };
        const entries = [
          { ...put({ ...numbered(numbers[1]), id: 'eve' }), fullUrl: urn(1) },
          post(ask(urn(1))),
          ...Array.from({ length: others }, () => post(person({ identifier: [{ system: 'urn:x', value: '1' }] }))),
        ];
        entries.splice(at, 0, post(objection));
        const answer = await own.transact(entries);
        expect([answer.status, reason(answer.body), own.jobs(), own.kept()]).toEqual([422, 'objection', [], []]);
        own.close();
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
