import { StoreError } from './fhir-store.ts';

/** Splits at a separator that is not escaped; escapes stay as they are (R4 search, 3.1.1.4.13). */
export function splitEscaped(text: string, separator: ',' | '|' | '$'): string[] {
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
  return text.replace(/\\([\\,|$])/g, '$1');
}

const MAX_ALTERNATIVES = 1000;

/** The alternatives of a value, still escaped. Errors: StoreError `unsupported-search` for an empty one. */
export function alternativesOf(name: string, value: string): string[] {
  const parts = splitEscaped(value, ',');
  if (parts.some((part) => part === '')) throw unsupported(name, 'has an empty value');
  if (parts.length > MAX_ALTERNATIVES) throw unsupported(name, `has more than ${MAX_ALTERNATIVES} values`);
  return parts;
}

/** The sentence names the parameter and never its value: values may be names and numbers of people. */
export function unsupported(name: string, why: string): StoreError {
  return new StoreError('unsupported-search', `the search parameter ${name} ${why}`, { subject: name });
}
