import type { Server } from 'node:http';
import type { NextFunction, Request, Response } from 'express';

/**
 * Headers of every answer. Answers hold health records, so that no cache may keep one, and none is a page that may
 * run anything.
 */
export function securityHeaders(_req: Request, res: Response, next: NextFunction): void {
  res.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
}

/**
 * Limits on how long a client may take to say what it wants, for whoever listens. There is no limit on the answer
 * here: a request that was answered with an error while its work went on would be a lie (contract 3), so each outside
 * call behind it has its own limit.
 */
export function limitSlowClients(server: Server): void {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
}
