import { StoreError } from '../fhir-store.ts';
import { type Answer, type FhirResource, unavailable } from './answer.ts';
import { objectsIn, textIn } from './json.ts';
import { isAbsence } from './resources.ts';

/** Has the server made what it was to make? */
export const isDone = (status: number): boolean => status === 200 || status === 201 || status === 204;

export const conflict = (message: string): StoreError => new StoreError('conflict', message);

/** What the answer to a write means; `undefined`: it is made. */
export function refusalOf(answer: Answer): StoreError | undefined {
  const { status, resource, repeated } = answer;
  if (isDone(status)) return undefined;
  if (status === 409 || status === 412 || (status === 410 && isAbsence(answer))) {
    // It may be our own earlier try that is in the way.
    return repeated ? unavailable('conflict-after-repeat') : conflict('the version moved on, or the id is taken');
  }
  if ([400, 413, 415, 422].includes(status) || (status === 404 && isAbsence(answer))) {
    const element = elementNamed(resource);
    const at = element === undefined ? '' : ` at ${element}`;
    return new StoreError('rejected', `the FHIR store will not have this content (${status}${at})`, {
      ...(element === undefined ? {} : { subject: element }),
    });
  }
  return unavailable(`status-${status}`);
}

/** The first place that the server names, if it is a path of elements and nothing else. */
function elementNamed(outcome: FhirResource | undefined): string | undefined {
  const named = objectsIn(outcome?.issue).flatMap(({ expression, location }) => [expression, location].flat(2));
  return named.flatMap((one) => textIn(one) ?? []).find((one) => /^[A-Z][A-Za-z]+(\.[A-Za-z]+(\[\d+\])?)+$/.test(one));
}
