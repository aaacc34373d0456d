import { existsSync, readFileSync } from 'node:fs';
import type { Patient } from '@medplum/fhirtypes';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Stored } from '../../src/store/fhir-store.ts';
import { openTestStore, type TestStore } from './open-store.ts';

let test: TestStore;
beforeEach(() => {
  test = openTestStore();
});
afterEach(() => test.close());

it('OBJ-8: what is redacted is not in the file of the embedded store any more, nor in its log', async () => {
  const patient: Patient & { id: string } = {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Example' }],
    telecom: [
      { system: 'phone', value: '07700 900118' },
      { system: 'email', value: 'robin@example.org' },
    ],
  };
  const { telecom: _telecom, ...bare } = patient;
  for (let at = 0; at < 50; at += 1) await test.put({ ...bare, id: `other-${at}` });
  await test.put(patient);
  await test.store.commit([{ op: 'update', resource: { ...patient, gender: 'other' } }]);
  await test.store.commit([{ op: 'update', resource: bare }]);
  await test.store.redact('Patient', 'p1', (version) => {
    const { telecom: _gone, ...rest } = version as Stored<Patient>;
    return rest as Stored;
  });
  const bytes = ['', '-wal'].map((end) => (existsSync(test.file + end) ? readFileSync(test.file + end, 'latin1') : ''));
  expect(bytes.join('')).toContain('Example');
  expect(bytes.map((one) => /900118|robin@example/.test(one))).toEqual([false, false]);
  expect(await test.ids('Patient', [['phone', '07700 900118']])).toEqual([]);
});
