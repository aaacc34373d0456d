import { randomUUID } from 'node:crypto';
import { parsePhone } from '../notify/phone.ts';
import type { Outcome } from './faults.ts';
import { isFile, uploadFiles } from './files.ts';
import type { Limits } from './limits.ts';
import type { Notification } from './notifications.ts';
import { badRequest, v2Error } from './notify-error.ts';
import { checkAllowed, isSmokeTest, normaliseRecipient, usualOutcome } from './recipients.ts';
import { missingNames, type Personalisation } from './rendering/fields.ts';
import { MOST_CHARACTERS, type PhoneText } from './rendering/gsm.ts';
import { isEmpty, renderMarkdown, renderText } from './rendering/render.ts';
import { stripHidden } from './rendering/spaces.ts';
import { type SanitisedContent, sanitise } from './sanitise.ts';
import type { ApiKey, Channel, DailyLimit, ServiceSettings } from './settings.ts';
import { smsFactor } from './sms-rates.ts';
import { type Template, type Templates, templateTexts } from './templates.ts';
import { parseUuid } from './uuid.ts';
import type { Validate } from './validation.ts';

/** The body of a request to send a text or an email, once the schema has passed it. */
interface Form {
  readonly reference?: string;
  readonly phone_number?: string;
  readonly email_address?: string;
  readonly template_id: string;
  readonly personalisation?: Personalisation;
  readonly sms_sender_id?: string;
  readonly email_reply_to_id?: string;
  readonly one_click_unsubscribe_url?: string;
  readonly sanitise_content_for?: readonly unknown[] | null;
}

/** A message that passed every check: what to store (nothing, for a smoke test) and what to answer. */
export interface Accepted {
  readonly row: Omit<Notification, 'created_us'> | undefined;
  readonly limits: readonly DailyLimit[];
  readonly outcome: Outcome;
  readonly answer: Readonly<Record<string, unknown>>;
}

export interface SendContext {
  readonly service: ServiceSettings;
  readonly key: ApiKey;
  readonly templates: Templates;
  readonly limits: Limits;
  readonly validate: Validate;
  /** Scheme and host that the request was sent to. */
  readonly root: string;
}

/**
 * Checks a request to send as Notify does, in Notify's order (section 4 from step 4; the caller has done the rest).
 *
 * @throws {NotifyError}
 */
export function checkSend(channel: 'sms' | 'email', body: unknown, context: SendContext): Accepted {
  const { service, key, validate } = context;
  validate(channel, body);
  const form = body as Form;
  checkPermission(channel, service);
  const { values, changed } =
    channel === 'email'
      ? sanitise(form.personalisation ?? {}, form.sanitise_content_for ?? [])
      : { values: form.personalisation ?? {}, changed: {} };
  const template = findTemplate(channel, form.template_id, values, context.templates);
  const sender = findSender(channel, form, service);
  const recipient = checkRecipient(channel, form, context);
  const smokeTest = isSmokeTest(recipient.normalised);
  const finalValues = channel === 'email' ? uploadFiles(values, service, validate, smokeTest) : values;
  const text = channel === 'sms' ? renderText(template, finalValues) : undefined;
  const content = text === undefined ? render(template, finalValues) : { body: text.body, subject: null };
  checkLength(content, text);

  const id = randomUUID();
  const answer = respond(id, form, channel, template, content, sender, changed, context);
  const row = {
    id,
    channel,
    key_type: key.type,
    status: 'created',
    reference: form.reference ?? null,
    recipient: recipient.typed,
    normalised: recipient.normalised,
    template_id: template.id,
    template_version: template.version,
    body: content.body,
    subject: content.subject,
    sent_us: null,
    updated_us: null,
    international: recipient.abroad ? 1 : 0,
    multiplier: recipient.multiplier,
    fragments: text === undefined ? 0 : billed(text, template, finalValues, service),
    unsubscribe_url: form.one_click_unsubscribe_url ?? null,
  } as const;
  return {
    row: smokeTest ? undefined : row,
    limits: recipient.limits,
    outcome: usualOutcome(channel, recipient.typed, recipient.normalised, key),
    answer,
  };
}

export interface Content {
  readonly body: string;
  readonly subject: string | null;
}

/** A template with its values, as the API answers it. */
export function render(template: Template, values: Personalisation): Content {
  if (template.type === 'sms') return { body: renderText(template, values).body, subject: null };
  return renderMarkdown(template.type, template, values);
}

const plural = { sms: 'text messages', email: 'emails', letter: 'letters' } as const satisfies Record<Channel, string>;

/** @throws {NotifyError} 400 when the channel is switched off */
export function checkPermission(channel: Channel, service: ServiceSettings): void {
  if (!service.permissions.includes(channel)) throw badRequest(`Service is not allowed to send ${plural[channel]}`);
}

/**
 * The template to send, which exists, is of this channel and in use, has all its values and says something.
 *
 * @throws {NotifyError} 400
 */
