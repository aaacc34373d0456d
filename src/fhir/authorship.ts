import type { Consent, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { structureDefinition } from '../canonical.ts';
import { AppError } from '../errors.ts';
import { provenance } from '../send/authors.ts';
import { referenceType } from '../send/gather-people.ts';
import { newId } from '../send/ids.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';

const recordedByUrl = structureDefinition('recorded-by');

/**
 * Contract 3.2, 6: somebody answers for every Consent, the person that the token speaks for or the one in `recorded-by`.
 * Errors: AppError PROFILE_INVALID.
 */
export function assertRecorder(caller: Caller, consent: Consent): void {
  const named = (consent.extension ?? []).filter((one) => one.url === recordedByUrl);
  const [first] = named;
  if (first === undefined && caller.fhirUser === undefined) {
    throw refused('This token names nobody: say in recorded-by who records the Consent (ACC-1).');
  }
  if (first === undefined) return;
  const type = first.valueReference === undefined ? undefined : referenceType(first.valueReference as Reference);
  if (named.length > 1 || (type !== 'Practitioner' && type !== 'PractitionerRole')) {
    throw refused('recorded-by takes one reference to a Practitioner or a PractitionerRole.');
  }
}

/** Who recorded this version of the Consent, beside the person of the token where that is another (contract 6, 10). */
export function consentProvenance(
  deps: FhirDeps,
  consent: Consent & { id: string },
  previous: Stored | undefined,
  caller: Caller,
): Write {
  const now = deps.clock.now();
  const author = consent.extension?.find((one) => one.url === recordedByUrl)?.valueReference as Reference | undefined;
  const activity = previous === undefined ? 'CREATE' : 'UPDATE';
  const context = { now, controller: deps.controller, policy: deps.policy };
  const target = targetOf(consent.id, previous);
  return { op: 'create', resource: provenance(newId(now), [target], { caller, author, activity }, context) };
}

/** The version that the write makes, on stores that count them; on others the Consent, whatever its version. */
function targetOf(id: string, previous: Stored | undefined): string {
  const before = previous === undefined ? '0' : previous.meta.versionId;
  return /^\d{1,15}$/.test(before) ? `Consent/${id}/_history/${Number(before) + 1}` : `Consent/${id}`;
}

function refused(text: string): AppError {
  return new AppError('PROFILE_INVALID', [{ expression: 'Consent.extension', issue: 'business-rule', text }]);
}
