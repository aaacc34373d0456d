import type { Database } from '../store/database.ts';
import type { CallbackTargets, ServiceSettings } from './settings.ts';
import { all, run } from './tables.ts';

/** What may be changed while the simulator runs, and is still so after a restart. */
export interface Saved {
  readonly clockOffsetMs: number;
  readonly callbacksPaused: boolean;
  readonly callbacks: CallbackTargets;
  readonly service: ServiceSettings;
}

/** The settings in the file, over those that the program was started with. */
export class SavedSettings {
  readonly #database: Database;
  readonly #initial: Saved;
  #current: Saved;

  constructor(database: Database, initial: Saved) {
    this.#database = database;
    this.#initial = initial;
    const rows = all<{ key: string; value: string }>(database, 'SELECT key, value FROM settings');
    const saved: Partial<Saved> = Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value)]));
    // A file of an earlier version knows fewer settings.
    this.#current = { ...initial, ...saved, service: { ...initial.service, ...saved.service } };
  }

  get current(): Saved {
    return this.#current;
  }

  /** Takes effect at once; resolves when it is on disk. */
  async set(changes: Partial<Saved>): Promise<void> {
    this.#current = { ...this.#current, ...changes };
    await this.#database.write(() => {
      for (const [key, value] of Object.entries(changes)) {
        run(this.#database, 'INSERT OR REPLACE INTO settings VALUES (?, ?)', key, JSON.stringify(value));
      }
    });
  }

  /** Back to what the program was started with; the clock stays, since time only goes forward. */
  reset(): void {
    this.#current = { ...this.#initial, clockOffsetMs: this.#current.clockOffsetMs };
  }
}
