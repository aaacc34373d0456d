import type { Database } from '../store/database.ts';
import { fieldNames } from './rendering/fields.ts';
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
  /** Of a letter: how it goes within the UK. */
  readonly postage: TemplatePostage | null;
  /** Of a letter: who writes, as it is printed at the top right. */
  readonly contact_block: string | null;
}

export const templatePostages = ['first', 'second', 'economy'] as const;
export type TemplatePostage = (typeof templatePostages)[number];

/** What a template says: everything but its id, version and times. */
export type TemplateContent = Pick<Template, 'type' | 'name' | 'subject' | 'body'> & {
  readonly archived?: boolean;
  /** A letter's; second class when absent. */
  readonly postage?: TemplatePostage;
  readonly letterContactBlock?: string;
};

/** The templates whose text is the caller's: a text of one placeholder, an email and a letter of two. */
export const passThrough = {
  sms: '3f6d1c9a-7b42-4e58-8d0f-2a9c5e7b1d34',
  email: 'a4e8b2d6-1f03-4c97-b5a6-7e0d9c3f2b81',
  letter: '6b1e4c8d-0a37-4d92-9f5b-8c2d7e6a1f03',
} as const satisfies Record<Channel, string>;

const contactBlock = 'Example NHS Trust\nOutpatient bookings\n1 Hospital Road\nLeeds\nLS1 4AP';

const shipped: Readonly<Record<string, TemplateContent>> = {
  [passThrough.sms]: { type: 'sms', name: 'Text', subject: null, body: '((body))' },
  [passThrough.email]: { type: 'email', name: 'Email', subject: '((subject))', body: '((body))' },
  [passThrough.letter]: { type: 'letter', name: 'Letter', subject: '((subject))', body: '((body))' },
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
  'f2d7a9c1-5e38-4b06-8a4d-3c9f1b7e2d60': {
    type: 'letter',
    name: 'Appointment letter',
    subject: 'Your appointment on ((date))',
    body: 'Dear ((name)),\n\nWe will see you at ((clinic)) on ((date)).\n\n# What to bring\n((items))',
    postage: 'second',
    letterContactBlock: contactBlock,
  },
};

/** The template that Notify keeps for PDFs that are sent to it ready made. Nobody sees it but in what it answers. */
export const precompiledTemplate = {
  id: '0e5a3c7b-9d14-4f68-b2a0-7c6d8e1f4a95',
  version: 1,
  subject: 'Pre-compiled PDF',
} as const;

/** What a message from a template has to be given, in Notify's order: a letter's contact block is asked first. */
export function templateFields(template: Template): string[] {
  return fieldNames(...templateTexts(template));
}

/** The texts of a template that may hold placeholders. */
export function templateTexts({ contact_block: contact, subject, body }: Template): string[] {
  return [contact ?? '', subject ?? '', body];
}

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
    const isLetter = content.type === 'letter';
    run(
      this.#database,
      `INSERT INTO templates
       (id, version, type, name, subject, body, archived, created_us, updated_us, postage, contact_block)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      version,
      content.type,
      content.name,
      content.subject,
      content.body,
      content.archived === true ? 1 : 0,
      latest?.created_us ?? us,
      latest === undefined ? null : us,
      isLetter ? (content.postage ?? 'second') : null,
      isLetter ? (content.letterContactBlock ?? null) : null,
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
