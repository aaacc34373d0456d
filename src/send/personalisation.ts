import type { CommunicationRequest } from '@medplum/fhirtypes';
import { insensitive } from '../notify/template.ts';
import type { ContentFact, MessageType } from '../policy/facts.ts';
import type { Policy } from '../policy/policy.ts';
import { isApprovedHost, plainText } from './plain-value.ts';

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
    strangeLink: given.freeText !== undefined && hasStrangeLink(given.freeText, policy.linkDomains),
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

/**
 * Whether free text has a link, as people and telephones see one, that is not https to an approved domain. A bare
 * domain name counts where it has a path, or one of the endings that the tricksters' links have.
 */
function hasStrangeLink(text: string, approved: readonly string[]): boolean {
  // As it will be once Notify has taken out what nobody sees, and spaces before full stops.
  const shown = plainText(text).replace(/[ \t\u00a0\u202f]+(?=[.,])/g, '');
  return shown.split(/\s+/).some((word) => {
    const written = [...word.matchAll(/([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/gi)];
    if (written.length > 0) {
      return written.some(
        ([, scheme = '', host = '']) => scheme.toLowerCase() !== 'https' || !isApprovedHost(withoutEnd(host), approved),
      );
    }
    if (word.includes('@')) return false;
    const [, host = '', path] = /^[("'<[]*([^/?#]*)([/?#])?/.exec(word) ?? [];
    const name = withoutEnd(host);
    if (!/^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*\.\p{L}{2,}$/u.test(name)) return false;
    const isLink = path !== undefined || /^www\./i.test(name) || commonEnding.test(name);
    return isLink && !isApprovedHost(name, approved);
  });
}

const commonEnding =
  /\.(com|net|org|info|biz|io|co|uk|eu|me|ly|gl|link|click|xyz|top|site|online|app|shop|live|ru|cn|example)$/i;

const withoutEnd = (host: string): string => host.replace(/[.,;:!?)\]'">]+$/, '');
