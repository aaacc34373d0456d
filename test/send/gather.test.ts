import type {
  ActivityDefinition,
  CommunicationRequest,
  Consent,
  ContactPoint,
  Endpoint,
  Patient,
  Reference,
  Resource,
} from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import { filedUnder, sensitivityOf } from '../../src/policy/facts.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { gatherFacts, isForGroup } from '../../src/send/gather.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type FhirStore, StoreError, type StoreErrorCode } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

const now = new Date('2026-06-01T10:00:00Z');
const clock = { now: () => now };
let store: FhirStore;
let close: () => void;

beforeEach(() => {
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock });
  close = () => database.close();
});
afterEach(() => close());

const given = (...resources: (Resource & { id: string })[]) =>
  store.commit(resources.map((resource) => ({ op: 'create', resource })));

const nhs = (value: string) => ({ system: system.nhsNumber, value });
const mobile: ContactPoint = { system: 'phone', value: '07700 900 123', use: 'mobile' };
const patient = (id: string, number: string | undefined, change: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  ...(number === undefined ? {} : { identifier: [nhs(number)] }),
  name: [{ family: 'Osei', given: ['Maya'] }],
  birthDate: '1984-06-14',
  telecom: [mobile, { system: 'email', value: 'Maya@example.org' }],
  ...change,
});
const maya = patient('maya', '9990000018');

const request = (change: Partial<CommunicationRequest> = {}): CommunicationRequest => ({
  resourceType: 'CommunicationRequest',
  status: 'active',
  extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/contact-us` }],
  subject: { reference: 'Patient/maya' },
  requester: { reference: 'Practitioner/clerk' },
  payload: [
    {
      contentAttachment: {
        contentType: 'application/json',
        data: Buffer.from('{"phone":"0113 496 0123"}').toString('base64'),
      },
    },
  ],
  ...change,
});
const ofType = (code: string) => ({
  extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/${code}` }],
});

const gather = (of: CommunicationRequest, from: FhirStore = store) =>
  gatherFacts(of, {
    store: from,
    clock,
    policy: defaultPolicy,
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
    providerChannels: ['sms', 'email'],
    findTemplate: async () => ({ kind: 'none' }),
    fingerprint: () => undefined,
  });
const decided = async (change: Partial<CommunicationRequest> = {}) => decide(await gather(request(change)));
const said = (decision: Decision) =>
  decision.kind === 'refuse' || decision.kind === 'hold'
    ? [...new Set(decision.reasons.map((one) => one.code))]
    : decision.kind === 'send'
      ? decision.delivery.channel
      : decision.kind;

const objection = (id: string, change: Partial<Consent> = {}): Consent & { id: string } => ({
  resourceType: 'Consent',
  id,
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [
    { coding: [{ system: codeSystem('consent-category'), code: 'messaging-objection' }] },
    { coding: [{ system: codeSystem('objection-scope'), code: 'channel' }] },
  ],
  patient: { reference: 'Patient/maya' },
  policyRule: { coding: [{ system: system.actCode, code: 'OPTOUT' }] },
  provision: { type: 'deny', action: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }] },
  ...change,
});

describe('an ordinary message', () => {
  it('goes, with the number normalised and the words exact', async () => {
    await given(maya);
    const decision = await decided();
    expect(decision).toMatchObject({
      kind: 'send',
      delivery: {
        recipient: { reference: 'Patient/maya' },
        channel: 'sms',
        contactPoint: mobile,
        to: '+447700900123',
        text: 'Example NHS Trust: please call us on 0113 496 0123 when you are able to talk. We would like to speak to you about your care.',
        fragments: 1,
        messageType: `${MSG}/ActivityDefinition/contact-us|1`,
      },
    });
  });
});

