import { join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { demoStaffResources, exampleResources } from '../../src/catalogue/examples.ts';
import type { Service } from '../../src/service.ts';
import { createSimulator } from '../../src/simulator/simulator.ts';
import { hapiAt } from '../servers/hapi/hapi.ts';
import { isProfile } from '../servers/stub/options.ts';
import { startStub } from '../servers/stub/stub.ts';

/** What a service under test is told of the world, and what of that world the test has to keep. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** To be told each time that the service has started, for its address may have changed. */
  started(service: Service): Promise<void>;
  simulatorUrl(service: Service): string;
  close(): Promise<void>;
}

const CALLBACK_TOKEN = 'journeys-callback-token';

/**
 * `embedded`; a profile of the stub server (`strict`, `hapi-like`, `medplum-like`), which is then started for this
 * service alone; the base URL of a server that runs already; or `hapi URL`, a HAPI of our tests, which is emptied first.
 * A server gets the cast that the embedded store has.
 */
export async function surroundingsOf(store: string, dataDir: string, token = CALLBACK_TOKEN): Promise<Surroundings> {
  if (store === 'embedded') {
    return {
      env: {},
      started: async () => {},
      simulatorUrl: (service) => service.simulatorUrl ?? '',
      close: async () => {},
    };
  }
  const stub = isProfile(store) ? await startStub({ profile: store }) : undefined;
  const [, hapi] = /^hapi (.+)$/.exec(store) ?? [];
  if (hapi !== undefined) await hapiAt(hapi).reset();
  const baseUrl = stub?.url ?? hapi ?? store;
  const controller = { ods: 'RXX', name: 'Example NHS Trust' };
  const cast = [...demoStaffResources(controller), ...exampleResources(controller)];
  for (const resource of cast) await put(baseUrl, resource);
  for (const resource of cast) await found(baseUrl, resource);
  const simulator = createSimulator({ data: join(dataDir, 'simulator.sqlite') });
  await simulator.listen();
  return {
    env: {
      HERALD_FHIR_STORE: baseUrl,
      GOVUK_NOTIFY_URL: simulator.url,
      GOVUK_NOTIFY_API_KEY: simulator.apiKey,
      GOVUK_NOTIFY_CALLBACK_TOKEN: token,
    },
    async started(service) {
      const target = (kind: string) => ({
        url: `${service.url}/callbacks/govuk-notify/${kind}`,
        token,
      });
      await simulator.control.setCallbacks({
        deliveryReceipt: target('delivery-receipt'),
        receivedText: target('received-text'),
        returnedLetter: target('returned-letter'),
      });
    },
    simulatorUrl: () => simulator.url,
    async close() {
      await simulator.close();
      await stub?.stop();
    },
  };
}

async function put(baseUrl: string, resource: Resource): Promise<void> {
  const answer = await fetch(`${baseUrl}/${resource.resourceType}/${resource.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  if (!answer.ok) throw new Error(`${resource.resourceType}/${resource.id}: ${answer.status} ${await answer.text()}`);
}

/** Waits until the server's searches know it: what another system wrote just now, Herald cannot know before the server. */
async function found(baseUrl: string, { resourceType, id }: Resource): Promise<void> {
  for (;;) {
    const answer = await fetch(`${baseUrl}/${resourceType}?_id=${id}`, { headers: { 'Cache-Control': 'no-cache' } });
    const { entry = [] } = (await answer.json()) as { entry?: unknown[] };
    if (entry.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
