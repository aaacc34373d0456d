import { timestamp } from './clock.ts';
import { estimatedDeliveryUs } from './letters/calendar.ts';
import type { Letter } from './letters/letters.ts';
import { completedUs } from './lifecycle.ts';
import type { Notification } from './notifications.ts';
import { badRequest } from './notify-error.ts';
import { emailHtml } from './rendering/email-html.ts';
import { missingNames, type Personalisation } from './rendering/fields.ts';
import { render } from './send.ts';
import type { ServiceSettings } from './settings.ts';
import { type Template, templateFields, templateTexts } from './templates.ts';

/** A notification as the two GETs answer it (5.5): every key is always there. `letter` is what a letter has besides. */
export function notificationView(
  message: Notification,
  letter: Letter | undefined,
  root: string,
  service: ServiceSettings,
): Record<string, unknown> {
  const time = (us: number | null): string | null => (us === null ? null : timestamp(us));
  const { template_id: id, template_version: version } = message;
  return {
    id: message.id,
    reference: message.reference,
    type: message.channel,
    status: letter === undefined ? message.status : letterStatus(message.status),
    body: message.body,
    subject: message.subject,
    email_address: message.channel === 'email' ? message.recipient : null,
    phone_number: message.channel === 'sms' ? message.recipient : null,
    line_1: letter?.given.address_line_1 ?? null,
    line_2: letter?.given.address_line_2 ?? null,
    line_3: letter?.given.address_line_3 ?? null,
    line_4: letter?.given.address_line_4 ?? null,
    line_5: letter?.given.address_line_5 ?? null,
    line_6: letter?.given.address_line_6 ?? null,
    postcode: letter?.given.postcode ?? null,
    postage: letter?.postage ?? null,
    template: { id, version, uri: `${root}/v2/template/${id}/version/${version}` },
    created_at: timestamp(message.created_us),
    created_by_name: null,
    sent_at: time(message.sent_us),
    completed_at: time(completedUs(message)),
    scheduled_for: null,
    one_click_unsubscribe_url: message.unsubscribe_url,
    ...(letter && { estimated_delivery: timestamp(estimatedDeliveryUs(message.created_us, letter.postage)) }),
    ...(letter === undefined ? cost(message, service.smsRate) : letterCost(message, letter, service.letterRate)),
  };
}

/** Letters have words of their own for being on their way and being posted, even if they came back. */
function letterStatus(status: Notification['status']): string {
  if (status === 'created' || status === 'sending') return 'accepted';
  return status === 'delivered' || status === 'returned-letter' ? 'received' : status;
}

const unknownCost = { is_cost_data_ready: false, cost_in_pounds: null, cost_details: {} } as const;

const neverSent: readonly Notification['status'][] = [
  'cancelled',
  'technical-failure',
  'validation-failed',
  'virus-scan-failed',
];

/** A letter that was never sent costs nothing; how many sheets it has is known when its PDF is made or checked. */
function letterCost(
  { status }: Notification,
  { postage, sheets }: Letter,
  rate: ServiceSettings['letterRate'],
): Record<string, unknown> {
  if (status === 'pending-virus-check' || (status === 'created' && sheets === 0)) return unknownCost;
  const billed = neverSent.includes(status) ? 0 : sheets;
  return {
    is_cost_data_ready: true,
    cost_in_pounds: billed === 0 ? 0 : (rate.first + rate.more * (billed - 1)) / 100,
    cost_details: { billable_sheets_of_paper: billed, postage },
  };
}

/** Fragments are counted when the text is handed over; until then its price is not known. */
function cost(message: Notification, smsRate: number): Record<string, unknown> {
  if (message.channel === 'email') return { is_cost_data_ready: true, cost_in_pounds: 0, cost_details: {} };
  if (message.status === 'created') return unknownCost;
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
    postage: template.postage,
    letter_contact_block: template.contact_block,
    personalisation: Object.fromEntries(templateFields(template).map((name) => [name, { required: true }])),
  };
}

/**
 * A template filled in, without a recipient (5.9).
 *
 * @throws {NotifyError} 400 when a value is missing
 */
export function previewView(template: Template, values: Personalisation): Record<string, unknown> {
  const { id, type, version } = template;
  const missing = missingNames(values, ...templateTexts(template));
  if (missing.length > 0) throw badRequest(`Missing personalisation: ${missing.join(', ')}`);
  const html = type === 'email' ? emailHtml(template.body, values) : null;
  return { id, type, version, ...render(template, values), html, postage: template.postage };
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
