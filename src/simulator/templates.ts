import type { Database } from '../store/database.ts';
import type { Channel } from './settings.ts';
import { all, one, run } from './tables.ts';

/** One version of a template, as it is in the table. */
export interface Template {
  readonly id: string;
  readonly version: number;
  readonly type: Channel;
  readonly name: string;
  readonly subject: string | null;
  readonly body: string;
  readonly archived: 0 | 1;
  readonly created_us: number;
  readonly updated_us: number | null;
}

/** What a template says: everything but its id, version and times. */
export type TemplateContent = Pick<Template, 'type' | 'name' | 'subject' | 'body'> & { readonly archived?: boolean };

/** The templates whose text is the caller's: a text of one placeholder, an email of two. */
export const passThrough = {
  sms: '3f6d1c9a-7b42-4e58-8d0f-2a9c5e7b1d34',
  email: 'a4e8b2d6-1f03-4c97-b5a6-7e0d9c3f2b81',
} as const satisfies Record<Channel, string>;

const shipped: Readonly<Record<string, TemplateContent>> = {
  [passThrough.sms]: { type: 'sms', name: 'Text', subject: null, body: '((body))' },
  [passThrough.email]: { type: 'email', name: 'Email', subject: '((subject))', body: '((body))' },
  'd90c5b7e-62a1-4f3d-9e84-1b7f0a3c6e25': {
    type: 'sms',
    name: 'Appointment reminder',
    subject: null,
    body: 'Your appointment at ((clinic)) is on ((date)) at ((time)).((bring?? Please bring your medicines.))',
  },
  'c7a2e0f4-8d15-4b69-a3c8-5f1e9d7b0263': {
    type: 'email',
    name: 'Appointment letter by email',
    subject: 'Your appointment on ((date))',
    body: '# Your appointment\n\nDear ((name)),\n\nWe will see you at ((clinic)) on ((date)).\n\nPlease bring:\n((items))',
  },
};

/** The service's templates, every version kept. Writes are to be made inside `Database.write`. */
export class Templates {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds the shipped templates that are not there yet. */
  install(us: number): void {
    for (const [id, content] of Object.entries(shipped)) {
      if (this.get(id) === undefined) this.put(id, content, us);
    }
  }

  /** Writes a new version (the first, of a new template) and answers its number. */
  put(id: string, content: TemplateContent, us: number): number {
    const latest = this.get(id);
    const version = (latest?.version ?? 0) + 1;
    run(
      this.#database,
      'INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      version,
      content.type,
      content.name,
      content.subject,
      content.body,
      content.archived === true ? 1 : 0,
      latest?.created_us ?? us,
      latest === undefined ? null : us,
    );
    return version;
  }

  /** That version, or the latest. */
  get(id: string, version?: number): Template | undefined {
    return version === undefined
      ? one(this.#database, 'SELECT * FROM templates WHERE id = ? ORDER BY version DESC LIMIT 1', id)
      : one(this.#database, 'SELECT * FROM templates WHERE id = ? AND version = ?', id, version);
  }

  /** The latest of each that is not archived, by name, then type. */
  list(type?: string): Template[] {
    const latest = all<Template>(
      this.#database,
      `SELECT * FROM templates AS t WHERE archived = 0
       AND version = (SELECT max(version) FROM templates WHERE id = t.id) ORDER BY name, type`,
    );
    return type === undefined ? latest : latest.filter((template) => template.type === type);
  }
}
