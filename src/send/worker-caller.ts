import type { Caller } from '../auth/caller.ts';

/** Herald acting by itself, in records and in the audit. */
export const worker: Caller = { client: 'herald-worker', role: 'epr', requestId: 'worker' };
