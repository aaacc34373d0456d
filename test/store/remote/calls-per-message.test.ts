import type { CommunicationRequest, Patient } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../../src/catalogue/examples.ts';
import { type Stub, type StubOptions, startStub } from '../../servers/stub/stub.ts';
import { type Herald, startHerald, until } from '../../support/herald.ts';

const identifier = { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000069' };
const person: Patient & { id: string } = {
  resourceType: 'Patient',
  id: 'asked-about',
  identifier: [identifier],
  active: true,
  name: [{ family: 'Example', given: ['Robin'] }],
  birthDate: '1990-01-01',
  telecom: [{ system: 'phone', value: '07700 900204', use: 'mobile' }],
};

/** Calls of one message: until it was kept, until what the provider answered was on record, until it had arrived. */
type Calls = readonly [acceptance: number, dispatch: number, receipt: number];

/** Resources that a message writes in each of them. */
const written: Calls = [4, 2, 2];

interface World {
  readonly herald: Herald;
  readonly stub: Stub;
  readonly patient: string;
}

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function world(options: StubOptions): Promise<World> {
  const stub = await startStub({ indexLagMs: 0, ...options });
  open.push(() => stub.stop());
  // Nothing but messages may ask the server meanwhile.
  const herald = await startHerald({ on: stub.url, timing: { doubtsMs: 3_600_000, sweepMs: 3_600_000 } });
  open.push(() => herald.close());
  // As in a trust: known to its server, and not written through Herald.
  const { status } = await fetch(`${stub.url}/Patient/${person.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(person),
  });
  expect(status).toBe(201);
  return { herald, stub, patient: `Patient/${person.id}` };
}

/** What one message cost, to its end. */
async function callsOf({ herald, stub }: World, request: CommunicationRequest): Promise<Calls> {
  await herald.control('callbacks/pause', {});
  await stub.emptyLedger();
  const asked = await herald.post('/fhir/CommunicationRequest', request);
  expect(asked.status, asked.text).toBe(201);
  // The receipt comes once the record knows of the call, as it does in life.
  await reached(stub, written[0] + written[1]);
  await until(async () => !(await dispatching(herald)), 'the end of its dispatch');
  await herald.control('callbacks/resume', {});
  await reached(stub, written[0] + written[1] + written[2]);
  const wrote = await callsIn(stub);
  const callsUntil = (versions: number): number =>
    1 + wrote.findIndex((_, at) => wrote.slice(0, at + 1).reduce((sum, one) => sum + one, 0) >= versions);
  const accepted = callsUntil(written[0]);
  const sent = callsUntil(written[0] + written[1]);
  const all = callsUntil(written[0] + written[1] + written[2]);
  return [accepted, sent - accepted, all - sent];
}

const dispatching = async (herald: Herald): Promise<boolean> =>
  /^herald_queue_jobs\{queue="dispatch",state="(waiting|claimed)"\} [1-9]/m.test((await herald.get('/metrics')).text);
/** How many versions each call made. What is looked for once in a while is no part of a message. */
const callsIn = async (stub: Stub): Promise<number[]> =>
  (await stub.calls()).filter(({ path }) => !/authored-on|_lastUpdated/.test(path)).map(({ wrote }) => wrote.length);
const reached = (stub: Stub, versions: number): Promise<unknown> =>
  until(
    async () => (await callsIn(stub)).reduce((sum, one) => sum + one, 0) >= versions,
    `${versions} versions on the server`,
  );

const about = (key: string, subject: CommunicationRequest['subject']): CommunicationRequest => ({
  ...exampleRequest(key),
  ...(subject === undefined ? {} : { subject }),
});

describe('calls to the server of the record per message (aim: at most five)', () => {
  // What is asked of somebody's numbers is known once they were read, so the first message to them has a turn more.
  it.each<[string, StubOptions]>([
    ['HAPI', { profile: 'hapi-like' }],
    ['a server with transactions and batches, whose caches are not known', { profile: 'medplum-like' }],
  ])('are six for the first message to somebody and five for each later one: %s', async (_what, stub) => {
    const here = await world(stub);
    const named = {
      reference: { reference: here.patient },
      number: { type: 'Patient', identifier },
      both: { reference: here.patient, identifier },
    } as const;
    expect(await callsOf(here, about('first', named.both))).toEqual([3, 2, 1]);
    for (const [how, subject] of Object.entries(named)) {
      expect(await callsOf(here, about(how, subject)), how).toEqual([2, 2, 1]);
    }
  });

  it('are one for each write and each question where the server has neither', async () => {
    const here = await world({ profile: 'strict' });
    const [acceptance, dispatch, receipt] = await callsOf(here, about('strict', { reference: here.patient }));
    expect(acceptance).toBeGreaterThan(written[0] + 5);
    expect(dispatch).toBeGreaterThan(written[1] + 5);
    // What was written last is known here, and is written over under its version.
    expect(receipt).toBe(written[2]);
  });
});