describe('the subject (VER-1)', () => {
  it.each<[string, Reference<Patient>, string | string[], string | undefined]>([
    ['by reference', { reference: 'Patient/maya' }, 'sms', 'Patient/maya'],
    ['by reference to a version', { reference: 'Patient/maya/_history/1' }, 'sms', 'Patient/maya'],
    ['by NHS number', { identifier: nhs('9990000018') }, 'sms', 'Patient/maya'],
    ['by NHS number with spaces', { identifier: nhs('999 000 0018') }, 'sms', 'Patient/maya'],
    ['by both', { reference: 'Patient/maya', identifier: nhs('9990000018') }, 'sms', 'Patient/maya'],
    [
      'by both, disagreeing',
      { reference: 'Patient/maya', identifier: nhs('9990000026') },
      ['identity-mismatch'],
      undefined,
    ],
    ['by a number that nobody has', { identifier: nhs('9990000034') }, ['identity-unusable'], undefined],
    ['by a number that fails the check', { identifier: nhs('9990000019') }, ['identity-unusable'], undefined],
    ['by a reference that dangles', { reference: 'Patient/nobody' }, ['identity-unusable'], undefined],
    [
      'by an address elsewhere',
      { reference: 'https://other.example/fhir/Patient/maya' },
      ['identity-unusable'],
      undefined,
    ],
    ['by its display only', { display: 'Maya' }, ['identity-unusable'], undefined],
    [
      'as somebody else than a patient',
      { reference: 'RelatedPerson/x' } as Reference<Patient>,
      ['identity-unusable'],
      undefined,
    ],
  ])('%s', async (_how, subject, outcome, filed) => {
    await given(maya, patient('walter', '9990000026'));
    const facts = await gather(request({ subject }));
    expect(said(decide(facts))).toEqual(outcome);
    expect(filedUnder(facts)).toBe(filed);
  });

  it('a group is known for one (contract 9)', () => {
    expect(isForGroup(request({ subject: { reference: 'Group/1' } }))).toBe(true);
    expect(isForGroup(request())).toBe(false);
  });

  it.each([
    ['by reference', { reference: 'Patient/maya' }],
    ['by number', { identifier: nhs('9990000018') }],
  ])('two records with the number: unusable %s, and filed under neither', async (_how, subject) => {
    await given(maya, patient('other', '9990000018'));
    const facts = await gather(request({ subject }));
    expect(said(decide(facts))).toEqual(['identity-unusable']);
    expect(filedUnder(facts)).toBeUndefined();
  });

  it('a number that the other record no longer has is no clash', async () => {
    await given(maya, patient('other', undefined, { identifier: [{ ...nhs('9990000018'), use: 'old' }] }));
    expect(said(await decided())).toBe('sms');
    expect(said(await decided({ subject: { identifier: nhs('9990000018') } }))).toBe('sms');
  });

  it('a hospital number finds the person, warns, and must be theirs alone', async () => {
    const local = { system: 'https://trust.example/mrn', value: 'A|1' };
    await given(patient('local', undefined, { identifier: [local] }));
    const decision = await decided({ subject: { identifier: local } });
    expect(decision.kind === 'send' && decision.warnings.map((one) => one.code)).toContain('local-identifier-only');
    await given(patient('twin', undefined, { identifier: [local] }));
    expect(said(await decided({ subject: { identifier: local } }))).toEqual(['identity-unusable']);
  });

  it.each<[string, Partial<Patient>, string[]]>([
    ['dead by flag', { deceasedBoolean: true }, ['deceased']],
    ['dead by date', { deceasedDateTime: '2026-01-09' }, ['deceased']],
    ['inactive', { active: false }, ['inactive-record']],
    ['without identifier', { identifier: [] }, ['identity-unusable']],
    ['restricted (R)', { meta: { security: [{ system: system.confidentiality, code: 'R' }] } }, ['restricted-record']],
    ['restricted (V)', { meta: { security: [{ system: system.confidentiality, code: 'V' }] } }, ['restricted-record']],
  ])('VER-2, VER-3: %s', async (_how, change, codes) => {
    await given({ ...maya, ...change });
    expect(said(await decided())).toEqual(codes);
  });

  it('VER-3: deceasedBoolean false is alive, and a label of another system restricts nothing', async () => {
    await given({ ...maya, deceasedBoolean: false, meta: { security: [{ system: 'urn:x', code: 'R' }] } });
    expect(said(await decided())).toBe('sms');
  });

  it.each<[string, Partial<Patient>, Partial<Patient>]>([
    ['from the old record', { link: [{ other: { reference: 'Patient/survivor' }, type: 'replaced-by' }] }, {}],
    ['from the survivor', {}, { link: [{ other: { reference: 'Patient/maya' }, type: 'replaces' }] }],
  ])(
    'VER-3: a replaced record, linked %s, names the survivor, and the number means the survivor',
    async (_how, old, survivor) => {
      await given({ ...maya, ...old }, patient('survivor', '9990000018', survivor));
      const decision = await decided();
      expect(said(decision)).toEqual(['inactive-record']);
      expect(decision.kind === 'refuse' && decision.reasons[0]?.text).toContain('Patient/survivor');
      expect(said(await decided({ subject: { reference: 'Patient/survivor' } }))).toBe('sms');
      const byNumber = await decided({ subject: { identifier: nhs('9990000018') } });
      expect(byNumber.kind === 'send' && byNumber.delivery.recipient.reference).toBe('Patient/survivor');
    },
  );
});

