import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPatient, type Method, startApp, type TestApp } from '../support/app.ts';

/** Stands for a name, number or text: it must never come back. */
const SECRET = 'Zebedee-07700900123';
let herald: TestApp;
beforeAll(() => {
  herald = startApp();
});
afterAll(() => herald.close());

const post = (body: string | Buffer, type = 'application/fhir+json', path = '/fhir/Patient') =>
  herald.as('epr', 'post', path).set('Content-Type', type).send(body);
const nested = (depth: number): string => `{"resourceType":"Patient","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;

describe('contract 2: what cannot be read', () => {
  it.each([
    ['no JSON', `{"resourceType":"Patient","name":"${SECRET}`, 400],
    ['nothing', '', 400],
    ['a text', `"${SECRET}"`, 400],
    ['a list', `[{"family":"${SECRET}"}]`, 400],
    ['null', 'null', 400],
    ['a number', '17', 400],
    ['no type', `{"name":[{"family":"${SECRET}"}]}`, 400],
    ['another type', `{"resourceType":"${SECRET}"}`, 400],
    ['an element that R4 does not have', `{"resourceType":"Patient","${SECRET}":1}`, 400],
    ['an element of another shape', `{"resourceType":"Patient","name":"${SECRET}"}`, 400],
    ['a date that is none', `{"resourceType":"Patient","birthDate":"${SECRET}"}`, 400],
    ['a code that the binding does not have', `{"resourceType":"Patient","gender":"${SECRET}"}`, 400],
    ['__proto__', '{"resourceType":"Patient","__proto__":{"active":true}}', 400],
    ['constructor, deep inside', '{"resourceType":"Patient","name":[{"constructor":{"prototype":{}}}]}', 400],
    ['a thousand levels', nested(1000), 400],
    ['half a million levels', nested(500_000), 400],
  ])('%s is an OperationOutcome and says nothing of what was sent', async (_what, body, status) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
    expect(answer.body.issue.length).toBeGreaterThan(0);
    expect(answer.text).not.toContain(SECRET);
    expect(answer.text).not.toMatch(/\.ts:|node_modules| at /);
  });

  it('all faults at once, each with its place', async () => {
    const answer = await post(JSON.stringify({ resourceType: 'Patient', birthDate: 'x', active: 'y', gender: 'z' }));
    const places = answer.body.issue.flatMap((one: { expression: string[] }) => one.expression);
    expect(places).toEqual(expect.arrayContaining(['Patient.birthDate', 'Patient.active', 'Patient.gender']));
  });

  it.each([
    ['text/plain', 415],
    ['application/xml', 415],
    ['application/fhir+xml', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/fhir+json; charset=utf-16', 415],
    ['application/fhir+json; fhirVersion=5.0', 415],
    ['application/fhir+json; charset=utf-8', 201],
    ['application/json', 201],
    ['APPLICATION/FHIR+JSON; fhirVersion=4.0', 201],
  ])('Content-Type %s is %i', async (type, status) => {
    expect((await post(JSON.stringify(aPatient()), type)).status).toBe(status);
  });

  it('bytes that are no UTF-8 are 400', async () => {
    const body = Buffer.concat([Buffer.from('{"resourceType":"Patient","language":"'), Buffer.from([0xff, 0xfe])]);
    expect((await post(body)).status).toBe(400);
  });

  it('a packed body is unpacked, and the limit holds for what comes out', async () => {
    const packed = (text: string) =>
      herald
        .as('epr', 'post', '/fhir/Patient')
        .set('Content-Type', 'application/fhir+json')
        .set('Content-Encoding', 'gzip')
        .serialize((body) => body)
        .send(gzipSync(text));
    expect((await packed(JSON.stringify(aPatient()))).status).toBe(201);
    expect((await packed(' '.repeat(5_000_000))).status).toBe(413);
  });

  it('an encoding that is not known is 415', async () => {
    const test = herald.as('epr', 'post', '/fhir/Patient').set('Content-Type', 'application/fhir+json');
    expect((await test.set('Content-Encoding', 'zebra').send('{}')).status).toBe(415);
  });

  it('more than one megabyte is 413', async () => {
    const answer = await post(JSON.stringify(aPatient({ language: 'x'.repeat(1024 * 1024) })));
    expect([answer.status, answer.body.issue[0].code]).toEqual([413, 'too-long']);
  });

  it.each(['/fhir/Patient/%E0%A4%A', '/fhir/%', '/%c0%ae/fhir'])('the address %s is 400 or 404', async (path) => {
    const answer = await herald.as('epr', 'get', path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
  });

  it('keys that JavaScript knows reach no object', async () => {
    await post(
      '{"resourceType":"Patient","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('whatever is sent', () => {
  const methods: Method[] = ['get', 'post', 'put', 'patch', 'delete'];
  const paths = [
    '/fhir',
    '/fhir/Patient',
    '/fhir/Consent/x',
    '/fhir/Task/_search',
    '/fhir/CommunicationRequest/$evaluate',
  ];
  const body = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.json().map((text) => `{"resourceType":"Patient","identifier":${text},"contact":${text}}`),
    fc.json().map((text) => `{"resourceType":"Consent","provision":${text},"status":${text}}`),
    fc.json().map((text) => `{"resourceType":"CommunicationRequest","subject":${text},"payload":${text}}`),
  );
  const type = fc.constantFrom('application/fhir+json', 'application/json', 'application/x-www-form-urlencoded', 'x/y');

  it('is answered in the 200s or 400s, as FHIR, without a stack', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.constantFrom(...paths),
        fc.constantFrom('', '?', '?_count=1', '?a=b&&=', '?_sort=%00'),
        type,
        body,
        async (method, path, query, contentType, text) => {
          const test = herald.as('epr', method, path + query).set('Content-Type', contentType);
          const answer = await (method === 'get' ? test : test.send(text));
          expect(answer.status).toBeLessThan(500);
          expect(answer.headers['content-type']).toContain('json');
          expect(answer.text).not.toMatch(/node_modules|\.ts:\d/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
