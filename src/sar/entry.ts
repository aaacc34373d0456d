import type {
  Attachment,
  CodeableConcept,
  Communication,
  CommunicationRequest,
  Extension,
  Provenance,
  Reference,
} from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import { channelName, channels } from '../policy/channel.ts';
import type { LawfulBasis } from '../policy/policy.ts';
import type { Stored } from '../store/fhir-store.ts';
import { personalisationIn } from './attachments.ts';
import { type EntryMask, type HistoryAttachment, type HistoryEntry, MASKED } from './history.ts';
import { isMasked } from './mask.ts';
import type { Names } from './names.ts';
import { addressText, codeText, conceptText, contactText, textOf, timeText } from './readable.ts';
import { messageStatus, requestStatus } from './status-words.ts';

/** An item of the timeline, everything in it as it may be shown. */
export interface ShownItem {
  readonly reference: string;
  readonly at: number;
  readonly standsAlone: boolean;
  readonly asProxy: boolean;
  readonly otherRecord?: string | undefined;
  readonly resource: Stored<Communication> | Stored<CommunicationRequest>;
  readonly request?: CommunicationRequest | undefined;
  readonly provenance: readonly Stored<Provenance>[];
  readonly masks: readonly EntryMask[];
}

/** What a reader sees of one message or request. Errors: StoreError, where a name cannot be read. */
export async function entryOf(item: ShownItem, names: Names, bases: readonly LawfulBasis[]): Promise<HistoryEntry> {
  const { resource, request, provenance } = item;
  const isMessage = resource.resourceType === 'Communication';
  const direction = isMessage && hasCode(resource.category, 'direction', 'inbound') ? 'inbound' : 'outbound';
  const asked = isMessage ? request?.requester : resource.requester;
  const [from, to, requester, recordedBy] = await Promise.all([
    names.of(resource.sender as Reference | undefined),
    Promise.all(recipientsOf(resource, direction).map((one) => names.of(one))),
    asked === undefined ? undefined : names.of(asked as Reference),
    Promise.all(authorsIn(provenance).map((one) => names.of(one))),
  ]);
  const kind = isMessage ? messageTypeIn(resource.category) : typeOfRequest(resource);
  const subjectLine = isMessage ? textOf(resource.topic, 'text') : '';
  const channel = channelIn(resource.medium);
  const contact = contactIn(resource.extension);
  return {
    ...{ reference: item.reference, kind: isMessage ? 'message' : 'request', standsAlone: item.standsAlone },
    ...{ at: new Date(item.at).toISOString(), atText: timeText(item.at), direction },
    status: isMessage ? messageStatus(resource, direction) : requestStatus(resource),
    statusCode: resource.status ?? '',
    ...(channel === undefined ? {} : { channel }),
    ...{ from, to: [...new Set(to)].join(', ') },
    ...(contact === undefined ? {} : { contact }),
    ...(kind === undefined ? {} : { messageType: codeText(kind) }),
    ...(subjectLine === '' ? {} : { subjectLine }),
    ...{ text: writtenIn(resource), attachments: attachmentsIn(resource), reasons: reasonsIn(resource) },
    notes: notesIn(resource, request),
    ...(requester === undefined || requester === '' ? {} : { requester }),
    recordedBy: [...new Set(recordedBy)].filter((one) => one !== ''),
    lawfulBases: item.asProxy ? [] : basesOf(provenance, bases),
    times: isMessage ? timesOf(resource, direction) : [],
    ...(item.otherRecord === undefined ? {} : { otherRecord: item.otherRecord }),
    ...{ asProxy: item.asProxy, masks: item.masks, resources: [resource, ...provenance] },
  };
}

function recipientsOf(
  { recipient, subject }: Communication | CommunicationRequest,
  direction: HistoryEntry['direction'],
): Reference[] {
  const named = (recipient ?? []) as Reference[];
  const isToThem = named.length === 0 && subject !== undefined && direction === 'outbound';
  return isToThem ? [subject as Reference] : named;
}

function authorsIn(provenance: readonly Provenance[]): Reference[] {
  return provenance.flatMap(({ agent }) =>
    agent
      .filter(({ type }) => !type?.coding?.some(({ code }) => code === 'assembler'))
      .map(({ who }) => who as Reference),
  );
}

const hasCode = (concepts: readonly CodeableConcept[] | undefined, of: string, code: string): boolean =>
  (concepts ?? []).some((one) =>
    one.coding?.some((coding) => coding.system === codeSystem(of) && coding.code === code),
  );

function messageTypeIn(category: readonly CodeableConcept[] | undefined): string | undefined {
  const codings = (category ?? []).flatMap((one) => one.coding ?? []);
  return codings.find((one) => one.system === codeSystem('message-type'))?.code;
}

