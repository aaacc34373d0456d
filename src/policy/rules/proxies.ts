import type { Coding } from '@medplum/fhirtypes';
import { channelName } from '../channel.ts';
import { considered } from '../choose.ts';
import type { ClauseId } from '../clauses.ts';
import { isCleared } from '../clearance.ts';
import type { ProxyBasis, ProxyConsent } from '../consent-facts.ts';
import type { KnownFacts } from '../facts.ts';
import { holdsAt } from '../london.ts';
import { coversKind, judgedConsents, type ProxyFault, proxyRecipient, reliedOn } from '../proxy.ts';
import { isSameLabel, isSensitive } from '../sensitivity.ts';
import type { Close, Finding, Hold, Refuse, Rule } from './rule.ts';

const EXPRESSION = 'CommunicationRequest.recipient';

/** Those who act for somebody: by what authority, by which ways, and never about what the person would not want told. */
export const proxyRules: readonly Rule[] = [
  {
    id: 'type-for-proxies',
    clauses: ['PRX-2'],
    on: 'facts',
    judge: (facts) => {
      const { messageType } = facts;
      if (proxyRecipient(facts) === undefined || messageType.kind !== 'found' || messageType.type.proxiesAllowed) {
        return [];
      }
      return [
        notAuthorised(
          'PRX-2',
          'Messages of this type go to the patient alone, never to a proxy. Write to the patient, or choose another message type.',
        ),
      ];
    },
  },
  {
    id: 'proxy-in-use',
    clauses: ['PRX-4'],
    on: 'facts',
    judge: (facts) => {
      const proxy = proxyRecipient(facts);
      if (proxy === undefined || !proxy.isOfSubject) return [];
      const found: Refuse[] = [];
      if (!proxy.active) {
        found.push(
          notAuthorised(
            'PRX-4',
            "The proxy's record is marked as no longer in use. Write to the patient, or have the record put right first.",
          ),
        );
      }
      if (!holdsAt(proxy.valid, facts.now)) {
        found.push(
          notAuthorised(
            'PRX-4',
            "By the proxy's record they do not act for the patient at this time. Write to the patient, or have the record put right first.",
          ),
        );
      }
      if (proxy.deceased) {
        found.push(
          notAuthorised(
            'PRX-4',
            'A record says that the proxy has died. Write to the patient, and find out who acts for them now.',
          ),
        );
      }
      return found;
    },
  },
  {
    id: 'proxy-authorised',
    clauses: ['PRX-2', 'PRX-3', 'PRX-4', 'PRX-5', 'PRX-6'],
    on: 'facts',
    judge: (facts) => {
      const proxy = proxyRecipient(facts);
      if (proxy === undefined || !proxy.isOfSubject || reliedOn(facts).length > 0) return [];
      const judged = judgedConsents(facts);
      if (judged.length === 0) {
        return [
          notAuthorised(
            'PRX-2',
            'Nothing on record says that this proxy may receive messages for the patient. Write to the patient, or record the authority and its evidence first.',
          ),
        ];
      }
      // What was withdrawn years ago explains nothing where something newer is the matter.
      const current = judged.filter(({ consent }) => consent.status === 'active');
      return (current.length > 0 ? current : judged).flatMap(({ consent, faults }) =>
        faults.length > 0 ? faults.map(explained) : otherKinds(consent, facts),
      );
    },
  },
  {
    id: 'proxy-channels-kept',
    clauses: ['PRX-2'],
    on: 'facts',
    judge: (facts) => {
      if (reliedOn(facts).length === 0) return [];
      return considered(facts)
        .filter((channel) => reliedOn(facts, channel).length === 0)
        .map((channel): Close => {
          const text = `By ${channelName[channel]}: the proxy's authority does not include this way. Allow one that it includes, or write to the patient.`;
          return { effect: 'close', channel, code: 'proxy-not-authorised', clause: 'PRX-2', text };
        });
    },
  },
  {
    id: 'app-for-patients',
    clauses: ['PRX-9'],
    on: 'facts',
    judge: (facts) =>
      proxyRecipient(facts) === undefined
        ? []
        : [
            {
              effect: 'close',
              channel: 'nhsapp',
              code: 'channel-not-acceptable',
              clause: 'PRX-9',
              text: `By ${channelName.nhsapp}: it reaches the patient's own account, never a proxy's. Allow another channel.`,
            },
          ],
  },
  {
    id: 'sensitive-checked',
    clauses: ['PRX-7', 'PRX-8'],
    on: 'facts',
    judge: (facts) => {
      const relied = reliedOn(facts);
      if (relied.length === 0) return [];
      const { labels, unread } = facts.sensitivity;
      const denied = distinct(relied.flatMap((one) => one.denied));
      const isSensitiveMatter = labels.some((one) => isSensitive(one) || denied.some((kept) => isSameLabel(kept, one)));
      if (!isSensitiveMatter && !unread) return [];
      const guardian = relied.some(({ basis }) => basis === undefined || !personCanBeAsked.has(basis));
      if (isCleared(facts, 'check-with-person', guardian ? 'caldicott-guardian' : undefined)) return [];
      return [checkFirst(isSensitiveMatter ? 'sensitive' : 'unread', guardian, denied)];
    },
  },
];

/** The others rest on somebody's not being able to decide: then the Guardian's advice takes the place of their answer. */
const personCanBeAsked: ReadonlySet<ProxyBasis> = new Set(['consent', 'parental-responsibility']);

