import type { Bundle } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../src/canonical.ts';
import { createPageLinks } from '../../src/fhir/page-links.ts';
import { aPatient, PUBLIC_URL, startApp, type TestApp } from '../support/app.ts';

const NUMBER = '9990000018';
let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const get = async (path: string): Promise<Bundle> => {
  const answer = await herald.as('epr', 'get', path.replace(PUBLIC_URL, ''));
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.body;
};
const post = (path: string, form: string) => herald.as('epr', 'post', path).type('form').send(form);
const linkOf = (bundle: Bundle, relation: string): string | undefined =>
  bundle.link?.find((one) => one.relation === relation)?.url;
const idsOf = (bundle: Bundle): string[] => bundle.entry?.map((one) => one.resource?.id ?? '') ?? [];

async function people(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await herald.given({ ...aPatient({ name: [{ family: index % 2 ? 'Marlowe' : 'Quill' }] }), id: `person-${index}` });
  }
}

async function follow(first: Bundle): Promise<Bundle[]> {
  const pages = [first];
  for (let next = linkOf(first, 'next'); next !== undefined; ) {
    const page = await get(next);
    pages.push(page);
    next = linkOf(page, 'next');
  }
  return pages;
}

describe('contract 2: search', () => {
  it('answers matches with their address, how they came there, and a link to itself', async () => {
    await people(3);
    const bundle = await get('/fhir/Patient?family=Marlowe&_total=accurate');
    expect(bundle).toMatchObject({
      type: 'searchset',
      total: 1,
      entry: [{ fullUrl: `${PUBLIC_URL}/fhir/Patient/person-1`, search: { mode: 'match' } }],
    });
    expect(await get(linkOf(bundle, 'self') ?? '')).toMatchObject({ total: 1 });
    expect((await get('/fhir/Patient?family=Marlowe')).total).toBeUndefined();
  });

  it.each(['_summary=count', '_count=0'])('%s answers the number alone', async (parameter) => {
    await people(3);
    const bundle = await get(`/fhir/Patient?family=Quill&${parameter}`);
    expect([bundle.total, bundle.entry]).toEqual([2, undefined]);
    expect(linkOf(bundle, 'next')).toBeUndefined();
  });

  it('every page leads to the next until there is none, and nobody is missed or met twice', async () => {
    await people(7);
    const pages = await follow(await get('/fhir/Patient?_count=3&_sort=_id'));
    expect(pages.map((one) => one.entry?.length)).toEqual([3, 3, 1]);
    expect(pages.flatMap(idsOf)).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `person-${index}`));
  });

  it('a page can be asked for again by its own link', async () => {
    await people(4);
    const second = await get(linkOf(await get('/fhir/Patient?_count=2&_sort=_id'), 'next') ?? '');
    expect(idsOf(await get(linkOf(second, 'self') ?? ''))).toEqual(idsOf(second));
  });

  it('a search by POST finds the same, and none of its links holds what was asked', async () => {
    await people(5);
    const answer = await post('/fhir/Patient/_search?_count=2', `identifier=${system.nhsNumber}|${NUMBER}&_sort=_id`);
    expect(answer.status).toBe(200);
    const pages = await follow(answer.body);
    expect(pages.flatMap(idsOf)).toHaveLength(5);
    const urls = pages.flatMap((one) => one.link?.map((link) => link.url) ?? []);
    expect(urls.join(' ')).not.toContain(NUMBER);
    for (const url of urls)
      expect(url).toMatch(/^https:\/\/herald\.nhs\.example\/fhir\/Patient\?(_count=2&)?_page=[\w-]+$/);
    expect(idsOf(await get(linkOf(answer.body, 'self') ?? ''))).toEqual(idsOf(answer.body));
  });

  it('a next link holds no value even where the caller put one into an address', async () => {
    await people(3);
    const bundle = await get(`/fhir/Patient?identifier=${NUMBER}&_count=1`);
    expect(linkOf(bundle, 'next')).not.toContain(NUMBER);
  });

  it('histories are paged too', async () => {
    await people(5);
    const pages = await follow(await get('/fhir/Patient/_history?_count=2'));
    expect(pages.map((one) => one.entry?.length)).toEqual([2, 2, 1]);
  });

  it('included resources are marked as such', async () => {
    await people(1);
    await herald.given({
      resourceType: 'Flag',
      id: 'flag',
      status: 'active',
      code: { text: 'Large print' },
      subject: { reference: 'Patient/person-0' },
    });
    const bundle = await get('/fhir/Flag?_include=Flag:subject');
    expect(bundle.entry?.map((one) => [one.resource?.resourceType, one.search?.mode])).toEqual([
      ['Flag', 'match'],
      ['Patient', 'include'],
    ]);
  });
});

