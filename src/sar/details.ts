import type { Patient, Resource } from '@medplum/fhirtypes';
import type { Stored } from '../store/fhir-store.ts';
import { type Pointer, textsIn, valueAt } from './places.ts';
import { contactKey, type OwnDetails } from './third-parties.ts';
import { detailPattern, namePattern, postcodePattern } from './words.ts';

/** A detail that is hidden wherever it stands: in the text of a message, in a note, in the values that a caller gave. */
export interface HiddenDetail {
  readonly pattern: RegExp;
  /** The person's own, taken out of the record because of a risk (OBJ-8): no decision shows it. */
  readonly isRemoved: boolean;
}

/** What the messages say of the contact details to or from which they went. */
export interface UsedDetails {
  /** Those that were taken out of the record because of a risk (OBJ-8). */
  readonly removed: ReadonlySet<string>;
  /** Numbers and email addresses of others, which their entries may no longer have. */
  readonly used: ReadonlySet<string>;
}

/** Somebody's entry as it is, and as it may be shown. */
export interface Entry {
  readonly original: Stored<Resource>;
  readonly shown: Stored<Resource>;
}

/**
 * Details of others that are hidden in their own entries or were used to reach them, and what was removed from the person's. What is the person's own
 * stays: a telephone that is shared, a detail that is theirs again.
 */
export function hiddenDetails(
  entries: readonly Entry[],
  { removed, used }: UsedDetails,
  own: OwnDetails,
  records: readonly Patient[],
): HiddenDetail[] {
  const kept = records.map(({ contact: _contact, ...record }) => record);
  const ownLines = new Set(kept.flatMap((one) => textsIn(one as Resource).map(({ text }) => text.toLowerCase())));
  const isOwn = (text: string): boolean => own.contacts.has(contactKey(text)) || ownLines.has(text.toLowerCase());
  const ofOthers = entries.flatMap(({ original, shown }) => [
    ...hiddenNames(original, shown),
    ...textsIn(original).flatMap(({ pointer, text }) =>
      valueAt(shown, pointer) === text || isOwn(text) ? [] : (patternOf(pointer, text) ?? []),
    ),
  ]);
  const contacts = entries.flatMap((one) => textsIn(one.shown).filter(({ pointer }) => pointer.includes('telecom')));
  const shown = new Set(contacts.map(({ text }) => contactKey(text)));
  const former = [...used].filter((one) => !isOwn(one) && !shown.has(contactKey(one))).map(detailPattern);
  const gone = [...removed].filter((one) => one.trim().length > 2 && !isOwn(one)).map(detailPattern);
  const found = [
    ...gone.map((pattern) => ({ pattern, isRemoved: true })),
    ...[...ofOthers, ...former].map((pattern) => ({ pattern, isRemoved: false })),
  ];
  return [...new Map(found.toReversed().map((one) => [one.pattern.source, one])).values()].toReversed();
}

/** Only what tells one person from another: not a town, and not a word that stands in every text. */
function patternOf(pointer: Pointer, text: string): RegExp | undefined {
  const key = String(pointer.findLast((one) => typeof one === 'string'));
  if (text.trim().length < 3) return undefined;
  if (pointer.includes('telecom') || pointer.includes('identifier')) {
    return key === 'value' ? detailPattern(text) : undefined;
  }
  if (pointer.includes('address')) {
    if (key === 'postalCode') return postcodePattern(text);
    return ['line', 'text'].includes(key) ? detailPattern(text) : undefined;
  }
  return pointer.includes('name') && ['given', 'family', 'text'].includes(key) ? namePattern(text) : undefined;
}

/** Hidden names as they are written out, short ones too. */
function hiddenNames(original: Resource, shown: Resource): RegExp[] {
  if (original.resourceType !== 'RelatedPerson') return [];
  return (original.name ?? []).flatMap(({ given = [], family }, at) => {
    const isShown = family !== undefined && valueAt(shown, ['name', at, 'family']) === family;
    return family === undefined || isShown ? [] : given.map((one) => namePattern(`${one} ${family}`));
  });
}
