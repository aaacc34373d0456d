import { STATUS_CODES } from 'node:http';
import type { BundleEntry, OperationOutcome } from '@medplum/fhirtypes';
import type { RestInteraction } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import { AppError, errorCatalogue } from '../errors.ts';
import { FHIR_JSON } from '../http/media-types.ts';
import type { Stored } from '../store/fhir-store.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { type Handled, interactionOf, operationOf } from './interactions.ts';
import { doneOutcome, errorOutcome } from './outcome.ts';
import { isId } from './read.ts';
import { type AnswerForm, versionUrl, withoutForm } from './respond.ts';
import { type ResourceRoute, routeOf } from './routes.ts';
import { parseQuery } from './search-params.ts';

/** Who sent a Bundle, and how much of what was written is to come back. */
export interface Sender {
  readonly caller: Caller;
  readonly network: Call['network'];
  readonly returns: AnswerForm['returns'];
}

/** An entry as it came: nothing in it is checked. */
export type RawEntry = Readonly<Record<string, unknown>>;

/** What an entry asks for: the same as a request to an address of its own. */
export interface Entry {
  /** `Bundle.entry[3]`. */
  readonly at: string;
  readonly name: RestInteraction | 'operation';
  readonly call: Call;
  readonly fullUrl: string | undefined;
  readonly resource: unknown;
  /** `undefined` where the type does not have the interaction: 405 by itself. */
  readonly handled: Handled | undefined;
}

