import { Temporal } from 'temporal-polyfill';
import { astray, type Callbacks } from '../callbacks.ts';
import { type SimulatorClock, timestamp } from '../clock.ts';
import type { Faults, Outcome } from '../faults.ts';
import type { LetterStep } from '../lifecycle.ts';
import type { Limits } from '../limits.ts';
import type { Notification, Notifications } from '../notifications.ts';
import type { SavedSettings } from '../saved-settings.ts';
import type { Timings } from '../settings.ts';
import type { Templates } from '../templates.ts';
import { dispatchMs, printRunMs } from './calendar.ts';
import { layOut, MOST_PAGES } from './layout.ts';
import type { Letters } from './letters.ts';
import { writePdf } from './pdf.ts';
import { checkPdf, sheetsOf } from './pdf-check.ts';

/** What comes next, and when by the simulator's clock. */
export interface NextStep {
  readonly step: LetterStep;
  readonly dueMs: number;
}

/** How long the post takes to bring a letter back that nobody is there to have. */
const RETURN_MS = 7 * 24 * 3_600_000;

/**
 * What becomes of letters (10.4). No letter has a delivery receipt: what it is at must be asked for, and only one that
 * came back is told. Everything that changes something is to be called inside `Database.write`.
 */
export class LetterSteps {
  readonly #clock: SimulatorClock;
  readonly #notifications: Notifications;
  readonly #letters: Letters;
  readonly #templates: Templates;
  readonly #callbacks: Callbacks;
  readonly #faults: Faults;
  readonly #limits: Limits;
  readonly #settings: SavedSettings;
  readonly #timings: Timings;

  constructor(parts: {
    clock: SimulatorClock;
    notifications: Notifications;
    letters: Letters;
    templates: Templates;
    callbacks: Callbacks;
    faults: Faults;
    limits: Limits;
    settings: SavedSettings;
    timings: Timings;
  }) {
    this.#clock = parts.clock;
    this.#notifications = parts.notifications;
    this.#letters = parts.letters;
    this.#templates = parts.templates;
    this.#callbacks = parts.callbacks;
    this.#faults = parts.faults;
    this.#limits = parts.limits;
    this.#settings = parts.settings;
    this.#timings = parts.timings;
  }