describe('the recipient (PRX-1, CON-4)', () => {
  beforeEach(() =>
    given(
      maya,
      patient('walter', '9990000026'),
      {
        resourceType: 'RelatedPerson',
        id: 'mother',
        identifier: [nhs('9990000034')],
        patient: { reference: 'Patient/maya' },
      },
      { resourceType: 'RelatedPerson', id: 'other', patient: { reference: 'Patient/walter' } },
    ),
  );

  it.each<[string, Reference[], string | string[]]>([
    ['nobody', [], 'sms'],
    ['the subject', [{ reference: 'Patient/maya' }], 'sms'],
    ['the subject by number', [{ identifier: nhs('9990000018') }], 'sms'],
    ['the subject twice', [{ reference: 'Patient/maya' }, { reference: 'Patient/maya' }], ['not-a-proxy']],
    ['another patient', [{ reference: 'Patient/walter' }], ['not-a-proxy']],
    ['another patient by number', [{ identifier: nhs('9990000026') }], ['not-a-proxy']],
    ['a disagreeing pair', [{ reference: 'Patient/maya', identifier: nhs('9990000026') }], ['identity-mismatch']],
    [
      'a proxy',
      [{ reference: 'RelatedPerson/mother' }],
      ['proxy-not-authorised', 'no-contact', 'channel-not-approved'],
    ],
    [
      'a proxy by number',
      [{ identifier: nhs('9990000034') }],
      ['proxy-not-authorised', 'no-contact', 'channel-not-approved'],
    ],
    [
      "somebody else's proxy",
      [{ reference: 'RelatedPerson/other' }],
      ['not-a-proxy', 'no-contact', 'channel-not-approved'],
    ],
    ['a proxy who is not there', [{ reference: 'RelatedPerson/none' }], ['not-a-proxy']],
    ['a colleague', [{ reference: 'Practitioner/x' }], ['out-of-scope']],
    ['a colleague by staff number', [{ identifier: { system: system.sdsUserId, value: '1' } }], ['out-of-scope']],
    ['a team', [{ reference: 'CareTeam/x' }], ['out-of-scope']],
    ['a role', [{ type: 'PractitionerRole', identifier: { value: 'x' } }], ['out-of-scope']],
    ['an organisation', [{ reference: 'Organization/x' }], ['out-of-scope']],
    ['a service', [{ reference: 'HealthcareService/x' }], ['out-of-scope']],
    ['a device', [{ reference: 'Device/x' }], ['not-a-proxy']],
    ['a group', [{ reference: 'Group/x' }], ['not-a-proxy']],
    [
      'a patient and a colleague',
      [{ reference: 'Patient/maya' }, { reference: 'Practitioner/x' }],
      ['out-of-scope', 'not-a-proxy'],
    ],
  ])('%s', async (_who, recipient, outcome) => {
    const decision = await decided({ recipient: recipient as NonNullable<CommunicationRequest['recipient']> });
    expect(said(decision)).toEqual(outcome);
  });
});

