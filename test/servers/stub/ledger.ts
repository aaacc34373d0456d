import { createHash } from 'node:crypto';

/** One call that came in. */
export interface CallRecord {
  readonly number: number;
  readonly method: string;
  /** Below the base, with the names of the parameters and without their values. */
  readonly path: string;
  /** `null`: not answered, or not yet. */
  readonly status: number | null;
  readonly durationMs: number | null;
  /** The kind of trouble that it met. */
  readonly trouble?: string;
  /** The first call with this method, address and body. */
  readonly repeatOf?: number;
  /** How many entries its Bundle has. */
  readonly entries?: number;
  /** `Type/id/_history/version` of each version that it made. */
  readonly wrote: readonly string[];
}

export interface CallCount {
  readonly calls: number;
  readonly repeats: number;
  /** By method and path, with `{id}` for ids. */
  readonly byPath: Readonly<Record<string, number>>;
  /** Communications that were made. */
  readonly messages: number;
  /** `null` as long as there is no message. */
  readonly callsPerMessage: number | null;
}

type Open = { -readonly [Key in keyof CallRecord]: CallRecord[Key] };

/** Every FHIR call since the start or since it was emptied. */
export class Ledger {
  #calls: Open[] = [];
  #firsts = new Map<string, number>();

  /** Notes that a call came in. What is left open is filled in by the caller. */
  begin(call: {
    readonly method: string;
    readonly path: string;
    readonly content: string;
    readonly entries?: number;
  }): Open {
    const { method, path, content, entries } = call;
    const number = this.#calls.length + 1;
    const key = createHash('sha256').update(`${method} ${content}`).digest('base64');
    const first = this.#firsts.get(key);
    if (first === undefined) this.#firsts.set(key, number);
    const record: Open = {
      number,
      method,
      path,
      status: null,
      durationMs: null,
      wrote: [],
      ...(first === undefined ? {} : { repeatOf: first }),
      ...(entries === undefined ? {} : { entries }),
    };
    this.#calls.push(record);
    return record;
  }

  calls(): CallRecord[] {
    return this.#calls.map((one) => ({ ...one }));
  }

  count(): CallCount {
    const byPath: Record<string, number> = {};
    for (const { method, path } of this.#calls) {
      const name = `${method} ${withoutIds(path)}`;
      byPath[name] = (byPath[name] ?? 0) + 1;
    }
    const calls = this.#calls.length;
    const made = this.#calls.flatMap(({ wrote }) => wrote.filter((one) => one.startsWith('Communication/')));
    const messages = new Set(made.map((one) => one.split('/')[1])).size;
    const repeats = this.#calls.filter(({ repeatOf }) => repeatOf !== undefined).length;
    return { calls, repeats, byPath, messages, callsPerMessage: messages === 0 ? null : calls / messages };
  }

  empty(): void {
    this.#calls = [];
    this.#firsts = new Map();
  }
}

function withoutIds(path: string): string {
  return path.replace(/^(\/[A-Z][A-Za-z]+)\/(?!_)[^/?]+/, '$1/{id}').replace(/(\/_history)\/[^/?]+/, '$1/{version}');
}
