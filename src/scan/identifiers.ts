import { isNhsNumber } from '../policy/nhs-number.ts';

/** What names a person outright in a text. The words never hold the number or the date itself. */
export type IdentifierWords = 'an NHS number' | 'a date of birth' | 'a hospital number' | 'a National Insurance number';

/** The numbers and dates in a text by which somebody could tell who it is about (MIN-4). */
export function identifiersIn(written: string): IdentifierWords[] {
  // Digits of another width are read as the same number.
  const text = written.normalize('NFKC');
  const found: IdentifierWords[] = [];
  if (hasNhsNumber(text)) found.push('an NHS number');
  if (labelled.dateOfBirth.test(text) || oldDates(text)) found.push('a date of birth');
  if (labelled.hospitalNumber.test(text)) found.push('a hospital number');
  if (insuranceNumber.test(text)) found.push('a National Insurance number');
  return found;
}

/** Two letters, six digits, and a letter from A to D. */
const insuranceNumber = /\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/;

/** Ten digits, plain or as they are printed; a telephone number has another length or begins with 0 or +44. */
const tenDigits =
  /(?<![\d+]|\+44[ -]?\(?0?\)?)[1-9]\d{2}[ \u00a0._/\u2010-\u2015-]{0,3}\d{3}[ \u00a0._/\u2010-\u2015-]{0,3}\d{4}(?!\d)/g;
/** The same with each digit apart. */
const apartDigits = /(?<!\d[ .-]?)[1-9](?:[ .-]\d){9}(?![ .-]?\d)/g;

function hasNhsNumber(text: string): boolean {
  if (labelled.nhsNumber.test(text)) return true;
  const numbers = [...text.matchAll(tenDigits), ...text.matchAll(apartDigits)];
  return numbers.some(([number]) => isNhsNumber(number.replace(/\D/g, '')));
}

const apart = String.raw`(?:\s?[/.,\u2010-\u2015-]\s?|\s)`;
const numericDate = String.raw`\d{1,2}${apart}\d{1,2}${apart}(?:\d{4}|\d{2})`;
const isoDate = String.raw`\d{4}-\d{2}-\d{2}`;
const month = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const writtenDate = String.raw`\d{1,2}(?:st|nd|rd|th)?(?:\s+of)?[\s-]+${month},?[\s-]+(?:\d{4}|\d{2})\b|${month}\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}`;
const year = String.raw`(?:19|20)\d{2}\b`;
const anyDate = `(?:${isoDate}|${numericDate}|${writtenDate}|${month}\\s+${year}|${year}|\\d{8}\\b|\\d{6}\\b)`;

/** What stands behind a word that says what it is, right or wrong: nobody writes such words before another number. */
const labelled = {
  nhsNumber:
    /\bN\.?H\.?S\.?\s*(?:number|num|no|nr|#)?[\s:.=#(-]*(?:is|was)?[\s:.=-]*(?!111\b)[1-9](?:(?:[ \u00a0._]|\s?[\u2010-\u2015/-]\s?)?\d){8,10}(?!\d)/i,
  dateOfBirth: new RegExp(
    String.raw`\b(?:d\.?\s?o\.?\s?b\b|(?:dates?|days?|years?)\s+of\s+b(?:irth|rith)|birth\s?(?:dates?|years?)|b(?:irth)?-?days?|born)[^\d\n]{0,25}?${anyDate}`,
    'i',
  ),
  // Ten or eleven digits after a 0 are a telephone number, such as the hospital's own.
  hospitalNumber:
    /\b(?:(?:hospital|hosp|patient|pt|unit|district|mrn|crn|pas|national insurance|ni|emis|case\s?notes?|chi|record|chart|passport|driving licence|health and care|h&c)\.?\s(?:number|num|no|nr|id)|mrn|crn|chi|nino|hcn)\b[\s:.=#(-]*(?:is|was)?[\s:.=-]*(?=[a-z -]{0,4}\d(?:[ -]?[a-z\d]){3})(?:[1-9]|0(?!(?:[ -]?\d){9,10}(?!\d))|[a-z]{1,3}[ -]?\d)[a-z\d]*/i,
} as const;

const fullDates = new RegExp(
  String.raw`(?<![\d/.-])(?:(?<iso>\d{4})-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-](?<numeric>\d{4}|\d{2})(?![\d/-])|\d{1,2}(?:st|nd|rd|th)?(?:\s+of)?[\s-]+${month},?[\s-]+(?<written>\d{4})|\b${month}\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?<american>\d{4}))`,
  'gi',
);

/** Care of ours that is written about is of this year or later; two digits above this one's are of the last century. */
const OLDEST_VISIT = 2020;
const YOUNGEST_CENTURY = 40;

/** A whole date of long ago is hardly an appointment: somebody was born on it. */
function oldDates(text: string): boolean {
  return [...text.matchAll(fullDates)].some(({ groups = {} }) => {
    const { iso, numeric, written, american } = groups;
    const digits = iso ?? numeric ?? written ?? american ?? '';
    const year = Number(digits);
    if (digits.length === 4) return year >= 1900 && year < OLDEST_VISIT;
    return year > YOUNGEST_CENTURY || year < OLDEST_VISIT - 2000;
  });
}
