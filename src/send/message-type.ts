import type { ActivityDefinition, Coding, Extension } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { channels } from '../policy/channel.ts';
import { type ChannelTemplate, confidentialities, type MessageType } from '../policy/message-facts.ts';

/** A message type as the rules use it, or everything that keeps its ActivityDefinition from being one. */
export type ParsedMessageType =
  | { readonly kind: 'ok'; readonly type: MessageType }
  | { readonly kind: 'bad'; readonly faults: readonly Fault[] };

/**
 * Reads an ActivityDefinition as a message type (contract 3.2). The façade asks it on every write, and every send asks
 * it again, for a type can reach a store without passing the façade.
 */
export function parseMessageType(resource: ActivityDefinition): ParsedMessageType {
  const faults: Fault[] = [];
  const extensions = resource.extension ?? [];

  const own = (resource.code?.coding ?? []).find((one) => one.system === codeSystem('message-type'));
  if (own?.code === undefined) {
    faults.push(fault('ActivityDefinition.code', `needs a coding of ${codeSystem('message-type')}`));
  }
  if (resource.url === undefined) faults.push(fault('ActivityDefinition.url', 'is missing'));
  if (resource.kind !== 'CommunicationRequest') {
    faults.push(fault('ActivityDefinition.kind', 'must be CommunicationRequest'));
  }

  const level = first(extensions, 'content-confidentiality')?.valueCoding?.code;
  const confidentiality = confidentialities.find((one) => one === level);
  if (confidentiality === undefined) {
    faults.push(
      fault(
        'ActivityDefinition.extension',
        `needs content-confidentiality, one of ${confidentialities.join(', ')}: without it no channel can be chosen`,
      ),
    );
  }

  const templates = all(extensions, 'channel-template').map((one) => templateOf(one, faults));
  if (templates.length === 0) {
    faults.push(fault('ActivityDefinition.extension', 'needs at least one channel-template'));
  }
  const keys = all(extensions, 'personalisation').map((one) => ({
    name: part(one, 'name')?.valueString ?? '',
    required: part(one, 'required')?.valueBoolean ?? true,
  }));
  if (keys.some(({ name }) => name.trim() === '')) {
    faults.push(fault('ActivityDefinition.extension', 'has a personalisation without a name'));
  }

  if (faults.length > 0 || own?.code === undefined || resource.url === undefined || confidentiality === undefined) {
    return { kind: 'bad', faults };
  }
  return {
    kind: 'ok',
    type: {
      code: own.code,
      canonical: resource.version === undefined ? resource.url : `${resource.url}|${resource.version}`,
      confidentiality,
      sensitivity: all(extensions, 'default-sensitivity').flatMap((one) => one.valueCoding ?? []),
      templates: templates.filter((one) => one !== undefined),
      personalisation: keys,
      freeText: flag(extensions, 'free-text'),
      proxiesAllowed: flag(extensions, 'proxies-allowed'),
      fallback: flag(extensions, 'fallback'),
      automatic: flag(extensions, 'automatic'),
      purposes: actReasons(all(extensions, 'purpose-of-use').flatMap((one) => one.valueCoding ?? [])),
      kinds: kindsOf(resource),
    },
  };
}

/** The canonical that a request names its message type by, taken apart. */
export function splitCanonical(canonical: string): { url: string; version: string | undefined } {
  const [url = '', version] = canonical.split('#')[0]?.split('|') ?? [];
  return { url, version: version === '' ? undefined : version };
}

function templateOf(extension: Extension, faults: Fault[]): ChannelTemplate | undefined {
  const say = (text: string): undefined => {
    faults.push(fault('ActivityDefinition.extension', `has a channel-template ${text}`));
    return undefined;
  };
  const coding = part(extension, 'channel')?.valueCoding;
  const channel = channels.find((one) => one === coding?.code && coding.system === codeSystem('channel'));
  if (channel === undefined) return say(`without a channel of ${codeSystem('channel')}`);
  const kind = part(extension, 'kind')?.valueCode ?? 'full';
  if (kind !== 'full' && kind !== 'nudge') return say('whose kind is neither full nor nudge');
  const senderId = part(extension, 'senderId')?.valueString;
  const base = {
    channel,
    kind,
    rank: part(extension, 'rank')?.valuePositiveInt,
    language: part(extension, 'language')?.valueCode?.toLowerCase(),
    ...(senderId === undefined ? {} : { senderId }),
  } as const;

  const text = part(extension, 'text')?.valueString;
  if (text === undefined) {
    const templateId = part(extension, 'templateId')?.valueId;
    if (templateId === undefined) return say(`for ${channel} without text or templateId`);
    return { ...base, words: { held: 'at-provider', templateId } };
  }
  const subject = part(extension, 'subject')?.valueString;
  if (channel !== 'sms' && channel !== 'nhsapp' && subject === undefined) {
    return say(`for ${channel} without a subject`);
  }
  return { ...base, words: { held: 'here', text, subject } };
}

/** What an objection to a service or a kind of message may name (contract 7): the type's codes, and its service's. */
function kindsOf(resource: ActivityDefinition): MessageType['kinds'] {
  const services = (resource.useContext ?? [])
    .filter((one) => one.code.code === 'program')
    .map((one) => one.valueCodeableConcept);
  const concepts = [resource.code, ...(resource.topic ?? []), ...services];
  return concepts.flatMap((concept) =>
    (concept?.coding ?? []).flatMap((one: Coding) =>
      one.code === undefined ? [] : [{ system: one.system, code: one.code }],
    ),
  );
}

/** The codes of v3-ActReason among codings; one without a system is read as one of them, to be on the safe side. */
export function actReasons(codings: readonly Coding[]): string[] {
  return codings.flatMap((one) =>
    one.code !== undefined && (one.system === undefined || one.system === system.actReason) ? [one.code] : [],
  );
}

const all = (extensions: readonly Extension[], name: string): Extension[] =>
  extensions.filter((one) => one.url === structureDefinition(name));

const first = (extensions: readonly Extension[], name: string): Extension | undefined => all(extensions, name)[0];

const flag = (extensions: readonly Extension[], name: string): boolean =>
  first(extensions, name)?.valueBoolean === true;

const part = (extension: Extension, url: string): Extension | undefined =>
  extension.extension?.find((one) => one.url === url);

function fault(expression: string, text: string): Fault {
  return { expression, text: `${expression} ${text}` };
}
