import type { Resource } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { Clock } from '../clock.ts';
import type { Fault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import type { Requests } from '../send/requests.ts';
import type { FhirStore, SearchParams, Stored } from '../store/fhir-store.ts';
import type { CommitUnit, OpenDraft } from '../store/unit.ts';
import type { PageLinks } from './page-links.ts';
import type { ResourceRoute } from './routes.ts';

/** What the interactions work with. */
export interface FhirDeps {
  readonly store: FhirStore;
  readonly requests: Requests;
  readonly commitUnit: CommitUnit;
  readonly openDraft: OpenDraft;
  readonly clock: Clock;
  readonly log: Log;
  readonly controller: Controller;
  readonly policy: Policy;
  /** Where callers find the interface, without a slash at the end: `https://trust.example/fhir`. */
  readonly base: string;
  readonly validate: Validate;
  readonly pages: PageLinks;
}

/**
 * Finds what is wrong with a resource before it is written. `structure`: not FHIR R4 (400); `profile`: R4, but not
 * what our profiles ask (422, looked at only when there is no fault of structure).
 */
export type Validate = (resource: unknown) => {
  readonly structure: readonly Fault[];
  readonly profile: readonly Fault[];
};

/** One request of a caller who was let in, free of HTTP's own objects. */
export interface Call {
  readonly route: ResourceRoute;
  readonly caller: Caller;
  readonly method: string;
  /** From the address; '' where it has none. */
  readonly id: string;
  readonly versionId: string;
  /** The query, without what concerns the form of the answer (`_format`, `_pretty`). */
  readonly params: SearchParams;
  header(name: string): string | undefined;
  /** Read once. Errors: AppError, as `readJson` and `readForm` say. */
  json(): Promise<unknown>;
  form(): Promise<SearchParams>;
  readonly network: { readonly client: string; readonly server: string };
}

/** What an interaction answers; the router makes HTTP of it. */
export type Answer =
  /** One version of a resource. With `done`, it was written now, and `Prefer` says how much comes back. */
  | {
      readonly kind: 'version';
      readonly status: 200 | 201;
      readonly resource: Stored;
      readonly done?: string;
    }
  /** The caller has the current version already. */
  | { readonly kind: 'not-modified'; readonly resource: Stored }
  | { readonly kind: 'content'; readonly status: 200 | 422; readonly resource: Resource };

export type Interaction = (deps: FhirDeps, call: Call) => Promise<Answer>;

/** The patient whose record a resource belongs to: `Patient/id`; `undefined` when it is nobody's. */
export function patientOf(resource: Resource): string | undefined {
  switch (resource.resourceType) {
    case 'Patient':
      return resource.id === undefined ? undefined : `Patient/${resource.id}`;
    case 'Appointment':
      return resource.participant?.map((one) => patientIn(one.actor)).find((one) => one !== undefined);
    default: {
      const elements = ['subject', 'patient', 'for'] as const;
      return elements.map((name) => patientIn(Reflect.get(resource, name))).find((one) => one !== undefined);
    }
  }
}

function patientIn(value: unknown): string | undefined {
  const reference: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'reference') : undefined;
  return typeof reference === 'string' ? /^Patient\/[A-Za-z0-9.-]{1,64}/.exec(reference)?.[0] : undefined;
}
