import type { Communication, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { demoStaffResources } from '../../src/catalogue/examples.ts';
import { createLog } from '../../src/log.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { tellIfTextChanged } from '../../src/send/template-changed.ts';
import { type Embedded, openEmbedded } from '../../src/store/embedded.ts';
import { type FhirStore, StoreError, searchAll } from '../../src/store/fhir-store.ts';

const controller = { ods: 'RXX', name: 'Example NHS Trust' };
const clock = { now: () => new Date('2026-11-20T16:00:00Z') };
const SECRET = 'Your test at the blood clinic';

let embedded: Embedded;
beforeEach(async () => {
  embedded = openEmbedded(':memory:', { clock });
  await embedded.store.commit(demoStaffResources(controller).map((resource) => ({ op: 'create', resource })));
});
afterEach(() => embedded.close());

const attempt = (words: string, change: Partial<Communication> = {}): Communication & { id: string } => ({
  resourceType: 'Communication',
  id: 'attempt-1',
  status: 'in-progress',
  subject: { reference: 'Patient/robin' },
  instantiatesCanonical: [`${MSG}/ActivityDefinition/care-message|1`],
  instantiatesUri: ['https://api.example.org/v2/template/a-template/version/3'],
  payload: [{ contentString: words }],
  ...change,
});
const checked = (change: Partial<Communication> = {}) => {
  const { instantiatesUri: _unknownYet, ...before } = attempt(SECRET, change);
  return before as Communication & { id: string };
};
const tell = (before: Communication & { id: string }, after: Communication, store: FhirStore = embedded.store) =>
  tellIfTextChanged(
    { store, clock, log: createLog({ level: 'silent' }), context: { policy: defaultPolicy, controller } },
    before,
    after,
  );
const tasks = async (): Promise<Task[]> => {
  const code = `${codeSystem('task-code')}|template-changed`;
  return searchAll(embedded.store, 'Task', [['code', code]]);
};

describe('contract 5: other words than those that were checked', () => {
  it('the same words are nobody’s business', async () => {
    await tell(checked({ topic: { text: 'Visit' } }), attempt(SECRET, { topic: { text: 'Visit' } }));
    expect(await tasks()).toEqual([]);
  });

  it.each<[string, Partial<Communication>, Communication]>([
    ['another text', {}, attempt(`${SECRET} now`)],
    ['another subject', { topic: { text: 'Visit' } }, attempt(SECRET, { topic: { text: 'Your visit' } })],
  ])('%s: somebody is asked to look, by a date, and reads nothing of the message', async (_what, before, after) => {
    await tell(checked(before), after);
    const [only, ...others] = await tasks();
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      status: 'requested',
      focus: { reference: 'Communication/attempt-1' },
      performerType: [{ coding: [{ code: 'ig-team' }] }],
      // Friday afternoon: two working days later.
      restriction: { period: { end: '2026-11-24T16:00:00.000Z' } },
    });
    expect(only?.for).toBeUndefined();
    expect(only?.description).toContain('care-message');
    expect(only?.description).toContain('/v2/template/a-template/version/3');
    expect(JSON.stringify(only)).not.toMatch(/blood|robin/);
  });

  it('once for each type and version: not again, not twice at once, not when the host has another name', async () => {
    const other = attempt('Other');
    await Promise.all([tell(checked(), other), tell(checked(), other), tell(checked({ id: 'attempt-2' }), other)]);
    await tell(checked(), other);
    await tell(checked(), attempt('Third'));
    await tell(checked({ instantiatesCanonical: [`${MSG}/ActivityDefinition/care-message|2`] }), other);
    await tell(checked(), {
      ...other,
      instantiatesUri: ['https://notify.example.com/v2/template/a-template/version/3'],
    });
    expect(await tasks()).toHaveLength(1);
    await tell(checked(), { ...other, instantiatesUri: ['https://api.example.org/v2/template/a-template/version/4'] });
    await tell(checked({ instantiatesCanonical: [`${MSG}/ActivityDefinition/contact-us|1`] }), other);
    expect(await tasks()).toHaveLength(3);
  });

  it.each(['read', 'commit'] as const)(
    'a store that fails at the %s fails the step, which is run again',
    async (at) => {
      const failing = new Proxy(embedded.store, {
        get: (target, key) => {
          if (key === at) return async () => Promise.reject(new StoreError('unavailable', 'down'));
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      await expect(tell(checked(), attempt('Other'), failing)).rejects.toThrow(StoreError);
      expect(await tasks()).toEqual([]);
      await tell(checked(), attempt('Other'));
      expect(await tasks()).toHaveLength(1);
    },
  );
});