describe('objections (OBJ-1, OBJ-5)', () => {
  const everything = {
    category: [
      objection('x').category?.[0],
      { coding: [{ system: codeSystem('objection-scope'), code: 'all-messages' }] },
    ],
  } as Partial<Consent>;
  const action = (code: string, of = codeSystem('channel')) => ({
    provision: { type: 'deny' as const, action: [{ coding: [{ system: of, code }] }] },
  });
  const kind = (code: string, of: string | undefined = codeSystem('message-type')) => ({
    provision: { code: [{ coding: [{ ...(of && { system: of }), code }] }] },
  });

  it.each<[string, Partial<Consent>, string]>([
    ['to texts', {}, 'email'],
    ['to texts, provisionally', { status: 'proposed' }, 'email'],
    ['to texts, withdrawn', { status: 'inactive' }, 'sms'],
    ['to texts, rejected', { status: 'rejected' }, 'sms'],
    ['to texts, until yesterday', { provision: { ...action('sms').provision, period: { end: '2026-05-31' } } }, 'sms'],
    ['to texts, until today', { provision: { ...action('sms').provision, period: { end: '2026-06-01' } } }, 'email'],
    ['to texts, from tomorrow', { provision: { ...action('sms').provision, period: { start: '2026-06-02' } } }, 'sms'],
    ['to email', action('email'), 'sms'],
    ['to every channel', action('all'), 'objection'],
    ['to a channel that is not said', { provision: {} }, 'objection'],
    ['with an action of another system only', action('disclose', 'urn:x'), 'objection'],
    ['to a way that Herald does not have', action('telephone'), 'sms'],
    [
      'to email, and to what only words say',
      { provision: { action: [...action('email').provision.action, { text: 'texts too' }] } },
      'objection',
    ],
    ['to everything', everything, 'objection'],
    [
      'to processing for care',
      {
        category: [
          everything.category?.[0],
          { coding: [{ system: codeSystem('objection-scope'), code: 'care-processing' }] },
        ],
      } as Partial<Consent>,
      'objection',
    ],
    ['to this message type', kind('contact-us'), 'objection'],
    ['to this message type by its code alone', kind('contact-us', ''), 'objection'],
    ['to another message type', kind('screening-invite'), 'sms'],
    ['to a kind in words only', { provision: { code: [{ text: 'reminders' }] } }, 'objection'],
    [
      'to this message type by text',
      { provision: { ...kind('contact-us').provision, ...action('sms').provision } },
      'email',
    ],
    [
      "a proxy's own",
      {
        performer: [{ reference: 'RelatedPerson/mother' }],
        provision: {
          ...action('all').provision,
          actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: 'RelatedPerson/mother' } }],
        },
      },
      'sms',
    ],
    [
      "the patient's own about a proxy",
      {
        performer: [{ reference: 'Patient/maya' }],
        provision: {
          ...action('all').provision,
          actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: 'RelatedPerson/mother' } }],
        },
      },
      'objection',
    ],
  ])('%s', async (_what, change, outcome) => {
    await given(maya, objection('one', change));
    const decision = await decided();
    const first = said(decision);
    expect(Array.isArray(first) ? first[0] : first).toBe(outcome);
  });

  it('OBJ-1: many objections are all read, however many pages they fill', async () => {
    const many = Array.from({ length: 120 }, (_one, at) => objection(`o-${at}`, kind(`other-${at}`)));
    await given(maya, ...many, objection('z-last', everything));
    const facts = await gather(request());
    expect(facts.objections.known && facts.objections.value.length).toBe(121);
    expect(said(decide(facts))).toContain('objection');
  });

  it.each<[string, Patient['link'], Patient['link']]>([
    ['one that replaces the other', [{ other: { reference: 'Patient/old' }, type: 'replaces' }], undefined],
    ['one that was replaced, said there', undefined, [{ other: { reference: 'Patient/maya' }, type: 'replaced-by' }]],
  ])('contract 4: an objection on %s counts for the survivor', async (_what, ours, theirs) => {
    await given(
      { ...maya, ...(ours && { link: ours }) },
      { ...patient('old', '9990000026'), ...(theirs && { link: theirs }) },
      objection('one', { patient: { reference: 'Patient/old' } }),
    );
    expect(said(await decided())).toBe('email');
  });

  it('contract 4: an objection counts through a chain of records, and a ring of links ends', async () => {
    await given(
      { ...maya, link: [{ other: { reference: 'Patient/b' }, type: 'seealso' }] },
      patient('b', '9990000026', { link: [{ other: { reference: 'Patient/c' }, type: 'replaces' }] }),
      patient('c', '9990000034', { link: [{ other: { reference: 'Patient/maya' }, type: 'seealso' }] }),
      objection('one', { patient: { reference: 'Patient/c' } }),
    );
    expect(said(await decided())).toBe('email');
  });
});

