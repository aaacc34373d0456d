import { randomUUID } from 'node:crypto';
import { parsePhone } from '../notify/phone.ts';
import { freshToken } from './auth.ts';
import { astray } from './callbacks.ts';
import { timestamp } from './clock.ts';
import type { FaultRule, StoredFault } from './faults.ts';
import { completedUs } from './lifecycle.ts';
import { receivedTextEvent } from './received-texts.ts';
import { apiKeys, type CallbackTargets, type ServiceSettings } from './settings.ts';
import { run, tables } from './tables.ts';
import type { TemplateContent } from './templates.ts';
import type { World } from './world.ts';

/** One accepted message. */
export interface LedgerEntry {
  readonly id: string;
  readonly reference: string | null;
  readonly type: string;
  readonly keyType: string;
  readonly recipient: string;
  readonly subject: string | null;
  readonly body: string;
  readonly status: string;
  readonly createdAt: string;
  readonly sentAt: string | null;
  readonly completedAt: string | null;
}

/** Every accepted message: what was really sent, whatever the client was told. */
export interface Ledger {
  readonly messages: readonly LedgerEntry[];
  /** How many messages were accepted under each reference; more than one was sent more than once. */
  readonly countByReference: Readonly<Record<string, number>>;
}

export interface SimulatorState {
  readonly now: string;
  readonly callbacksPaused: boolean;
  readonly callbacks: Readonly<Record<keyof CallbackTargets, string | null>>;
  /** Steps in the life of messages, and callbacks, that are still to come. */
  readonly stepsWaiting: number;
  readonly callbacksWaiting: number;
  /** Of the callbacks, those that were posted and are not answered yet. */
  readonly callbacksUnderWay: number;
  readonly faults: readonly StoredFault[];
}

export const periodicActions = ['time-out', 'requeue', 'rescan', 'purge'] as const;
export type PeriodicAction = (typeof periodicActions)[number];

/** What the control address does, for programs that hold the simulator itself. */
export class Controls {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  state(): SimulatorState {
    const { clock, settings, lifecycle, callbacks, faults } = this.#world;
    const { deliveryReceipt, receivedText, returnedLetter } = settings.current.callbacks;
    return {
      now: clock.now().toISOString(),
      callbacksPaused: settings.current.callbacksPaused,
      callbacks: {
        deliveryReceipt: deliveryReceipt?.url ?? null,
        receivedText: receivedText?.url ?? null,
        returnedLetter: returnedLetter?.url ?? null,
      },
      stepsWaiting: lifecycle.waiting(),
      callbacksWaiting: callbacks.waiting(),
      callbacksUnderWay: callbacks.underWay(),
      faults: faults.list(),
    };
  }

  ledger(reference?: string): Ledger {
    const time = (us: number | null): string | null => (us === null ? null : timestamp(us));
    const messages = this.#world.notifications.ledger(reference).map((message) => ({
      id: message.id,
      reference: message.reference,
      type: message.channel,
      keyType: message.key_type,
      recipient: message.recipient,
      subject: message.subject,
      body: message.body,
      status: message.status,
      createdAt: timestamp(message.created_us),
      sentAt: time(message.sent_us),
      completedAt: time(completedUs(message)),
    }));
    const references = messages.map((message) => message.reference).filter((one) => one !== null);
    const groups = Map.groupBy(references, (one) => one);
    return { messages, countByReference: Object.fromEntries([...groups].map(([key, all]) => [key, all.length])) };
  }

  /** Moves the time on and does what that makes due. */
  async advance(ms: number): Promise<void> {
    await this.#world.settings.set({ clockOffsetMs: this.#world.clock.advance(ms) });
    await this.#world.lifecycle.work();
  }

  addFault(rule: FaultRule): Promise<number> {
    return this.#world.faults.add(rule);
  }

  /** Takes one fault away, or all. */
  removeFaults(id?: number): Promise<void> {
    return this.#world.faults.remove(id);
  }

  /** Where callbacks go from now on; those in the queue keep their address. */
  async setCallbacks(callbacks: CallbackTargets): Promise<void> {
    await this.#world.settings.set({ callbacks });
  }

  async pauseCallbacks(paused: boolean): Promise<void> {
    await this.#world.settings.set({ callbacksPaused: paused });
    this.#world.callbacks.work();
  }

  /** Changes what the service is set to: trial mode, limits, permissions and the like. */
  async changeService(changes: Partial<ServiceSettings>): Promise<void> {
    await this.#world.settings.set({ service: { ...this.#world.settings.current.service, ...changes } });
  }

  /** Writes a new version of a template, or a new template; answers the version. */
  putTemplate(id: string, content: TemplateContent): Promise<number> {
    const { database, templates, clock } = this.#world;
    return database.write(() => templates.put(id, content, clock.ms() * 1000));
  }

  /** Lets a phone send the service a text; undefined when `from` is not a phone number. */
  async receiveText(from: string, message: string): Promise<string | undefined> {
    const { database, clock, receivedTexts, callbacks, faults, settings } = this.#world;
    const phone = parsePhone(from);
    if (phone.kind === 'bad') return undefined;
    const text = {
      id: randomUUID(),
      created_us: clock.ms() * 1000,
      user_number: phone.digits,
      notify_number: settings.current.service.smsSenders[0]?.text ?? '',
      content: message,
    };
    const about = { callback: 'received-text', channel: 'sms', recipient: phone.digits } as const;
    const rule = faults.strike({ operation: 'callback', ...about });
    await database.write(() => {
      receivedTexts.insert(text);
      callbacks.enqueue(settings.current.callbacks.receivedText, receivedTextEvent(text), astray(rule));
    });
    callbacks.work();
    return text.id;
  }

  /** The post brings a letter back; false when it was never with the post. May be done again. */
  returnLetter(id: string): Promise<boolean> {
    return this.#world.lifecycle.returnLetter(id);
  }

  /** Somebody of the service stops a letter on Notify's site; false when it is too late, or no letter. */
  cancelLetter(id: string): Promise<boolean> {
    return this.#world.lifecycle.cancelLetter(id);
  }

  /** A token that a client would send just now, with the live key or another: for a `curl`. */
  token(name: keyof typeof apiKeys = 'normal'): string {
    return freshToken(apiKeys[name], this.#world.clock.unmovedMs() / 1000);
  }

  /** Does one of Notify's periodic jobs now; answers how many messages it changed. */
  perform(action: PeriodicAction): Promise<number> {
    const { lifecycle } = this.#world;
    const jobs: Record<PeriodicAction, () => Promise<number>> = {
      'time-out': () => lifecycle.timeOut(),
      requeue: () => lifecycle.requeue(),
      rescan: () => lifecycle.rescan(),
      purge: () => lifecycle.purge(),
    };
    return jobs[action]();
  }

  /** Forgets every message, fault, count and changed setting; the clock keeps its time. */
  async reset(): Promise<void> {
    const { database, faults, settings, limits, templates, clock } = this.#world;
    await faults.remove();
    settings.reset();
    limits.reset();
    await database.write(() => {
      for (const table of tables) run(database, `DELETE FROM ${table}`);
      templates.install(clock.ms() * 1000);
    });
    await settings.set({ clockOffsetMs: settings.current.clockOffsetMs });
  }
}
