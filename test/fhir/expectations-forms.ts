import { MSG } from '../../src/canonical.ts';
import {
  DAY,
  DAY_AFTER,
  DAY_BEFORE,
  IDENTIFIER_TYPES,
  type ParameterExpectation,
  REFERENCE_NUMBERS,
  wordsBeside,
} from './expectations-values.ts';

/** One way of asking for a parameter, and whether the example that has everything is found by it. */
export interface Form {
  /** Modifier with its colon, or nothing. */
  readonly modifier: string;
  readonly value: string;
  readonly finds: boolean;
}

/**
 * Every form that R4 defines for a value of this shape and the store has (R4 search 3.1.1.4): modifiers, prefixes, and
 * the near misses beside them.
 */
export function formsOf(parameter: ParameterExpectation): readonly Form[] {
  return [...always(parameter), ...byShape(parameter)];
}

/** Modifiers that R4 does not define for the kind: 400, never ignored. */
export function refusedModifiers({ kind }: ParameterExpectation): readonly string[] {
  const unknown = [':nonsense', ':Exact'];
  switch (kind) {
    case 'token':
      return [...unknown, ':contains', ':exact', ':identifier', ':Patient'];
    case 'reference':
      return [...unknown, ':Nothing', ':above', ':below', ':exact', ':text', ':in', ':not'];
    case 'string':
      return [...unknown, ':text', ':not', ':in', ':below'];
    case 'date':
      return [...unknown, ':exact', ':not'];
    case 'uri':
      return [...unknown, ':contains', ':not'];
    case 'composite':
      return [...unknown, ':exact', ':not'];
    default: {
      const never: never = kind;
      throw new TypeError(`Unknown kind ${String(never)}`);
    }
  }
}

const form = (modifier: string, value: string, finds: boolean): Form => ({ modifier, value, finds });

/** A value of the kind that nothing has. */
export const missOf = ({ kind }: ParameterExpectation): string => misses[kind];

function always(parameter: ParameterExpectation): Form[] {
  const { value } = parameter;
  const miss = missOf(parameter);
  return [
    form('', value, true),
    form('', miss, false),
    form('', `${miss},${value}`, true),
    form(':missing', 'false', true),
    form(':missing', 'true', false),
  ];
}

const misses = {
  token: 'nothing-has-this',
  reference: 'Patient/nobody',
  string: 'Zzyzx',
  date: '1990-01-01',
  uri: 'https://nothing.example.org/has/this',
  composite: 'nothing$nothing',
} as const satisfies Record<ParameterExpectation['kind'], string>;

function byShape({ shape, value, kind }: ParameterExpectation): Form[] {
  switch (shape) {
    case 'coded':
      return kind === 'composite' ? compositeForms(value) : tokenForms(value);
    case 'identifier':
      return [
        ...tokenForms(value),
        form(':of-type', `${IDENTIFIER_TYPES}|MR|${codeIn(value)}`, true),
        form(':of-type', `${IDENTIFIER_TYPES}|NH|${codeIn(value)}`, false),
      ];
    case 'plain':
      return [
        form(':not', value, false),
        form(':not', 'nothing-has-this', true),
        form('', `urn:none|${value}`, false),
        ...terminologyForms(`urn:none|${value}`, false),
      ];
    case 'contact':
      return [
        form('', value.toUpperCase(), true),
        form(':not', value, false),
        form('', value.slice(0, -1), false),
        ...terminologyForms(`urn:none|${value}`, false),
      ];
    case 'literal':
      return referenceForms(value);
    case 'canonical':
      return [form('', `${value}|1.0.0`, true), form('', `${value}|9.9.9`, false)];
    case 'text':
      return textForms(value);
    case 'day':
      return dayForms();
    case 'address':
      return [
        form(':below', value.slice(0, value.lastIndexOf('/')), true),
        form(':below', `${value}/further`, false),
        form(':above', `${value}/further/down`, true),
        form(':above', value.slice(0, value.lastIndexOf('/')), false),
        form('', value.toUpperCase(), false),
      ];
    default: {
      const never: never = shape;
      throw new TypeError(`Unknown shape ${String(never)}`);
    }
  }
}

const codeIn = (value: string): string => value.slice(value.indexOf('|') + 1);
const systemIn = (value: string): string => value.slice(0, value.indexOf('|'));

function tokenForms(value: string): Form[] {
  return [
    form('', codeIn(value), true),
    form('', `${systemIn(value)}|`, true),
    form('', 'urn:none|', false),
    form('', `|${codeIn(value)}`, false),
    form('', `urn:none|${codeIn(value)}`, false),
    form(':not', value, false),
    form(':not', `${systemIn(value)}|nothing-has-this`, true),
    ...terminologyForms(value, true),
  ];
}

/** None of the value sets that are known here has a code of the examples; words beside them only some kinds have. */
function terminologyForms(value: string, hasWords: boolean): Form[] {
  const words = wordsBeside(codeIn(value)).normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();
  return [
    form(':text', words, hasWords),
    form(':text', words.slice(0, -1), hasWords),
    form(':text', `zzyzx,${words}`, hasWords),
    form(':text', words.slice(2), false),
    form(':above', value, hasWords),
    form(':below', value, hasWords),
    form(':above', `${systemIn(value)}|nothing-has-this`, false),
    form(':below', `urn:none|${codeIn(value)}`, false),
    form(':in', `${MSG}/ValueSet/staff-role`, false),
    form(':in', 'http://hl7.org/fhir/ValueSet/address-type', false),
    form(':not-in', `${MSG}/ValueSet/staff-role`, true),
  ];
}

function compositeForms(value: string): Form[] {
  const [first = '', second = ''] = value.split('$');
  return [form('', `${codeIn(first)}$${codeIn(second)}`, true), form('', `${second}$${first}`, false)];
}

function referenceForms(value: string): Form[] {
  const [type = '', id = ''] = value.split('/');
  return [
    form('', id, true),
    form(`:${type}`, id, true),
    form(`:${type}`, 'nobody', false),
    form(`:${type === 'Practitioner' ? 'Organization' : 'Practitioner'}`, id, false),
    form(':identifier', `${REFERENCE_NUMBERS}|${id}`, true),
    form(':identifier', `urn:none|${id}`, false),
  ];
}

function textForms(value: string): Form[] {
  const plain = value.normalize('NFD').replace(/\p{M}/gu, '');
  return [
    form('', plain.toLowerCase().slice(0, 4), true),
    form('', value.slice(2), false),
    form(':exact', value, true),
    form(':exact', value.toLowerCase(), false),
    form(':contains', plain.toUpperCase().slice(2, 5), true),
    form(':contains', 'zzyzx', false),
  ];
}

function dayForms(): Form[] {
  const found = [
    `eq${DAY}`,
    `ge${DAY}`,
    `le${DAY}`,
    `ap${DAY}`,
    `ne${DAY_BEFORE}`,
    `gt${DAY_BEFORE}`,
    `lt${DAY_AFTER}`,
    `sa${DAY_BEFORE}`,
    `eb${DAY_AFTER}`,
    '2026-03',
    '2026',
  ];
  const missed = [
    `ne${DAY}`,
    `gt${DAY}`,
    `lt${DAY}`,
    `sa${DAY}`,
    `eb${DAY}`,
    `eq${DAY_BEFORE}`,
    `ge${DAY_AFTER}`,
    `le${DAY_BEFORE}`,
    'ap2016-03-05',
  ];
  return [...found.map((one) => form('', one, true)), ...missed.map((one) => form('', one, false))];
}
