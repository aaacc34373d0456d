import type { Meta } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { faultsOf, r4 } from '../validate/support.ts';
import { type ExpectedType, expectedOfPublished, expectedTypes } from './expectations.ts';
import { formsOf, missOf, refusedModifiers } from './expectations-forms.ts';
import { type AnswerBody, FOUND, OTHER, type Rig, startRig } from './expectations-rig.ts';
import { expectedSearches, type SearchExpectation } from './expectations-search.ts';
import { address, coded, type ParameterExpectation, PROFILE, plain, text } from './expectations-values.ts';

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const tagsOf = ({ meta }: Record<string, unknown>): readonly unknown[] => (meta as Meta | undefined)?.tag ?? [];

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const types = Object.entries(expectedSearches) as [ExpectedType, SearchExpectation][];
const parameters = types.flatMap(([type, { parameters: own }]) =>
  Object.entries(own).map(([name, parameter]) => ({ type, name, parameter })),
);
/** The first of each kind: how repeats and unknown modifiers are taken is a matter of the kind. */
const kinds = parameters.filter(
  (one, at) =>
    at === parameters.findIndex((other) => other.type === one.type && other.parameter.kind === one.parameter.kind),
);
const references = parameters.filter(({ parameter }) => parameter.kind === 'reference' && isServed(parameter));

function isServed({ shape, value }: ParameterExpectation): boolean {
  return shape === 'literal' && (value.split('/')[0] ?? '') in expectedSearches;
}

