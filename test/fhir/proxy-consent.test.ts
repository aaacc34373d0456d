import type { Bundle, Consent, Flag, Patient, Provenance, RelatedPerson } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { saidOf, validator } from '../profiles/support.ts';
import { aPatient, startApp, type TestApp } from '../support/app.ts';
import { anAuthority, anObjection, aRelatedPerson, authorityOver } from '../support/people.ts';
import { type BundleRig, post, startRig, urn } from './bundle-rig.ts';

let time: Date;
let herald: TestApp;
beforeEach(async () => {
  time = new Date('2026-06-01T10:00:00Z');
  herald = startApp({
    clock: { now: () => time },
    policy: defaultPolicy,
    validate: (resource) => validator.validate(resource),
  });
  await herald.given({ resourceType: 'Practitioner', id: demoStaff.epr.id });
  await herald.given({ resourceType: 'Practitioner', id: demoStaff.ig.id });
  await herald.given({ ...aPatient({ birthDate: '2012-06-15' }), id: 'ada' });
  await herald.given({ ...aPatient({ identifier: [number('9990000026')] }), id: 'bo' });
  await herald.given({ ...aRelatedPerson('Patient/ada', { identifier: [number('9990000034')] }), id: 'mother' });
});
afterEach(() => herald.close());

const number = (value: string) => ({ system: system.nhsNumber, value });
const write = (consent: Consent) => herald.as('epr', 'post', '/fhir/Consent').send(consent);
const change = (consent: Consent) => herald.as('ig', 'put', `/fhir/Consent/${consent.id}`).send(consent);
const authority = (more: Partial<Consent> = {}): Consent =>
  anAuthority('Patient/ada', 'RelatedPerson/mother', 'parental-responsibility', more);
const flags = (): Promise<Flag[]> => searchAll(herald.store, 'Flag', []);
const issues = (answer: { body: { issue?: { expression?: string[] }[] } }) =>
  (answer.body.issue ?? []).map((one) => one.expression?.[0]);

describe('contract 6: whose proxy it is, when an authority is written', () => {
  it('a proxy of this patient is taken', async () => {
    const answer = await write(authority());
    expect(answer.status, answer.text).toBe(201);
  });

  it.each<[string, Consent]>([
    ['a proxy of another patient', authority({ patient: { reference: 'Patient/bo' } })],
    [
      'a proxy of another patient, by number',
      authority({
        patient: { reference: 'Patient/bo' },
        provision: by({ type: 'RelatedPerson', identifier: number('9990000034') }),
      }),
    ],
    [
      'a reference and a number of different people',
      authority({ provision: by({ reference: 'RelatedPerson/mother', identifier: number('9990000042') }) }),
    ],
  ])('%s is 422, as one issue with its place, and nothing is stored', async (_what, consent) => {
    const answer = await write(consent);
    expect([answer.status, issues(answer)]).toEqual([422, ['Consent.provision.actor[0].reference']]);
    expect(await searchAll(herald.store, 'Consent', [])).toEqual([]);
    expect(await flags()).toEqual([]);
    expect(answer.text).not.toMatch(/99900000/);
  });

  it('VER-3: a proxy of the record that this one replaces is of the same person', async () => {
    await herald.store.commit([
      {
        op: 'update',
        resource: { ...aPatient({ link: [{ type: 'replaces', other: { reference: 'Patient/ada' } }] }), id: 'bo' },
      },
    ]);
    expect((await write(authority({ patient: { reference: 'Patient/bo' } }))).status).toBe(201);
  });

  it('a dangling proxy is said once', async () => {
    const answer = await write(authority({ provision: authorityOver('RelatedPerson/none') }));
    expect([answer.status, issues(answer)]).toEqual([422, ['Consent.provision.actor[0].reference']]);
  });

  it.each(['inactive', 'rejected', 'entered-in-error'] as const)(
    'one that was stored in the wrong record can always be made %s',
    async (status) => {
      const wrong = { ...authority({ patient: { reference: 'Patient/bo' } }), id: 'wrong' };
      await herald.given(wrong);
      expect((await change(wrong)).status).toBe(422);
      expect((await change({ ...wrong, status })).status).toBe(200);
    },
  );

  it.each<[string, Partial<Consent>, number]>([
    ['without dateTime', { dateTime: undefined as never }, 1],
    ['without performer', { performer: undefined as never }, 1],
    ['without start', { provision: authorityOver('RelatedPerson/mother', { period: { end: '2027-01-01' } }) }, 1],
    ['without evidence', { sourceAttachment: undefined as never }, 1],
    [
      'without any of them, in the wrong record',
      {
        dateTime: undefined as never,
        performer: undefined as never,
        sourceAttachment: undefined as never,
        patient: { reference: 'Patient/bo' },
      },
      3,
    ],
  ])('PRX-3: %s is 422, one issue for each that is missing', async (_what, more, count) => {
    const answer = await write(JSON.parse(JSON.stringify(authority(more))));
    expect([answer.status, answer.body.issue.length]).toEqual([422, count]);
  });

  it.each<[string, Partial<Consent>]>([
    ['that has not begun', { provision: authorityOver('RelatedPerson/mother', { period: { start: '2027-01-01' } }) }],
    [
      'that has ended',
      { provision: authorityOver('RelatedPerson/mother', { period: { start: '2020-01-01', end: '2021-01-01' } }) },
    ],
    ['that somebody looked into and found wanting', { verification: [{ verified: false }] }],
    ['that is only proposed', { status: 'proposed' }],
  ])('what does not hold today is stored all the same: one %s', async (_what, more) => {
    expect((await write(authority(more))).status).toBe(201);
  });
});

