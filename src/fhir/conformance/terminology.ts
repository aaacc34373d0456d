import type { CodeableConcept, Coding, Parameters, ParametersParameter, ValueSet } from '@medplum/fhirtypes';
import { AppError } from '../../errors.ts';
import type { Answer, Call, FhirDeps } from '../call.ts';
import { isObject } from '../validate/run.ts';
import { codeSystemOf, codesIn, type ExpandedCode, isOpen, valueSetOf } from './expansion.ts';
import { published } from './load.ts';

/**
 * `ValueSet/$expand`, by `url` or at one value set's own address (terminology-service.html 4.7.2), for what we publish.
 * Errors: AppError NOT_FOUND for a value set of others; SEARCH_UNSUPPORTED for a parameter that is not known here.
 */
export async function expand(deps: FhirDeps, call: Call): Promise<Answer> {
  const given = await parametersOf(call, ['url', 'valueSetVersion', 'filter', 'offset', 'count']);
  const valueSet = addressed(call, given);
  const filter = given.get('filter')?.toLowerCase();
  const offset = whole(given, 'offset') ?? 0;
  const matches = codesIn(valueSet).filter(
    ({ code, display }) =>
      filter === undefined || code.toLowerCase().includes(filter) || display?.toLowerCase().includes(filter),
  );
  const page = matches.slice(offset, offset + (whole(given, 'count') ?? matches.length));
  const { compose: _compose, ...about } = valueSet;
  return {
    kind: 'content',
    status: 200,
    resource: {
      ...about,
      expansion: {
        identifier: `urn:uuid:${crypto.randomUUID()}`,
        timestamp: deps.clock.now().toISOString(),
        total: matches.length,
        offset,
        contains: page.map(({ system, code, display }) => ({
          system,
          code,
          ...(display === undefined ? {} : { display }),
        })),
      },
    },
  };
}

/**
 * `ValueSet/$validate-code` (terminology-service.html 4.7.3): is this code, Coding or CodeableConcept in the value set?
 * Errors: as `expand`; AppError REQUEST_MALFORMED when there is no code, or one without its system.
 */
export async function validateCode(_deps: FhirDeps, call: Call): Promise<Answer> {
  const given = await parametersOf(call, ['url', 'valueSetVersion', 'code', 'system', 'display']);
  const valueSet = addressed(call, given);
  const codings = codingsOf(given);
  const codes = codesIn(valueSet);
  const found = codings.flatMap((coding) => codes.filter((one) => isSame(one, coding)).map((one) => ({ one, coding })));
  const [first] = found;
  const wrongDisplay = first !== undefined && differs(first.coding.display, first.one.display);
  const message = first === undefined ? absent(valueSet, codings) : wrongDisplay ? otherDisplay(first.one) : undefined;
  const parameter: ParametersParameter[] = [
    { name: 'result', valueBoolean: first !== undefined && !wrongDisplay },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...(first?.one.display === undefined ? [] : [{ name: 'display', valueString: first.one.display }]),
  ];
  return { kind: 'content', status: 200, resource: { resourceType: 'Parameters', parameter } };
}

/** What was asked: simple values by name, and the codings of `coding` and `codeableConcept`. */
interface Given {
  get(name: string): string | undefined;
  readonly codings: readonly Coding[];
}

async function parametersOf(call: Call, known: readonly string[]): Promise<Given> {
  const asked: { name: string; value: string }[] = call.params.map(([name, value]) => ({ name, value }));
  const codings: Coding[] = [];
  if (call.method === 'POST') {
    const body = await call.json();
    if (!isObject(body) || body.resourceType !== 'Parameters') {
      throw new AppError('REQUEST_MALFORMED', 'This operation takes Parameters.');
    }
    for (const one of (body as unknown as Parameters).parameter ?? []) {
      if (known.includes('code') && one.name === 'coding' && isObject(one.valueCoding)) codings.push(one.valueCoding);
      else if (known.includes('code') && one.name === 'codeableConcept' && isObject(one.valueCodeableConcept)) {
        codings.push(...((one.valueCodeableConcept as CodeableConcept).coding ?? []));
      } else asked.push({ name: String(one.name), value: simpleValue(one) });
    }
  }
  const strangers = asked.filter(({ name }) => !known.includes(name)).map(({ name }) => name);
  if (strangers.length > 0) {
    const shown = strangers.map((name) => (/^[A-Za-z_-]{1,40}$/.test(name) ? name : '(of an unusual form)'));
    throw new AppError('SEARCH_UNSUPPORTED', [
      ...shown.map((name) => ({ text: `Parameter ${name} is not known here: it takes ${known.join(', ')}.` })),
    ]);
  }
  return { get: (name) => asked.find((one) => one.name === name)?.value, codings };
}

function simpleValue(parameter: ParametersParameter): string {
  const [, value] = Object.entries(parameter).find(([key]) => key.startsWith('value')) ?? [];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function addressed(call: Call, given: Given): ValueSet & { id: string } {
  const url = given.get('url');
  const found =
    call.id !== ''
      ? published('ValueSet').find((one) => one.id === call.id)
      : url === undefined
        ? undefined
        : valueSetOf(url, given.get('valueSetVersion'));
  if (found !== undefined) return found;
  if (call.id === '' && url === undefined) {
    throw new AppError('REQUEST_MALFORMED', 'Say which value set: give its url.');
  }
  throw new AppError('NOT_FOUND', 'That value set is none of those published here. GET /fhir/ValueSet lists them.');
}

function whole(given: Given, name: string): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new AppError('REQUEST_MALFORMED', `${name} takes a whole number.`);
  return Number(text);
}

function codingsOf(given: Given): readonly Coding[] {
  const code = given.get('code');
  const system = given.get('system');
  const display = given.get('display');
  if (code === undefined) {
    if (given.codings.length > 0) return given.codings;
    throw new AppError('REQUEST_MALFORMED', 'Say which code: give code and system, coding or codeableConcept.');
  }
  if (system === undefined) throw new AppError('REQUEST_MALFORMED', 'A code is looked for in its system: give system.');
  return [{ system, code, ...(display === undefined ? {} : { display }) }];
}

const isSame = (one: ExpandedCode, coding: Coding): boolean => one.system === coding.system && one.code === coding.code;

const differs = (given: string | undefined, known: string | undefined): boolean =>
  given !== undefined && known !== undefined && given.trim().toLowerCase() !== known.toLowerCase();

/** Says nothing of what was sent. */
function absent(valueSet: ValueSet, codings: readonly Coding[]): string {
  const ownSystem = codings.some(({ system = '' }) => codeSystemOf(system) !== undefined);
  if (ownSystem && isOpen(valueSet)) {
    return 'The code is none of those that come with Herald; an organisation may have added it.';
  }
  return `The code is not in ${valueSet.url ?? 'the value set'}.`;
}

const otherDisplay = ({ display }: ExpandedCode): string =>
  `The code is in the value set; its display is "${display}".`;
