import type { CommunicationRequest, Parameters, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { JobChange } from '../jobs/jobs.ts';
import type { Decision } from '../policy/decision.ts';
import type { FhirStore, SearchParams, Stored, Write } from '../store/fhir-store.ts';
import type { Unit } from '../store/unit.ts';
import type { HoldCode } from './gather-tasks.ts';

/** What the edge (HTTP, command line) may ask of the sending side. Errors: AppError. */
export interface Requests {
  /**
   * A new request: decided, recorded and queued before this answers (contract 3). `unless`: a search that it must not
   * match any request; where one does by now it is AppError WRITE_CONFLICT, and nothing is kept.
   */
  submit(resource: CommunicationRequest, caller: Caller, unless?: SearchParams): Promise<Submitted>;

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

  /**
   * What a Task's answer does to the request that waits for it: released and decided again, or revoked (contract 8).
   * `view` shows the Task as it will be; nothing is stored, as with `plan`. `undefined`: nothing waits for it, or the
   * request goes on waiting for something else.
   */
  answer(answered: HoldAnswer, view: FhirStore, caller: Caller): Promise<RequestUnit | undefined>;
}

/** What a Task says to the request that waits for it. */
export interface HoldAnswer {
  /** Id of the request. */
  readonly request: string;
  /** `Task/id`. */
  readonly task: string;
  /** Whom the Task is for, where it says so. */
  readonly patient: Reference | undefined;
  readonly code: HoldCode | 'override-objection';
  /** `none`: the Task ended without an answer. */
  readonly answer: 'agreed' | 'refused' | 'none';
  /** Who answered, as the Task says. */
  readonly by: Reference | undefined;
}

/** What is kept of a request that changes, and its jobs. */
export type RequestUnit = Unit & { readonly jobs: readonly JobChange[] };

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
  | { readonly kind: 'planned'; readonly unit: RequestUnit; readonly done: string }
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
