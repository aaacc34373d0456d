import type { Reference } from '@medplum/fhirtypes';

/** Who is calling, from the token; made once at the edge. */
export interface Caller {
  /** The client the token was issued to (`demo-epr`). Never the token itself. */
  readonly client: string;
  readonly role: Role;
  /** The member of staff the token speaks for, where it names one. */
  readonly fhirUser?: Reference;
  /** `X-Request-Id`, the caller's or ours. */
  readonly requestId: string;
}

export const roles = ['epr', 'sar', 'ig', 'admin'] as const;
export type Role = (typeof roles)[number];
