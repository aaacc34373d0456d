import type { Resource } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { Clock } from '../clock.ts';
import type { Fault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Fingerprint } from '../objections/fingerprint.ts';
import type { Channel } from '../policy/channel.ts';
import type { Warning } from '../policy/decision.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import type { Requests } from '../send/requests.ts';
import type { FhirStore, SearchParams, Stored } from '../store/fhir-store.ts';
import type { CommitUnit, OpenDraft } from '../store/unit.ts';
import type { PageLinks } from './page-links.ts';
import type { AskRecordServer } from './record-server.ts';
import type { ResourceRoute } from './routes.ts';

/** What the interactions work with. */
export interface FhirDeps {
  readonly store: FhirStore;
  readonly requests: Requests;
  readonly commitUnit: CommitUnit;
  readonly openDraft: OpenDraft;
  /** Where the record is on another server. */
  readonly recordServer?: AskRecordServer | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly controller: Controller;
  readonly policy: Policy;
  /** Where callers find the interface, without a slash at the end: `https://trust.example/fhir`. */
  readonly base: string;
  readonly validate: Validate;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
  /** By what removed contact details are known again (OBJ-8). */
  readonly fingerprint: Fingerprint;
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
  /** In which form the answer is wanted: FHIR's JSON, or one of those that the operation answers beside it. */
  readonly mediaType: string;
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
      /** What the writer has to know of it. */
      readonly warnings?: readonly Warning[];
    }
  /** The caller has the current version already. */
  | { readonly kind: 'not-modified'; readonly resource: Stored }
  | { readonly kind: 'content'; readonly status: 200 | 422; readonly resource: Resource }
  /** Something else than a resource, in pieces as they come; the last may come much later than the first. */
  | {
      readonly kind: 'file';
      readonly mediaType: string;
      /** ASCII, without quotes. */
      readonly name: string;
      readonly content: AsyncIterable<Uint8Array | string>;
    };

export type Interaction = (deps: FhirDeps, call: Call) => Promise<Answer>;
