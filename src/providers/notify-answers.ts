import type { HttpOutcome } from './notify-http.ts';
import { parseJson, readSent } from './notify-wire.ts';
import type { DocumentResult, OutboundMessage, SendResult } from './provider.ts';

type Answer = Extract<HttpOutcome, { kind: 'answer' }>;

/** Why a call that only reads got no usable answer. */
export type ReadFailure = Extract<SendResult, { kind: 'misconfigured' | 'unavailable' }>;

/** The code of a refusal that says our idea of the templates is out of date. */
export const TEMPLATE_REFUSED = 'template';

/**
 * What the outcome of a POST proves. Only 201 with readable JSON, a UUID and our own reference is an acceptance. Only
 * an error of Notify's own making, or a connection that never stood, proves that there is none; Notify raises its 4xx
 * before a message is stored. All else is `uncertain`.
 */
export function classifySend(outcome: HttpOutcome, message: OutboundMessage, url: string): SendResult {
  if (outcome.kind === 'failed') {
    return outcome.arrived === 'no'
      ? { kind: 'unavailable', code: outcome.code }
      : { kind: 'uncertain', code: outcome.code };
  }
  if (outcome.status === 201) return classifyCreated(outcome, message, url);
  if (isRoutingError(outcome)) return { kind: 'misconfigured', code: 'address' };
  const errors = notifyErrors(outcome);
  // A bare 429 comes from something in front of Notify that let nothing through.
  if (outcome.status === 429) return errors ? throttled(errors) : { kind: 'unavailable', code: 'http-429' };
  if (errors) {
    switch (outcome.status) {
      case 400:
        return refusal(errors);
      case 401:
      case 403:
        return keyRefusal(errors);
      case 404:
        return { kind: 'misconfigured', code: 'address' };
    }
  }
  const redirected = outcome.status >= 300 && outcome.status < 400;
  return { kind: 'uncertain', code: redirected ? 'redirect' : `http-${outcome.status}` };
}

/** Why a GET that was not answered 200 failed. Whoever only reads may simply ask again. */
export function classifyRead(outcome: HttpOutcome): ReadFailure {
  if (outcome.kind === 'failed') return { kind: 'unavailable', code: outcome.code };
  if (isRoutingError(outcome)) return { kind: 'misconfigured', code: 'address' };
  const errors = notifyErrors(outcome);
  if (errors && (outcome.status === 401 || outcome.status === 403)) return keyRefusal(errors);
  return { kind: 'unavailable', code: outcome.status === 200 ? 'unreadable-answer' : `http-${outcome.status}` };
}

/**
 * What came of asking for the PDF of a letter. Only Notify's own error says that there will never be one: a letter that
 * is not printed, one with a virus, one that is no longer kept.
 */
export function classifyDocument(outcome: HttpOutcome): DocumentResult {
  if (outcome.kind === 'answer' && outcome.status === 200) {
    const { bytes } = outcome;
    return bytes?.subarray(0, PDF_MARK.length).equals(PDF_MARK)
      ? { kind: 'found', pdf: bytes }
      : { kind: 'unavailable', code: 'unreadable-answer' };
  }
  if (isNotFound(outcome)) return { kind: 'none' };
  const errors = outcome.kind === 'answer' && outcome.status === 400 ? notifyErrors(outcome) : undefined;
  if (errors?.some(({ error }) => error === 'PDFNotReadyError')) return { kind: 'not-yet' };
  if (errors?.some(({ error }) => error === 'BadRequestError')) return { kind: 'none' };
  return { kind: 'unavailable', code: classifyRead(outcome).code };
}

const PDF_MARK = Buffer.from('%PDF-');

/** Notify itself says that it has no such message (a 404 of anything else says nothing). */
export function isNotFound(outcome: HttpOutcome): boolean {
  return outcome.kind === 'answer' && outcome.status === 404 && notifyErrors(outcome) !== undefined;
}

function classifyCreated(answer: Answer, message: OutboundMessage, url: string): SendResult {
  const notification = readSent(answer.body, url);
  if (!notification) return { kind: 'uncertain', code: 'unreadable-answer' };
  if (notification.reference !== message.reference) return { kind: 'uncertain', code: 'reference-mismatch' };
  return { kind: 'accepted', notification };
}

