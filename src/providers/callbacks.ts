import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Clock } from '../clock.ts';
import { type ErrorCode, errorCatalogue } from '../errors.ts';
import type { Jobs, NewJob } from '../jobs/jobs.ts';
import { describeError, type Log } from '../log.ts';
import { type CallbackKind, readCallback } from './callback-events.ts';

export interface CallbackOptions {
  /** What Notify was told to send as bearer token. */
  readonly token: string;
  readonly jobs: Pick<Jobs, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: CallbackMetrics;
}

export interface CallbackMetrics {
  /** One callback answered; `unsigned` and `malformed` were not kept, `failed` will be repeated by the sender. */
  callback(kind: CallbackKind, outcome: 'stored' | 'unsigned' | 'malformed' | 'failed'): void;
}

const routes = {
  '/delivery-receipt': 'delivery-receipt',
  '/received-text': 'received-text',
  '/returned-letter': 'returned-letter',
} as const satisfies Record<string, CallbackKind>;

const BODY_LIMIT = '64kb';

/**
 * GOV.UK Notify's callbacks, to be mounted at `/callbacks/govuk-notify` (contract 11). Each becomes one job in `inbox`,
 * and is answered 204 when that is durable: whoever applies it may be late, and repeats are one job. Notify repeats
 * after 5xx alone and drops a message for good after 4xx, so that our own faults are 503.
 */
export function govukNotifyCallbacks(options: CallbackOptions): Router {
  const { jobs, clock, log, metrics } = options;
  const expected = digest(`Bearer ${options.token}`);
  const readBody = express.json({ limit: BODY_LIMIT, type: () => true, inflate: false });
  const router = express.Router();

  for (const [path, kind] of Object.entries(routes)) {
    const refuse = (response: Response, code: ErrorCode, outcome: 'unsigned' | 'malformed' | 'failed'): void => {
      metrics?.callback(kind, outcome);
      log[errorCatalogue[code].level]('callback.refused', { provider: 'govuk-notify', route: kind, code });
      answerError(response, code);
    };

    router.post(
      path,
      (request: Request, response: Response, next: NextFunction) => {
        if (isSigned(request, expected)) next();
        else refuse(response.set('WWW-Authenticate', 'Bearer'), 'CALLBACK_UNSIGNED', 'unsigned');
      },
      (request: Request, response: Response, next: NextFunction) =>
        readBody(request, response, (error?: unknown) => {
          // The parser's message quotes the body; its class is all that is looked at.
          if (error === undefined) next();
          else refuse(response, isTooLarge(error) ? 'TOO_LARGE' : 'REQUEST_MALFORMED', 'malformed');
        }),
      async (request: Request, response: Response) => {
        const event = readCallback(kind, request.body);
        if (!event) return refuse(response, 'REQUEST_MALFORMED', 'malformed');
        const job: NewJob = { queue: 'inbox', key: event.key, priority: 0, runAt: clock.now(), data: event.data };
        try {
          await jobs.add([job]);
        } catch (error) {
          log.error('callback.not-stored', { provider: 'govuk-notify', route: kind, ...describeError(error) });
          return refuse(response, 'STORE_UNAVAILABLE', 'failed');
        }
        metrics?.callback(kind, 'stored');
        response.status(204).end();
      },
    );
  }
  return router;
}

/** Compared as hashes: neither the token's length nor how much of it is right shows in the time taken. */
function isSigned(request: Request, expected: Buffer): boolean {
  const header = request.headers.authorization ?? '';
  return timingSafeEqual(digest(header.replace(/^bearer /i, 'Bearer ')), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isTooLarge(error: unknown): boolean {
  return (error as { type?: unknown } | null)?.type === 'entity.too.large';
}

function answerError(response: Response, code: ErrorCode): void {
  const { status, issue, meaning } = errorCatalogue[code];
  response
    .status(status)
    .type('application/fhir+json')
    .send(
      JSON.stringify({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: issue, details: { text: meaning } }],
      }),
    );
}
