import type { Bundle, CodeSystem, Parameters, ValueSet } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../src/auth/caller.ts';
import { MSG } from '../../src/canonical.ts';
import { published, publishedResources, publishedTypes } from '../../src/fhir/conformance/load.ts';
import { withPublished } from '../../src/fhir/conformance/store.ts';
import { openDatabase } from '../../src/store/database.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';
import { startApp, type TestApp } from '../support/app.ts';

let herald: TestApp;
let opened = 0;
beforeAll(() => {
  const open = () => {
    opened += 1;
    return new SqliteFhirStore(openDatabase(':memory:'), { clock: { now: () => new Date('2026-06-01T00:00:00Z') } });
  };
  herald = startApp({ wrapStore: (store) => withPublished(store, open) });
});
afterAll(() => herald.close());

const url = (type: string, id: string): string => encodeURIComponent(`${MSG}/${type}/${id}`);
const matches = (bundle: Bundle): string[] =>
  (bundle.entry ?? []).map((one) => `${one.resource?.resourceType}/${one.resource?.id}`);

describe('contract 2: what we publish is read and searched', () => {
  it('is not loaded until somebody asks for it', async () => {
    await herald.as('epr', 'get', '/fhir/Patient');
    expect(opened).toBe(0);
    await Promise.all([herald.as('epr', 'get', '/fhir/ValueSet'), herald.as('ig', 'get', '/fhir/CodeSystem')]);
    expect(opened).toBe(1);
  });

  it.each(publishedTypes)('%s: every one by url, and all of them by pages', async (type) => {
    const own = publishedResources().filter((one) => one.resourceType === type);
    for (const { id } of own) {
      const answer = await herald.as('epr', 'get', `/fhir/${type}?url=${url(type, id)}`);
      expect([answer.status, matches(answer.body)]).toEqual([200, [`${type}/${id}`]]);
    }
    const all = await herald.as('epr', 'get', `/fhir/${type}?_count=200&_total=accurate`);
    expect(all.body.total).toBe(own.length);
    expect(matches(all.body).sort()).toEqual(own.map(({ id }) => `${type}/${id}`).sort());
  });

  it('a read answers the resource as it is committed', async () => {
    const answer = await herald.as('admin', 'get', '/fhir/StructureDefinition/herald-objection');
    const { meta, ...content } = answer.body;
    expect(content).toEqual(published('StructureDefinition').find((one) => one.id === 'herald-objection'));
    expect(answer.headers.etag).toBe(`W/"${meta.versionId}"`);
  });

  it('its version is a digest: the same wherever it runs, another for other content', async () => {
    const one = await herald.as('epr', 'get', '/fhir/CodeSystem/channel');
    const other = await herald.as('epr', 'get', '/fhir/CodeSystem/direction');
    expect(one.headers.etag).toMatch(/^W\/"[0-9a-f]{16}"$/);
    expect(one.headers.etag).not.toBe(other.headers.etag);
    const again = await herald
      .as('epr', 'get', '/fhir/CodeSystem/channel')
      .set('If-None-Match', one.headers.etag ?? '');
    expect(again.status).toBe(304);
  });

  it.each([
    ['StructureDefinition?name=HeraldObjection', ['StructureDefinition/herald-objection']],
    ['StructureDefinition?_id=expires', ['StructureDefinition/expires']],
    ['StructureDefinition?name=Nothing', []],
    ['CodeSystem?name:exact=ChannelCodes&status=active&version=0.1.0', ['CodeSystem/channel']],
    ['OperationDefinition?status=active&name=SubjectAccessExport', ['OperationDefinition/subject-access-export']],
    ['SearchParameter?name=FlagStatus', ['SearchParameter/flag-status']],
    ['ConceptMap?url:below=https://herald.example/fhir', ['ConceptMap/govuk-notify-status']],
  ])('%s', async (path, expected) => {
    const answer = await herald.as('sar', 'get', `/fhir/${path}`);
    expect([answer.status, matches(answer.body)]).toEqual([200, expected]);
  });

  it.each(publishedTypes)('nobody writes a %s, and none reaches the record', async (type) => {
    const [resource] = publishedResources().filter((one) => one.resourceType === type);
    for (const role of roles) {
      expect((await herald.as(role, 'post', `/fhir/${type}`).send(resource)).status).toBe(405);
      expect((await herald.as(role, 'put', `/fhir/${type}/${resource?.id}`).send(resource)).status).toBe(405);
    }
  });

  it('metadata names the operations by definitions that exist', async () => {
    const { body } = await herald.nobody('get', '/fhir/metadata');
    const operations = body.rest[0].resource.flatMap((one: { operation?: { definition: string }[] }) =>
      (one.operation ?? []).map(({ definition }) => definition),
    );
    expect(operations).toContain('http://hl7.org/fhir/OperationDefinition/ValueSet-expand');
    const ours = operations.filter((one: string) => one.startsWith(MSG));
    const named = ['evaluate', 'mark-entered-in-error', 'subject-access-export', 'without-digital-channel'];
    expect(ours.sort()).toEqual(named.map((one) => `${MSG}/OperationDefinition/${one}`));
    for (const definition of ours) {
      expect(published('OperationDefinition').map((one) => one.url)).toContain(definition);
    }
  });
});

