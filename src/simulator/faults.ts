import type { Database } from '../store/database.ts';
import { squeeze } from './letters/address.ts';
import { normaliseRecipient } from './recipients.ts';
import type { Channel } from './settings.ts';
import { all, run } from './tables.ts';

/** Faults of a request, before anything is accepted. */
export const refusingFaults = [
  'reset',
  'hang',
  'html-502',
  'error-500',
  'rate-limited',
  'day-limited',
  'auth-refused',
  'clock-refused',
  'redirect',
] as const;

/** Faults of a request to send whose message is accepted all the same. */
export const acceptingFaults = [
  'accept-drop',
  'accept-hang',
  'accept-500',
  'accept-504',
  'accept-html-502',
  'accept-truncated',
  'accept-broken-json',
  'accept-late',
] as const;

/** Faults of a request that asks for something: answers that Notify gives when there is nothing, or not yet. */
export const readingFaults = ['not-found', 'pdf-not-ready'] as const;

/** What a request is for: sending; the two GETs of notifications; a letter's PDF; templates; the texts received. */
export const requestOperations = ['send', 'lookup', 'pdf', 'template', 'received-texts'] as const;

/** The service's addresses that Notify posts to. */
export const callbackKinds = ['delivery-receipt', 'received-text', 'returned-letter'] as const;

/** Faults of a callback. */
export const callbackFaults = [
  'callback-missing',
  'callback-duplicate',
  'callback-late',
  'callback-reordered',
] as const;

/** What becomes of texts and emails. `created`, `sending` and `pending` are where they stay. */
export const messageOutcomes = [
  'delivered',
  'temporary-failure',
  'permanent-failure',
  'technical-failure',
  'created',
  'sending',
  'pending',
] as const;

/** What becomes of letters from a template; `created` and `sending` are where they stay. */
export const letterOutcomes = [
  'delivered',
  'permanent-failure',
  'technical-failure',
  'created',
  'sending',
  'validation-failed',
  'cancelled',
  'returned-letter',
] as const;

/** What becomes of letters that came as a PDF; they may stay `pending-virus-check` too. */
export const precompiledOutcomes = [...letterOutcomes, 'pending-virus-check', 'virus-scan-failed'] as const;

/** Every outcome; a rule strikes only messages that may have it. */
export const outcomes: readonly Outcome[] = [...new Set<Outcome>([...messageOutcomes, ...precompiledOutcomes])];

export type RefusingFault = (typeof refusingFaults)[number];
export type AcceptingFault = (typeof acceptingFaults)[number];
export type CallbackFault = (typeof callbackFaults)[number];
export type ReadingFault = (typeof readingFaults)[number];
export type RequestOperation = (typeof requestOperations)[number];
export type CallbackKind = (typeof callbackKinds)[number];
export type Outcome = (typeof messageOutcomes)[number] | (typeof precompiledOutcomes)[number];
export type FaultName = RefusingFault | AcceptingFault | ReadingFault | CallbackFault | 'outcome';

/** A fault, and when it strikes. Absent conditions match everything. */
export interface FaultRule {
  readonly fault: FaultName;
  /** With the fault `outcome`: which. */
  readonly outcome?: Outcome;
  /**
   * Which requests a fault of requests strikes: sends unless this says otherwise, but `not-found` look-ups, and
   * `pdf-not-ready` PDFs.
   */
  readonly operation?: RequestOperation;
  /** Which callbacks a fault of callbacks strikes; delivery receipts unless this says otherwise. */
  readonly callback?: CallbackKind;
  readonly channel?: Channel;
  /** Phone number or email address, in any form; of a letter any part of the address. */
  readonly recipient?: string;
  /** How often it strikes before it is spent; for ever when absent. */
  readonly count?: number;
  /** From 0 to 1, drawn per match from `seed`: the same seed gives the same draws in the same order. */
  readonly probability?: number;
  readonly seed?: number;
  /** `accept-late`: real milliseconds from the request to the row. `callback-late`: milliseconds of the clock. */
  readonly delayMs?: number;
}

export interface StoredFault extends FaultRule {
  readonly id: number;
  readonly remaining: number | null;
}

export interface FaultOccasion {
  readonly operation: RequestOperation | 'callback' | 'outcome';
  readonly callback?: CallbackKind;
  /** What the message may come to. */
  readonly outcomes?: readonly Outcome[];
  readonly channel?: Channel | undefined;
  readonly recipient?: string | undefined;
}

