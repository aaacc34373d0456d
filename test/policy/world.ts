import type { Channel } from '../../src/policy/channel.ts';
import type { Objection, ProxyConsent } from '../../src/policy/consent-facts.ts';
import type { Clearance, Fact, PolicyFacts, RequestFacts, Sensitivity } from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import type { EndpointFact, MessageType, MessageTypeFact, ScannedText } from '../../src/policy/message-facts.ts';
import { noOverrides } from '../../src/policy/override-facts.ts';
import type { ContactFact, PatientFact, PersonFact, RecipientFact } from '../../src/policy/person-facts.ts';
import { defaultPolicy } from '../../src/policy-file.ts';

/** An ordinary world: a living adult with a mobile and an email, an ordinary type, open channels. Tests change a part. */
export const now = new Date('2026-06-01T10:00:00Z');

export const known = <T>(value: T): Fact<T> => ({ known: true, value });

export const contact = (channel: Channel, to: string, change: Partial<ContactFact> = {}): ContactFact => ({
  channel,
  contactPoint: { system: channel === 'email' ? 'email' : 'phone', value: to },
  form: { kind: 'usable', to },
  old: false,
  valid: always,
  rank: undefined,
  confirmedOn: '2026-05-02',
  ...change,
});

export const mobile = contact('sms', '+447700900123');
export const email = contact('email', 'maya@example.org');

export const person = (change: Partial<PersonFact> = {}): PersonFact => ({
  reference: 'Patient/maya',
  contacts: [mobile, email],
  preferred: undefined,
  language: undefined,
  interpreter: false,
  needs: [],
  ...change,
});

export const patient = (change: Partial<PatientFact> = {}): PatientFact => ({
  reference: 'Patient/maya',
  nhsNumbers: ['9990000018'],
  hasLocalNumber: false,
  hasName: true,
  birthDate: '1984-06-14',
  numberShared: false,
  deceased: false,
  active: true,
  replaced: false,
  replacedBy: [],
  restricted: false,
  person: person(),
  ...change,
});

export const endpoint = (channel: Channel, change: Partial<EndpointFact> = {}): EndpointFact => ({
  channel,
  active: true,
  period: always,
  assured: true,
  ceiling: channel === 'sms' || channel === 'email' ? 'N' : 'R',
  ...change,
});

export const text = (channel: Channel, change: Partial<ScannedText> = {}): ScannedText => ({
  channel,
  kind: 'full',
  rank: undefined,
  text: `${change.kind ?? 'full'} words by ${channel}`,
  subjectLine: channel === 'sms' ? undefined : 'Subject',
  fragments: channel === 'sms' ? 1 : undefined,
  faults: [],
  found: [],
  ...change,
});

export const messageType = (change: Partial<MessageType> = {}, texts?: readonly ScannedText[]): MessageTypeFact => {
  const shown = texts ?? [text('sms'), text('email'), text('letter')];
  return {
    kind: 'found',
    type: {
      code: 'appointment-reminder',
      canonical: 'https://herald.example/fhir/ActivityDefinition/appointment-reminder|1',
      confidentiality: 'N',
      sensitivity: [],
      templates: shown.map(({ channel, kind, rank }) => ({
        channel,
        kind,
        rank,
        language: undefined,
        words: { held: 'here', text: 'words', subject: 'Subject' },
      })),
      personalisation: [],
      freeText: false,
      proxiesAllowed: true,
      fallback: true,
      automatic: false,
      purposes: ['TREAT'],
      kinds: [{ system: 'https://herald.example/fhir/CodeSystem/message-type', code: 'appointment-reminder' }],
      ...change,
    },
    texts: shown,
    content: { missing: [], unreadable: false, freeText: 'none', strangeLink: false },
  };
};

export const objection = (change: Partial<Objection> = {}): Objection => ({
  reference: 'Consent/1',
  status: 'active',
  period: always,
  ofProxy: undefined,
  everything: false,
  ownDevicesOnly: true,
  channels: ['sms'],
  kinds: 'all',
  removed: false,
  ...change,
});

/** The labels of a matter, as v3-ActCode has them. */
export const labelled = (...codes: string[]): Sensitivity => ({
  labels: codes.map((code) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code })),
  unread: false,
  ofAnother: false,
});

export const mothersMobile = contact('sms', '+447700900456');

/** Somebody who acts for the patient. */
export const proxy = (
  change: Partial<Extract<RecipientFact, { kind: 'related-person' }>> = {},
): Extract<RecipientFact, { kind: 'related-person' }> => ({
  kind: 'related-person',
  isOfSubject: true,
  person: person({
    reference: 'RelatedPerson/mother',
    contacts: [mothersMobile, contact('email', 'mother@example.org')],
  }),
  active: true,
  valid: always,
  deceased: false,
  ...change,
});

/** Their authority, by the patient's own consent. */
export const authority = (change: Partial<ProxyConsent> = {}): ProxyConsent => ({
  reference: 'Consent/authority',
  status: 'active',
  isOfSubject: true,
  proxy: 'RelatedPerson/mother',
  basis: 'consent',
  period: { from: now.getTime() - DAY, until: Number.POSITIVE_INFINITY },
  missing: [],
  evidencedFrom: Number.NEGATIVE_INFINITY,
  verifiedFrom: undefined,
  refuted: false,
  clear: true,
  channels: 'all',
  kinds: 'all',
  denied: [],
  ...change,
});

export const DAY = 86_400_000;

export const clearance = (change: Partial<Clearance> = {}): Clearance => ({
  reference: 'Task/check',
  code: 'check-with-person',
  agreed: true,
  by: 'Practitioner/nurse',
  at: now,
  roles: ['clinic'],
  ...change,
});

/** A message to the proxy, with the authority for it. */
export const toProxy = (change: Partial<ProxyConsent> = {}, more: Partial<PolicyFacts> = {}): Partial<PolicyFacts> => ({
  recipients: known([proxy()]),
  proxyConsents: known([authority(change)]),
  ...more,
});

export const request = (change: Partial<RequestFacts> = {}): RequestFacts => ({
  requester: 'person',
  reasons: [],
  medium: undefined,
  unknownMedium: [],
  occurrence: undefined,
  expires: undefined,
  timesUnclear: false,
  tried: [],
  mayWait: true,
  emergency: undefined,
  necessity: undefined,
  resultsStatement: 'none',
  ...change,
});

export const world = (change: Partial<PolicyFacts> = {}): PolicyFacts => ({
  now,
  today: '2026-06-01',
  request: request(),
  subject: known({ kind: 'found', patient: patient() }),
  recipients: known([]),
  messageType: known(messageType()),
  objections: known([]),
  overrides: known(noOverrides),
  endpoints: known([
    endpoint('sms'),
    endpoint('email'),
    endpoint('letter'),
    endpoint('nhsapp', { active: false }),
    endpoint('secure-email', { active: false }),
  ]),
  sensitivity: known(labelled()),
  proxyConsents: known([]),
  clearances: known([]),
  providerChannels: ['sms', 'email'],
  policy: defaultPolicy,
  controller: { ods: 'RXX', name: 'Example NHS Trust' },
  ...change,
});

export const about = (change: Partial<PatientFact>): Pick<PolicyFacts, 'subject'> => ({
  subject: known({ kind: 'found', patient: patient(change) }),
});

export const reachedBy = (change: Partial<PersonFact>): Pick<PolicyFacts, 'subject'> =>
  about({ person: person(change) });
