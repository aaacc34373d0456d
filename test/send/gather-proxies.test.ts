import type {
  CommunicationRequest,
  Consent,
  ConsentProvision,
  HealthcareService,
  Patient,
  Reference,
  RelatedPerson,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, MSG, system } from '../../src/canonical.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import type { ProxyBasis } from '../../src/policy/consent-facts.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { faultsOf } from '../../src/policy/proxy.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { heraldReference } from '../../src/send/authors.ts';
import { gatherFacts } from '../../src/send/gather.ts';
import { authorityOf } from '../../src/send/gather-proxies.ts';
import { clearancesIn } from '../../src/send/gather-tasks.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type FhirStore, StoreError } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';
import { anAuthority, anObjection, aRelatedPerson, authorityOver } from '../support/people.ts';

let time: Date;
let store: FhirStore;
let close: () => void;
const clock = { now: () => time };

const number = (value: string) => ({ system: system.nhsNumber, value });
const patient = (id: string, value: string, change: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  identifier: [number(value)],
  name: [{ family: 'Osei', given: ['Maya'] }],
  birthDate: '2012-06-15',
  telecom: [{ system: 'phone', value: '07700 900123', use: 'mobile' }],
  ...change,
});
const mother = (change: Partial<RelatedPerson> = {}): RelatedPerson & { id: string } => ({
  ...aRelatedPerson('Patient/maya', change),
  id: 'mother',
});
const authority = (
  change: Partial<Consent> = {},
  basis: ProxyBasis = 'consent',
  id = 'authority',
): Consent & { id: string } => ({
  ...anAuthority('Patient/maya', 'RelatedPerson/mother', basis, change),
  id,
});
const permitting = (change: Partial<ConsentProvision>) => ({
  provision: authorityOver('RelatedPerson/mother', change),
});
const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });
const label = (code: string) => ({ system: system.actCode, code });

beforeEach(() => {
  time = new Date('2026-06-01T10:00:00Z');
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock });
  close = () => database.close();
});
afterEach(() => close());

const given = (...resources: (Resource & { id: string })[]) =>
  store.commit(resources.map((resource) => ({ op: 'create', resource })));
const without = <T extends object>(resource: T, ...names: (keyof T)[]): T => {
  const copy = { ...resource };
  for (const name of names) delete copy[name];
  return copy;
};

