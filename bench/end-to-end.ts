import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { apiKeys, keyText } from '../src/simulator/settings.ts';
import { passThrough } from '../src/simulator/templates.ts';
import { type Embedded, openEmbedded } from '../src/store/embedded.ts';
import { call, figuresOf } from './client.ts';
import type { FloorSettings } from './floor.ts';
import { inFlight } from './measure.ts';
import { people, reminder } from './people.ts';
import { type Child, startChild } from './processes.ts';
import { countRows, lastVersion, type RowCounts, rowsEach, type Sample, takeSample } from './sample.ts';

export interface EndToEndPlan {
  /** A folder for this part alone. */
  readonly dir: string;
  readonly rounds: number;
  /** Messages a round. */
  readonly messages: number;
  readonly warmUp: number;
}

export interface EndToEnd {
  readonly floor: Figures;
  readonly service: Figures;
  /** What one message left behind. */
  readonly sample: Sample;
  readonly rows: RowCounts;
  /** Bytes that the service holds: once ready, and after all rounds. */
  readonly rssAtStart: number;
  readonly rssAfterLoad: number;
  /** The service's data, now that it has stopped. */
  readonly dataDir: string;
}

/** Of each round. */
export interface Figures {
  /** Messages a second, from the first request to the last record completed. */
  readonly rates: readonly number[];
  /** Processor time of the process itself for one message, in milliseconds. Other programs do not disturb it. */
  readonly cpuMs: readonly number[];
}

const IN_FLIGHT = 16;
const PEOPLE = 300;
/** Only the bench's own simulator ever hears it. */
const CALLBACK_TOKEN = 'bench-callback-token';

/**
 * Texts a second through the whole service, against the floor: rounds of both in turn, in one run, with one simulator
 * and one client for both. Errors: Error when a message is not answered 201, is not completed within a minute, or when
 * floor and service did not write the same number of rows.
 */
export async function measureEndToEnd(plan: EndToEndPlan): Promise<EndToEnd> {
  const dirs = { service: join(plan.dir, 'service'), floor: join(plan.dir, 'floor') };
  for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true });
  const simulator = await startChild('bench/simulator.ts', {});
  const children: Child[] = [simulator];
  const opened: Embedded[] = [];
  const openStore = (dir: string): Embedded => {
    const store = openEmbedded(join(dir, 'herald.sqlite'), { clock: systemClock });
    opened.push(store);
    return store;
  };
  try {
    const service = await startChild('src/main.ts', {
      HERALD_DATA_DIR: dirs.service,
      HERALD_PORT: '0',
      // What is measured is the service, not the pace that it keeps with the real provider.
      HERALD_POLICY: 'bench/policy.json',
      GOVUK_NOTIFY_URL: simulator.url,
      GOVUK_NOTIFY_API_KEY: keyText(apiKeys.normal),
      GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN,
    });
    children.push(service);
    const serviceStore = openStore(dirs.service);
    const cast = people(PEOPLE);
    await serviceStore.store.commit(cast.map((resource) => ({ op: 'create', resource })));
    const patients = cast.map((one) => `Patient/${one.id}`);
    const rssAtStart = (await figuresOf(service)).rss;
    const send = await sender(simulator, patients);

    const asService: Side = {
      child: service,
      embedded: serviceStore,
      prepare: async () => {},
      cpuSeconds: async () => (await figuresOf(service)).cpuSeconds,
    };
    const before = lastVersion(serviceStore);
    await send(asService, 1);
    const sample = takeSample(serviceStore, before);

    const sampleFile = join(plan.dir, 'sample.json');
    writeFileSync(sampleFile, JSON.stringify(sample));
    const settings: FloorSettings = {
      dataDir: dirs.floor,
      notifyUrl: simulator.url,
      apiKey: keyText(apiKeys.normal),
      templateId: passThrough.sms,
      sampleFile,
      patients,
    };
    const floor = await startChild('bench/floor.ts', {}, [JSON.stringify(settings)]);
    children.push(floor);
    const asFloor: Side = {
      child: floor,
      embedded: openStore(dirs.floor),
      prepare: async (count) => void (await call(floor, 'POST', `/bench/prepare/${count}`)),
      cpuSeconds: async () => JSON.parse(await call(floor, 'GET', '/bench/cpu')).seconds,
    };

    for (const side of [asFloor, asService]) await send(side, plan.warmUp);
    const measured = { floor: [] as Round[], service: [] as Round[] };
    for (let round = 0; round < plan.rounds; round += 1) {
      // Each goes first in turn, so that what the machine does meanwhile favours neither.
      const order = round % 2 === 0 ? (['floor', 'service'] as const) : (['service', 'floor'] as const);
      for (const side of order) measured[side].push(await send(side === 'floor' ? asFloor : asService, plan.messages));
    }
    const rows = sameRows(measured.floor, measured.service);
    const rssAfterLoad = (await figuresOf(service)).rss;
    const { floor: ofFloor, service: ofService } = measured;
    return {
      floor: figures(ofFloor),
      service: figures(ofService),
      sample,
      rows,
      rssAtStart,
      rssAfterLoad,
      dataDir: dirs.service,
    };
  } finally {
    for (const one of opened) one.close();
    for (const child of children.reverse()) await child.stop();
  }
}

