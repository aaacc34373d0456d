import type { Coding, Consent } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import type { Objection, ProxyConsent } from '../../src/policy/consent-facts.ts';
import type { Fact, PolicyFacts } from '../../src/policy/facts.ts';
import { intervalOf, londonDay } from '../../src/policy/london.ts';
import type { Kind } from '../../src/policy/message-facts.ts';
import type { RecipientFact } from '../../src/policy/person-facts.ts';
import { objectionOf } from '../../src/send/gather-objections.ts';
import { authorityOf } from '../../src/send/gather-proxies.ts';
import type { Stored } from '../../src/store/fhir-store.ts';
import { type Term, written } from './calendar.ts';
import type { AuthorityPaper, FactName, Named, ObjectionPaper, Reach, Story } from './story.ts';

const PATIENT = 'Patient/maya';
const PROXY = 'RelatedPerson/mother';
export const MESSAGE_TYPES = codeSystem('message-type');
export const SERVICES = codeSystem('service');

/** Files a story as the record has it, and reads it back with Herald's own readers, for the rules to judge. */
export function filed(story: Story): PolicyFacts {
  const fact = <T>(name: FactName, value: T): Fact<T> =>
    story.unread.includes(name) ? { known: false, cause: name } : { known: true, value };
  const { subject, now } = story;
  return {
    now: new Date(now),
    today: londonDay(new Date(now)),
    request: story.request,
    subject: fact(
      'subject',
      subject.is === 'found'
        ? {
            kind: 'found',
            patient: { ...subject.patient, reference: PATIENT, person: personOf(PATIENT, subject.reach) },
          }
        : { kind: subject.is },
    ),
    recipients: fact(
      'recipients',
      story.recipients.map((one) => recipientOf(one, story)),
    ),
    messageType: fact('messageType', story.messageType),
    objections: fact('objections', story.objections.map(objectionFact)),
    overrides: fact('overrides', story.decisions),
    endpoints: fact('endpoints', story.endpoints),
    sensitivity: fact('sensitivity', story.matter),
    proxyConsents: fact('proxyConsents', story.authorities.map(authorityFact)),
    clearances: fact('clearances', story.answers),
    providerChannels: story.providers,
    policy: story.policy,
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
  };
}

const personOf = (reference: string, reach: Reach) => ({
  ...reach,
  reference,
  language: undefined,
  interpreter: false,
});

function recipientOf(named: Named, { proxy }: Story): RecipientFact {
  switch (named.is) {
    case 'subject':
    case 'another-patient':
      return { kind: 'patient', isSubject: named.is === 'subject' };
    case 'proxy': {
      const { isOfSubject, active, deceased } = proxy;
      const valid = intervalOf(periodOf(proxy.term));
      return { kind: 'related-person', isOfSubject, active, valid, deceased, person: personOf(PROXY, proxy.reach) };
    }
    default:
      return { kind: named.is };
  }
}

const periodOf = ({ start, end }: Term) => ({
  ...(start === undefined ? {} : { start: written(start) }),
  ...(end === undefined ? {} : { end: written(end) }),
});

function objectionFact(paper: ObjectionPaper): Objection {
  const performer = { patient: PATIENT, proxy: PROXY, 'another-proxy': 'RelatedPerson/uncle' }[paper.by];
  const harm = [
    { url: 'riskOfSeriousHarm', valueBoolean: paper.harm !== 'none' },
    ...(paper.harm === 'remove' || paper.harm === 'keep'
      ? [{ url: 'contactDetailDecision', valueCode: paper.harm }]
      : []),
  ];
  const scopes = paper.scopes.map((code): Coding => ({ system: codeSystem('objection-scope'), code }));
  return objectionOf(
    stored({
      ...consent(paper.id, paper.status, 'messaging-objection', scopes),
      extension: [{ url: structureDefinition('objection-detail'), extension: harm }],
      performer: [{ reference: performer }],
      provision: {
        type: 'deny',
        period: periodOf(paper.term),
        ...(paper.by === 'patient' ? {} : { actor: [{ role: recipientRole, reference: { reference: performer } }] }),
        ...coded('action', 'channel', paper.channels),
        ...kindsOf(paper.kinds),
      },
    }),
  );
}

function authorityFact(paper: AuthorityPaper): ProxyConsent {
  const proxy = paper.namesProxy ? PROXY : 'RelatedPerson/uncle';
  const { check } = paper;
  const authority = authorityOf(
    stored({
      ...consent(paper.id, paper.status, 'proxy-messaging', []),
      ...(paper.dated ? { dateTime: '2020-01-01' } : {}),
      ...(paper.signed ? { performer: [{ reference: PATIENT }] } : {}),
      ...(paper.document ? { sourceReference: { reference: 'DocumentReference/form' } } : {}),
      ...(check === undefined ? {} : { verification: [{ verified: check.held, verificationDate: check.on }] }),
      policyRule: {
        coding: [{ system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis', code: paper.basis }],
      },
      provision: {
        type: paper.denies ? 'deny' : 'permit',
        period: periodOf(paper.term),
        actor: [{ role: recipientRole, reference: { reference: proxy } }],
        ...coded('action', 'channel', paper.channels),
        ...kindsOf(paper.kinds),
        ...(paper.keptFrom.length === 0
          ? {}
          : {
              provision: [
                { type: 'deny', securityLabel: paper.keptFrom.map((code) => ({ system: system.actCode, code })) },
              ],
            }),
      },
    }),
  );
  return { ...authority, isOfSubject: paper.isOfSubject, proxy: paper.namesProxy ? PROXY : undefined };
}

const recipientRole = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
};

const consent = (id: string, status: string, category: string, more: readonly Coding[]): Consent => ({
  resourceType: 'Consent',
  id,
  status: status as 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [
    { coding: [{ system: codeSystem('consent-category'), code: category }] },
    ...more.map((one) => ({ coding: [one] })),
  ],
  patient: { reference: PATIENT },
});

const coded = (element: 'action', of: string, codes: readonly string[]) =>
  codes.length === 0 ? {} : { [element]: codes.map((code) => ({ coding: [{ system: codeSystem(of), code }] })) };

const kindsOf = (kinds: readonly Kind[]) =>
  kinds.length === 0
    ? {}
    : {
        code: kinds.map(({ system: of, code }) => ({
          coding: [{ code, ...(of === undefined ? {} : { system: of }) }],
        })),
      };

const stored = (resource: Consent): Stored<Consent> => resource as Stored<Consent>;
