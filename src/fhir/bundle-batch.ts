import type { BundleEntry } from '@medplum/fhirtypes';
import { AppError, errorCatalogue } from '../errors.ts';
import { catalogued } from '../http/errors.ts';
import { describeError } from '../log.ts';
import {
  answeredEntry,
  type Entry,
  entityOf,
  entryOf,
  failedEntry,
  handledBy,
  type RawEntry,
  type Sender,
} from './bundle-entry.ts';
import { AT_ONCE } from './bundle-turns.ts';
import type { FhirDeps } from './call.ts';
import { assertRole, type Handled } from './interactions.ts';
import { auditRefusal } from './refusals.ts';

/**
 * Each entry by the handler that its address has, in the order of the Bundle, each with a status of its own. Creates of
 * one type that follow each other go side by side: nothing in a batch may rest on another entry, and they cannot meet.
 */
export async function batch(deps: FhirDeps, from: Sender, entries: readonly RawEntry[]): Promise<BundleEntry[]> {
  const answers: BundleEntry[] = [];
  while (answers.length < entries.length) {
    const start = answers.length;
    const group = entries.slice(start, start + AT_ONCE);
    const first = createdType(group[0]);
    const others = group.findIndex((one) => first === undefined || createdType(one) !== first);
    const together = group.slice(0, others === -1 ? group.length : Math.max(1, others));
    answers.push(...(await Promise.all(together.map((raw, at) => answered(deps, from, raw, start + at)))));
  }
  return answers;
}

/** The url of an entry that creates. */
function createdType(raw: RawEntry | undefined): string | undefined {
  const request = raw?.request as { method?: unknown; url?: unknown } | undefined;
  return request?.method === 'POST' && typeof request.url === 'string' ? request.url : undefined;
}

/** Before it runs: what it shows would be audited as disclosed. Errors: AppError METHOD_NOT_ALLOWED. */
function assertTaken({ alone }: Handled, { at }: Entry): void {
  if (!alone) return;
  throw new AppError('METHOD_NOT_ALLOWED', [
    { expression: `${at}.request.url`, text: 'This operation is asked for by itself, not within a Bundle.' },
  ]);
}

async function answered(deps: FhirDeps, from: Sender, raw: RawEntry, index: number): Promise<BundleEntry> {
  let entry: Entry | undefined;
  try {
    entry = entryOf(deps, from, raw, index);
    const handled = handledBy(entry);
    assertRole(handled, from.caller.role, entry.call.route.type);
    assertTaken(handled, entry);
    return answeredEntry(deps, await handled.run(deps, entry.call), from.returns);
  } catch (thrown) {
    const { requestId } = from.caller;
    const entity = entry === undefined ? undefined : entityOf(entry);
    await auditRefusal(deps, thrown, { ...from, ...(entity === undefined ? {} : { entity }) });
    const error = catalogued(thrown, requestId);
    const cause = error.cause === undefined ? {} : describeError(error.cause);
    deps.log[errorCatalogue[error.code].level]('batch.entry-failed', { requestId, code: error.code, ...cause });
    return failedEntry(error);
  }
}
