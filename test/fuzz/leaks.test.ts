import type { CommunicationRequest, Patient } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, system } from '../../src/canonical.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { type FhirStore, searchAll } from '../../src/store/fhir-store.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { endOf } from '../support/people.ts';
import { markIn, marks, mobileForms, traceIn } from './marks.ts';

const CALLBACK_TOKEN = 'token-that-only-this-test-knows';

/** The marked person, as an EPR would write them. */
const person: Patient = {
  resourceType: 'Patient',
  identifier: [{ system: system.nhsNumber, value: marks.nhsNumber }],
  active: true,
  name: [{ family: marks.family, given: [marks.given], text: `${marks.given} ${marks.family}` }],
  birthDate: '1951-02-03',
  telecom: [
    { system: 'phone', value: marks.mobile, use: 'mobile', rank: 1 },
    { system: 'email', value: marks.email, rank: 2 },
  ],
  address: [{ line: [marks.street], city: 'Leeds' }],
};
const phrase = `${marks.text}: please ring 0113 496 0123 about your appointment.`;

let herald: Herald;
let store: FhirStore;
let patient = '';
/** Every answer that was an error. */
const errors: string[] = [];
beforeAll(async () => {
  herald = await startHerald({
    env: { GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN },
    decorate: (ports) => {
      store = ports.store;
      return ports;
    },
  });
  patient = `Patient/${(await herald.post('/fhir/Patient', person)).body.id}`;
});
afterAll(() => herald.close());

let asked = 0;
/** A text to the marked person that says the marked words. */
function aMessage(change: Partial<CommunicationRequest> = {}): CommunicationRequest {
  asked += 1;
  return {
    ...exampleRequest(`leak-${asked}`),
    subject: { reference: patient },
    payload: [{ contentString: phrase }],
    ...change,
  };
}
const by = (channel: string) => ({ medium: [{ coding: [{ system: codeSystem('channel'), code: channel }] }] });

async function send(change: Partial<CommunicationRequest> = {}): Promise<string> {
  const answer = await herald.post('/fhir/CommunicationRequest', aMessage(change));
  expect([answer.status, answer.body.issue]).toEqual([201, undefined]);
  return answer.body.id;
}

/** Notes an error answer, head and all, and holds it against the marks. */
function noted(answer: supertest.Response, statuses: readonly number[]): void {
  const shown = `${JSON.stringify(answer.headers)}\n${answer.text}`;
  errors.push(shown);
  expect([answer.status, markIn(shown), traceIn(shown)]).toEqual([
    statuses.find((one) => one === answer.status) ?? statuses[0],
    undefined,
    undefined,
  ]);
}

