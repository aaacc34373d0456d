import { Ajv, type ValidateFunction } from 'ajv';
import type { Answer } from './api.ts';
import { type Controls, type PeriodicAction, periodicActions } from './controls.ts';
import {
  acceptingFaults,
  callbackFaults,
  callbackKinds,
  type FaultRule,
  outcomes,
  readingFaults,
  refusingFaults,
  requestOperations,
} from './faults.ts';
import { apiKeys, type CallbackTargets, permissions, type ServiceSettings } from './settings.ts';
import { type TemplateContent, templatePostages } from './templates.ts';

/** A request to the control address. */
export interface ControlCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly mediaType: string | undefined;
  readonly body: Buffer;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** JSON schema of the body; none is read without it. */
  readonly body?: ValidateFunction;
  readonly answer: (controls: Controls, body: unknown, call: ControlCall, id: string) => Answer | Promise<Answer>;
}

const ajv = new Ajv({ allErrors: true });
const string = { type: 'string' };
const object = (properties: Record<string, unknown>, required: string[] = []): ValidateFunction =>
  ajv.compile({ type: 'object', properties, required, additionalProperties: false });
const target = {
  type: 'object',
  properties: { url: { type: 'string', pattern: '^https?://' }, token: { type: 'string', minLength: 10 } },
  required: ['url', 'token'],
  additionalProperties: false,
};
const strings = { type: 'array', items: string };
const count = { type: 'integer', minimum: 0 };
const done: Answer = { status: 204, body: undefined };

