import { StoreError } from '../../../src/store/fhir-store.ts';
import { refusal } from './call.ts';

/** Is it the store that does not know a parameter, modifier or value? */
export function isUnsupported(cause: unknown): cause is StoreError {
  return cause instanceof StoreError && cause.code === 'unsupported-search';
}

/** What the store answers. Errors: Refusal 400 for what it does not know. */
export async function orRefusal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw isUnsupported(cause) ? refusal(400, 'not-supported', cause.message) : cause;
  }
}
