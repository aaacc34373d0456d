import type { SQLInputValue } from 'node:sqlite';
import { BEGINNING, END, type Span, spanOf } from './search-date.ts';
import { splitEscaped, unescapeValue, unsupported } from './search-text.ts';
import { form, normalise } from './search-value.ts';

/** A piece of SQL and the values of its question marks, in order. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SQLInputValue[];
}

/** A comparison on the columns `low` and `high` of the table `rng`, for the values of one qualifier. */
export interface Condition extends Sql {
  readonly qualifier: string;
  /** It names single values, which the index leads to at once. */
  readonly exact?: true;
}

type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

const PREFIXED = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?([^a-z].*)$/;

/**
 * A date with its prefix, against the whole time that the value covers (R4 search, 3.1.1.4.7). `ge` and `le` are taken
 * as "not wholly before" and "not wholly after", as other servers do: by the letter of R4, a Period would not be `ge`
 * its own last day. `pointsOnly` says that values are instants, which lets the index be entered at the right place.
 */
export function dateCondition(name: string, value: string, now: Date, pointsOnly: boolean): Condition {
  const [match, prefix = 'eq', text = ''] = PREFIXED.exec(unescapeValue(value)) ?? [];
  const span = match === undefined ? undefined : spanOf(text);
  if (!span) throw unsupported(name, 'has a value that is no date');
  const { start, end } = span;
  const after = pointsOnly ? ` AND low >= ${start}` : '';
  switch (prefix as Prefix) {
    case 'eq':
      return condition('low >= ? AND low < ? AND high <= ?', start, end, end);
    case 'ne':
      return condition('(low < ? OR high > ?)', start, end);
    case 'gt':
      return condition(`high > ?${after}`, end);
    case 'ge':
      return condition(`high > ?${after}`, start);
    case 'lt':
      return condition('low < ?', start);
    case 'le':
      return condition('low < ?', end);
    case 'sa':
      return condition('low >= ?', end);
    case 'eb':
      return condition('low < ? AND high <= ?', start, start);
    case 'ap': {
      const near = around(span, now);
      return condition('low < ? AND high > ?', near.end, near.start);
    }
  }
}

/** R4 suggests a tenth of the time between now and the date. */
function around({ start, end }: Span, now: Date): Span {
  const slack = Math.abs(now.getTime() - start) / 10;
  return { start: Math.max(BEGINNING, start - slack), end: Math.min(END, end + slack) };
}

/** `5.4`, `5.4|system|code`, `5.4||code`; a number stands for the numbers that round to it (R4 search, 3.1.1.4.10). */
export function quantityCondition(name: string, value: string): Condition {
  const [amount = '', system = '', code = '', ...rest] = splitEscaped(value, '|').map(unescapeValue);
  const [match, prefix = 'eq', text = ''] = PREFIXED.exec(amount) ?? [];
  const number = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (match === undefined || rest.length > 0 || !Number.isFinite(number) || (system !== '' && code === ''))
    throw unsupported(name, 'has a value that is no quantity');
  const qualifier = code === '' ? '' : system === '' ? form.code(code) : form.pair(system, code);
  return { ...numberCondition(prefix as Prefix, number, precisionOf(text)), qualifier };
}

function numberCondition(prefix: Prefix, number: number, precision: number): Condition {
  switch (prefix) {
    case 'eq':
      return condition('low >= ? AND low < ? AND high < ?', number - precision, number + precision, number + precision);
    case 'ne':
      return condition('(low < ? OR high >= ?)', number - precision, number + precision);
    case 'gt':
      return condition('high > ?', number);
    case 'ge':
      return condition('high >= ?', number);
    case 'lt':
      return condition('low < ?', number);
    case 'le':
      return condition('low <= ?', number);
    case 'sa':
      return condition('low > ?', number);
    case 'eb':
      return condition('high < ?', number);
    case 'ap': {
      const slack = Math.abs(number) / 10;
      return condition('low <= ? AND high >= ?', number + slack, number - slack);
    }
  }
}

function precisionOf(text: string): number {
  const [, decimals = '', exponent = '0'] = /^[^.e]*(?:\.(\d+))?(?:e(.+))?$/i.exec(text) ?? [];
  return 0.5 * 10 ** (Number(exponent) - decimals.length);
}

export type TextModifier = 'exact' | 'contains' | undefined;

/** Begins with, contains, or is letter by letter. */
export function stringCondition(name: string, value: string, modifier: TextModifier): Condition {
  const text = unescapeValue(value);
  const sought = normalise(text);
  if (sought === '') throw unsupported(name, 'has an empty value');
  if (modifier === 'exact') return condition('low = ? AND high = ?', sought, text);
  if (modifier === 'contains') return condition('instr(low, ?) > 0', sought);
  return condition('low >= ? AND low < ?', sought, `${sought}\u{10FFFF}`);
}

export type UriModifier = 'below' | 'above' | undefined;

/** The URI itself; `below` also what continues its path; `above` also what its path continues. */
export function uriCondition(value: string, modifier: UriModifier): Condition {
  const uri = unescapeValue(value);
  const folder = uri.endsWith('/') ? uri : `${uri}/`;
  if (modifier === 'below') return condition('(low = ? OR (low >= ? AND low < ?))', uri, folder, `${folder}\u{10FFFF}`);
  if (modifier === undefined) return { ...condition('low = ?', uri), exact: true };
  const above = [uri];
  for (let at = uri.lastIndexOf('/'); at > uri.indexOf('//') + 1; at = uri.lastIndexOf('/', at - 1))
    above.push(uri.slice(0, at), uri.slice(0, at + 1));
  return condition(`low IN (${above.map(() => '?').join(', ')})`, ...above);
}

function condition(text: string, ...values: SQLInputValue[]): Condition {
  return { text, values, qualifier: '' };
}
