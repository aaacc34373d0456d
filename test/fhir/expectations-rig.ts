import type { BundleEntry, BundleLink, Meta, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { FhirStore } from '../../src/store/fhir-store.ts';
import { type Herald, startHerald } from '../support/herald.ts';
import { expectedSearches } from './expectations-search.ts';

/** The running service, with the examples of every type in its store. */
export interface Rig {
  readonly herald: Herald;
  readonly store: FhirStore;
  /** The interface's own base. */
  readonly base: string;
  ask(method: string, path: string, options: Asking): Promise<Answer>;
  close(): Promise<void>;
}

export interface Asking {
  readonly token: string;
  readonly body?: unknown;
  readonly form?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
}

/** A resource, Bundle or OperationOutcome, as JSON: elements that a test looks at. */
export interface AnswerBody {
  readonly resourceType?: string;
  readonly id?: string;
  readonly meta?: Meta;
  readonly url?: string;
  readonly type?: string;
  readonly total?: number;
  readonly link?: readonly BundleLink[];
  readonly entry?: readonly BundleEntry[];
  readonly issue?: readonly OperationOutcomeIssue[];
}

/** Ids of the two examples of each type. */
export const FOUND = 'found-by-search';
export const OTHER = 'not-found-by-search';

export async function startRig(env: NodeJS.ProcessEnv = {}): Promise<Rig> {
  const opened: FhirStore[] = [];
  const herald = await startHerald({
    env,
    decorate: (ports) => {
      opened.push(ports.store);
      return ports;
    },
  });
  const [store] = opened;
  if (store === undefined) throw new Error('The service opened no store');
  await store.commit(examples().map((resource) => ({ op: 'create', resource })));
  const base = `${herald.url}/fhir`;
  return {
    herald,
    store,
    base,
    async ask(method, path, { token, body, form, headers }) {
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': form === undefined ? 'application/fhir+json' : 'application/x-www-form-urlencoded',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(form === undefined ? {} : { body: form }),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
    },
    close: () => herald.close(),
  };
}

/** Both examples of each type, and a bare resource wherever one of them points. */
function examples(): (Resource & { id: string })[] {
  const all = new Map<string, Resource & { id: string }>();
  for (const { found, other } of Object.values(expectedSearches)) {
    all.set(`${found.resourceType}/${FOUND}`, { ...found, id: FOUND });
    all.set(`${found.resourceType}/${OTHER}`, { ...other, id: OTHER });
  }
  for (const { parameters } of Object.values(expectedSearches)) {
    for (const { kind, shape, value } of Object.values(parameters)) {
      const [resourceType = '', id = ''] = value.split('/');
      const served = resourceType in expectedSearches;
      if (kind === 'reference' && shape === 'literal' && served)
        all.set(value, { resourceType, id } as Resource & { id: string });
    }
  }
  return [...all.values()];
}
