import { parsePhone } from '../notify/phone.ts';

/**
 * A caller's value as data: one line, no control or invisible characters, and nothing that a telephone or a mail
 * program would turn into a link. The words stay readable: `see evil.example/x` becomes `see evil. example/x`.
 */
export function plainValue(value: string): string {
  return breakLinks(visible(value)).replace(/\s+/g, ' ').trim();
}

/** Free text as data: its lines and its links stay (a rule looks at those), what nobody can see goes. */
export function plainText(value: string): string {
  return visible(value.replace(/\r\n?|[\u2028\u2029]/g, '\n'));
}

/** Whether a host name is one of the approved domains or below one. Ports and user names are never approved. */
export function isApprovedHost(host: string, approved: readonly string[]): boolean {
  const name = host.toLowerCase();
  // Browsers read more than these as the end of a host; a look-alike letter is never in an approved name.
  if (!/^[a-z0-9.-]+$/.test(name)) return false;
  return approved.some((domain) => name === domain.toLowerCase() || name.endsWith(`.${domain.toLowerCase()}`));
}

/** Whether a text gives people a way to check who wrote it: an approved link, or a UK telephone number (SUS-3). */
export function hasWayToCheck(text: string, approved: readonly string[]): boolean {
  for (const [host] of text.matchAll(/(?<![@\w.-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+/gi)) {
    if (isApprovedHost(host, approved)) return true;
  }
  for (const [digits] of text.matchAll(/(?<!\d)(?:\+44|\(?0)[\d\s()-]{8,16}\d/g)) {
    const phone = parsePhone(digits);
    if (phone.kind === 'ok' && phone.country !== 'international') return true;
  }
  return false;
}

/** Marks the stretches of a filled text that came from a caller; `visible` has removed them from all that callers give. */
export const mark = { open: '\ue000', close: '\ue001' } as const;

/**
 * Takes the marks out of a filled email or letter and makes what stood between them plain text in Notify's Markdown:
 * no link, heading, list, inset or rule can come from a value.
 */
export function escapeMarked(text: string): string {
  return text.replace(/\ue000([^\ue001]*)\ue001/g, (_whole, value: string, at: number) => {
    const before = unmarked(text.slice(text.lastIndexOf('\n', at) + 1, at));
    return escapeValue(value, isLineStart(before));
  });
}

/**
 * A value as plain text in a template that Notify fills in. The same value goes wherever the template has its key;
 * `opensLine`: a line may begin with it.
 */
export function escapeValue(value: string, opensLine: boolean): string {
  return value
    .split('\n')
    .map((line, index) => (index > 0 || opensLine ? escapeLineStart(escapeInline(line)) : escapeInline(line)))
    .join('\n');
}

/**
 * A value that stands in a subject as well, where a backslash would be read as one: what would have to be escaped in
 * the body gives way to what looks like it.
 */
export function softenValue(value: string): string {
  return value.replace(/[\\`*_[\]~]/g, (character) => softer[character] ?? '');
}

const softer: Readonly<Record<string, string>> = { '\\': '/', '`': "'", _: ' ', '[': '(', ']': ')', '~': '-' };

/** Whether what follows this part of a line, placeholders aside, is taken for its beginning. */
export function isLineStart(before: string): boolean {
  return /^[\s\d#>*+•^.)-]*$/.test(before);
}

/** A filled text without the marks. */
export function unmarked(text: string): string {
  return text.replace(/[\ue000\ue001]/g, '');
}

/**
 * Web addresses are left as they are, so that those which a rule allows still work; and so are `<` and `>`, which
 * Notify makes plain by itself, and in front of which it would print a backslash.
 */
function escapeInline(line: string): string {
  return line
    .split(/(https:\/\/[\w\-.~:/?#@!$&'*+,;=%]+)/)
    .map((piece, at) => (at % 2 === 1 ? piece : piece.replace(/[\\`*_[\]~]/g, '\\$&')))
    .join('');
}

function escapeLineStart(line: string): string {
  return line
    .replace(/^(\s*)•/, '$1-')
    .replace(/^(\s*)([#+^=|-])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])/, '$1\\$2');
}

/** Control, direction, zero-width and private-use characters, all but the line feed and the tab. */
function visible(value: string): string {
  if (plainAscii.test(value)) return value;
  return value.replace(
    /[\u00ad\u061c\u180e\u2060-\u2064\ufeff]|(?![\n\t])[\p{Cc}\p{Co}\p{Cs}]|[\u200b-\u200f\u202a-\u202e\u2066-\u206f]/gu,
    '',
  );
}

/** Nearly every text. */
const plainAscii = /^[\n\t -~]*$/;

function breakLinks(value: string): string {
  return (
    value
      .replace(/[\u3002\uff0e\uff61\u2024]/g, '.')
      // Notify takes out a space before a full stop, and must not join by that what is apart here.
      .replace(/\s+(?=[.,])/g, '')
      .replace(/\b[a-z][a-z0-9+.-]*:\/\/+/gi, '')
      .replace(/\.(?=\p{L}[\p{L}\p{N}-])/gu, '. ')
      .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (address) => address.replaceAll('.', '. '))
  );
}