  /** The first step of a new letter. */
  first({ id }: Notification, outcome: Outcome): LetterStep {
    return { do: this.#letters.get(id)?.precompiled === true ? 'scan' : 'make', outcome };
  }

  /** Takes a step; answers the one after it. */
  take(id: string, step: LetterStep, dueMs: number): NextStep | undefined {
    const message = this.#notifications.get(id);
    if (message === undefined) return undefined;
    switch (step.do) {
      case 'scan':
        return this.#scan(message, step.outcome, dueMs);
      case 'make':
        return this.#make(message, step.outcome, dueMs);
      case 'print':
        return this.#print(message, step.outcome, dueMs);
      case 'dispatch':
        return this.#dispatch(message, step.outcome, dueMs);
      case 'return':
        this.comeBack(id);
        return undefined;
      default:
        return step satisfies never;
    }
  }

  /** Whether a letter is still without its PDF. */
  readonly lacksPdf = ({ id }: Notification): boolean => this.#letters.get(id)?.hasPdf === false;

  /** The post brings a letter back, and the service is told; answers whether it was with the post. Twice is possible. */
  comeBack(id: string): boolean {
    if (!this.#notifications.move(id, ['sending', 'delivered', 'returned-letter'], 'returned-letter')) return false;
    const message = this.#notifications.get(id);
    const letter = this.#letters.get(id);
    if (message === undefined || letter === undefined) return false;
    const { channel, normalised: recipient } = message;
    const rule = this.#faults.strike({ operation: 'callback', callback: 'returned-letter', channel, recipient });
    const template = letter.precompiled
      ? undefined
      : this.#templates.get(message.template_id, message.template_version);
    const event = returnedLetterEvent(message, template?.name);
    this.#callbacks.enqueue(this.#settings.current.callbacks.returnedLetter, event, astray(rule));
    return true;
  }

  /** Somebody of the service stops a letter; answers whether it was not yet on its way to the printer. */
  cancel(id: string): boolean {
    const message = this.#notifications.get(id);
    if (message === undefined || this.#isTooLate(message)) return false;
    if (!this.#notifications.move(id, ['created', 'pending-virus-check'], 'cancelled')) return false;
    const today = timestamp(this.#clock.ms() * 1000).slice(0, 10);
    if (timestamp(message.created_us).startsWith(today)) this.#limits.uncount('letter');
    return true;
  }

  /** Deletes what belongs to letters that are gone. */
  purge(): void {
    this.#letters.purge();
  }

  /** At 17:30 the day's letters are closed, though they are handed over later. */
  #isTooLate(message: Notification): boolean {
    const closes = printRunMs(message.created_us / 1000) - 20 * 60_000;
    return this.#timings.letterCalendar && this.#clock.ms() >= closes;
  }

  #scan({ id, key_type: key }: Notification, outcome: Outcome, dueMs: number): NextStep | undefined {
    const verdict = checkPdf(this.#letters.pdf(id) ?? Buffer.alloc(0));
    if (outcome === 'virus-scan-failed' || verdict.kind === 'virus') {
      this.#notifications.move(id, ['pending-virus-check'], 'virus-scan-failed');
      return undefined;
    }
    if (outcome === 'validation-failed' || verdict.kind === 'invalid') {
      if (!this.#notifications.move(id, ['pending-virus-check'], 'validation-failed')) return undefined;
      this.#letters.setReason(id, verdict.kind === 'invalid' ? verdict.reason : 'outcome asked for');
      return undefined;
    }
    const status = key === 'test' ? 'delivered' : 'created';
    if (!this.#notifications.move(id, ['pending-virus-check'], status)) return undefined;
    this.#letters.setSheets(id, sheetsOf(verdict.pages));
    return key === 'test' ? this.#back(outcome, dueMs) : this.#toPrinter(id, outcome, dueMs);
  }

  /** Makes the PDF of a letter from a template, which shows how long it is. */
  #make(message: Notification, outcome: Outcome, dueMs: number): NextStep | undefined {
    const { id, key_type: key, status } = message;
    const letter = this.#letters.get(id);
    if (letter === undefined || (status !== 'created' && status !== 'sending')) return undefined;
    const pages = layOut({
      address: message.recipient.split('\n'),
      contact: letter.contactBlock?.trim().split(/\s*\n\s*/) ?? [],
      date: longDate(message.created_us),
      subject: unescaped(message.subject ?? ''),
      body: message.body,
    });
    this.#letters.setPdf(id, writePdf(unescaped(message.subject ?? ''), pages));
    if (pages.length > MOST_PAGES || outcome === 'validation-failed') {
      const reason = pages.length > MOST_PAGES ? 'letter-too-long' : 'outcome asked for';
      if (this.#notifications.move(id, ['created', 'sending'], 'validation-failed'))
        this.#letters.setReason(id, reason);
      return undefined;
    }
    if (key === 'test') return { step: { do: 'dispatch', outcome }, dueMs: dueMs + this.#timings.outcomeMs };
    this.#letters.setSheets(id, sheetsOf(pages.length));
    return this.#toPrinter(id, outcome, dueMs);
  }

  /** A letter that somebody will have stopped is stopped as soon as it can be. */
  #toPrinter(id: string, outcome: Outcome, dueMs: number): NextStep | undefined {
    if (outcome === 'cancelled') this.#notifications.move(id, ['created'], 'cancelled');
    if (outcome === 'cancelled' || outcome === 'created') return undefined;
    const created = this.#notifications.get(id)?.created_us ?? 0;
    const run = printRunMs(created / 1000);
    // What was scanned or made after its run goes with the next.
    const printed = run >= dueMs ? run : printRunMs(dueMs);
    return { step: { do: 'print', outcome }, dueMs: this.#timings.letterCalendar ? printed : dueMs };
  }

  #print({ id }: Notification, outcome: Outcome, dueMs: number): NextStep | undefined {
    if (!this.#notifications.move(id, ['created'], 'sending') || outcome === 'sending') return undefined;
    const due = this.#timings.letterCalendar ? dispatchMs(dueMs) : dueMs + this.#timings.outcomeMs;
    return { step: { do: 'dispatch', outcome }, dueMs: due };
  }

  #dispatch({ id }: Notification, outcome: Outcome, dueMs: number): NextStep | undefined {
    const status = outcome === 'technical-failure' || outcome === 'permanent-failure' ? outcome : 'delivered';
    if (outcome === 'sending' || !this.#notifications.move(id, ['sending'], status)) return undefined;
    return this.#back(outcome, dueMs);
  }

  #back(outcome: Outcome, dueMs: number): NextStep | undefined {
    if (outcome !== 'returned-letter') return undefined;
    return {
      step: { do: 'return' },
      dueMs: dueMs + (this.#timings.letterCalendar ? RETURN_MS : this.#timings.outcomeMs),
    };
  }
}

/** The day in London as it stands at the top of a letter. */
function longDate(us: number): string {
  const day = Temporal.Instant.fromEpochMilliseconds(Math.floor(us / 1000)).toZonedDateTimeISO('Europe/London');
  return day.toPlainDate().toLocaleString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
}

/** A letter's subject is kept as the API answers it, which is HTML. */
function unescaped(html: string): string {
  return html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&nbsp;', '\u00a0').replaceAll('&amp;', '&');
}

/** The payload of a returned letter's callback (11). A PDF that came ready made has no template to speak of. */
function returnedLetterEvent(
  message: Notification,
  templateName: string | undefined,
): Record<string, string | number | null> {
  return {
    notification_id: message.id,
    reference: message.reference,
    date_sent: timestamp(message.created_us),
    sent_by: 'API',
    template_name: templateName ?? null,
    template_id: templateName === undefined ? 'None' : message.template_id,
    template_version: templateName === undefined ? null : message.template_version,
    spreadsheet_file_name: null,
    spreadsheet_row_number: null,
    upload_letter_file_name: null,
  };
}
