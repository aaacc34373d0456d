import { Temporal } from 'temporal-polyfill';
import type { Database } from '../store/database.ts';
import type { CallbackOptions, Callbacks } from './callbacks.ts';
import { Alarm, type SimulatorClock, timestamp } from './clock.ts';
import type { Faults, Outcome } from './faults.ts';
import { finalStatuses, type Notification, type Notifications, type Status } from './notifications.ts';
import type { SavedSettings } from './saved-settings.ts';
import type { Timings } from './settings.ts';
import { all, one, run } from './tables.ts';

/** What happens to a message next: it is handed to the network, or the network tells what became of it. */
type Step = { readonly do: 'send'; readonly outcome: Outcome } | { readonly do: 'receive'; readonly status: Status };

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
} as const satisfies Record<Notification['channel'], readonly Status[]>;

const STEPS_AT_ONCE = 500;
const DAY_MS = 24 * 3_600_000;

/** What becomes of accepted messages, by the simulator's clock; the steps to come are in the file. */
export class Lifecycle {
  readonly #database: Database;
  readonly #clock: SimulatorClock;
  readonly #notifications: Notifications;
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
    callbacks: Callbacks;
    faults: Faults;
    settings: SavedSettings;
    timings: Timings;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#notifications = parts.notifications;
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
    if (outcome !== 'created') this.#plan(id, { do: 'send', outcome }, this.#clock.ms() + this.#timings.sendMs);
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
      const ids = this.#notifications.waiting(['sending', 'pending'], before);
      for (const id of ids) this.#receive(id, 'temporary-failure');
      return ids.length;
    });
    this.#callbacks.work();
    return count;
  }

  /** Notify's 15-minute job: what is still `created` after an hour is queued again. */
  async requeue(): Promise<number> {
    const before = (this.#clock.ms() - 3_600_000) * 1000;
    const count = await this.#database.write(() => {
      const ids = this.#notifications.waiting(['created'], before);
      for (const id of ids) this.#plan(id, { do: 'send', outcome: 'delivered' }, this.#clock.ms());
      return ids.length;
    });
    await this.work();
    return count;
  }

  /** Notify's retention job: deletes rows created before London's midnight so many days ago (12.1). */
  async purge(): Promise<number> {
    const before = londonMidnight(this.#clock.ms() - this.#settings.current.service.retentionDays * DAY_MS);
    return this.#database.write(() => {
      run(this.#database, 'DELETE FROM received_texts WHERE created_us < ?', before * 1000);
      return this.#notifications.purge(before * 1000);
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
    if (step.do === 'send') this.#send(id, step.outcome, dueMs);
    else this.#receive(id, step.status);
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

  #receive(id: string, status: Status): void {
    const before = this.#notifications.get(id);
    if (before === undefined || !this.#notifications.move(id, openStatuses[before.channel], status)) return;
    const message = this.#notifications.get(id);
    if (message === undefined || status === 'pending') return;
    const options = this.#callbackOptions(message);
    if (options === undefined) return;
    this.#callbacks.enqueue(this.#settings.current.callbacks.deliveryReceipt, receipt(message), options);
  }

  /** How the receipt goes astray, if it does; undefined when it never leaves. */
  #callbackOptions({ channel, normalised }: Notification): CallbackOptions | undefined {
    const rule = this.#faults.strike({ operation: 'callback', channel, recipient: normalised });
    switch (rule?.fault) {
      case 'callback-missing':
        return undefined;
      case 'callback-duplicate':
        return { copies: 2 };
      case 'callback-late':
        return { delayMs: rule.delayMs ?? 60_000 };
      case 'callback-reordered':
        return { held: true };
      default:
        return {};
    }
  }
}

/** The last midnight in London, in milliseconds since 1970. */
function londonMidnight(ms: number): number {
  const { year, month, day } = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO('Europe/London');
  return Temporal.PlainDate.from({ year, month, day }).toZonedDateTime('Europe/London').epochMilliseconds;
}

/** When the status became final, in microseconds; null until then. */
export function completedUs(message: Notification): number | null {
  return finalStatuses.includes(message.status) ? message.updated_us : null;
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
