import type { Channel } from '../../src/policy/channel.ts';
import type {
  ContactFact,
  EndpointFact,
  Fact,
  MessageType,
  MessageTypeFact,
  Objection,
  PatientFact,
  PersonFact,
  PolicyFacts,
  RenderedText,
  RequestFacts,
} from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
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
  ...change,
});

export const mobile = contact('sms', '+447700900123');
export const email = contact('email', 'maya@example.org');

export const person = (change: Partial<PersonFact> = {}): PersonFact => ({
  reference: 'Patient/maya',
  contacts: [mobile, email],
  preferred: undefined,
  language: undefined,
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

export const text = (channel: Channel, change: Partial<RenderedText> = {}): RenderedText => ({
  channel,
  kind: 'full',
  rank: undefined,
  text: `${change.kind ?? 'full'} words by ${channel}`,
  subjectLine: channel === 'sms' ? undefined : 'Subject',
  fragments: channel === 'sms' ? 1 : undefined,
  faults: [],
  ...change,
});

export const messageType = (change: Partial<MessageType> = {}, texts?: readonly RenderedText[]): MessageTypeFact => {
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
  channels: ['sms'],
  kinds: 'all',
  ...change,
});

export const request = (change: Partial<RequestFacts> = {}): RequestFacts => ({
  requester: 'person',
  reasons: [],
  medium: undefined,
  unknownMedium: [],
  occurrence: undefined,
  expires: undefined,
  timesUnclear: false,
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
  endpoints: known([
    endpoint('sms'),
    endpoint('email'),
    endpoint('letter'),
    endpoint('nhsapp', { active: false }),
    endpoint('secure-email', { active: false }),
  ]),
  sensitivity: known([]),
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
