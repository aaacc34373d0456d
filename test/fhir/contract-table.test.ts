import type { CapabilityStatement, Resource } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { faultsOf, r4 } from '../validate/support.ts';
import {
  type ExpectedType,
  expectedEverywhere,
  expectedOfPublished,
  expectedOfSystem,
  expectedTypes,
  type Interaction,
  namedByContract,
  type TypeExpectation,
} from './expectations.ts';
import { type Answer, FOUND, type Rig, startRig } from './expectations-rig.ts';
import { expectedSearches } from './expectations-search.ts';
import { aWritable } from './expectations-writable.ts';

let rig: Rig;
let statement: CapabilityStatement;
beforeAll(async () => {
  rig = await startRig();
  statement = (await rig.ask('GET', '/metadata', { token: '' })).body as unknown as CapabilityStatement;
});
afterAll(() => rig.close());

const types = Object.entries(expectedTypes) as [ExpectedType, TypeExpectation][];
const every: readonly Interaction[] = [
  'read',
  'vread',
  'history-instance',
  'history-type',
  'search-type',
  'create',
  'update',
];
const cells = types.flatMap(([type, expected]) =>
  every.map((interaction) => ({ type, interaction, expected, promised: expected.interactions.includes(interaction) })),
);

/** Something of the type that can be read. */
async function anIdOf(type: ExpectedType, token: string): Promise<string> {
  if (expectedSearches[type] !== undefined) return FOUND;
  const { body } = await rig.ask('GET', `/${type}?_count=1`, { token });
  return body.entry?.[0]?.resource?.id ?? 'none';
}

/** The interaction as a caller would do it. */
async function perform(type: ExpectedType, interaction: Interaction, token: string): Promise<Answer> {
  switch (interaction) {
    case 'read':
      return rig.ask('GET', `/${type}/${await anIdOf(type, token)}`, { token });
    case 'vread':
      return rig.ask('GET', `/${type}/${await anIdOf(type, token)}/_history/1`, { token });
    case 'history-instance':
      return rig.ask('GET', `/${type}/${await anIdOf(type, token)}/_history`, { token });
    case 'history-type':
      return rig.ask('GET', `/${type}/_history`, { token });
    case 'search-type':
      return rig.ask('GET', `/${type}?_id=${await anIdOf(type, token)}`, { token });
    case 'create':
      return rig.ask('POST', `/${type}`, { token, body: aWritable(type) });
    case 'update':
      return rig.ask('PUT', `/${type}/${await anIdOf(type, token)}`, { token, body: { resourceType: type } });
    default: {
      const never: never = interaction;
      throw new TypeError(`Unknown interaction ${String(never)}`);
    }
  }
}

describe('contract 2: every interaction that is promised is answered', () => {
  it.each(cells.filter((one) => one.promised && !['create', 'update'].includes(one.interaction)))(
    '$type $interaction',
    async ({ type, interaction, expected: { token } }) => {
      const answer = await perform(type, interaction, token);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/fhir\+json/)]);
      const single = interaction === 'read' || interaction === 'vread';
      expect(answer.body.resourceType).toBe(single ? type : 'Bundle');
      if (single) expect(answer.headers.get('etag')).toMatch(/^W\/"[^"]+"$/);
      else expect(answer.body.entry?.length).toBeGreaterThan(0);
    },
  );

  it.each(types.filter(([, one]) => one.interactions.includes('create')))(
    '%s create, update, and update of a version that is no longer current',
    async (type, { token, interactions }) => {
      const made = await rig.ask('POST', `/${type}`, { token, body: aWritable(type) });
      expect([made.status, made.body.issue]).toEqual([201, undefined]);
      const self = `/${type}/${made.body.id}`;
      expect(made.headers.get('location')).toBe(`${rig.base}${self}/_history/1`);
      expect(made.headers.get('etag')).toBe('W/"1"');
      if (!interactions.includes('update')) return;
      const changed =
        type === 'CommunicationRequest' ? { ...made.body, status: 'revoked' } : { ...made.body, language: 'en-GB' };
      const put = (tag: string) => rig.ask('PUT', self, { token, body: changed, headers: { 'If-Match': tag } });
      const updated = await put('W/"1"');
      expect([updated.status, updated.body.issue]).toEqual([200, undefined]);
      expect(updated.headers.get('etag')).not.toBe('W/"1"');
      expect((await put('W/"1"')).status).toBe(412);
      expect((await rig.ask('GET', self, { token })).body).toEqual(updated.body);
    },
  );
});

