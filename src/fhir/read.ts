import { auditEvent, queryShape, type RestInteraction } from '../audit.ts';
import { AppError } from '../errors.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { eachConcerned } from './concerned.ts';
import { versionOf } from './respond.ts';

/** GET `Type/id`. */
export async function read(deps: FhirDeps, call: Call): Promise<Answer> {
  const found = isId(call.id) ? await deps.store.read(call.route.type, call.id) : undefined;
  return disclose(deps, call, 'read', found);
}

/** GET `Type/id/_history/version`. */
export async function vread(deps: FhirDeps, call: Call): Promise<Answer> {
  const { id, versionId } = call;
  const found = isId(id) && isId(versionId) ? await deps.store.vread(call.route.type, id, versionId) : undefined;
  return disclose(deps, call, 'vread', found);
}

/**
 * Audits what is about to be shown, for everybody concerned (see `eachConcerned`). If it cannot be written, nothing is
 * shown (ACC-2). Errors: StoreError.
 */
export async function auditReading(
  deps: FhirDeps,
  call: Call,
  subtype: RestInteraction,
  what: {
    readonly resources: readonly Stored[];
    readonly entities?: readonly string[];
    readonly query?: readonly string[];
  },
): Promise<void> {
  const query = what.query === undefined ? {} : { query: queryShape(call.method, call.route.type, what.query) };
  const events = eachConcerned(what.resources).map(
    (concerned): Write => ({
      op: 'create',
      resource: auditEvent({
        action: subtype === 'search-type' ? 'E' : 'R',
        subtype,
        outcome: '0',
        recorded: deps.clock.now(),
        caller: call.caller,
        controller: deps.controller,
        network: call.network,
        entities: what.entities ?? [],
        ...concerned,
        ...query,
      }),
    }),
  );
  await deps.store.commit(events);
}

/** What FHIR allows as an id; anything else names nothing. */
export const isId = (text: string): boolean => /^[A-Za-z0-9.-]{1,64}$/.test(text);

async function disclose(
  deps: FhirDeps,
  call: Call,
  subtype: 'read' | 'vread',
  found: Stored | undefined,
): Promise<Answer> {
  if (found === undefined) throw notFound(call);
  await auditReading(deps, call, subtype, { resources: [found], entities: [`${found.resourceType}/${found.id}`] });
  const known = call.header('if-none-match')?.split(',').map(versionOf);
  if (known?.includes(found.meta.versionId) || known?.includes('*')) return { kind: 'not-modified', resource: found };
  return { kind: 'version', status: 200, resource: found };
}

/** The id is not repeated: by mistake it may be a number or a name of somebody. */
export function notFound(call: Call): AppError {
  const version = call.versionId === '' ? '' : ' and version';
  return new AppError('NOT_FOUND', `There is no ${call.route.type} of that id${version}.`);
}