describe('contact details (PRF-5)', () => {
  it.each<[string, ContactPoint, string | undefined]>([
    ['a mobile as people type it', { system: 'phone', value: '(07700) 900-123' }, '+447700900123'],
    ['system sms', { system: 'sms', value: '+44 7700 900123' }, '+447700900123'],
    ['a mobile of Jersey', { system: 'phone', value: '07797 712345' }, '+447797712345'],
    ['a mobile at home', { system: 'phone', value: '07700900123', use: 'home' }, '+447700900123'],
    ['a landline', { system: 'phone', value: '0113 496 0123' }, undefined],
    ['an old number', { ...mobile, use: 'old' }, undefined],
    ['a number that ended', { ...mobile, period: { end: '2026-05-31' } }, undefined],
    ['a number that ends today', { ...mobile, period: { end: '2026-06-01' } }, '+447700900123'],
    ['a digit short', { system: 'phone', value: '0770090012' }, undefined],
    ['a digit too many, which reads as Russian', { system: 'phone', value: '079009001234' }, undefined],
    ['a French mobile', { system: 'phone', value: '+33 6 12 34 56 78' }, undefined],
    ['letters', { system: 'phone', value: 'ring my mum' }, undefined],
    ['another system', { system: 'pager', value: '07700900123' }, undefined],
    ['no value', { system: 'phone' }, undefined],
  ])('%s', async (_what, point, to) => {
    await given({ ...maya, telecom: [point] });
    const decision = await decided({ medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }] });
    expect(decision.kind === 'send' ? decision.delivery.to : said(decision)).toEqual(to ?? ['no-contact']);
  });

  it.each([
    ['maya@example.org', 'email'],
    ['maya@example', 'no-contact'],
  ])('the address %s: %s', async (value, outcome) => {
    await given({ ...maya, telecom: [{ system: 'email', value }] });
    const first = said(await decided());
    expect(Array.isArray(first) ? first[0] : first).toBe(outcome);
  });
});

describe('preferences (PRF-1)', () => {
  const ukCore = 'https://fhir.hl7.org.uk';
  const prefers = (code: string, of = `${ukCore}/CodeSystem/UKCore-PreferredContactMethod`): Partial<Patient> => ({
    extension: [
      {
        url: `${ukCore}/StructureDefinition/Extension-UKCore-ContactPreference`,
        extension: [{ url: 'PreferredContactMethod', valueCodeableConcept: { coding: [{ system: of, code }] } }],
      },
    ],
  });

  it.each<[string, Partial<Patient>, string, boolean]>([
    ['email', prefers('4'), 'email', false],
    ['text, as the development list has it', prefers('9'), 'sms', false],
    ['email, as our own channel', prefers('email', codeSystem('channel')), 'email', false],
    ['letter', prefers('1'), 'sms', true],
    ['telephone calls', prefers('3'), 'sms', true],
    ['no telephone contact', prefers('8'), 'sms', false],
    ['a code of nobody', prefers('77'), 'sms', false],
  ])('%s', async (_what, change, channel, passedOver) => {
    await given({ ...maya, ...change });
    const decision = await decided();
    expect(said(decision)).toBe(channel);
    expect('preferencePassedOver' in decision).toBe(passedOver);
  });
});

