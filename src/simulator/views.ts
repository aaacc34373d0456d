import {
  missingPersonalisation,
  type Personalisation,
  placeholders,
  renderEmail,
  renderSms,
} from '../notify/template.ts';
import { timestamp } from './clock.ts';
import { completedUs } from './lifecycle.ts';
import type { Notification } from './notifications.ts';
import { badRequest } from './notify-error.ts';
import type { Template } from './templates.ts';

/** A notification as the two GETs answer it (5.5): every key is always there. */
export function notificationView(message: Notification, root: string, smsRate: number): Record<string, unknown> {
  const time = (us: number | null): string | null => (us === null ? null : timestamp(us));
  const { template_id: id, template_version: version } = message;
  return {
    id: message.id,
    reference: message.reference,
    type: message.channel,
    status: message.status,
    body: message.body,
    subject: message.subject,
    email_address: message.channel === 'email' ? message.recipient : null,
    phone_number: message.channel === 'sms' ? message.recipient : null,
    line_1: null,
    line_2: null,
    line_3: null,
    line_4: null,
    line_5: null,
    line_6: null,
    postcode: null,
    postage: null,
    template: { id, version, uri: `${root}/v2/template/${id}/version/${version}` },
    created_at: timestamp(message.created_us),
    created_by_name: null,
    sent_at: time(message.sent_us),
    completed_at: time(completedUs(message)),
    scheduled_for: null,
    one_click_unsubscribe_url: message.unsubscribe_url,
    ...cost(message, smsRate),
  };
}

/** Fragments are counted when the text is handed over; until then its price is not known. */
function cost(message: Notification, smsRate: number): Record<string, unknown> {
  if (message.channel === 'email') return { is_cost_data_ready: true, cost_in_pounds: 0, cost_details: {} };
  if (message.status === 'created') return { is_cost_data_ready: false, cost_in_pounds: null, cost_details: {} };
  return {
    is_cost_data_ready: true,
    cost_in_pounds: message.fragments * message.multiplier * smsRate,
    cost_details: {
      billable_sms_fragments: message.fragments,
      international_rate_multiplier: message.multiplier,
      sms_rate: smsRate,
    },
  };
}

/** A template as it is answered (5.8). */
export function templateView(template: Template): Record<string, unknown> {
  const names = placeholders(template.subject ?? '', template.body);
  return {
    id: template.id,
    type: template.type,
    name: template.name,
    created_at: timestamp(template.created_us),
    updated_at: template.updated_us === null ? null : timestamp(template.updated_us),
    created_by: 'simulator@example.org',
    version: template.version,
    body: template.body,
    subject: template.subject,
    postage: null,
    letter_contact_block: null,
    personalisation: Object.fromEntries(names.map((name) => [name, { required: true }])),
  };
}

/**
 * A template filled in, without a recipient (5.9).
 *
 * @throws {NotifyError} 400 when a value is missing
 */
export function previewView(template: Template, values: Personalisation): Record<string, unknown> {
  const { id, type, version } = template;
  const missing = missingPersonalisation(values, template.subject ?? '', template.body);
  if (missing.length > 0) throw badRequest(`Missing personalisation: ${missing.join(', ')}`);
  if (type === 'sms') {
    return { id, type, version, body: renderSms(template.body, values), html: null, subject: null, postage: null };
  }
  const content = renderEmail({ subject: template.subject ?? '', body: template.body }, values);
  return { id, type, version, ...content, html: paragraphs(content.body), postage: null };
}

/** The text in paragraphs. Notify's own HTML, made from its Markdown, is richer; nobody should compare it. */
function paragraphs(body: string): string {
  return body
    .split(/(?:\r?\n){2,}/)
    .map((text) => `<p style="margin: 0 0 20px 0; font-size: 19px; line-height: 25px;">${escapeHtml(text)}</p>`)
    .join('\n');
}

/** Text made safe between and inside HTML tags. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON as Notify writes it: keys in alphabetical order. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
