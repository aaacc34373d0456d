import type { CapabilityStatement } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Role, roles } from '../../src/auth/caller.ts';
import { routes, type ServedType } from '../../src/fhir/routes.ts';
import { audited, type Method, startApp, type TestApp } from '../support/app.ts';

let herald: TestApp;
beforeAll(() => {
  herald = startApp();
});
afterAll(() => herald.close());

/** Contract 2 and 10, by hand: who reads, who writes (`-`: nobody may), and which further search was promised. */
const expected: Readonly<
  Record<ServedType, readonly [readers: string, creators: string, updaters: string, history: boolean]>
> = {
  CommunicationRequest: ['epr sar ig', 'epr', 'epr', true],
  Communication: ['epr sar ig', 'epr', '-', true],
  Patient: ['epr sar ig', 'epr', 'epr', true],
  RelatedPerson: ['epr sar ig', 'epr', 'epr', true],
  Consent: ['epr sar ig', 'epr ig', 'epr ig', true],
  Flag: ['epr sar ig', 'epr ig', 'epr ig', true],
  Task: ['epr sar ig', 'epr sar ig', 'epr sar ig', true],
  Group: ['epr sar ig', 'epr', 'epr', true],
  List: ['epr sar ig', 'epr', 'epr', true],
  Practitioner: ['epr sar ig admin', 'epr admin', 'epr admin', true],
  PractitionerRole: ['epr sar ig admin', 'epr admin', 'epr admin', true],
  Organization: ['epr sar ig admin', 'epr admin', 'epr admin', true],
  HealthcareService: ['epr sar ig admin', 'epr admin', 'epr admin', true],
  Appointment: ['epr sar ig', 'epr', 'epr', true],
  Encounter: ['epr sar ig', 'epr', 'epr', true],
  Device: ['epr sar ig', 'epr', 'epr', true],
  DocumentReference: ['epr sar ig', 'epr', 'epr', true],
  ActivityDefinition: ['epr sar ig admin', 'admin', 'admin', false],
  Endpoint: ['epr sar ig admin', 'admin', 'admin', false],
  Provenance: ['epr sar ig', '-', '-', false],
  AuditEvent: ['sar ig', '-', '-', false],
  StructureDefinition: ['epr sar ig admin', '-', '-', false],
  OperationDefinition: ['epr sar ig admin', '-', '-', false],
  SearchParameter: ['epr sar ig admin', '-', '-', false],
  CodeSystem: ['epr sar ig admin', '-', '-', false],
  ValueSet: ['epr sar ig admin', '-', '-', false],
  ConceptMap: ['epr sar ig admin', '-', '-', false],
};

/** Contract 2's searches, by hand. */
const promised: Readonly<Partial<Record<ServedType, string>>> = {
  Communication: 'subject patient sender recipient category identifier based-on status sent received medium',
  CommunicationRequest: 'subject patient identifier status based-on group-identifier occurrence recipient',
  Consent: 'patient category status actor action period identifier',
  Task: 'patient subject focus code status owner performer authored-on',
  Flag: 'patient',
  RelatedPerson: 'patient identifier phone',
  Patient: 'identifier phone email family birthdate link',
  AuditEvent: 'patient entity agent date policy',
  Provenance: 'target',
  ActivityDefinition: 'url topic status',
  Endpoint: 'organization status connection-type',
  StructureDefinition: 'url name version status',
  OperationDefinition: 'url name version status',
  SearchParameter: 'url name version status',
  CodeSystem: 'url name version status',
  ValueSet: 'url name version status',
  ConceptMap: 'url name version status',
};

interface Cell {
  readonly type: ServedType;
  readonly method: Method;
  readonly path: string;
  readonly allowed: readonly string[];
}