describe('what the request says', () => {
  beforeEach(() => given(maya));
  const at = (expires: string) => ({
    extension: [...(request().extension ?? []), { url: structureDefinition('expires'), valueDateTime: expires }],
  });

  it.each<[string, Partial<CommunicationRequest>, string | string[]]>([
    ['expires later today', at('2026-06-01'), 'sms'],
    ['expired yesterday', at('2026-05-31'), ['expired']],
    ['expires now', at('2026-06-01T11:00:00+01:00'), ['expired']],
    ['expires in a second', at('2026-06-01T11:00:01+01:00'), 'sms'],
    ['expires at a time that is none', at('2026-02-30'), ['expired']],
    ['due after it expires', { ...at('2026-06-02T10:00:00Z'), occurrenceDateTime: '2026-06-03' }, ['expired']],
    ['due in a period', { occurrencePeriod: { start: '2026-06-03' } }, ['expired']],
    ['HMARKT', { reasonCode: [{ coding: [{ system: system.actReason, code: 'HMARKT' }] }] }, ['out-of-scope']],
    ['HRESCH without a system', { reasonCode: [{ coding: [{ code: 'HRESCH' }] }] }, ['out-of-scope']],
    [
      'a reason of another system',
      { reasonCode: [{ coding: [{ system: 'http://snomed.info/sct', code: '1' }] }] },
      'sms',
    ],
    ['a requester by staff number', { requester: { identifier: { system: system.sdsUserId, value: '1' } } }, 'sms'],
    ['a requester by display only', { requester: { display: 'Ann' } }, ['requester-missing']],
    ['a device as requester', { requester: { reference: 'Device/x' } }, ['requester-missing']],
    ['a patient as requester', { requester: { reference: 'Patient/maya' } }, ['requester-missing']],
    [
      'a medium of another system',
      { medium: [{ coding: [{ system: system.participationMode, code: 'SMSWRIT' }] }] },
      ['channel-not-approved'],
    ],
    [
      'two media',
      {
        medium: [
          { coding: [{ system: codeSystem('channel'), code: 'letter' }] },
          { coding: [{ system: codeSystem('channel'), code: 'email' }] },
        ],
      },
      'email',
    ],
  ])('%s', async (_what, change, outcome) => {
    expect(said(await decided(change))).toEqual(outcome);
  });

  it('labels of the request, the type and what it is about are put together', async () => {
    const label = (code: string, of: string = system.actCode) => ({ system: of, code });
    await given(
      {
        resourceType: 'Appointment',
        id: 'a',
        status: 'booked',
        participant: [],
        meta: { security: [label('SEX'), label('R', system.confidentiality)] },
      } as Resource & { id: string },
      {
        ...type('labelled', '1'),
        extension: [
          ...(type('labelled', '1').extension ?? []),
          { url: structureDefinition('default-sensitivity'), valueCoding: label('MH') },
        ],
      },
    );
    const facts = await gather(
      request({
        ...ofType('labelled'),
        meta: { security: [label('SDV'), label('SEX')] },
        about: [{ reference: 'Appointment/a' }, { reference: 'Appointment/none' }],
      }),
    );
    expect(sensitivityOf(facts).map((one) => one.code)).toEqual(['MH', 'R', 'SDV', 'SEX']);
  });

  it('PRX-7: an appointment that comes with the request has the labels of its service', async () => {
    await given({
      resourceType: 'HealthcareService',
      id: 'clinic',
      meta: { security: [{ system: system.actCode, code: 'SEX' }] },
    } as Resource & { id: string });
    const contained: CommunicationRequest['contained'] = [
      {
        resourceType: 'Appointment',
        id: 'here',
        status: 'proposed',
        participant: [{ actor: { reference: 'HealthcareService/clinic' }, status: 'accepted' }],
      },
    ];
    const facts = await gather(request({ contained, about: [{ reference: '#here' }] }));
    expect(sensitivityOf(facts).map((one) => one.code)).toEqual(['SEX']);
  });

  it.each<[string, readonly string[], boolean]>([
    ['another patient’s', ['Patient/other'], true],
    ['theirs, and others’ as well', ['Patient/other', 'Patient/maya'], false],
    ['theirs under a record that this one is linked with', ['Patient/maya-before'], false],
    ['nobody’s by name', [], false],
  ])('VER-1: whether an appointment and a stay are the subject’s: %s', async (_whose, whom, isAnothers) => {
    const before = { resourceType: 'Patient', id: 'maya-before', active: false } as Resource & { id: string };
    const link = [{ other: { reference: 'Patient/maya' }, type: 'replaced-by' as const }];
    await given({ ...before, link } as Resource & { id: string });
    const participant = whom.map((reference) => ({ actor: { reference }, status: 'accepted' }));
    await given({ resourceType: 'Appointment', id: 'a', status: 'booked', participant } as Resource & { id: string });
    const ofMatter = async (change: Partial<CommunicationRequest>): Promise<boolean | undefined> => {
      const { sensitivity } = await gather(request(change));
      return sensitivity.known ? sensitivity.value.ofAnother : undefined;
    };
    expect(await ofMatter({ about: [{ reference: 'Appointment/a' }] })).toBe(isAnothers);
    const [first] = whom;
    const stay = { resourceType: 'Encounter', id: 'e', status: 'planned', class: { code: 'AMB' } };
    await given({ ...stay, ...(first && { subject: { reference: first } }) } as Resource & { id: string });
    expect(await ofMatter({ encounter: { reference: 'Encounter/e' } })).toBe(first === 'Patient/other');
  });
});