function channelIn(medium: readonly CodeableConcept[] | undefined): string | undefined {
  const named = (medium ?? []).map((one) => {
    const code = one.coding?.find((coding) => coding.system === codeSystem('channel'))?.code;
    const known = channels.find((channel) => channel === code);
    return known === undefined ? conceptText(one) : channelName[known];
  });
  return named.length === 0 ? undefined : [...new Set(named)].join(' or ');
}

const contactUrl = structureDefinition('contact-point-used');
const decisionUrl = structureDefinition('decision');

function contactIn(extension: readonly Extension[] | undefined): string | undefined {
  const used = extension?.find((one) => one.url === contactUrl);
  if (used === undefined) return undefined;
  if (used.valueAddress !== undefined) return addressText(used.valueAddress);
  return used.valueContactPoint === undefined ? MASKED : contactText(used.valueContactPoint);
}

/** The words of all parts; of a request, the values that were to fill the message's text as well. */
function writtenIn({ payload = [] }: Communication | CommunicationRequest): string {
  const parts = (payload as NonNullable<Communication['payload']>).flatMap((part) => {
    const written = textOf(part, 'contentString');
    const values = part.contentAttachment === undefined ? [] : personalisationIn(part.contentAttachment);
    return [...(written === '' ? [] : [written]), ...values.map(([key, value]) => `${key}: ${value}`)];
  });
  return parts.join('\n');
}

function attachmentsIn({ payload = [] }: Communication | CommunicationRequest): HistoryAttachment[] {
  return (payload as NonNullable<Communication['payload']>).flatMap((part): HistoryAttachment[] => {
    const { contentAttachment: source, contentReference } = part;
    if (source === undefined) {
      const address = textOf(contentReference, 'reference');
      return address === ''
        ? []
        : [{ ...unnamed, title: contentReference?.display ?? address, url: address, source: {} }];
    }
    return [attachmentOf(source, isMasked(part, 'contentAttachment') || isMasked(source, 'data'))];
  });
}

const unnamed = { title: '', contentType: '', masked: false } as const;

function attachmentOf(source: Attachment, masked: boolean): HistoryAttachment {
  const data = source.data === undefined ? undefined : Buffer.from(source.data, 'base64');
  const size = source.size ?? data?.byteLength;
  return {
    title: masked ? MASKED : textOf(source, 'title') || 'Attachment',
    contentType: source.contentType ?? '',
    ...(size === undefined ? {} : { size }),
    ...(data === undefined ? {} : { data }),
    ...(source.url === undefined ? {} : { url: source.url }),
    ...{ masked, source },
  };
}

/** Of a message, what was noted on the request for it as well: that is not printed on its own. */
function notesIn({ note = [] }: Communication | CommunicationRequest, request?: CommunicationRequest): string[] {
  const notes = [...note, ...(request?.note ?? [])].map((one) => textOf(one, 'text'));
  return [...new Set(notes)].filter((one) => one !== '');
}

/** What was decided, and else what the status says. */
function reasonsIn({ extension = [], statusReason }: Communication | CommunicationRequest): string[] {
  const decided = extension
    .filter((one) => one.url === decisionUrl)
    .flatMap((one) => one.extension ?? [])
    .filter((one) => one.url === 'reason' || one.url === 'warning')
    .map((one) => conceptText(one.valueCodeableConcept));
  return [...new Set([...decided, conceptText(statusReason)])].filter((one) => one !== '');
}

function basesOf(provenance: readonly Provenance[], bases: readonly LawfulBasis[]): string[] {
  const cited = new Set(provenance.flatMap((one) => one.policy ?? []));
  const labels = bases.filter(({ url }) => url === undefined || cited.has(url)).map(({ label }) => label);
  const others = [...cited].filter((url) => !bases.some((one) => one.url === url));
  return cited.size === 0 ? [] : [...labels, ...others];
}

function timesOf(message: Communication, direction: 'outbound' | 'inbound'): HistoryEntry['times'] {
  const ended = message.extension?.find((one) => one.url === structureDefinition('status-date'))?.valueDateTime;
  const said = [
    { what: 'Sent', at: message.sent },
    { what: direction === 'inbound' ? 'Received' : 'Delivered', at: message.received },
    { what: 'Status known', at: ended },
  ];
  return said.flatMap(({ what, at }) => (at === undefined ? [] : [{ what, at, atText: timeText(at) }]));
}

/** The code of the message type that a request names. */
function typeOfRequest(request: CommunicationRequest): string | undefined {
  const canonical = request.extension?.find((one) => one.url === system.instantiatesCanonical)?.valueCanonical;
  return canonical?.split('|')[0]?.split('/').at(-1);
}
