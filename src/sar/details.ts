import type { Patient, RelatedPerson } from '@medplum/fhirtypes';
import type { Stored } from '../store/fhir-store.ts';
import { type Pointer, textsIn, valueAt } from './places.ts';
import { contactKey, type OwnDetails } from './third-parties.ts';
import { detailPattern, namePattern } from './words.ts';

/**
 * Details of others that are hidden in their own entries, so that they are hidden wherever else they stand: in the text
 * of a message, in a note, in the values that a caller gave. What is the person's own as well stays: a shared telephone.
 */
export function hiddenDetails(
  people: readonly { readonly original: Stored<RelatedPerson>; readonly shown: Stored<RelatedPerson> }[],
  own: OwnDetails,
  records: readonly Patient[],
): RegExp[] {
  const ownLines = new Set(records.flatMap((one) => [...textsIn(one as never)].map(({ text }) => text.toLowerCase())));
  const patterns = people.flatMap(({ original, shown }) =>
    [...textsIn(original)].flatMap(({ pointer, text }) => {
      const isHidden = valueAt(shown, pointer) !== text;
      const isTheirs = own.contacts.has(contactKey(text)) || ownLines.has(text.toLowerCase());
      return isHidden && !isTheirs ? (patternOf(pointer, text) ?? []) : [];
    }),
  );
  return [...new Map(patterns.map((one) => [one.source, one])).values()];
}

/** Only what tells one person from another: not a town, and not a word that stands in every text. */
function patternOf(pointer: Pointer, text: string): RegExp | undefined {
  const [part] = pointer;
  const key = String(pointer.findLast((one) => typeof one === 'string'));
  if (text.trim().length < 3) return undefined;
  if ((part === 'telecom' || part === 'identifier') && key === 'value') return detailPattern(text);
  if (part === 'address' && ['line', 'text', 'postalCode'].includes(key)) return detailPattern(text);
  if (part === 'name' && ['given', 'family', 'text'].includes(key)) return namePattern(text);
  return undefined;
}
