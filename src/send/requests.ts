import type { CommunicationRequest, Parameters } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { JobChange } from '../jobs/jobs.ts';
import type { Decision } from '../policy/decision.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import type { Unit } from '../store/unit.ts';

/** What the edge (HTTP, command line) may ask of the sending side. Errors: AppError. */
export interface Requests {
  /** A new request: decided, recorded and queued before this answers (contract 3). */
  submit(resource: CommunicationRequest, caller: Caller): Promise<Submitted>;

  /** A change of status: release a draft or a hold, revoke (contract 2). `resource.id` names it. */
  change(
    resource: CommunicationRequest & { id: string },
    ifMatch: string | undefined,
    caller: Caller,
  ): Promise<Changed>;

  /** What would happen, storing nothing but its AuditEvent. */
  evaluate(resource: CommunicationRequest, caller: Caller): Promise<Parameters>;

  /**
   * The same as `submit` or `change` for a request that is one of several writes: decided on what `view` shows, and
   * nothing is stored. Whoever asks makes the unit durable together with the other writes, and asks again from the
   * beginning when that is a conflict.
   */
  plan(part: RequestPart, view: FhirStore, caller: Caller): Promise<PlannedRequest>;
}

/** One request of a caller's transaction. */
export type RequestPart =
  | {
      readonly kind: 'submit';
      readonly resource: CommunicationRequest;
      /** `idOfKey` of its key where it has one. */
      readonly id: string;
      /** `submissionDigest` of what the caller sent. */
      readonly digest: string;
    }
  | {
      readonly kind: 'change';
      readonly resource: CommunicationRequest & { id: string };
      readonly ifMatch: string | undefined;
    };

export type PlannedRequest =
  /** The request is the first of the writes. */
  | { readonly kind: 'planned'; readonly unit: Unit & { readonly jobs: readonly JobChange[] }; readonly done: string }
  /** Asked for before with the same key, or nothing to change. */
  | { readonly kind: 'existing'; readonly resource: Stored<CommunicationRequest> }
  | {
      readonly kind: 'refused';
      readonly decision: Refusal;
      /**
       * What the refusal leaves behind, to be committed on its own once everything else is rolled back. `isGone` says
       * of `Type/id` whether it went with the rest: then nothing is filed under it and nothing points at it.
       */
      readonly withheld: (isGone: (reference: string) => boolean) => Write[];
    };

export type Refusal = Extract<Decision, { kind: 'refuse' }>;

export type Submitted =
  | { readonly kind: 'created'; readonly resource: Stored<CommunicationRequest>; readonly decision: Decision }
  /** The same key with the same content came before: the request as it is now. */
  | { readonly kind: 'existing'; readonly resource: Stored<CommunicationRequest> }
  | { readonly kind: 'refused'; readonly decision: Refusal };

export type Changed =
  | { readonly kind: 'changed'; readonly resource: Stored<CommunicationRequest> }
  | { readonly kind: 'refused'; readonly decision: Refusal };
