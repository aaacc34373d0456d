import { escapeHtml } from './html-text.ts';
import { pythonString } from './python-text.ts';
import { toSmsText } from './sms-text.ts';
import { toSubject } from './typography.ts';
import { stripObscure, trim } from './whitespace.ts';

/** Values for a template, as they travel in JSON. */
export type Personalisation = Readonly<Record<string, unknown>>;

/** How lists come out: as words (`a, b and c`) in texts and subjects, as bullets in the bodies of emails and letters. */
export type TemplateKind = 'sms' | 'email' | 'subject';

/**
 * Names that a template asks for, in Notify's order and the template's spelling; give the subject before the body.
 * Names that differ only in case, spaces, hyphens and underscores are one.
 */
export function placeholders(...templates: string[]): string[] {
  const names = new Map<string, string>();
  for (const template of templates) {
    for (const [, inside = ''] of template.matchAll(placeholder)) {
      const { name } = readPlaceholder(inside);
      const key = insensitive(name);
      if (!names.has(key)) names.set(key, name);
    }
  }
  return [...names.values()];
}

/** The placeholders without a value: absent and null are alike, and no placeholder is optional. */
export function missingPersonalisation(values: Personalisation, ...templates: string[]): string[] {
  const given = byName(values);
  return placeholders(...templates).filter((name) => (given.get(insensitive(name)) ?? null) === null);
}

/**
 * Puts the values in, once: what a value brings is not looked at again. A placeholder without a value stays as it is
 * (Notify refuses the message; ask `missingPersonalisation` first). `dress` changes a value where it is printed, and
 * not where it only decides whether a conditional's text is.
 */
export function fill(
  template: string,
  values: Personalisation,
  kind: TemplateKind,
  dress: (printed: string) => string = (printed) => printed,
): string {
  const given = byName(values);
  return template.replace(placeholder, (whole, inside: string) => {
    const { name, conditional } = readPlaceholder(inside);
    const value = given.get(insensitive(name)) ?? null;
    if (value === null) return whole;
    const text = print(value, kind);
    if (conditional === undefined) return dress(text);
    return truthy.has(text.toLowerCase()) ? conditional : '';
  });
}

/** The body that Notify answers with for a text, without the service-name prefix. */
export function renderSms(template: string, values: Personalisation): string {
  return toSmsText(fill(template, values, 'sms'));
}

/** The subject and body that Notify answers with for an email; the body's Markdown is untouched. */
export function renderEmail(
  template: { readonly subject: string; readonly body: string },
  values: Personalisation,
): { subject: string; body: string } {
  return {
    subject: toSubject(fill(template.subject, values, 'subject')),
    body: trim(fill(template.body, values, 'email')),
  };
}

/**
 * The subject and body that Notify answers with for a letter. The subject is made for print: it comes as HTML, in which
 * `&` is `&amp;`.
 */
export function renderLetter(
  template: { readonly subject: string; readonly body: string },
  values: Personalisation,
): { subject: string; body: string } {
  return {
    subject: toSubject(fill(escapeHtml(template.subject), escaped(values), 'subject')),
    body: trim(fill(template.body, values, 'email')),
  };
}

function escaped(values: Personalisation): Personalisation {
  const safe = (value: unknown): unknown => {
    if (typeof value === 'string') return escapeHtml(value);
    return Array.isArray(value) ? value.map(safe) : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [escapeHtml(name), safe(value)]));
}

const placeholder = /\(\(([^()]+)\)\)/g;
const truthy: ReadonlySet<string> = new Set(['yes', 'y', 'true', 't', '1', 'include', 'show']);

function readPlaceholder(inside: string): { name: string; conditional: string | undefined } {
  const at = inside.indexOf('??');
  return at < 0
    ? { name: inside, conditional: undefined }
    : { name: inside.slice(0, at), conditional: inside.slice(at + 2) };
}

function byName(values: Personalisation): Map<string, unknown> {
  return new Map(Object.entries(values).map(([name, value]) => [insensitive(name), value]));
}

/** Notify's way to compare names. */
export function insensitive(name: string): string {
  return name.replace(/[ _-]/g, '').toLowerCase();
}

function print(value: unknown, kind: TemplateKind): string {
  if (!Array.isArray(value)) return pythonString(value);
  const items = value
    .filter((item) => item !== null)
    .map((item) => stripObscure(pythonString(item)))
    .filter((item) => item !== '');
  if (items.length === 0) return '';
  if (kind === 'email') return `\n\n${items.map((item) => `* ${item}`).join('\n')}`;
  return items.length === 1 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
