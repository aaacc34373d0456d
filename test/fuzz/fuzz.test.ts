import { Buffer } from 'node:buffer';
import process from 'node:process';
import type { Bundle } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../fhir/expectations-rig.ts';
import type { Herald } from '../support/herald.ts';
import { type FuzzAnswer, type FuzzRequest, keepAliveCaller } from './http.ts';
import { markIn, traceIn } from './marks.ts';
import { fuzzRequest } from './requests.ts';
import { CALLBACK_TOKEN } from './wild.ts';

/**
 * `FUZZ_REQUESTS`: how many (5,000 unless told). `FUZZ_SEED`, and `FUZZ_PATH` where fast-check printed one, repeat a
 * run.
 */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 5_000);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
/** At once, on kept connections. */
const TOGETHER = 8;

let rig: Rig;
let herald: Herald;
let caller: ReturnType<typeof keepAliveCaller>;
beforeAll(async () => {
  // With the examples in its store, so that references lead somewhere.
  rig = await startRig({ GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN });
  herald = rig.herald;
  caller = keepAliveCaller(herald.url);
});
afterAll(async () => {
  caller.close();
  await rig.close();
});

/** What is wrong with an answer; `undefined` when nothing is. */
function faultOf(asked: FuzzRequest, answer: FuzzAnswer): string | undefined {
  if (answer.kind === 'hung') return 'no answer';
  // Whoever sends too much may be cut off while still sending.
  if (answer.kind === 'cut') return tooMuch(asked) ? undefined : `the connection was cut: ${answer.code}`;
  const { status, text, headers } = answer;
  if (status >= 500 || status < 200) return `${status}: ${text}`;
  const shown = `${JSON.stringify(headers)}\n${text}`;
  const trace = traceIn(text);
  if (status >= 400 && trace !== undefined) return `${status} with a trace: ${trace}: ${text}`;
  if (status >= 400 && markIn(shown) !== undefined) return `${status} with the mark ${markIn(shown)}: ${shown}`;
  const within = status === 200 ? entryFaultOf(text) : undefined;
  if (within !== undefined) return within;
  if (headers['x-injected'] !== undefined) return 'a header was injected';
  // Node itself answers what is no HTTP, or has too long a head.
  const ours = headers['x-request-id'] !== undefined;
  if (!ours) return [400, 417, 431].includes(status) ? undefined : `${status} from nobody knows where`;
  if (!asked.path.startsWith('/fhir') || status < 400 || asked.method === 'HEAD') return undefined;
  return isOutcome(text) ? undefined : `${status} without an OperationOutcome: ${text}`;
}

/** The same of the entries of a batch's answer, each of which has a status of its own. */
function entryFaultOf(text: string): string | undefined {
  if (!text.includes('-response"')) return undefined;
  const { entry = [] } = JSON.parse(text) as Bundle;
  const failed = entry.flatMap(({ response }) => (response !== undefined && response.status >= '4' ? [response] : []));
  const shown = failed.map((one) => JSON.stringify(one));
  return shown.find(
    (one, at) => failed[at]?.status.startsWith('5') || markIn(one) !== undefined || traceIn(one) !== undefined,
  );
}

const tooMuch = ({ body, path, headers }: FuzzRequest): boolean =>
  (body?.byteLength ?? 0) > 64 * 1024 || path.length + JSON.stringify(headers).length > 8 * 1024;

function isOutcome(text: string): boolean {
  try {
    const { resourceType, issue } = JSON.parse(text);
    return resourceType === 'OperationOutcome' && issue.length > 0;
  } catch {
    return false;
  }
}

const shownRequest = ({ method, path, headers, body }: FuzzRequest): string =>
  `${method} ${path}\n${JSON.stringify(headers)}\n${Buffer.from(body ?? [])
    .toString('latin1')
    .slice(0, 4_000)}`;

describe('contract 2: whatever is sent', () => {
  it(
    'is answered, never with a 5xx, a trace, or a personal detail in the error or the log',
    async () => {
      console.log(`fuzz: ${REQUESTS} requests, FUZZ_SEED=${seed}`);
      const statuses = new Map<number | string, number>();
      let logged = herald.logged().length;
      await fc.assert(
        fc.asyncProperty(fc.array(fuzzRequest, { minLength: TOGETHER, maxLength: TOGETHER }), async (batch) => {
          const answers = await Promise.all(batch.map((one) => caller.ask(one)));
          for (const [at, answer] of answers.entries()) {
            const asked = batch[at] as FuzzRequest;
            const fault = faultOf(asked, answer);
            if (fault !== undefined) throw new Error(`${fault}\n${shownRequest(asked)}`);
            const key = answer.kind === 'answered' ? answer.status : answer.kind;
            statuses.set(key, (statuses.get(key) ?? 0) + 1);
          }
          const lines = herald.logged().slice(logged);
          logged += lines.length;
          for (const line of lines.split('\n')) {
            if (markIn(line) !== undefined || /"level":60/.test(line)) throw new Error(`In the log: ${line}`);
          }
        }),
        {
          numRuns: Math.ceil(REQUESTS / TOGETHER),
          seed,
          ...(process.env.FUZZ_PATH === undefined ? {} : { path: process.env.FUZZ_PATH }),
        },
      );
      console.log(`fuzz: ${JSON.stringify(Object.fromEntries(statuses))}`);
      const total = [...statuses.values()].reduce((sum, one) => sum + one, 0);
      expect(total).toBeGreaterThanOrEqual(process.env.FUZZ_PATH === undefined ? REQUESTS : TOGETHER);
      // A fuzz that never gets past the door would find nothing.
      expect([200, 201, 400, 401, 403, 404, 405, 415, 422].filter((one) => !statuses.has(one))).toEqual([]);
    },
    20_000 + REQUESTS * 60,
  );

  it('leaves a service that works, and metrics without a personal detail', async () => {
    const read = await herald.get('/fhir/Patient/example-maya');
    expect(read.status).toBe(200);
    expect((await herald.post('/fhir/Practitioner', { resourceType: 'Practitioner' })).status).toBe(201);
    const metrics = await fetch(`${herald.url}/metrics`);
    expect([metrics.status, markIn(await metrics.text())]).toEqual([200, undefined]);
    expect(Reflect.ownKeys(Object.prototype)).not.toContain('polluted');
  });
});
