import { Agent } from 'node:http';
import { join } from 'node:path';
import type { AuditEvent, Bundle, Communication, CommunicationRequest, Provenance, Resource } from '@medplum/fhirtypes';
import { demoStaffResources } from '../src/catalogue/examples.ts';
import { apiKeys, keyText } from '../src/simulator/settings.ts';
import { startHapi } from '../test/servers/hapi/hapi.ts';
import { call } from './client.ts';
import { inFlight } from './measure.ts';
import { people, reminder } from './people.ts';
import { type Child, startChild } from './processes.ts';
import { copier, type Sample, withoutStamp } from './sample.ts';

export interface HapiFigures {
  /** Messages a second, of each round: from the first request to the last record completed. */
  readonly floor: readonly number[];
  readonly service: readonly number[];
}

const IN_FLIGHT = 16;
const PEOPLE = 100;
const CALLBACK_TOKEN = 'bench-callback-token';
const FHIR = { 'Content-Type': 'application/fhir+json', Accept: 'application/fhir+json', 'Cache-Control': 'no-cache' };

/**
 * Texts a second with the record on HAPI, against the least that a message can cost there: the same writes in the same
 * three transactions, made before the clock ran, and the patient read before the first two. No queue, provider, rules,
 * searches or care. Rounds of both in turn, on one server. Errors: Error when a call is refused, or a message is not
 * completed within two minutes.
 */
export async function measureOnHapi(plan: {
  readonly dir: string;
  readonly rounds: number;
  readonly messages: number;
  readonly warmUp: number;
}): Promise<HapiFigures> {
  const hapi = await startHapi({ gate: false });
  const children: Child[] = [];
  try {
    const cast = people(PEOPLE);
    const controller = { ods: 'RXX', name: 'Example NHS Trust' };
    await put(hapi.baseUrl, [...demoStaffResources(controller), ...cast]);
    const patients = cast.map((one) => `Patient/${one.id}`);

    const simulator = await startChild('bench/simulator.ts', {});
    children.push(simulator);
    const service = await startChild('src/main.ts', {
      HERALD_FHIR_STORE: hapi.baseUrl,
      HERALD_DATA_DIR: join(plan.dir, 'on-hapi'),
      HERALD_PORT: '0',
      HERALD_POLICY: 'bench/policy.json',
      GOVUK_NOTIFY_URL: simulator.url,
      GOVUK_NOTIFY_API_KEY: keyText(apiKeys.normal),
      GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN,
    });
    children.push(service);
    const target = { url: `${service.url}/callbacks/govuk-notify/delivery-receipt`, token: CALLBACK_TOKEN };
    await call(simulator, 'PUT', '/control/callbacks', JSON.stringify({ deliveryReceipt: target }));

    const send = sender(service, patients);
    await send(1);
    const copy = copier(await sampleFrom(hapi.baseUrl), patients);
    const floor = (count: number): Promise<number> => bare(hapi.baseUrl, Array.from({ length: count }, copy));
    const sides = { floor, service: send };
    for (const side of Object.values(sides)) await side(plan.warmUp);
    const rates = { floor: [] as number[], service: [] as number[] };
    for (let round = 0; round < plan.rounds; round += 1) {
      // Each goes first in turn, so that what the machine does meanwhile favours neither.
      const order = round % 2 === 0 ? (['floor', 'service'] as const) : (['service', 'floor'] as const);
      for (const side of order) rates[side].push(plan.messages / (await sides[side](plan.messages)));
    }
    return rates;
  } finally {
    for (const child of children.reverse()) await child.stop();
    await hapi.stop();
  }
}

/** What sends a number of messages through the service and waits for the last; answers the seconds that it took. */
function sender(service: Child, patients: readonly string[]): (messages: number) => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  let sent = 0;
  return async (messages) => {
    const from = sent;
    sent += messages;
    const before = await completed(service);
    const began = performance.now();
    await inFlight(messages, IN_FLIGHT, async (at) => {
      const body = JSON.stringify(reminder(patients[(from + at) % patients.length] ?? '', `hapi-${from + at}`));
      await call(service, 'POST', '/fhir/CommunicationRequest', body, agent);
    });
    while ((await completed(service)) < before + messages) {
      if (performance.now() - began > 120_000) throw new Error('Not every message was completed within two minutes');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return (performance.now() - began) / 1_000;
  };
}

/** By the service's own count, which costs the server nothing. */
async function completed(service: Child): Promise<number> {
  const text = await call(service, 'GET', '/metrics');
  return Number(/^herald_messages_total\{outcome="completed",channel="sms"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The floor: seconds that it takes. */
async function bare(baseUrl: string, messages: readonly Sample[]): Promise<number> {
  const began = performance.now();
  await inFlight(messages.length, IN_FLIGHT, async (at) => {
    const { accepted, taken, arrived } = messages[at] as Sample;
    const record = accepted.find((one): one is Communication & { id: string } => one.resourceType === 'Communication');
    const patient = record?.subject?.reference ?? '';
    await ask(baseUrl, patient);
    await transaction(baseUrl, accepted);
    await ask(baseUrl, patient);
    await transaction(baseUrl, taken);
    await transaction(baseUrl, arrived);
  });
  return (performance.now() - began) / 1_000;
}

/** The life of the one message that is there, as `sample.ts` has it. */
async function sampleFrom(baseUrl: string): Promise<Sample> {
  const all = async <T extends Resource>(path: string): Promise<(T & { id: string })[]> => {
    const { entry = [] } = (await ask(baseUrl, path)) as Bundle;
    return entry.map((one) => withoutStamp(one.resource as Resource & { id: string }) as unknown as T & { id: string });
  };
  const [request] = await all<CommunicationRequest>('CommunicationRequest?status=completed');
  const [record] = await all<Communication>('Communication?status=completed');
  if (request === undefined || record === undefined) throw new Error('There is no message to copy');
  const since = '_since=1970-01-01T00:00:00Z';
  const requests = (await all<CommunicationRequest>(`CommunicationRequest/${request.id}/_history?${since}`)).reverse();
  const records = (await all<Communication>(`Communication/${record.id}/_history?${since}`)).reverse();
  const said = await all<Provenance>(`Provenance?target=Communication/${record.id}`);
  const audited = await all<AuditEvent>(`AuditEvent?entity=Communication/${record.id}&_sort=date`);
  if (requests.length !== 2 || records.length !== 3 || audited.length !== 2) {
    throw new Error('The sample is not the life of one message');
  }
  return {
    accepted: [...requests.slice(0, 1), ...records.slice(0, 1), ...said, ...audited.slice(0, 1)],
    taken: [...records.slice(1, 2), ...audited.slice(1)],
    arrived: [...records.slice(2), ...requests.slice(1)],
  };
}

async function put(baseUrl: string, resources: readonly Resource[]): Promise<void> {
  await transaction(baseUrl, resources as readonly (Resource & { id: string })[]);
}

async function transaction(baseUrl: string, resources: readonly (Resource & { id: string })[]): Promise<void> {
  const entry = resources.map((resource) => {
    const url = `${resource.resourceType}/${resource.id}`;
    return { fullUrl: `${baseUrl}/${url}`, resource, request: { method: 'PUT', url } };
  });
  await ask(baseUrl, '', { resourceType: 'Bundle', type: 'transaction', entry });
}

async function ask(baseUrl: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${baseUrl}/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? FHIR : { ...FHIR, Prefer: 'return=representation' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}
