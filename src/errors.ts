/**
 * Every error that leaves Herald, in one table: code, HTTP status, FHIR issue type, log level, and what the caller can
 * do. `docs/errors.md` is made from it. Expected outcomes (a refusal, a provider's no) are values, not errors.
 */
export const errorCatalogue = {
  REQUEST_MALFORMED: {
    status: 400,
    issue: 'structure',
    level: 'info',
    meaning: 'The body or the address could not be read.',
    remedy: 'Send one FHIR R4 resource as JSON, as the sentence says.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    issue: 'not-supported',
    level: 'info',
    meaning: 'The body is not JSON.',
    remedy: 'Send Content-Type: application/fhir+json.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    issue: 'not-supported',
    level: 'info',
    meaning: 'The answer was asked for in a form that Herald does not have.',
    remedy: 'Ask for application/fhir+json.',
  },
  TOO_LARGE: {
    status: 413,
    issue: 'too-long',
    level: 'info',
    meaning: 'The body, or the number of entries in it, is over the limit.',
    remedy: 'Send it in smaller parts.',
  },
  RESOURCE_INVALID: {
    status: 400,
    issue: 'invalid',
    level: 'info',
    meaning: 'The resource is not valid FHIR R4; every fault is listed with its place.',
    remedy: 'Correct each element named.',
  },
  PROFILE_INVALID: {
    status: 422,
    issue: 'invariant',
    level: 'info',
    meaning: 'The resource is FHIR, but not what the profile asks, or a reference leads nowhere.',
    remedy: 'Correct each element named.',
  },
  SEARCH_UNSUPPORTED: {
    status: 400,
    issue: 'not-supported',
    level: 'info',
    meaning: 'A search parameter, modifier or prefix is not known.',
    remedy: 'See GET /fhir/metadata for what is.',
  },
  TOKEN_MISSING: {
    status: 401,
    issue: 'login',
    level: 'info',
    meaning: 'No bearer token was sent.',
    remedy: 'Send Authorization: Bearer with a token.',
  },
  TOKEN_REJECTED: {
    status: 401,
    issue: 'login',
    level: 'info',
    meaning: 'The bearer token is not known.',
    remedy: 'Ask for a new token.',
  },
  ROLE_INSUFFICIENT: {
    status: 403,
    issue: 'forbidden',
    level: 'warn',
    meaning: 'The token is good, but may not do this.',
    remedy: 'Use a token whose role may; the refusal is audited.',
  },
  NOT_FOUND: {
    status: 404,
    issue: 'not-found',
    level: 'info',
    meaning: 'There is nothing at this address.',
    remedy: 'Check the address; GET /fhir/metadata lists what is answered.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    issue: 'not-supported',
    level: 'info',
    meaning: 'This resource does not take that interaction; a sent message is never deleted or rewritten.',
    remedy: 'See GET /fhir/metadata.',
  },
  VERSION_CONFLICT: {
    status: 412,
    issue: 'conflict',
    level: 'info',
    meaning: 'If-Match names a version that is no longer current, or a condition matched several resources.',
    remedy: 'Read the resource again and repeat the change on it.',
  },
  WRITE_CONFLICT: {
    status: 409,
    issue: 'conflict',
    level: 'info',
    meaning: 'The resource changed while this was being written.',
    remedy: 'Read it again and repeat the change on it.',
  },
  IDENTIFIER_REUSED: {
    status: 409,
    issue: 'duplicate',
    level: 'info',
    meaning: 'The same identifier was used before for other content.',
    remedy: 'Use a new identifier for a new message.',
  },
  MESSAGE_IN_HAND: {
    status: 409,
    issue: 'conflict',
    level: 'info',
    meaning: 'The message is with the provider, or may be: it can no longer be revoked.',
    remedy: 'Read its Communication to see what became of it.',
  },
  NOT_MARKABLE: {
    status: 409,
    issue: 'conflict',
    level: 'info',
    meaning: 'The record is of a message that has not gone yet, or is marked as entered in error already.',
    remedy: 'Revoke the request of a message that is not to go; a mark needs no other.',
  },
  CHANGE_NOT_ALLOWED: {
    status: 422,
    issue: 'business-rule',
    level: 'info',
    meaning: 'Only the status of a request may change, and only forwards; nothing was changed.',
    remedy: 'Send the resource as it is stored, with the new status alone.',
  },
  POLICY_REFUSED: {
    status: 422,
    issue: 'business-rule',
    level: 'info',
    meaning: 'A rule refuses the message; every reason has its clause of the guidance.',
    remedy: 'As each reason says.',
  },
  FACTS_UNKNOWN: {
    status: 503,
    issue: 'incomplete',
    level: 'error',
    meaning: 'A fact that the decision rests on could not be read, so nothing was sent or kept.',
    remedy: 'Ask again after the seconds in Retry-After.',
  },
  STORE_UNAVAILABLE: {
    status: 503,
    issue: 'transient',
    level: 'error',
    meaning: 'The record could not be read or written.',
    remedy: 'Ask again after the seconds in Retry-After.',
  },
  CALLBACK_UNSIGNED: {
    status: 401,
    issue: 'login',
    level: 'warn',
    meaning: 'A callback came without the token that the provider was given.',
    remedy: 'Set the same token at the provider and in GOVUK_NOTIFY_CALLBACK_TOKEN.',
  },
  INTERNAL: {
    status: 500,
    issue: 'exception',
    level: 'error',
    meaning: 'Something went wrong on our side.',
    remedy: 'Report the request id; it is in the answer and in the log.',
  },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly status: number;
  readonly issue: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly meaning: string;
  readonly remedy: string;
}

export type ErrorCode = keyof typeof errorCatalogue;

/** One fault among several, with its place in the resource. */
export interface Fault {
  /** FHIRPath. */
  readonly expression?: string;
  /** FHIR issue-type, where it differs from the catalogue's. */
  readonly issue?: string;
  readonly text: string;
}

/**
 * An error with a place in the catalogue. Texts go to callers and logs: they name elements, ids and codes, never a
 * name, number, address or message. `cause` is kept for a debugger and never serialised.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  /** Seconds for Retry-After, where asking again helps. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, text: string | readonly Fault[], options?: { retryAfter?: number; cause?: unknown }) {
    const faults = typeof text === 'string' ? [{ text }] : text;
    super(
      faults[0]?.text ?? errorCatalogue[code].meaning,
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.faults = faults;
    this.retryAfter = options?.retryAfter ?? (errorCatalogue[code].status === 503 ? 5 : undefined);
  }
}
