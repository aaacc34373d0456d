import type { Bundle, Patient, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aPatient, startApp, type TestApp } from '../support/app.ts';

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const LABEL = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };

let herald: TestApp;
let whole: Patient;
beforeEach(async () => {
  herald = startApp();
  whole = await herald.given<Patient>({
    ...aPatient(),
    id: 'p',
    meta: { security: [LABEL], tag: [{ system: 'urn:example:tag', code: 'kept' }] },
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Casey Example</div>' },
    active: true,
    deceasedBoolean: false,
    birthDate: '1980-05-05',
    _birthDate: { extension: [{ url: 'https://example.org/how', valueString: 'seen' }] },
    contact: [{ name: { text: 'Robin Example' } }],
    communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'cy' }] }, preferred: true }],
  } as Patient & { id: string });
  await herald.given({
    ...{ resourceType: 'Consent', id: 'c', status: 'active', scope: { text: 'Messages' } },
    category: [{ text: 'Objection' }],
    patient: { reference: 'Patient/p' },
    provision: { type: 'deny', period: { start: '2026-01-01' }, actor: [{ role: { text: 'x' }, reference: {} }] },
  });
});
afterEach(() => herald.close());

async function entries(query: string): Promise<Resource[]> {
  const answer = await herald.as('epr', 'get', `/fhir/${query}`);
  expect([query, answer.status, answer.body.issue]).toEqual([query, 200, undefined]);
  return ((answer.body as Bundle).entry ?? []).flatMap((one) => one.resource ?? []);
}

const keysOf = (resource: Resource | undefined): string[] => Object.keys(resource ?? {}).sort();

describe('contract 2: _elements and _summary', () => {
  it('_elements: what was named, what R4 requires, and what changes the meaning of the rest', async () => {
    const [part] = await entries('Patient?_id=p&_elements=birthDate,communication');
    expect(keysOf(part)).toEqual(
      ['_birthDate', 'active', 'birthDate', 'communication', 'deceasedBoolean', 'id', 'meta', 'resourceType'].sort(),
    );
    const [consent] = await entries('Consent?_elements=id');
    expect(keysOf(consent)).toEqual(['category', 'id', 'meta', 'resourceType', 'scope', 'status']);
  });

  it('_elements: choices by either of their names, lists by several parameters', async () => {
    for (const name of ['deceased', 'deceasedBoolean', 'gender&_elements=name,deceased']) {
      const [part] = await entries(`Patient?_id=p&_elements=${name}`);
      expect(part).toMatchObject({ deceasedBoolean: false });
    }
    const [several] = await entries('Patient?_id=p&_elements=gender&_elements=contact');
    expect(keysOf(several)).toContain('contact');
  });

  it('_elements is of what is searched for: what is included comes whole', async () => {
    const [consent, patient] = await entries('Consent?_elements=id&_include=Consent:patient');
    expect(consent?.meta?.tag).toEqual([SUBSETTED]);
    expect(patient).toEqual(whole);
  });

  it('_summary=true: what R4 marks as summary, at every depth, of included resources too', async () => {
    const [consent, patient] = await entries('Consent?_summary=true&_include=Consent:patient');
    expect(consent).toMatchObject({ provision: { type: 'deny', period: { start: '2026-01-01' } } });
    expect(consent).not.toHaveProperty('provision.actor');
    expect(keysOf(patient)).toEqual(keysOf(whole).filter((key) => !['text', 'contact', 'communication'].includes(key)));
  });

  it('_summary=true keeps whole what is there only because R4 requires it', async () => {
    const agent = [{ role: [{ text: 'Clinic' }], who: { reference: 'Practitioner/x' } }];
    const target = [{ reference: 'Consent/c' }];
    await herald.given({ resourceType: 'Provenance', id: 'a', target, recorded: '2026-06-01T09:00:00Z', agent });
    expect(await entries('Provenance?_summary=true&target=Consent/c')).toMatchObject([{ agent }]);
  });

  it('_summary=text: the narrative and what R4 requires; _summary=data: all but the narrative', async () => {
    const [text] = await entries('Patient?_id=p&_summary=text');
    expect(keysOf(text)).toEqual(['id', 'meta', 'resourceType', 'text']);
    const [data] = await entries('Patient?_id=p&_summary=data');
    expect(keysOf(data)).toEqual(keysOf(whole).filter((key) => key !== 'text'));
  });

  it('_summary=false and none: whole, and not marked', async () => {
    expect(await entries('Patient?_id=p&_summary=false')).toEqual([whole]);
    expect(await entries('Patient?_id=p')).toEqual([whole]);
  });

  it('keeps labels and tags, and adds its own once', async () => {
    const [part] = await entries('Patient?_id=p&_summary=true');
    expect(part?.meta).toEqual({ ...whole.meta, tag: [...(whole.meta?.tag ?? []), SUBSETTED] });
  });

  it('every page is of the same shape', async () => {
    await herald.given({ ...aPatient(), id: 'q' });
    const first = await herald.as('epr', 'get', '/fhir/Patient?_elements=gender&_count=1&_sort=_id');
    const next = (first.body as Bundle).link?.find((one) => one.relation === 'next')?.url ?? '';
    const [second] = await entries(next.replace(/^.*\/fhir\//, ''));
    expect(second).toMatchObject({ id: 'q', meta: { tag: [SUBSETTED] } });
    expect(second).not.toHaveProperty('name');
  });

  it('ACC-2: what is shown in part is recorded for its patient', async () => {
    await entries('Consent?_elements=id');
    const events = await herald.as('ig', 'get', '/fhir/AuditEvent?patient=Patient/p&action=E');
    expect((events.body as Bundle).entry?.length).toBeGreaterThan(0);
  });
});

describe('contract 2: a part is never written over the whole', () => {
  it.each(['_elements=name', '_summary=true', '_summary=data', '_summary=text'])('%s', async (shape) => {
    const [part] = await entries(`Patient?_id=p&${shape}`);
    const put = await herald.as('epr', 'put', '/fhir/Patient/p').send(part);
    expect([put.status, put.body.issue[0].expression]).toEqual([422, ['Patient.meta.tag']]);
    const request = { method: 'PUT', url: 'Patient/p' };
    const transaction = { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: part, request }] };
    expect((await herald.as('epr', 'post', '/fhir').send(transaction)).status).toBe(422);
    const batch = await herald.as('epr', 'post', '/fhir').send({ ...transaction, type: 'batch' });
    expect(batch.body.entry[0].response.status).toMatch(/^422/);
    expect((await herald.as('epr', 'get', '/fhir/Patient/p')).body).toEqual(whole);
  });
});
