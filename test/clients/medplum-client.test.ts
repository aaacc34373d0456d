import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import type { Bundle, CapabilityStatement, CommunicationRequest, Parameters, Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { aPerson, aTransaction, madeBy, NUMBERS } from './exchange.ts';

let herald: Herald;
let client: MedplumClient;
const clientWith = (accessToken: string) =>
  new MedplumClient({ baseUrl: `${herald.url}/`, fhirUrlPath: 'fhir', accessToken, cacheTime: 0 });
beforeAll(async () => {
  herald = await startHerald();
  client = clientWith('demo-epr');
});
afterAll(() => herald.close());

const refusal = async (call: Promise<unknown>): Promise<OperationOutcomeError['outcome']> =>
  call.then(
    () => expect.fail('the call was answered'),
    (error: unknown) => (error instanceof OperationOutcomeError ? error.outcome : expect.fail(String(error))),
  );

describe('contract 2: MedplumClient, as it comes', () => {
  it('creates, reads, updates with If-Match, reads versions and history', async () => {
    const made = await client.createResource(aPerson('medplum-1'));
    expect(made.meta?.versionId).toBe('1');
    expect(await client.readResource('Patient', made.id)).toEqual(made);
    expect(await client.readReference({ reference: `Patient/${made.id}` })).toEqual(made);

    const put = (tag: string) =>
      client.updateResource({ ...made, birthDate: '1975-08-10' }, { headers: { 'If-Match': tag } });
    const updated = await put('W/"1"');
    expect([updated.meta?.versionId, updated.birthDate]).toEqual(['2', '1975-08-10']);
    expect((await refusal(put('W/"1"'))).issue[0]?.code).toBe('conflict');

    expect(await client.readVersion('Patient', made.id, '1')).toEqual(made);
    const history = await client.readHistory('Patient', made.id);
    expect(history.entry?.map((one) => one.resource?.meta?.versionId)).toEqual(['2', '1']);
  });

  it('follows a search through its pages', async () => {
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      made.push((await client.createResource(aPerson(`medplum-page-${index}`, 'Paged'))).id);
    }
    const pages: string[][] = [];
    for await (const page of client.searchResourcePages('Patient', 'family=Paged&_count=3&_sort=_id')) {
      pages.push(page.map((one) => one.id));
    }
    expect(pages.map((one) => one.length)).toEqual([3, 3, 1]);
    expect(pages.flat().sort()).toEqual(made.sort());
  });

  it('reads everybody, when it sizes the pages itself', async () => {
    const seen: string[] = [];
    for await (const page of client.searchResourcePages('Patient')) seen.push(...page.map((one) => one.id));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toContain('example-maya');
    const { total } = await client.search('Patient', '_summary=count');
    expect(seen.length).toBe(total);
  });

  it('searches by POST, so that numbers stay out of addresses', async () => {
    const made = await client.createResource(aPerson('medplum-posted'));
    const form = new URLSearchParams({ identifier: `${NUMBERS}|medplum-posted` }).toString();
    const found: Bundle<Patient> = await client.post(
      client.fhirUrl('Patient', '_search'),
      form,
      'application/x-www-form-urlencoded',
    );
    expect(found.entry?.map((one) => one.resource)).toEqual([made]);
    expect(found.link?.map((one) => one.url).join()).not.toContain('medplum-posted');
  });

  it('creates only what is not there yet', async () => {
    const condition = `identifier=${NUMBERS}|medplum-once`;
    const made = await client.createResourceIfNoneExist(aPerson('medplum-once'), condition);
    expect(await client.createResourceIfNoneExist(aPerson('medplum-once', 'Another'), condition)).toEqual(made);
    expect(await client.searchOne('Patient', condition)).toEqual(made);
  });

  it('asks what would be sent, and sends it', async () => {
    const request = exampleRequest('medplum-message');
    const answer: Parameters = await client.post(client.fhirUrl('CommunicationRequest', '$evaluate'), request);
    expect(answer.parameter?.find((one) => one.name === 'decision')?.valueCode).toBe('send');
    const made = await client.createResource<CommunicationRequest>(request);
    await until(
      () => client.searchOne('Communication', `based-on=CommunicationRequest/${made.id}&status=completed`),
      'the message to be delivered',
    );
  });

  it.each([
    ['nothing there', 'not-found', () => client.readResource('Patient', 'nobody')],
    ['an unknown search', 'not-supported', () => client.search('Patient', 'colour=blue')],
    [
      'a resource that is not R4',
      'structure',
      () => client.createResource({ resourceType: 'Patient', colour: 'blue' } as Patient),
    ],
    [
      'a refused message',
      'business-rule',
      () =>
        client.createResource({
          ...exampleRequest('medplum-refused'),
          subject: { reference: 'Patient/example-walter' },
        }),
    ],
    ['deleting', 'not-supported', () => client.deleteResource('Patient', 'example-maya')],
    [
      'patching',
      'not-supported',
      () => client.patchResource('Patient', 'example-maya', [{ op: 'remove', path: '/name' }]),
    ],
    ['another role', 'forbidden', () => client.search('AuditEvent')],
    ['a token that is not known', 'login', () => clientWith('not-a-token').readResource('Patient', 'x')],
  ] as const)('%s: the reason as an OperationOutcome', async (_what, code, call) => {
    const outcome = await refusal(call() as Promise<unknown>);
    expect([outcome.resourceType, outcome.issue[0]?.code]).toEqual(['OperationOutcome', code]);
  });

  it('a transaction is made as a whole, with its links, if it is promised; otherwise it is 422', async () => {
    const statement = await client.get<CapabilityStatement>(client.fhirUrl('metadata'));
    const call = client.executeBatch(aTransaction('medplum-transaction'));
    if (!statement.rest?.[0]?.interaction?.some((one) => one.code === 'transaction')) {
      expect((await refusal(call)).issue[0]?.code).toBe('not-supported');
      return;
    }
    const [person = '', flag = ''] = madeBy(await call);
    const [, flagId = ''] = flag.split('/');
    expect((await client.readResource('Flag', flagId)).subject.reference).toBe(person);
  });
});