/** Reads an entry's request. Errors: AppError RESOURCE_INVALID, NOT_FOUND, METHOD_NOT_ALLOWED, REQUEST_MALFORMED. */
export function entryOf(deps: FhirDeps, from: Sender, raw: RawEntry, index: number): Entry {
  const at = `Bundle.entry[${index}]`;
  const request = typeof raw.request === 'object' && raw.request !== null ? (raw.request as RawEntry) : {};
  const method = text(request.method);
  const url = text(request.url);
  if (method === undefined || url === undefined) {
    throw new AppError('RESOURCE_INVALID', [{ expression: `${at}.request`, text: 'An entry needs method and url.' }]);
  }
  const [path = '', ...query] = (url.startsWith(`${deps.base}/`) ? url.slice(deps.base.length) : url).split('?');
  const { route, name, operation, id, versionId } = placeOf(`${at}.request`, method, path.replace(/^\//, ''));
  const headers: Readonly<Record<string, string | undefined>> = {
    'if-match': text(request.ifMatch),
    'if-none-match': text(request.ifNoneMatch),
    // Some write the whole address of the search.
    'if-none-exist': text(request.ifNoneExist)?.replace(/^[A-Za-z]*\?/, ''),
  };
  return {
    at,
    name,
    fullUrl: text(raw.fullUrl),
    resource: raw.resource,
    handled: name === 'operation' ? operationOf(route, operation) : interactionOf(route, name),
    call: {
      route,
      caller: from.caller,
      method,
      id,
      versionId,
      params: withoutForm(parseQuery(query.join('?'))),
      header: (header) => headers[header.toLowerCase()],
      json: async () => {
        if (raw.resource !== undefined) return raw.resource;
        throw new AppError('RESOURCE_INVALID', [{ expression: `${at}.resource`, text: 'The entry has no resource.' }]);
      },
      form: async () => [],
      mediaType: FHIR_JSON,
      network: from.network,
    },
  };
}

/** `Type/id` that an entry speaks of, where it names one. */
export function entityOf({ call }: Entry): string | undefined {
  return isId(call.id) ? `${call.route.type}/${call.id}` : undefined;
}

/** Errors: AppError METHOD_NOT_ALLOWED for what the type does not have; ROLE_INSUFFICIENT. */
export function handledBy(entry: Entry): Handled {
  const { handled, call } = entry;
  if (handled !== undefined) return handled;
  throw new AppError('METHOD_NOT_ALLOWED', [
    { expression: `${entry.at}.request.method`, text: `${call.method} is not answered at this address.` },
  ]);
}

/** What a Bundle says of an answer. */
export function answeredEntry(deps: FhirDeps, answer: Answer, returns: Sender['returns']): BundleEntry {
  switch (answer.kind) {
    case 'content':
      return answer.status === 200
        ? { resource: answer.resource, response: { status: statusLine(200) } }
        : { response: { status: statusLine(answer.status), outcome: answer.resource as OperationOutcome } };
    case 'not-modified':
      return { response: { status: statusLine(304), ...versionOf(answer.resource) } };
    case 'version': {
      const { resource, done, status, warnings = [] } = answer;
      const told = done !== undefined && (returns === 'OperationOutcome' || warnings.length > 0);
      return {
        fullUrl: `${deps.base}/${resource.resourceType}/${resource.id}`,
        ...(done === undefined || returns === 'representation' ? { resource } : {}),
        response: {
          status: statusLine(status),
          ...(done === undefined ? {} : { location: versionUrl(deps.base, resource) }),
          ...versionOf(resource),
          ...(told ? { outcome: doneOutcome(done, warnings) } : {}),
        },
      };
    }
    case 'file':
      // Refused before it ran: see `Handled.alone`.
      throw new TypeError('A file has no place in a Bundle');
    default: {
      const never: never = answer;
      throw new TypeError(`Unknown answer ${String(never)}`);
    }
  }
}

/** What a Bundle says of an entry that failed. */
export function failedEntry(error: AppError): BundleEntry {
  return { response: { status: statusLine(errorCatalogue[error.code].status), outcome: errorOutcome(error) } };
}

const statusLine = (status: number): string => `${status} ${STATUS_CODES[status] ?? ''}`.trim();

const versionOf = ({ meta }: Stored) => ({ etag: `W/"${meta.versionId}"`, lastModified: meta.lastUpdated });

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

interface Place {
  readonly route: ResourceRoute;
  readonly name: Entry['name'];
  readonly operation: string;
  readonly id: string;
  readonly versionId: string;
}

/** The interaction that a method and a path mean (FHIR R4 3.1.0, as the router has them). */
function placeOf(expression: string, method: string, path: string): Place {
  const [type = '', second = '', third = '', fourth = '', ...more] = path.split('/');
  const route = routeOf(type);
  const place = (name: Place['name'], rest: Partial<Place> = {}): Place => {
    if (route === undefined) throw nowhere();
    return { route, name, operation: '', id: '', versionId: '', ...rest };
  };
  const wrongMethod = (): AppError =>
    new AppError('METHOD_NOT_ALLOWED', [
      { expression: `${expression}.method`, text: 'This address does not take that method.' },
    ]);
  const nowhere = (): AppError =>
    new AppError('NOT_FOUND', [{ expression: `${expression}.url`, text: 'There is nothing at this address.' }]);
  const asked = [second, third].find((part) => part.startsWith('$'))?.slice(1);
  if (route !== undefined && asked !== undefined) {
    const on = second === `$${asked}` ? 'type' : 'instance';
    const known = Object.entries(route.operations).find(([name]) => name === asked)?.[1];
    const isThere = path.endsWith(`$${asked}`) && (on === 'type' || isId(second));
    if (known === undefined || !known.on.includes(on) || !isThere) throw nowhere();
    if (!known.methods.some((one) => one === method)) throw wrongMethod();
    return place('operation', { operation: asked, id: on === 'instance' ? second : '' });
  }
  if (route === undefined || more.length > 0 || (third !== '' && third !== '_history')) throw nowhere();

  const onType = path === type;
  const onInstance = isId(second) && !second.startsWith('_') && third === '';
  switch (method) {
    case 'GET':
      if (onType) return place('search-type');
      if (path === `${type}/_history`) return place('history-type');
      if (onInstance) return place('read', { id: second });
      if (third === '') throw nowhere();
      return fourth === ''
        ? place('history-instance', { id: second })
        : place('vread', { id: second, versionId: fourth });
    case 'POST':
      if (onType) return place('create');
      if (path === `${type}/_search`) return place('search-type');
      break;
    case 'PUT':
      if (onInstance) return place('update', { id: second });
      break;
    default:
      break;
  }
  throw wrongMethod();
}