function type(code: string, version: string, change: Partial<ActivityDefinition> = {}) {
  const [shipped] = shippedMessageTypes.filter((one) => one.id === 'contact-us');
  if (shipped === undefined) throw new Error('contact-us is not shipped');
  return { ...shipped, id: `${code}-${version}`, url: `${MSG}/ActivityDefinition/${code}`, version, ...change };
}

describe('the message type', () => {
  beforeEach(() => given(maya));
  const canonical = async (value: string) => {
    const decision = await decided({ extension: [{ url: system.instantiatesCanonical, valueCanonical: value }] });
    return decision.kind === 'send' ? decision.delivery.messageType : said(decision);
  };
  const url = `${MSG}/ActivityDefinition/contact-us`;

  it('a shipped one counts where the store has none of its own, a stored one before it', async () => {
    expect(await canonical(url)).toBe(`${url}|1`);
    await given(type('contact-us', '7'));
    expect(await canonical(url)).toBe(`${url}|7`);
    expect(await canonical(`${url}|1`)).toEqual(['message-type-unknown']);
  });

  it('without a version the newest in use is taken, by number and not by letter', async () => {
    await given(type('contact-us', '9'), type('contact-us', '10'), type('contact-us', '11', { status: 'draft' }));
    expect(await canonical(url)).toBe(`${url}|10`);
    expect(await canonical(`${url}|9`)).toBe(`${url}|9`);
    expect(await canonical(`${url}|11`)).toEqual(['message-type-unknown']);
  });

  it.each<[string, Partial<ActivityDefinition>]>([
    ['retired', { status: 'retired' }],
    ['not yet in use', { effectivePeriod: { start: '2026-06-02' } }],
    ['no longer in use', { effectivePeriod: { end: '2026-05-31' } }],
    ['without its confidentiality', { extension: [] }],
  ])('one that is %s is unknown, and the shipped one does not take its place', async (_what, change) => {
    await given(type('contact-us', '2', change));
    expect(await canonical(url)).toEqual(['message-type-unknown']);
  });

  it('none, and one that nobody has', async () => {
    expect(await canonical(`${MSG}/ActivityDefinition/none`)).toEqual(['message-type-unknown']);
    expect(said(await decided({ extension: [] }))).toEqual(['message-type-unknown']);
  });

  it('without the values it asks for it is incomplete', async () => {
    expect(said(await decided({ payload: [] }))).toEqual(['personalisation-incomplete']);
  });

  it('contract 3.2: its text is the one in the language that the recipient prefers', async () => {
    const [plain, ...others] = type('two-languages', '1').extension ?? [];
    const welsh = {
      url: structureDefinition('channel-template'),
      extension: [
        { url: 'channel', valueCoding: { system: codeSystem('channel'), code: 'sms' } },
        { url: 'text', valueString: 'Example NHS Trust: ffoniwch ni' },
        { url: 'language', valueCode: 'cy' },
      ],
    };
    const language = { coding: [{ system: 'urn:ietf:bcp:47', code: 'cy' }] };
    await given(
      { ...type('two-languages', '1'), extension: plain === undefined ? [] : [plain, welsh, ...others] },
      patient('seren', '9990000042', { communication: [{ language, preferred: true }] }),
    );
    const words = async (who: string) => {
      const decision = await decided({ ...ofType('two-languages'), subject: { reference: `Patient/${who}` } });
      return decision.kind === 'send' ? decision.delivery.text : said(decision);
    };
    expect(await words('seren')).toBe('Example NHS Trust: ffoniwch ni');
    expect(await words('maya')).toContain('please call us');
  });
});

