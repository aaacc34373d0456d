import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { auditEvent, type RestInteraction } from '../audit.ts';
import type { Caller, Role } from '../auth/caller.ts';
import type { Authenticate } from '../auth/demo.ts';
import { AppError } from '../errors.ts';
import { readJson, readText } from '../http/body.ts';
import { assertFormBody, assertJsonBody } from '../http/media-types.ts';
import { callerOf, requestIdOf, setCaller } from '../http/request.ts';
import { describeError } from '../log.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import type { Call, FhirDeps, Interaction } from './call.ts';
import { createRequest, evaluateRequest, updateRequest } from './communication-request.ts';
import { historyOfInstance, historyOfType } from './history.ts';
import { isId, read, vread } from './read.ts';
import { answerForm, formParameters, respond } from './respond.ts';
import { type ResourceRoute, routes, type ServedType, type TypeOperation } from './routes.ts';
import { search } from './search.ts';
import { parseQuery } from './search-params.ts';
import { create, update } from './write.ts';

/** The interface as the route table has it, all of it behind `authenticate`. */
export function fhirRouter(deps: FhirDeps, authenticate: Authenticate): Router {
  const router = express.Router({ caseSensitive: true });
  const audited = auditRefusals(deps);
  router.use(async (req: Request, res: Response, next: NextFunction) => {
    await audited(req, res, undefined, async () => {
      setCaller(res, await authenticate(req.get('authorization'), requestIdOf(res)));
    });
    next();
  });
  for (const route of routes) mount(router, deps, route, audited);
  // Batches and transactions are not promised yet, so that the answer is that of anything unsupported.
  router.post('/', () => {
    throw new AppError('PROFILE_INVALID', [
      { issue: 'not-supported', text: 'Batches and transactions are not answered; send each resource on its own.' },
    ]);
  });
  return router;
}

type Audited = (req: Request, res: Response, entity: string | undefined, work: () => Promise<void>) => Promise<void>;

/** The addresses of one type. What a type does not answer is 405, with the methods that it does. */
function mount(router: Router, deps: FhirDeps, route: ResourceRoute, audited: Audited): void {
  const { type, interactions, operations } = route;
  const table = { ...generic, ...special[type] };
  const handle = (allowed: readonly Role[] | undefined, interaction: Interaction) =>
    allowed === undefined
      ? undefined
      : async (req: Request, res: Response): Promise<void> => {
          const entity = isId(String(req.params.id ?? '')) ? `${type}/${String(req.params.id)}` : undefined;
          await audited(req, res, entity, async () => {
            const caller = callerOf(res);
            if (!allowed.includes(caller.role)) {
              throw new AppError('ROLE_INSUFFICIENT', `The role ${caller.role} may not do this with ${type}.`);
            }
            const form = answerForm(req, new URLSearchParams(queryOf(req)));
            respond(res, await interaction(deps, callOf(deps, route, caller, req, res)), form, deps.base);
          });
        };
  const at = (path: string, methods: { GET?: Handler; POST?: Handler; PUT?: Handler }): void => {
    const { GET, POST, PUT } = methods;
    if (GET === undefined && POST === undefined && PUT === undefined) return;
    const address = router.route(path);
    if (GET !== undefined) address.get(GET);
    if (POST !== undefined) address.post(POST);
    if (PUT !== undefined) address.put(PUT);
    const allow = Object.entries({ GET, HEAD: GET, POST, PUT }).flatMap(([name, one]) => (one ? [name] : []));
    address.all((_req: Request, res: Response) => {
      res.set('Allow', allow.join(', '));
      throw new AppError('METHOD_NOT_ALLOWED', `This address of ${type} takes ${allow.join(', ')}.`);
    });
  };
  const of = (name: RestInteraction): Handler => handle(interactions[name], table[name]);

  const later = notYet[type];
  at(`/${type}`, {
    GET: of('search-type'),
    POST: later === undefined ? of('create') : handle(later.roles, later.answer),
  });
  at(`/${type}/_search`, { POST: of('search-type') });
  at(`/${type}/_history`, { GET: of('history-type') });
  for (const [name, roles] of Object.entries(operations)) {
    at(`/${type}/$${name}`, { POST: handle(roles, operation[name as TypeOperation]) });
  }
  at(`/${type}/:id`, { GET: of('read'), PUT: of('update') });
  at(`/${type}/:id/_history`, { GET: of('history-instance') });
  at(`/${type}/:id/_history/:versionId`, { GET: of('vread') });
}

type Handler = ((req: Request, res: Response) => Promise<void>) | undefined;

const generic = {
  read,
  vread,
  'history-instance': historyOfInstance,
  'history-type': historyOfType,
  'search-type': search,
  create,
  update,
} as const satisfies Record<RestInteraction, Interaction>;

/** Types that are more than stored. */
const special: Readonly<Partial<Record<ServedType, Partial<Record<RestInteraction, Interaction>>>>> = {
  CommunicationRequest: { create: createRequest, update: updateRequest },
};

const operation = { evaluate: evaluateRequest } as const satisfies Record<TypeOperation, Interaction>;

/** What the contract will have, and this release refuses in words of its own. */
const notYet: Readonly<Partial<Record<ServedType, { roles: readonly Role[]; answer: Interaction }>>> = {
  Communication: {
    roles: ['epr'],
    answer: async () => {
      throw new AppError('PROFILE_INVALID', [
        {
          issue: 'not-supported',
          text: 'Herald writes each Communication itself; one from outside cannot be recorded yet, and nothing was.',
        },
      ]);
    },
  },
};

function callOf(deps: FhirDeps, route: ResourceRoute, caller: Caller, req: Request, res: Response): Call {
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
    form: async () => {
      // A search by POST may have all its parameters in the address, and no body.
      if (req.get('content-type') === undefined && (req.get('content-length') ?? '0') === '0') return [];
      assertFormBody(req.get('content-type'));
      return withoutForm(parseQuery(await readText(req, res)));
    },
    network: { client: req.socket.remoteAddress ?? '', server: deps.base },
  };
}

function withoutForm(params: SearchParams): SearchParams {
  return params.filter(([name]) => !(formParameters as readonly string[]).includes(name));
}

/** The query as it came, undecoded. */
function queryOf(req: Request): string {
  const at = req.originalUrl.indexOf('?');
  return at === -1 ? '' : req.originalUrl.slice(at + 1);
}

/**
 * ACC-2: whoever is turned away is recorded, wherever the refusal came from. A refusal stays one when it cannot be
 * recorded; then the log has it.
 */
function auditRefusals(deps: FhirDeps): Audited {
  return async (req, res, entity, work) => {
    try {
      await work();
    } catch (error) {
      const code = error instanceof AppError ? error.code : undefined;
      if (code !== 'ROLE_INSUFFICIENT' && code !== 'TOKEN_MISSING' && code !== 'TOKEN_REJECTED') throw error;
      const requestId = requestIdOf(res);
      const forbidden = code === 'ROLE_INSUFFICIENT';
      const event = auditEvent({
        action: 'E',
        subtype: forbidden ? 'forbidden' : 'login',
        outcome: '4',
        recorded: deps.clock.now(),
        caller: forbidden ? callerOf(res) : { client: 'unknown', requestId },
        controller: deps.controller,
        network: { client: req.socket.remoteAddress ?? '', server: deps.base },
        ...(entity === undefined ? {} : { entities: [entity] }),
      });
      await deps.store.commit([{ op: 'create', resource: event }]).catch((failure: unknown) => {
        deps.log.error('audit.failed', { requestId, code, ...describeError(failure) });
      });
      throw error;
    }
  };
}