describe('contract 2: what is not promised is not answered', () => {
  it.each(cells.filter((one) => !one.promised && !(one.interaction in one.expected.owed)))(
    '$type $interaction',
    async ({ type, interaction, expected: { token } }) => {
      const answer = await perform(type, interaction, token);
      // An address of its own that a type does not have is 404; another method on an address that it has is 405.
      const wanted = interaction === 'create' || interaction === 'update' ? [405] : [404, 405];
      expect(wanted).toContain(answer.status);
      expect(answer.body.resourceType).toBe('OperationOutcome');
    },
  );

  it.each(types)('REC-4, REC-6: DELETE and PATCH of %s are 405', async (type, { token }) => {
    for (const method of ['DELETE', 'PATCH']) {
      const answer = await rig.ask(method, `/${type}/${FOUND}`, { token });
      expect([method, answer.status, answer.body.issue?.[0]?.code]).toEqual([method, 405, 'not-supported']);
    }
  });

  it.each(
    types.flatMap(([type, one]) => Object.entries(one.owed).map(([what, status]) => [type, what, status] as const)),
  )('owed, and promised nowhere: %s %s is %i', async (type, what, status) => {
    const path = what === 'create' ? `/${type}` : `/${type}/${FOUND}/${what}`;
    const answer = await rig.ask('POST', path, { token: 'demo-epr', body: { resourceType: type } });
    expect(answer.status).toBe(status);
    const promised = statement.rest?.[0]?.resource?.find((one) => one.type === type);
    const names = [
      ...(promised?.interaction ?? []).map((one) => one.code),
      ...(promised?.operation ?? []).map((one) => `$${one.name}`),
    ];
    expect(names).not.toContain(what);
  });
});

describe('contract 2: operations', () => {
  it('CommunicationRequest/$evaluate answers Parameters', async () => {
    const body = exampleRequest('contract-table');
    const answer = await rig.ask('POST', '/CommunicationRequest/$evaluate', { token: 'demo-epr', body });
    expect([answer.status, answer.body.resourceType]).toEqual([200, 'Parameters']);
  });

  it('Communication/$mark-entered-in-error answers the record as it is then', async () => {
    const made = await rig.ask('POST', '/Communication', { token: 'demo-epr', body: aWritable('Communication') });
    const body = {
      resourceType: 'Parameters',
      parameter: [{ name: 'reason', valueString: 'Filed under somebody else' }],
    };
    const path = `/Communication/${made.body.id}/$mark-entered-in-error`;
    const answer = await rig.ask('POST', path, { token: 'demo-ig', body });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ resourceType: 'Communication', status: 'entered-in-error' });
  });

  it('ValueSet/$expand and ValueSet/$validate-code answer for what we publish', async () => {
    const url = encodeURIComponent(`${MSG}/ValueSet/channel`);
    const expanded = await rig.ask('GET', `/ValueSet/$expand?url=${url}`, { token: 'demo-epr' });
    expect([expanded.status, expanded.body.resourceType]).toEqual([200, 'ValueSet']);
    const system = encodeURIComponent(codeSystem('channel'));
    const checked = await rig.ask('GET', `/ValueSet/$validate-code?url=${url}&system=${system}&code=sms`, {
      token: 'demo-epr',
    });
    expect([checked.status, checked.body.resourceType]).toEqual([200, 'Parameters']);
  });

  it.each(expectedOfSystem)('a %s of the system is answered entry by entry', async (type) => {
    const entry = [{ request: { method: 'GET' as const, url: `Patient/${FOUND}` } }];
    const answer = await rig.ask('POST', '', { token: 'demo-epr', body: { resourceType: 'Bundle', type, entry } });
    expect([answer.status, answer.body.type]).toEqual([200, `${type}-response`]);
    expect(answer.body.entry?.[0]).toMatchObject({ response: { status: expect.stringMatching(/^200/) } });
  });
});

