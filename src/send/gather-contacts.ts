import type {
  Address,
  CodeableConcept,
  ContactPoint,
  Extension,
  HumanName,
  Patient,
  RelatedPerson,
} from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { parseEmail } from '../notify/email-address.ts';
import { parsePhone } from '../notify/phone.ts';
import { readPostalAddress } from '../notify/postal-address.ts';
import { type Channel, channels } from '../policy/channel.ts';
import { holdsAt, intervalOf, londonDay, spanOf } from '../policy/london.ts';
import type { ContactFact, PersonFact } from '../policy/person-facts.ts';
import { formatNeeds, noCalls } from './gather-needs.ts';

const ukCore = 'https://fhir.hl7.org.uk';
const preferenceUrl = `${ukCore}/StructureDefinition/Extension-UKCore-ContactPreference`;
const interpreterUrl = 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired';

/** How somebody can be written to, and how they wish to be: the same elements on a Patient and on a RelatedPerson. */
export function personOf(resource: Patient | RelatedPerson, reference: string, now: Date): PersonFact {
  const { communication = [] } = resource as { communication?: readonly SpokenLanguage[] };
  const language = communication.find((one) => one.preferred === true)?.language?.coding?.find((one) => one.code)?.code;
  const name = nameOf(resource.name ?? [], now);
  const { extension = [] } = resource;
  const preference = extension.find((one) => one.url === preferenceUrl);
  return {
    reference,
    contacts: [
      ...(resource.telecom ?? []).flatMap(telecomFacts),
      ...(resource.address ?? []).map((one) => addressFact(one, name)),
    ],
    preferred: preferredOf(preference),
    language: language?.toLowerCase(),
    interpreter: extension.some((one) => one.url === interpreterUrl && one.valueBoolean === true),
    needs: [...formatNeeds(preference), ...(methodsIn(preference).includes(NO_TELEPHONE) ? [noCalls] : [])],
  };
}

type SpokenLanguage = NonNullable<Patient['communication']>[number];

function telecomFacts(contactPoint: ContactPoint): ContactFact[] {
  const value = contactPoint.value?.trim();
  if (!value) return [];
  const base = {
    contactPoint,
    old: contactPoint.use === 'old',
    valid: intervalOf(contactPoint.period),
    rank: contactPoint.rank,
    confirmedOn: confirmedOn(contactPoint),
  };
  switch (contactPoint.system) {
    case 'phone':
    case 'sms':
      return [{ ...base, channel: 'sms', form: phoneForm(value) }];
    case 'email': {
      const parsed = parseEmail(value);
      const form: ContactFact['form'] =
        parsed.kind === 'ok' ? { kind: 'usable', to: parsed.typed } : { kind: 'malformed' };
      return [
        { ...base, channel: 'email', form },
        { ...base, channel: 'secure-email', form },
      ];
    }
    default:
      return [];
  }
}

/** A UK mobile, those of Jersey, Guernsey and the Isle of Man included: they are reached in the same way. */
function phoneForm(value: string): ContactFact['form'] {
  const phone = parsePhone(value);
  if (phone.kind === 'bad') return { kind: 'malformed' };
  if (phone.country !== 'international') {
    return phone.mobile ? { kind: 'usable', to: phone.e164 } : { kind: 'not-mobile' };
  }
  // A UK number with a digit too many reads as a foreign one: only what was written as foreign is (PRF-5).
  if (!/^\s*(\+|00)/.test(value)) return { kind: 'malformed' };
  // North American numbers do not tell whether they are mobiles.
  return phone.mobile || phone.callingCode === '1' ? { kind: 'foreign', to: phone.e164 } : { kind: 'not-mobile' };
}

function addressFact(address: Address, name: string | undefined): ContactFact {
  return {
    channel: 'letter',
    contactPoint: address,
    form: addressForm(address, name),
    old: address.use === 'old',
    valid: intervalOf(address.period),
    rank: undefined,
    confirmedOn: confirmedOn(address),
  };
}

