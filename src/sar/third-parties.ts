import type { HumanName, Patient, Resource } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { readableText } from './mask.ts';
import type { PlacedText, Pointer } from './places.ts';
import { nationalDigits } from './words.ts';

/** Who else is named in free text: proposals for the reviewer, who reads every text all the same (SAR-2). */

export interface Hit {
  readonly pointer: Pointer;
  /** The words as they stand there. */
  readonly text: string;
  readonly why: string;
}

/** What is the person's own, and is never taken for somebody else's. */
export interface OwnDetails {
  readonly names: ReadonlySet<string>;
  /** National digits of telephone numbers, and email addresses in lower case. */
  readonly contacts: ReadonlySet<string>;
  /** NHS numbers, as ten digits. */
  readonly numbers: ReadonlySet<string>;
}

/** What belongs to the person, from all of their records. */
export function ownDetails(records: readonly Patient[]): OwnDetails {
  const telecom = records.flatMap((one) => one.telecom ?? []);
  const numbers = records
    .flatMap((one) => one.identifier ?? [])
    .flatMap((one) => (one.system === system.nhsNumber && one.value !== undefined ? [one.value] : []));
  return {
    names: wordsOfNames(records.flatMap((one) => one.name ?? [])),
    contacts: new Set(telecom.flatMap((one) => (one.value === undefined ? [] : [contactKey(one.value)]))),
    numbers: new Set(numbers.map((one) => one.replaceAll(/\s/g, ''))),
  };
}

/** In lower case, one by one. */
export function wordsOfNames(names: readonly HumanName[]): Set<string> {
  const words = names.flatMap((one) => [...(one.given ?? []), one.family ?? '', one.text ?? '']);
  return new Set(words.flatMap((one) => one?.toLowerCase().split(/\s+/) ?? []).filter((one) => one !== ''));
}

/** A contact detail as it is compared. */
export const contactKey = (value: string): string => nationalDigits(value) ?? value.trim().toLowerCase();

/**
 * Names of others in free texts: whatever follows a courtesy title or a word of kinship. Not `named`, words that the copy
 * says anyhow; nor doctors and nurses, who act as such (Data Protection Act 2018, schedule 2 paragraph 17).
 */
export function namesIn(texts: readonly PlacedText[], named: ReadonlySet<string>): Hit[] {
  return texts.flatMap(({ pointer, text }) => {
    const titled = [...text.matchAll(titledName), ...text.matchAll(kinsName)].map(({ groups }) => groups?.name ?? '');
    const others = titled.filter((name) => !isNamed(name, named));
    return unique(others.map((one) => ({ pointer, text: one, why: 'seems to name somebody else' })));
  });
}

/** Telephone numbers and email addresses in a text that somebody wrote to the trust, other than the person's own. */
export function contactsIn(texts: readonly PlacedText[], own: OwnDetails): Hit[] {
  return texts.flatMap(({ pointer, text }) => {
    const numbers = [...text.matchAll(telephone)].map(([one]) => one);
    const emails = [...text.matchAll(emailAddress)].map(([one]) => one);
    const others = [...numbers, ...emails].filter((one) => !own.contacts.has(contactKey(one)));
    return unique(others.map((one) => ({ pointer, text: one, why: 'holds a contact detail that is not theirs' })));
  });
}

/** What people wrote in their own words; Herald's sentences on its decisions name nobody. `texts`: all of the resource. */
export function freeTexts(resource: Resource, texts: readonly PlacedText[]): PlacedText[] {
  const extensions = Reflect.get(resource, 'extension') as { url: string }[] | undefined;
  const isDecision = ({ pointer: [first, at] }: PlacedText): boolean =>
    first === 'extension' && (extensions?.[Number(at)]?.url.endsWith('/decision') ?? false);
  return texts
    .filter(({ pointer }) => freeTextKeys.includes(String(pointer.at(-1))))
    .filter((one) => one.pointer[0] !== 'text' && !isDecision(one))
    .map(({ pointer, text }) => ({ pointer, text: readableText(resource, pointer, text) }));
}

const freeTextKeys: readonly string[] = ['contentString', 'text', 'valueString', 'description', 'data', 'comment'];

const name = "(?<name>\\p{Lu}[\\p{L}'’-]+(?:[ -]\\p{Lu}[\\p{L}'’-]+){0,2})";
const titledName = new RegExp(`(?<!\\p{L})(?:Mr|Mrs|Ms|Miss|Mx|Master)\\.? ${name}`, 'gu');
const kin =
  'husband|wife|partner|boyfriend|girlfriend|mother|mum|father|dad|parent|son|daughter|child|brother|sister|uncle|aunt|' +
  'nephew|niece|cousin|grandmother|grandfather|nan|gran|grandad|granddaughter|grandson|friend|neighbour|carer|' +
  'flatmate|landlord|employer|boss|stepfather|stepmother|stepson|stepdaughter';
const kinsName = new RegExp(`(?<!\\p{L})(?:${kin}|${capitalised(kin)}),? ${name}`, 'gu');
/** As people write it: from 10 to 15 digits with what stands between them; not part of a longer number. */
const telephone = /(?<![\d+])(?:\+|0)(?:[\s()-]{0,2}\d){9,14}(?!\d)/g;
const emailAddress = /[\p{L}\d._%+'-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/gu;

function capitalised(words: string): string {
  return words.replaceAll(/(?<=^|\|)\w/g, (letter) => letter.toUpperCase());
}

const isNamed = (found: string, named: ReadonlySet<string>): boolean =>
  found
    .toLowerCase()
    .split(/\s+/)
    .every((one) => named.has(one));

function unique(hits: readonly Hit[]): Hit[] {
  return [...new Map(hits.map((one) => [`${one.pointer.join('/')} ${one.text}`, one])).values()];
}