function checkFirst(why: 'sensitive' | 'unread', guardian: boolean, denied: readonly Coding[]): Hold {
  const because =
    why === 'sensitive'
      ? 'This message is about something that the patient may feel sensitive about, and it is to go to their proxy.'
      : 'What this message is about could not be looked at, so it may be something that the patient feels sensitive about, and it is to go to their proxy.';
  const kept =
    denied.length === 0 ? '' : ` By the proxy's authority on record, this is not for the proxy: ${namesOf(denied)}.`;
  return {
    effect: 'hold',
    code: 'sensitive-proxy',
    clause: 'PRX-7',
    text: guardian
      ? `${because} The Caldicott Guardian decides first, because the proxy acts for somebody who cannot decide. Have the Task about it answered; it waits until then.`
      : `${because} Ask the patient first, and answer the Task about it; it waits until then.`,
    task: {
      code: 'check-with-person',
      text: guardian
        ? `${because}${kept} The proxy acts because the patient cannot decide: find out with the Caldicott Guardian whether it may go, and answer agreed or refused.`
        : `${because}${kept} Ask the patient alone, without the proxy, whether it may go, and answer agreed or refused. If in doubt, ask the Caldicott Guardian.`,
      performerType: guardian ? 'caldicott-guardian' : 'clinic',
    },
  };
}

/** Labels in words where we have them, with the code. */
function namesOf(labels: readonly Coding[]): string {
  const named = labels.map(({ code = '', display }) => {
    const words = matters.get(code) ?? display;
    return words === undefined ? code : `${words} (${code})`;
  });
  return [...new Set(named)].sort().join(', ');
}

/** Labels of v3-ActCode as staff speak of them. */
const matters: ReadonlyMap<string, string> = new Map([
  ['SEX', 'sexuality and reproduction'],
  ['STD', 'sexually transmitted infections'],
  ['HIV', 'HIV'],
  ['SDV', 'abuse or domestic violence'],
  ['VIO', 'violence'],
  ['PSY', 'psychiatry'],
  ['MH', 'mental health'],
  ['ETH', 'alcohol and drugs'],
  ['SUD', 'substance use'],
  ['ETHUD', 'alcohol'],
  ['GDIS', 'genetic conditions'],
  ['ADOL', "a young person's own matters"],
]);

function distinct(labels: readonly Coding[]): Coding[] {
  return [...new Map(labels.map((one) => [`${one.system ?? ''}|${one.code ?? ''}`, one])).values()];
}

function explained(fault: ProxyFault): Refuse {
  switch (fault.kind) {
    case 'status':
      return notAuthorised('PRX-4', `${statusText(fault.status)} ${instead}`);
    case 'incomplete':
      return notAuthorised(
        'PRX-3',
        `The proxy's authority on record does not count, because it does not say ${fault.missing.map((one) => wordsFor.get(one) ?? one).join(', or ')}. Write to the patient, or complete the Consent first.`,
      );
    case 'no-basis':
      return notAuthorised(
        'PRX-2',
        "The proxy's authority on record does not say on which one legal basis it rests. Write to the patient, or complete the Consent first.",
      );
    case 'unclear':
      return notAuthorised(
        'PRX-3',
        "The proxy's authority on record contradicts itself, or has limits that Herald cannot check. Write to the patient, or have the Consent put right first.",
      );
    case 'refuted':
      return notAuthorised(
        'PRX-3',
        `The proxy's authority was looked into, and its record says that it did not hold. ${instead}`,
      );
    case 'not-activated':
      return notAuthorised(
        'PRX-6',
        "The proxy's lasting power of attorney has not been activated, or nobody has recorded that it was. Write to the patient, or record its activation first.",
      );
    case 'not-begun':
      return notAuthorised(
        'PRX-4',
        "The proxy's authority has not begun yet. Write to the patient, or ask again then.",
      );
    case 'ended':
      return notAuthorised('PRX-4', `The proxy's authority has ended. ${instead}`);
    case 'of-age':
      return notAuthorised(
        'PRX-5',
        `The patient is 18, and parental responsibility ended on that birthday. ${instead}`,
      );
    case 'no-birth-date':
      return notAuthorised(
        'PRX-5',
        "The proxy has parental responsibility, which ends at 18, and the patient's record has no whole date of birth. Write to the patient, or complete the record first.",
      );
    case 'review-due':
      return notAuthorised(
        'PRX-4',
        "The decision that messages to this proxy are in the patient's best interests is too old to go by. Write to the patient, or have it made anew and recorded first.",
      );
    default:
      return fault satisfies never;
  }
}

/** What an authority lacks, as staff speak of it. */
const wordsFor: ReadonlyMap<string, string> = new Map([
  ['Consent.dateTime', 'when it was given'],
  ['Consent.performer', 'who gave it'],
  ['Consent.source', 'what shows it (evidence)'],
  ['Consent.provision.period', 'from when it holds'],
]);

const instead = 'Write to the patient, or record a new authority and its evidence first.';

function statusText(status: string): string {
  switch (status) {
    case 'inactive':
      return "The proxy's authority has been withdrawn.";
    case 'rejected':
      return "The proxy's authority was asked for and not given.";
    case 'entered-in-error':
      return "The proxy's authority was recorded by mistake.";
    default:
      return "The proxy's authority has not been agreed yet.";
  }
}

function otherKinds(consent: ProxyConsent, facts: KnownFacts): Finding[] {
  if (facts.messageType.kind !== 'found' || coversKind(consent, facts)) return [];
  return [
    notAuthorised(
      'PRX-2',
      "The proxy's authority is for other kinds of message than this one. Write to the patient, or choose a message type that it includes.",
    ),
  ];
}

function notAuthorised(clause: ClauseId, text: string): Refuse {
  return { effect: 'refuse', code: 'proxy-not-authorised', clause, text, expression: EXPRESSION };
}
