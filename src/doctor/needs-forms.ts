import { system } from '../canonical.ts';
import { ABSENT } from './examined.ts';
import type { Trial } from './need.ts';
import { tryResultParameter } from './searching.ts';

/** A modifier or prefix, tried where R4 has it, and one that does not exist in the same place. */
type Form = readonly [what: string, type: string, name: string, value: string, control: readonly [string, string]];

const NONE = 'herald-doctor-none';
const NO_SUCH = 'herald-doctor-unknown';
const number = `${system.nhsNumber}|${NONE}`;

const forms: readonly Form[] = [
  ...[':exact', ':contains', ':missing'].map((modifier) => formOf('Patient', 'family', modifier, NONE)),
  ...[':not', ':text', ':missing'].map((modifier) => formOf('Communication', 'category', modifier, NONE)),
  formOf('Patient', 'identifier', ':of-type', `${system.nhsNumber}|${NONE}|${NONE}`),
  formOf('Communication', 'subject', ':Patient', ABSENT),
  formOf('Communication', 'subject', ':identifier', number),
  formOf('Communication', 'subject', ':missing', 'true'),
  ...[':above', ':below'].map((modifier) => formOf('ActivityDefinition', 'url', modifier, system.nhsNumber)),
  ...['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sa', 'eb'].map(
    (prefix): Form => [
      `dates with ${prefix}`,
      'Communication',
      'sent',
      `${prefix}1800-01-01`,
      ['sent', 'zz1800-01-01'],
    ],
  ),
  ['chained parameters', 'Communication', 'subject:Patient.family', NONE, [`subject:Patient.${NO_SUCH}`, NONE]],
  ['_has', 'Patient', '_has:Communication:subject:status', NONE, [`_has:Communication:subject:${NO_SUCH}`, NONE]],
];

/**
 * Ways of asking that callers have of Herald's searches (contract 2), tried once for each kind of parameter. Those that go
 * by a hierarchy or a value set are not among them: Herald puts codes in their place before it asks the store.
 */
export function formNeeds(): readonly Trial[] {
  return forms.map(([what, type, name, value, control]) => ({
    id: `form:${type}.${name}${prefixOf(what, value)}`,
    group: 'Modifiers and prefixes',
    what,
    why: 'contract 2',
    cost: `Searches such as ${type}?${name}=${prefixOf(what, value)} are answered 400.`,
    severity: 'degrades',
    remedy: 'search-form',
    attempt: (server) => tryResultParameter(server, type, [[name, value]], control),
  }));
}

const prefixOf = (what: string, value: string): string => (what.startsWith('dates') ? value.slice(0, 2) : '');

function formOf(type: string, name: string, modifier: string, value: string): Form {
  const given = modifier === ':missing' ? 'true' : value;
  return [`${type}.${name}${modifier}`, type, `${name}${modifier}`, given, [`${name}:${NO_SUCH}`, value]];
}
