/** The time, passed in so that tests and rules never read it from the air. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
