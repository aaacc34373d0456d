import { Temporal } from 'temporal-polyfill';
import type { Database } from '../store/database.ts';
import { astray, type Callbacks } from './callbacks.ts';
import { Alarm, type SimulatorClock, timestamp } from './clock.ts';
import type { Faults, Outcome } from './faults.ts';
import type { LetterSteps } from './letters/letter-steps.ts';
import { completedStatuses, type Notification, type Notifications, type Status } from './notifications.ts';
import type { SavedSettings } from './saved-settings.ts';
import type { Timings } from './settings.ts';
import { all, one, run } from './tables.ts';

/** What happens to a message next: it is handed to the network, or the network tells what became of it. */
type MessageStep =
  | { readonly do: 'send'; readonly outcome: Outcome }
  | { readonly do: 'receive'; readonly status: Outcome };

/**
 * What happens to a letter next: its PDF is scanned and checked, or made; it goes to the printer; it goes to the post,
 * or not; the post brings it back.
 */
export type LetterStep =
  | { readonly do: 'scan' | 'make' | 'print' | 'dispatch'; readonly outcome: Outcome }
  | { readonly do: 'return' };

type Step = MessageStep | LetterStep;

const isLetterStep = (step: Step): step is LetterStep => step.do !== 'send' && step.do !== 'receive';

interface DueStep {
  readonly id: number;
  readonly due_ms: number;
  readonly notification: string;
  readonly step: string;
}

/** From which statuses a network's answer is still heard: the rest are final, and later receipts are ignored (10.5). */
const openStatuses = {
  sms: ['created', 'sending', 'pending', 'sent'],
  email: ['sending', 'pending'],
  letter: ['sending'],
} as const satisfies Record<Notification['channel'], readonly Status[]>;

const texts = ['sms', 'email'] as const;

const STEPS_AT_ONCE = 500;
const DAY_MS = 24 * 3_600_000;

/** What becomes of accepted messages, by the simulator's clock; the steps to come are in the file. */
export class Lifecycle {
  readonly #database: Database;
  readonly #clock: SimulatorClock;
  readonly #notifications: Notifications;
  readonly #letters: LetterSteps;
  readonly #callbacks: Callbacks;
  readonly #faults: Faults;
  readonly #settings: SavedSettings;
  readonly #timings: Timings;
  readonly #alarm: Alarm;
  #stopped = false;

  constructor(parts: {
    database: Database;
    clock: SimulatorClock;
    notifications: Notifications;
    letters: LetterSteps;
    callbacks: Callbacks;
    faults: Faults;
    settings: SavedSettings;
    timings: Timings;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#notifications = parts.notifications;
    this.#letters = parts.letters;
    this.#callbacks = parts.callbacks;
    this.#faults = parts.faults;
    this.#settings = parts.settings;
    this.#timings = parts.timings;
    this.#alarm = new Alarm(
      parts.clock,
      () => one<DueStep>(this.#database, 'SELECT * FROM steps ORDER BY due_ms LIMIT 1')?.due_ms,
      () => void this.work(),
    );
  }

  /** Takes a new message in hand; to be called inside `Database.write`, and `wake` after it. */
  begin(id: string, outcome: Outcome): void {
    const message = this.#notifications.get(id);
    const step =
      message?.channel === 'letter' ? this.#letters.first(message, outcome) : { do: 'send' as const, outcome };
    const stays = outcome === 'pending-virus-check' || (outcome === 'created' && step.do !== 'scan');
    if (!stays) this.#plan(id, step, this.#clock.ms() + this.#timings.sendMs);
  }

  /** The post brings a letter back; answers whether it was with the post. */
  async returnLetter(id: string): Promise<boolean> {
    const came = await this.#database.write(() => this.#letters.comeBack(id));
    this.#callbacks.work();
    return came;
  }

  /** Somebody of the service stops a letter; answers whether it could still be stopped. */
  cancelLetter(id: string): Promise<boolean> {
    return this.#database.write(() => this.#letters.cancel(id));
  }

  wake(): void {
    this.#alarm.set();
  }

  /** Takes every step that is due, and those that they make due. */
  async work(): Promise<void> {
    let taken = 1;
    while (taken > 0 && !this.#stopped) {
      taken = await this.#database.write(() => {
        const query = 'SELECT * FROM steps WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?';
        const due = all<DueStep>(this.#database, query, this.#clock.ms(), STEPS_AT_ONCE);
        for (const { id, due_ms, notification, step } of due) {
          run(this.#database, 'DELETE FROM steps WHERE id = ?', id);
          this.#take(notification, JSON.parse(step) as Step, due_ms);
        }
        return due.length;
      });
    }
    this.#alarm.set();
    this.#callbacks.work();
  }

  waiting(): number {
    return one<{ n: number }>(this.#database, 'SELECT count(*) AS n FROM steps')?.n ?? 0;
  }

  /** Notify's nightly job: what is still under way 72 hours after its creation failed for now, with a receipt (10.5). */
  async timeOut(): Promise<number> {
    const before = (this.#clock.ms() - 3 * DAY_MS) * 1000;
    const count = await this.#database.write(() => {
      const messages = this.#notifications.waiting(texts, ['sending', 'pending'], before);
      for (const { id } of messages) this.#receive(id, 'temporary-failure');
      return messages.length;
    });
    this.#callbacks.work();
    return count;
  }

  /** Notify's 15-minute job: what is still `created` after an hour, or a letter without its PDF, is queued again. */
  async requeue(): Promise<number> {
    const before = (this.#clock.ms() - 3_600_000) * 1000;
    const count = await this.#database.write(() => {
      const messages = this.#notifications.waiting(texts, ['created'], before);
      for (const { id } of messages) this.#plan(id, { do: 'send', outcome: 'delivered' }, this.#clock.ms());
      const letters = this.#notifications.waiting(['letter'], ['created'], before).filter(this.#letters.lacksPdf);
      for (const { id } of letters) this.#plan(id, { do: 'make', outcome: 'delivered' }, this.#clock.ms());
      return messages.length + letters.length;
    });
    await this.work();
    return count;
  }

