import type { Case } from './cases.ts';

/** Where HAPI's validator and ours may disagree, and why. */
export interface Difference {
  /** Which cases. */
  readonly of: RegExp;
  /** The error of HAPI that is explained; `undefined`: HAPI finds nothing where we find a fault. */
  readonly error?: RegExp;
  /** What the table says of the cases, of the finding and of the reason. */
  readonly where: string;
  readonly finding: string;
  readonly reason: string;
}

/** Every one that is known. One that no longer occurs fails the comparison, as an unknown one does. */
export const differences: readonly Difference[] = [
  {
    of: /^(?:shipped|written|answered) /,
    error:
      /(?:Failed to retrieve profile with url=|Profile reference ')https:\/\/fhir\.hl7\.org\.uk\/StructureDefinition\/UKCore-/,
    where: 'what declares a UK Core profile',
    finding: 'HAPI: the profile cannot be found',
    reason:
      'Neither has UK Core. We pass over a profile that is not loaded, so that an EPR is not refused for naming it; HAPI makes it an error unless `setErrorForUnknownProfiles(false)`.',
  },
  {
    of: /^(?:shipped|written|answered) /,
    error:
      /CodeSystem is unknown and can't be validated: https:\/\/fhir\.nhs\.uk\/England\/CodeSystem\/England-NHSProxyLegalBasis/,
    where: 'a Consent to proxy messaging',
    finding: 'HAPI: the code system of the legal basis is unknown',
    reason:
      "The code system is NHS England's and is not ours to publish. Our value set lists its codes, and we check against the list; HAPI wants the code system as well.",
  },
  {
    of: /^published StructureDefinition\//,
    error: /Error generating Snapshot: Unable to resolve package id hl7\.fhir\.r4\.core#null/,
    where: 'the definitions of our extensions, as resources',
    finding: 'HAPI: the snapshot cannot be made again',
    reason:
      'HAPI makes the snapshot anew to compare it, and for that looks for a FHIR package cache, which a validator on the class path does not have. It uses the definitions without complaint.',
  },
  {
    of: /^published StructureDefinition\//,
    error: /example\[0\]\.value\.ofType\(Identifier\): if identifier\.system is 'urn:ietf:rfc:3986'/,
    where: 'the profiles of Consent, as resources',
    finding: 'HAPI: the example of an identifier is not a URI',
    reason: "The example is R4's own, of `Consent.identifier`; every snapshot of a Consent profile repeats it.",
  },
  {
    of: /^defect of R4: a reference to a type that the element does not take$/,
    where: 'a reference to a type that R4 does not allow there',
    finding: 'ours alone finds it',
    reason: "HAPI's validator holds the type of a target against the definition only when it can fetch the target.",
  },
  {
    of: /^defect of the profile: a reference that R4 allows and the profile does not$/,
    where: 'a reference to a type that the profile does not allow there',
    finding: 'ours alone finds it',
    reason: 'As above.',
  },
];

/** One case compared: no problems, or what is wrong. */
export interface Compared {
  readonly name: string;
  readonly problems: readonly string[];
}

/**
 * Holds HAPI's errors against our verdict. Both valid, or both invalid, agrees; an error of HAPI that a row explains
 * does not count. `used` collects the rows that were needed.
 */
export function compare(one: Case, errors: readonly string[], used: Set<Difference>): Compared {
  const rows = differences.filter(({ of }) => of.test(one.name));
  const left = errors.filter((text) => {
    const row = rows.find(({ error }) => error?.test(text));
    if (row !== undefined) used.add(row);
    return row === undefined;
  });
  if (one.faults.length === 0) return { name: one.name, problems: left.map((text) => `HAPI alone: ${text}`) };
  if (left.length > 0) return { name: one.name, problems: [] };
  const missed = rows.find(({ error }) => error === undefined);
  if (missed !== undefined) used.add(missed);
  return { name: one.name, problems: missed === undefined ? one.faults.map((text) => `ours alone: ${text}`) : [] };
}

/** The table of `docs/validation.md`. */
export function differencesTable(): string {
  return [
    '| where | what is found | why |',
    '| --- | --- | --- |',
    ...differences.map(({ where, finding, reason }) => `| ${where} | ${finding} | ${reason} |`),
  ].join('\n');
}
