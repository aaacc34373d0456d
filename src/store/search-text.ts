import { StoreError } from './fhir-store.ts';

/** Splits at a separator that is not escaped; escapes stay as they are (R4 search, 3.1.1.4.13). */
export function splitEscaped(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\\' && at + 1 < text.length) {
      part += letter + text.charAt(at + 1);
      at += 1;
    } else if (letter === separator) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  parts.push(part);
  return parts;
}

/** Takes the escapes away: `a\,b` is `a,b`. */
export function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\,|$])/g, '$1') : text;
}

const MAX_ALTERNATIVES = 1000;

/** The alternatives of a value, still escaped. Errors: StoreError `unsupported-search` for an empty one. */
export function alternativesOf(name: string, value: string): string[] {
  const parts = splitEscaped(value, ',');
  if (parts.some((part) => part === '')) throw unsupported(name, 'has an empty value');
  if (parts.length > MAX_ALTERNATIVES) throw unsupported(name, `has more than ${MAX_ALTERNATIVES} values`);
  return parts;
}

/** The order of texts by code point, which is how SQLite compares them too; of code units it differs beyond U+FFFF. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    const isBeyond = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
    return isBeyond(left) === isBeyond(right) ? left - right : isBeyond(left) ? 1 : -1;
  }
  return a.length - b.length;
}

/** The sentence names the parameter and never its value: values may be names and numbers of people. */
export function unsupported(name: string, why: string): StoreError {
  return new StoreError('unsupported-search', `the search parameter ${name} ${why}`, { subject: name });
}
