import type { CodeSystem, ValueSet } from '@medplum/fhirtypes';
import { published } from './load.ts';

/** One code of a value set. */
export interface ExpandedCode {
  readonly system: string;
  readonly code: string;
  readonly display: string | undefined;
}

/** The value set that we publish under this canonical, with or without `|version`; `undefined` for any other. */
export function valueSetOf(canonical: string, version?: string): (ValueSet & { id: string }) | undefined {
  const [url, inCanonical] = canonical.split('|', 2);
  const wanted = version ?? inCanonical;
  return published('ValueSet').find((one) => one.url === url && (wanted === undefined || one.version === wanted));
}

/** The code system that we publish under this url. */
export function codeSystemOf(url: string): (CodeSystem & { id: string }) | undefined {
  return published('CodeSystem').find((one) => one.url === url);
}

/** The codes of one of our value sets, in its own order. Ours list codes, or take a code system of ours whole. */
export function codesIn(valueSet: ValueSet): readonly ExpandedCode[] {
  return (valueSet.compose?.include ?? []).flatMap(({ system = '', concept }) => {
    const own = codeSystemOf(system)?.concept ?? [];
    return (concept ?? own).flatMap(({ code, display }) =>
      code === undefined ? [] : [{ system, code, display: display ?? own.find((one) => one.code === code)?.display }],
    );
  });
}

/** Whether an organisation may add codes: then what is not listed is not wrong either. */
export function isOpen(valueSet: ValueSet): boolean {
  return (valueSet.compose?.include ?? []).some(
    ({ system = '', concept }) => concept === undefined && codeSystemOf(system)?.content !== 'complete',
  );
}
