import type { Communication, Patient, RelatedPerson, Resource, Task } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { MASKED } from '../../src/sar/history.ts';
import { everyForm } from './every-form.ts';
import {
  ada,
  aMessage,
  anOrder,
  approved,
  decision,
  inbound,
  parameter,
  rewritten,
  type SarRig,
  sarRig,
} from './rig.ts';

const contactUrl = structureDefinition('contact-point-used');
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

/** Every form of the released copy, once the reviewer decided so. */
async function released(
  rig: SarRig,
  ...input: Parameters<typeof approved>[0] & object
): Promise<Record<string, string>> {
  await rewritten(rig, ...approved(input));
  return everyForm(rig, { stage: 'release' });
}

const formsWith = (forms: Record<string, string>, words: string | RegExp): string[] =>
  Object.entries(forms)
    .filter(([, text]) => (typeof words === 'string' ? text.includes(words) : words.test(text)))
    .map(([name]) => name);
const every = ['document', 'searchset', 'html', 'csv', 'pdf', 'zip'];

/** Somebody who acts for Ada. Nothing else in the copy looks like their name. */
const proxy: RelatedPerson & { id: string } = {
  resourceType: 'RelatedPerson',
  id: 'proxy-1',
  active: true,
  patient: { reference: 'Patient/ada' },
  name: [{ given: ['Morwenna'], family: 'Trevail' }],
  telecom: [{ system: 'phone', value: '07700 900456' }],
};
const values = Buffer.from(JSON.stringify({ contact: 'MORWENNA TREVAIL' })).toString('base64');
const toProxy = [
  aMessage('to-proxy', {
    recipient: [{ reference: 'RelatedPerson/proxy-1', display: 'Morwenna Trevail' }],
    extension: [{ url: contactUrl, valueContactPoint: { system: 'phone', value: '07700 900456' } }],
    payload: [{ contentString: 'Dear Morwenna Trevail, please ring us.' }],
  }),
  inbound('about-proxy', 'my sister Morwenna  Trevail rings you. ask morwenna'),
  anOrder('with-values', {
    payload: [{ contentAttachment: { contentType: 'application/json', data: values } }],
    note: [{ text: 'Mrs Trevail asked' }],
  }),
];

describe('SAR-1, contract 12: who acted for the person is named alike wherever it stands', () => {
  it('in the text of a message as in "To", in each of the six forms; their number is in none', async () => {
    const forms = await released(await rigWith(proxy, ...toProxy));
    expect(Object.keys(forms).sort()).toEqual(every.toSorted());
    for (const said of ['Dear Morwenna Trevail, please', 'my sister Morwenna Trevail rings', 'Mrs Trevail asked']) {
      expect([said, formsWith(forms, said)]).toEqual([said, every]);
    }
    for (const one of ['html', 'pdf', 'zip']) expect(forms[one]).toContain('To Morwenna Trevail');
    expect(formsWith(forms, /900\s?456/)).toEqual([]);
  });

  it('SAR-2: a name that the reviewer hides is in no form, neither in a heading nor in a text nor in a value', async () => {
    const rig = await rigWith(proxy, ...toProxy);
    const forms = await released(
      rig,
      decision('mask', 'RelatedPerson/proxy-1', { path: 'name', ground: 'third-party' }),
    );
    expect(formsWith(forms, /morwenna|trevail/i)).toEqual([]);
    expect(formsWith(forms, `Dear ${MASKED}, please ring us.`)).toEqual(every);
    for (const one of ['html', 'pdf', 'zip']) expect(forms[one]).toContain(`To ${MASKED}`);
  });

  it('SAR-2: a short name goes as well', async () => {
    const short = { ...proxy, name: [{ given: ['Jo'], family: 'Li' }] };
    const rig = await rigWith(short, inbound('in', 'Jo Li rings you'));
    const forms = await released(
      rig,
      decision('mask', 'RelatedPerson/proxy-1', { path: 'name', ground: 'third-party' }),
    );
    expect(formsWith(forms, 'Jo Li')).toEqual([]);
  });
});

