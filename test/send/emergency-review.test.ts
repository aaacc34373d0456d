import type { Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import type { CommitUnit } from '../../src/store/unit.ts';
import { ask, type BundleRig, numbered, numbers, startRig } from '../fhir/bundle-rig.ts';
import { urgently } from '../support/overrides.ts';

/** The review of an emergency, before anybody sends it. */
describe('EMG-2: the review of an emergency', () => {
  let herald: BundleRig;
  const units: string[][] = [];
  beforeEach(async () => {
    units.length = 0;
    const seen =
      (commit: CommitUnit): CommitUnit =>
      (unit) => {
        units.push(unit.writes.map(({ resource }) => resource.resourceType));
        return commit(unit);
      };
    herald = await startRig({ commitUnit: seen });
    await herald.given({ ...numbered(numbers[0]), id: 'ada' });
  });
  afterEach(() => herald.close());
  const post = (status: 'active' | 'draft' = 'active') =>
    herald.as('epr', 'post', '/fhir/CommunicationRequest').send(urgently(ask('Patient/ada', { status })));
  const reviews = (): Promise<Task[]> =>
    searchAll(herald.store, 'Task', [['code', `${codeSystem('task-code')}|post-hoc-ig-review`]]);

  it('goes into the same commit as the message and its job', async () => {
    const answer = await post();
    expect(answer.status, answer.text).toBe(201);
    expect(units).toEqual([expect.arrayContaining(['CommunicationRequest', 'Communication', 'Task', 'Provenance'])]);
    const [review, ...more] = await reviews();
    expect(more).toEqual([]);
    const [attempt] = await searchAll(herald.store, 'Communication', [['subject', 'Patient/ada']]);
    expect(review).toMatchObject({
      focus: { reference: `Communication/${attempt?.id}` },
      requester: { reference: answer.body.requester.reference },
      input: [{ valueString: 'none' }, {}],
    });
  });

  it('is not made for a draft', async () => {
    expect((await post('draft')).status).toBe(201);
    expect(await reviews()).toEqual([]);
  });
});