const request = (change: Partial<CommunicationRequest> = {}): CommunicationRequest => ({
  resourceType: 'CommunicationRequest',
  id: 'asked',
  status: 'active',
  extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/care-message` }],
  subject: { reference: 'Patient/maya' },
  recipient: [{ reference: 'RelatedPerson/mother' }],
  requester: { reference: 'Practitioner/clerk' },
  payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
  ...change,
});
const gather = (of: CommunicationRequest = request(), from: FhirStore = store): Promise<PolicyFacts> =>
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
/** The proxy's number where it goes; otherwise the first reason with its clause. */
const said = (decision: Decision): string => {
  if (decision.kind === 'send') return decision.delivery.to;
  if (decision.kind === 'unknown') return 'unknown';
  const [first] = decision.reasons;
  return `${decision.kind}: ${first?.code} ${first?.clause}`;
};
const goes = '+447700900456';
const no = (clause: string) => `refuse: proxy-not-authorised ${clause}`;

describe('the authority of a proxy, as it is stored (contract 6)', () => {
  const lpa = 'health-and-welfare-lasting-power-of-attorney' as const;
  const verified = (verification: Consent['verification']) => ({ verification: verification ?? [] });
  const dated = { verified: true, verificationDate: '2026-05-02' };

  it.each<[string, Consent & { id: string }, string]>([
    ['by consent', authority(), goes],
    ['as a parent', authority({}, 'parental-responsibility'), goes],
    ['as a deputy', authority({}, 'court-appointed-personal-welfare-deputy'), goes],
    ['in their best interests', authority({}, 'best-interest'), goes],
    ['as an attorney, activated', authority(verified([dated]), lpa), goes],
    ['as an attorney, activated without saying when', authority(verified([{ verified: true }]), lpa), goes],
    ['as an attorney, not activated', authority({}, lpa), no('PRX-6')],
    [
      'as an attorney, activated from tomorrow',
      authority(verified([{ ...dated, verificationDate: '2026-06-02' }]), lpa),
      no('PRX-6'),
    ],
    ['as an attorney, found not activated', authority(verified([{ verified: false }]), lpa), no('PRX-3')],
    [
      'as an attorney without the instrument',
      without(authority(verified([dated]), lpa), 'sourceAttachment'),
      no('PRX-3'),
    ],
    ['by consent, found not to hold', authority(verified([dated, { verified: false }])), no('PRX-3')],
    ['without dateTime', without(authority(), 'dateTime'), no('PRX-3')],
    ['without performer', without(authority(), 'performer'), no('PRX-3')],
    [
      'without a period',
      authority({ provision: without(authorityOver('RelatedPerson/mother'), 'period') }),
      no('PRX-3'),
    ],
    ['without a start', authority(permitting({ period: { end: '2027-01-01' } })), no('PRX-3')],
    ['without evidence', without(authority(), 'sourceAttachment'), no('PRX-3')],
    ['with a dated verification as evidence', without(authority(verified([dated])), 'sourceAttachment'), goes],
    [
      'with a date and no word of what was found',
      without(authority(verified([{ verificationDate: '2026-05-02' } as never])), 'sourceAttachment'),
      no('PRX-3'),
    ],
    [
      'with a verification that has no date',
      without(authority(verified([{ verified: true }])), 'sourceAttachment'),
      no('PRX-3'),
    ],
    [
      'with a second verification that is dated',
      without(authority(verified([{ verified: true }, dated])), 'sourceAttachment'),
      no('PRX-3'),
    ],
    ['without a basis', authority({ policyRule: { coding: [label('OPTIN')] } }), no('PRX-2')],
    [
      'with two bases',
      authority({
        policyRule: {
          coding: ['consent', 'best-interest'].map((code) => ({
            system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis',
            code,
          })),
        },
      }),
      no('PRX-2'),
    ],
    ['with a basis of another system', authority({ policyRule: { coding: [{ code: 'consent' }] } }), no('PRX-2')],
    ['that denies', authority(permitting({ type: 'deny' })), no('PRX-3')],
    [
      'that opts out',
      authority({
        policyRule: { coding: [...(authority().policyRule?.coding ?? []), label('OPTOUT')] },
      }),
      no('PRX-3'),
    ],
    [
      'that is an objection as well',
      authority({
        category: [concept('consent-category', 'proxy-messaging'), concept('consent-category', 'messaging-objection')],
      }),
      no('PRX-3'),
    ],
    [
      'with something that readers must understand',
      authority({ modifierExtension: [{ url: 'urn:x', valueBoolean: true }] }),
      no('PRX-3'),
    ],
    ['limited to some data', authority(permitting({ dataPeriod: { start: '2026-01-01' } })), no('PRX-3')],
    [
      'of another role',
      authority(
        permitting({
          actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { reference: 'RelatedPerson/mother' } }],
        }),
      ),
      no('PRX-2'),
    ],
    [
      'of two proxies at once',
      authority(
        permitting({
          actor: [
            ...(authorityOver('RelatedPerson/mother').actor ?? []),
            ...(authorityOver('RelatedPerson/father').actor ?? []),
          ],
        }),
      ),
      no('PRX-2'),
    ],
    ['of another proxy', authority({ provision: authorityOver('RelatedPerson/father') }), no('PRX-2')],
    ['by a reference to a version', authority({ provision: authorityOver('RelatedPerson/mother/_history/1') }), goes],
    ['withdrawn', authority({ status: 'inactive' }), no('PRX-4')],
    ['ended yesterday', authority(permitting({ period: { start: '2026-05-02', end: '2026-05-31' } })), no('PRX-4')],
    ['ending today', authority(permitting({ period: { start: '2026-05-02', end: '2026-06-01' } })), goes],
    ['from tomorrow', authority(permitting({ period: { start: '2026-06-02' } })), no('PRX-4')],
  ])('%s', async (_how, consent, outcome) => {
    await given(patient('maya', '9990000018'), mother(), consent);
    expect(said(await decided())).toBe(outcome);
  });

  it.each<[string, Partial<ConsentProvision>, string]>([
    ['disclosure alone, every channel', { action: [{ coding: [{ system: consentAction, code: 'disclose' }] }] }, goes],
    [
      'disclosure by text',
      { action: [{ coding: [{ system: consentAction, code: 'disclose' }] }, concept('channel', 'sms')] },
      goes,
    ],
    ['disclosure by email', { action: [concept('channel', 'email')] }, 'kim@example.org'],
    ['every channel in so many words', { action: [concept('channel', 'all')] }, goes],
    ['an action that nobody can read', { action: [{ text: 'by telephone' }] }, no('PRX-2')],
    ['a way that Herald does not have', { action: [concept('channel', 'telephone')] }, no('PRX-2')],
    ['this type', { code: [concept('message-type', 'care-message')] }, goes],
    ['another type', { code: [concept('message-type', 'contact-us')] }, no('PRX-2')],
    [
      'this type, and words that nobody can read',
      { code: [{ text: 'reminders' }, concept('message-type', 'care-message')] },
      goes,
    ],
    ['words that nobody can read', { code: [{ text: 'reminders' }] }, no('PRX-2')],
    ['all but texts', { provision: [{ type: 'deny', action: [concept('channel', 'sms')] }] }, 'kim@example.org'],
    ['all but every channel', { provision: [{ type: 'deny', action: [concept('channel', 'all')] }] }, no('PRX-2')],
    [
      'all but something that nobody can read',
      { provision: [{ type: 'deny', purpose: [{ code: 'TREAT' }] }] },
      no('PRX-3'),
    ],
    [
      'all but one kind of message',
      { provision: [{ type: 'deny', code: [concept('message-type', 'x')] }] },
      no('PRX-3'),
    ],
    ['all, and something within it', { provision: [{ type: 'permit', purpose: [{ code: 'TREAT' }] }] }, goes],
    ['all but some matters', { provision: [{ type: 'deny', securityLabel: [label('SEX')] }] }, goes],
    [
      'all but some matters, without saying that it denies them',
      { provision: [{ securityLabel: [label('SEX')] }] },
      goes,
    ],
  ])('contract 6: what is permitted: %s', async (_what, change, outcome) => {
    const telecom = [...(mother().telecom ?? []), { system: 'email' as const, value: 'kim@example.org' }];
    await given(patient('maya', '9990000018'), mother({ telecom }), authority(permitting(change)));
    expect(said(await decided())).toBe(outcome);
  });

  it.each<[string, Consent & { id: string }, string]>([
    ['dateTime', authority({ dateTime: 'lately' }), 'Consent.dateTime'],
    ['start', authority(permitting({ period: { start: 'soon' } })), 'Consent.provision.period'],
    ['end', authority(permitting({ period: { start: '2026-05-02', end: 'soon' } })), 'Consent.provision.period'],
  ])('another server’s, whose %s is no date, does not count', (_what, consent, missing) => {
    const faults = faultsOf(authorityOf(consent), clock.now(), { birthDate: undefined, bestInterestMonths: 12 });
    expect(faults).toEqual([{ kind: 'incomplete', missing: [missing] }]);
  });

  it('PRX-5: a parent, until midnight before the 18th birthday in London', async () => {
    await given(
      patient('maya', '9990000018', { birthDate: '2008-06-15' }),
      mother(),
      authority({}, 'parental-responsibility'),
    );
    time = new Date('2026-06-14T22:59:59.999Z');
    expect(said(await decided())).toBe(goes);
    time = new Date('2026-06-14T23:00:00Z');
    expect(said(await decided())).toBe(no('PRX-5'));
  });

  it('every page of them is read', async () => {
    const others = Array.from({ length: 120 }, (_one, at) => authority({ status: 'inactive' }, 'consent', `a-${at}`));
    await given(patient('maya', '9990000018'), mother(), ...others, authority({}, 'consent', 'z-last'));
    const facts = await gather();
    expect(facts.proxyConsents.known && facts.proxyConsents.value.length).toBe(121);
    expect(said(decide(facts))).toBe(goes);
  });

  it('of nobody is looked for where the message goes to the patient', async () => {
    await given(patient('maya', '9990000018'), mother(), authority());
    const facts = await gather(request({ recipient: [] }));
    expect(facts.proxyConsents).toEqual({ known: true, value: [] });
    expect(said(decide(facts))).toBe('+447700900123');
  });
});

const consentAction = 'http://terminology.hl7.org/CodeSystem/consentaction';

describe('who is who (VER-1, contract 6)', () => {
  const walter = patient('walter', '9990000026');
  const inWalters = authority({ patient: { reference: 'Patient/walter' } });

  it('an authority in another patient’s record is none, and said to be the wrong one', async () => {
    await given(patient('maya', '9990000018'), walter, mother(), inWalters);
    expect(said(await decided())).toBe('refuse: not-a-proxy PRX-1');
  });

  it('a proxy of another patient is none, although the authority is in this one’s record', async () => {
    await given(
      patient('maya', '9990000018'),
      walter,
      mother({ patient: { reference: 'Patient/walter' } }),
      authority(),
    );
    expect(said(await decided())).toBe('refuse: not-a-proxy PRX-1');
  });

  it('an authority in both records counts for each of them', async () => {
    const { id: _id, ...other } = inWalters;
    await given(patient('maya', '9990000018'), walter, mother(), authority(), { ...other, id: 'other' });
    expect(said(await decided())).toBe(goes);
  });

  it.each<[string, Partial<RelatedPerson>, string]>([
    ['out of use', { active: false }, no('PRX-4')],
    ['no longer in its period', { period: { start: '2020-01-01', end: '2026-05-31' } }, no('PRX-4')],
    ['not yet in its period', { period: { start: '2026-06-02' } }, no('PRX-4')],
    ['with an end that is none', { period: { end: 'soon' } }, no('PRX-4')],
    ['in its period', { period: { start: '2020-01-01', end: '2026-06-01' } }, goes],
    ['without saying whether it is in use', { active: undefined as unknown as boolean }, goes],
  ])('PRX-4: a proxy whose record is %s', async (_how, change, outcome) => {
    await given(patient('maya', '9990000018'), JSON.parse(JSON.stringify(mother(change))), authority());
    expect(said(await decided())).toBe(outcome);
  });

  it.each<[string, Partial<RelatedPerson>, Partial<Patient>]>([
    ['by number', { identifier: [number('9990000034')] }, { identifier: [number('9990000034')] }],
    ['by a link', {}, { link: [{ type: 'seealso', other: { reference: 'RelatedPerson/mother' } }] }],
  ])('PRX-4: a proxy who has died, as a patient known %s', async (_how, change, record) => {
    await given(patient('maya', '9990000018'), mother(change), authority());
    await given(patient('herself', '9990000034', { identifier: [], ...record }));
    expect(said(await decided())).toBe(goes);
    await store.commit([
      {
        op: 'update',
        resource: patient('herself', '9990000034', { identifier: [], ...record, deceasedBoolean: true }),
      },
    ]);
    expect(said(await decided())).toBe(no('PRX-4'));
  });

  it.each<[string, Reference, string]>([
    ['by the number of the proxy', { type: 'RelatedPerson', identifier: number('9990000034') }, goes],
    ['by reference and number', { reference: 'RelatedPerson/mother', identifier: number('9990000034') }, goes],
    [
      'by reference and somebody else’s number',
      { reference: 'RelatedPerson/mother', identifier: number('9990000042') },
      no('PRX-2'),
    ],
    ['by somebody else’s number', { type: 'RelatedPerson', identifier: number('9990000042') }, no('PRX-2')],
    ['by a number that is no longer theirs', { type: 'RelatedPerson', identifier: number('9990000050') }, no('PRX-2')],
  ])('an authority that names the proxy %s', async (_how, reference, outcome) => {
    const [actor] = authorityOver('RelatedPerson/mother').actor ?? [];
    const named = permitting({ actor: [{ ...actor, reference } as never] });
    const identifier = [number('9990000034'), { ...number('9990000050'), use: 'old' as const }];
    await given(patient('maya', '9990000018'), mother({ identifier }), authority(named));
    expect(said(await decided())).toBe(outcome);
  });

  it.each<[string, Reference, string]>([
    ['by number', { identifier: number('9990000034') }, goes],
    ['by number and reference', { reference: 'RelatedPerson/mother', identifier: number('9990000034') }, goes],
    [
      'by both, disagreeing',
      { reference: 'RelatedPerson/mother', identifier: number('9990000042') },
      'refuse: identity-mismatch VER-1',
    ],
    ['by a number that is no longer theirs', { identifier: number('9990000050') }, 'refuse: not-a-proxy PRX-1'],
  ])('VER-1: a request that names the proxy %s', async (_how, recipient, outcome) => {
    const identifier = [number('9990000034'), { ...number('9990000050'), use: 'old' as const }];
    await given(patient('maya', '9990000018'), mother({ identifier }), authority());
    expect(said(await decided({ recipient: [recipient] as never }))).toBe(outcome);
  });
});

describe('merged records (VER-3, contract 4)', () => {
  type Link = NonNullable<Patient['link']>[number];
  const link = (type: Link['type'], id: string): Link => ({ type, other: { reference: `Patient/${id}` } });
  const old = (change: Partial<Patient>) => patient('old', '9990000026', change);
  const maya = (change: Partial<Patient> = {}) => patient('maya', '9990000018', change);
  const toPatient = { recipient: [] };

  it.each<[string, Patient['link'], Patient['link']]>([
    ['said by the survivor', [link('replaces', 'old')], undefined],
    ['said by the old record', undefined, [link('replaced-by', 'maya')]],
  ])('authority and proxy of the old record count for the survivor: %s', async (_who, ours, theirs) => {
    await given(
      maya(ours && { link: ours }),
      old(theirs ? { link: theirs } : {}),
      mother({ patient: { reference: 'Patient/old' } }),
      authority({ patient: { reference: 'Patient/old' } }),
    );
    expect(said(await decided())).toBe(goes);
  });

  it('a proxy of the one record with the authority in the other counts', async () => {
    await given(
      maya({ link: [link('replaces', 'old')] }),
      old({}),
      mother(),
      authority({ patient: { reference: 'Patient/old' } }),
    );
    expect(said(await decided())).toBe(goes);
  });

  it('a link that names the other record by number alone is followed', async () => {
    const other = { identifier: number('9990000026') };
    await given(maya({ link: [{ type: 'replaces', other }] }), old({}), {
      ...anObjection('Patient/old'),
      id: 'objection',
    });
    expect(said(await decided(toPatient))).toBe('refuse: objection OBJ-5');
  });

  it('a record that is replaced by one that it names by number names that one', async () => {
    const other = { identifier: number('9990000018') };
    await given(maya(), old({ link: [{ type: 'replaced-by', other }] }));
    const decision = await decided({ ...toPatient, subject: { reference: 'Patient/old' } });
    expect(decision.kind === 'refuse' && decision.reasons[0]?.text).toContain('replaced by Patient/maya.');
  });

  it('over several records: the number means the last, and the sentence names it', async () => {
    await given(
      patient('a', '9990000018'),
      patient('b', '9990000026', { link: [link('replaces', 'a')] }),
      maya({ link: [link('replaces', 'b')] }),
    );
    const byNumber = { subject: { identifier: number('9990000018') }, ...toPatient };
    const decision = await decided(byNumber);
    expect(decision.kind === 'send' && decision.delivery.recipient.reference).toBe('Patient/maya');
    expect(said(await decided(toPatient))).toBe('+447700900123');
    const onOld = await decided({ ...toPatient, subject: { reference: 'Patient/a' } });
    expect(onOld.kind === 'refuse' && onOld.reasons.map((one) => one.code)).toEqual(['inactive-record']);
    expect(onOld.kind === 'refuse' && onOld.reasons[0]?.text).toContain('replaced by Patient/maya.');
  });

  it('two that replace each other end nowhere: neither is used', async () => {
    await given(maya({ link: [link('replaced-by', 'old')] }), old({ link: [link('replaced-by', 'maya')] }));
    expect(said(await decided(toPatient))).toBe('refuse: inactive-record VER-3');
    expect(said(await decided({ ...toPatient, subject: { reference: 'Patient/old' } }))).toBe(
      'refuse: inactive-record VER-3',
    );
  });

  it('a number that another record has, written with spaces, is shared all the same', async () => {
    await given(maya(), patient('other', '999 000 0018'));
    expect(said(await decided(toPatient))).toBe('refuse: identity-unusable VER-1');
  });

  it('a record that is only linked, and has the same number, is a second record', async () => {
    await given(maya({ link: [link('seealso', 'other')] }), patient('other', '9990000018'));
    expect(said(await decided(toPatient))).toBe('refuse: identity-unusable VER-1');
  });

  it.each<[string, Partial<Patient>, string]>([
    ['has died', { deceasedDateTime: '2026-05-01' }, 'refuse: deceased VER-3'],
    [
      'is restricted',
      { meta: { security: [{ system: system.confidentiality, code: 'R' }] } },
      'hold: restricted-record VER-2',
    ],
  ])('a linked record that says the person %s is heeded', async (_what, change, outcome) => {
    await given(maya({ link: [link('seealso', 'old')] }), old(change));
    expect(said(await decided(toPatient))).toBe(outcome);
  });
});

describe('objections and proxies (OBJ-12, contract 7)', () => {
  const objection = (change: Partial<Consent>, id = 'objection'): Consent & { id: string } => ({
    ...anObjection('Patient/maya'),
    id,
    ...change,
  });
  const scoped = (...codes: string[]) => ({
    category: [
      concept('consent-category', 'messaging-objection'),
      ...codes.map((code) => concept('objection-scope', code)),
    ],
  });
  const actor = authorityOver('RelatedPerson/mother').actor ?? [];
  const ofMother = { performer: [{ reference: 'RelatedPerson/mother' }], provision: { type: 'deny' as const, actor } };

  it.each<[string, Partial<Consent>, string]>([
    ['the patient’s to texts', {}, goes],
    ['the patient’s to every way', { provision: { action: [concept('channel', 'all')] } }, goes],
    ['the patient’s to everything', scoped('all-messages'), 'refuse: objection OBJ-12'],
    ['the patient’s to processing for care', scoped('care-processing'), 'refuse: objection OBJ-12'],
    [
      'the patient’s to this kind',
      { ...scoped('service-or-type'), provision: { code: [concept('message-type', 'care-message')] } },
      'refuse: objection OBJ-12',
    ],
    [
      'the patient’s to another kind',
      { ...scoped('service-or-type'), provision: { code: [concept('message-type', 'contact-us')] } },
      goes,
    ],
    [
      'the patient’s to a kind that is not said',
      { ...scoped('service-or-type'), provision: {} },
      'refuse: objection OBJ-12',
    ],
    ['the patient’s of no scope', { ...scoped(), provision: {} }, 'refuse: objection OBJ-12'],
    ['the proxy’s own', ofMother, 'refuse: objection OBJ-5'],
    ['the proxy’s own, withdrawn', { ...ofMother, status: 'inactive' }, goes],
    [
      'the proxy’s own, filed with another patient',
      { ...ofMother, patient: { reference: 'Patient/walter' } },
      'refuse: objection OBJ-5',
    ],
    [
      'another patient’s about this proxy',
      {
        ...ofMother,
        ...scoped('all-messages'),
        performer: [{ reference: 'Patient/walter' }],
        patient: { reference: 'Patient/walter' },
      },
      goes,
    ],
  ])('%s', async (_whose, change, outcome) => {
    await given(
      patient('maya', '9990000018'),
      patient('walter', '9990000026'),
      mother(),
      authority(),
      objection(change),
    );
    expect(said(await decided())).toBe(outcome);
  });
});

describe('what the matter gives away (PRX-7)', () => {
  const held = 'hold: sensitive-proxy PRX-7';
  const labelled = (resource: object, ...codes: string[]) =>
    ({ ...resource, meta: { security: codes.map(label) } }) as Resource & { id: string };
  const appointment = (change: object = {}) => ({
    resourceType: 'Appointment',
    id: 'visit',
    status: 'booked',
    participant: [{ actor: { reference: 'Patient/maya' }, status: 'accepted' }],
    ...change,
  });
  const encounter = (change: object = {}) => ({
    resourceType: 'Encounter',
    id: 'stay',
    status: 'planned',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/maya' },
    ...change,
  });
  const clinic: HealthcareService & { id: string } = {
    resourceType: 'HealthcareService',
    id: 'clinic',
    type: [{ coding: [{ system: codeSystem('service'), code: 'sexual-health' }] }],
  };
  const condition = { resourceType: 'Condition', id: 'diagnosis', subject: { reference: 'Patient/maya' } };
  const at = { about: [{ reference: 'Appointment/visit' }] } as Partial<CommunicationRequest>;
  const during = { encounter: { reference: 'Encounter/stay' } };

  beforeEach(() => given(patient('maya', '9990000018'), mother(), authority()));

  it.each<[string, Partial<CommunicationRequest>, object[], string]>([
    ['nothing', {}, [], goes],
    ['a plain appointment', at, [appointment()], goes],
    ['a label of the request', { meta: { security: [label('SDV')] } }, [], held],
    ['a labelled appointment', at, [labelled(appointment(), 'SEX')], held],
    ['a labelled encounter', during, [labelled(encounter(), 'MH')], held],
    [
      'a labelled reason',
      { reasonReference: [{ reference: 'Condition/diagnosis' }] },
      [labelled(condition, 'HIV')],
      held,
    ],
    [
      'an appointment with a labelled clinic',
      at,
      [
        appointment({ participant: [{ actor: { reference: 'HealthcareService/clinic' }, status: 'accepted' }] }),
        labelled(clinic, 'SEX'),
      ],
      held,
    ],
    [
      'an appointment for a labelled reason',
      at,
      [appointment({ reasonReference: [{ reference: 'Condition/diagnosis' }] }), labelled(condition, 'STD')],
      held,
    ],
    [
      'an encounter with a labelled diagnosis',
      during,
      [encounter({ diagnosis: [{ condition: { reference: 'Condition/diagnosis' } }] }), labelled(condition, 'PSY')],
      held,
    ],
    ['a clinic itself', { about: [{ reference: 'HealthcareService/clinic' }] }, [labelled(clinic, 'SEX')], held],
    ['something that is not there', { about: [{ reference: 'Appointment/none' }] }, [], held],
    ['something elsewhere', { about: [{ reference: 'https://other.example/fhir/Appointment/1' }] }, [], held],
    ['something named by number', { about: [{ identifier: { value: '1' } }] }, [], held],
    [
      'something within the request',
      { contained: [appointment() as never], about: [{ reference: '#visit' }] },
      [],
      goes,
    ],
  ])('a request about %s', async (_what, change, resources, outcome) => {
    await given(...(resources as (Resource & { id: string })[]));
    expect(said(await decided(change))).toBe(outcome);
    // The patient's own copy is never disturbed by it.
    expect(said(await decided({ ...change, recipient: [] }))).toBe('+447700900123');
  });

  it('contract 3.2: labels of the type, and of the service that is its program', async () => {
    const [shipped] = shippedMessageTypes.filter((one) => one.id === 'care-message');
    const type = (id: string, change: object) => ({
      ...shipped,
      id,
      url: `${MSG}/ActivityDefinition/${id}`,
      ...change,
    });
    const program = { code: { code: 'program' }, valueCodeableConcept: concept('service', 'sexual-health') };
    const extension = [
      ...(shipped?.extension ?? []),
      { url: `${MSG}/StructureDefinition/default-sensitivity`, valueCoding: label('ETHUD') },
    ];
    await given(type('labelled', { extension }) as never, type('of-service', { useContext: [program] }) as never);
    const of = (id: string) => ({
      extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/${id}` }],
    });
    expect(said(await decided(of('labelled')))).toBe(held);
    expect(said(await decided(of('of-service')))).toBe(goes);
    await given(labelled(clinic, 'SEX'));
    expect(said(await decided(of('of-service')))).toBe(held);
  });

  const answered = (change: Partial<Task> = {}, decision = 'agreed'): Task & { id: string } => ({
    resourceType: 'Task',
    id: 'check',
    status: 'completed',
    intent: 'order',
    code: concept('task-code', 'check-with-person'),
    focus: { reference: 'CommunicationRequest/asked' },
    for: { reference: 'Patient/maya' },
    requester: heraldReference as NonNullable<Task['requester']>,
    owner: { reference: 'Practitioner/nurse' },
    output: [{ type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', decision) }],
    executionPeriod: { end: '2026-06-01T09:30:00Z' },
    ...change,
  });

  it.each<[string, Task & { id: string }, string]>([
    ['agreed', answered(), goes],
    [
      'agreed, as a Coding',
      answered({
        output: [
          {
            type: concept('task-parameter', 'decision'),
            valueCoding: { system: codeSystem('decision'), code: 'agreed' },
          },
        ],
      }),
      goes,
    ],
    ['refused', answered({}, 'refused'), held],
    ['answered otherwise', answered({}, 'done'), held],
    [
      'answered by another output',
      answered({
        output: [{ type: concept('task-parameter', 'reason'), valueCodeableConcept: concept('decision', 'agreed') }],
      }),
      held,
    ],
    ['answered without output', without(answered(), 'output'), held],
    ['not completed', answered({ status: 'in-progress' }), held],
    ['about another request', answered({ focus: { reference: 'CommunicationRequest/other' } }), held],
    ['about another patient', answered({ for: { reference: 'Patient/walter' } }), held],
    ['about nobody', without(answered(), 'for'), held],
    ['of another kind', answered({ code: concept('task-code', 'restricted-record') }), held],
    ['agreed before anybody asked', without(answered(), 'requester'), held],
    ['agreed to a Task of somebody’s own', answered({ requester: { reference: 'Practitioner/clerk' } }), held],
  ])('contract 8: a check that was %s', async (_how, task, outcome) => {
    await given(task);
    expect(said(await decided({ meta: { security: [label('SEX')] } }))).toBe(outcome);
  });

  it('contract 8: a Task that is not completed is no answer, whatever is written in it', async () => {
    const subject = { records: ['Patient/maya'], allIdentifiers: [] };
    const meta = { versionId: '1', lastUpdated: '2026-06-01T09:00:00Z' };
    const answers = (status: Task['status']) => clearancesIn([{ ...answered({ status }), meta }], subject);
    expect([answers('completed').length, answers('in-progress').length]).toEqual([1, 0]);
  });

  it('contract 8: who answered and when is known', async () => {
    await given(answered());
    const facts = await gather();
    expect(facts.clearances).toEqual({
      known: true,
      value: [
        {
          reference: 'Task/check',
          code: 'check-with-person',
          agreed: true,
          by: 'Practitioner/nurse',
          at: new Date('2026-06-01T09:30:00Z'),
          roles: [],
        },
      ],
    });
  });

  it('a request that is not stored has no answers of its own', async () => {
    await given(answered());
    const { id: _id, ...asked } = request();
    const facts = await gather(asked);
    expect(facts.clearances).toEqual({ known: true, value: [] });
  });
});

describe('a store that does not answer (contract 4)', () => {
  it.each<[string, (method: string, type: string, params: string) => boolean]>([
    ['the authorities of the patient', (_method, type, params) => type === 'Consent' && params.includes('patient')],
    ['the authorities of the proxy', (_method, type, params) => type === 'Consent' && params.includes('actor')],
    ['the proxy', (method, type) => method === 'read' && type === 'RelatedPerson'],
    ['whether the proxy has died', (_method, type, params) => type === 'Patient' && params.includes('RelatedPerson/')],
    ['the answers', (_method, type) => type === 'Task'],
    ['what it is about', (method, type) => method === 'read' && type === 'Appointment'],
  ])('%s: never sent, never taken for "none"', async (_what, isLost) => {
    await given(patient('maya', '9990000018'), mother(), authority());
    const silent = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) =>
          isLost(String(name), String(args[0]), JSON.stringify(args[1]))
            ? Promise.reject(new StoreError('unavailable', 'no answer'))
            : value.apply(target, args);
      },
    });
    const facts = await gather(request({ about: [{ reference: 'Appointment/a' }] }), silent);
    expect(decide(facts).kind).toBe('unknown');
  });
});
