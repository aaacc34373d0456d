import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import type { Access } from './access.ts';
import { type Answer, answerOf, unavailable } from './answer.ts';
import { type Call, type Exchanged, exchange } from './exchange.ts';
import { retryDelay } from './retry.ts';
import { Slots } from './slots.ts';

/** Milliseconds, calls, bytes. */
export interface Limits {
  readonly readMs: number;
  readonly writeMs: number;
  /** Calls under way at once: over HTTP/1.1 that many connections. */
  readonly calls: number;
  /** Calls that wait for one of them. */
  readonly waiting: number;
  readonly answerBytes: number;
}

export const defaultLimits: Limits = {
  readMs: 10_000,
  writeMs: 30_000,
  calls: 16,
  waiting: 1_000,
  answerBytes: 32 * 1024 * 1024,
};

/** A call before it has a token. */
export interface Request extends Omit<Call, 'headers'> {
  readonly headers: Readonly<Record<string, string>>;
  /** What may be done about a failure: see `Calls`. */
  readonly kind: 'read' | 'write';
  /** How long all of it may take, in milliseconds. */
  readonly ms: number;
  /** Statuses that the caller makes something of, whatever body comes with them; the answer is then without it. */
  readonly passed?: ReadonlySet<number>;
}

/** When a call must be over. */
interface Deadline {
  readonly signal: AbortSignal;
  /** As `performance.now()` has it. */
  readonly at: number;
}

/** Times that a call is made again. */
const RETRIES = 2;

/**
 * Calls to one server, each guarded: a deadline that covers waiting, repeats and the answer to its last byte; no more
 * calls at once than the limit, and no more waiting; answers bounded; redirects not followed; answers that are not FHIR
 * never taken for one.
 *
 * Repeated is what is certain to do no harm: reads and searches after a cut connection, 429, 502, 503 and 504; writes
 * when the connection never stood, and after 429, with which a server says that it did not begin. After 503 a write is
 * not repeated: gateways answer it also for a call that they had passed on.
 */
export class Calls {
  readonly #access: Access;
  readonly #log: Log;
  readonly #answerBytes: number;
  readonly #slots: Slots;
  readonly #underWay = new Set<AbortController>();
  #closed = false;
  #refused = false;

  constructor({ access, log, limits }: { readonly access: Access; readonly log: Log; readonly limits: Limits }) {
    this.#access = access;
    this.#log = log;
    this.#answerBytes = limits.answerBytes;
    this.#slots = new Slots({ most: limits.calls, mostWaiting: limits.waiting });
  }

  /** Errors: StoreError `unavailable`, which holds no address, token or content. */
  async make(request: Request): Promise<Answer> {
    if (this.#closed) throw unavailable('closed');
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), request.ms);
    this.#underWay.add(controller);
    try {
      return await this.#attempts(request, { signal: controller.signal, at: performance.now() + request.ms });
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }

  /** Ends what is under way. Calls from now on are `unavailable`. */
  close(): void {
    this.#closed = true;
    for (const one of this.#underWay) one.abort();
  }

  async #attempts(request: Request, { signal, at }: Deadline): Promise<Answer> {
    let repeated = false;
    for (let tries = 0; ; tries += 1) {
      const exchanged = await this.#inSlot(signal, () => this.#withToken(request, signal));
      const delay = tries < RETRIES ? retryDelay(request.kind, exchanged, tries) : undefined;
      const isInTime = delay !== undefined && performance.now() + delay < at;
      if (!isInTime || !(await waited(delay, signal))) {
        if (exchanged.kind === 'answer' && request.passed?.has(exchanged.status)) {
          return { status: exchanged.status, elapsedMs: exchanged.elapsedMs, repeated };
        }
        this.#tellRefusal(exchanged);
        return answerOf(exchanged, repeated);
      }
      repeated ||= exchanged.kind === 'answer' || exchanged.sent === 'maybe';
    }
  }

  /** Waiting for a token counts as well, so that no more callers than the limit are ever kept. */
  async #inSlot<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (!(await this.#slots.take(signal))) throw unavailable('busy');
    try {
      return await work();
    } finally {
      this.#slots.release();
    }
  }

  /** A token that ended before its time is renewed, once. */
  async #withToken(request: Request, signal: AbortSignal): Promise<Exchanged> {
    const token = await inTime(this.#access.token(), signal);
    const exchanged = await this.#send(request, signal, token);
    if (exchanged.kind === 'failed' || exchanged.status !== 401 || token === undefined) return exchanged;
    this.#access.refused(token);
    const other = await inTime(this.#access.token(), signal);
    return other === token ? exchanged : this.#send(request, signal, other);
  }

  #send(request: Request, signal: AbortSignal, token: string | undefined): Promise<Exchanged> {
    const headers = new Headers(request.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    return exchange({ ...request, headers }, { signal, maxBytes: this.#answerBytes });
  }

  /** Told once until it is over: it is about every call alike. */
  #tellRefusal(exchanged: Exchanged): void {
    if (exchanged.kind === 'failed') return;
    const { status } = exchanged;
    const refused = status === 401 || status === 403;
    if (refused && !this.#refused) this.#log.error('store.refused-us', { status });
    this.#refused = refused;
  }
}

/** What others wait for as well, and go on waiting for when our time is over. Errors: StoreError `unavailable`. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(unavailable('timeout'));
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/** False: the time was over before. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