describe('PRX-3: the note in the record', () => {
  it('is written with the authority, and says what staff have to know without naming anybody', async () => {
    const { body } = await write(authority());
    const [note, ...more] = await flags();
    expect(more).toEqual([]);
    expect(note).toMatchObject({
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
          valueReference: { reference: `Consent/${body.id}` },
        },
      ],
      status: 'active',
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'contact' }] }],
      code: {
        coding: [{ system: codeSystem('flag-code'), code: 'proxy-receives-messages' }],
        text: 'A proxy may receive messages about this person (parental responsibility), until 14 June 2030.',
      },
      subject: { reference: 'Patient/ada' },
      period: { start: '2026-05-02', end: '2030-06-14' },
      author: { reference: `Practitioner/${demoStaff.epr.id}` },
    });
    expect(saidOf(note)).toEqual([]);
  });

  it('names as its author who recorded the authority', async () => {
    const recordedBy = {
      url: structureDefinition('recorded-by'),
      valueReference: { reference: `Practitioner/${demoStaff.ig.id}` },
    };
    await write(authority({ extension: [recordedBy] }));
    expect((await flags())[0]?.author?.reference).toBe(`Practitioner/${demoStaff.ig.id}`);
  });

  it('is in the Provenance of the authority', async () => {
    const { body } = await write(authority());
    const [record] = (await searchAll(herald.store, 'Provenance', [])) as Provenance[];
    const [note] = await flags();
    expect(record?.target.map((one) => one.reference)).toEqual([`Consent/${body.id}/_history/1`, `Flag/${note?.id}`]);
  });

  it('is one note, however often the authority is written, and stays as it is where nothing about it changed', async () => {
    const { body } = await write(authority());
    await change({ ...body, language: 'en-GB' });
    await change({ ...body, language: 'cy' });
    expect((await flags()).map((one) => one.meta?.versionId)).toEqual(['1']);
  });

  it('follows the authority: another end, another patient', async () => {
    const { body } = await write(authority());
    await change({
      ...body,
      provision: authorityOver('RelatedPerson/mother', { period: { start: '2026-05-02', end: '2026-12-31' } }),
    });
    expect((await flags())[0]?.period).toEqual({ start: '2026-05-02', end: '2026-12-31' });
  });

  it.each(['inactive', 'rejected', 'entered-in-error'] as const)(
    'ends when the authority is made %s',
    async (status) => {
      const { body } = await write(authority());
      time = new Date('2026-07-01T09:30:00Z');
      await change({ ...body, status });
      const [note] = await flags();
      expect(note).toMatchObject({
        status: 'inactive',
        period: { start: '2026-05-02', end: '2026-07-01T09:30:00.000Z' },
        code: { text: 'A proxy no longer receives messages about this person.' },
      });
      expect(saidOf(note)).toEqual([]);
      time = new Date('2026-07-02T09:30:00Z');
      await change({ ...body, status, language: 'cy' });
      expect(await flags()).toEqual([note]);
    },
  );

  it('ends on the day that the withdrawal names, where that has passed', async () => {
    const { body } = await write(authority());
    time = new Date('2026-07-01T09:30:00Z');
    const provision = authorityOver('RelatedPerson/mother', { period: { start: '2026-05-02', end: '2026-06-20' } });
    await change({ ...body, status: 'inactive', provision });
    expect((await flags())[0]?.period?.end).toBe('2026-06-20');
  });

  it('of an authority that is withdrawn before it began has no start: no Period ends before it starts', async () => {
    const provision = authorityOver('RelatedPerson/mother', { period: { start: '2027-01-01' } });
    const { body } = await write(authority({ provision }));
    expect((await flags())[0]?.status).toBe('active');
    await change({ ...body, status: 'inactive' });
    const [note] = await flags();
    expect(note?.period).toEqual({ end: time.toISOString() });
    expect(saidOf(note)).toEqual([]);
  });

  it('begins again when the authority does', async () => {
    const { body } = await write(authority());
    await change({ ...body, status: 'inactive' });
    await change({ ...body, status: 'active' });
    const [note, ...more] = await flags();
    expect([note?.status, note?.period?.end, more]).toEqual(['active', '2030-06-14', []]);
  });

  it('ends when the Consent is made something else', async () => {
    const { body } = await write(authority());
    await change({ ...anObjection('Patient/ada'), id: body.id });
    const notes = (await flags()).filter((one) => one.code.coding?.[0]?.code === 'proxy-receives-messages');
    expect(notes.map((one) => one.status)).toEqual(['inactive']);
  });

  it('PRX-6: is not written for a power of attorney until it is activated', async () => {
    const lpa = anAuthority('Patient/ada', 'RelatedPerson/mother', 'health-and-welfare-lasting-power-of-attorney');
    const { body } = await write(lpa);
    expect(await flags()).toEqual([]);
    await change({ ...body, verification: [{ verified: true, verificationDate: '2026-06-01' }] });
    expect((await flags())[0]?.code.text).toBe(
      'A proxy may receive messages about this person (lasting power of attorney for health and welfare).',
    );
  });

  it('is not written for an objection', async () => {
    await write(anObjection('Patient/ada'));
    expect((await flags()).map((one) => one.code.coding?.[0]?.code)).toEqual(['do-not-text']);
  });

  it('that a caller keeps for the same authority is kept in step, in the caller’s words, and not doubled', async () => {
    const { body } = await write(authority({ status: 'proposed' }));
    const own: Flag = {
      resourceType: 'Flag',
      status: 'active',
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
          valueReference: { reference: `Consent/${body.id}` },
        },
      ],
      code: { coding: [{ system: codeSystem('flag-code'), code: 'proxy-receives-messages' }], text: 'Mum gets texts' },
      subject: { reference: 'Patient/ada' },
    };
    await herald.as('epr', 'post', '/fhir/Flag').send(own);
    await change({ ...body, status: 'active' });
    await change({ ...body, status: 'inactive' });
    const [note, ...more] = await flags();
    expect([more, note?.status, note?.code.text]).toEqual([[], 'inactive', 'Mum gets texts']);
  });
});

