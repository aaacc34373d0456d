import { fillIn, type Personalisation } from './fields.ts';
import { type PhoneText, toPhoneText } from './gsm.ts';
import { escapeMarkup } from './html-text.ts';
import { collapse, strip } from './spaces.ts';
import { niceTypography } from './typography.ts';

/** What a template says. */
export interface Wording {
  readonly subject: string | null;
  readonly body: string;
}

/** A text, without the service's name in front; with it when `prefix` is given. */
export function renderText(template: Wording, values: Personalisation, prefix?: string): PhoneText {
  const body = fillIn(template.body, values, 'words');
  return toPhoneText(prefix === undefined || prefix === '' ? body : `${strip(prefix)}: ${body}`);
}

/** An email or a letter as the API answers it: the body's Markdown is left as it is. */
export function renderMarkdown(
  type: 'email' | 'letter',
  template: Wording,
  values: Personalisation,
): { readonly subject: string; readonly body: string } {
  // A letter's subject is made for print: HTML, and so escaped.
  const subject =
    type === 'letter'
      ? fillIn(escapeMarkup(template.subject ?? ''), escapedValues(values), 'words')
      : fillIn(template.subject ?? '', values, 'words');
  return {
    subject: collapse(niceTypography(subject)),
    body: strip(fillIn(template.body, values, 'bullets')),
  };
}

/** The values as they go into HTML. */
export function escapedValues(values: Personalisation): Personalisation {
  const safe = (value: unknown): unknown => {
    if (typeof value === 'string') return escapeMarkup(value);
    return Array.isArray(value) ? value.map(safe) : value;
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [escapeMarkup(name), safe(value)]));
}

/** Whether Notify refuses a message as empty. Only one that begins and ends with a field can be, unless it is a text. */
export function isEmpty(type: 'sms' | 'email' | 'letter', template: string, rendered: string): boolean {
  if (type === 'sms') return rendered === '';
  if (template === '') return true;
  return template.startsWith('((') && template.endsWith('))') && rendered === '';
}
