import type { Channel } from './channel.ts';
import { dayAfterMonths } from './london.ts';
import type { ChannelTemplate } from './message-facts.ts';
import type { ContactFact, NeedFact, PersonFact } from './person-facts.ts';

/** How far a channel is from what somebody needs: 0 where it meets all of it, more for each need it does not (PRF-6). */
export function distanceFrom(needs: readonly NeedFact[], channel: Channel): number {
  return needs.reduce((sum, one) => sum + (one.metBy.includes(channel) ? 0 : one.near.includes(channel) ? 1 : 2), 0);
}

/** Those that a channel leaves unmet. */
export const unmetBy = (needs: readonly NeedFact[], channel: Channel): readonly NeedFact[] =>
  needs.filter((one) => !one.metBy.includes(channel));

/**
 * How current a contact detail is (PRF-4). `unconfirmed`: nobody has confirmed it since it came into use. `months`: the
 * organisation's `contactConfirmedMonths`; the day itself still counts.
 */
export function currencyOf(
  { confirmedOn }: Pick<ContactFact, 'confirmedOn'>,
  today: string,
  months: number,
): 'current' | 'stale' | 'unconfirmed' {
  if (confirmedOn === undefined || confirmedOn > today) return 'unconfirmed';
  return dayAfterMonths(confirmedOn, months) < today ? 'stale' : 'current';
}

/**
 * Whether the words that are chosen are in the person's language (PRF-8). A template that names no language is in
 * English. `undefined`: no language is recorded.
 */
export function isInLanguage(
  { language }: Pick<PersonFact, 'language'>,
  own: readonly Pick<ChannelTemplate, 'language'>[],
): boolean | undefined {
  if (language === undefined) return undefined;
  const wanted = primary(language);
  if (own.some((one) => one.language !== undefined && primary(one.language) === wanted)) return true;
  return wanted === 'en' && own.some((one) => one.language === undefined);
}

/** `pl` of `pl-pl`. */
const primary = (language: string): string => language.split('-')[0] ?? language;

/** A language in English, as far as its code has a name: "Polish". */
export function languageName(language: string): string | undefined {
  const known = signLanguages.get(primary(language));
  if (known !== undefined) return known;
  try {
    return new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(primary(language));
  } catch {
    // Not in the form of a language code at all.
    return undefined;
  }
}

/** Those used here that the names of languages do not hold. */
const signLanguages: ReadonlyMap<string, string> = new Map([
  ['bfi', 'British Sign Language'],
  ['isg', 'Irish Sign Language'],
]);
