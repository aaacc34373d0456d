import type { CommunicationRequest, Extension } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import type { RequestFacts } from '../policy/facts.ts';

/** What a request says about its own words: why confidential ones must go (MIN-4), and what results they are (MIN-5). */
export function contentClaims({
  extension = [],
}: CommunicationRequest): Pick<RequestFacts, 'necessity' | 'resultsStatement'> {
  const named = (name: string): Extension[] => extension.filter((one) => one.url === structureDefinition(name));
  const necessity = named('necessity')
    .map((one) => one.valueString?.trim() ?? '')
    .find((one) => one !== '');
  const statements = named('results-statement');
  const isRoutine = statements.every((one) => said(one, 'routine') && said(one, 'knownToService'));
  return {
    necessity,
    resultsStatement: statements.length === 0 ? 'none' : isRoutine ? 'routine' : 'not-routine',
  };
}

/** Said once, and true. */
function said({ extension = [] }: Extension, part: string): boolean {
  const values = extension.filter((one) => one.url === part).map((one) => one.valueBoolean);
  return values.length > 0 && values.every((one) => one === true);
}
