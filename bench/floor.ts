import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import express, { type Request, type Response } from 'express';
import { NotifyClient } from 'notifications-node-client';
import { systemClock } from '../src/clock.ts';
import { createWorker } from '../src/jobs/worker.ts';
import type { Log } from '../src/log.ts';
import { createNotifyHttp, type HttpCall, type HttpOutcome } from '../src/providers/notify-http.ts';
import { openEmbedded } from '../src/store/embedded.ts';
import type { Write } from '../src/store/fhir-store.ts';
import { copier, type Sample } from './sample.ts';

/** What the floor is told, as JSON in its one argument. */
export interface FloorSettings {
  readonly dataDir: string;
  readonly notifyUrl: string;
  readonly apiKey: string;
  readonly templateId: string;
  /** The file that holds the `Sample`. */
  readonly sampleFile: string;
  readonly patients: readonly string[];
}

/**
 * The least that a message can cost: the same store, queue, worker, rows, commits, HTTP in, client and calls out as
 * the service, and nothing between them. No validation, facts, rules, reads, log, metrics or care. What it writes was
 * made before the clock ran.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as FloorSettings;
const sample = JSON.parse(readFileSync(settings.sampleFile, 'utf8')) as Sample;
const copy = copier(sample, settings.patients);
const { store, jobs, commitUnit, close } = openEmbedded(join(settings.dataDir, 'herald.sqlite'), {
  clock: systemClock,
});

const prepared: Sample[] = [];
const underWay = new Map<string, Sample>();
/** Records whose receipt may be applied: the provider's answer is in the store. */
const taken = new Set<string>();

const http = createNotifyHttp({ maxSockets: 50 });
const client = new NotifyClient(settings.notifyUrl, settings.apiKey);
const rest = (call: HttpCall): Promise<HttpOutcome> => http(call, { mayBegin: () => true, timeoutMs: 35_000 });
client.setClient(rest as unknown as Parameters<NotifyClient['setClient']>[0]);

const loud = (event: string): void => console.error(event);
const log: Log = { debug: () => {}, info: () => {}, warn: loud, error: loud, fatal: loud };

const work = createWorker({
  jobs,
  clock: systemClock,
  log,
  concurrency: 16,
  leaseMs: 60_000,
  heartbeatMs: 20_000,
  pollMs: 250,
  maxFailures: 12,
  passing: () => false,
  handlers: {
    async dispatch(job) {
      const message = messageOf(job.data.communication);
      const record = recordOf(message.accepted);
      await jobs.beginCall(job.lease, new Date());
      const answer = (await client.sendSms(settings.templateId, numberOf(record), {
        personalisation: { body: record.payload?.[0]?.contentString },
        reference: record.id,
      })) as unknown as HttpOutcome;
      if (answer.kind !== 'answer' || answer.status !== 201) throw new Error('the text was not taken');
      await commitUnit({
        writes: message.taken.map(write),
        jobs: [
          { kind: 'finish', lease: job.lease },
          {
            kind: 'add',
            job: {
              queue: 'follow-up',
              key: record.id,
              priority: 5,
              runAt: new Date(Date.now() + 60_000),
              data: { acceptedAt: new Date().toISOString() },
            },
          },
        ],
      });
      taken.add(record.id);
      return { kind: 'settled' };
    },
    async inbox(job) {
      const id = String(job.data.reference);
      if (!taken.delete(id)) return { kind: 'retry', delayMs: 100, error: 'early', call: 'none' };
      const message = messageOf(id);
      await commitUnit({
        writes: message.arrived.map(write),
        jobs: [
          { kind: 'finish', lease: job.lease },
          { kind: 'cancel', queue: 'follow-up', key: id },
        ],
      });
      underWay.delete(id);
      return { kind: 'settled' };
    },
    'follow-up': async () => ({ kind: 'finish' }),
  },
  onExhausted: (job, error) => jobs.bury(job.lease, error),
});

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ type: () => true }));
app.post('/bench/prepare/:count', (req: Request, res: Response) => {
  while (prepared.length < Number(req.params.count)) prepared.push(copy());
  res.status(204).end();
});
app.get('/bench/cpu', (_req: Request, res: Response) => {
  const { user, system } = process.cpuUsage();
  res.json({ seconds: (user + system) / 1e6 });
});
app.post('/fhir/CommunicationRequest', async (_req: Request, res: Response) => {
  const message = prepared.pop();
  if (message === undefined) throw new Error('nothing is prepared');
  const record = recordOf(message.accepted);
  underWay.set(record.id, message);
  const [stored] = await commitUnit({
    writes: message.accepted.map((resource): Write => ({ op: 'create', resource })),
    jobs: [
      {
        kind: 'add',
        job: {
          queue: 'dispatch',
          key: requestOf(message).id,
          priority: 3,
          runAt: new Date(),
          data: { communication: record.id },
        },
      },
    ],
  });
  res.status(201).type('application/fhir+json').send(JSON.stringify(stored?.resource));
});
app.post('/callbacks/govuk-notify/delivery-receipt', async (req: Request, res: Response) => {
  const { id, status, reference, sent_at: sentAt, completed_at: completedAt } = req.body as Record<string, string>;
  const data = { id, status, reference, sentAt, completedAt };
  await jobs.add([{ queue: 'inbox', key: `${id} ${status}`, priority: 0, runAt: new Date(), data }]);
  res.status(204).end();
});

const server = app.listen(0, '127.0.0.1', () => {
  work.start();
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('SIGTERM', async () => {
  server.close();
  await work.stop();
  await store.ping();
  close();
  process.exit(0);
});

function messageOf(id: unknown): Sample {
  const found = underWay.get(String(id));
  if (found === undefined) throw new Error('the message is not known');
  return found;
}

function write(resource: Write['resource']): Write {
  return resource.resourceType === 'Communication' || resource.resourceType === 'CommunicationRequest'
    ? { op: 'update', resource }
    : { op: 'create', resource };
}

function recordOf(unit: Sample['accepted']): Communication & { id: string } {
  return unit.find((one) => one.resourceType === 'Communication') as Communication & { id: string };
}

function requestOf(message: Sample): CommunicationRequest & { id: string } {
  return message.accepted.find((one) => one.resourceType === 'CommunicationRequest') as CommunicationRequest & {
    id: string;
  };
}

/** The number that the record says was used. */
function numberOf(record: Communication): string {
  const used = record.extension?.find((one) => one.valueContactPoint !== undefined);
  return used?.valueContactPoint?.value ?? '';
}
