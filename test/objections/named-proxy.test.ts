import type { Consent, RelatedPerson } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { system } from '../../src/canonical.ts';
import { objectionOf } from '../../src/send/gather-objections.ts';
import type { Stored } from '../../src/store/fhir-store.ts';
import { aPatient, startApp, type TestApp } from '../support/app.ts';
import { ofProxy } from '../support/objections.ts';

let herald: TestApp;
let patient: string;
beforeEach(async () => {
  herald = startApp();
  await herald.given({ resourceType: 'Practitioner', id: demoStaff.epr.id });
  patient = `Patient/${(await herald.as('epr', 'post', '/fhir/Patient').send(aPatient())).body.id}`;
});
afterEach(() => herald.close());

const NUMBER = { system: system.nhsNumber, value: '9990000026' };
const byNumber = { type: 'RelatedPerson', identifier: NUMBER } as never;
const aProxy = async (): Promise<string> => {
  const body: RelatedPerson = { resourceType: 'RelatedPerson', patient: { reference: patient }, identifier: [NUMBER] };
  return `RelatedPerson/${(await herald.as('epr', 'post', '/fhir/RelatedPerson').send(body)).body.id}`;
};
/** A proxy's own objection that names them otherwise. */
const naming = (performer: object, actor: object): Consent => {
  const own = ofProxy(patient, 'RelatedPerson/x');
  const [first] = own.provision?.actor ?? [];
  return {
    ...own,
    extension: (own.extension ?? []).slice(0, 1),
    performer: [performer as never],
    provision: { ...own.provision, actor: [{ ...first, reference: actor } as never] },
  };
};
const recorded = async (consent: Consent): Promise<Stored<Consent>> => {
  const answer = await herald.as('epr', 'post', '/fhir/Consent').send(consent);
  expect(answer.status, answer.text).toBe(201);
  return (await herald.store.read('Consent', answer.body.id)) as Stored<Consent>;
};

describe('OBJ-1, PRX-9: a proxy’s own objection, however it names them', () => {
  it('by number: it is theirs, and has the reference by which it is found', async () => {
    const proxy = await aProxy();
    for (const performer of [byNumber, { reference: proxy }]) {
      const kept = await recorded(naming(performer, byNumber));
      expect(kept.provision?.actor?.[0]?.reference).toEqual({ ...(byNumber as object), reference: proxy });
      expect(objectionOf(kept).ofProxy).toBe(proxy);
    }
  });

  it('by a number of two, of nobody, or by what leads elsewhere: nobody whom it may mean is written to that way', async () => {
    const nobody = objectionOf(await recorded(naming(byNumber, byNumber)));
    await aProxy();
    await aProxy();
    const two = objectionOf(await recorded(naming(byNumber, byNumber)));
    const elsewhere = { reference: 'https://fhir.example.org/RelatedPerson/1' };
    const far = objectionOf({ ...naming(elsewhere, elsewhere), id: 'far' } as Stored<Consent>);
    for (const one of [nobody, two, far]) expect([one.ofProxy, one.ownDevicesOnly]).toEqual([undefined, false]);
  });
});
