/** An answer of Notify that is not a success: status, and the body word for word. */
export class NotifyError extends Error {
  override readonly name = 'NotifyError';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

export interface ErrorEntry {
  readonly error: string;
  readonly message: string;
}

/** The envelope of the second version of the API. */
export function v2Error(status: number, ...errors: ErrorEntry[]): NotifyError {
  return new NotifyError(status, { status_code: status, errors });
}

export function badRequest(message: string, status = 400): NotifyError {
  return v2Error(status, { error: 'BadRequestError', message });
}

export function authError(status: 401 | 403, message: string): NotifyError {
  return v2Error(status, { error: 'AuthError', message });
}

export function notFound(): NotifyError {
  return v2Error(404, { error: 'NoResultFound', message: 'No result found' });
}

/** A letter's PDF that is not there yet. */
export function pdfNotReady(): NotifyError {
  return v2Error(400, { error: 'PDFNotReadyError', message: 'PDF not available yet, try again later' });
}

/** Faults of routing do not come from the API's own code and have another shape. */
export function noRoute(): NotifyError {
  const message =
    'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.';
  return new NotifyError(404, { result: 'error', message });
}

export function wrongMethod(): NotifyError {
  return new NotifyError(405, { result: 'error', message: 'The method is not allowed for the requested URL.' });
}

export function rateLimited(keyType: 'normal' | 'team' | 'test', perMinute: number): NotifyError {
  const name = keyType === 'normal' ? 'LIVE' : keyType.toUpperCase();
  const message = `Exceeded rate limit for key type ${name} of ${perMinute} requests per 60 seconds`;
  return v2Error(429, { error: 'RateLimitError', message });
}

export function dayLimited(name: string, limit: number): NotifyError {
  return v2Error(429, { error: 'TooManyRequestsError', message: `Exceeded send limits (${name}: ${limit}) for today` });
}

export const clockMessage = 'Error: Your system clock must be accurate to within 30 seconds';
