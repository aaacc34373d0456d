import type { Task } from '@medplum/fhirtypes';
import { expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { startStub } from '../servers/stub/stub.ts';
import { startHerald } from '../support/herald.ts';
import { atRisk, explained, objection, reachable, reason, removing } from '../support/objections.ts';
import { posted } from '../support/people.ts';

it('OBJ-8: a server that can take earlier versions away does, and no Task is needed', async () => {
  // Whether a reference to a version of what is made beside it leads anywhere, HAPI itself answers otherwise.
  const server = await startStub({ profile: 'hapi-like', referenceIntegrity: false });
  const herald = await startHerald({ on: server.url });
  try {
    const patient = await reachable(herald, '9991232001', '07700 900150');
    await posted(herald, objection(patient, { parts: [reason, explained, atRisk, removing] }));
    const history = await herald.get(`/fhir/${patient}/_history`);
    expect([history.status, history.text.includes('900150')]).toEqual([200, false]);
    expect((await herald.get(`/fhir/${patient}/_history/1`)).status).toBe(404);
    const purge = await herald.all<Task>(`/fhir/Task?code=${codeSystem('task-code')}|purge-history`);
    expect(purge).toEqual([]);
  } finally {
    await herald.close();
    await server.stop();
  }
});
