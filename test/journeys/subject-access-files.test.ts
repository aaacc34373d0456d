import type { AuditEvent, Task } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoTokens } from '../../src/auth/demo.ts';
import { codeSystem } from '../../src/canonical.ts';
import { examplePeople } from '../../src/catalogue/examples.ts';
import { pdfText } from '../sar/pdf-text.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';

describe('SAR-1: the forms that are files, over the interface', () => {
  let herald: Herald;
  let task: Task & { id: string };
  beforeAll(async () => {
    herald = await startHerald();
    const made = await herald.post(
      '/fhir/Task',
      {
        resourceType: 'Task',
        status: 'in-progress',
        intent: 'order',
        code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
        for: { reference: `Patient/${examplePeople.adult}` },
      },
      demoTokens.sar,
    );
    expect(made.status).toBe(201);
    task = made.body as Task & { id: string };
  });
  afterAll(() => herald.close());

  const exported = (accept: string) =>
    supertest(herald.url)
      .post(`/fhir/Patient/${examplePeople.adult}/$subject-access-export`)
      .set('Authorization', `Bearer ${demoTokens.sar}`)
      .set('Content-Type', 'application/fhir+json')
      .set('Accept', accept)
      .send({
        resourceType: 'Parameters',
        parameter: [
          { name: 'task', valueReference: { reference: `Task/${task.id}` } },
          { name: 'stage', valueCode: 'review' },
        ],
      })
      .buffer(true)
      .parse((res, done) => {
        const parts: Buffer[] = [];
        res.on('data', (part: Buffer) => parts.push(part));
        res.on('end', () => done(null, Buffer.concat(parts)));
      });

  it('a PDF with the request on each page, an archive, each an attachment that nobody keeps', async () => {
    const pdf = await exported('application/pdf');
    expect([pdf.status, pdf.type]).toEqual([200, 'application/pdf']);
    const { pages } = pdfText(pdf.body as Buffer);
    for (const page of pages) expect(page).toContain(`request ${task.id}`);
    const zip = await exported('application/zip');
    expect([zip.status, zip.type]).toEqual([200, 'application/zip']);
    expect((zip.body as Buffer).toString('latin1', 0, 4)).toBe('PK\x03\x04');
    for (const [answer, extension] of [
      [pdf, 'pdf'],
      [zip, 'zip'],
    ] as const) {
      expect(answer.headers['content-disposition']).toMatch(
        new RegExp(`^attachment; filename="subject-access-[-0-9a-f]{36}\\.${extension}"$`),
      );
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    const disclosed = await until(async () => {
      const all = await herald.all<AuditEvent>(`/fhir/AuditEvent?entity=Task/${task.id}&type=110106`);
      return all.length >= 2 ? all : undefined;
    }, 'both disclosures in the audit');
    expect(disclosed).toHaveLength(2);
  });
});
