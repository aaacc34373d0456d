import type { Bundle, CapabilityStatement, Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { type Stub, type StubOptions, startStub, type Trouble } from '../servers/stub/stub.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { anObjection, aPatient, attemptsOf, endOf, requestOf } from '../support/people.ts';

/** What the trust's own FHIR server may do, and what Herald then does: lose nothing, send nothing twice, promise less. */
describe('the record on another server', () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function world(options: StubOptions = {}): Promise<{ herald: Herald; stub: Stub }> {
    const stub = await startStub({ indexLagMs: 0, ...options });
    open.push(() => stub.stop());
    const herald = await startHerald({ on: stub.url, timing: { doubtsMs: 100, sweepMs: 500 } });
    open.push(() => herald.close());
    return { herald, stub };
  }
  const ask = (herald: Herald, key: string, change: Partial<CommunicationRequest> = {}) =>
    herald.post('/fhir/CommunicationRequest', { ...exampleRequest(key), ...change });
  const completed = (herald: Herald, id: string) =>
    until(async () => (await requestOf(herald, id)).status === 'completed', `the end of ${id}`);
  const later = new Date(Date.now() + 3_600_000).toISOString();

  it('contract 3: a write whose answer is lost is 503, is taken back, and is sent once when it is asked for again', async () => {
    const { herald, stub } = await world();
    await stub.arm({ method: 'PUT', path: 'CommunicationRequest', times: 1, trouble: { kind: 'lose-answer' } });
    const lost = await ask(herald, 'lost');
    expect([lost.status, lost.headers['retry-after']]).toEqual([503, expect.any(String)]);
    const [kept] = await until(async () => {
      const found = (await stub.dump()).filter((one) => one.resourceType === 'CommunicationRequest');
      return found.some((one) => 'status' in one && one.status === 'entered-in-error') ? found : undefined;
    }, 'the unpromised request to be taken back');
    expect(kept).toBeDefined();
    expect(await herald.ledger()).toEqual([]);

    const again = await ask(herald, 'lost');
    expect(again.status, again.text).toBe(201);
    await completed(herald, again.body.id);
    expect(await herald.ledger()).toHaveLength(1);
  });

  it('contract 3: asked again while the doubt stands, it is kept once', async () => {
    const { herald, stub } = await world({ profile: 'hapi-like' });
    await stub.arm({ method: 'POST', writes: 'CommunicationRequest', times: 1, trouble: { kind: 'lose-answer' } });
    const answers = [await ask(herald, 'twice'), await ask(herald, 'twice'), await ask(herald, 'twice')];
    expect(answers.map((one) => one.status)).toEqual([503, 201, 200]);
    const id = answers[1]?.body.id as string;
    await completed(herald, id);
    const attempts = await attemptsOf(herald, id);
    expect(attempts.filter((one) => one.status !== 'entered-in-error')).toHaveLength(1);
    expect(await herald.ledger()).toHaveLength(1);
  });

  it('OBJ-1: an objection made through Herald is heeded though the server’s search does not know it yet', async () => {
    const { herald } = await world({ indexLagMs: 4_000 });
    const patient = await aPatient(herald, '07700 900204', '9990000069');
    expect((await herald.post('/fhir/Consent', anObjection(patient))).status).toBe(201);
    const sms = [{ coding: [{ system: 'https://herald.example/fhir/CodeSystem/channel', code: 'sms' }] }];
    const refused = await ask(herald, 'objects', { subject: { reference: patient }, medium: sms });
    expect([refused.status, refused.body.issue?.[0]?.details?.coding?.[0]?.code]).toEqual([422, 'objection']);
  });

  it('OBJ-1: an objection made on the server by another system is heeded although an equal search was cached', async () => {
    const { herald, stub } = await world({ profile: 'hapi-like' });
    const patient = await aPatient(herald, '07700 900205', '9990000069');
    const evaluate = () =>
      herald.post('/fhir/CommunicationRequest/$evaluate', { ...exampleRequest('e'), subject: { reference: patient } });
    const decisionOf = (answer: Awaited<ReturnType<typeof evaluate>>) =>
      answer.body.parameter?.find((one: { name: string }) => one.name === 'decision')?.valueCode;
    expect(decisionOf(await evaluate())).toBe('send');
    const put = await fetch(`${stub.url}/Consent/made-elsewhere`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/fhir+json' },
      body: JSON.stringify({ ...anObjection(patient), id: 'made-elsewhere' }),
    });
    expect(put.status).toBe(201);
    expect(decisionOf(await evaluate())).toBe('refuse');
  });

  it('contract 3: a revocation that the server did not confirm is repeated safely, and the message never goes', async () => {
    const { herald, stub } = await world();
    const asked = await ask(herald, 'back', { occurrenceDateTime: later });
    const path = `/fhir/CommunicationRequest/${asked.body.id}`;
    await stub.arm({ method: 'PUT', path: 'CommunicationRequest', times: 1, trouble: { kind: 'lose-answer' } });
    expect((await herald.put(path, { ...asked.body, status: 'revoked' })).status).toBe(503);
    const again = await herald.put(path, { ...asked.body, status: 'revoked' });
    expect([again.status, again.body.status]).toEqual([200, 'revoked']);
    expect(await herald.ledger()).toEqual([]);
  });

  it('contract 1: while the server is down nothing is accepted, and work goes on by itself when it is back', async () => {
    const { herald, stub } = await world();
    const asked = await ask(herald, 'before', { occurrenceDateTime: new Date(Date.now() + 700).toISOString() });
    expect(asked.status).toBe(201);
    await stub.down();
    const refused = await ask(herald, 'during');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, expect.any(String)]);
    expect((await herald.get('/readyz')).status).toBe(503);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await herald.ledger()).toEqual([]);
    await stub.up();
    expect((await endOf(herald, asked.body.id, 15_000)).status).toBe('completed');
    expect(await herald.ledger()).toHaveLength(1);
  });

  it.each(['readOnly', 'full'] as const)(
    'contract 3: on a server that is %s nothing is accepted, and nothing sent',
    async (mode) => {
      const { herald, stub } = await world();
      await stub.set({ [mode]: true });
      expect((await ask(herald, 'kept-out')).status).toBe(503);
      expect(await herald.ledger()).toEqual([]);
      await stub.set({ [mode]: false });
      expect((await ask(herald, 'kept-out')).status).toBe(201);
    },
  );

  it.each<Trouble>([
    { kind: 'html' },
    { kind: 'redirect', to: 'http://127.0.0.1:9/' },
    { kind: 'truncated' },
    { kind: 'cut-body' },
    { kind: 'status', status: 404 },
    { kind: 'status', status: 500 },
    { kind: 'next-elsewhere', to: 'http://127.0.0.1:9/' },
  ])('contract 4: a server that answers facts with $kind is not taken for one that has none', async (trouble) => {
    const { herald, stub } = await world();
    await stub.arm({ method: 'POST', path: '^/Consent/_search$', times: 'always', trouble });
    expect((await ask(herald, 'unknown')).status).toBe(503);
    expect(await herald.ledger()).toEqual([]);
  });

  it('contract 2: the interface promises what the server behind can do, and no more', async () => {
    const { herald } = await world();
    const { body } = (await herald.get('/fhir/metadata')) as { body: CapabilityStatement };
    expect(body.rest?.[0]?.interaction?.map((one) => one.code)).toEqual(['batch']);
    const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction', entry: [] };
    const refused = await herald.post('/fhir', bundle);
    expect([refused.status, refused.body.resourceType]).toEqual([405, 'OperationOutcome']);
  });

  it('contract 1: shipped message types are shown where the server has none, and the server gets none', async () => {
    const { herald, stub } = await world();
    const found = await herald.all('/fhir/ActivityDefinition?status=active');
    expect(found.length).toBeGreaterThan(0);
    expect((await stub.dump()).filter((one) => one.resourceType === 'ActivityDefinition')).toEqual([]);
  });

  it('ACC-1: who recorded an objection is kept in one transaction, whatever the server calls its versions', async () => {
    const { herald, stub } = await world({ profile: 'hapi-like' });
    const patient = await aPatient(herald, '07700 900206', '9990000069');
    const { status, text, body } = await herald.post('/fhir/Consent', anObjection(patient));
    expect(status, text).toBe(201);
    const records = (await stub.dump()).filter((one) => one.resourceType === 'Provenance');
    expect(records.map((one) => ('target' in one ? one.target : undefined))).toContainEqual(
      expect.arrayContaining([{ reference: `Consent/${body.id}` }]),
    );
  });

  it('contract 5: a lost queue is made good from the record: asked after first, and sent once', async () => {
    const { herald, stub } = await world();
    const asked = await ask(herald, 'queue', { occurrenceDateTime: new Date(Date.now() + 2_000).toISOString() });
    expect(asked.status).toBe(201);
    await herald.restart({ lost: ['queue.sqlite'] });
    expect((await endOf(herald, asked.body.id, 60_000)).status).toBe('completed');
    expect(await herald.ledger()).toHaveLength(1);
    expect(await stub.duplicates()).toEqual([]);
    expect((await requestOf(herald, asked.body.id)).status).toBe('completed');
    const attempts: Communication[] = await attemptsOf(herald, asked.body.id);
    expect(attempts).toHaveLength(1);
  }, 90_000);

  it('contract 1: a second process on the same directory refuses, and names the variable', async () => {
    const { herald } = await world();
    await expect(herald.startAnother()).rejects.toThrow(/HERALD_DATA_DIR/);
  });
});
