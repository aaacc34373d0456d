import type { Communication, Extension, Reference, RelatedPerson, Resource, Task } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import type { Stored } from '../store/fhir-store.ts';
import type { Stage } from './history.ts';
import { maskedElement } from './mask.ts';
import { isParameter } from './review.ts';

/** Resources as they are exported, before anything is masked: what paths of the reviewer's decisions are about. */

const digestUrl = structureDefinition('submission-digest');
const detailUrl = structureDefinition('objection-detail');

/**
 * What serves Herald's own workings stays out: the digest of a request, from which hidden words could be guessed, the
 * fingerprint of a contact detail, and in the person's copy what the reviewer decided to hide.
 */
export function exported<T extends Stored<Resource>>(resource: T, stage: Stage): T {
  const extension = Reflect.get(resource, 'extension') as Extension[] | undefined;
  const kept = extension?.filter((one) => one.url !== digestUrl).map(withoutFingerprints);
  const { extension: _extension, ...rest } = resource as T & { extension?: unknown };
  const content = (kept === undefined || kept.length === 0 ? rest : { ...resource, extension: kept }) as T;
  return stage === 'release' && content.resourceType === 'Task' ? (withoutDecisions(content as Task) as T) : content;
}

function withoutFingerprints(one: Extension): Extension {
  if (one.url !== detailUrl || one.extension === undefined) return one;
  return { ...one, extension: one.extension.filter((part) => part.url !== 'removed') };
}

function withoutDecisions(task: Task): Task {
  const { input, ...rest } = task;
  const kept = input?.filter((one) => !isParameter(one, 'mask') && !isParameter(one, 'show'));
  return kept === undefined || kept.length === 0 ? rest : { ...rest, input: kept };
}

/**
 * Of a message about somebody for whom the person acts: that it was sent or came, when, which way and to which contact
 * detail of theirs. What it says about the other is not shown; what the person wrote themselves is (contract 12).
 */
export function onlyTheirs(message: Stored<Communication>, own: ReadonlySet<string>): Stored<Communication> {
  const isOwn = (reference: { reference?: string } | undefined): boolean => own.has(reference?.reference ?? '');
  const direction = codeSystem('direction');
  const category = (message.category ?? []).filter((one) => one.coding?.some(({ system }) => system === direction));
  const recipient = (message.recipient ?? []).filter((one) => isOwn(one) || isTrust(one));
  const reachedThem = recipient.some(isOwn);
  const sentByThem = isOwn(message.sender);
  const contact = (message.extension ?? []).filter((one) => one.url === structureDefinition('contact-point-used'));
  const { versionId, lastUpdated } = message.meta;
  const payload = (message.payload ?? []).map((part) => (sentByThem ? part : { _contentString: maskedElement() }));
  return {
    ...{ resourceType: 'Communication', id: message.id, meta: { versionId, lastUpdated } },
    ...(contact.length > 0 && (sentByThem || reachedThem) ? { extension: contact } : {}),
    status: message.status,
    ...(category.length > 0 ? { category } : {}),
    ...(message.medium === undefined ? {} : { medium: message.medium }),
    subject: maskedElement(),
    ...(message.sent === undefined ? {} : { sent: message.sent }),
    ...(message.received === undefined ? {} : { received: message.received }),
    ...(recipient.length > 0 ? { recipient } : {}),
    ...(message.sender !== undefined && (sentByThem || isTrust(message.sender)) ? { sender: message.sender } : {}),
    ...(payload.length > 0 ? { payload } : {}),
  } as Stored<Communication>;
}

/** The organisation as a whole; a clinic's name would say what the other is treated for. */
const isTrust = ({ reference, identifier }: Reference): boolean =>
  reference === undefined && identifier?.system === system.odsCode;

/** Of the person's entry in the record of somebody for whom they act: what says who they are and how to reach them. */
export function ownEntry({ id, meta, ...record }: Stored<RelatedPerson>): Stored<RelatedPerson> {
  const { identifier, active, relationship, name, telecom, gender, birthDate, address, period } = record;
  const own = { identifier, active, relationship, name, telecom, gender, birthDate, address, period };
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const { versionId, lastUpdated } = meta;
  return {
    resourceType: 'RelatedPerson',
    id,
    meta: { versionId, lastUpdated },
    ...given,
    patient: maskedElement(),
  } as unknown as Stored<RelatedPerson>;
}