const bo: Patient & { id: string } = { resourceType: 'Patient', id: 'bo', name: [{ given: ['Bo'], family: 'Other' }] };
const adaForBo: RelatedPerson & { id: string } = {
  resourceType: 'RelatedPerson',
  id: 'ada-for-bo',
  patient: { reference: 'Patient/bo' },
  identifier: [{ system: system.nhsNumber, value: '9991230009' }],
  name: [{ given: ['Ada'], family: 'Example' }],
};

describe('SAR-2: what is about somebody for whom the person acts is theirs', () => {
  it('the notes on the request, who asked for it and which service sent it stay out of every form', async () => {
    const rig = await rigWith(
      bo,
      adaForBo,
      { resourceType: 'HealthcareService', id: 'clinic', name: 'Hidden Clinic' },
      anOrder('for-bo-request', { subject: { reference: 'Patient/bo' }, note: [{ text: 'Bo has a secret' }] }),
      aMessage('for-bo', {
        subject: { reference: 'Patient/bo' },
        basedOn: [{ reference: 'CommunicationRequest/for-bo-request' }],
        recipient: [{ reference: 'RelatedPerson/ada-for-bo' }],
        sender: { reference: 'HealthcareService/clinic' },
      }),
    );
    for (const forms of [await everyForm(rig), await released(rig)]) {
      expect(formsWith(forms, 'for-bo')).toEqual(every);
      expect(formsWith(forms, /secret|Hidden Clinic|Amina Yusuf|for-bo-request/)).toEqual([]);
    }
  });

  it('what they wrote as a proxy is proposed to be hidden, filed or not', async () => {
    const unfiled = inbound('unfiled', 'Bo is ill', {
      subject: undefined,
      sender: { reference: 'RelatedPerson/ada-for-bo' },
    } as unknown as Partial<Communication>);
    const rig = await rigWith(bo, adaForBo, unfiled);
    expect(formsWith(await everyForm(rig), 'Bo is ill')).toEqual(every);
    expect(formsWith(await released(rig), 'Bo is ill')).toEqual([]);
  });

  it('references to other patients go: candidates for a text, a record that was taken for theirs', async () => {
    const triage: Task & { id: string } = {
      resourceType: 'Task',
      id: 'triage',
      status: 'completed',
      intent: 'order',
      code: { coding: [{ system: codeSystem('task-code'), code: 'triage-inbound' }] },
      for: { reference: 'Patient/ada' },
      input: [
        { type: parameter('candidate'), valueReference: { reference: 'Patient/ada' } },
        { type: parameter('candidate'), valueReference: { reference: 'Patient/bo', display: 'Bo Other' } },
      ],
    };
    const rig = await rigWith(bo, triage);
    expect((await everyForm(rig)).document).toContain('Patient/bo');
    expect(formsWith(await released(rig), /Patient\/bo|Bo Other/)).toEqual([]);
  });
});