describe('ACC-4: nothing of a person or a message gets out', () => {
  it('on the way of a message that succeeds, by text and by email', async () => {
    const ids = [await send(), await send(by('email'))];
    const ends = await Promise.all(ids.map((id) => endOf(herald, id, 15_000)));
    expect(ends.map((one) => one.status)).toEqual(['completed', 'completed']);
    const ledger = await herald.ledger();
    expect(ledger.some((one) => markIn(one.recipient) !== undefined)).toBe(true);
    expect(ledger.some((one) => one.body.includes(marks.text))).toBe(true);
  });

  const refusals: readonly (readonly [string, Partial<CommunicationRequest>])[] = [
    ['an unfilled placeholder', { payload: [{ contentString: `${phrase} ((${marks.family}))` }] }],
    ['a link elsewhere', { payload: [{ contentString: `${phrase} https://${marks.family}.example.org` }] }],
    ['a text that is too long', { payload: [{ contentString: phrase.repeat(40) }] }],
    ['an unknown channel', { medium: [{ coding: [{ system: marks.family, code: marks.mobile }], text: phrase }] }],
    [
      'a type that is not known',
      { extension: [{ url: system.instantiatesCanonical, valueCanonical: `https://${marks.family}.example.org/x` }] },
    ],
    [
      'a number and a record that disagree',
      {
        subject: {
          reference: 'Patient/example-maya',
          identifier: { system: system.nhsNumber, value: marks.nhsNumber },
        },
      },
    ],
    [
      'a number that nobody has',
      { subject: { identifier: { system: system.nhsNumber, value: '9990007713' }, display: phrase } },
    ],
    ['a person who is not here', { subject: { reference: `Patient/${marks.family}`, display: marks.given } }],
    [
      'a recipient who is no proxy',
      { recipient: [{ reference: 'RelatedPerson/example-seren-mother', display: phrase }] },
    ],
    ['no requester', { requester: { display: marks.family } }],
    [
      'a purpose out of scope',
      { reasonCode: [{ coding: [{ system: system.actReason, code: 'HMARKT' }], text: phrase }] },
    ],
  ];
  it.each(refusals)('in a refusal: %s', async (_what, change) => {
    noted(await herald.post('/fhir/CommunicationRequest', aMessage(change)), [422]);
  });

  it('when a key is used again for something else', async () => {
    const first = aMessage({ status: 'draft' });
    expect((await herald.post('/fhir/CommunicationRequest', first)).status).toBe(201);
    noted(
      await herald.post('/fhir/CommunicationRequest', { ...first, payload: [{ contentString: `${phrase}!` }] }),
      [409],
    );
  });

  it('when what was sent cannot be changed', async () => {
    const made = await herald.post('/fhir/CommunicationRequest', aMessage({ status: 'draft' }));
    const changed = { ...made.body, payload: [{ contentString: `${phrase}!` }] };
    noted(await herald.put(`/fhir/CommunicationRequest/${made.body.id}`, changed), [422]);
  });

  const faults: readonly object[] = [
    'accept-drop',
    'accept-500',
    'accept-504',
    'accept-html-502',
    'accept-truncated',
    'accept-broken-json',
    'reset',
    'html-502',
    'error-500',
    'clock-refused',
    'redirect',
    'callback-duplicate',
  ].map((fault) => ({ fault, count: 1 }));
  it('while the provider fails in every way', async () => {
    for (const fault of faults) expect((await herald.control('faults', fault)).status).toBe(201);
    const outcomes = ['permanent-failure', 'temporary-failure'];
    for (const outcome of outcomes) await herald.control('faults', { fault: 'outcome', outcome, count: 1 });
    const ids: string[] = [];
    for (let index = 0; index < faults.length; index += 1) ids.push(await send(index % 2 === 0 ? {} : by('email')));
    const ends = await Promise.all(ids.map((id) => endOf(herald, id, 90_000)));
    expect(new Set(ends.map((one) => one.status))).toContain('completed');
    expect(new Set(ends.map((one) => one.status))).toContain('stopped');
    // Each of them struck.
    const left = await supertest(herald.simulatorUrl).get('/control/state');
    expect(left.body.faults ?? []).toEqual([]);
  }, 100_000);

  const resources: readonly (readonly [string, unknown])[] = [
    ['broken JSON', `{"resourceType":"Patient","name":"${marks.family}`],
    ['a name that is none', { ...person, name: `${marks.family}` }],
    ['a date that is a name', { ...person, birthDate: marks.family }],
    ['a code that is a number', { ...person, gender: marks.nhsNumber }],
    ['an element called like a person', { ...person, [marks.family]: marks.given }],
    ['an id that is an address', { ...person, id: marks.email, active: 'yes' }],
    ['a reference to a person', { resourceType: 'RelatedPerson', patient: { reference: `Patient/${marks.family}` } }],
    [
      'a reference that is a name',
      { resourceType: 'RelatedPerson', patient: { reference: `${marks.given} ${marks.family}` } },
    ],
    [
      'a number that fails its check',
      {
        resourceType: 'RelatedPerson',
        patient: { identifier: { system: system.nhsNumber, value: '9990007706' }, display: marks.family },
      },
    ],
    ['an address that is none', { ...person, telecom: [{ system: marks.mobile, value: marks.email }] }],
    ['an extension without a url', { ...person, extension: [{ valueString: phrase }] }],
    ['a narrative that runs', { ...person, text: { status: 'generated', div: `<script>${phrase}</script>` } }],
    ['another type', { resourceType: marks.family }],
  ];
  it.each(resources)('in what cannot be read or kept: %s', async (_what, body) => {
    const type = (body as { resourceType?: string }).resourceType ?? '';
    noted(await herald.post(`/fhir/${type === 'RelatedPerson' ? type : 'Patient'}`, body), [400, 422]);
  });

  it.each([
    `/fhir/Patient?family:${'nonsense'}=${marks.family}`,
    `/fhir/Patient?birthdate=${marks.family}`,
    `/fhir/Patient?_sort=${marks.family}`,
    `/fhir/Patient?_include=${marks.family}`,
    `/fhir/Patient?_page=${marks.family}`,
    `/fhir/Patient?general-practitioner=${encodeURIComponent(marks.street)}`,
    `/fhir/Patient?identifier=a|${marks.nhsNumber}|b`,
    `/fhir/Patient?${marks.nhsNumber}=x`,
    `/fhir/Patient?family=${marks.family}%ZZ`,
    `/fhir/Patient/${marks.nhsNumber}`,
    `/fhir/Patient/${marks.family}`,
    `/fhir/Patient/${marks.family}/_history`,
    `/fhir/Patient/${marks.family}/_history/${marks.given}`,
    `/fhir/${marks.family}/${marks.nhsNumber}`,
    `/${marks.family}?${marks.text}`,
    `/fhir/Patient/%ZZ${marks.family}`,
  ])('in the answer to %s', async (path) => {
    noted(await herald.get(path), [400, 404]);
  });

  it('in the answer to heads that are wrong', async () => {
    const get = () => supertest(herald.url).get('/fhir/Patient');
    noted(await get().set('Authorization', `Bearer ${marks.family}`), [401]);
    noted(await get().set('Authorization', `${marks.family} ${marks.nhsNumber}`), [401]);
    const told = () => get().set('Authorization', 'Bearer demo-epr');
    noted(await told().set('Accept', `text/${marks.family}`), [406]);
    const post = () => supertest(herald.url).post('/fhir/Patient').set('Authorization', 'Bearer demo-epr');
    noted(await post().set('Content-Type', `text/${marks.family}`).send(phrase), [415]);
    noted(
      await post().set('Content-Type', 'application/json').set('If-None-Exist', `${marks.nhsNumber}=x`).send(person),
      [400],
    );
    noted(
      await herald.put(patient.replace('Patient', '/fhir/Patient'), person, { 'If-Match': marks.family }),
      [400, 412],
    );
    noted(await told().set('X-Request-Id', marks.nhsNumber).query({ colour: marks.family }), [400]);
  });

  it('in what comes back from the provider, signed or not', async () => {
    const callback = (path: string, body: object | string, token = CALLBACK_TOKEN) =>
      supertest(herald.url)
        .post(`/callbacks/govuk-notify/${path}`)
        .set('Authorization', `Bearer ${token}`)
        .set('Content-Type', 'application/json')
        .send(body);
    noted(await callback('delivery-receipt', { id: 'x', to: marks.mobile }, marks.family), [401]);
    noted(await callback('delivery-receipt', { id: marks.family, to: marks.mobile }), [400]);
    noted(await callback('received-text', `{"message":"${phrase}`), [400]);
    for (const number of mobileForms) {
      await herald.control('received-texts', { from: number, message: `${marks.text} from ${marks.given}` });
    }
    await until(async () => {
      const texts = await searchAll(store, 'Communication', [['category', `${codeSystem('direction')}|inbound`]]);
      return texts.some((one) => one.payload?.[0]?.contentString?.includes(marks.text));
    }, 'an inbound text');
  });

  it('not in a log line at debug, an error, a metric, the health, or the audit', async () => {
    const lines = herald
      .logged()
      .split('\n')
      .filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => markIn(line) !== undefined || line.includes(CALLBACK_TOKEN))).toEqual([]);
    expect(errors.length).toBeGreaterThan(40);
    for (const path of ['/metrics', '/readyz', '/livez', '/fhir/metadata']) {
      const { text } = await supertest(herald.url).get(path);
      expect([path, text.length > 0, markIn(text)]).toEqual([path, true, undefined]);
    }
    const events = await searchAll(store, 'AuditEvent', []);
    expect(events.length).toBeGreaterThan(40);
    expect(events.map((one) => JSON.stringify(one)).filter((one) => markIn(one) !== undefined)).toEqual([]);
  });
});

describe('the search for marks', () => {
  it.each([
    ...Object.values(marks),
    ...mobileForms,
    '999 000 7705',
    encodeURIComponent(marks.mobile),
    encodeURIComponent(marks.email),
    Buffer.from(`?identifier=${marks.nhsNumber}`).toString('base64'),
    Buffer.from(JSON.stringify(person)).toString('base64url'),
  ])('finds %s', (text) => {
    expect(markIn(`before ${text} after`)).toBeDefined();
  });
});