/** Each address of each type with the roles that get past the door. */
const cells: readonly Cell[] = (Object.keys(expected) as ServedType[]).flatMap((type): Cell[] => {
  const [readers, creators, updaters, history] = expected[type];
  const may = (text: string): string[] => text.split(' ').filter((one) => one !== '-');
  const cell = (method: Method, path: string, allowed: string): Cell => ({ type, method, path, allowed: may(allowed) });
  return [
    cell('get', `/fhir/${type}`, readers),
    cell('post', `/fhir/${type}/_search`, readers),
    cell('get', `/fhir/${type}/none`, readers),
    ...(history
      ? [cell('get', `/fhir/${type}/_history`, readers), cell('get', `/fhir/${type}/none/_history`, readers)]
      : []),
    ...(creators === '-' ? [] : [cell('post', `/fhir/${type}`, creators)]),
    ...(updaters === '-' ? [] : [cell('put', `/fhir/${type}/none`, updaters)]),
    ...(type === 'CommunicationRequest' ? [cell('post', `/fhir/${type}/$evaluate`, 'epr')] : []),
    ...(type === 'Communication' ? [cell('post', `/fhir/${type}/one/$mark-entered-in-error`, 'epr ig')] : []),
  ];
});

describe('contract 2: the route table', () => {
  it('has the types of the contract and no other', () => {
    expect(routes.map((one) => one.type).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(promised))('promises the searches of %s', (type, names) => {
    const route = routes.find((one) => one.type === type);
    expect(route?.search).toEqual(expect.arrayContaining(names.split(' ')));
  });
});

describe('contract 10: no token, no answer', () => {
  it.each(cells)('$method $path is 401', async ({ method, path }) => {
    const answer = await herald.nobody(method, path);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.body.issue[0]).toMatchObject({ severity: 'error', code: 'login' });
  });

  it('an address that does not exist says no more than 401', async () => {
    expect((await herald.nobody('get', '/fhir/Nothing')).status).toBe(401);
  });
});

describe('contract 10: each role, each address', () => {
  const matrix = cells.flatMap((cell) => roles.map((role: Role) => ({ ...cell, role })));
  it.each(matrix)('$role: $method $path', async ({ role, method, path, allowed }) => {
    const answer = await herald.as(role, method, path);
    if (allowed.includes(role)) expect([200, 400, 404, 415]).toContain(answer.status);
    else expect([answer.status, answer.body.issue?.[0].code]).toEqual([403, 'forbidden']);
  });

  it('ACC-2: what was refused is in the audit, with who, and without the token', async () => {
    const own = startApp();
    await own.as('admin', 'get', '/fhir/Patient/some-one');
    const [event] = await audited(own.store);
    expect(event).toMatchObject({
      outcome: '4',
      subtype: [{ code: '110127' }],
      agent: [
        { who: { identifier: { value: 'demo-admin' } } },
        {},
        { who: { reference: 'Practitioner/demo-staff-admin' } },
      ],
    });
    expect(event?.entity?.[0]?.what?.reference).toBe('Patient/some-one');
    expect(JSON.stringify(event)).not.toContain('Bearer');
    own.close();
  });
});

describe('contract 2: what is never answered', () => {
  it.each(routes.map((one) => one.type))('DELETE of %s is 405, whoever asks', async (type) => {
    for (const role of roles) {
      const answer = await herald.as(role, 'delete', `/fhir/${type}/some-one`);
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toContain('GET');
      expect(answer.headers.allow).not.toContain('DELETE');
      expect(answer.body.issue[0].code).toBe('not-supported');
    }
  });

  it.each(routes.map((one) => one.type))('PATCH of %s is 405', async (type) => {
    expect((await herald.as('epr', 'patch', `/fhir/${type}/some-one`)).status).toBe(405);
  });

  it.each(['Provenance', 'AuditEvent'])('%s is written by Herald alone: 405', async (type) => {
    for (const role of roles) {
      const body = { resourceType: type };
      expect((await herald.as(role, 'post', `/fhir/${type}`).send(body)).status).toBe(405);
      expect((await herald.as(role, 'put', `/fhir/${type}/one`).send(body)).status).toBe(405);
    }
  });

  it('a Communication is never rewritten (405)', async () => {
    const body = { resourceType: 'Communication', status: 'completed' };
    expect((await herald.as('epr', 'put', '/fhir/Communication/one').send(body)).status).toBe(405);
  });

  it.each([
    '/fhir/Observation',
    '/fhir/Observation/1',
    '/fhir/patient/1',
    '/fhir/Patient/1/$everything',
    '/fhir/ImplementationGuide',
  ])('%s is 404', async (path) => {
    const answer = await herald.as('epr', 'get', path);
    expect([answer.status, answer.body.issue[0].code]).toEqual([404, 'not-found']);
  });
});

describe('contract 2: an operation that a type does not have is not there', () => {
  it.each([
    ['get', '/fhir/Patient/$nothing'],
    ['post', '/fhir/Patient/$nothing'],
    ['post', '/fhir/Patient/one/$nothing'],
    ['post', '/fhir/Task/$evaluate'],
  ] as const)('%s %s is 404', async (method, path) => {
    const answer = await herald.as('epr', method, path).send(method === 'get' ? undefined : {});
    expect([answer.status, answer.headers.allow]).toEqual([404, undefined]);
  });
});

describe('GET /fhir/metadata is the truth', () => {
  let statement: CapabilityStatement;
  beforeAll(async () => {
    const answer = await startApp({ notices: ['The simulator is in use.'] }).nobody('get', '/fhir/metadata');
    expect(answer.status).toBe(200);
    statement = answer.body;
  });

  it('names the software, the version of FHIR and what must be known', () => {
    expect(statement).toMatchObject({
      resourceType: 'CapabilityStatement',
      fhirVersion: '4.0.1',
      kind: 'instance',
      software: { name: 'Herald' },
      implementation: { url: 'https://herald.nhs.example/fhir' },
    });
    expect(statement.implementation?.description).toContain('The simulator is in use.');
    expect(statement.rest?.[0]?.interaction?.map((one) => one.code)).toEqual(['transaction', 'batch']);
  });

  it.each(Object.entries(expected))('lists for %s what the contract has', (type, [, creators, updaters, history]) => {
    const resource = statement.rest?.[0]?.resource?.find((one) => one.type === type);
    const own = history ? ['vread', 'history-instance', 'history-type'] : creators === '-' ? [] : ['vread'];
    const writes = [...(creators === '-' ? [] : ['create']), ...(updaters === '-' ? [] : ['update'])];
    expect(resource?.interaction?.map((one) => one.code).sort()).toEqual(
      ['read', 'search-type', ...own, ...writes].sort(),
    );
  });

  it('every search parameter in it is answered', async () => {
    const own = startApp();
    for (const resource of statement.rest?.[0]?.resource ?? []) {
      const names = resource.searchParam?.filter((one) => !one.name.startsWith('_') && one.type !== 'composite') ?? [];
      for (const { name, type } of names) {
        const value = samples[type] ?? 'x';
        const path = `/fhir/${resource.type}?${name}=${encodeURIComponent(value)}`;
        const answer = await own.as(resource.type === 'AuditEvent' ? 'ig' : 'epr', 'get', path);
        expect([path, answer.status]).toEqual([path, 200]);
      }
    }
    own.close();
  });

  it('includes that are promised are answered', async () => {
    const own = startApp();
    for (const resource of statement.rest?.[0]?.resource ?? []) {
      for (const [kind, values] of [
        ['_include', resource.searchInclude],
        ['_revinclude', resource.searchRevInclude],
      ] as const) {
        for (const value of values ?? []) {
          const path = `/fhir/${resource.type}?${kind}=${value}`;
          expect([path, (await own.as('ig', 'get', path)).status]).toEqual([path, 200]);
        }
      }
    }
    own.close();
  });
});

const samples: Readonly<Record<string, string>> = {
  date: '2026-06-01',
  reference: 'Patient/some-one',
  token: 'some-code',
  uri: 'https://example.org/x',
  number: '1',
  quantity: '1',
};
