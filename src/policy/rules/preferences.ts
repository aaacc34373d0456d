import { type Channel, channelName } from '../channel.ts';
import { preferenceOf } from '../choose.ts';
import { addressee, type KnownFacts } from '../facts.ts';
import type { NeedFact } from '../person-facts.ts';
import { currencyOf, isInLanguage, languageName, unmetBy } from '../preferences.ts';
import { proxyRecipient } from '../proxy.ts';
import type { Rule, Warn } from './rule.ts';

/** How people wish and need to be contacted. Nothing here refuses: what could not be met is said (PRF-3). */
export const preferenceRules: readonly Rule[] = [
  {
    id: 'preference-kept',
    clauses: ['PRF-1', 'PRF-2', 'PRF-3', 'CHN-3'],
    on: 'choice',
    judge: (facts, choice) => {
      const preference = preferenceOf(facts, choice);
      if (preference === undefined || preference.met) return [];
      return [{ effect: 'warn', code: 'preference-passed-over', clause: 'PRF-2', text: preference.text }];
    },
  },
  {
    id: 'needs-met',
    clauses: ['PRF-6', 'PRX-9'],
    on: 'choice',
    judge: (facts, { channel }) => {
      const needs = addressee(facts)?.needs ?? [];
      const who = whoIsTold(facts);
      return [
        ...unmetBy(needs, channel).map((one) => unmet(one, channel, who)),
        ...(announcesCall(facts) && needs.some((one) => one.noCalls) ? [callAnnounced(who)] : []),
      ];
    },
  },
  {
    id: 'language-met',
    clauses: ['PRF-8', 'PRX-9'],
    on: 'choice',
    judge: (facts, { channel, text }) => {
      const person = addressee(facts);
      if (person === undefined || facts.messageType.kind !== 'found') return [];
      const own = facts.messageType.type.templates.filter((one) => one.channel === channel && one.kind === text.kind);
      const isMet = isInLanguage(person, own);
      // Somebody whose language the text is in reads it themselves.
      if (isMet === true && !(person.interpreter && isEnglish(person.language))) return [];
      if (isMet === undefined && !person.interpreter) return [];
      return [languageNotMet(person, isMet === false, whoIsTold(facts))];
    },
  },
  {
    id: 'contact-confirmed',
    clauses: ['PRF-4'],
    on: 'choice',
    judge: (facts, { channel, contact }) => {
      const months = facts.policy.contactConfirmedMonths;
      const how = currencyOf(contact, facts.today, months);
      if (how === 'current') return [];
      const who = whoIsTold(facts);
      const what = detailName[channel];
      const since =
        how === 'unconfirmed'
          ? `Nobody has confirmed the ${what} with the ${who} since it was recorded.`
          : `The ${what} was last confirmed with the ${who} on ${contact.confirmedOn}, more than ${months} months ago.`;
      const text = `${since} Ask for it when they are next in touch, and record that it was confirmed.`;
      return [{ effect: 'warn', code: 'stale-contact', clause: 'PRF-4', text }];
    },
  },
];

/** What a channel reaches people by. */
const detailName = {
  nhsapp: 'contact detail',
  sms: 'mobile number',
  email: 'email address',
  'secure-email': 'email address',
  letter: 'postal address',
} as const satisfies Record<Channel, string>;

const whoIsTold = (facts: KnownFacts): 'person' | 'proxy' => (proxyRecipient(facts) === undefined ? 'person' : 'proxy');

const unmet = ({ name, near }: NeedFact, channel: Channel, who: string): Warn => ({
  effect: 'warn',
  code: 'need-not-met',
  clause: 'PRF-6',
  text: `The ${who} has a recorded need (${name}) that ${
    near.includes(channel) ? 'no open way meets; this message goes by the nearest:' : 'this message does not meet by'
  } ${channelName[channel]}. See that they are told in a way that meets it.`,
});

/** A type that says that the team will ring (TWO-5). */
const announcesCall = ({ messageType }: KnownFacts): boolean =>
  messageType.kind === 'found' && messageType.type.code === 'call-announcement';

const callAnnounced = (who: string): Warn => ({
  effect: 'warn',
  code: 'need-not-met',
  clause: 'PRF-6',
  text: `This message announces a telephone call, and it is on record that the ${who} is not to be telephoned. Reach them another way.`,
});

const isEnglish = (language: string | undefined): boolean => language?.split('-')[0] === 'en';

function languageNotMet(
  { language, interpreter }: { readonly language: string | undefined; readonly interpreter: boolean },
  otherLanguage: boolean,
  who: string,
): Warn {
  const name = language === undefined ? undefined : languageName(language);
  const wanted = otherLanguage
    ? `The ${who} prefers ${name ?? 'another language'}, and this message has no text in it.`
    : `The text is in English.`;
  const needed = interpreter ? ` An interpreter is on record as needed for the ${who}.` : '';
  const text = `${wanted}${needed} See that they understand it.`;
  return { effect: 'warn', code: 'language-not-met', clause: 'PRF-8', text };
}