/** Service or floor, as the client sees it. */
interface Side {
  readonly child: Child;
  /** Its store, opened a second time to look at what became of the messages. */
  readonly embedded: Embedded;
  readonly prepare: (messages: number) => Promise<void>;
  readonly cpuSeconds: () => Promise<number>;
}

interface Round {
  readonly rate: number;
  readonly cpuMs: number;
  readonly rows: RowCounts;
}

/** What sends a number of messages to a side, and waits for the last. */
async function sender(simulator: Child, patients: readonly string[]) {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  let sent = 0;
  return async (side: Side, messages: number): Promise<Round> => {
    const target = { url: `${side.child.url}/callbacks/govuk-notify/delivery-receipt`, token: CALLBACK_TOKEN };
    await call(simulator, 'PUT', '/control/callbacks', JSON.stringify({ deliveryReceipt: target }));
    await side.prepare(messages);
    const bodies = Array.from({ length: messages }, (_, at) =>
      JSON.stringify(reminder(patients[(sent + at) % patients.length] ?? '', `bench-${sent + at}`)),
    );
    sent += messages;
    const completedBefore = await completed(side);
    const rowsBefore = countRows(side.embedded);
    const cpuBefore = await side.cpuSeconds();

    const began = performance.now();
    await inFlight(messages, IN_FLIGHT, async (at) => {
      await call(side.child, 'POST', '/fhir/CommunicationRequest', bodies[at], agent);
    });
    while ((await completed(side)) < completedBefore + messages) {
      if (performance.now() - began > 60_000) throw new Error('Not every message was completed within a minute');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const seconds = (performance.now() - began) / 1_000;
    const cpuSeconds = (await side.cpuSeconds()) - cpuBefore;
    return {
      rate: messages / seconds,
      cpuMs: (cpuSeconds * 1_000) / messages,
      rows: rowsEach(rowsBefore, countRows(side.embedded), messages),
    };
  };
}

async function completed({ embedded }: Side): Promise<number> {
  const counted = await embedded.store.search('Communication', [
    ['status', 'completed'],
    ['_summary', 'count'],
  ]);
  return counted.total ?? 0;
}

/** Rows of one message, which must be as many on both sides: otherwise the floor is not the service's. */
function sameRows(floor: readonly Round[], service: readonly Round[]): RowCounts {
  const [ofFloor, ofService] = [floor, service].map((rounds) => rounds.map((one) => one.rows).at(-1));
  if (ofFloor === undefined || ofService === undefined) throw new Error('There was no round');
  for (const table of Object.keys(ofService) as (keyof RowCounts)[]) {
    if (Math.abs(ofFloor[table] - ofService[table]) > 0.02 * ofService[table]) {
      throw new Error(`Rows of ${table}: ${ofFloor[table]} a message by the floor, ${ofService[table]} by the service`);
    }
  }
  return ofService;
}

function figures(rounds: readonly Round[]): Figures {
  return { rates: rounds.map((one) => one.rate), cpuMs: rounds.map((one) => one.cpuMs) };
}
