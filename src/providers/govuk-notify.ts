import { NotifyClient } from 'notifications-node-client';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { classifyDocument, classifyRead, classifySend, isNotFound, TEMPLATE_REFUSED } from './notify-answers.ts';
import { createNotifyHttp, type HttpCall, type HttpOutcome } from './notify-http.ts';
import { createPassThroughTemplates, type PassThrough } from './notify-templates.ts';
import { isUuid, readPage, readStored } from './notify-wire.ts';
import type {
  LookupResult,
  OutboundMessage,
  Provider,
  ProviderChannel,
  ProviderNotification,
  SendResult,
} from './provider.ts';
import { createTemplateSource } from './template-source.ts';

export interface GovukNotifyOptions {
  /** `{name}-{service id}-{secret}`, as Notify's site shows it. */
  readonly apiKey: string;
  /** Origin of the API. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds for one call: a little more than the 30 seconds that Notify allows itself. @default 35000 */
  readonly timeoutMs?: number;
  /** See `Provider`. Token life, clock tolerance and Notify's own budget make 90 seconds. @default 120000 */
  readonly quietPeriodMs?: number;
  /** See `Provider`. The shortest that a service can choose, since the API does not tell. @default three days */
  readonly retentionMs?: number;
  /** Connections at once; further calls wait for one. @default 50 */
  readonly maxSockets?: number;
}

export type Readiness =
  | { readonly kind: 'ready' }
  /** `missing` names the channels without a pass-through template, where that is the fault. */
  | { readonly kind: 'not-ready'; readonly code: string; readonly missing: readonly ProviderChannel[] };

export interface GovukNotify extends Provider {
  /** Does the key work, and is there a pass-through template for each channel? Never throws; asks at most every 10 s. */
  ready(): Promise<Readiness>;
}

const PROVIDER = 'govuk-notify';

/** What GOV.UK Notify carries. */
export const notifyChannels = ['sms', 'email', 'letter'] as const satisfies readonly ProviderChannel[];

const THREE_DAYS_MS = 3 * 24 * 60 * 60 * 1000;
const TEMPLATES_TIMEOUT_MS = 10_000;
const READY_FOR_MS = 10_000;

/** Milliseconds to read a template of ours: somebody waits for the decision that rests on it. */
const TEMPLATE_TIMEOUT_MS = 5_000;

/** Pages of 250 that a look-up follows; thousands under one reference are an alarm, whatever their number. */
const MAX_PAGES = 10;

/**
 * GOV.UK Notify through its official client. Nothing of a call (key, token, recipient, text) is in any result, log
 * line or error. Errors: a `TypeError` at once when the key or the address cannot be one.
 */