interface NotifyError {
  readonly error: string;
  readonly message: string;
}

/** The errors of a v2 envelope; `undefined` when the body is not one, or speaks of another status. */
function notifyErrors(answer: Answer): readonly NotifyError[] | undefined {
  const body = parseJson(answer.body);
  if (body?.status_code !== answer.status || !Array.isArray(body.errors) || body.errors.length === 0) return undefined;
  return body.errors.every(isNotifyError) ? body.errors : undefined;
}

function isNotifyError(value: unknown): value is NotifyError {
  const entry = value as Partial<NotifyError> | null;
  return typeof entry?.error === 'string' && typeof entry.message === 'string';
}

/** Unknown path or method: Notify's router answers before its API does, in a shape of its own. */
function isRoutingError(answer: Answer): boolean {
  return (answer.status === 404 || answer.status === 405) && parseJson(answer.body)?.result === 'error';
}

function throttled(errors: readonly NotifyError[]): SendResult {
  const daily = errors.some(({ error }) => error === 'TooManyRequestsError');
  return { kind: 'throttled', until: daily ? 'day' : 'minute' };
}

/** Told apart by text, the only way: a clock that is out rights itself, everything else needs an operator. */
function keyRefusal(errors: readonly NotifyError[]): ReadFailure {
  if (!errors.some(({ error }) => error === 'AuthError')) return { kind: 'misconfigured', code: 'not-permitted' };
  return errors.some(({ message }) => /system clock/i.test(message))
    ? { kind: 'unavailable', code: 'clock' }
    : { kind: 'misconfigured', code: 'key' };
}

/** All faults must be the recipient's for the recipient to be at fault; one of ours is for an operator. */
function refusal(errors: readonly NotifyError[]): SendResult {
  const causes = errors.map(causeOf);
  const ours = causes.find((cause) => cause.kind === 'misconfigured');
  return ours ?? causes[0] ?? { kind: 'misconfigured', code: 'bad-request' };
}

const recipientErrors = new Set(['InvalidPhoneError', 'InvalidEmailError', 'InvalidRecipientError']);

/**
 * `BadRequestError` stands for causes that need opposite actions, and Notify gives no code for them: here the text is
 * the only difference. A text that is not known goes to an operator, since nothing was sent.
 */
const badRequests: readonly (readonly [RegExp, SendResult])[] = [
  [/^Can(’t|'t|not) send to this recipient/i, { kind: 'rejected', code: 'not-permitted' }],
  [/^Cannot send to international/i, { kind: 'rejected', code: 'not-permitted' }],
  [/^Your message is (too long|empty)/i, { kind: 'rejected', code: 'content' }],
  [/^Template (not found|has been deleted)/i, { kind: 'misconfigured', code: TEMPLATE_REFUSED }],
  [/template is not suitable for/i, { kind: 'misconfigured', code: TEMPLATE_REFUSED }],
  [/^Missing personalisation/i, { kind: 'misconfigured', code: TEMPLATE_REFUSED }],
  [/^Service is not allowed to send/i, { kind: 'misconfigured', code: 'channel-not-allowed' }],
];

/** What Notify says of a postal address; unlike other faults of what was sent, these name no property. */
const addressErrors = [
  /^Address (must|lines must)\b/,
  /^The first 2 lines of the address\b/,
  /^(The l|L)ast line of (a BFPO )?address\b/,
  /^Must be a real (UK postcode|address)\b/,
];

function causeOf({ error, message }: NotifyError): SendResult {
  if (recipientErrors.has(error)) return { kind: 'rejected', code: 'recipient' };
  if (error === 'ValidationError') {
    if (addressErrors.some((text) => text.test(message))) return { kind: 'rejected', code: 'recipient' };
    if (/^Cannot create a usable QR code/.test(message)) return { kind: 'rejected', code: 'content' };
    // A schema error names the property first, and only there.
    const property = message.split(' ', 1)[0];
    return property === 'phone_number' || property === 'email_address'
      ? { kind: 'rejected', code: 'recipient' }
      : { kind: 'misconfigured', code: property === 'template_id' ? TEMPLATE_REFUSED : 'schema' };
  }
  const known = error === 'BadRequestError' && badRequests.find(([text]) => text.test(message));
  return known ? known[1] : { kind: 'misconfigured', code: 'bad-request' };
}