describe('the channels (CHN-1, CHN-5)', () => {
  const own = (change: Partial<Endpoint>): Endpoint & { id: string } => {
    const [sms] = shippedEndpoints;
    if (sms === undefined) throw new Error('no shipped channel');
    return { ...sms, id: 'own', ...change };
  };

  it.each<[string, Partial<Endpoint>, string]>([
    ['open', {}, 'sms'],
    ['suspended', { status: 'suspended' }, 'email'],
    ['off', { status: 'off' }, 'email'],
    ['past its period', { period: { end: '2026-05-31' } }, 'email'],
    ['without assurance', { extension: shippedEndpoints[0]?.extension?.slice(0, 1) ?? [] }, 'email'],
    ['without a ceiling', { extension: shippedEndpoints[0]?.extension?.slice(1) ?? [] }, 'email'],
  ])("the trust's own Endpoint for texts, %s, goes before the shipped one", async (_what, change, channel) => {
    await given(maya, own(change));
    expect(said(await decided())).toBe(channel);
  });
});

describe('a store that does not answer (contract 4)', () => {
  const reads = [
    ['read', 'Patient'],
    ['search', 'Patient'],
    ['search', 'Consent'],
    ['search', 'Flag'],
    ['search', 'ActivityDefinition'],
    ['search', 'Endpoint'],
    ['read', 'Appointment'],
    ['read', 'RelatedPerson'],
  ] as const;
  const failing = (method: string, resourceType: string, code: StoreErrorCode): FhirStore =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === method && args[0] === resourceType) return Promise.reject(new StoreError(code, 'no answer'));
          return value.apply(target, args);
        };
      },
    });

  it.each(
    reads.flatMap(([method, of]) =>
      (['unavailable', 'unsupported-search'] as const).map((code) => [method, of, code] as const),
    ),
  )('%s %s is %s: never sent, never taken for "none"', async (method, of, code) => {
    await given(maya);
    const about = [{ reference: 'Appointment/a' }];
    const recipient = of === 'RelatedPerson' ? [{ reference: 'RelatedPerson/x' }] : [];
    const facts = await gather(request({ about, recipient }), failing(method, of, code));
    expect(decide(facts).kind).toBe('unknown');
  });

  it('a fault of our own is not mistaken for a silent store', async () => {
    const broken = new Proxy(store, {
      get: (target, name) =>
        name === 'search' ? () => Promise.reject(new TypeError('bug')) : Reflect.get(target, name),
    });
    await expect(gather(request(), broken)).rejects.toThrow(TypeError);
  });
});
