import type { Capabilities } from '../store/remote/capabilities.ts';
import { objectIn, objectsIn } from '../store/remote/json.ts';
import type { Answered, Probe } from './probe.ts';

/** The server under examination, with what was found out about how it answers. */
export interface Examined {
  readonly probe: Probe;
  readonly capabilities: Capabilities;
  /** Asked once for each type, whatever the number of trials that need it. */
  readonly once: <T>(key: string, ask: () => Promise<T>) => Promise<T>;
}

export function examined(probe: Probe, capabilities: Capabilities): Examined {
  const answers = new Map<string, Promise<unknown>>();
  return {
    probe,
    capabilities,
    once<T>(key: string, ask: () => Promise<T>): Promise<T> {
      const known = answers.get(key) as Promise<T> | undefined;
      if (known !== undefined) return known;
      const answer = ask();
      answers.set(key, answer);
      return answer;
    },
  };
}

export type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * An id that no resource has: with it in a search nothing of anybody comes back, whatever else the server ignores. A
 * UUID, since some servers have no other ids.
 */
export const ABSENT = 'b7d1c4de-5e11-4c0d-9a1f-0d0c70ab5e27';

/** A search as the store's own client asks: past caches, and with what is not known refused where that can be asked. */
export const searchHeaders = { 'Cache-Control': 'no-cache', Prefer: 'handling=strict' } as const;

export function searchByGet(server: Examined, type: string, pairs: Pairs): Promise<Answered> {
  return server.probe.ask({ path: `${type}?${encoded(pairs)}`, headers: searchHeaders });
}

export function searchByPost(server: Examined, type: string, pairs: Pairs): Promise<Answered> {
  return server.probe.ask({ method: 'POST', path: `${type}/_search`, headers: searchHeaders, body: encoded(pairs) });
}

const encoded = (pairs: Pairs): URLSearchParams =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]));

/** Is it a page of a search? */
export const isSearchset = ({ status, body }: Answered): boolean =>
  status === 200 && body.resourceType === 'Bundle' && body.type === 'searchset';

/** The matches and what was included. */
export const resourcesOf = ({ body }: Answered) =>
  objectsIn(body.entry)
    .map((entry) => objectIn(entry.resource))
    .filter((resource) => resource.resourceType !== undefined && resource.resourceType !== 'OperationOutcome');

/** Does the answer itself say that something in the search was passed over? */
export const warns = ({ body }: Answered): boolean =>
  objectsIn(body.entry)
    .map((entry) => objectIn(entry.resource))
    .filter((resource) => resource.resourceType === 'OperationOutcome')
    .some((outcome) => objectsIn(outcome.issue).some((one) => one.severity !== 'information'));

/** The address of a link of a Bundle. */
export function linkOf({ body }: Answered, relation: string): string | undefined {
  const url = objectsIn(body.link).find((one) => one.relation === relation)?.url;
  return typeof url === 'string' ? url : undefined;
}

/** The names of the parameters in the `self` link; `undefined` where the link does not tell any. */
export function namesInSelf(answered: Answered): readonly string[] | undefined {
  const self = linkOf(answered, 'self');
  if (self === undefined || !URL.canParse(self)) return undefined;
  const names = [...new URL(self).searchParams.keys()];
  return names.length === 0 ? undefined : names;
}

/** How a refusal is shown: the status, and for 401 and 403 whose fault it is. */
export function statusText(status: number): string {
  if (status === 401) return 'answers 401: the token is not accepted';
  if (status === 403) return 'answers 403: the token may not do this';
  return `answers ${status}`;
}
