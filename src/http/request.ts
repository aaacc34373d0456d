import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Caller } from '../auth/caller.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';

/** Header by which a request is found again in the log and in the audit. */
export const REQUEST_ID = 'X-Request-Id';

/**
 * Gives each request its id, echoes it, and tells log and metrics how it ended. The first middleware: everything after
 * it may ask `requestIdOf`.
 */
export function observeRequests(log: Log, metrics: Metrics) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const began = performance.now();
    const requestId = acceptableId(req.get(REQUEST_ID)) ?? randomUUID();
    res.locals.requestId = requestId;
    res.set(REQUEST_ID, requestId);
    res.once('close', () => {
      const seconds = (performance.now() - began) / 1000;
      // The pattern, not the address: an address may hold an NHS number.
      const route = routeOf(req);
      const method = req.method;
      // 499, as proxies have it: the caller hung up before the answer.
      const status = res.writableFinished ? res.statusCode : 499;
      metrics.httpAnswered({ method, route, status, seconds });
      const caller = callerIfAny(res);
      const who = caller === undefined ? {} : { client: caller.client, role: caller.role };
      log.info('http.answered', { requestId, ...who, method, route, status, durationMs: Math.round(seconds * 1000) });
    });
    next();
  };
}

export const requestIdOf = (res: Response): string => String(res.locals.requestId);

/** Notes who was let in, for everything after. */
export function setCaller(res: Response, caller: Caller): void {
  res.locals.caller = caller;
}

/** Errors: TypeError on an address that asks for no token. */
export function callerOf(res: Response): Caller {
  const caller = callerIfAny(res);
  if (caller === undefined) throw new TypeError('Nobody was authenticated on this address');
  return caller;
}

/** Who was let in, if anybody was yet. */
export const callerIfAny = (res: Response): Caller | undefined => res.locals.caller as Caller | undefined;

/**
 * The caller's own id, if it is one: short, of harmless characters, and not a bare number, which could be an NHS or a
 * telephone number on its way into the log.
 */
function acceptableId(given: string | undefined): string | undefined {
  if (given === undefined || !/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(given)) return undefined;
  return /^\d{9,}$/.test(given) ? undefined : given;
}

function routeOf(req: Request): string {
  const path: unknown = req.route?.path;
  return typeof path === 'string' ? `${req.baseUrl}${path}` : 'unmatched';
}
