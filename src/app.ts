import express, { type Express, type Request, type Response, type Router } from 'express';
import packageJson from '../package.json' with { type: 'json' };
import type { Authenticate } from './auth/demo.ts';
import type { Unauthenticated } from './auth/unauthenticated.ts';
import type { Clock } from './clock.ts';
import type { Validate } from './fhir/call.ts';
import { capabilityStatement } from './fhir/capability.ts';
import { createPageLinks } from './fhir/page-links.ts';
import { type AskRecordServer, limitedTo } from './fhir/record-server.ts';
import { answerForm, respond } from './fhir/respond.ts';
import { fhirRouter } from './fhir/router.ts';
import { answerErrors, answerUnknownRoutes } from './http/errors.ts';
import { securityHeaders } from './http/headers.ts';
import { type HealthReport, healthRoutes } from './http/health.ts';
import { howWeContactYou } from './http/how-we-contact-you.ts';
import { observeRequests } from './http/request.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Fingerprint } from './objections/fingerprint.ts';
import type { Channel } from './policy/channel.ts';
import type { Controller, Policy } from './policy/policy.ts';
import type { Requests } from './send/requests.ts';
import type { FhirStore } from './store/fhir-store.ts';
import type { CommitUnit, OpenDraft } from './store/unit.ts';

export interface AppDeps {
  readonly store: FhirStore;
  readonly requests: Requests;
  readonly commitUnit: CommitUnit;
  readonly openDraft: OpenDraft;
  /** Where the record is on another server. */
  readonly recordServer?: AskRecordServer | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly controller: Controller;
  readonly policy: Policy;
  /** Where callers find the service, without `/fhir`. */
  readonly publicUrl: string;
  readonly auth: Authenticate;
  readonly unauthenticated: Unauthenticated;
  readonly validate: Validate;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
  /** By what removed contact details are known again (OBJ-8): the same in every process, and after a restart. */
  readonly fingerprint: Fingerprint;
  /** 32 bytes that encrypt page links: the same in every process at `publicUrl`, and after a restart. */
  readonly pageKey: Buffer;
  /** GOV.UK Notify's callbacks, which have a token of their own. */
  readonly callbacks: Router;
  readonly health: () => Promise<HealthReport>;
  /** What whoever uses this service must know: that the simulator is in use, for one. */
  readonly notices: readonly string[];
}

/** The whole service over HTTP. It does not listen: see `limitSlowClients` for whoever does. */
export function createApp(deps: AppDeps): Express {
  const { clock, log, metrics, notices } = deps;
  const base = `${deps.publicUrl.replace(/\/+$/, '')}/fhir`;
  const statement = capabilityStatement({ base, version: packageJson.version, since: clock.now(), notices });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.use(observeRequests(log, metrics), securityHeaders);
  app.use(healthRoutes({ metrics, health: deps.health, notices }));
  app.use(howWeContactYou(deps));
  app.use('/callbacks/govuk-notify', deps.callbacks);
  app.get('/fhir/metadata', async (req: Request, res: Response) => {
    const { recordServer } = deps;
    const metadata = recordServer === undefined ? statement : limitedTo(statement, await recordServer());
    const form = answerForm(req, new URL(req.originalUrl, 'http://localhost').searchParams);
    respond(res, { kind: 'content', status: 200, resource: metadata }, form, base);
  });
  app.use(
    '/fhir',
    fhirRouter({ ...deps, base, pages: createPageLinks(deps.pageKey) }, deps.auth, deps.unauthenticated),
  );
  app.use(answerUnknownRoutes);
  app.use(answerErrors(log));
  return app;
}
