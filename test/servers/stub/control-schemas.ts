import { Ajv } from 'ajv';
import type { Mode } from './context.ts';
import type { Fault, Trouble } from './faults.ts';

const milliseconds = { type: 'number', minimum: 0 };
const whole = { type: 'integer', minimum: 1 };
const yes = { type: 'boolean' };
const address = { type: 'string', minLength: 1 };

/** What each kind of trouble takes. */
const troubles: Readonly<Record<Trouble['kind'], { required?: readonly string[]; properties?: object }>> = {
  cut: {},
  'lose-answer': {},
  hang: { properties: { ms: milliseconds } },
  'hang-after': { properties: { ms: milliseconds } },
  late: { required: ['ms'], properties: { ms: milliseconds } },
  status: { required: ['status'], properties: { status: whole, retryAfter: milliseconds, done: yes } },
  html: { properties: { done: yes } },
  redirect: { required: ['to'], properties: { to: address } },
  truncated: {},
  'cut-body': {},
  'next-elsewhere': { required: ['to'], properties: { to: address } },
  slow: { required: ['bytes', 'everyMs'], properties: { bytes: whole, everyMs: milliseconds } },
  huge: { required: ['bytes'], properties: { bytes: whole } },
  down: { required: ['ms'], properties: { ms: milliseconds, done: yes } },
};

const trouble = {
  oneOf: Object.entries(troubles).map(([kind, { required = [], properties = {} }]) =>
    closed({ kind: { const: kind }, ...properties }, ['kind', ...required]),
  ),
};

const fault = closed(
  {
    method: { type: 'string' },
    path: { type: 'string', format: 'regular-expression' },
    writes: { type: 'string' },
    skip: { type: 'integer', minimum: 0 },
    times: { oneOf: [whole, { const: 'always' }] },
    trouble,
  },
  ['trouble'],
);

const ajv = new Ajv({ strict: true, formats: { 'regular-expression': isRegularExpression } });

export const isFaultList = ajv.compile<Fault[]>({ type: 'array', items: fault });

export const isModeChange = ajv.compile<Partial<Mode>>(
  closed({ readOnly: yes, full: yes, token: { type: 'string', nullable: true } }, []),
);

export const isDownRequest = ajv.compile<{ readonly ms?: number }>(closed({ ms: milliseconds }, []));

function closed(properties: object, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
