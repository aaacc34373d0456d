import type { Bundle, CapabilityStatement, Flag, OperationOutcome, Parameters, Patient } from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { aPerson, aTransaction, madeBy, NUMBERS } from './exchange.ts';

/** What the client throws when the answer is an error. */
interface HttpError {
  readonly response: { readonly status: number; readonly data: OperationOutcome };
}

let herald: Herald;
let client: Client;
beforeAll(async () => {
  herald = await startHerald();
  client = new Client({ baseUrl: `${herald.url}/fhir`, bearerToken: 'demo-epr' });
});
afterAll(() => herald.close());

/** The client's own type for a resource is a record of anything. */
const create = async (patient: Patient, headers: Record<string, string> = {}) =>
  (await client.create({
    resourceType: 'Patient',
    body: { ...patient },
    options: { headers },
  })) as unknown as Patient & { id: string };
const etagOf = (answer: unknown) => Client.httpFor(answer as never).response?.headers.get('etag');
const idsOf = (bundle: unknown) => (bundle as Bundle).entry?.map((one) => one.resource?.id ?? '') ?? [];
const refusal = async (call: Promise<unknown>): Promise<HttpError['response']> =>
  call.then(
    () => expect.fail('the call was answered'),
    (error: HttpError) => error.response,
  );

describe('contract 2: fhir-kit-client, as it comes', () => {
  it('reads what the service says of itself', async () => {
    const statement = (await client.capabilityStatement()) as unknown as CapabilityStatement;
    expect([statement.resourceType, statement.fhirVersion]).toEqual(['CapabilityStatement', '4.0.1']);
  });

  it('creates, reads, updates with If-Match, reads versions and history', async () => {
    const made = await create(aPerson('kit-1'));
    expect(etagOf(made)).toBe('W/"1"');
    const id = made.id;
    expect(await client.read({ resourceType: 'Patient', id })).toEqual(made);

    const changed = { ...made, birthDate: '1975-08-10' };
    const put = (tag: string) =>
      client.update({ resourceType: 'Patient', id, body: changed, options: { headers: { 'If-Match': tag } } });
    const updated = await put('W/"1"');
    expect([etagOf(updated), updated.birthDate]).toEqual(['W/"2"', '1975-08-10']);
    const late = await refusal(put('W/"1"'));
    expect([late.status, late.data.resourceType, late.data.issue[0]?.code]).toEqual([
      412,
      'OperationOutcome',
      'conflict',
    ]);

    const first = await client.vread({ resourceType: 'Patient', id, version: '1' });
    expect(first).toEqual(made);
    const history = (await client.history({ resourceType: 'Patient', id })) as unknown as Bundle;
    expect(history.entry?.map((one) => one.resource?.meta?.versionId)).toEqual(['2', '1']);
  });

  it.each([false, true])('follows a search through its pages (by POST: %s)', async (postSearch) => {
    const family = postSearch ? 'Posted' : 'Fetched';
    const made = [];
    for (let index = 0; index < 7; index += 1) made.push(await create(aPerson(`${family}-${index}`, family)));
    let page: Bundle | undefined = (await client.resourceSearch({
      resourceType: 'Patient',
      searchParams: { family, _count: 3, _sort: '_id' },
      options: { postSearch },
    })) as unknown as Bundle;
    const pages: string[][] = [];
    while (page !== undefined) {
      pages.push(idsOf(page));
      page = (await client.nextPage({ bundle: page as never })) as unknown as Bundle | undefined;
    }
    expect(pages.map((one) => one.length)).toEqual([3, 3, 1]);
    expect(pages.flat().sort()).toEqual(made.map((one) => one.id).sort());
  });

  it('creates only what is not there yet', async () => {
    const condition = { 'If-None-Exist': `identifier=${NUMBERS}|kit-once` };
    const made = await create(aPerson('kit-once'), condition);
    const again = await create(aPerson('kit-once', 'Another'), condition);
    expect(again).toEqual(made);
    expect(Client.httpFor(again as never).response?.status).toBe(200);
  });

  it('asks what would be sent, and sends it', async () => {
    const request = exampleRequest('kit-message');
    const answer = (await client.operation({
      name: '$evaluate',
      resourceType: 'CommunicationRequest',
      input: { ...request },
    })) as unknown as Parameters;
    expect(answer.parameter?.find((one) => one.name === 'decision')?.valueCode).toBe('send');
    const made = await client.create({ resourceType: 'CommunicationRequest', body: { ...request } });
    await until(async () => {
      const searchParams = { 'based-on': `CommunicationRequest/${made.id}`, status: 'completed' };
      return idsOf(await client.resourceSearch({ resourceType: 'Communication', searchParams })).length === 1;
    }, 'the message to be delivered');
  });

  it.each([
    ['nothing there', 404, 'not-found', () => client.read({ resourceType: 'Patient', id: 'nobody' })],
    [
      'an unknown search',
      400,
      'not-supported',
      () => client.search({ resourceType: 'Patient', searchParams: { a: 'b' } }),
    ],
    [
      'a resource that is not R4',
      400,
      'structure',
      () => client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', colour: 'blue' } }),
    ],
    [
      'a dangling reference',
      422,
      'not-found',
      () =>
        client.create({
          resourceType: 'RelatedPerson',
          body: { resourceType: 'RelatedPerson', patient: { reference: 'Patient/nobody' } },
        }),
    ],
    [
      'a refused message',
      422,
      'business-rule',
      () =>
        client.create({
          resourceType: 'CommunicationRequest',
          body: { ...exampleRequest('kit-refused'), subject: { reference: 'Patient/example-walter' } },
        }),
    ],
    ['deleting', 405, 'not-supported', () => client.delete({ resourceType: 'Patient', id: 'example-maya' })],
    [
      'patching',
      405,
      'not-supported',
      () => client.patch({ resourceType: 'Patient', id: 'example-maya', jsonPatch: [{ op: 'remove', path: '/name' }] }),
    ],
    [
      'no token',
      401,
      'login',
      () => new Client({ baseUrl: `${herald.url}/fhir` }).read({ resourceType: 'Patient', id: 'x' }),
    ],
    ['another role', 403, 'forbidden', () => client.search({ resourceType: 'AuditEvent' })],
  ] as const)('%s is %i, with the reason as an OperationOutcome', async (_what, status, code, call) => {
    const answer = await refusal(call());
    expect([answer.status, answer.data.resourceType, answer.data.issue[0]?.code]).toEqual([
      status,
      'OperationOutcome',
      code,
    ]);
    expect(answer.data.issue[0]?.diagnostics).toBeTruthy();
  });

  it('a transaction is made as a whole, with its links, if it is promised; otherwise it is 422', async () => {
    const statement = (await client.capabilityStatement()) as unknown as CapabilityStatement;
    const call = client.transaction({ body: aTransaction('kit-transaction') as never });
    if (!statement.rest?.[0]?.interaction?.some((one) => one.code === 'transaction')) {
      const answer = await refusal(call);
      expect([answer.status, answer.data.issue[0]?.code]).toEqual([422, 'not-supported']);
      return;
    }
    const [person = '', flag = ''] = madeBy((await call) as unknown as Bundle);
    const read = (reference: string) => client.resolve({ reference });
    expect(((await read(flag)) as unknown as Flag).subject.reference).toBe(person);
    expect(((await read(person)) as unknown as Patient).identifier?.[0]?.value).toBe('kit-transaction');
  });
});
