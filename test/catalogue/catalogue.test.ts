import type { ActivityDefinition, CommunicationRequest } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { MSG, system } from '../../src/canonical.ts';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { loadDefinitions, loadValueSets } from '../../src/fhir/definitions/load.ts';
import type { StructureDefinition } from '../../src/fhir/validate/definitions.ts';
import { createValidator } from '../../src/fhir/validate/validator.ts';
import { SMS_MAX_CHARACTERS } from '../../src/notify/sms-text.ts';
import { placeholders } from '../../src/notify/template.ts';
import { channels } from '../../src/policy/channel.ts';
import type { MessageType, RenderedText } from '../../src/policy/message-facts.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { fixedWordsFaults } from '../../src/send/fixed-words.ts';
import { parseMessageType } from '../../src/send/message-type.ts';
import { readPayload } from '../../src/send/personalisation.ts';
import { renderTexts } from '../../src/send/render.ts';
import { scannedText } from '../../src/send/scanned.ts';

const validator = createValidator({
  structures: loadDefinitions().structures as unknown as StructureDefinition[],
  valueSets: loadValueSets(),
});

const parsed = (resource: ActivityDefinition): MessageType => {
  const result = parseMessageType(resource);
  if (result.kind === 'bad') throw new Error(result.faults.map((one) => one.text).join('; '));
  return result.type;
};
const types = shippedMessageTypes.map((one) => [one.id, parsed(one)] as const);

const filled = (type: MessageType, value: (name: string) => string, freeText = 'Please bring your glasses.') =>
  renderTexts({
    type,
    providerTemplates: new Map(),
    given: readPayload({
      resourceType: 'CommunicationRequest',
      payload: [
        ...(type.freeText ? [{ contentString: freeText }] : []),
        {
          contentAttachment: {
            contentType: 'application/json',
            data: Buffer.from(
              JSON.stringify(Object.fromEntries(type.personalisation.map(({ name }) => [name, value(name)]))),
            ).toString('base64'),
          },
        },
      ],
    } as unknown as CommunicationRequest),
    language: undefined,
    policy: defaultPolicy,
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
  });

const own = { policy: defaultPolicy, controller: { ods: 'RXX', name: 'Example NHS Trust' } };
const scanned = (text: RenderedText) => scannedText(text, own).found;

/** What callers put in, as their meanings ask. */
const usual: Readonly<Record<string, string>> = {
  ...{ phone: '0113 496 0123', date: 'Tuesday 3 June', time: '10:30am', place: 'Gate B', replyBy: 'Friday at midday' },
  ...{ joining: 'open the NHS App and choose your appointments', event: 'the power cut', test: 'blood test of 1 June' },
  ...{ result: 'Your kidney function is normal.', next: 'We will see you in May.', summary: 'You will keep walking.' },
  ...{ information: 'The operation takes an hour.', hours: 'Monday to Friday, 9am to 5pm' },
};
/** Keys that are there to say something confidential. */
const confidentialKeys = ['result', 'summary', 'information'];

