import { readFileSync } from 'node:fs';
import type { CodeSystem, Coding } from '@medplum/fhirtypes';

/** The word lists, each published as `$MSG/CodeSystem/words-NAME`; their sources are in `profiles/words/`. */
export const wordListNames = [
  'diagnosis',
  'medicine',
  'sensitive-service',
  'appeal',
  'study',
  'pressure',
  'payment',
  'text-speak',
  // What looks like one of those and is none.
  'ordinary',
  'no-payment',
  'general',
] as const;
export type WordListName = (typeof wordListNames)[number];

/** One way of writing something that is looked for. */
export interface WordForm<L extends string = WordListName> {
  readonly list: L;
  readonly words: string;
  /** `as-written`: capitals and all. `ending`: of one word, such as -itis. */
  readonly as: 'as-written' | 'ending' | undefined;
}

let loaded: readonly WordForm[] | undefined;

/** Every form of every list, read once, when it is first asked for. */
export function wordForms(): readonly WordForm[] {
  loaded ??= wordListNames.flatMap(formsIn);
  return loaded;
}

/** The forms of one list, each once, read from where it is published. */
export function formsIn<L extends string>(list: L): WordForm<L>[] {
  const file = new URL(`../../terminology/CodeSystem-words-${list}.json`, import.meta.url);
  const { concept = [] } = JSON.parse(readFileSync(file, 'utf8')) as CodeSystem;
  const forms = new Map<string, WordForm<L>>();
  for (const form of concept.flatMap(({ designation = [] }) => designation.flatMap(formsOf))) {
    const key = formKey(form);
    if (!forms.has(key)) forms.set(key, { list, ...form });
  }
  return [...forms.values()];
}

type Form = Omit<WordForm, 'list'>;

/** The forms that a designation of a word list stands for: one, or all its alternatives. */
export function formsOf({ use, value = '' }: { use?: Coding; value?: string }): Form[] {
  if (use?.code === 'alternatives') return alternativesIn(value).map((words) => ({ words, as: undefined }));
  return [{ words: value, as: use?.code === 'as-written' || use?.code === 'ending' ? use.code : undefined }];
}

/** `lung|liver disease|failure` is four forms: each of the words between two spaces, with each of the others. */
export function alternativesIn(words: string): string[] {
  return words
    .split(/\s+/)
    .map((word) => word.split('|'))
    .reduce<string[]>((heads, ends) => heads.flatMap((head) => ends.map((end) => `${head} ${end}`.trim())), ['']);
}

/** The same for two forms that find the same. */
export const formKey = ({ words, as }: Form): string =>
  `${as ?? ''} ${as === 'as-written' ? words : words.toLowerCase()}`;
