import type { BundleEntry, Consent } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../src/canonical.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { type BundleRig, expressions, flag, numbered, numbers, post, put, startRig, urn } from './bundle-rig.ts';

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
});
afterEach(() => herald.close());

describe('FHIR R4 3.1.0.11.2: links between entries', () => {
  it('are replaced wherever they stand, whichever entry comes first', async () => {
    const consent: Consent = {
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ text: 'Example' }],
      patient: { reference: urn(1) },
      policyRule: { text: 'Example' },
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${urn(1)}">x</a></div>` },
      identifier: [{ system: 'urn:ietf:rfc:3986', value: urn(1) }],
      provision: {
        type: 'permit',
        provision: [
          {
            actor: [
              {
                role: {
                  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
                },
                reference: { reference: urn(2) },
              },
            ],
          },
        ],
      },
    };
    const proxy = { resourceType: 'RelatedPerson' as const, patient: { reference: urn(1) } };
    const answer = await herald.transact([
      post(consent),
      post(proxy, { fullUrl: urn(2) }),
      post(numbered(undefined), { fullUrl: urn(1) }),
    ]);
    expect([answer.status, answer.body.issue]).toEqual([200, undefined]);
    const [made, related, patient] = answer.body.entry.map((one: BundleEntry) => one.resource);
    expect(made.patient.reference).toBe(`Patient/${patient.id}`);
    expect(made.provision.provision[0].actor[0].reference.reference).toBe(`RelatedPerson/${related.id}`);
    expect(made.text.div).toContain(`href="Patient/${patient.id}"`);
    expect(made.identifier[0].value).toBe(urn(1));
  });

  it('a relative reference is read beside the fullUrl of its own entry', async () => {
    const away = 'https://epr.example.org/fhir';
    const answer = await herald.transact([
      post(numbered(undefined), { fullUrl: `${away}/Patient/7` }),
      post(flag('Patient/7'), { fullUrl: `${away}/Flag/9` }),
    ]);
    const [patient, made] = answer.body.entry.map((one: BundleEntry) => one.resource);
    expect(made.subject.reference).toBe(`Patient/${patient.id}`);
  });

  it('one that leads to no entry is 422 with its place', async () => {
    const answer = await herald.transact([post(numbered(undefined)), post(flag(urn(5)))]);
    expect(answer.status).toBe(422);
    expect(expressions(answer.body)[0]).toMatch(/^Bundle\.entry\[1\]\.resource\.subject/);
    expect(herald.kept()).toEqual([]);
  });

  it('a reference to what another entry updates is good, even if that is made by it', async () => {
    const answer = await herald.transact([post(flag('Patient/ada')), put({ ...numbered(undefined), id: 'ada' })]);
    expect(answer.status).toBe(200);
  });

  it('a person named by NHS number alone is found among the entries', async () => {
    const named = { ...flag(''), subject: { identifier: { system: system.nhsNumber, value: numbers[0] ?? '' } } };
    const answer = await herald.transact([post(named), post(numbered(numbers[0]))]);
    expect(answer.body.entry[0].resource.subject.reference).toBe(`Patient/${answer.body.entry[1].resource.id}`);
  });
});

describe('FHIR R4 3.1.0.11: conditions', () => {
  const number = `identifier=${system.nhsNumber}|${numbers[0]}`;

  it('a reference that is a search becomes what it finds, stored or new', async () => {
    await herald.given({ ...numbered(numbers[0]), id: 'ada' });
    const stored = await herald.transact([post(flag(`Patient?${number}`))]);
    expect(stored.body.entry[0].resource.subject.reference).toBe('Patient/ada');
    const other = `Patient?identifier=${system.nhsNumber}|${numbers[1]}`;
    const made = await herald.transact([post(flag(other)), post(numbered(numbers[1]))]);
    expect(made.body.entry[0].resource.subject.reference).toBe(`Patient/${made.body.entry[1].resource.id}`);
  });

  it.each([
    ['nothing', [], 422],
    ['several', ['one', 'two'], 412],
  ])('a search that finds %s fails all', async (_what, ids, status) => {
    for (const id of ids) await herald.given({ ...numbered(numbers[0]), id });
    const before = herald.kept();
    const answer = await herald.transact([post(numbered(numbers[1])), post(flag(`Patient?${number}`))]);
    expect([answer.status, expressions(answer.body)[0]]).toEqual([
      status,
      status === 412 ? 'Bundle.entry[1]' : 'Bundle.entry[1].resource.subject',
    ]);
    expect(herald.kept()).toEqual(before);
  });

  it('ifNoneExist finds the earlier one, and links lead to it', async () => {
    await herald.given({ ...numbered(numbers[0]), id: 'ada' });
    const answer = await herald.transact([
      post(numbered(numbers[0]), { fullUrl: urn(1), ifNoneExist: number }),
      post(flag(urn(1))),
    ]);
    expect(answer.body.entry[0].response.status).toBe('200 OK');
    expect(answer.body.entry[1].resource.subject.reference).toBe('Patient/ada');
    expect(await searchAll(herald.store, 'Patient', [])).toHaveLength(1);
  });

  it('the same condition twice in one Bundle makes one resource', async () => {
    const entry = (n: number) => post(numbered(numbers[0]), { fullUrl: urn(n), ifNoneExist: number });
    const answer = await herald.transact([entry(1), entry(2), post(flag(urn(2)))]);
    const [first, second, third] = answer.body.entry;
    expect([first.response.status, second.response.status]).toEqual(['201 Created', '200 OK']);
    expect(second.resource.id).toBe(first.resource.id);
    expect(third.resource.subject.reference).toBe(`Patient/${first.resource.id}`);
  });

  it('one that matches what another entry makes is 412', async () => {
    const answer = await herald.transact([
      post(numbered(numbers[0])),
      post(numbered(numbers[0]), { ifNoneExist: number }),
    ]);
    expect([answer.status, herald.kept()]).toEqual([412, []]);
  });

  it('the same transaction at the same moment: one record, and both answers lead to it', async () => {
    const entries = () => [post(numbered(numbers[0]), { fullUrl: urn(1), ifNoneExist: number }), post(flag(urn(1)))];
    const answers = await Promise.all([1, 2, 3].map(() => herald.transact(entries())));
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200]);
    const [patient, second] = await searchAll(herald.store, 'Patient', []);
    expect(second).toBeUndefined();
    const subjects = answers.map((one) => one.body.entry[1].resource.subject.reference);
    expect(new Set(subjects)).toEqual(new Set([`Patient/${patient?.id}`]));
  });

  it('ifMatch: a version that is not the current one fails all with 412', async () => {
    const ada = await herald.given({ ...numbered(undefined), id: 'ada' });
    const good = await herald.transact([put({ ...ada, gender: 'female' }, 'W/"1"')]);
    expect(good.body.entry[0].response).toMatchObject({ status: '200 OK', etag: 'W/"2"' });
    const stale = await herald.transact([post(numbered(undefined)), put({ ...ada, gender: 'male' }, 'W/"1"')]);
    expect([stale.status, herald.kept()]).toEqual([412, ['Patient/ada/2']]);
  });
});