describe('the shipped message types (contract 3.1)', () => {
  it('are all of the contract, under the addresses that callers use', () => {
    const codes = [
      ...['appointment-reminder', 'appointment-confirmation', 'appointment-changed', 'appointment-cancelled'],
      ...['urgent-appointment-offer', 'virtual-consultation-invite', 'results-available', 'results-routine'],
      ...['prescription-ready', 'prescribing-error', 'vaccination-invite', 'screening-invite'],
      ...['waiting-list-validation', 'call-announcement', 'check-in', 'visit-summary', 'treatment-information'],
      ...['public-health-alert', 'welfare-check', 'credible-threat-contact', 'contact-us', 'care-message'],
      'out-of-hours-reply',
    ];
    expect(shippedMessageTypes.map((one) => one.url).sort()).toEqual(
      codes.map((code) => `${MSG}/ActivityDefinition/${code}`).sort(),
    );
    for (const one of shippedMessageTypes) expect([one.id, one.status]).toEqual([one.url?.split('/').at(-1), 'active']);
  });

  it.each([...shippedMessageTypes, ...shippedEndpoints].map((one) => [`${one.resourceType}/${one.id}`, one] as const))(
    '%s is valid R4',
    (_address, resource) => {
      const { structure, profile } = validator.validate(resource);
      expect([...structure, ...profile]).toEqual([]);
    },
  );

  it.each(types)('CHN-4, MIN-3: %s has words for its channels, and no ranks of its own', (code, type) => {
    const shape = type.templates.map(({ channel, kind }) => `${channel} ${kind}`);
    if (['call-announcement', 'check-in'].includes(code)) expect(shape).toEqual(['sms full']);
    else if (['results-routine', 'visit-summary', 'treatment-information'].includes(code)) {
      expect([type.confidentiality, ...shape]).toEqual([
        'R',
        ...['sms nudge', 'email nudge', 'letter full', 'nhsapp full', 'secure-email full'],
      ]);
    } else expect([type.confidentiality, ...shape]).toEqual(['N', 'sms full', 'email full', 'letter full']);
    expect(type.templates.every((one) => one.rank === undefined)).toBe(true);
  });

  it.each(types)(
    '%s asks for no key that it does not declare, and declares none that it does not use',
    (_code, type) => {
      const templates = type.templates.flatMap(({ words }) =>
        words.held === 'here' ? [words.subject ?? '', words.text] : [],
      );
      const asked = placeholders(...templates).filter((one) => one !== 'organisation' && one !== 'message');
      expect([...new Set(asked)].sort()).toEqual(type.personalisation.map((one) => one.name).sort());
      expect(placeholders(...templates).includes('message')).toBe(type.freeText);
    },
  );

  it.each(types)('SUS-3, CHN-4, TWO-8: %s is whole, short, signed, and says where to ring', (_code, type) => {
    const { texts, content } = filled(type, (name) => usual[name] ?? '');
    expect(content).toMatchObject({ missing: [], unreadable: false, strangeLink: false });
    for (const text of texts) {
      expect(text.faults).toEqual([]);
      expect(text.text).toContain('Example NHS Trust');
      if (!type.freeText) expect(text.text).toContain('0113 496 0123');
      expect(`${text.subjectLine} ${text.text}`).not.toMatch(/switchboard|clinic|\(\(|!/i);
      if (text.channel === 'sms') expect(text.fragments).toBeLessThanOrEqual(2);
      else expect(text.text).toMatch(/In an emergency, call 999\.$/);
    }
  });

  it.each(types)('MIN-4, SUS-1, SUS-2, CON-3: nothing in the words of %s stands out', (_code, type) => {
    const values = (name: string) => (confidentialKeys.includes(name) ? 'as we said' : (usual[name] ?? ''));
    for (const text of filled(type, values).texts) expect([text.channel, scanned(text)]).toEqual([text.channel, []]);
    expect(
      fixedWordsFaults(shippedMessageTypes.find((one) => one.id === type.code) as ActivityDefinition, own),
    ).toEqual([]);
  });

  const long = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch “Tŷ Gwyn” 😀 #1 *x* ';
  it.each(types)('%s still fits and passes with long and odd values', (_code, type) => {
    const { texts } = filled(type, () => long.repeat(2), long.repeat(10).slice(0, SMS_MAX_CHARACTERS - 40));
    for (const text of texts) expect([text.channel, text.faults, scanned(text)]).toEqual([text.channel, [], []]);
  });

  it.each(types)('MIN-4: a confidential value is found wherever %s shows it to others', (_code, type) => {
    const { texts } = filled(type, () => 'chlamydia, 999 123 0009', 'Your chlamydia result, 999 123 0009');
    for (const text of texts.filter((one) => one.kind === 'full')) {
      expect(scanned(text).map((one) => one.of)).toEqual(expect.arrayContaining(['identifier', 'diagnosis']));
    }
  });

  it('ACC-1: a system may ask for what a list decides, never for what a person should; only care-message takes free text', () => {
    expect(types.filter(([, type]) => type.automatic).map(([code]) => code)).toEqual([
      ...['appointment-reminder', 'appointment-confirmation', 'appointment-changed', 'appointment-cancelled'],
      ...['virtual-consultation-invite', 'waiting-list-validation', 'prescription-ready', 'vaccination-invite'],
      ...['screening-invite', 'out-of-hours-reply'],
    ]);
    expect(types.filter(([, type]) => type.freeText).map(([code]) => code)).toEqual(['care-message']);
  });

  it('CON-2: each states its lawful bases', () => {
    for (const { relatedArtifact = [] } of shippedMessageTypes) {
      expect(relatedArtifact.map((one) => [one.type, one.label])).toEqual([
        ['justification', '6(1)(e)'],
        ['justification', '9(1)(h)'],
      ]);
    }
  });
});

describe('the shipped channels (contract 3.1, CHN-5)', () => {
  const part = (name: string, at = 0) =>
    shippedEndpoints[at]?.extension?.find((one) => one.url === `${MSG}/StructureDefinition/${name}`);

  it('each channel has one, open or off, with what it may carry', () => {
    expect(
      shippedEndpoints.map((one, at) => [
        one.connectionType.code,
        one.status,
        part('max-content-confidentiality', at)?.valueCoding?.code,
      ]),
    ).toEqual([
      ['sms', 'active', 'N'],
      ['email', 'active', 'N'],
      ['letter', 'active', 'R'],
      ['nhsapp', 'off', 'R'],
      ['secure-email', 'off', 'R'],
    ]);
    expect(shippedEndpoints.map((one) => one.connectionType.code).sort()).toEqual([...channels].sort());
  });

  it('an open one names an assurance document and tells the trust to put its own in its place', () => {
    for (const [at, { status }] of shippedEndpoints.entries()) {
      const document = part('assurance-document', at)?.valueReference;
      expect(document !== undefined).toBe(status === 'active');
      if (document !== undefined) expect(document.display).toMatch(/own data protection impact assessment/);
    }
  });
});

describe('reading a message type (contract 3.2)', () => {
  const [shipped] = shippedMessageTypes;
  if (shipped === undefined) throw new Error('nothing is shipped');
  const faults = (change: Partial<ActivityDefinition>) => {
    const result = parseMessageType({ ...shipped, ...change });
    return result.kind === 'bad' ? result.faults.map((one) => one.text).join('; ') : undefined;
  };
  const without = (name: string) => (shipped.extension ?? []).filter((one) => !one.url.endsWith(`/${name}`));
  const withTemplate = (...parts: NonNullable<ActivityDefinition['extension']>) => [
    ...without('channel-template'),
    { url: `${MSG}/StructureDefinition/channel-template`, extension: parts },
  ];
  const sms = { url: 'channel', valueCoding: { system: `${MSG}/CodeSystem/channel`, code: 'sms' } };

  it.each<[string, Partial<ActivityDefinition>, RegExp]>([
    ['no code', { code: { coding: [{ system: 'urn:x', code: 'x' }] } }, /needs a coding/],
    ['another kind', { kind: 'Task' }, /must be CommunicationRequest/],
    ['MIN-1: no confidentiality', { extension: without('content-confidentiality') }, /content-confidentiality/],
    ['no template', { extension: without('channel-template') }, /at least one channel-template/],
    [
      'a channel of another system',
      { extension: withTemplate({ ...sms, valueCoding: { system: 'urn:x', code: 'sms' } }) },
      /without a channel/,
    ],
    ['a template without words', { extension: withTemplate(sms) }, /without text or templateId/],
    [
      'a third kind of text',
      { extension: withTemplate(sms, { url: 'kind', valueCode: 'half' }) },
      /neither full nor nudge/,
    ],
    [
      'an email without subject',
      {
        extension: withTemplate(
          { ...sms, valueCoding: { ...sms.valueCoding, code: 'email' } },
          { url: 'text', valueString: 'x' },
        ),
      },
      /without a subject/,
    ],
    [
      'a key without a name',
      {
        extension: [...(shipped.extension ?? []), { url: `${MSG}/StructureDefinition/personalisation`, extension: [] }],
      },
      /without a name/,
    ],
  ])('%s is a fault', (_what, change, said) => {
    expect(faults(change)).toMatch(said);
  });

  it("an objection may name the type's code, its topic or its service", () => {
    const type = parsed({
      ...shipped,
      useContext: [
        {
          code: { system: 'http://terminology.hl7.org/CodeSystem/usage-context-type', code: 'program' },
          valueCodeableConcept: { coding: [{ system: `${MSG}/CodeSystem/service`, code: 'screening' }] },
        },
      ],
    });
    expect(type.kinds).toContainEqual({ system: `${MSG}/CodeSystem/message-type`, code: 'appointment-reminder' });
    expect(type.kinds).toContainEqual({ system: `${MSG}/CodeSystem/service`, code: 'screening' });
  });

  it("a provider's own template is known, and carries no words of ours", () => {
    const extension = withTemplate(
      sms,
      { url: 'provider', valueUri: system.govukNotify },
      { url: 'templateId', valueId: 'f33517ff-2a88-4f6e-b855-c550268ce08a' },
    );
    expect(parsed({ ...shipped, extension }).templates[0]?.words).toEqual({
      held: 'at-provider',
      templateId: 'f33517ff-2a88-4f6e-b855-c550268ce08a',
    });
  });

  it('TWO-5: a text says beforehand who will ring and when', () => {
    const announcement = types.find(([id]) => id === 'call-announcement')?.[1];
    expect(announcement?.templates.map((one) => one.channel)).toContain('sms');
    const { texts } = filled(announcement as MessageType, (name) => usual[name] ?? 'the eye clinic');
    const text = texts.find((one) => one.channel === 'sms');
    expect(text?.text).toContain(`Example NHS Trust: we will call you on ${usual.date} at about ${usual.time}.`);
    expect(text?.faults).toEqual([]);
  });
});
