import { v2Error } from './notify-error.ts';
import { nameKey, type Personalisation } from './rendering/fields.ts';

/** What `sanitise_content_for` did: for each value that it changed, before and after. */
export type SanitisedContent = Readonly<Record<string, { readonly unsanitised: unknown; readonly sanitised: unknown }>>;

/**
 * Takes links and Markdown out of the values that an email's sender lists (9.3). Names are compared as placeholders are.
 *
 * @throws {NotifyError} 500 for a value that is not text, as Notify does
 */
export function sanitise(
  values: Personalisation,
  listed: readonly unknown[],
): { values: Personalisation; changed: SanitisedContent } {
  if (listed.some((name) => typeof name !== 'string')) throw typeError();
  const names = new Set(listed.map((name) => nameKey(String(name))));
  const result: Record<string, unknown> = {};
  const changed: Record<string, { unsanitised: unknown; sanitised: unknown }> = {};
  for (const [name, value] of Object.entries(values)) {
    const clean = names.has(nameKey(name)) ? sanitiseValue(value) : value;
    result[name] = clean;
    if (clean !== value) changed[name] = { unsanitised: value, sanitised: clean };
  }
  return { values: result, changed };
}

const url = /\b(?<![@.])(https?:\/\/)?([\p{L}\p{N}_-]+\.)+([a-z]{2,63})(?!@)\b([/?#][^<\s]*)?/giu;

function sanitiseValue(value: unknown): string {
  if (typeof value !== 'string') throw typeError();
  const unlinked = value.replace(url, (link) => (/^[a-zA-Z0-9.-]+$/.test(link) ? link.replaceAll('.', '. ') : ''));
  return unlinked.replace(/[`*_()\\{}[\]<>#+\-.!|]/g, '\\$&');
}

function typeError(): Error {
  return v2Error(500, { error: 'TypeError', message: 'Internal server error' });
}
