import type { CommunicationRequest, Parameters } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { Decision } from '../policy/decision.ts';
import type { Stored } from '../store/fhir-store.ts';

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
}

export type Refusal = Extract<Decision, { kind: 'refuse' }>;

export type Submitted =
  | { readonly kind: 'created'; readonly resource: Stored<CommunicationRequest>; readonly decision: Decision }
  /** The same key with the same content came before: the request as it is now. */
  | { readonly kind: 'existing'; readonly resource: Stored<CommunicationRequest> }
  | { readonly kind: 'refused'; readonly decision: Refusal };

export type Changed =
  | { readonly kind: 'changed'; readonly resource: Stored<CommunicationRequest> }
  | { readonly kind: 'refused'; readonly decision: Refusal };
