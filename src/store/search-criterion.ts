import {
  type Condition,
  dateCondition,
  quantityCondition,
  type Sql,
  stringCondition,
  uriCondition,
} from './search-condition.ts';
import { entry, hashOf } from './search-index.ts';
import { type Parameter, parametersOf, type SimpleParameter } from './search-parameter.ts';
import { alternativesOf, splitEscaped, unescapeValue, unsupported } from './search-text.ts';
import { form, isRanged, isSeldom, normalise } from './search-value.ts';
import { word } from './search-words.ts';

/** One parameter of a search. `d.pk` is the row that `test` speaks of. */
export interface Criterion {
  /** Selects `pk` of every match: absent where the parameter can only exclude. */
  readonly candidates?: Sql;
  /** Finding even a few candidates may mean reading many index rows. */
  readonly slow?: true;
  readonly test: Sql;
}

/** What a parameter says, taken apart. */
export interface Asked {
  readonly resourceType: string;
  /** As it was written: for error messages. */
  readonly name: string;
  readonly parameter: Parameter;
  readonly modifier: string | undefined;
  readonly value: string;
  readonly now: Date;
}

/** Errors: StoreError `unsupported-search` for a modifier or a value that means nothing here. */
export function criterionOf(asked: Asked): Criterion {
  const { parameter, modifier, name } = asked;
  if (modifier === 'missing') return missing(asked);
  const alternatives = alternativesOf(name, asked.value);
  if (parameter.kind === 'composite') {
    if (modifier !== undefined) throw unsupported(name, 'has a modifier that composite parameters do not take');
    return composite(asked, parameter.parts, alternatives);
  }
  if (isRanged(parameter.kind)) {
    const conditions = alternatives.map((one) => conditionOf(asked, parameter, modifier, one));
    return rangedBy(asked, conditions);
  }
  if (modifier === 'text' && parameter.kind === 'token') return beside(asked, alternatives);
  const code = modifier === 'identifier' ? entry.identifierOf(parameter.code) : parameter.code;
  const forms = alternatives.flatMap((one) => formsAsked(asked, parameter, modifier, one));
  const found = formed(asked.resourceType, code, forms);
  return modifier === 'not' ? without(found) : found;
}

/** Resources that have one of these index entries. */
export function equalTo(texts: readonly string[]): Criterion {
  const values = [...new Set(texts)].map(hashOf);
  const [only] = values;
  if (values.length === 1 && only !== undefined) {
    return {
      candidates: { text: 'SELECT pk FROM eq WHERE h = ?', values },
      test: { text: 'EXISTS (SELECT 1 FROM eq WHERE h = ? AND pk = d.pk)', values },
    };
  }
  const list = values.map(() => '?').join(', ');
  return {
    candidates: { text: `SELECT DISTINCT pk FROM eq WHERE h IN (${list})`, values },
    test: { text: `EXISTS (SELECT 1 FROM eq WHERE h IN (${list}) AND pk = d.pk)`, values },
  };
}

/** What does not meet it. */
export function without(criterion: Criterion): Criterion {
  return { test: { text: `NOT ${criterion.test.text}`, values: criterion.test.values } };
}

function missing({ parameter, name, value }: Asked): Criterion {
  if (value !== 'true' && value !== 'false') throw unsupported(name, 'takes true or false');
  const there = listed([entry.has(parameter.code)]);
  return value === 'true' ? without(there) : there;
}

/** Resources whose column `seldom` names one of these. */
function listed(texts: readonly string[]): Criterion {
  const any = texts.map(() => 'instr(seldom, ?) > 0').join(' OR ');
  return { test: { text: `EXISTS (SELECT 1 FROM res WHERE pk = d.pk AND (${any}))`, values: texts } };
}

/** Resources that have a text beside a value of the parameter that begins with one of these (R4 search, 3.1.1.4.11). */
function beside({ parameter, name }: Asked, alternatives: readonly string[]): Criterion {
  const sought = alternatives.map((one) => normalise(unescapeValue(one)));
  if (sought.includes('')) throw unsupported(name, 'has an empty value');
  const any = sought.map(() => 'instr(lines, ?) > 0').join(' OR ');
  const values = sought.map((text) => word.beside(parameter.code, text));
  return { test: { text: `EXISTS (SELECT 1 FROM words WHERE pk = d.pk AND (${any}))`, values } };
}

/** Resources that have one of these forms for the parameter. */
function formed(resourceType: string, code: string, forms: readonly string[]): Criterion {
  const often = forms.filter((text) => !isSeldom(text)).map((text) => entry.equals(resourceType, code, text));
  const seldom = forms.filter(isSeldom).map((text) => entry.seldom(resourceType, code, text));
  if (seldom.length === 0) return equalTo(often);
  return anyOf([...(often.length > 0 ? [equalTo(often)] : []), listed(seldom)]);
}

function rangedBy({ resourceType, parameter }: Asked, conditions: readonly Condition[], first?: string): Criterion {
  const groups = new Map<string, Condition[]>();
  for (const condition of conditions) {
    const qualifier = first === undefined ? condition.qualifier : form.both(first, condition.qualifier);
    const group = entry.group(resourceType, parameter.code, qualifier);
    groups.set(group, [...(groups.get(group) ?? []), condition]);
  }
  return anyOf([...groups].map(([group, those]) => ranged(group, those)));
}