  /** Notify's ten-minute job: letters that came as a PDF and were not scanned are scanned. */
  async rescan(): Promise<number> {
    const before = (this.#clock.ms() - 600_000) * 1000;
    const count = await this.#database.write(() => {
      const letters = this.#notifications.waiting(['letter'], ['pending-virus-check'], before);
      for (const { id } of letters) this.#plan(id, { do: 'scan', outcome: 'delivered' }, this.#clock.ms());
      return letters.length;
    });
    await this.work();
    return count;
  }

  /** Notify's retention job: deletes rows created before London's midnight so many days ago (12.1). */
  async purge(): Promise<number> {
    const before = londonMidnight(this.#clock.ms() - this.#settings.current.service.retentionDays * DAY_MS);
    return this.#database.write(() => {
      run(this.#database, 'DELETE FROM received_texts WHERE created_us < ?', before * 1000);
      const count = this.#notifications.purge(before * 1000);
      this.#letters.purge();
      return count;
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.stop();
  }

  #plan(id: string, step: Step, dueMs: number): void {
    run(
      this.#database,
      'INSERT INTO steps (due_ms, notification, step) VALUES (?, ?, ?)',
      dueMs,
      id,
      JSON.stringify(step),
    );
  }

  #take(id: string, step: Step, dueMs: number): void {
    if (isLetterStep(step)) {
      const next = this.#letters.take(id, step, dueMs);
      if (next !== undefined) this.#plan(id, next.step, next.dueMs);
    } else if (step.do === 'send') {
      this.#send(id, step.outcome, dueMs);
    } else {
      this.#receive(id, step.status);
    }
  }

  /** A message that the networks refuse for good fails without a receipt: the trap of callback-only designs. */
  #send(id: string, outcome: Outcome, dueMs: number): void {
    const message = this.#notifications.get(id);
    if (message === undefined) return;
    if (outcome === 'technical-failure') {
      this.#notifications.move(id, ['created'], 'technical-failure');
      return;
    }
    if (!this.#notifications.move(id, ['created'], message.international === 1 ? 'sent' : 'sending')) return;
    if (outcome === 'sending' || (message.international === 1 && outcome === 'delivered')) return;
    const textFails = message.channel === 'sms' && outcome === 'temporary-failure';
    if (textFails) this.#plan(id, { do: 'receive', status: 'pending' }, dueMs + this.#timings.outcomeMs);
    const waits = textFails ? 2 : 1;
    this.#plan(id, { do: 'receive', status: outcome }, dueMs + this.#timings.outcomeMs * waits);
  }

  #receive(id: string, status: Outcome): void {
    const before = this.#notifications.get(id);
    if (before === undefined || !this.#notifications.move(id, openStatuses[before.channel], status)) return;
    const message = this.#notifications.get(id);
    if (message === undefined || status === 'pending') return;
    const { channel, normalised: recipient } = message;
    const rule = this.#faults.strike({ operation: 'callback', callback: 'delivery-receipt', channel, recipient });
    this.#callbacks.enqueue(this.#settings.current.callbacks.deliveryReceipt, receipt(message), astray(rule));
  }
}

/** The last midnight in London, in milliseconds since 1970. */
function londonMidnight(ms: number): number {
  const { year, month, day } = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO('Europe/London');
  return Temporal.PlainDate.from({ year, month, day }).toZonedDateTime('Europe/London').epochMilliseconds;
}

/** When the message came to its end, in microseconds; null until then. */
export function completedUs(message: Notification): number | null {
  return completedStatuses.includes(message.status) ? message.updated_us : null;
}

/** The payload of a delivery receipt (11). */
export function receipt(message: Notification): Record<string, string | number | null> {
  const time = (us: number | null): string | null => (us === null ? null : timestamp(us));
  return {
    id: message.id,
    reference: message.reference,
    to: message.recipient,
    status: message.status,
    created_at: timestamp(message.created_us),
    completed_at: time(completedUs(message)),
    sent_at: time(message.sent_us),
    notification_type: message.channel,
    template_id: message.template_id,
    template_version: message.template_version,
  };
}
