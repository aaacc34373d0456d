import type { AuditEvent, Bundle, Communication, Consent, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { bundleForms, fileForms } from '../../src/sar/forms.ts';
import { MASKED } from '../../src/sar/history.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { faultsOf, r4 } from '../validate/support.ts';
import {
  ada,
  aMessage,
  anOrder,
  aRequestTask,
  base,
  collected,
  inbound,
  kim,
  parameter,
  rewritten,
  type SarRig,
  sarRig,
  textOf,
} from './rig.ts';

const consent = (id: string, category: string, change: Partial<Consent> = {}): Consent & { id: string } => ({
  resourceType: 'Consent',
  id,
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: codeSystem('consent-category'), code: category }] }],
  patient: { reference: 'Patient/ada' },
  dateTime: '2026-05-12T11:00:00+01:00',
  policyRule: { coding: [{ system: system.actCode, code: 'OPTOUT' }] },
  ...change,
});

const old: Patient & { id: string } = {
  ...ada,
  id: 'ada-old',
  active: false,
  link: [{ type: 'replaced-by', other: { reference: 'Patient/ada' } }],
};
const bo: Patient & { id: string } = { resourceType: 'Patient', id: 'bo', name: [{ given: ['Bo'], family: 'Other' }] };
/** Ada, as she acts for Bo. */
const adaForBo: RelatedPerson & { id: string } = {
  resourceType: 'RelatedPerson',
  id: 'ada-for-bo',
  patient: { reference: 'Patient/bo' },
  identifier: [{ system: system.nhsNumber, value: '9991230009' }],
  name: [{ given: ['Ada'], family: 'Example' }],
  telecom: [{ system: 'phone', value: '07700 900123' }],
};
const basedOn = (id: string) => [{ reference: `CommunicationRequest/${id}` }];
const toBo = {
  meta: { security: [{ system: system.actCode, code: 'SEX' }] },
  subject: { reference: 'Patient/bo' },
  about: [{ reference: 'Patient/bo' }],
};

