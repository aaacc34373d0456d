import { describe, expect, it } from 'vitest';
import { isNhsNumber } from '../../src/policy/nhs-number.ts';
import { filesUnder, textOf } from './tree.ts';

/** Everything that people write here; generated FHIR definitions and the lock file are others' words. */
const files = filesUnder()
  .filter((path) => /\.(ts|json|md|html|yml)$|^(Dockerfile|\.ci\/run)$/.test(path))
  .filter((path) => !/(^|\/)generated\/|^package-lock\.json$/.test(path))
  .map((path) => ({ path, text: textOf(path) }));

/**
 * What numbers and addresses look like, right and wrong, is their subject; they are nobody's contact details. Two of
 * them need a number of Jersey's, for which no drama numbers are kept.
 */
const aboutForms = [
  'notify/phone',
  'notify/email-address',
  'policy/nhs-number',
  'send/render',
  'send/gather',
  'simulator/limits',
  'simulator/lifecycle',
].map((name) => `test/${name}.test.ts`);
const belongsToSomebody = (found: string): boolean => !aboutForms.some((path) => found.startsWith(`${path}:`));

function found(pattern: RegExp, isWrong: (match: string) => boolean = () => true): string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)]
      .map((match) => match[0])
      .filter(isWrong)
      .map((match) => `${path}: ${match}`),
  );
}

describe('nobody real is in this repository', () => {
  it('every NHS number that could be given to somebody is from the 999 range', () => {
    // None begins with 0; a drama number without its prefix, and a bound of FHIR's integers, pass by chance.
    const mayBe = (number: string) => !/^0|^999|^7700900|^2147483648$/.test(number);
    expect(
      found(/(?<![\d.+-])\d{10}(?![\d.-])/g, (number) => mayBe(number) && isNhsNumber(number)).filter(
        belongsToSomebody,
      ),
    ).toEqual([]);
  });

  it("every UK mobile number is one of Ofcom's for drama, or too short or long to be one", () => {
    const mobile = /(?<![\w+])(?:\+44|0044|44|0)\s?7\d{3}\s?\d{3}\s?\d{3}(?!\d)/g;
    expect(found(mobile, (number) => !/7700\s?900\s?\d{3}$/.test(number)).filter(belongsToSomebody)).toEqual([]);
  });

  it("every email address is at a domain that nobody can own, or at GOV.UK Notify's own", () => {
    const address = /[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g;
    const reserved = /@(.+\.)?(example(\.(org|com|net|co\.uk))?|test|invalid|[\w.-]+\.example)$/i;
    const notifys = /@notifications\.service\.gov\.uk$|@simulator\.notify$/i;
    expect(found(address, (one) => !reserved.test(one) && !notifys.test(one)).filter(belongsToSomebody)).toEqual([]);
  });

  it('no real-looking key of GOV.UK Notify is written down outside tests', () => {
    const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    const keys = found(new RegExp(`\\w-${uuid}-${uuid}`, 'gi'));
    expect(keys.filter((one) => !one.startsWith('test/') && !one.startsWith('src/simulator/'))).toEqual([]);
  });
});

describe('nothing is left lying about', () => {
  it('no note to self stands in the code or the documents', () => {
    expect(found(/\b(?:TO[D]O|FIX[M]E|HA[C]K|X{3})\b/g)).toEqual([]);
  });

  it("no path of anybody's own machine is in a file", () => {
    expect(found(/(?<![\w.])\/(?:home|Users|root|work)\/\w+|\b[A-Z]:\\Users\\/g)).toEqual([]);
  });

  it('no test is switched off or run alone', () => {
    const own = files.filter(({ path }) => path.startsWith('test/') && path !== 'test/meta/people.test.ts');
    const wrong = own.filter(({ text }) => /\b(?:it|test|describe)\.(?:only|skip|todo)\b/.test(text));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('the lock file names no place that packages came from', () => {
    expect(textOf('package-lock.json')).not.toMatch(/"resolved"/);
  });
});