describe('GET /fhir/metadata is the truth', () => {
  const resourceOf = (type: string) => statement.rest?.[0]?.resource?.find((one) => one.type === type);
  const searchesOf = (type: ExpectedType): Record<string, string> => ({
    ...expectedEverywhere,
    ...Object.fromEntries(
      Object.entries(expectedSearches[type]?.parameters ?? {}).map(([name, { kind }]) => [name, kind]),
    ),
    ...(expectedSearches[type] === undefined ? expectedOfPublished : {}),
  });

  it('has the types of the contract and no other', () => {
    const listed = statement.rest?.[0]?.resource?.map((one) => one.type).sort();
    expect(listed).toEqual(types.map(([type]) => type).sort());
  });

  it.each(types)('%s: the interactions of the contract and no other', (type, { interactions }) => {
    expect(
      resourceOf(type)
        ?.interaction?.map((one) => one.code)
        .sort(),
    ).toEqual([...interactions].sort());
  });

  it.each(types)('%s: the operations of the contract and no other', (type, { operations }) => {
    expect((resourceOf(type)?.operation ?? []).map((one) => one.name).sort()).toEqual([...operations].sort());
  });

  it.each(types)('%s: the searches that are tested, by the kinds that R4 gives them, and no other', (type) => {
    const listed = (resourceOf(type)?.searchParam ?? []).map((one) => [one.name, one.type]);
    expect(Object.fromEntries(listed)).toEqual(searchesOf(type));
  });

  it.each(Object.entries(namedByContract))('%s: at least the searches that the contract names', (type, names) => {
    const listed = (resourceOf(type)?.searchParam ?? []).map((one) => one.name);
    expect(listed).toEqual(expect.arrayContaining(names.split(' ')));
  });

  it.each(types)('%s: includes along the references that are tested, and no other', (type) => {
    const own = Object.entries(expectedSearches[type]?.parameters ?? {}).filter(([, one]) => one.kind === 'reference');
    const listed = resourceOf(type)?.searchInclude ?? [];
    expect([...listed].sort()).toEqual(['*', ...own.map(([name]) => `${type}:${name}`)].sort());
  });

  it.each(types)('%s: includes in reverse along the references that are tested', (type) => {
    const served = Object.entries(expectedSearches).flatMap(([from, { parameters }]) =>
      Object.entries(parameters).flatMap(([name, { kind, value }]) =>
        kind === 'reference' && value.startsWith(`${type}/`) ? [`${from}:${name}`] : [],
      ),
    );
    expect(resourceOf(type)?.searchRevInclude).toEqual(expect.arrayContaining(['*', ...served]));
  });

  it('the system: batch and transaction', () => {
    expect(statement.rest?.[0]?.interaction?.map((one) => one.code).sort()).toEqual([...expectedOfSystem]);
  });

  it('needs no token', async () => {
    expect((await fetch(`${rig.base}/metadata`)).status).toBe(200);
  });
});

describe('the examples that the table rests on', () => {
  const examples = Object.values(expectedSearches).flatMap(({ found, other }): Resource[] => [found, other]);
  it.each(examples.map((one, index) => [one.resourceType, index % 2 === 0 ? 'found' : 'other', one] as const))(
    '%s (%s) is valid R4',
    (_type, _which, resource) => {
      const structure = faultsOf(r4, resource).filter((one) => one.startsWith('structure'));
      expect(structure).toEqual([]);
    },
  );
});
