import type { Communication, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { MASKED } from '../../src/sar/history.ts';
import { placesOf } from '../../src/sar/places.ts';
import { faultsOf, r4 } from '../validate/support.ts';
import { aMessage, anOrder, approved, decision, inbound, kim, rewritten, type SarRig, sarRig } from './rig.ts';

const contactUrl = structureDefinition('contact-point-used');
const third = 'third-party';
const open: SarRig[] = [];

async function rigWith(...resources: readonly (Resource & { id: string })[]): Promise<SarRig> {
  const rig = await sarRig();
  open.push(rig);
  await rig.put(...resources);
  return rig;
}
afterEach(() => {
  for (const rig of open.splice(0)) rig.close();
});

/** The released copy once the reviewer decided so. */
async function released(rig: SarRig, ...input: Parameters<typeof approved>[0] & object): Promise<string> {
  await rewritten(rig, ...approved(input));
  const bundle = await rig.bundle({ stage: 'release' });
  for (const { resource } of bundle.entry ?? []) expect(faultsOf(r4, resource)).toEqual([]);
  return JSON.stringify(bundle);
}

describe('contract 12: paths are evaluated on the resource as exported', () => {
  const message = aMessage('m', {
    payload: [{ contentString: 'one' }, { contentAttachment: { title: 'two', contentType: 'text/plain' } }],
    note: [{ text: 'three' }],
  });
  it.each<[string, (string | number)[][] | undefined]>([
    ['Communication.payload[0].contentString', [['payload', 0, 'contentString']]],
    ['Communication.payload[0].content', [['payload', 0, 'contentString']]],
    ['payload.content.ofType(string)', [['payload', 0, 'contentString']]],
    ['payload.first().content', [['payload', 0, 'contentString']]],
    [
      'payload',
      [
        ['payload', 0],
        ['payload', 1],
      ],
    ],
    [`extension.where(url = '${contactUrl}').value`, [['extension', 0, 'valueContactPoint']]],
    [`extension('${contactUrl}').value`, [['extension', 0, 'valueContactPoint']]],
    ["payload.content.ofType(string).where($this.contains('one'))", [['payload', 0, 'contentString']]],
    ['payload.contentString', [['payload', 0, 'contentString']]],
    ['note.text', [['note', 0, 'text']]],
    ['$this', [[]]],
    ['Communication', [[]]],
    ['topic.text', []],
    ['payload.count()', undefined],
    ['payload[', undefined],
  ])('%s', (path, pointers) => {
    expect(placesOf(message, path)?.map(({ pointer }) => pointer)).toEqual(pointers);
  });
});

describe('SAR-2: what the reviewer decides is hidden in the release, and only there', () => {
  it('the words, wherever they stand in the element, and the record is unchanged', async () => {
    const rig = await rigWith(aMessage('m', { payload: [{ contentString: 'Tell  bob jones. Bob Jones said so.' }] }));
    const text = await released(
      rig,
      decision('mask', 'Communication/m', { path: 'payload.content', text: 'Bob Jones', ground: third }),
    );
    expect(text).toContain(`Tell  ${MASKED}. ${MASKED} said so.`);
    expect(text).not.toMatch(/bob\s+jones/i);
    expect(text).toContain('"code":"REDACT"');
    expect((await rig.store.read('Communication', 'm'))?.payload?.[0]?.contentString).toContain('bob jones');
    expect((await rig.store.read('Communication', 'm'))?.meta.versionId).toBe('1');
    expect(JSON.stringify(await rig.bundle())).toContain('Bob Jones said so');
  });

  it.each<[what: string, path: string | undefined, gone: string, kept: string]>([
    ['the whole text', 'Communication.payload[0].contentString', 'Secret words', '"sent"'],
    ['every part', 'payload', 'Secret words', 'Other words'.slice(0, 0)],
    ['the note', 'note', 'A hidden note', 'Secret words'],
    ['the subject line', 'topic.text', 'Hidden heading', 'Secret words'],
    ['the sender', 'sender', '"display":"Example NHS Trust"}],"payload', 'Secret words'],
    ['a primitive in a list', 'instantiatesUri[0]', 'urn:hidden', 'urn:shown'],
    ['all of it', undefined, 'Secret words', '"sent":"2026-06-01T09:00:00Z"'],
  ])('%s', async (_what, path, gone, kept) => {
    const message = aMessage('m', {
      payload: [{ contentString: 'Secret words' }],
      note: [{ text: 'A hidden note' }],
      topic: { text: 'Hidden heading' },
      instantiatesUri: ['urn:hidden', 'urn:shown'],
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${gone}</div>` },
    });
    const rig = await rigWith(message);
    const detail = { ...(path === undefined ? {} : { path }), ground: 'legal-privilege' };
    const text = await released(rig, decision('mask', 'Communication/m', detail));
    expect(text).not.toContain(gone);
    expect(text).toContain(kept);
    expect(text).toContain('"valueCode":"masked"');
    expect(text).not.toContain('legal-privilege');
  });

  it('the same words in the request, its values, its other messages and files go too', async () => {
    const personalisation = Buffer.from(JSON.stringify({ about: 'Call Zo\u00eb Quill\nnow' })).toString('base64');
    const basedOn = [{ reference: 'CommunicationRequest/r' }];
    const rig = await rigWith(
      anOrder('r', {
        payload: [
          { contentString: 'Call Zo\u00eb Quill now' },
          { contentAttachment: { contentType: 'application/json', data: personalisation } },
        ],
        note: [{ text: 'Zo\u00eb Quill asked' }],
      }),
      aMessage('m1', {
        basedOn,
        payload: [
          { contentString: 'Call Zo\u00eb Quill now' },
          { contentAttachment: { contentType: 'application/pdf', data: 'JVBERi0xLjQ=', title: 'Letter' } },
        ],
      }),
      aMessage('m2', { basedOn, payload: [{ contentString: 'Please call Zo\u00eb Quill now' }] }),
    );
    const mask = decision('mask', 'Communication/m1', {
      path: 'payload[0].content',
      text: 'Zo\u00eb Quill',
      ground: third,
    });
    const text = await released(rig, mask);
    const decoded = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString(),
    );
    expect(decoded).toEqual([JSON.stringify({ about: `Call ${MASKED}\nnow` })]);
    expect(text).not.toContain('Quill');
    expect(text).not.toContain('JVBERi0');
  });

  it('what was decided and the digest of a request are not told to the person', async () => {
    const digest = { url: structureDefinition('submission-digest'), valueString: 'digest-of-secret' };
    const rig = await rigWith(anOrder('r', { extension: [digest] }), aMessage('m'));
    const text = await released(
      rig,
      decision('mask', 'Communication/m', { path: 'payload.content', ground: 'serious-harm' }),
    );
    expect(text).not.toMatch(/serious-harm|digest-of-secret|mask-detail|payload\.content/);
    expect(text).toContain('"code":"all-read"');
  });

  it.each([
    [
      'a path that leads nowhere',
      'Communication/m',
      { path: 'topic.text', ground: third },
      'The path leads to nothing',
    ],
    [
      'words that are not there',
      'Communication/m',
      { path: 'payload', text: 'Nobody', ground: third },
      'The words are not there',
    ],
    ['a resource of somebody else', 'Communication/other', { ground: third }, 'is not in this person'],
  ])('%s masks nothing, and nothing is released', async (_what, reference, detail, said) => {
    const rig = await rigWith(
      aMessage('m'),
      { resourceType: 'Patient', id: 'bo' },
      aMessage('other', { subject: { reference: 'Patient/bo' }, recipient: [{ reference: 'Patient/bo' }] }),
    );
    const input = [decision('mask', reference, detail)];
    await rewritten(rig, ...approved(input));
    await expect(rig.ask({ stage: 'release' })).rejects.toMatchObject({
      code: 'PROFILE_INVALID',
      faults: [{ expression: 'Task.input[0]', text: expect.stringContaining(said) }],
    });
    expect((await rig.ask()).unmatched).toMatchObject([{ expression: 'Task.input[0]' }]);
  });
});

describe('SAR-2: what Herald proposes is masked unless it is shown', () => {
  const toKim = aMessage('to-kim', {
    recipient: [{ reference: 'RelatedPerson/kim' }],
    extension: [{ url: contactUrl, valueContactPoint: { system: 'phone', value: '07700 900456' } }],
    payload: [{ contentString: 'Kim, ring us, or we ring 07700 900456 or +44 7700 900 456.' }],
  });

  it("a proxy's contact details and address, wherever they stand; not a town", async () => {
    const values = Buffer.from(JSON.stringify({ mail: 'kim@example.org', town: 'Leeds' })).toString('base64');
    const order = anOrder('r', {
      payload: [{ contentAttachment: { contentType: 'application/json', data: values } }],
      note: [{ text: 'Lives at 12 invented row, LS1 9ZZ, Leeds' }],
    });
    const rig = await rigWith(kim, toKim, order, {
      resourceType: 'Flag',
      id: 'ring-kim',
      status: 'active',
      code: { text: 'Ring 07700 900456 first' },
      subject: { reference: 'Patient/ada' },
      author: { reference: 'Practitioner/clerk', display: 'kim@example.org' },
    } as Resource & { id: string });
    const review = await rig.bundle();
    expect(JSON.stringify(review)).toContain('kim@example.org');
    const text = await released(rig);
    expect(text).not.toMatch(/900\s?456|kim@example|invented row|LS1 9ZZ|"mail"/i);
    expect(text).toContain('Leeds');
    expect(text).toContain('"recipient":[{"reference":"RelatedPerson/kim"}]');
    const data = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, one]) => Buffer.from(one ?? '', 'base64').toString());
    expect(data).toEqual([JSON.stringify({ mail: MASKED, town: 'Leeds' })]);
  });

  it('the review lists each part in the form of a decision, and a "show" of the same form shows it', async () => {
    const rig = await rigWith(kim, toKim);
    const { entry = [] } = await rig.bundle();
    const listed = entry.at(-1)?.resource;
    if (listed?.resourceType !== 'Task') throw new Error('no list');
    const inputs = listed.input ?? [];
    expect(
      inputs.map((one) => [one.valueReference?.reference, one.extension?.[0]?.extension?.[0]?.valueString]),
    ).toEqual(
      expect.arrayContaining([
        ['RelatedPerson/kim', 'RelatedPerson.telecom'],
        ['RelatedPerson/kim', 'RelatedPerson.address'],
        ['Communication/to-kim', `Communication.extension.where(url = '${contactUrl}').value`],
        ['Communication/to-kim', 'Communication.payload[0].contentString'],
      ]),
    );
    const text = await released(rig, ...inputs.map((one) => ({ ...one, type: decision('show', 'x', {}).type })));
    expect(text).toMatch(/07700 900456[\s\S]*12 Invented Row/);
    expect(text).not.toContain('"valueCode":"masked"');
  });

  it('a number that is the person’s own as well stays', async () => {
    const shared = { ...kim, telecom: [{ system: 'phone' as const, value: '+447700900123' }] };
    const rig = await rigWith(shared, aMessage('m', { payload: [{ contentString: 'We ring 07700 900123.' }] }));
    const text = await released(rig);
    expect(text).toContain('We ring 07700 900123.');
    expect(text).not.toContain('+447700900123');
  });

  it.each<[text: string, hidden: string | undefined]>([
    ['My husband David Quill reads these', 'David Quill'],
    ['Husband, Dave, rang', 'Dave'],
    ['Mrs Quill from next door drove me', 'Quill'],
    ["My aunt Mary-Jo O'Neil (née Quill-Smith) knows", "Mary-Jo O'Neil"],
    ['Ask my sister Kim please', undefined],
    ['My husband Kim Quill, not Mrs Sample', 'Kim Quill'],
    ['ring my friend on 07700 900789', '07700 900789'],
    ['write to zed@example.com instead', 'zed@example.com'],
    ['Dr Smith and Nurse Jones were kind', undefined],
    ['This is Mrs Example', undefined],
    ['Kimberley is a place', undefined],
    ['My husband reads these', undefined],
    ['Ring me on 07700 900123', undefined],
  ])('a text that came in: %s', async (text, hidden) => {
    const rig = await rigWith(kim, inbound('in', text));
    const { entry = [] } = JSON.parse(await released(rig));
    const found = entry.find((one: { resource: Resource }) => one.resource.id === 'in').resource as Communication;
    expect(found.payload?.[0]?.contentString).toBe(hidden === undefined ? text : text.replace(hidden, MASKED));
  });

  it('OBJ-8: the person’s own removed detail is shown in review and masked in release, whatever a "show" says', async () => {
    const detail = { system: 'phone' as const, value: '07700 900321' };
    const mark = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' };
    const rig = await rigWith(
      aMessage('m', { extension: [{ url: contactUrl, valueContactPoint: { ...detail, extension: [mark] } }] }),
    );
    const [entry] = await rig.entries();
    expect([entry?.contact, entry?.masks.map((one) => one.origin)]).toEqual(['07700 900321', ['fixed']]);
    const path = `Communication.extension.where(url = '${contactUrl}').value`;
    const text = await released(rig, decision('show', 'Communication/m', { path, ground: 'serious-harm' }));
    expect(text).not.toContain('900321');
  });
});

describe('contract 12: a release says what is missing', () => {
  let rig: SarRig;
  beforeAll(async () => {
    rig = await sarRig();
  });
  const faultsWhen = async (change: (all: ReturnType<typeof approved>) => (Resource & { id: string })[]) => {
    await rewritten(rig, ...change(approved()));
    return rig.ask({ stage: 'release' }).then(
      () => [],
      (error) => error.faults.map((one: { expression: string }) => one.expression),
    );
  };

  it('from the beginning to the approval', async () => {
    const task = approved()[0] as import('@medplum/fhirtypes').Task & { id: string };
    const { output: _output, ...undecided } = task;
    const { input: _input, ...unread } = task;
    const refused = {
      ...task,
      output: [
        {
          type: task.output?.[0]?.type ?? {},
          valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: 'refused' }] },
        },
      ],
    };
    expect(await faultsWhen(() => [{ ...undecided, status: 'in-progress', input: [] }])).toEqual([
      'Task.input',
      'Task.output',
    ]);
    expect(await faultsWhen(() => [{ ...undecided, status: 'in-progress' }])).toEqual(['Task.output']);
    expect(await faultsWhen(() => [refused])).toEqual(['Task.output']);
    expect(await faultsWhen(() => [task])).toEqual(['Task.owner']);
    expect(await faultsWhen(([, author]) => [task, author as never])).toEqual(['Task.owner']);
    const same = (all: ReturnType<typeof approved>) =>
      JSON.parse(JSON.stringify(all).replaceAll('Practitioner/lead', 'Practitioner/officer'));
    expect(await faultsWhen(same)).toEqual(['Task.owner']);
    expect(await faultsWhen((all) => [{ ...unread, input: [] } as never, ...all.slice(1)])).toEqual(['Task.input']);
    expect(await faultsWhen((all) => all)).toEqual([]);
  });
});
