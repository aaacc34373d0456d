import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle } from '@medplum/fhirtypes';
import type { Caller } from './caller.ts';
import { until, type World } from './world.ts';

const unfinished = [
  '/fhir/CommunicationRequest?status=active&_summary=count',
  '/fhir/Communication?status=preparation,in-progress&_summary=count',
];

/**
 * Waits until nothing more is to come: no unfinished record, no write in doubt, no job, no callback, no call that hangs. Errors: RunFailed
 * with what was still open.
 */
export async function settle(
  world: World,
  caller: Caller,
  { withinMs = 45_000, whileStopped = false }: { readonly withinMs?: number; readonly whileStopped?: boolean } = {},
): Promise<void> {
  let open = {};
  const quiet = async (): Promise<boolean> => {
    const { callbacksWaiting, stepsWaiting } = world.simulator.control.state();
    const [requests, messages] = await Promise.all(unfinished.map((path) => count(caller, path)));
    const jobs = await queued(caller);
    const suspended = whileStopped ? 0 : world.living.filter((one) => one.suspended).length;
    const doubts = world.server === undefined ? 0 : doubtsIn(world.dataDir);
    open = { requests, messages, doubts, jobs, callbacksWaiting, stepsWaiting, suspended };
    return Object.values(open).every((one) => one === 0);
  };
  await until(
    async () => {
      if (!(await quiet())) return false;
      // What hung or slept comes back late, and must find nothing left to do.
      await sleep(world.aftermathMs);
      return await quiet();
    },
    () => `an end of ${JSON.stringify(open)}`,
    withinMs,
  );
}

/** Writes that nobody knows yet to have been made, or not to have been. */
function doubtsIn(dataDir: string): number {
  const db = new DatabaseSync(join(dataDir, 'queue.sqlite'), { readOnly: true });
  try {
    const row = db.prepare(`SELECT count(*) AS count FROM unconfirmed WHERE state <> 'undone'`).get();
    return Number(row?.count);
  } finally {
    db.close();
  }
}

async function count(caller: Caller, path: string): Promise<number | undefined> {
  const answer = await caller.get(path);
  return answer?.status === 200 ? (JSON.parse(answer.text) as Bundle).total : undefined;
}

/** Jobs of every queue that wait or are in hand. */
async function queued(caller: Caller): Promise<number | undefined> {
  const answer = await caller.get('/metrics');
  if (answer === undefined) return undefined;
  const lines = [...answer.text.matchAll(/^herald_queue_jobs\{queue="[\w-]+",state="(?:waiting|claimed)"\} (\d+)$/gm)];
  return lines.length === 0 ? undefined : lines.reduce((sum, [, value]) => sum + Number(value), 0);
}
