import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import { batch } from './bundle-batch.ts';
import type { RawEntry, Sender } from './bundle-entry.ts';
import { transaction } from './bundle-transaction.ts';
import type { Answer, FhirDeps } from './call.ts';

/** Entries of one Bundle; contract 2 asks for 500 at least. */
const MOST_ENTRIES = 1_000;

/**
 * POST of a Bundle to the interface itself (FHIR R4 3.1.0.11): a `batch` is answered entry by entry, a `transaction`
 * is made wholly or not at all. Errors: AppError as the catalogue has them, StoreError.
 */
export async function answerBundle(deps: FhirDeps, from: Sender, body: unknown): Promise<Answer> {
  const { type, entries } = shapeOf(body);
  if (entries.length > MOST_ENTRIES) {
    throw new AppError('TOO_LARGE', `A Bundle has at most ${MOST_ENTRIES} entries.`);
  }
  if (type === 'batch') return bundleAnswer('batch-response', await batch(deps, from, entries));
  if (deps.recordServer !== undefined && !(await deps.recordServer()).transaction) {
    throw new AppError(
      'METHOD_NOT_ALLOWED',
      'The FHIR server behind this interface has no transactions, so that nothing could be rolled back. Send the entries one after the other, or as a batch.',
    );
  }
  const made = await transaction(deps, from, body, entries);
  return made.kind === 'done' ? bundleAnswer('transaction-response', made.entries) : made.answer;
}

function bundleAnswer(type: 'batch-response' | 'transaction-response', entry: BundleEntry[]): Answer {
  // An empty array is no FHIR.
  const resource: Bundle = { resourceType: 'Bundle', type, ...(entry.length === 0 ? {} : { entry }) };
  return { kind: 'content', status: 200, resource };
}

function shapeOf(body: unknown): { type: 'batch' | 'transaction'; entries: RawEntry[] } {
  const bundle = isRecord(body) ? body : {};
  if (bundle.resourceType !== 'Bundle') {
    throw new AppError('RESOURCE_INVALID', [{ expression: 'resourceType', text: 'This address takes a Bundle.' }]);
  }
  const { type, entry = [] } = bundle;
  if (type !== 'batch' && type !== 'transaction') {
    throw new AppError('RESOURCE_INVALID', [
      { expression: 'Bundle.type', text: 'This address takes a Bundle of type batch or transaction.' },
    ]);
  }
  if (!Array.isArray(entry) || !entry.every(isRecord)) {
    throw new AppError('RESOURCE_INVALID', [{ expression: 'Bundle.entry', text: 'Each entry is an object.' }]);
  }
  return { type, entries: entry };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
