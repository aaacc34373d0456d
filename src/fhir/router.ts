import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { RestInteraction } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import type { Authenticate } from '../auth/demo.ts';
import type { Unauthenticated } from '../auth/unauthenticated.ts';
import { AppError } from '../errors.ts';
import { BUNDLE_LIMIT, readJson, readText } from '../http/body.ts';
import { answerUnknownRoutes } from '../http/errors.ts';
import { assertFormBody, assertJsonBody } from '../http/media-types.ts';
import { callerOf, requestIdOf, setCaller } from '../http/request.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import { answerBundle } from './bundle.ts';
import type { Call, FhirDeps } from './call.ts';
import { assertRole, type Handled, interactionOf, operationOf } from './interactions.ts';
import { isId } from './read.ts';
import { auditRefusal } from './refusals.ts';
import { answerForm, respond, withoutForm } from './respond.ts';
import { type ResourceRoute, routes } from './routes.ts';
import { parseQuery } from './search-params.ts';

/** The interface as the route table has it, all of it behind `authenticate`; whom it does not know is recorded. */
export function fhirRouter(deps: FhirDeps, authenticate: Authenticate, unauthenticated: Unauthenticated): Router {
  const router = express.Router({ caseSensitive: true });
  router.use(async (req: Request, res: Response, next: NextFunction) => {
    const requestId = requestIdOf(res);
    try {
      setCaller(res, await authenticate(req.get('authorization'), requestId));
    } catch (error) {
      if (error instanceof AppError && (error.code === 'TOKEN_MISSING' || error.code === 'TOKEN_REJECTED')) {
        await unauthenticated.record({ requestId, network: networkOf(deps, req) });
      }
      throw error;
    }
    next();
  });
  for (const route of routes) mount(router, deps, route);
  router.post('/', async (req: Request, res: Response) => {
    const form = answerForm(req, new URLSearchParams(queryOf(req)));
    assertJsonBody(req.get('content-type'));
    const body = await readJson(req, res, BUNDLE_LIMIT);
    const from = { caller: callerOf(res), network: networkOf(deps, req), returns: form.returns };
    await respond(res, await answerBundle(deps, from, body), form, deps.base);
  });
  return router;
}

/** The addresses of one type. What a type does not answer is 405, with the methods that it does. */
function mount(router: Router, deps: FhirDeps, route: ResourceRoute): void {
  const { type, operations } = route;
  const handle = (handled: Handled | undefined, answers: readonly string[] = []): Handler =>
    handled === undefined
      ? undefined
      : async (req: Request, res: Response): Promise<void> => {
          const entity = isId(String(req.params.id ?? '')) ? `${type}/${String(req.params.id)}` : undefined;
          const caller = callerOf(res);
          try {
            assertRole(handled, caller.role, type);
            const form = answerForm(req, new URLSearchParams(queryOf(req)), answers);
            const call = callOf(deps, route, caller, req, res, form.mediaType);
            await respond(res, await handled.run(deps, call), form, deps.base);
          } catch (error) {
            const network = networkOf(deps, req);
            await auditRefusal(deps, error, { caller, network, ...(entity === undefined ? {} : { entity }) });
            throw error;
          }
        };
  const at = (path: string, methods: { GET?: Handler; POST?: Handler; PUT?: Handler }): void => {
    const { GET, POST, PUT } = methods;
    if (GET === undefined && POST === undefined && PUT === undefined) return;
    const address = router.route(path);
    if (GET !== undefined) address.get(GET);
    if (POST !== undefined) address.post(POST);
    if (PUT !== undefined) address.put(PUT);
    const allow = Object.entries({ GET, HEAD: GET, POST, PUT }).flatMap(([name, one]) => (one ? [name] : []));
    address.all((req: Request, res: Response) => {
      // An operation that the type does not have, where an id would be.
      if (String(req.params.id ?? '').startsWith('$')) answerUnknownRoutes(req, res);
      res.set('Allow', allow.join(', '));
      throw new AppError('METHOD_NOT_ALLOWED', `This address of ${type} takes ${allow.join(', ')}.`);
    });
  };
  const of = (name: RestInteraction): Handler => handle(interactionOf(route, name));

  at(`/${type}`, { GET: of('search-type'), POST: of('create') });
  at(`/${type}/_search`, { POST: of('search-type') });
  at(`/${type}/_history`, { GET: of('history-type') });
  for (const [name, { on, methods, answers }] of Object.entries(operations)) {
    const handler = handle(operationOf(route, name), answers);
    const handlers = Object.fromEntries(methods.map((method) => [method, handler]));
    if (on.includes('type')) at(`/${type}/$${name}`, handlers);
    if (on.includes('instance')) at(`/${type}/:id/$${name}`, handlers);
  }
  at(`/${type}/:id`, { GET: of('read'), PUT: of('update') });
  at(`/${type}/:id/_history`, { GET: of('history-instance') });
  at(`/${type}/:id/_history/:versionId`, { GET: of('vread') });
}

type Handler = ((req: Request, res: Response) => Promise<void>) | undefined;

function callOf(
  deps: FhirDeps,
  route: ResourceRoute,
  caller: Caller,
  req: Request,
  res: Response,
  mediaType: string,
): Call {
  return {
    route,
    caller,
    method: req.method,
    id: String(req.params.id ?? ''),
    versionId: String(req.params.versionId ?? ''),
    params: withoutForm(parseQuery(queryOf(req))),
    header: (name) => req.get(name),
    json: async () => {
      assertJsonBody(req.get('content-type'));
      return readJson(req, res);
    },
    form: async (): Promise<SearchParams> => {
      // A search by POST may have all its parameters in the address, and no body.
      if (req.get('content-type') === undefined && (req.get('content-length') ?? '0') === '0') return [];
      assertFormBody(req.get('content-type'));
      return withoutForm(parseQuery(await readText(req, res)));
    },
    mediaType,
    network: networkOf(deps, req),
  };
}

/** The query as it came, undecoded. */
function queryOf(req: Request): string {
  const at = req.originalUrl.indexOf('?');
  return at === -1 ? '' : req.originalUrl.slice(at + 1);
}

const networkOf = (deps: FhirDeps, req: Request): Call['network'] => ({
  client: req.socket.remoteAddress ?? '',
  server: deps.base,
});