interface Entry {
  readonly id: number;
  readonly rule: FaultRule;
  remaining: number | null;
  draws: number;
}

/** The faults that are set. They are kept in the file, with what is left of them. */
export class Faults {
  readonly #database: Database;
  #entries: Entry[];

  constructor(database: Database) {
    this.#database = database;
    const rows = all<{ id: number; rule: string; remaining: number | null; draws: number }>(
      database,
      'SELECT * FROM faults ORDER BY id',
    );
    this.#entries = rows.map((row) => ({ ...row, rule: JSON.parse(row.rule) as FaultRule }));
  }

  /** Sets a fault; it strikes from now on. Answers its id. */
  async add(rule: FaultRule): Promise<number> {
    const remaining = rule.count ?? null;
    const id = await this.#database.write(() => {
      const statement = 'INSERT INTO faults (rule, remaining, draws) VALUES (?, ?, 0)';
      return Number(this.#database.sql.prepare(statement).run(JSON.stringify(rule), remaining).lastInsertRowid);
    });
    this.#entries.push({ id, rule, remaining, draws: 0 });
    return id;
  }

  /** Takes one fault away, or all. */
  async remove(id?: number): Promise<void> {
    this.#entries = id === undefined ? [] : this.#entries.filter((entry) => entry.id !== id);
    await this.#database.write(() => run(this.#database, 'DELETE FROM faults WHERE ?1 IS NULL OR id = ?1', id ?? null));
  }

  /** Whether none is set, so that nobody need look for one. */
  get none(): boolean {
    return this.#entries.length === 0;
  }

  list(): StoredFault[] {
    return this.#entries.map(({ id, rule, remaining }) => ({ id, ...rule, remaining }));
  }

  /** The first fault that strikes here, counted as having struck. */
  strike(occasion: FaultOccasion): FaultRule | undefined {
    for (const entry of this.#entries) {
      if (!matches(entry.rule, occasion)) continue;
      const strikes = draw(entry.rule.seed ?? entry.id, entry.draws) < (entry.rule.probability ?? 1);
      entry.draws += 1;
      if (strikes && entry.remaining !== null) entry.remaining -= 1;
      if (entry.remaining === 0) this.#entries = this.#entries.filter((other) => other !== entry);
      this.#save(entry);
      if (strikes) return entry.rule;
    }
    return undefined;
  }

  /** Not waited for: a fault that strikes once more after a crash is still a fault. */
  #save(entry: Entry): void {
    const { id, remaining, draws } = entry;
    const saved = this.#database.write(() => {
      if (remaining === 0) run(this.#database, 'DELETE FROM faults WHERE id = ?', id);
      else run(this.#database, 'UPDATE faults SET remaining = ?, draws = ? WHERE id = ?', remaining, draws, id);
    });
    saved.catch(() => undefined);
  }
}

function matches(rule: FaultRule, occasion: FaultOccasion): boolean {
  if (operationOf(rule) !== occasion.operation) return false;
  if (occasion.operation === 'callback' && (rule.callback ?? 'delivery-receipt') !== occasion.callback) return false;
  if (rule.outcome !== undefined && occasion.outcomes?.includes(rule.outcome) === false) return false;
  if (rule.channel !== undefined && rule.channel !== occasion.channel) return false;
  return rule.recipient === undefined || isRecipient(rule.recipient, occasion);
}

function isRecipient(wanted: string, { channel, recipient }: FaultOccasion): boolean {
  if (recipient === undefined) return false;
  return channel === 'letter' ? recipient.includes(squeeze(wanted)) : normaliseRecipient(wanted) === recipient;
}

function operationOf(rule: FaultRule): FaultOccasion['operation'] {
  if (rule.fault === 'outcome') return 'outcome';
  if (isOneOf(callbackFaults, rule.fault)) return 'callback';
  if (rule.operation !== undefined) return rule.operation;
  if (rule.fault === 'pdf-not-ready') return 'pdf';
  return rule.fault === 'not-found' ? 'lookup' : 'send';
}

/** Whether a name is in one of the lists above. */
export function isOneOf<T extends string>(list: readonly T[], name: string): name is T {
  return (list as readonly string[]).includes(name);
}

/** The nth draw of a seed, from 0 up to 1 (splitmix32). */
function draw(seed: number, n: number): number {
  let state = (seed + Math.imul(n + 1, 0x9e3779b9)) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}