const query = (pairs: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString();

async function search(type: ExpectedType, pairs: readonly (readonly [string, string])[]): Promise<AnswerBody> {
  const { token } = expectedTypes[type];
  const answer = await rig.ask('GET', `/${type}?${query(pairs)}`, { token });
  expect([answer.status, answer.body.issue]).toEqual([200, undefined]);
  return answer.body;
}

const keysOf = (bundle: AnswerBody, mode = 'match'): string[] =>
  (bundle.entry ?? [])
    .filter((one) => one.search?.mode === mode)
    .map(({ resource }) => `${resource?.resourceType}/${resource?.id}`);

/** Which of the two examples, and in which order. */
async function foundOf(type: ExpectedType, pairs: readonly (readonly [string, string])[]): Promise<string[]> {
  const bundle = await search(type, [...pairs, ['_id', `${FOUND},${OTHER}`]]);
  return keysOf(bundle).map((one) => one.slice(type.length + 1));
}

describe('contract 2: every search parameter finds what has it and misses what has not', () => {
  it.each(parameters)(
    '$type $name: by its value, every modifier and every prefix',
    async ({ type, name, parameter }) => {
      expect(await foundOf(type, [[name, parameter.value]])).toEqual([FOUND]);
      const forms = formsOf(parameter);
      const found = await Promise.all(forms.map((one) => foundOf(type, [[`${name}${one.modifier}`, one.value]])));
      expect(forms.filter((one, at) => found[at]?.includes(FOUND) !== one.finds)).toEqual([]);
    },
  );

  it.each(parameters)('$type $name: what has it and what has not are all there is', async ({ type, name }) => {
    const asked = ['false', 'true'].map((one) => foundOf(type, [[`${name}:missing`, one]]));
    expect((await Promise.all(asked)).flat().sort()).toEqual([FOUND, OTHER].sort());
  });

  it.each(kinds)('$type $name ($parameter.kind): repeated, both must hold', async ({ type, name, parameter }) => {
    const twice = (value: string) => [[name, parameter.value] as const, [name, value] as const];
    expect(await foundOf(type, twice(parameter.value))).toEqual([FOUND]);
    expect(await foundOf(type, twice(missOf(parameter)))).toEqual([]);
  });

  it.each(kinds)('$type $name ($parameter.kind): an unknown modifier is 400', async ({ type, name, parameter }) => {
    for (const modifier of refusedModifiers(parameter)) {
      const path = `/${type}?${query([[`${name}${modifier}`, parameter.value]])}`;
      const answer = await rig.ask('GET', path, { token: expectedTypes[type].token });
      expect([modifier, answer.status, answer.body.issue?.[0]?.code]).toEqual([modifier, 400, 'not-supported']);
    }
  });
});

describe('contract 2: the same by POST', () => {
  it.each(types)('%s/_search finds by all parameters at once', async (type, { parameters: own }) => {
    const all = Object.entries(own).map(([name, { value }]) => [name, value] as const);
    const answer = await rig.ask('POST', `/${type}/_search`, { token: expectedTypes[type].token, form: query(all) });
    expect(answer.status).toBe(200);
    expect(keysOf(answer.body)).toEqual([`${type}/${FOUND}`]);
  });
});

describe('contract 2: references', () => {
  it.each(references)('$type $name by the address of this server', async ({ type, name, parameter }) => {
    expect(await foundOf(type, [[name, `${rig.base}/${parameter.value}`]])).toEqual([FOUND]);
    expect(await foundOf(type, [[name, `https://elsewhere.example.org/fhir/${parameter.value}`]])).toEqual([]);
  });

  it.each(references)('$type:$name is included', async ({ type, name, parameter }) => {
    const bundle = await search(type, [
      ['_id', FOUND],
      ['_include', `${type}:${name}`],
    ]);
    expect(keysOf(bundle, 'include')).toContain(parameter.value);
    const typed = await search(type, [
      ['_id', FOUND],
      ['_include', `${type}:${name}:${parameter.value.split('/')[0]}`],
    ]);
    expect(keysOf(typed, 'include')).toContain(parameter.value);
  });

  it.each(references)('$type:$name is included in reverse', async ({ type, name, parameter }) => {
    const [target = '', id = ''] = parameter.value.split('/');
    const path = `/${target}?${query([
      ['_id', id],
      ['_revinclude', `${type}:${name}`],
    ])}`;
    const answer = await rig.ask('GET', path, { token: 'demo-ig' });
    expect(answer.status).toBe(200);
    expect(keysOf(answer.body, 'include')).toContain(`${type}/${FOUND}`);
  });

  it.each(references)('$type $name can be gone on from, one step and two', async ({ type, name, parameter }) => {
    const [target = '', id = ''] = parameter.value.split('/');
    expect(await foundOf(type, [[`${name}:${target}._id`, id]])).toEqual([FOUND]);
    expect(await foundOf(type, [[`${name}:${target}._id`, 'nobody']])).toEqual([]);
    expect(await foundOf(type, [[`${name}:${target}._has:${type}:${name}:_id`, FOUND]])).toEqual([FOUND]);
    expect(await foundOf(type, [[`${name}:${target}._has:${type}:${name}:_id`, OTHER]])).toEqual([]);
  });

  it.each(references)('$type $name leads back with _has', async ({ type, name, parameter }) => {
    const [target = '', id = ''] = parameter.value.split('/');
    const found = async (asked: string) => {
      const path = `/${target}?${query([
        ['_id', id],
        [`_has:${type}:${name}:_id`, asked],
      ])}`;
      const answer = await rig.ask('GET', path, { token: 'demo-ig' });
      expect(answer.status).toBe(200);
      return keysOf(answer.body);
    };
    expect(await found(FOUND)).toEqual([parameter.value]);
    expect(await found(OTHER)).toEqual([]);
  });

  it.each(types)('%s: * includes all that it points at, and in reverse all that points at it', async (type) => {
    const own = references.filter((one) => one.type === type).map(({ parameter }) => parameter.value);
    const all = await search(type, [
      ['_id', FOUND],
      ['_include', '*'],
    ]);
    expect(keysOf(all, 'include')).toEqual(expect.arrayContaining(own));
    const named = await search(type, [
      ['_id', FOUND],
      ['_include', `${type}:*`],
    ]);
    expect(keysOf(named, 'include').sort()).toEqual(keysOf(all, 'include').sort());
    const id = references.map(({ parameter }) => parameter.value.split('/')).find(([target]) => target === type)?.[1];
    if (id === undefined) return;
    // Of what the token may not read there would be too many, were they not left out: each search is audited.
    const pointing = references.filter((one) => one.parameter.value === `${type}/${id}` && one.type !== 'AuditEvent');
    const answer = await rig.ask('GET', `/${type}?_id=${id}&_revinclude=*`, { token: 'demo-epr' });
    const expected = pointing.map((one) => `${one.type}/${FOUND}`);
    expect(keysOf(answer.body, 'include')).toEqual(expect.arrayContaining(expected));
  });
});

describe('contract 2: everywhere', () => {
  it.each(types)('%s _id, one and several', async (type) => {
    expect(keysOf(await search(type, [['_id', FOUND]]))).toEqual([`${type}/${FOUND}`]);
    expect((await foundOf(type, [])).sort()).toEqual([FOUND, OTHER].sort());
  });

  it.each(types)('%s _lastUpdated with every prefix', async (type) => {
    const { token } = expectedTypes[type];
    const { body } = await rig.ask('GET', `/${type}/${FOUND}`, { token });
    const at = body.meta?.lastUpdated ?? '';
    const has = async (value: string) => (await foundOf(type, [['_lastUpdated', value]])).includes(FOUND);
    const answers = Object.fromEntries(
      await Promise.all(
        ['', 'eq', 'ge', 'le', 'ap', 'ne', 'gt', 'lt', 'sa', 'eb'].map(async (one) => [one, await has(one + at)]),
      ),
    );
    expect(answers).toEqual({
      '': true,
      eq: true,
      ge: true,
      le: true,
      ap: true,
      ne: false,
      gt: false,
      lt: false,
      sa: false,
      eb: false,
    });
    expect([await has('gt2026-01-01'), await has('lt2026-01-01')]).toEqual([at > '2026-01-01', at < '2026-01-01']);
  });

  it.each(types)('%s _security and _tag', async (type) => {
    for (const name of ['_security', '_tag']) {
      const forms = formsOf(coded(name));
      const found = await Promise.all(forms.map((one) => foundOf(type, [[`${name}${one.modifier}`, one.value]])));
      expect([name, forms.filter((one, at) => found[at]?.includes(FOUND) !== one.finds)]).toEqual([name, []]);
    }
  });

  it.each(types)('%s _profile', async (type) => {
    const forms = formsOf(address(PROFILE));
    const found = await Promise.all(forms.map((one) => foundOf(type, [[`_profile${one.modifier}`, one.value]])));
    expect(forms.filter((one, at) => found[at]?.includes(FOUND) !== one.finds)).toEqual([]);
  });

  it.each(types)('%s _sort by everything that has an order, both ways', async (type, { parameters: own }) => {
    const ordered = Object.entries(own).filter(([, { kind }]) => kind !== 'composite');
    for (const name of ['_id', '_lastUpdated', '_security', '_tag', '_profile', ...ordered.map(([one]) => one)]) {
      const up = await foundOf(type, [['_sort', name]]);
      const down = await foundOf(type, [['_sort', `-${name}`]]);
      expect([name, [...up].sort(), [...down].sort()]).toEqual([name, [FOUND, OTHER].sort(), [FOUND, OTHER].sort()]);
      if (name === '_id')
        expect([up, down]).toEqual([
          [FOUND, OTHER],
          [OTHER, FOUND],
        ]);
    }
  });

  it.each(types)('%s _count makes pages, and their links lead through all of it', async (type) => {
    const { token } = expectedTypes[type];
    const first = await search(type, [
      ['_id', `${FOUND},${OTHER}`],
      ['_count', '1'],
      ['_sort', '_id'],
    ]);
    const next = first.link?.find((one) => one.relation === 'next')?.url ?? '';
    expect(next.startsWith(`${rig.base}/${type}?`)).toBe(true);
    const second = await rig.ask('GET', next.slice(rig.base.length), { token });
    expect([...keysOf(first), ...keysOf(second.body)]).toEqual([`${type}/${FOUND}`, `${type}/${OTHER}`]);
    expect(second.body.link?.some((one) => one.relation === 'next')).toBe(false);
  });

  it.each(types)('%s _total and _summary=count', async (type) => {
    const both = ['_id', `${FOUND},${OTHER}`] as const;
    expect((await search(type, [both])).total).toBeUndefined();
    expect((await search(type, [both, ['_total', 'none']])).total).toBeUndefined();
    expect((await search(type, [both, ['_total', 'accurate'], ['_count', '1']])).total).toBe(2);
    const counted = await search(type, [both, ['_summary', 'count']]);
    expect([counted.total, counted.entry ?? []]).toEqual([2, []]);
  });

  it.each(types)('%s: a part of each is R4, says that it is a part, and has nothing else', async (type) => {
    const { token } = expectedTypes[type];
    const whole = (await rig.ask('GET', `/${type}/${FOUND}`, { token })).body as Record<string, unknown>;
    for (const part of ['_summary=true', '_summary=text', '_summary=data', '_elements=id', '_elements=meta,language']) {
      const answer = await rig.ask('GET', `/${type}?_id=${FOUND}&${part}`, { token });
      const resource = answer.body.entry?.[0]?.resource as unknown as Record<string, unknown>;
      expect([part, faultsOf(r4, resource).filter((one) => one.startsWith('structure'))]).toEqual([part, []]);
      const { meta, ...content } = resource;
      expect([part, meta]).toEqual([part, { ...(whole.meta as Meta), tag: [...tagsOf(whole), SUBSETTED] }]);
      if (part === '_summary=data') expect(Object.keys(resource).sort()).toEqual(Object.keys(whole).sort());
      for (const [name, value] of Object.entries(content)) expect([part, whole[name]]).toMatchObject([part, value]);
    }
  });

  it.each(types)('%s: what is not known is 400, and nothing is ignored', async (type) => {
    const unknown = ['colour=blue', '_text=x', '_content=x', '_elements=colour', '_contained=true', '_sort=colour'];
    for (const one of [...unknown, '_summary=some', '_include:recurse=*', '_total:exact=none']) {
      const answer = await rig.ask('GET', `/${type}?${one}`, { token: expectedTypes[type].token });
      expect([one, answer.status]).toEqual([one, 400]);
    }
  });
});

describe('contract 2: what we publish', () => {
  const published = (Object.keys(expectedTypes) as ExpectedType[]).filter((type) => !(type in expectedSearches));
  const cells = published.flatMap((type) => Object.keys(expectedOfPublished).map((name) => [type, name] as const));

  /** What of the type there is, as a search without a condition shows it. */
  const all = async (type: ExpectedType) =>
    ((await search(type, [['_count', '200']])).entry ?? []).map(({ resource }) => resource as unknown as Published);

  it.each(cells)('%s %s: by its value, every modifier and every prefix', async (type, name) => {
    const [one] = await all(type);
    const { id = '', [name as PublishedSearch]: value = '' } = one ?? {};
    const parameter = { url: address, name: text, version: plain, status: plain }[name as PublishedSearch](value);
    const wrong: unknown[] = [];
    for (const { modifier, value: sought, finds } of formsOf(parameter)) {
      const found =
        keysOf(
          await search(type, [
            [`${name}${modifier}`, sought],
            ['_id', id],
          ]),
        ).length === 1;
      if (found !== finds) wrong.push([modifier, sought]);
    }
    expect(wrong).toEqual([]);
  });

  it.each(published)('%s: the url of each finds it alone', async (type) => {
    const resources = await all(type);
    expect(resources.length).toBeGreaterThan(0);
    for (const { id, url } of resources) expect(keysOf(await search(type, [['url', url]]))).toEqual([`${type}/${id}`]);
  });

  it('has what the contract names', async () => {
    const named = { CodeSystem: codeSystem('block-reason'), ValueSet: `${MSG}/ValueSet/channel` } as const;
    expect(keysOf(await search('CodeSystem', [['url', named.CodeSystem]]))).toHaveLength(1);
    expect(keysOf(await search('ValueSet', [['url', named.ValueSet]]))).toHaveLength(1);
  });

  it.each(published)('%s: an unknown parameter is 400', async (type) => {
    expect((await rig.ask('GET', `/${type}?colour=blue`, { token: 'demo-epr' })).status).toBe(400);
  });
});

type PublishedSearch = keyof typeof expectedOfPublished;
type Published = Readonly<Record<'id' | PublishedSearch, string>>;
