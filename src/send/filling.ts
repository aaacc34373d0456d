import { insensitive, missingPersonalisation, placeholders } from '../notify/template.ts';
import type { MessageType, TextFault } from '../policy/message-facts.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import type { GivenContent } from './personalisation.ts';
import { plainText, plainValue, unmarked } from './plain-value.ts';

/** What every template may use without the caller giving it; a caller's value of that name is not looked at. */
const ORGANISATION = 'organisation';
/** The key that the free text fills, for types that take it. */
const FREE_TEXT = 'message';

/** What a message type's texts are filled in from. */
export interface FillContext {
  readonly type: MessageType;
  readonly given: GivenContent;
  readonly policy: Policy;
  readonly controller: Controller;
}

export interface Filling {
  /** By name as the template spells it: data, with nothing in it that could be a link or a control character. */
  readonly values: Readonly<Record<string, string>>;
  /** Keys that the texts ask for, that the type does not declare and nobody filled. */
  readonly left: readonly string[];
}

/** The values for every placeholder in these texts; give the subject before the body. */
export function fillingOf({ type, given, controller }: FillContext, ...texts: string[]): Filling {
  const declared = new Set(type.personalisation.map((one) => insensitive(one.name)));
  const wordsFor = (name: string): string | undefined => {
    const key = insensitive(name);
    const value = given.values.get(key);
    if (key === ORGANISATION) return controller.name;
    if (key === FREE_TEXT && type.freeText) return plainText(given.freeText ?? '');
    if (value !== undefined) return plainValue(value);
    return declared.has(key) ? '' : undefined;
  };
  const values = Object.fromEntries(
    placeholders(...texts).flatMap((name) => {
      const value = wordsFor(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { values, left: missingPersonalisation(values, ...texts) };
}

const forms: readonly (readonly [string, RegExp])[] = [
  ['double round brackets', /\(\([^()\n]{1,60}\)\)/],
  ['double curly brackets', /\{\{[^{}\n]{0,60}\}\}/],
  ['angle brackets', /<[\p{L}_][\p{L}\p{N}_ .-]{0,59}>/u],
  ['square brackets', /\[[\p{L}_][^[\]\n]{0,59}\](?!\()/u],
];

/** Placeholders that are left; looked for before anything is escaped, in the words as a person would read them. */
export function placeholdersLeft(...texts: string[]): TextFault[] {
  return forms
    .filter(([, pattern]) => texts.some((text) => pattern.test(unmarked(text))))
    .map(([form]) => ({ kind: 'placeholder', form }));
}