export function findTemplate(
  channel: Channel,
  id: string,
  values: Personalisation,
  templates: Templates,
  beforeValues: (template: Template) => void = () => undefined,
): Template {
  const template = templates.get(parseUuid(id) ?? '');
  if (template === undefined) throw badRequest('Template not found');
  if (template.type !== channel) {
    throw badRequest(`${template.type} template is not suitable for ${channel} notification`);
  }
  if (template.archived === 1) throw badRequest('Template has been deleted');
  beforeValues(template);
  const missing = missingNames(values, ...templateTexts(template));
  if (missing.length > 0) throw badRequest(`Missing personalisation: ${missing.join(', ')}`);
  if (isEmpty(channel, template.body, render(template, values).body)) throw badRequest('Your message is empty.');
  if (channel !== 'email' && Object.values(values).some(isFile)) throw badRequest('Can only send a file by email');
  return template;
}

/** The sender that a text shows; an email's is always the service's. */
function findSender(channel: 'sms' | 'email', form: Form, service: ServiceSettings): string {
  const unknown = (field: string, id: string): Error =>
    badRequest(`${field} ${id} does not exist in database for service id ${service.id}`);
  if (channel === 'email') {
    const id = form.email_reply_to_id;
    if (id !== undefined && !service.replyTos.some((replyTo) => replyTo.id === parseUuid(id))) {
      throw unknown('email_reply_to_id', id);
    }
    return service.emailFrom;
  }
  const id = form.sms_sender_id;
  const sender = id === undefined ? service.smsSenders[0] : service.smsSenders.find((one) => one.id === parseUuid(id));
  if (sender === undefined) throw unknown('sms_sender_id', id ?? '');
  const phone = parsePhone(sender.text);
  return phone.kind === 'ok' ? phone.digits : sender.text;
}

interface Recipient {
  readonly typed: string;
  readonly normalised: string;
  readonly abroad: boolean;
  readonly multiplier: number;
  readonly limits: readonly DailyLimit[];
}

function checkRecipient(channel: 'sms' | 'email', form: Form, { service, key, limits }: SendContext): Recipient {
  const raw = (channel === 'sms' ? form.phone_number : form.email_address) ?? '';
  const normalised = normaliseRecipient(raw);
  const typed = stripHidden(raw);
  checkAllowed(normalised, key, service);
  if (channel === 'email') return { typed, normalised, abroad: false, multiplier: 1, limits: ['email'] };
  const phone = parsePhone(raw);
  if (phone.kind === 'bad') throw v2Error(400, { error: 'InvalidPhoneError', message: phone.message });
  if (phone.country === 'international' && !service.permissions.includes('international_sms')) {
    throw badRequest('Cannot send to international mobile numbers');
  }
  if (phone.callingCode === '44' && phone.landline && !service.permissions.includes('sms_to_uk_landlines')) {
    throw v2Error(400, { error: 'InvalidPhoneError', message: 'Not a UK mobile number' });
  }
  const counted: DailyLimit[] = phone.country === 'international' ? ['sms', 'international_sms'] : ['sms'];
  if (phone.country === 'international') limits.checkDay(service, key.type, 'international_sms');
  const abroad = phone.country !== 'uk';
  const multiplier = abroad ? smsFactor(phone.callingCode, phone.digits) : 1;
  return { typed, normalised, abroad, multiplier, limits: counted };
}

/** The service's name in front counts for the bill, and for nothing else. */
function billed(text: PhoneText, template: Template, values: Personalisation, service: ServiceSettings): number {
  return service.prefixSms ? renderText(template, values, service.name).fragments : text.fragments;
}

function checkLength(content: Content, text: PhoneText | undefined): void {
  if (text !== undefined) {
    if (text.length <= MOST_CHARACTERS) return;
    throw badRequest(
      `Your message is too long. Text messages cannot be longer than ${MOST_CHARACTERS} characters. ` +
        `Your message is ${text.length} characters long.`,
    );
  }
  const bytes = Buffer.byteLength(content.body);
  if (bytes <= 2_000_000) return;
  throw badRequest(
    `Your message is too long. Emails cannot be longer than 2000000 bytes. Your message is ${bytes} bytes.`,
  );
}

function respond(
  id: string,
  form: Form,
  channel: 'sms' | 'email',
  template: Template,
  content: Content,
  sender: string,
  changed: SanitisedContent,
  { service, root }: SendContext,
): Record<string, unknown> {
  const { body, subject } = content;
  const email = {
    body,
    subject,
    from_email: sender,
    one_click_unsubscribe_url: form.one_click_unsubscribe_url ?? null,
  };
  return {
    ...answerOf(id, form.reference, template, service, root),
    content: channel === 'sms' ? { body, from_number: sender } : email,
    ...(channel === 'email' && { sanitised_content: changed }),
  };
}

/** What the answers for all channels have. */
export function answerOf(
  id: string,
  reference: string | undefined,
  template: Template,
  service: ServiceSettings,
  root: string,
): Record<string, unknown> {
  return {
    id,
    reference: reference ?? null,
    uri: `${root}/v2/notifications/${id}`,
    template: {
      id: template.id,
      version: template.version,
      uri: `${root}/services/${service.id}/templates/${template.id}`,
    },
    scheduled_for: null,
  };
}