/** What came into use after it was confirmed is another detail than the one that the person confirmed (PRF-4). */
function confirmedOn({ extension = [], period }: ContactPoint | Address): string | undefined {
  const on = extension
    .find((one) => one.url === structureDefinition('contact-confirmed'))
    ?.extension?.find((one) => one.url === 'on')?.valueDateTime;
  const from = on === undefined ? undefined : spanOf(on)?.from;
  const inUseFrom = period?.start === undefined ? undefined : spanOf(period.start)?.from;
  if (from === undefined) return undefined;
  const day = londonDay(new Date(from));
  return inUseFrom !== undefined && londonDay(new Date(inUseFrom)) > day ? undefined : day;
}

/** A letter is for one person: without a name on the envelope it is for whoever opens it. */
function addressForm(address: Address, name: string | undefined): ContactFact['form'] {
  if (name === undefined) return { kind: 'unaddressable', fault: 'no-name' };
  const read = readPostalAddress([name, ...linesOf(address)]);
  if (read.kind === 'bad') return { kind: 'unaddressable', fault: read.fault };
  return { kind: read.abroad ? 'foreign' : 'usable', to: read.lines.join('\n') };
}

/** Many systems write the town into the lines and once more into its own element; some write the whole as text alone. */
function linesOf(address: Address): string[] {
  const { line = [], city, district, state, postalCode, country, text } = address;
  const written = (one: string | undefined): one is string => !!one?.trim();
  const parts = [...line, city, district, state].filter(written);
  const given = parts.length > 0 ? parts : (text ?? '').split(/[\n,]/).filter(written);
  const seen = new Set<string>();
  const distinct = given.filter((one) => {
    const key = one.trim().toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
  return [...distinct, postalCode, country].filter(written);
}

/** The name to write on an envelope: the one the person goes by, before the one that is on their papers. */
function nameOf(names: readonly HumanName[], now: Date): string | undefined {
  const [best] = names
    .filter((one) => nameUses.includes(one.use) && holdsAt(intervalOf(one.period), now))
    .sort((a, b) => nameUses.indexOf(a.use) - nameUses.indexOf(b.use));
  if (best === undefined) return undefined;
  const parts = [...(best.prefix ?? []), ...(best.given ?? []), best.family].filter((one) => !!one?.trim());
  const name = (best.family?.trim() ? parts.join(' ') : (best.text ?? parts.join(' '))).trim();
  return name === '' ? undefined : name;
}

const nameUses: readonly HumanName['use'][] = ['usual', 'official', undefined, 'temp'];

/**
 * The channels that meet a recorded preference (UK Core). `undefined`: none is recorded. Empty: a way that Herald does
 * not have. "No telephone contact" (8) says what is not wanted, and prefers nothing.
 */
function preferredOf(preference: Extension | undefined): readonly Channel[] | undefined {
  const method = methodOf(preference);
  const wanted = (method?.coding ?? []).flatMap(({ system, code = '' }) => {
    if (system === codeSystem('channel')) return [channels.filter((one) => one === code)];
    const known = system === methodSystem ? methods.get(code) : undefined;
    return known === undefined ? [] : [known];
  });
  return wanted.length === 0 ? undefined : [...new Set(wanted.flat())];
}

const methodSystem = `${ukCore}/CodeSystem/UKCore-PreferredContactMethod`;
const NO_TELEPHONE = '8';

const methodOf = (preference: Extension | undefined): CodeableConcept | undefined =>
  preference?.extension?.find((one) => one.url === 'PreferredContactMethod')?.valueCodeableConcept;

const methodsIn = (preference: Extension | undefined): string[] =>
  (methodOf(preference)?.coding ?? []).flatMap(({ system, code }) => (system === methodSystem && code ? [code] : []));

const methods: ReadonlyMap<string, readonly Channel[]> = new Map([
  ['1', ['letter']],
  ['2', []],
  ['3', []],
  ['4', ['email', 'secure-email']],
  ['5', []],
  ['6', []],
  ['7', []],
  ['9', ['sms']],
]);
