import type { Communication } from '@medplum/fhirtypes';
import { channelOfAttempt } from './tried.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Times {
  /** How long after a message was taken it is asked after. */
  readonly first: readonly number[];
  readonly thenEvery: number;
}

/** Receipts are not sent for everything, and can be lost. Networks say within three days that they gave up. */
const electronic: Times = {
  first: [...[1, 5, 15, 30, 60].map((one) => one * MINUTE), ...[2, 4, 6, 12, 24, 48, 75].map((one) => one * HOUR)],
  thenEvery: 24 * HOUR,
};

/**
 * Letters never have receipts. Their PDF is made within minutes; then nothing happens until the evening, when the day's
 * letters are printed, and the afternoon of a working day, when they are posted. A provider that keeps finished letters
 * for few days deletes them in the following night, so that there must be a look in between.
 */
const post: Times = {
  first: [...[5, 15, 60].map((one) => one * MINUTE), ...[3, 6].map((one) => one * HOUR)],
  thenEvery: 6 * HOUR,
};

/** When to ask next what became of a message that was taken at `acceptedAt`. */
export function nextAsk(communication: Communication, acceptedAt: Date, now: Date): Date {
  const { first, thenEvery } = channelOfAttempt(communication) === 'letter' ? post : electronic;
  const age = now.getTime() - acceptedAt.getTime();
  const next = first.find((one) => one > age);
  return new Date(next === undefined ? now.getTime() + thenEvery : acceptedAt.getTime() + next);
}

/**
 * How long a message that matters soon is left to one channel without word of its arrival. Networks try a telephone that
 * is switched off for three days before they say that they could not reach it; that the post takes days was known when
 * it was chosen. `undefined`: for as long as it takes.
 */
export function patienceWith(communication: Communication): number | undefined {
  return channelOfAttempt(communication) === 'letter' ? undefined : patience[communication.priority ?? 'routine'];
}

const patience = { stat: 15 * MINUTE, asap: HOUR, urgent: 4 * HOUR, routine: undefined } as const satisfies Record<
  NonNullable<Communication['priority']>,
  number | undefined
>;
