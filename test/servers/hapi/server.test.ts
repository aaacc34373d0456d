import type { Bundle, CapabilityStatement } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { MSG } from '../../../src/canonical.ts';
import { published } from '../../../src/fhir/conformance/load.ts';
import { hapiAt } from './hapi.ts';

const hapi = hapiAt(inject('hapiUrl'));

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${hapi.baseUrl}/${path}`, {
    method,
    headers: { 'Content-Type': 'application/fhir+json', 'Cache-Control': 'no-cache' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

const searchesOf = async (type: string): Promise<string[]> => {
  const { rest } = (await ask('GET', 'metadata')).body as CapabilityStatement;
  const found = rest?.[0]?.resource?.find((one) => one.type === type);
  return (found?.searchParam ?? []).map(({ name }) => name ?? '');
};

const matches = (bundle: unknown): number => (bundle as Bundle).entry?.length ?? 0;

beforeAll(() => hapi.reset());

describe('the HAPI server of the tests', () => {
  it('refuses what R4 calls invalid with 422, by itself and in a transaction, and keeps nothing of it', async () => {
    const invalid = { resourceType: 'Communication', id: 'invalid', sent: '2026-06-01T09:00:12Z' };
    expect((await ask('PUT', 'Communication/invalid', invalid)).status).toBe(422);
    const entry = [{ resource: invalid, request: { method: 'PUT', url: 'Communication/invalid' } }];
    expect((await ask('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(422);
    expect((await ask('GET', 'Communication/invalid')).status).toBe(404);
  });

  it('judges by $validate and refuses nothing there', async () => {
    const judged = await ask('POST', 'Communication/$validate', { resourceType: 'Communication' });
    expect(judged.status).toBe(200);
    expect(judged.body).toMatchObject({ resourceType: 'OperationOutcome' });
    expect(JSON.stringify(judged.body)).toMatch(/Communication\.status: minimum required = 1/);
  });

  it('holds what we publish, and refuses a dangling reference', async () => {
    const { status, body } = await ask('GET', `StructureDefinition?url:below=${MSG}&_summary=count`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ total: published('StructureDefinition').length });
    const dangling = { resourceType: 'Flag', id: 'dangling', status: 'active', code: { text: 'Example' } };
    const subject = { reference: 'Patient/nobody' };
    expect((await ask('PUT', 'Flag/dangling', { ...dangling, subject })).status).toBe(400);
  });

  it('gives no more than 200 matches on a page, and answers the same search from memory unless told not to', async () => {
    const patient = (id: string) => ({ resourceType: 'Patient', id, active: true });
    const entry = Array.from({ length: 201 }, (_, index) => `page-${index}`).map((id) => ({
      resource: patient(id),
      request: { method: 'PUT', url: `Patient/${id}` },
    }));
    expect((await ask('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(200);
    expect(matches((await ask('GET', 'Patient?_count=1000')).body)).toBe(200);

    const plainly = async () => matches(await (await fetch(`${hapi.baseUrl}/Patient?_id=remembered`)).json());
    expect(await plainly()).toBe(0);
    await ask('PUT', 'Patient/remembered', patient('remembered'));
    expect(await plainly()).toBe(0);
    expect(matches((await ask('GET', 'Patient?_id=remembered')).body)).toBe(1);
  });

  it('can be without some searches: 400 and not in its CapabilityStatement, until the next reset', async () => {
    await ask('PUT', 'Patient/left-over', { resourceType: 'Patient', id: 'left-over', active: true });
    await hapi.reset(['Consent.patient', 'Task.performer']);
    expect((await ask('GET', 'Patient/left-over')).status).toBe(404);
    expect((await ask('GET', 'Consent?patient=one')).status).toBe(400);
    expect((await ask('GET', 'Task?performer=one')).status).toBe(400);
    expect((await ask('GET', 'Flag?patient=one')).status).toBe(200);
    expect(await searchesOf('Consent')).not.toContain('patient');

    await hapi.reset();
    expect((await ask('GET', 'Consent?patient=one')).status).toBe(200);
    expect(await searchesOf('Consent')).toContain('patient');
  });
});