describe('ValueSet/$expand', () => {
  const expand = async (query: string): Promise<ValueSet> => {
    const answer = await herald.as('epr', 'get', `/fhir/ValueSet/${query}`);
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const codes = (valueSet: ValueSet): (string | undefined)[] =>
    (valueSet.expansion?.contains ?? []).map((one) => one.code);

  it('lists the codes of a value set with their systems and displays', async () => {
    const expanded = await expand(`$expand?url=${url('ValueSet', 'channel')}`);
    expect(codes(expanded)).toEqual(['nhsapp', 'sms', 'email', 'secure-email', 'letter']);
    expect(expanded.expansion?.contains?.[1]).toEqual({
      system: `${MSG}/CodeSystem/channel`,
      code: 'sms',
      display: 'Text message',
    });
    expect(expanded.expansion).toMatchObject({ total: 5, offset: 0 });
    expect(expanded.compose).toBeUndefined();
  });

  it('answers for every value set of ours, at its own address as well', async () => {
    for (const { id } of published('ValueSet')) {
      const byUrl = codes(await expand(`$expand?url=${url('ValueSet', id)}`));
      expect(byUrl.length).toBeGreaterThan(0);
      expect(codes(await expand(`${id}/$expand`))).toEqual(byUrl);
    }
  });

  it('filters by code or display, and pages', async () => {
    const filtered = await expand(`$expand?url=${url('ValueSet', 'task-code')}&filter=objection`);
    expect(codes(filtered)).toEqual(['override-objection', 'discuss-objection', 'need-meets-objection']);
    const second = await expand(`$expand?url=${url('ValueSet', 'task-code')}&filter=objection&offset=1&count=1`);
    expect([codes(second), second.expansion?.total]).toEqual([['discuss-objection'], 3]);
    expect(codes(await expand(`$expand?url=${url('ValueSet', 'task-code')}&count=0`))).toEqual([]);
  });

  it('takes Parameters by POST', async () => {
    const answer = await herald.as('epr', 'post', '/fhir/ValueSet/$expand').send({
      resourceType: 'Parameters',
      parameter: [
        { name: 'url', valueUri: `${MSG}/ValueSet/direction|0.1.0` },
        { name: 'count', valueInteger: 1 },
      ],
    });
    expect([answer.status, codes(answer.body)]).toEqual([200, ['outbound']]);
  });

  it.each([
    [`$expand?url=${encodeURIComponent('http://hl7.org/fhir/ValueSet/languages')}`, 404],
    [`$expand?url=${url('ValueSet', 'channel')}%7C9.9.9`, 404],
    [`$expand?url=${url('ValueSet', 'channel')}&valueSetVersion=9.9.9`, 404],
    ['nothing/$expand', 404],
    ['$expand', 400],
    [`$expand?url=${url('ValueSet', 'channel')}&count=many`, 400],
    [`$expand?url=${url('ValueSet', 'channel')}&activeOnly=true`, 400],
  ])('%s answers %i', async (query, status) => {
    const answer = await herald.as('epr', 'get', `/fhir/ValueSet/${query}`);
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome']);
  });

  it('a value set that a caller sends is refused, not ignored', async () => {
    const answer = await herald.as('epr', 'post', '/fhir/ValueSet/$expand').send({
      resourceType: 'Parameters',
      parameter: [{ name: 'valueSet', resource: { resourceType: 'ValueSet', status: 'active' } }],
    });
    expect(answer.status).toBe(400);
  });
});

describe('ValueSet/$validate-code', () => {
  const system = encodeURIComponent(`${MSG}/CodeSystem/channel`);
  const ask = async (query: string): Promise<Record<string, unknown>> => {
    const answer = await herald.as(
      'epr',
      'get',
      `/fhir/ValueSet/$validate-code?url=${url('ValueSet', 'channel')}&${query}`,
    );
    expect(answer.status).toBe(200);
    return parameters(answer.body);
  };
  const parameters = ({ parameter = [] }: Parameters): Record<string, unknown> =>
    Object.fromEntries(parameter.map((one) => [one.name, one.valueBoolean ?? one.valueString]));

  it('says what is in it, and what is not', async () => {
    expect(await ask(`system=${system}&code=sms`)).toEqual({ result: true, display: 'Text message' });
    expect(await ask(`system=${system}&code=pigeon`)).toMatchObject({ result: false });
    expect(await ask(`system=${system}&code=all`)).toMatchObject({ result: false });
    expect(await ask('system=http%3A%2F%2Fexample.org&code=sms')).toMatchObject({ result: false });
  });

  it('a wrong display is said, and the right one given', async () => {
    expect(await ask(`system=${system}&code=sms&display=text%20message`)).toMatchObject({ result: true });
    expect(await ask(`system=${system}&code=sms&display=Letter`)).toMatchObject({
      result: false,
      message: 'The code is in the value set; its display is "Text message".',
      display: 'Text message',
    });
  });

  it('takes a Coding, and a CodeableConcept of which one coding will do', async () => {
    const coding = (code: string) => ({ system: `${MSG}/CodeSystem/channel`, code });
    const post = async (...parameter: object[]) => {
      const answer = await herald.as('epr', 'post', '/fhir/ValueSet/channel/$validate-code').send({
        resourceType: 'Parameters',
        parameter,
      });
      return parameters(answer.body);
    };
    expect(await post({ name: 'coding', valueCoding: coding('letter') })).toMatchObject({ result: true });
    const concept = { coding: [coding('pigeon'), coding('email')] };
    expect(await post({ name: 'codeableConcept', valueCodeableConcept: concept })).toMatchObject({ result: true });
    expect(await post({ name: 'coding', valueCoding: coding('pigeon') })).toMatchObject({ result: false });
  });

  it('where an organisation adds codes, one that is not ours is not called wrong', async () => {
    const open = encodeURIComponent(`${MSG}/CodeSystem/message-type`);
    const answer = await herald.as(
      'epr',
      'get',
      `/fhir/ValueSet/message-type/$validate-code?system=${open}&code=of-the-trust`,
    );
    expect(parameters(answer.body)).toMatchObject({
      result: false,
      message: expect.stringContaining('may have added it'),
    });
  });

  it.each(['code=sms', `system=${system}`, `system=${system}&code=sms&abstract=true`])('%s is 400', async (query) => {
    const answer = await herald.as('epr', 'get', `/fhir/ValueSet/channel/$validate-code?${query}`);
    expect(answer.status).toBe(400);
  });

  it('never repeats what it was asked', async () => {
    const answer = await herald.as(
      'epr',
      'get',
      `/fhir/ValueSet/channel/$validate-code?system=${system}&code=4857773456`,
    );
    expect(answer.text).not.toContain('4857773456');
  });
});

it('a code system is published whole, so that others can look its codes up', () => {
  const whole = published('CodeSystem').filter((one: CodeSystem) => one.content !== 'complete');
  expect(whole.map((one) => one.id).sort()).toEqual(['message-type', 'service']);
});
