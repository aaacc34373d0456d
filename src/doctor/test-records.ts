import { randomUUID } from 'node:crypto';
import type { Communication } from '@medplum/fhirtypes';
import { MSG, structureDefinition, system } from '../canonical.ts';
import { objectsIn, textIn } from '../store/remote/json.ts';
import { type Examined, isSearchset, resourcesOf, searchByPost, statusText } from './examined.ts';
import { type Answered, Unreachable } from './probe.ts';

type TestRecord = Communication & { id: string };
type Headers = Readonly<Record<string, string>>;

/** What could not be taken away. */
export interface LeftOver {
  /** `Type/id`. */
  readonly place: string;
  /** It is known to say that it is entered in error. */
  readonly isMarked: boolean;
  readonly refusal: string;
}

/**
 * The records of one examination by writing, about one test patient: Communications that are entered-in-error from their
 * first version on, each known by a letter. Everything that may have come to be on the server is remembered, so that it
 * can be taken away. Errors of every method that asks: Unreachable.
 */
export class TestRecords {
  readonly #server: Examined;
  readonly #patient: string;
  readonly #name = randomUUID();
  readonly #ids = new Map<string, string>();
  readonly #made = new Set<string>();

  constructor(server: Examined, patient: string) {
    this.#server = server;
    this.#patient = patient;
  }

  /** The record of a letter; `note` tells one version of it from another. */
  of(letter: string, note: string): TestRecord {
    return {
      resourceType: 'Communication',
      id: this.id(letter),
      meta: {
        security: [
          { system: system.confidentiality, code: 'R' },
          { system: system.actCode, code: 'SDV' },
        ],
      },
      extension: [{ url: structureDefinition('status-date'), valueDateTime: '2000-01-01T00:00:00Z' }],
      identifier: [{ system: `${MSG}/id/doctor`, value: `${this.#name}-${letter}` }],
      status: 'entered-in-error',
      subject: { reference: `Patient/${this.#patient}` },
      note: [{ text: `Made to examine this server, and to be deleted: ${note}.` }],
    };
  }

  id(letter: string): string {
    const id = this.#ids.get(letter) ?? randomUUID();
    this.#ids.set(letter, id);
    return id;
  }

  /** Its identifier, as a search takes it. */
  token(letter: string): string {
    return `${MSG}/id/doctor|${this.#name}-${letter}`;
  }

  put(resource: TestRecord, headers: Headers = {}): Promise<Answered> {
    // Noted before it is sent: an answer that is lost says nothing of what was done.
    this.#made.add(placeOf(resource.id));
    return this.#server.probe.ask({ method: 'PUT', path: placeOf(resource.id), headers, body: resource });
  }

  /** Under an id of the server's, unless there is one already: `If-None-Exist`. */
  async createOnce(letter: string): Promise<{ readonly status: number; readonly id: string | undefined }> {
    const { id: _id, ...body } = this.of(letter, 'first');
    const headers = { 'If-None-Exist': new URLSearchParams([['identifier', this.token(letter)]]).toString() };
    const answer = await this.#server.probe.ask({ method: 'POST', path: 'Communication', headers, body });
    const id = answer.status === 200 || answer.status === 201 ? madeId(answer) : undefined;
    if (id !== undefined) this.#made.add(placeOf(id));
    return { status: answer.status, id };
  }

  /** All of them in one transaction; `ifMatch` goes with the last. */
  transaction(records: readonly TestRecord[], ifMatch?: string): Promise<Answered> {
    for (const { id } of records) this.#made.add(placeOf(id));
    const entry = records.map((resource, at) => ({
      fullUrl: `${this.#server.probe.baseUrl}/${placeOf(resource.id)}`,
      resource,
      request: {
        method: 'PUT',
        url: placeOf(resource.id),
        ...(ifMatch !== undefined && at === records.length - 1 ? { ifMatch } : {}),
      },
    }));
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    return this.#server.probe.ask({ method: 'POST', path: '', body });
  }

  /** `behind`: `_history`, for instance. */
  read(letter: string, behind = ''): Promise<Answered> {
    return this.#server.probe.ask({ path: `${placeOf(this.id(letter))}${behind}`, headers: past });
  }

  /**
   * Does a search find it? `asked` says how: past caches or not, and in words that are the same each time or new ones by
   * a number, so that no cache can know them.
   */
  async isFound(letter: string, asked: { readonly past: boolean; readonly words?: number }): Promise<boolean> {
    const pairs: [string, string][] = [['identifier', this.token(letter)]];
    if (asked.words !== undefined) {
      pairs.push(['_lastUpdated', `ge1970-01-01T00:00:00.${String(asked.words % 1_000).padStart(3, '0')}Z`]);
    }
    const plain = { method: 'POST', path: 'Communication/_search', body: new URLSearchParams(pairs) } as const;
    const answer = asked.past
      ? await searchByPost(this.#server, 'Communication', pairs)
      : await this.#server.probe.ask(plain);
    return isSearchset(answer) && resourcesOf(answer).length > 0;
  }

  /** Deletes everything, and looks whether it is gone. Answers what is not. Does not throw Unreachable. */
  async takeAway(): Promise<LeftOver[]> {
    await this.#findStrays().catch(orNothing);
    const left: LeftOver[] = [];
    for (const place of this.#made) {
      const one = await this.#remove(place).catch((error: unknown): LeftOver => {
        if (!(error instanceof Unreachable)) throw error;
        return { place, isMarked: false, refusal: error.message };
      });
      if (one !== undefined) left.push(one);
    }
    return left;
  }

  /** What the server gave an id of its own, when an answer that was lost did not tell it. */
  async #findStrays(): Promise<void> {
    const tokens = [...this.#ids.keys()].map((letter) => this.token(letter)).join(',');
    const found = await searchByPost(this.#server, 'Communication', [['identifier', tokens]]);
    for (const one of resourcesOf(found)) {
      const isOwn = objectsIn(one.identifier).some(({ value }) => textIn(value)?.startsWith(this.#name));
      if (isOwn && typeof one.id === 'string') this.#made.add(placeOf(one.id));
    }
  }

  async #remove(place: string): Promise<LeftOver | undefined> {
    const deleted = await this.#server.probe.ask({ method: 'DELETE', path: place });
    const read = await this.#server.probe.ask({ path: place, headers: past });
    if (read.status === 404 || read.status === 410) return undefined;
    return { place, isMarked: read.body.status === 'entered-in-error', refusal: statusText(deleted.status) };
  }
}

const past = { 'Cache-Control': 'no-cache' } as const;

const placeOf = (id: string): string => `Communication/${id}`;

function orNothing(error: unknown): void {
  if (!(error instanceof Unreachable)) throw error;
}

function madeId({ body, header }: Answered): string | undefined {
  if (body.resourceType === 'Communication' && typeof body.id === 'string') return body.id;
  return /\/Communication\/([A-Za-z0-9.-]{1,64})(?:\/|$)/.exec(header('location') ?? '')?.[1];
}