const routes: readonly Route[] = [
  { method: 'GET', path: /^\/control\/state$/, answer: (controls) => ok(controls.state()) },
  {
    method: 'GET',
    path: /^\/control\/ledger$/,
    answer: (controls, _body, { query }) => ok(controls.ledger(query.get('reference') ?? undefined)),
  },
  {
    method: 'POST',
    path: /^\/control\/clock$/,
    body: object({ advanceMs: count }, ['advanceMs']),
    answer: async (controls, body) => {
      await controls.advance((body as { advanceMs: number }).advanceMs);
      return ok(controls.state());
    },
  },
  { method: 'GET', path: /^\/control\/faults$/, answer: (controls) => ok(controls.state().faults) },
  {
    method: 'POST',
    path: /^\/control\/faults$/,
    body: object(
      {
        fault: { enum: [...refusingFaults, ...acceptingFaults, ...readingFaults, ...callbackFaults, 'outcome'] },
        outcome: { enum: outcomes },
        operation: { enum: requestOperations },
        callback: { enum: callbackKinds },
        channel: { enum: ['sms', 'email', 'letter'] },
        recipient: string,
        count: { type: 'integer', minimum: 1 },
        probability: { type: 'number', minimum: 0, maximum: 1 },
        seed: { type: 'integer' },
        delayMs: count,
      },
      ['fault'],
    ),
    answer: async (controls, body) => ({ status: 201, body: { id: await controls.addFault(body as FaultRule) } }),
  },
  {
    method: 'DELETE',
    path: /^\/control\/faults(?:\/(\d+))?$/,
    answer: async (controls, _body, _call, id) => {
      await controls.removeFaults(id === '' ? undefined : Number(id));
      return done;
    },
  },
  {
    method: 'PUT',
    path: /^\/control\/callbacks$/,
    body: object({ deliveryReceipt: target, receivedText: target, returnedLetter: target }),
    answer: async (controls, body) => {
      await controls.setCallbacks(body as CallbackTargets);
      return done;
    },
  },
  {
    method: 'POST',
    path: /^\/control\/callbacks\/(pause|resume)$/,
    answer: async (controls, _body, _call, verb) => {
      await controls.pauseCallbacks(verb === 'pause');
      return done;
    },
  },
  {
    method: 'PATCH',
    path: /^\/control\/service$/,
    body: object({
      name: string,
      active: { type: 'boolean' },
      trial: { type: 'boolean' },
      prefixSms: { type: 'boolean' },
      permissions: { type: 'array', items: { enum: permissions } },
      team: strings,
      guestList: strings,
      ratePerMinute: { type: 'integer', minimum: 1 },
      dailyLimits: {
        type: 'object',
        properties: { sms: count, email: count, international_sms: count, letter: count },
        required: ['sms', 'email', 'international_sms'],
        additionalProperties: false,
      },
      contactLink: { type: ['string', 'null'] },
      retentionDays: { type: 'integer', minimum: 1 },
      pageSize: { type: 'integer', minimum: 1 },
    }),
    answer: async (controls, body) => {
      await controls.changeService(body as Partial<ServiceSettings>);
      return done;
    },
  },
  {
    method: 'PUT',
    path: /^\/control\/templates\/([0-9a-f-]{36})$/,
    body: object(
      {
        type: { enum: ['sms', 'email', 'letter'] },
        name: string,
        subject: { type: ['string', 'null'] },
        body: string,
        archived: { type: 'boolean' },
        postage: { enum: templatePostages },
        letterContactBlock: string,
      },
      ['type', 'name', 'subject', 'body'],
    ),
    answer: async (controls, body, _call, id) =>
      ok({ version: await controls.putTemplate(id, body as TemplateContent) }),
  },
  {
    method: 'POST',
    path: /^\/control\/received-texts$/,
    body: object({ from: string, message: string }, ['from', 'message']),
    answer: async (controls, body) => {
      const { from, message } = body as { from: string; message: string };
      const id = await controls.receiveText(from, message);
      return id === undefined ? problem(400, 'from is not a phone number') : { status: 201, body: { id } };
    },
  },
  {
    method: 'POST',
    path: /^\/control\/letters\/([0-9a-f-]{36})\/return$/,
    answer: async (controls, _body, _call, id) =>
      (await controls.returnLetter(id)) ? done : problem(409, 'no letter that is with the post'),
  },
  {
    method: 'POST',
    path: /^\/control\/letters\/([0-9a-f-]{36})\/cancel$/,
    answer: async (controls, _body, _call, id) =>
      (await controls.cancelLetter(id)) ? done : problem(409, 'no letter that can still be stopped'),
  },
  {
    method: 'GET',
    path: /^\/control\/token$/,
    answer: (controls, _body, { query }) => {
      const key = query.get('key') ?? 'normal';
      return isKeyName(key) ? ok(controls.token(key)) : problem(400, `key must be one of ${keyNames.join(', ')}`);
    },
  },
  {
    method: 'POST',
    path: /^\/control\/actions$/,
    body: object({ action: { enum: periodicActions } }, ['action']),
    answer: async (controls, body) => {
      const { action } = body as { action: PeriodicAction };
      return ok({ changed: await controls.perform(action) });
    },
  },
  {
    method: 'POST',
    path: /^\/control\/reset$/,
    answer: async (controls) => {
      await controls.reset();
      return done;
    },
  },
];

const keyNames = Object.keys(apiKeys);

function isKeyName(name: string): name is keyof typeof apiKeys {
  return keyNames.includes(name);
}

/**
 * Answers a request to the control address, which is no part of Notify. Everything that changes something asks for
 * JSON, so that no web page in a browser on this machine can do it.
 */
export async function answerControl(controls: Controls, call: ControlCall): Promise<Answer> {
  const here = routes.filter(({ path }) => path.test(call.path));
  const route = here.find(({ method }) => method === call.method);
  if (route === undefined) {
    return here.length > 0 ? problem(405, 'method not allowed') : problem(404, 'no such control');
  }
  if (call.method !== 'GET' && call.mediaType?.split(';')[0]?.trim() !== 'application/json') {
    return problem(415, 'Content-Type must be application/json');
  }
  const id = route.path.exec(call.path)?.[1] ?? '';
  if (route.body === undefined) return route.answer(controls, undefined, call, id);
  let body: unknown;
  try {
    body = JSON.parse(call.body.toString('utf8'));
  } catch {
    return problem(400, 'the body is not JSON');
  }
  if (!route.body(body)) return problem(400, ajv.errorsText(route.body.errors, { dataVar: 'body' }));
  return route.answer(controls, body, call, id);
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function problem(status: number, error: string): Answer {
  return { status, body: { error } };
}
