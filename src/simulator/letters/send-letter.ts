import { randomUUID } from 'node:crypto';
import type { Outcome } from '../faults.ts';
import type { Notification } from '../notifications.ts';
import { badRequest, NotifyError, v2Error } from '../notify-error.ts';
import { fillIn, nameKey, type Personalisation } from '../rendering/fields.ts';
import { escapeMarkup } from '../rendering/html-text.ts';
import { parseInline, parseMarkdown } from '../rendering/markdown.ts';
import { escapedValues } from '../rendering/render.ts';
import { answerOf, checkPermission, findTemplate, render, type SendContext } from '../send.ts';
import type { ApiKey, DailyLimit, ServiceSettings } from '../settings.ts';
import { precompiledTemplate, type Template } from '../templates.ts';
import { addressLines, readAddress, squeeze } from './address.ts';
import { decodeBase64 } from './base64.ts';
import type { Postage } from './calendar.ts';
import { givenKeys, type Letter } from './letters.ts';

/** A letter that passed every check: what to store and what to answer. */
export interface AcceptedLetter {
  readonly row: Omit<Notification, 'created_us'>;
  readonly letter: Pick<Letter, 'postage' | 'given' | 'contactBlock' | 'precompiled'>;
  /** Of a letter that came ready made. */
  readonly pdf?: Buffer;
  readonly limits: readonly DailyLimit[];
  readonly outcome: Outcome;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Once the schema has passed them. */
interface TemplateForm {
  readonly reference?: string;
  readonly template_id: string;
  readonly personalisation: Personalisation;
}

interface PrecompiledForm {
  readonly reference: string;
  readonly content: string;
  readonly postage?: 'first' | 'second' | 'economy';
}

/**
 * Checks a letter from a template, in Notify's order (section 4 from step 4; the caller has done the rest).
 *
 * @throws {NotifyError}
 */
export function checkLetter(body: unknown, context: SendContext): AcceptedLetter {
  const { service, key, templates, validate, root } = context;
  validate('letter', body);
  const form = body as TemplateForm;
  checkPermission('letter', service);
  const values = form.personalisation;
  const template = findTemplate('letter', form.template_id, values, templates, (found) => checkQrCode(found, values));
  checkMaySend(key, service);
  const address = readAddress(values, service.permissions.includes('international_letters'));
  if (address.kind === 'bad') throw v2Error(400, { error: 'ValidationError', message: address.message });
  const id = randomUUID();
  const content = render(template, values);
  return {
    row: {
      ...rowOf(id, key, form.reference, addressLines(values).join('\n')),
      // With a test key nobody prints it, so that it never waits for the printer.
      status: key.type === 'test' ? 'sending' : 'created',
      template_id: template.id,
      template_version: template.version,
      body: content.body,
      subject: content.subject,
    },
    letter: {
      postage: address.abroad ?? template.postage ?? 'second',
      given: givenLines(values),
      contactBlock: template.contact_block === null ? null : fillIn(template.contact_block, values, 'words'),
      precompiled: false,
    },
    limits: ['letter'],
    outcome: 'delivered',
    answer: { ...answerOf(id, form.reference, template, service, root), content },
  };
}

/**
 * Checks a letter that came as a PDF. What the PDF is like is found out later.
 *
 * @throws {NotifyError}
 */
export function checkPrecompiled(body: unknown, context: SendContext): AcceptedLetter {
  const { service, key, validate } = context;
  validate('precompiledLetter', body);
  const form = body as PrecompiledForm;
  checkPermission('letter', service);
  checkMaySend(key, service);
  const pdf = decodeBase64(form.content);
  if (pdf === undefined) throw badRequest('Cannot decode letter content (invalid base64 encoding)');
  const id = randomUUID();
  const postage: Postage = form.postage ?? 'second';
  const given = { address_line_1: 'Provided as PDF' };
  return {
    row: {
      ...rowOf(id, key, form.reference, addressLines(given).join('\n')),
      status: 'pending-virus-check',
      template_id: precompiledTemplate.id,
      template_version: precompiledTemplate.version,
      body: '',
      subject: precompiledTemplate.subject,
    },
    letter: { postage, given: givenLines(given), contactBlock: null, precompiled: true },
    pdf,
    limits: ['letter'],
    outcome: 'delivered',
    answer: { id, reference: form.reference, postage },
  };
}

function rowOf(
  id: string,
  key: ApiKey,
  reference: string | undefined,
  address: string,
): Omit<Notification, 'created_us' | 'status' | 'template_id' | 'template_version' | 'body' | 'subject'> {
  return {
    id,
    channel: 'letter',
    key_type: key.type,
    reference: reference ?? null,
    recipient: address,
    normalised: squeeze(address),
    sent_us: null,
    updated_us: null,
    international: 0,
    multiplier: 1,
    fragments: 0,
    unsubscribe_url: null,
  };
}

/** @throws {NotifyError} 403 for a team key, and in trial mode for all but a test key */
function checkMaySend(key: ApiKey, service: ServiceSettings): void {
  if (key.type === 'team') throw badRequest('Cannot send letters with a team api key', 403);
  if (service.trial && key.type !== 'test') throw badRequest('Cannot send letters when service is in trial mode', 403);
}

/** What the API answers of an address: the lines as they were given, found by their names in any spelling. */
function givenLines(values: Personalisation): Letter['given'] {
  const byName = new Map(Object.entries(values).map(([name, value]) => [nameKey(name), value]));
  const line = (name: string): unknown => byName.get(nameKey(name)) ?? null;
  const [one, two, three, four, five, six, postcode] = givenKeys;
  return {
    [one]: line(one),
    [two]: line(two),
    [three]: line(three),
    [four]: line(four),
    [five]: line(five),
    [six]: line(six),
    [postcode]: line(postcode),
  };
}

const MOST_QR_BYTES = 504;

/** A paragraph that begins with `QR:` is printed as a code, which must not be too fine to read. */
function checkQrCode(template: Template, values: Personalisation): void {
  const text = fillIn(escapeMarkup(template.body), escapedValues(values), 'bullets');
  for (const block of parseMarkdown(text)) {
    if (block.kind !== 'paragraph') continue;
    const inside = parseInline(block.text)
      .map((piece) =>
        piece.kind === 'url' ? piece.url : piece.kind === 'break' ? '<br>' : 'text' in piece ? String(piece.text) : '',
      )
      .join('');
    const data = /^\s*qr\s*:\s*(.+)$/i.exec(inside)?.[1];
    const bytes = data === undefined ? 0 : Buffer.byteLength(data);
    if (bytes <= MOST_QR_BYTES) continue;
    const message = 'Cannot create a usable QR code - the link is too long';
    const entry = { error: 'ValidationError', message, data, num_bytes: bytes, max_bytes: MOST_QR_BYTES };
    throw new NotifyError(400, { status_code: 400, errors: [entry] });
  }
}
