import express, { type Request, type Response, type Router } from 'express';
import type { Metrics } from '../metrics.ts';

/** How the things that the service rests on do, by name (`store`). */
export type HealthReport = Readonly<Record<string, Health>>;

/** `code` says what is wrong, for whoever operates it; it holds nothing else. */
export type Health = { readonly kind: 'ready' } | { readonly kind: 'not-ready'; readonly code: string };

/** Milliseconds after which a dependency that says nothing counts as failing. */
const PATIENCE = 5_000;

/** `/livez`, `/readyz` and `/metrics`: no token, no personal data. */
export function healthRoutes(deps: {
  readonly metrics: Metrics;
  readonly health: () => Promise<HealthReport>;
  readonly notices: readonly string[];
}): Router {
  const router = express.Router({ caseSensitive: true });
  router.get('/livez', (_req: Request, res: Response) => {
    res.json({ status: 'live' });
  });
  router.get('/readyz', async (_req: Request, res: Response) => {
    const report = await checked(deps.health);
    const failing = Object.keys(report).filter((name) => report[name]?.kind !== 'ready');
    res.status(failing.length === 0 ? 200 : 503).json({
      status: failing.length === 0 ? 'ready' : 'not-ready',
      failing,
      checks: Object.fromEntries(Object.entries(report).map(([name, one]) => [name, wordFor(one)])),
      notices: deps.notices,
    });
  });
  router.get('/metrics', async (_req: Request, res: Response) => {
    const { contentType, text } = await deps.metrics.expose();
    res.set('Content-Type', contentType).send(text);
  });
  return router;
}

const wordFor = (health: Health): string => (health.kind === 'ready' ? 'ready' : health.code);

async function checked(health: () => Promise<HealthReport>): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthReport>((resolve) => {
    timer = setTimeout(() => resolve(unanswered('timeout')), PATIENCE);
  });
  try {
    return await Promise.race([health(), late]);
  } catch {
    return unanswered('error');
  } finally {
    clearTimeout(timer);
  }
}

const unanswered = (code: string): HealthReport => ({ 'health-check': { kind: 'not-ready', code } });
