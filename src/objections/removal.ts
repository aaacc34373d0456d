import type { Communication, Consent, Extension } from '@medplum/fhirtypes';
import { structureDefinition, system } from '../canonical.ts';
import { isSameLabel } from '../policy/sensitivity.ts';
import { objectedChannels } from '../send/gather-objections.ts';
import { detailOf, removesDetails, stands, withDetail } from '../send/objection-detail.ts';
import { type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import { type Concerned, concernedBy } from './concerned.ts';
import type { ObjectionDeps } from './deps.ts';
import { detailsOf, isOf, type Person, type Removal, withoutDetails } from './details.ts';
import { versionsOf } from './versions.ts';

/** OBJ-8: contact details that put somebody at risk leave the record. */

/** Whether the details of an objection's channels have to be out of the record now. */
export const isRemoving = (consent: Consent, now: Date): boolean => stands(consent, now) && removesDetails(consent);

/** What has to be out of the person's own records. */
export const removalOf = (consent: Consent): Removal => ({
  channels: objectedChannels(consent),
  removed: new Set(detailOf(consent).removed),
});

/** What has to be out of other people's records: copies alone. */
export const copiesOf = ({ removed }: Removal): Removal => ({ channels: [], removed });

/**
 * The objection as it is kept: with the fingerprints of the details that leave, of every version that there is, so that
 * a copy is known again when the detail itself is gone. Only Herald says them. Errors: StoreError.
 */
export async function withRemoved<T extends Consent>(
  deps: Pick<ObjectionDeps, 'store' | 'clock' | 'fingerprint'>,
  consent: T,
  previous: Consent | undefined,
): Promise<T> {
  const now = deps.clock.now();
  const before = previous === undefined ? [] : detailOf(previous).removed;
  const found = isRemoving(consent, now) ? [...before, ...(await printsOf(deps, consent, now))] : [];
  const wanted = [...new Set(found)].sort();
  const said = detailOf(consent).removed;
  if (wanted.length === said.length && wanted.every((one, at) => one === said[at])) return consent;
  return withDetail(
    consent,
    ['removed'],
    wanted.map((one): Extension => ({ url: 'removed', valueString: one })),
  );
}

async function printsOf(
  { store, fingerprint }: Pick<ObjectionDeps, 'store' | 'fingerprint'>,
  consent: Consent,
  now: Date,
): Promise<string[]> {
  const { own } = await concernedBy(store, consent, now);
  const channels = objectedChannels(consent);
  const prints: string[] = [];
  for (const record of own) {
    const versions: readonly Person[] = [record, ...(await versionsOf<Stored<Person>>(store, record))];
    prints.push(...versions.flatMap((one) => detailsOf(one, channels).flatMap((detail) => fingerprint(detail) ?? [])));
  }
  return prints;
}

/**
 * What goes into the same commit as an objection that removes details: the records of the person and the copies in
 * others without them, and the labels of past messages. Nothing where it is all done; only when the removal is `new`, the
 * person's records are written in any case, so that nobody who read them before can put a detail in behind it. Errors:
 * StoreError.
 */
export async function removalWrites(deps: ObjectionDeps, consent: Consent, how?: 'new'): Promise<Write[]> {
  const now = deps.clock.now();
  if (!isRemoving(consent, now)) return [];
  const concerned = await concernedBy(deps.store, consent, now);
  const removal = removalOf(consent);
  return [
    ...concerned.own.flatMap((one) =>
      changed(one, withoutDetails<Stored<Person>>(one, removal, deps.fingerprint), how === 'new'),
    ),
    ...concerned.others.flatMap((one) => changed(one, withoutDetails(one, copiesOf(removal), deps.fingerprint))),
    ...(await maskedMessages(deps, concerned, removal)),
  ];
}

const changed = <T extends Stored>(before: T, after: T, always = false): Write[] =>
  before === after && !always ? [] : [{ op: 'update', resource: after, ifMatch: before.meta.versionId }];

async function maskedMessages(deps: ObjectionDeps, { own, others }: Concerned, removal: Removal): Promise<Write[]> {
  const names = new Set(own.map((one) => `${one.resourceType}/${one.id}`));
  const places = [...names];
  const [first] = places;
  if (first === undefined) return [];
  const isProxy = first.startsWith('RelatedPerson/');
  const patients = isProxy ? [] : places;
  const found = await Promise.all([
    patients.length === 0 ? [] : searchAll(deps.store, 'Communication', [['patient', patients.join(',')]]),
    ...[...(isProxy ? places : []), ...others.map((one) => `RelatedPerson/${one.id}`)].map((one) =>
      searchAll(deps.store, 'Communication', [['recipient', one]]),
    ),
  ]);
  const messages = [...new Map(found.flat().map((one) => [one.id, one])).values()];
  return messages.flatMap((one) => changed(one, maskedMessage(one, names, removal, deps.fingerprint)));
}

const usedUrl = structureDefinition('contact-point-used');
const absentUrl = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';

/** In place of, or beside, a detail that is not shown to everybody. */
export const maskedMark: Extension = { url: absentUrl, valueCode: 'masked' };

/**
 * A message to a removed detail keeps it, as the record of what was done: labelled, and marked as masked. The very same
 * object where it went elsewhere. `names`: the records of the person, as `Type/id`.
 */
export function maskedMessage<T extends Communication>(
  message: T,
  names: ReadonlySet<string>,
  whole: Removal,
  fingerprint: ObjectionDeps['fingerprint'],
): T {
  const between = [...(message.recipient ?? []), ...(message.sender === undefined ? [] : [message.sender])];
  const removal = between.some(({ reference }) => names.has(reference ?? '')) ? whole : copiesOf(whole);
  const used = message.extension?.find((one) => one.url === usedUrl);
  const point = used?.valueContactPoint;
  const detail = point ?? used?.valueAddress;
  if (used === undefined || detail === undefined || isMasked(used)) return message;
  const isRemoved =
    removal.removed.has(fingerprint(detail) ?? '') ||
    (point === undefined
      ? removal.channels !== 'all' && removal.channels.includes('letter')
      : isOf(point, removal.channels));
  if (!isRemoved) return message;
  const marked = { ...detail, extension: [maskedMark, ...(detail.extension ?? [])] };
  const extension = {
    url: usedUrl,
    ...(point === undefined ? { valueAddress: marked } : { valueContactPoint: marked }),
  } as Extension;
  const security = message.meta?.security ?? [];
  const missing = labels.filter((label) => !security.some((one) => isSameLabel(one, label)));
  return {
    ...message,
    meta: { ...message.meta, security: [...security, ...missing] },
    extension: (message.extension ?? []).map((one) => (one === used ? extension : one)),
  };
}

const labels = [
  { system: system.confidentiality, code: 'R' },
  { system: system.actCode, code: 'SDV' },
] as const;

/** Whether a `contact-point-used` is one that is not shown to everybody. */
export function isMasked(used: Extension): boolean {
  const parts = used.valueContactPoint?.extension ?? used.valueAddress?.extension ?? [];
  return parts.some((one) => one.url === absentUrl && one.valueCode === 'masked');
}
