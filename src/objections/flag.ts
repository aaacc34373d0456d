import type { Consent, Flag, Reference } from '@medplum/fhirtypes';
import { codeSystem, system } from '../canonical.ts';
import type { Channel } from '../policy/channel.ts';
import { spanOf } from '../policy/london.ts';
import { objectedChannels, objectingProxy, scopesOf } from '../send/gather-objections.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { canonicalJson, idOfKey } from '../send/ids.ts';
import { localReference } from '../send/naming.ts';
import { isObjection, stands } from '../send/objection-detail.ts';
import type { Stored } from '../store/fhir-store.ts';

/**
 * OBJ-5, OBJ-10: what staff see of an objection on opening the record. It is made from the Consent and follows it, and it
 * never says why: others may see the screen.
 */

/** The id that Herald's own Flag of an objection has, always the same: written twice, it is one. */
export const objectionFlagId = (consentId: string): string => idOfKey(`flag of objection ${consentId}`);

/**
 * The Flag as it should be, upon what is there already; `undefined` where nothing has to be written. Pure.
 * `author`: who recorded the objection, for a Flag that is new.
 */
export function objectionFlag(
  consent: Consent & { id: string },
  existing: Stored<Flag> | undefined,
  now: Date,
  author?: Reference,
): (Flag & { id: string }) | undefined {
  const subject = localReference(consent.patient?.reference, 'Patient');
  if (!isObjection(consent) || !stands(consent, now) || subject === undefined) {
    return existing?.status === 'active' ? ended(existing, consent, now) : undefined;
  }
  const isOwn = existing === undefined || existing.id === objectionFlagId(consent.id);
  const wanted: Flag & { id: string } = {
    ...(existing ?? newFlag(consent.id, author)),
    resourceType: 'Flag',
    id: existing?.id ?? objectionFlagId(consent.id),
    status: 'active',
    subject: { reference: subject },
    ...periodOf(consent),
    // Somebody else's Flag for the same objection stays in their words.
    code: isOwn ? codeOf(consent) : existing.code,
  };
  return existing !== undefined && canonicalJson(existing) === canonicalJson(wanted) ? undefined : wanted;
}

/** Whether a Flag says that this is objected to, whoever keeps it: a Consent may have been something else before. */
export function isFlagOf(flag: Flag, consentId: string): boolean {
  const codes = codesIn(flag.code, 'flag-code');
  const details = (flag.extension ?? []).filter((one) => one.url === detailUrl);
  return (
    (flag.id === objectionFlagId(consentId) || codes.some((one) => objectionCodes.includes(one))) &&
    details.some((one) => localReference(one.valueReference?.reference, 'Consent') === `Consent/${consentId}`)
  );
}

const detailUrl = 'http://hl7.org/fhir/StructureDefinition/flag-detail';

function newFlag(consentId: string, author: Reference | undefined) {
  return {
    meta: { security: [{ system: system.confidentiality, code: 'R' }] },
    extension: [
      { url: detailUrl, valueReference: { reference: `Consent/${consentId}` } },
      {
        url: 'http://hl7.org/fhir/StructureDefinition/flag-priority',
        valueCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/flag-priority-code', code: 'PH' }] },
      },
    ],
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'contact' }] }],
    ...(author === undefined ? {} : { author: author as NonNullable<Flag['author']> }),
  };
}

function periodOf({ provision, dateTime }: Consent): Pick<Flag, 'period'> {
  const start = provision?.period?.start ?? dateTime;
  const end = provision?.period?.end;
  if (start === undefined && end === undefined) return {};
  return { period: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) } };
}

function ended(existing: Stored<Flag>, consent: Consent, now: Date): Flag & { id: string } {
  const given = consent.provision?.period?.end;
  const isOver = given !== undefined && (spanOf(given)?.until ?? Number.POSITIVE_INFINITY) <= now.getTime();
  const end = isOver ? given : now.toISOString();
  const start = existing.period?.start;
  // Ended before it began: a Period that ends before it starts is none.
  const began = start !== undefined && (spanOf(start)?.from ?? Number.POSITIVE_INFINITY) < now.getTime();
  return { ...existing, status: 'inactive', period: { ...(began ? { start } : {}), end } };
}

function codeOf(consent: Consent): Flag['code'] {
  const channels = objectedChannels(consent);
  const scopes = scopesOf(consent);
  // The person's own Flags are what a list of objectors is made from: those of their proxies have no code of theirs.
  if (objectingProxy(consent) !== undefined) {
    return { text: 'A proxy of this person objects to being contacted. See the objection before writing to them.' };
  }
  const coding = (codes: readonly string[]) =>
    [...new Set(codes)].map((code) => ({ system: codeSystem('flag-code'), code }));
  if (scopes.includes('all-messages') || scopes.includes('care-processing')) {
    return { coding: coding(['do-not-message']), text: 'Do not message. An objection is on file.' };
  }
  const codes = channels === 'all' ? ['do-not-message'] : channels.map((one) => codeOfChannel[one]);
  const words = [...new Set(channels === 'all' ? ['message'] : channels.map((one) => wordsOf[one]))];
  const limit = consent.provision?.code === undefined ? '' : ' about what the objection names';
  const text = `Do not ${inWords(words)}${limit}. An objection is on file; look at it before using another detail.`;
  return { ...(codes.length === 0 ? {} : { coding: coding(codes) }), text };
}

const inWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const codeOfChannel = {
  nhsapp: 'do-not-use-nhs-app',
  sms: 'do-not-text',
  email: 'do-not-email',
  'secure-email': 'do-not-email',
  letter: 'do-not-write',
} as const satisfies Record<Channel, string>;

const objectionCodes: readonly string[] = ['do-not-message', ...Object.values(codeOfChannel)];

const wordsOf = {
  nhsapp: 'use the NHS App',
  sms: 'text',
  email: 'email',
  'secure-email': 'email',
  letter: 'send letters',
} as const satisfies Record<Channel, string>;