describe('contract 2: a search that is not understood is 400, never ignored', () => {
  it.each([
    ['colour=blue', 'colour'],
    ['family:nonsense=x', 'family'],
    ['birthdate=soon', 'birthdate'],
    ['birthdate=xx2026', 'birthdate'],
    ['family=', 'family'],
    ['_count=-1', '_count'],
    ['_count=many', '_count'],
    ['_summary=some', '_summary'],
    ['_summary=true&_summary=data', '_summary'],
    ['_summary=text&_include=*', '_summary'],
    ['_summary=text&_revinclude:iterate=*', '_summary'],
    ['_total=some', '_total'],
    ['_sort=colour', '_sort'],
    ['_include=Flag:subject', '_include'],
    ['_sort=name,', '_sort'],
    ['_sort:desc=name', '_sort'],
    ['_include=Patient:colour', '_include'],
    ['_include=Flag:*', '_include'],
    ['_include=Patient:*:Nobody', '_include'],
    ['_include:recurse=Patient:link', '_include'],
    ['_include:iterate=Flag:status', '_include'],
    ['_revinclude=nonsense', '_revinclude'],
    ['_revinclude=Nobody:*', '_revinclude'],
    ['_revinclude=**', '_revinclude'],
    ['_elements=colour', '_elements'],
    ['_elements=name,', '_elements'],
    ['_elements=toString', '_elements'],
    ['_elements=name&_summary=true', '_elements'],
    ['_has:Flag:subject:status=active', '_has'],
    ['_has:Flag:identifier:date=2026', '_has'],
    ['_has:Consent:patient=x', '_has'],
    ['_has:Consent:patient:status=', '_has'],
    ['_has:Consent:patient:_sort=status', '_has'],
    ['_has:Consent:organization:status=active', '_has'],
    ['link:Organization.name=x', 'link'],
    ['link:Patient.colour=x', 'link'],
    ['name.given=x', 'name'],
    ['gender:in=,', 'gender'],
    ['identifier:below=x', 'identifier'],
    ['birthdate:in=http://hl7.org/fhir/ValueSet/event-status', 'birthdate'],
    ['_tag:contains=x', '_tag'],
    ['_profile:exact=x', '_profile'],
    ['family=%ZZ', ''],
    ['family=%C3%28', ''],
  ])('%s', async (query, name) => {
    const answer = await herald.as('epr', 'get', `/fhir/Patient?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.resourceType).toBe('OperationOutcome');
    expect(answer.body.issue[0].diagnostics).toContain(name);
  });

  it('names each of several, and shows none that may be a value', async () => {
    const answer = await herald.as('epr', 'get', `/fhir/Patient?colour=1&size=2&${NUMBER}=x`);
    const texts = answer.body.issue.map((one: { diagnostics: string }) => one.diagnostics).join(' ');
    expect(answer.body.issue).toHaveLength(3);
    expect(texts).toContain('colour');
    expect(texts).toContain('size');
    expect(texts).not.toContain(NUMBER);
  });

  it.each(['garbage', '', 'AAAA'])('a page link "%s" that is not ours', async (token) => {
    expect((await herald.as('epr', 'get', `/fhir/Patient?_page=${token}`)).status).toBe(400);
  });

  it('a page link of another address, of another key, or with something added', async () => {
    const links = createPageLinks(Buffer.alloc(32, 7));
    const token = links.seal('search:Patient', { params: [] });
    expect((await herald.as('epr', 'get', `/fhir/Patient?_page=${token}`)).status).toBe(200);
    expect((await herald.as('epr', 'get', `/fhir/Flag?_page=${token}`)).status).toBe(400);
    expect((await herald.as('epr', 'get', `/fhir/Patient?_page=${token}&family=x`)).status).toBe(400);
    const other = createPageLinks(Buffer.alloc(32, 8)).seal('search:Patient', { params: [] });
    expect((await herald.as('epr', 'get', `/fhir/Patient?_page=${other}`)).status).toBe(400);
  });

  it('a search by POST that is no form is 415', async () => {
    const answer = await herald.as('epr', 'post', '/fhir/Patient/_search').send({ family: 'Marlowe' });
    expect(answer.status).toBe(415);
  });

  it.each(['_count=0', '_count=x', '_since=yesterday', 'family=Marlowe'])('a history with %s', async (query) => {
    expect((await herald.as('epr', 'get', `/fhir/Patient/_history?${query}`)).status).toBe(400);
  });
});

describe('ACC-2: a search is no way round the role', () => {
  it.each([
    ['epr', 'Communication?_revinclude=AuditEvent:entity'],
    ['epr', 'Communication?_revinclude:iterate=AuditEvent:entity'],
    ['epr', 'Communication?_include:iterate=AuditEvent:agent'],
    ['epr', 'Communication?_revinclude=AuditEvent:*'],
    ['epr', 'Task?_include=Task:focus:AuditEvent'],
    ['epr', 'Patient?_has:AuditEvent:patient:action=R'],
    ['epr', 'Patient?_has:Communication:subject:_has:AuditEvent:entity:action=R'],
    ['epr', 'Communication?subject:Patient._has:AuditEvent:patient:action=R'],
    ['epr', 'Communication?based-on:CommunicationRequest._has:Task:focus:focus.status=x'],
    ['admin', 'Practitioner?_has:Patient:general-practitioner:gender=female'],
    ['admin', 'Organization?_include:iterate=Patient:organization'],
    ['epr', 'Task?focus:AuditEvent.action=R'],
    ['epr', 'Task?focus.status=active'],
    ['admin', 'Organization?_revinclude=Patient:organization'],
    ['admin', 'Practitioner?_revinclude=Provenance:agent'],
  ] as const)('%s: %s is 403', async (role, search) => {
    expect((await herald.as(role, 'get', `/fhir/${search}`)).status).toBe(403);
  });

  it('an include without a type brings nothing that the role may not read', async () => {
    const recorded = { reference: 'AuditEvent/recorded' };
    await herald.given({
      resourceType: 'AuditEvent',
      id: 'recorded',
      type: { code: 'rest' },
      recorded: '2026-06-01T09:00:00Z',
      agent: [{ requestor: true }],
      source: { observer: { display: 'Herald' } },
    });
    await herald.given({ resourceType: 'Task', id: 'task', status: 'requested', intent: 'order', focus: recorded });
    const brought = async (role: 'epr' | 'ig') =>
      idsOf((await herald.as(role, 'get', '/fhir/Task?_include=Task:focus')).body);
    expect(await brought('ig')).toEqual(['task', 'recorded']);
    expect(await brought('epr')).toEqual(['task']);
  });

  it('a wildcard brings what the role may read, and is never refused for the rest', async () => {
    await people(1);
    const subject = { reference: 'Patient/person-0' };
    await herald.given({ resourceType: 'Flag', id: 'flag', status: 'active', code: { text: 'Large print' }, subject });
    // Leaves an AuditEvent.
    await herald.as('epr', 'get', '/fhir/Patient/person-0');
    const brought = async (role: 'epr' | 'ig', search: string) => {
      const { body } = await herald.as(role, 'get', `/fhir/${search}`);
      return (body as Bundle).entry
        ?.filter((one) => one.search?.mode === 'include')
        .map((one) => one.resource?.resourceType);
    };
    expect(await brought('epr', 'Patient?_id=person-0&_revinclude=*')).toEqual(['Flag']);
    const seen = await brought('ig', 'Patient?_id=person-0&_revinclude=*');
    expect(new Set(seen)).toEqual(new Set(['Flag', 'AuditEvent']));
    expect(await brought('epr', 'Flag?_include=*')).toEqual(['Patient']);
    expect(await brought('epr', 'Flag?_include:iterate=*&_revinclude:iterate=*')).toEqual(['Patient']);
  });

  it('ig reads them', async () => {
    expect((await herald.as('ig', 'get', '/fhir/Communication?_revinclude=AuditEvent:entity')).status).toBe(200);
  });
});
