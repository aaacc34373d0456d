import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { pythonRepr } from '../notify/python-text.ts';
import type { SimulatorClock } from './clock.ts';
import { formats } from './formats.ts';
import { type ErrorEntry, v2Error } from './notify-error.ts';
import { type SchemaName, schemas } from './schemas.ts';

/** Throws Notify's 400 with every fault of a value, in Notify's words and order. */
export type Validate = (name: SchemaName, value: unknown) => void;

/** The validators of all requests; `within_next_day` goes by the simulator's clock. */
export function createValidate(clock: SimulatorClock): Validate {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
  ajv.addVocabulary(['validationMessage']);
  for (const [name, format] of Object.entries(formats)) {
    ajv.addKeyword({
      keyword: `format-${name}`,
      validate: (_: unknown, value: unknown) => format(value, clock.ms()) === undefined,
    });
  }
  const compiled = new Map<string, ValidateFunction>();
  for (const [name, schema] of Object.entries(schemas)) compiled.set(name, ajv.compile(withFormatKeywords(schema)));
  return (name, value) => {
    const validate = compiled.get(name);
    if (validate === undefined || validate(value)) return;
    const order = Object.keys('properties' in schemas[name] ? schemas[name].properties : {});
    const messages = inOrder(validate.errors ?? [], order).map((error) => message(error, clock.ms()));
    const errors = [...new Set(messages)].map((text): ErrorEntry => ({ error: 'ValidationError', message: text }));
    throw v2Error(400, ...errors);
  };
}

/** ajv's own `format` looks at strings and numbers only; Notify's formats look at any value. */
function withFormatKeywords(schema: unknown): Record<string, unknown> {
  const copy = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(copy);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) =>
        key === 'format' && typeof value === 'string' ? [`format-${value}`, true] : [key, copy(value)],
      ),
    );
  };
  return copy(schema) as Record<string, unknown>;
}

/** Faults of properties as the schema lists them, then what is missing, then what is too much. */
function inOrder(errors: readonly ErrorObject[], properties: readonly string[]): ErrorObject[] {
  const rank = (error: ErrorObject): number => {
    const property = properties.indexOf(property0(error) ?? '');
    if (property >= 0) return property;
    if (error.keyword === 'required') return properties.length;
    return error.keyword === 'additionalProperties' ? properties.length + 1 : properties.length + 2;
  };
  return mergeExtras(errors.filter(isOwnFault)).toSorted((a, b) => rank(a) - rank(b));
}

/** Branches of a combination are not faults by themselves: the combination is. */
function isOwnFault(error: ErrorObject): boolean {
  return error.keyword !== 'not' && !(error.keyword === 'required' && error.schemaPath.includes('anyOf'));
}

/** ajv reports each extra property by itself; Notify all in one sentence. */
function mergeExtras(errors: readonly ErrorObject[]): ErrorObject[] {
  const extras = errors.filter(({ keyword }) => keyword === 'additionalProperties');
  const [first] = extras;
  if (first === undefined) return [...errors];
  const names = extras.map(({ params }) => String(params.additionalProperty)).sort();
  const others = errors.filter(({ keyword }) => keyword !== 'additionalProperties');
  return [...others, { ...first, params: { names } }];
}

function property0(error: ErrorObject): string | undefined {
  return error.instancePath === '' ? undefined : error.instancePath.split('/')[1];
}

function message(error: ErrorObject, nowMs: number): string {
  const custom: unknown = error.parentSchema?.validationMessage;
  const text = typeof custom === 'string' ? custom : stock(error, nowMs).replaceAll("'", '');
  const property = property0(error);
  return property === undefined ? text : `${property} ${text}`;
}

/** The words of Python's jsonschema, and of Notify's formats. */
function stock(error: ErrorObject, nowMs: number): string {
  const value = pythonRepr(error.data);
  const { keyword, params } = error;
  if (keyword.startsWith('format-')) return formats[keyword.slice('format-'.length)]?.(error.data, nowMs) ?? '';
  if (keyword === 'type') return `${value} is not of type ${[params.type].flat().join(', ')}`;
  if (keyword === 'required') return `${params.missingProperty} is a required property`;
  if (keyword === 'maxLength') return `${value} is too long`;
  if (keyword === 'enum') return `${value} is not one of ${pythonRepr(params.allowedValues)}`;
  const names: string[] = params.names;
  const were = names.length === 1 ? 'was' : 'were';
  return `Additional properties are not allowed (${names.join(', ')} ${were} unexpected)`;
}
