import type { CodeableConcept, Extension, Flag } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { type Channel, channels } from '../policy/channel.ts';
import { holdsAt, intervalOf } from '../policy/london.ts';
import type { NeedFact, PersonFact } from '../policy/person-facts.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { localReference } from './naming.ts';

const snomed = 'http://snomed.info/sct';
const adjustmentCategory = 'https://fhir.nhs.uk/England/CodeSystem/RA-FlagCategory';
const writtenFormats = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredWrittenCommunicationFormat';
const detailUrl = 'http://hl7.org/fhir/StructureDefinition/flag-detail';

/** The Flags of a person, on whichever of their linked records they are. Errors: StoreError. */
export async function flagsOf(store: FhirStore, records: readonly string[]): Promise<Stored<Flag>[]> {
  return records.length === 0 ? [] : searchAll(store, 'Flag', [['patient', records.join(',')]]);
}

/**
 * Somebody with the needs that Flags record about them (PRF-6). R4's `Flag.subject` takes no RelatedPerson: a proxy's own
 * needs are on the patient, in a Flag whose `flag-detail` names the proxy (PRX-9).
 */
export function withNeeds(person: PersonFact, flags: readonly Flag[], now: Date): PersonFact {
  const proxy = person.reference.startsWith('RelatedPerson/') ? person.reference : undefined;
  const own = flags.filter((one) => isInForce(one, now) && proxyNamed(one) === proxy);
  const codes = own.map(({ code }) => code);
  return {
    ...person,
    interpreter: person.interpreter || own.some(asksForInterpreter),
    needs: distinct([...person.needs, ...codes.flatMap(needsIn), ...own.flatMap(unknownNeed)]),
  };
}

/** Channels that meet what a need's finding asks for; none for a finding about something else. */
export const channelsNeeded = (finding: CodeableConcept): Channel[] => needsIn(finding).flatMap(({ metBy }) => metBy);

/** Needs that the preferred format of what is written gives away (UK Core's contact preference). */
export function formatNeeds(preference: Extension | undefined): NeedFact[] {
  const format = preference?.extension?.find((one) => one.url === 'PreferredWrittenCommunicationFormat');
  return (format?.valueCodeableConcept?.coding ?? []).flatMap(({ system, code = '' }) =>
    system === writtenFormats ? (formats.get(code) ?? []) : [],
  );
}

/** "No telephone contact" of UK Core's preferred methods: it spares the person calls, and closes no way of writing. */
export const noCalls: NeedFact = { name: 'no telephone calls', metBy: channels, near: [], noCalls: true };

const isInForce = ({ status, period }: Flag, now: Date): boolean =>
  status === 'active' && holdsAt(intervalOf(period), now);

const proxyNamed = ({ extension = [] }: Flag): string | undefined =>
  localReference(extension.find((one) => one.url === detailUrl)?.valueReference?.reference, 'RelatedPerson');

function needsIn({ coding = [] }: CodeableConcept): NeedFact[] {
  return coding.flatMap(({ system, code = '' }) => (system === snomed ? (findings.get(code) ?? []) : []));
}

/** A communication professional, or somebody who speaks the person's language. */
function asksForInterpreter(flag: Flag): boolean {
  const isKnown = needsIn(flag.code).length > 0;
  return categoriesOf(flag).some((one) => one === '002' || one === '006') && !isKnown;
}

/** One that no table here holds is shown all the same, by where it is found: its own words may say too much. */
function unknownNeed(flag: Flag): NeedFact[] {
  const isNeed = categoriesOf(flag).some((one) => one === '003' || one === '004' || one === 'accessible-information');
  if (!isNeed || asksForInterpreter(flag) || codesOf(flag.code).some((one) => findings.has(one) || met.has(one))) {
    return [];
  }
  return [{ name: `one that Herald does not know, see Flag/${flag.id}`, metBy: [], near: [] }];
}

function categoriesOf({ category = [] }: Flag): string[] {
  return category
    .flatMap((one) => one.coding ?? [])
    .flatMap(({ system, code = '' }) =>
      system === adjustmentCategory || system === codeSystem('flag-category') ? [code] : [],
    );
}

const codesOf = ({ coding = [] }: CodeableConcept): string[] =>
  coding.flatMap(({ system, code = '' }) => (system === snomed ? [code] : []));

const distinct = (needs: readonly NeedFact[]): NeedFact[] => [
  ...new Map([...needs].sort((a, b) => (a.name < b.name ? -1 : 1)).map((one) => [one.name, one])).values(),
];

const emails: readonly Channel[] = ['email', 'secure-email'];
/** Words on somebody's own device: shown larger, or read out by it. */
const onScreen: readonly Channel[] = ['nhsapp', 'email', 'secure-email', 'sms'];

const way = (name: string, metBy: readonly Channel[]): NeedFact => ({ name, metBy, near: [] });
/** Herald makes no such form: `near` comes closest. */
const form = (name: string, near: readonly Channel[] = []): NeedFact => ({ name, metBy: [], near });

const largePrint = form('large print', onScreen);
const braille = form('Braille', onScreen);
const signLanguage = form('British Sign Language');

/** SNOMED CT findings of the Accessible Information Standard, as NHS England's reasonable adjustments have them. */
const findings: ReadonlyMap<string, NeedFact> = new Map([
  ['936701000000103', way('contact by text', ['sms'])],
  ['936741000000100', way('contact by email', emails)],
  ['936721000000107', way('contact by letter', ['letter'])],
  ['795661000000104', form('contact by telephone')],
  ['796081000000106', form('contact by text relay', ['sms'])],
  ['719561001', form('contact through a carer')],
  ['936581000000101', way('information by email', emails)],
  ['796161000000101', form('easy read')],
  ['957331000000109', form('print of at least 20 point', onScreen)],
  ['957351000000102', form('print of at least 24 point', onScreen)],
  ['957371000000106', form('print of at least 28 point', onScreen)],
  ['936681000000100', braille],
  ['936661000000109', braille],
  ['936621000000101', form('Moon', onScreen)],
  ['936601000000105', form('electronic audio', onScreen)],
  ['945751000000106', way('information in an electronic form', emails)],
  ['936641000000108', form('Makaton')],
  ['985021000000106', form('somebody who reads it out', onScreen)],
  ['367741000000102', form('information by word of mouth')],
  ['1082551000000100', form('words for people with aphasia')],
  ['520471000000105', signLanguage],
  ['204331000000107', signLanguage],
  ['415803005', signLanguage],
]);

/** Findings that a message of any channel meets: being reminded at all, being written to. */
const met: ReadonlySet<string> = new Set(['1108131000000104', '520491000000109']);

const formats: ReadonlyMap<string, NeedFact> = new Map([
  ['11', largePrint],
  ['12', braille],
  ['13', form('audio', onScreen)],
]);
