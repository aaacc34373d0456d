import type { Communication, Consent, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { structureDefinition } from '../canonical.ts';
import { AppError } from '../errors.ts';
import { objectionWrites } from '../objections/follow.ts';
import { provenance } from '../send/authors.ts';
import { isProxyConsent } from '../send/gather-proxies.ts';
import { newId } from '../send/ids.ts';
import { referenceType } from '../send/naming.ts';
import { isObjection } from '../send/objection-detail.ts';
import { proxyNoteWrites } from '../send/proxy-flags.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';

const recordedByUrl = structureDefinition('recorded-by');

/**
 * Contract 3.2, 6: somebody answers for every Consent, and for every message from outside, the person that the token speaks for or the one in `recorded-by`.
 * Errors: AppError PROFILE_INVALID.
 */
export function assertRecorder(caller: Caller, recorded: Consent | Communication): void {
  const type = recorded.resourceType;
  const named = (recorded.extension ?? []).filter((one) => one.url === recordedByUrl);
  const [first] = named;
  if (first === undefined && caller.fhirUser === undefined) {
    throw refused(type, `This token names nobody: say in recorded-by who records the ${type} (ACC-1).`);
  }
  if (first === undefined) return;
  const of = first.valueReference === undefined ? undefined : referenceType(first.valueReference as Reference);
  if (named.length > 1 || (of !== 'Practitioner' && of !== 'PractitionerRole')) {
    throw refused(type, 'recorded-by takes one reference to a Practitioner or a PractitionerRole.');
  }
}

/**
 * What goes into the same commit as a Consent: who recorded this version of it, beside the person of the token where that
 * is another (contract 6, 10); the note that somebody may receive messages in the patient's stead (PRX-3); what follows
 * from an objection (contract 7). `decidedBy`: the author, where the Consent itself does not say. Errors: StoreError.
 */
export async function consentRecords(
  deps: FhirDeps,
  consent: Consent & { id: string },
  previous: Stored | undefined,
  caller: Caller,
  decidedBy?: Reference,
): Promise<Write[]> {
  const now = deps.clock.now();
  const author = decidedBy ?? recorderOf(consent);
  const activity = previous === undefined ? 'CREATE' : 'UPDATE';
  const context = { now, controller: deps.controller, policy: deps.policy };
  const before = previous as Consent | undefined;
  const concerns = (is: (one: Consent) => boolean): boolean => is(consent) || (before !== undefined && is(before));
  const beside = [
    ...(concerns(isProxyConsent) ? await proxyNoteWrites(deps, consent, context, author ?? caller.fhirUser) : []),
    ...(concerns(isObjection) ? await objectionWrites(deps, consent, author ?? caller.fhirUser, before) : []),
  ];
  const changed = beside.filter(({ resource }) => resource.resourceType !== 'Task');
  const targets = [
    targetOf(deps, consent.id, previous),
    ...changed.map(({ resource }) => `${resource.resourceType}/${resource.id}`),
  ];
  const record = provenance(newId(now), targets, { caller, author, activity }, context);
  return [{ op: 'create', resource: record }, ...beside];
}

/** Who records it, where it says so. */
export const recorderOf = (recorded: Consent | Communication): Reference | undefined =>
  recorded.extension?.find((one) => one.url === recordedByUrl)?.valueReference as Reference | undefined;

/**
 * The version that the write makes. Another server may number its versions in any way, and one that checks references
 * would refuse the write for the sake of a version that is not there: it is given the Consent alone, and `recorded`.
 */
function targetOf({ recordServer }: FhirDeps, id: string, previous: Stored | undefined): string {
  if (recordServer !== undefined) return `Consent/${id}`;
  return `Consent/${id}/_history/${Number(previous?.meta.versionId ?? 0) + 1}`;
}

function refused(type: string, text: string): AppError {
  return new AppError('PROFILE_INVALID', [{ expression: `${type}.extension`, issue: 'business-rule', text }]);
}
