import type { NextFunction, Request, Response } from 'express';
import { AppError, errorCatalogue } from '../errors.ts';
import { errorOutcome } from '../fhir/outcome.ts';
import { describeError, type Log } from '../log.ts';
import { StoreError } from '../store/fhir-store.ts';
import { FHIR_JSON } from './media-types.ts';
import { requestIdOf } from './request.ts';

/** The one handler of errors: whatever was thrown leaves as an OperationOutcome of the catalogue. */
export function answerErrors(log: Log) {
  return (thrown: unknown, _req: Request, res: Response, next: NextFunction): void => {
    const requestId = requestIdOf(res);
    const error = catalogued(thrown, requestId);
    const { status, level } = errorCatalogue[error.code];
    const cause = error.cause === undefined ? {} : describeError(error.cause);
    log[level]('http.error', { requestId, code: error.code, status, ...cause });
    if (res.headersSent) {
      next(thrown);
      return;
    }
    if (error.retryAfter !== undefined) res.set('Retry-After', String(error.retryAfter));
    if (status === 401) res.set('WWW-Authenticate', 'Bearer realm="herald"');
    res
      .status(status)
      .type(FHIR_JSON)
      .send(JSON.stringify(errorOutcome(error)));
  };
}

/** Whatever has no route. */
export function answerUnknownRoutes(_req: Request, _res: Response): never {
  throw new AppError('NOT_FOUND', 'There is nothing at this address.');
}

/** The place of any error in the catalogue. */
export function catalogued(thrown: unknown, requestId: string): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof StoreError) return fromStore(thrown);
  // Express's own: an address that cannot be decoded.
  if (thrown instanceof URIError) return new AppError('REQUEST_MALFORMED', 'The address is not well encoded.');
  return new AppError('INTERNAL', `${errorCatalogue.INTERNAL.meaning} Report the request id ${requestId}.`, {
    cause: thrown,
  });
}

function fromStore(error: StoreError): AppError {
  switch (error.code) {
    case 'conflict':
      return new AppError('WRITE_CONFLICT', error.message, { cause: error });
    case 'unsupported-search':
      return new AppError('SEARCH_UNSUPPORTED', error.message, { cause: error });
    case 'rejected':
      return new AppError('PROFILE_INVALID', error.message, { cause: error });
    case 'unavailable':
      return new AppError('STORE_UNAVAILABLE', errorCatalogue.STORE_UNAVAILABLE.meaning, { cause: error });
    default: {
      const never: never = error.code;
      throw new TypeError(`Unknown store error ${String(never)}`);
    }
  }
}
