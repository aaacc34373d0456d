import type { Address, ContactPoint, Extension, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { parseEmail } from '../notify/email-address.ts';
import { parsePhone } from '../notify/phone.ts';
import { type Channel, channels } from '../policy/channel.ts';
import type { ContactFact, PersonFact } from '../policy/facts.ts';
import { intervalOf } from '../policy/london.ts';

const ukCore = 'https://fhir.hl7.org.uk';

/** How somebody can be written to, and how they wish to be: the same elements on a Patient and on a RelatedPerson. */
export function personOf(resource: Patient | RelatedPerson, reference: string): PersonFact {
  const { communication = [] } = resource as { communication?: readonly SpokenLanguage[] };
  const language = communication.find((one) => one.preferred === true)?.language?.coding?.find((one) => one.code)?.code;
  return {
    reference,
    contacts: [...(resource.telecom ?? []).flatMap(telecomFacts), ...(resource.address ?? []).map(addressFact)],
    preferred: preferredOf(resource.extension ?? []),
    language: language?.toLowerCase(),
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

function addressFact(address: Address): ContactFact {
  const lines = [...(address.line ?? []), address.city, address.district, address.postalCode].filter((one) =>
    one?.trim(),
  );
  const complete = (address.line ?? []).some((one) => one.trim()) && !!address.postalCode?.trim();
  return {
    channel: 'letter',
    contactPoint: address,
    form: complete ? { kind: 'usable', to: lines.join('\n') } : { kind: 'malformed' },
    old: address.use === 'old',
    valid: intervalOf(address.period),
    rank: undefined,
  };
}

/**
 * The channels that meet a recorded preference (UK Core). `undefined`: none is recorded. Empty: a way that Herald does
 * not have. "No telephone contact" (8) says what is not wanted, and prefers nothing.
 */
function preferredOf(extensions: readonly Extension[]): readonly Channel[] | undefined {
  const method = extensions
    .find((one) => one.url === `${ukCore}/StructureDefinition/Extension-UKCore-ContactPreference`)
    ?.extension?.find((one) => one.url === 'PreferredContactMethod');
  const wanted = (method?.valueCodeableConcept?.coding ?? []).flatMap(({ system, code = '' }) => {
    if (system === codeSystem('channel')) return [channels.filter((one) => one === code)];
    const known = system === `${ukCore}/CodeSystem/UKCore-PreferredContactMethod` ? methods.get(code) : undefined;
    return known === undefined ? [] : [known];
  });
  return wanted.length === 0 ? undefined : [...new Set(wanted.flat())];
}

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
