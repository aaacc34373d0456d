import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { adapterTo } from '../../store/remote/support.ts';
import { hapiAt } from './hapi.ts';

const hapi = hapiAt(inject('hapiUrl'));
const adapter = adapterTo(hapi.baseUrl, { coalesce: true });
beforeAll(() => hapi.reset());
afterAll(() => adapter.close());

/** Another system, which Herald knows nothing of. */
async function put(resource: { readonly resourceType: string; readonly id: string }): Promise<void> {
  const answer = await fetch(`${hapi.baseUrl}/${resource.resourceType}/${resource.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

const objection = {
  resourceType: 'Consent',
  id: 'just-made',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: 'urn:example', code: 'objection' }] }],
  patient: { reference: 'Patient/fresh' },
  policyRule: { text: 'Example' },
};

describe('OBJ-1: what HAPI answers from memory for a minute', () => {
  it.each(['alone', 'in a batch'])(
    'an objection made elsewhere a moment ago is found by an equal search %s',
    async (how) => {
      const beside = (): Promise<unknown>[] => (how === 'alone' ? [] : [adapter.store.read('Patient', 'fresh')]);
      const id = how === 'alone' ? 'just-made' : 'just-made-too';
      const found = async (): Promise<readonly string[]> => {
        const [page] = await Promise.all([
          adapter.store.search('Consent', [['patient', 'Patient/fresh']]),
          ...beside(),
        ]);
        return page.matches.map((one) => one.id);
      };
      await put({ resourceType: 'Patient', id: 'fresh' });
      expect(await found()).not.toContain(id);
      await put({ ...objection, id });
      expect(await found()).toContain(id);
    },
  );
});