describe('a transaction', () => {
  let rig: BundleRig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.close());

  const patient: Patient = { ...aPatient({ birthDate: '2015-01-01' }) };
  const entries = (proxyOf: string) => [
    post(anAuthority(urn(1), urn(2), 'parental-responsibility')),
    post(aRelatedPerson(proxyOf) as RelatedPerson, { fullUrl: urn(2) }),
    post(patient, { fullUrl: urn(1) }),
    post(aPatient({ identifier: [number('9990000026')] }), { fullUrl: urn(3) }),
  ];

  it('writes the note with an authority, whichever of its people comes first', async () => {
    const answer = await rig.transact(entries(urn(1)));
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    const [note] = await searchAll(rig.store, 'Flag', []);
    expect(note?.period?.end).toBe('2032-12-31');
  });

  it('leaves a note as the caller writes it beside the authority', async () => {
    const note: Flag = {
      resourceType: 'Flag',
      status: 'active',
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/flag-detail', valueReference: { reference: urn(4) } },
      ],
      code: { coding: [{ system: codeSystem('flag-code'), code: 'proxy-receives-messages' }], text: 'Mum gets texts' },
      subject: { reference: urn(1) },
    };
    const [consent, ...people] = entries(urn(1));
    const answer = await rig.transact([{ ...consent, fullUrl: urn(4) }, ...people, post(note)]);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    const notes = await searchAll(rig.store, 'Flag', []);
    expect(notes.map((one) => [one.code.text, one.meta.versionId])).toEqual([['Mum gets texts', '1']]);
  });

  it('is 422 with the place of the entry where the proxy is another patient’s, and leaves nothing behind', async () => {
    const answer = await rig.transact(entries(urn(3)));
    expect([answer.status, issues(answer)]).toEqual([422, ['Bundle.entry[0].resource.provision.actor[0].reference']]);
    expect(rig.kept()).toEqual([]);
  });

  it('a batch writes it as well', async () => {
    await rig.given({ ...patient, id: 'ada' });
    await rig.given({ ...aRelatedPerson('Patient/ada'), id: 'mother' });
    const answer = await rig.batch([post(anAuthority('Patient/ada', 'RelatedPerson/mother'))]);
    expect((answer.body as Bundle).entry?.[0]?.response?.status).toMatch(/^201/);
    expect(await searchAll(rig.store, 'Flag', [])).toHaveLength(1);
  });
});

function by(reference: object): NonNullable<Consent['provision']> {
  const [actor] = authorityOver('RelatedPerson/mother').actor ?? [];
  return authorityOver('RelatedPerson/mother', { actor: [{ ...actor, reference } as never] });
}