function ranged(group: string, conditions: readonly Condition[]): Criterion {
  const where = `p = ? AND (${conditions.map(({ text }) => text).join(' OR ')})`;
  const values = [hashOf(group), ...conditions.flatMap((one) => one.values)];
  return {
    candidates: { text: `SELECT DISTINCT pk FROM rng WHERE ${where}`, values },
    ...(conditions.every((one) => one.exact) ? {} : { slow: true }),
    test: { text: `EXISTS (SELECT 1 FROM rng WHERE pk = d.pk AND ${where})`, values },
  };
}

function anyOf(criteria: readonly Criterion[]): Criterion {
  const [only] = criteria;
  if (only && criteria.length === 1) return only;
  const candidates = criteria.flatMap((one) => one.candidates ?? []);
  return {
    ...(candidates.length === criteria.length ? { candidates: joined(candidates, ' UNION ') } : {}),
    ...(criteria.some((one) => one.slow) ? { slow: true } : {}),
    test: joined(
      criteria.map((one) => one.test),
      ' OR ',
    ),
  };
}

function joined(parts: readonly Sql[], separator: string): Sql {
  const text = parts.map((one) => one.text).join(separator);
  return { text: separator === ' OR ' ? `(${text})` : text, values: parts.flatMap((one) => one.values) };
}

function composite(asked: Asked, parts: readonly SimpleParameter[], alternatives: readonly string[]): Criterion {
  const { resourceType, parameter, name } = asked;
  return anyOf(
    alternatives.map((alternative): Criterion => {
      const values = splitEscaped(alternative, '$');
      if (values.length !== parts.length) throw unsupported(name, `takes ${parts.length} values with $ between them`);
      let forms: string[] | undefined;
      for (const [at, part] of parts.entries()) {
        const value = values[at] ?? '';
        if (isRanged(part.kind)) {
          const condition = conditionOf(asked, part, undefined, value);
          return anyOf((forms ?? []).map((first) => rangedBy(asked, [condition], first)));
        }
        const texts = formsAsked(asked, part, undefined, value);
        forms = forms?.flatMap((first) => texts.map((text) => form.both(first, text))) ?? texts;
      }
      return formed(resourceType, parameter.code, forms ?? []);
    }),
  );
}

function conditionOf(asked: Asked, parameter: SimpleParameter, modifier: string | undefined, value: string): Condition {
  const { name, now } = asked;
  if (parameter.kind === 'string' && (modifier === undefined || modifier === 'exact' || modifier === 'contains'))
    return stringCondition(name, value, modifier);
  if (parameter.kind === 'uri' && (modifier === undefined || modifier === 'below' || modifier === 'above'))
    return uriCondition(value, modifier);
  if (modifier !== undefined) throw unknownModifier(name);
  if (parameter.kind === 'quantity') return quantityCondition(name, value);
  return dateCondition(name, value, now, parameter.code === '_lastUpdated');
}

function formsAsked(asked: Asked, parameter: SimpleParameter, modifier: string | undefined, value: string): string[] {
  const { name } = asked;
  if (parameter.kind === 'reference') {
    if (modifier === 'identifier') return tokenForms(name, value);
    return referenceForms(asked, parameter, modifier, unescapeValue(value));
  }
  if (modifier === 'of-type') {
    const [system, code, identifier, ...rest] = splitEscaped(value, '|').map(unescapeValue);
    if (!system || !code || !identifier || rest.length > 0) throw unsupported(name, 'takes system|code|value');
    return [form.ofType(system, code, identifier)];
  }
  if (modifier !== undefined && modifier !== 'not') throw unknownModifier(name);
  // Numbers and addresses of contact points are indexed in small letters.
  const contact = ['phone', 'email', 'telecom'].includes(parameter.code);
  return [
    ...tokenForms(name, value),
    ...(contact ? tokenForms(name, value.toLowerCase()) : []),
    ...unsaidForms(parameter, value),
  ];
}

/** An element of type code has its system from its binding: `status=http://hl7.org/fhir/event-status|completed`. */
function unsaidForms({ codes }: SimpleParameter, value: string): string[] {
  const [system = '', code] = splitEscaped(value, '|').map(unescapeValue);
  const known = code === undefined ? undefined : codes?.get(system);
  return (known ?? []).filter((one) => code === '' || one === code).map(form.code);
}

function tokenForms(name: string, value: string): string[] {
  const [first = '', second, ...rest] = splitEscaped(value, '|').map(unescapeValue);
  if (rest.length > 0 || (first === '' && !second)) throw unsupported(name, 'has a value that is no token');
  if (second === undefined) return [form.code(first)];
  if (first === '') return [form.bare(second)];
  return [second === '' ? form.system(first) : form.pair(first, second)];
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

function referenceForms(
  { name }: Asked,
  parameter: SimpleParameter,
  modifier: string | undefined,
  value: string,
): string[] {
  if (modifier !== undefined && !parametersOf(modifier)) throw unknownModifier(name);
  if (/^(https?|urn):/.test(value)) return [form.reference(value)];
  const [type = '', id = '', ...rest] = value.includes('/') ? value.split('/') : ['', value];
  if (!ID.test(id) || rest.length > 0 || (value.includes('/') && !/^[A-Z][A-Za-z]+$/.test(type)))
    throw unsupported(name, 'has a value that is no reference');
  if (modifier !== undefined && type !== '' && type !== modifier) throw unsupported(name, 'names two resource types');
  const types = modifier ? [modifier] : type ? [type] : parameter.targets;
  if (types.length === 0) throw unsupported(name, 'needs the resource type before the id');
  return types.map((one) => form.reference(`${one}/${id}`));
}

function unknownModifier(name: string): Error {
  return unsupported(name, 'has a modifier that is not known for it');
}