export function createGovukNotify(options: GovukNotifyOptions): GovukNotify {
  const { apiKey, clock, log, timeoutMs = 35_000 } = options;
  const url = originOf(options.url);
  if (!isApiKey(apiKey)) throw new TypeError('apiKey: not of the form name-serviceid-secret');
  const http = createNotifyHttp({ maxSockets: options.maxSockets ?? 50 });

  /** One call. A client is a handful of strings, and one for each call ties a send to its own last question. */
  const ask = async (
    use: (client: NotifyClient) => unknown,
    limits = { mayBegin: () => true, timeoutMs },
  ): Promise<HttpOutcome> => {
    let outcome: Promise<HttpOutcome> | undefined;
    const rest = (call: HttpCall): Promise<HttpOutcome> => {
      outcome = http(call, limits);
      return outcome;
    };
    const client = new NotifyClient(url, apiKey);
    // The client hands its caller whatever this function answers, and asks nothing more of it.
    client.setClient(rest as unknown as Parameters<NotifyClient['setClient']>[0]);
    try {
      await use(client);
    } catch {
      // The client's own refusal, before it called anything; its text may quote what it was given.
    }
    return outcome ?? { kind: 'failed', arrived: 'no', code: 'client' };
  };

  const templates = createPassThroughTemplates(() =>
    ask((client) => client.getAllTemplates(), {
      mayBegin: () => true,
      timeoutMs: Math.min(timeoutMs, TEMPLATES_TIMEOUT_MS),
    }),
  );

  const own = createTemplateSource(
    (id) =>
      ask((client) => client.getTemplateById(id), {
        mayBegin: () => true,
        timeoutMs: Math.min(timeoutMs, TEMPLATE_TIMEOUT_MS),
      }),
    clock,
  );

  const post = async (
    message: OutboundMessage,
    template: Pick<PassThrough, 'id' | 'version'>,
    mayStillSend: () => boolean,
  ): Promise<SendResult> => {
    const outcome = await ask((client) => submit(client, message, template.id), { mayBegin: mayStillSend, timeoutMs });
    const result = classifySend(outcome, message, url);
    if (result.kind !== 'accepted') {
      log.warn('provider.not-accepted', {
        provider: PROVIDER,
        channel: message.channel,
        reference: message.reference,
        outcome: result.kind,
        ...('code' in result ? { code: result.code } : { code: result.until }),
        ...(outcome.kind === 'answer' ? { status: outcome.status } : {}),
        ...(outcome.kind === 'answer' && outcome.traceId ? { requestId: outcome.traceId } : {}),
      });
    } else if (result.notification.templateVersion !== template.version) {
      // Somebody edited the template, and it may no longer be ours alone: look before the next message.
      templates.forget();
      own.forget(template.id);
      log.warn('provider.template-changed', { provider: PROVIDER, channel: message.channel });
    }
    return result;
  };

  let lastReady: { at: number; readiness: Promise<Readiness> } | undefined;

  return {
    channels: notifyChannels,
    quietPeriodMs: options.quietPeriodMs ?? 120_000,
    retentionMs: options.retentionMs ?? THREE_DAYS_MS,

    async send(message, mayStillSend) {
      if (message.channel !== 'sms' && !message.subjectLine) return { kind: 'rejected', code: 'content' };
      // The client leaves an empty reference out, and what was sent could never be asked for.
      if (message.reference === '') return { kind: 'misconfigured', code: 'no-reference' };
      if (message.template !== undefined) {
        const result = await post(message, message.template, mayStillSend);
        if (result.kind === 'misconfigured') own.forget(message.template.id);
        return result;
      }
      const template = await templates.find(message.channel);
      if (template.kind !== 'template') return template;
      const result = await post(message, template, mayStillSend);
      if (result.kind !== 'misconfigured' || result.code !== TEMPLATE_REFUSED) return result;
      // Certainly not accepted: another template may have taken the place of the one we knew.
      templates.forget();
      const current = await templates.find(message.channel);
      if (current.kind !== 'template') return current;
      return current.id === template.id ? result : post(message, current, mayStillSend);
    },

    async findByReference(reference, channel) {
      if (reference === '') return { kind: 'unavailable', code: 'no-reference' };
      let found: ProviderNotification | undefined;
      let count = 0;
      // Newest first, and a page never says that it is the last: an empty one does.
      for (let page = 0; page < MAX_PAGES; page++) {
        const before = found?.id;
        const outcome = await ask((client) => client.getNotifications(channel, undefined, reference, before));
        const rows =
          outcome.kind === 'answer' && outcome.status === 200
            ? readPage(outcome.body, { reference, channel, url })
            : undefined;
        if (!rows) return unavailable(outcome);
        count += rows.length;
        const oldest = rows.at(-1);
        if (!oldest) break;
        found = oldest;
      }
      if (!found) return { kind: 'none' };
      if (count === 1) return { kind: 'found', notification: found };
      log.error('provider.sent-several', { provider: PROVIDER, channel, reference, count });
      return { kind: 'several', notification: found, count };
    },

    async findById(id) {
      if (!isUuid(id)) return { kind: 'none' };
      const outcome = await ask((client) => client.getNotificationById(id));
      if (isNotFound(outcome)) return { kind: 'none' };
      const notification =
        outcome.kind === 'answer' && outcome.status === 200 ? readStored(outcome.body, url) : undefined;
      return notification?.id.toLowerCase() === id.toLowerCase()
        ? { kind: 'found', notification }
        : unavailable(outcome);
    },

    async findDocument(id) {
      if (!isUuid(id)) return { kind: 'none' };
      return classifyDocument(await ask((client) => client.getPdfForLetterNotification(id)));
    },

    findTemplate: (id) => own.current(id),

    ready() {
      const now = clock.now().getTime();
      if (!lastReady || Math.abs(now - lastReady.at) >= READY_FOR_MS) {
        lastReady = { at: now, readiness: templates.check().then(readinessOf) };
      }
      return lastReady.readiness;
    },
  };
}

function submit(client: NotifyClient, message: OutboundMessage, templateId: string): Promise<unknown> {
  const { channel, to, text, reference } = message;
  const values = message.template?.values;
  // Notify knows its senders by UUID; anything else would have the message refused.
  const senderId = isUuid(message.senderId) ? message.senderId : undefined;
  switch (channel) {
    case 'sms': {
      const personalisation = values ?? { body: text };
      return client.sendSms(templateId, to, {
        personalisation,
        reference,
        ...(senderId === undefined ? {} : { smsSenderId: senderId }),
      });
    }
    case 'email': {
      const personalisation = values ?? { subject: message.subjectLine, body: text };
      return client.sendEmail(templateId, to, {
        personalisation,
        reference,
        ...(senderId === undefined ? {} : { emailReplyToId: senderId }),
      });
    }
    case 'letter': {
      const personalisation = { ...(values ?? { subject: message.subjectLine, body: text }), ...addressLines(to) };
      return client.sendLetter(templateId, { personalisation, reference });
    }
    default:
      return channel satisfies never;
  }
}

/**
 * Every part of an address that Notify knows, the last line as the seventh: blank ones are left out in print, and none is
 * left to be filled by a value of the template's that has its name (`postcode` is not looked at beside the seventh).
 */
function addressLines(to: string): Record<string, string> {
  const lines = to.split('\n');
  const last = lines.pop() ?? '';
  const others = Array.from({ length: 6 }, (_, index) => [`address_line_${index + 1}`, lines[index] ?? '']);
  return { ...Object.fromEntries(others), address_line_7: last };
}

function unavailable(outcome: HttpOutcome): LookupResult {
  return { kind: 'unavailable', code: classifyRead(outcome).code };
}

function readinessOf(check: Awaited<ReturnType<ReturnType<typeof createPassThroughTemplates>['check']>>): Readiness {
  if (check.kind !== 'checked') return { kind: 'not-ready', code: check.code, missing: [] };
  if (check.missing.length === 0) return { kind: 'ready' };
  return { kind: 'not-ready', code: 'no-pass-through-template', missing: check.missing };
}

/** The client cuts service id and secret out by position and checks neither. */
function isApiKey(key: string): boolean {
  return key.length > 74 && isUuid(key.slice(-36)) && isUuid(key.slice(-73, -37));
}

/** Without the slash that would make the client ask for `//v2`. */
function originOf(url: string): string {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new TypeError('url: not an http(s) address');
  return url.replace(/\/+$/, '');
}
