import type { CommunicationRequest } from '@medplum/fhirtypes';
import { insensitive } from '../notify/template.ts';
import type { ContentFact, MessageType } from '../policy/message-facts.ts';
import type { Policy } from '../policy/policy.ts';
import { strangeLink } from './links.ts';

/** What the caller gave to fill a message type's texts with. */
export interface GivenContent {
  /** By the key's name as `insensitive` writes it. */
  readonly values: ReadonlyMap<string, string>;
  readonly freeText: string | undefined;
  readonly unreadable: boolean;
}

/** Reads a request's payload: free text, and a flat JSON object of strings (contract 3). */
export function readPayload(request: CommunicationRequest): GivenContent {
  const values = new Map<string, string>();
  const texts: string[] = [];
  let unreadable = false;
  for (const { contentString, contentAttachment } of request.payload ?? []) {
    if (contentString !== undefined) {
      texts.push(contentString);
      continue;
    }
    const read = contentAttachment === undefined ? undefined : flatStrings(contentAttachment);
    if (read === undefined) unreadable = true;
    for (const [name, value] of Object.entries(read ?? {})) {
      const key = insensitive(name);
      // Two values for one key: nobody can tell which is meant.
      if (values.has(key) && values.get(key) !== value) unreadable = true;
      values.set(key, value);
    }
  }
  const freeText = texts.join('\n\n');
  return { values, freeText: freeText.trim() === '' ? undefined : freeText, unreadable };
}

/** What of it is amiss for a message type. `left` are the keys that its texts ask for and nobody filled. */
export function contentFact(
  given: GivenContent,
  type: MessageType,
  left: readonly string[],
  policy: Pick<Policy, 'linkDomains'>,
): ContentFact {
  const missing = type.personalisation
    .filter((one) => one.required && (given.values.get(insensitive(one.name)) ?? '').trim() === '')
    .map((one) => one.name);
  const declared = new Set(type.personalisation.map((one) => insensitive(one.name)));
  return {
    missing: [...new Set([...missing, ...left.filter((name) => !declared.has(insensitive(name)))])],
    unreadable: given.unreadable,
    freeText:
      given.freeText === undefined ? (type.freeText ? 'missing' : 'none') : type.freeText ? 'given' : 'not-taken',
    strangeLink: given.freeText !== undefined && strangeLink(given.freeText, policy.linkDomains) !== undefined,
  };
}

function flatStrings(attachment: { contentType?: string; data?: string }): Record<string, string> | undefined {
  if (attachment.contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') return undefined;
  if (attachment.data === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(attachment.data, 'base64')));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const entries = Object.entries(parsed);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return undefined;
  return Object.fromEntries(entries);
}
