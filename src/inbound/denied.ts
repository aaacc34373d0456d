import type { HumanName } from '@medplum/fhirtypes';
import { plainWord, tokensOf } from '../scan/tokens.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import type { Sender } from './senders.ts';

/**
 * Whether a text says by name that its sender is not the person who has the number: "I am not Robin", "not Robin's
 * phone" (VER-1). No list of words can know the name. Errors: StoreError.
 */
export async function deniesSender(store: FhirStore, words: string, { person }: Sender): Promise<boolean> {
  if (!tokensOf(words).some(({ plain }) => denials.has(plain))) return false;
  const [type, id = ''] = person.split('/');
  const record = type === 'Patient' ? await store.read('Patient', id) : await store.read('RelatedPerson', id);
  return deniesName(words, record?.name ?? []);
}

/** Whether a denial stands right before one of the names, within the same sentence. Pure. */
export function deniesName(words: string, names: readonly HumanName[]): boolean {
  const theirs = new Set(
    names
      .flatMap(({ given = [], family = '', text = '' }) => [...given, family, text])
      .flatMap((one) => tokensOf(one ?? ''))
      .map(({ plain }) => plain)
      .filter((one) => one.length > 1 && !titles.has(one)),
  );
  const isTheirs = (plain: string): boolean => theirs.has(plain) || theirs.has(plain.replace(/s$/, ''));
  const tokens = tokensOf(words);
  return tokens.some(({ plain }, at) => {
    if (!denials.has(plain)) return false;
    const [next, second] = tokens.slice(at + 1, at + 3);
    if (next === undefined || next.opens) return false;
    if (isTheirs(next.plain)) return true;
    return titles.has(next.plain) && second !== undefined && isTheirs(second.plain);
  });
}

const denials: ReadonlySet<string> = new Set(['not', "isn't", "ain't", "wasn't"].map(plainWord));

const titles: ReadonlySet<string> = new Set(['mr', 'mrs', 'ms', 'miss', 'mx', 'dr', 'called', 'named']);