describe('SAR-2: others who stand in the person’s own record', () => {
  it('a next of kin: number and address go, wherever they stand; a number of both stays', async () => {
    const rig = await rigWith(inbound('in', 'Ring 07700 900789, or 12 Made Up Row, or 07700 900123'));
    const contact = [
      {
        name: { given: ['Quilla'], family: 'Next' },
        telecom: [{ system: 'phone' as const, value: '07700 900789' }],
        address: { line: ['12 Made Up Row'], city: 'Leeds' },
      },
      { telecom: [{ system: 'phone' as const, value: '07700 900123' }] },
    ];
    await rewritten(rig, { ...ada, contact });
    const forms = await released(rig);
    expect(formsWith(forms, /900\s?789|made up row/i)).toEqual([]);
    expect(formsWith(forms, '07700 900123')).toEqual(every);
    expect(forms.document).toContain('Quilla');
  });

  it("why a proxy objects is the proxy's; that they object is told", async () => {
    const objects = (id: string, actor: string): Resource & { id: string } => ({
      resourceType: 'Consent',
      id,
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: codeSystem('consent-category'), code: 'messaging-objection' }] }],
      patient: { reference: 'Patient/ada' },
      performer: [{ reference: actor }],
      policyRule: { coding: [{ system: system.actCode, code: 'OPTOUT' }] },
      extension: [
        {
          url: structureDefinition('objection-detail'),
          extension: [{ url: 'reason', valueCodeableConcept: { text: `Reason of ${id}` } }],
        },
      ],
      provision: {
        type: 'deny',
        ...(actor.startsWith('Patient')
          ? {}
          : { actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: actor } }] }),
      },
    });
    const rig = await rigWith(proxy, objects('own', 'Patient/ada'), objects('theirs', 'RelatedPerson/proxy-1'));
    const forms = await released(rig);
    expect(formsWith(forms, 'Reason of own')).toEqual(every);
    expect(formsWith(forms, 'Reason of theirs')).toEqual([]);
    expect(formsWith(forms, 'Consent/theirs')).toEqual(expect.arrayContaining(['document', 'csv']));
  });

  it('a text that was filed by mistake may be anybody’s; that there was one is told', async () => {
    const astray = inbound('astray', 'Bo feels better', { status: 'entered-in-error' });
    const rig = await rigWith(astray, aMessage('own', { status: 'entered-in-error' }));
    const contact = { url: contactUrl, valueContactPoint: { system: 'phone' as const, value: '07700 900987' } };
    await rewritten(rig, { ...astray, extension: [contact] });
    const forms = await released(rig);
    expect(formsWith(forms, /Bo feels|900\s?987/)).toEqual([]);
    expect(formsWith(forms, 'Communication/astray')).toEqual(
      expect.arrayContaining(['document', 'html', 'csv', 'pdf']),
    );
    expect(formsWith(forms, 'Text of own')).toEqual(every);
  });

  it('a contact detail of anybody else to whom a message about them went', async () => {
    const elsewhere = aMessage('astray', {
      recipient: [{ reference: 'RelatedPerson/gone' }],
      extension: [{ url: contactUrl, valueContactPoint: { system: 'phone', value: '07700 900654' } }],
    });
    const forms = await released(await rigWith(elsewhere));
    expect(formsWith(forms, /900\s?654/)).toEqual([]);
    expect(formsWith(forms, 'Text of astray')).toEqual(every);
  });
});

describe('OBJ-8: the person’s own removed detail', () => {
  const mark = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' };
  const used = (value: string, ...extension: (typeof mark)[]): Partial<Communication> => ({
    extension: [
      {
        url: contactUrl,
        valueContactPoint: { system: 'phone', value, ...(extension.length > 0 ? { extension } : {}) },
      },
    ],
  });

  it('is hidden wherever else it stands, whatever a "show" says', async () => {
    const rig = await rigWith(
      aMessage('m', used('07700 900321', mark)),
      aMessage('said', {
        payload: [{ contentString: 'We will ring +44 7700 900321.' }],
        note: [{ text: '07700900321' }],
      }),
    );
    expect(formsWith(await everyForm(rig), /900321/)).toEqual(every);
    const shows = ['payload', 'note'].map((path) => decision('show', 'Communication/said', { path, ground: 'other' }));
    expect(formsWith(await released(rig, ...shows), /900\s?321/)).toEqual([]);
  });

  it('one that is theirs again stays', async () => {
    const said = aMessage('said', { payload: [{ contentString: 'We will ring 07700 900123.' }] });
    const rig = await rigWith(aMessage('m', used('07700 900123', mark)), said);
    expect(formsWith(await released(rig), 'We will ring 07700 900123.')).toEqual(every);
  });
});