describe('SAR-1: everything is in the history', () => {
  let rig: SarRig;
  beforeAll(async () => {
    rig = await sarRig();
    await rig.put(
      ...[old, bo, kim, adaForBo],
      { ...kim, id: 'lee', active: false, name: [{ given: ['Lee'], family: 'Former' }] },
      anOrder('r-sent', { authoredOn: '2026-06-01T08:00:00Z' }),
      aMessage('sent', { basedOn: basedOn('r-sent'), received: '2026-06-01T09:00:30Z', topic: { text: 'Your visit' } }),
      anOrder('r-cancelled', {
        status: 'revoked',
        authoredOn: '2026-06-03T08:00:00Z',
        payload: [{ contentString: 'Never went' }],
      }),
      anOrder('r-held', { status: 'on-hold', authoredOn: '2026-06-04T08:00:00Z' }),
      aMessage('withheld', {
        status: 'not-done',
        identifier: [
          {
            system: `${codeSystem('x').replace('/CodeSystem/x', '')}/id/attempt`,
            value: '019e8f02-6c00-7000-8000-000000000001',
          },
        ],
        extension: [
          {
            url: structureDefinition('decision'),
            extension: [{ url: 'reason', valueCodeableConcept: { text: 'The person objects to texts.' } }],
          },
        ],
        sent: undefined,
      } as unknown as Partial<Communication>),
      inbound('in', 'Thank you'),
      aMessage('to-kim', { sent: '2026-05-20T09:00:00Z', recipient: [{ reference: 'RelatedPerson/kim' }] }),
      aMessage('to-lee', { sent: '2026-05-10T09:00:00Z', recipient: [{ reference: 'RelatedPerson/lee' }] }),
      aMessage('on-old', {
        sent: '2025-01-01T09:00:00Z',
        subject: { reference: 'Patient/ada-old' },
        recipient: [{ reference: 'Patient/ada-old' }],
      }),
      inbound('from-kim-unfiled', 'About Ada', {
        subject: undefined,
        sender: { reference: 'RelatedPerson/kim' },
      } as unknown as Partial<Communication>),
      aMessage('for-bo', {
        ...toBo,
        sent: '2026-06-05T09:00:00Z',
        recipient: [{ reference: 'RelatedPerson/ada-for-bo' }],
      }),
      inbound('from-ada-for-bo', 'Bo is better', {
        ...toBo,
        received: '2026-06-06T09:00:00Z',
        sender: { reference: 'RelatedPerson/ada-for-bo' },
      }),
      aMessage('to-bo', { ...toBo, recipient: [{ reference: 'Patient/bo' }] }),
      consent('objection', 'messaging-objection', {
        extension: [
          {
            url: structureDefinition('objection-detail'),
            extension: [
              { url: 'reason', valueCodeableConcept: { text: 'My texts are read' } },
              { url: 'removed', valueString: 'fingerprint-of-a-number' },
            ],
          },
        ],
        provision: { type: 'deny', action: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }] },
      }),
      consent('authority', 'proxy-messaging', {
        provision: {
          actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: 'RelatedPerson/kim' } }],
        },
      }),
      {
        resourceType: 'Task',
        id: 'override',
        status: 'completed',
        intent: 'order',
        code: { coding: [{ system: codeSystem('task-code'), code: 'override-objection' }] },
        for: { reference: 'Patient/ada-old' },
        authoredOn: '2026-05-01',
        owner: { reference: 'Practitioner/lead' },
        note: [{ text: 'It could not wait.' }],
        output: [
          {
            type: parameter('decision'),
            valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: 'override-approved' }] },
          },
        ],
      },
      {
        resourceType: 'Flag',
        id: 'large-print',
        status: 'active',
        code: { text: 'Needs large print' },
        subject: { reference: 'Patient/ada' },
      },
      {
        resourceType: 'Provenance',
        id: 'p-sent',
        target: [{ reference: 'Communication/sent' }, { reference: 'CommunicationRequest/r-sent' }],
        recorded: '2026-06-01T09:00:00Z',
        policy: ['https://www.legislation.gov.uk/eur/2016/679/article/6'],
        agent: [
          { type: { coding: [{ code: 'author' }] }, who: { reference: 'Practitioner/clerk' } },
          { type: { coding: [{ code: 'assembler' }] }, who: { display: 'Herald messaging service' } },
        ],
      },
    );
  });
  afterAll(() => rig.close());

  it('in and out, withheld, requested, cancelled, held, to proxies, former proxies and other records: newest last', async () => {
    const entries = await rig.entries();
    expect(entries.map((one) => [one.reference, one.standsAlone, one.statusCode])).toEqual([
      ['Communication/on-old', true, 'completed'],
      ['Communication/to-lee', true, 'completed'],
      ['Communication/to-kim', true, 'completed'],
      ['CommunicationRequest/r-sent', false, 'completed'],
      ['Communication/sent', true, 'completed'],
      ['Communication/from-kim-unfiled', true, 'completed'],
      ['Communication/in', true, 'completed'],
      ['CommunicationRequest/r-cancelled', true, 'revoked'],
      ['Communication/withheld', true, 'not-done'],
      ['CommunicationRequest/r-held', true, 'on-hold'],
      ['Communication/for-bo', true, 'completed'],
      ['Communication/from-ada-for-bo', true, 'completed'],
    ]);
    expect(entries.find((one) => one.reference === 'Communication/sent')).toMatchObject({
      ...{ direction: 'outbound', status: 'Delivered', channel: 'text', from: 'Example NHS Trust', to: 'Ada Example' },
      ...{ contact: '07700 900123', subjectLine: 'Your visit', text: 'Text of sent', requester: 'Amina Yusuf' },
      ...{ recordedBy: ['Amina Yusuf'], lawfulBases: ['6(1)(e)', 'implied consent'], atText: '1 June 2026, 10:00am' },
    });
    expect(entries.find((one) => one.reference === 'Communication/withheld')).toMatchObject({
      ...{ status: 'Not sent', reasons: ['The person objects to texts.'] },
    });
    expect(entries.find((one) => one.reference === 'Communication/on-old')?.otherRecord).toBe('Patient/ada-old');
    expect(entries.find((one) => one.reference === 'Communication/to-lee')?.to).toBe('Lee Former');
  });

  it('where the person acts for another, only what is their own', async () => {
    const bundle = await rig.bundle();
    const found = (id: string) => bundle.entry?.find((one) => one.resource?.id === id)?.resource;
    expect(found('bo')).toBeUndefined();
    expect(JSON.stringify(bundle)).not.toMatch(/Patient\/bo|Text of for-bo|"SEX"/);
    expect(found('for-bo')).toMatchObject({
      status: 'completed',
      recipient: [{ reference: 'RelatedPerson/ada-for-bo' }],
    });
    expect(found('from-ada-for-bo')).toMatchObject({ payload: [{ contentString: 'Bo is better' }] });
    const theirs = (await rig.entries()).find((one) => one.reference === 'Communication/from-ada-for-bo');
    expect(theirs?.masks.map((one) => [one.origin, one.ground])).toEqual([['proposed', 'third-party']]);
    expect(found('ada-for-bo')).toMatchObject({ telecom: [{ value: '07700 900123' }] });
  });

  it('objections, proxies, needs, decisions, on whichever record, and no fingerprint of a detail', async () => {
    const { sections } = await rig.ask();
    const items = Object.fromEntries(sections.map(({ id, items }) => [id, items.map((one) => one.title)]));
    expect(items).toMatchObject({
      person: ['Ada Example', 'Ada Example'],
      objections: ['Messaging objection'],
      proxies: ['Kim Sample', 'Lee Former', 'Proxy messaging'],
      needs: ['Needs large print'],
      decisions: ['Override objection', 'Subject access request'],
      'acting-for-others': ['Ada Example'],
    });
    const texts = JSON.stringify(sections);
    for (const one of [
      'My texts are read',
      'It could not wait.',
      'Helen Okafor',
      '6(1)(e)',
      'GOV.UK Notify',
      'ico.org.uk',
    ])
      expect(texts).toContain(one);
    expect(texts).not.toContain('fingerprint-of-a-number');
  });

  it('only the days that were asked for', async () => {
    const period = { start: '2026-06-02', end: '2026-06-03' };
    expect((await rig.entries({ period })).map((one) => one.reference)).toEqual([
      'Communication/from-kim-unfiled',
      'Communication/in',
      'CommunicationRequest/r-cancelled',
      'Communication/withheld',
    ]);
  });

  it('a request in these days stands alone where its message is not in them', async () => {
    await rig.put(
      anOrder('r-early', { authoredOn: '2026-04-01T08:00:00Z' }),
      aMessage('late', { basedOn: basedOn('r-early'), sent: '2026-04-09T09:00:00Z' }),
    );
    const alone = async (end: string) =>
      (await rig.entries({ period: { start: '2026-04-01', end } })).map((one) => [one.reference, one.standsAlone]);
    expect(await alone('2026-04-02')).toEqual([['CommunicationRequest/r-early', true]]);
    expect(await alone('2026-04-09')).toEqual([
      ['CommunicationRequest/r-early', false],
      ['Communication/late', true],
    ]);
    const elsewhere = { subject: { reference: 'Patient/bo' }, recipient: [{ reference: 'Patient/bo' }] };
    await rewritten(rig, aMessage('late', elsewhere), anOrder('r-early', { subject: { reference: 'Patient/bo' } }));
  });

  it('what comes while the copy is written is in none of its forms; what goes cuts it off', async () => {
    const history = await rig.ask();
    await rig.put(inbound('later', 'Came while it was written'));
    for (const form of Object.values(bundleForms)) {
      expect(await textOf(form.write(history, base))).not.toContain('Came while');
    }
    expect((await collected(history.entries())).length).toBe(history.total);
    const store = {
      ...rig.deps.store,
      search: async (type: never, params: [string, string][], cursor?: string) => {
        const page = await rig.store.search(type, params, cursor);
        const isPage = params.some(([name]) => name === '_id');
        return isPage ? { ...page, matches: page.matches.filter((one: { id: string }) => one.id !== 'later') } : page;
      },
      read: async (type: never, id: string) => (id === 'later' ? undefined : rig.store.read(type, id)),
      commit: rig.store.commit.bind(rig.store),
    };
    const { exportSubjectAccess } = await import('../../src/sar/export.ts');
    const cut = await exportSubjectAccess(
      { ...rig.deps, store: store as never },
      {
        ...{ patientId: 'ada', taskId: 'sar-1', stage: 'review', form: 'document', period: {} },
        caller: { client: 'demo-sar', role: 'sar', requestId: 'r' },
      },
    );
    await expect(collected(cut.entries())).rejects.toThrow('is gone');
    await rewritten(rig, {
      ...inbound('later', ''),
      ...{ subject: { reference: 'Patient/bo' }, sender: { reference: 'Patient/bo' } },
    });
  });

  it('a document is R4 in every part: Composition first, sections that lead to the parts, newest last', async () => {
    const bundle = await rig.bundle();
    expect(faultsOf(r4, bundle)).toEqual([]);
    const [first, ...others] = bundle.entry ?? [];
    if (first?.resource?.resourceType !== 'Composition') throw new Error('no Composition');
    const addresses = new Set(others.map((one) => one.fullUrl));
    const references = (first.resource.section ?? [])
      .flatMap((one) => one.entry ?? [])
      .map(({ reference = '' }) => reference);
    expect(references.filter((one) => !addresses.has(one.startsWith('urn:') ? one : `${base}/${one}`))).toEqual([]);
    expect(new Set(bundle.entry?.map((one) => one.fullUrl)).size).toBe(bundle.entry?.length);
    expect(bundle).toMatchObject({ type: 'document', timestamp: '2026-06-20T12:00:00.000Z' });
    const times = others.flatMap(({ resource }) =>
      resource?.resourceType === 'Communication' ? [resource.sent ?? resource.received ?? ''] : [],
    );
    expect(times.filter((one) => one !== '')).toEqual(times.filter((one) => one !== '').toSorted());
  });

  it('a searchset has the same resources', async () => {
    const history = await rig.ask({ form: 'searchset' });
    const found = JSON.parse(await textOf(bundleForms.searchset.write(history, base))) as Bundle;
    expect(faultsOf(r4, found)).toEqual([]);
    const ids = ({ entry = [] }: Bundle) => entry.map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);
    const stable = (one: string) => !one.startsWith('Composition') && !/^Task\/(?!sar-1|override)/.test(one);
    expect(ids(found).filter(stable)).toEqual(ids(await rig.bundle()).filter(stable));
    expect(found.total).toBe(found.entry?.filter((one) => one.search?.mode === 'match').length);
  });

  it.each(fileForms.map((one) => [one.mediaType, one] as const))('%s says all of it', async (mediaType, form) => {
    const text = await textOf(form.write(await rig.ask(), base));
    const expected = [
      'Text of sent',
      'Thank you',
      'Never went',
      'The person objects to texts.',
      'My texts are read',
      'Lee Former',
    ];
    if (mediaType.startsWith('text/')) for (const one of expected) expect(text).toContain(one);
  });

  it('SAR-4: each look leaves who, what, when and why, and nothing of what was seen', async () => {
    const before = (await searchAll(rig.store, 'AuditEvent', [['patient', 'Patient/ada']])).length;
    const history = await rig.ask({ form: 'text/csv', reason: 'Asked by letter', period: { start: '2026-06-01' } });
    const events = await searchAll(rig.store, 'AuditEvent', [['patient', 'Patient/ada']]);
    expect(events.length).toBe(before + 1);
    const event = events.find((one) => JSON.stringify(one).includes(history.documentId)) as AuditEvent;
    expect(faultsOf(r4, event)).toEqual([]);
    expect(event).toMatchObject({
      type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110106' },
      subtype: [{ code: 'disclose' }],
      ...{ action: 'R', outcome: '0', recorded: '2026-06-20T12:00:00.000Z' },
      purposeOfEvent: [{ coding: [{ code: 'PATRQT' }], text: 'Asked by letter' }],
    });
    const text = JSON.stringify(event);
    for (const one of [
      'Practitioner/officer',
      'Patient/ada',
      'Task/sar-1',
      'stage=review&form=text%2Fcsv&start=2026-06-01',
    ])
      expect(text).toContain(one);
    expect(text).not.toMatch(/900123|Thank you|Example,/);
  });

  it('the record cannot be seen where the look cannot be recorded', async () => {
    const store = {
      ...rig.deps.store,
      read: rig.store.read.bind(rig.store),
      search: rig.store.search.bind(rig.store),
      commit: async () => {
        throw new Error('full');
      },
    };
    const { exportSubjectAccess } = await import('../../src/sar/export.ts');
    const asked = exportSubjectAccess(
      { ...rig.deps, store: store as never },
      {
        ...{ patientId: 'ada', taskId: 'sar-1', stage: 'review', form: 'document', period: {} },
        caller: { client: 'demo-sar', role: 'sar', requestId: 'r' },
      },
    );
    await expect(asked).rejects.toThrow('full');
  });

  it.each<[string, Partial<Parameters<SarRig['ask']>[0] & object>, string]>([
    ['no such patient', { patientId: 'nobody' }, 'NOT_FOUND'],
    ['no such Task', { taskId: 'nothing' }, 'PROFILE_INVALID'],
    ['a Task of another kind', { taskId: 'override' }, 'PROFILE_INVALID'],
    ["another person's Task", { patientId: 'bo' }, 'PROFILE_INVALID'],
  ])('refused: %s', async (_what, change, code) => {
    await expect(rig.ask(change)).rejects.toMatchObject({ code });
  });

  it('asked for by the other record, the same history', async () => {
    const references = async (patientId: string) => (await rig.entries({ patientId })).map((one) => one.reference);
    expect(await references('ada-old')).toEqual(await references('ada'));
  });

  it('SAR-3: a request that was withdrawn is not answered; a dead person’s is another Act’s', async () => {
    await rewritten(rig, aRequestTask({ status: 'cancelled' }));
    await expect(rig.ask()).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
    await rewritten(rig, aRequestTask(), { ...old, deceasedDateTime: '2026-06-19' } as Patient & { id: string });
    const text = expect.stringContaining('Access to Health Records Act 1990');
    await expect(rig.ask()).rejects.toMatchObject({ code: 'PROFILE_INVALID', faults: [{ text }] });
    await rewritten(rig, old);
  });

  it('a text of nothing but markup and formulas stays a text', async () => {
    const evil = '<script>alert(1)</script>=HYPERLINK("https://x.example")';
    await rig.put(
      aMessage('evil', { payload: [{ contentString: `=1+1 ${evil}` }], topic: { text: '\t=2+2' } }),
      inbound('plus', '+44 is my code'),
    );
    const [html, csv] = await Promise.all(
      fileForms.slice(0, 2).map(async (form) => textOf(form.write(await rig.ask(), base))),
    );
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
    const rows = parsedCsv(csv ?? '');
    expect(new Set(rows.map((one) => one.length)).size).toBe(1);
    expect(rows.flat().filter((one) => /^[\s]*[=+\-@]/.test(one))).toEqual([]);
    expect(rows.flat()).toContain(`'=1+1 ${evil}`);
    expect(csv?.startsWith('\uFEFF"What",')).toBe(true);
    expect(csv?.replaceAll('\r\n', '').includes('\r')).toBe(false);
    await rewritten(rig, { ...aMessage('evil'), subject: { reference: 'Patient/bo' }, recipient: [] } as never, {
      ...inbound('plus', ''),
      subject: { reference: 'Patient/bo' },
      sender: { reference: 'Patient/bo' },
    });
  });

  it('a person of whom nothing is known has a copy that says so', async () => {
    await rig.put(aRequestTask({ id: 'sar-bo', for: { reference: 'Patient/lone' } }), {
      resourceType: 'Patient',
      id: 'lone',
    } as never);
    const bundle = await rig.bundle({ patientId: 'lone', taskId: 'sar-bo' });
    expect(faultsOf(r4, bundle)).toEqual([]);
    expect(await collected((await rig.ask({ patientId: 'lone', taskId: 'sar-bo' })).entries())).toEqual([]);
    expect(JSON.stringify(bundle)).not.toContain(MASKED.repeat(2));
  });
});

/** RFC 4180. */
function parsedCsv(text: string): string[][] {
  return text
    .replace('\uFEFF', '')
    .split(/\r\n/)
    .filter((one) => one !== '')
    .map((line) => [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell = '']) => cell.replaceAll('""', '"')));
}
