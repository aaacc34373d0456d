import type { ExtractResource, ResourceType } from '@medplum/fhirtypes';
import type { FhirStore, SearchPage, SearchParams, Stored } from '../fhir-store.ts';
import type { ReadAhead, Recall } from '../read-ahead.ts';
import { nameOf } from './journal.ts';

/** Resources and answers that are kept in mind. Beyond them the oldest are forgotten. */
const MOST = 6_000;

/** Runs on expected answers. Work that still asks something new is then run as it goes. */
const MOST_RUNS = 8;

/** What was last seen of the store. It shapes questions, and answers none. */
export class Hints {
  readonly #seen = new Map<string, readonly Stored[]>();
  readonly #written = new Map<string, Stored>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** What a question was answered with. */
  note(question: string, answer: readonly Stored[]): void {
    this.#seen.delete(question);
    if (answer.length > 0) put(this.#seen, question, answer, this.#most);
  }

  of(question: string): readonly Stored[] {
    return this.#seen.get(question) ?? [];
  }

  /** Written from here; what was written last stands. */
  wrote(resources: readonly Stored[]): void {
    for (const one of resources) {
      if (one.resourceType !== 'CommunicationRequest' && one.resourceType !== 'Communication') continue;
      this.#written.delete(nameOf(one));
      put(this.#written, nameOf(one), one, this.#most);
    }
  }

  /** What is there may be something else now. */
  forget(resources: readonly { readonly resourceType: string; readonly id: string }[]): void {
    for (const { resourceType, id } of resources) this.#written.delete(`${resourceType}/${id}`);
  }

  written(type: string, id: string): Stored | undefined {
    return this.#written.get(`${type}/${id}`);
  }
}

function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}

export function recallFrom(hints: Hints): Recall {
  return <T extends ResourceType>(type: T, id: string) =>
    hints.written(type, id) as Stored<ExtractResource<T>> | undefined;
}

/** One question of a run. */
interface Question {
  readonly ask: () => Promise<unknown>;
  /** What the last answer was, or what is known besides. */
  readonly guess: () => unknown;
  readonly learn: (answer: unknown) => void;
}

/**
 * Finds out what work asks by running it on guesses, asks it all at once, and runs it again, until a run has had nothing
 * but answers. A guess that was wrong costs a question that nobody needed, or one more turn; it never reaches a result.
 */
export function createReadAhead(store: FhirStore, hints: Hints): ReadAhead {
  const views = new WeakSet<FhirStore>();
  return async (work, { view: base = store, expected = [] } = {}) => {
    // Within work that is read ahead already.
    if (views.has(base)) return work(base);
    const answers = new Map<string, Promise<unknown>>();
    for (let runs = 0; ; runs += 1) {
      const open = new Map<string, Question>();
      const view = viewOf(base, hints, expected, (key, question) => {
        const answer = answers.get(key);
        if (answer !== undefined) return answer;
        if (runs >= MOST_RUNS) return answered(answers, key, question);
        open.set(key, question);
        return Promise.resolve(question.guess());
      });
      views.add(view);
      const run = await outcomeOf(work(view));
      if (open.size === 0) return run.get();
      for (const [key, question] of open) void answered(answers, key, question);
      await Promise.allSettled(answers.values());
    }
  };
}

/** Asks, once for all that ask the same. */
function answered(answers: Map<string, Promise<unknown>>, key: string, { ask, learn }: Question): Promise<unknown> {
  const answer = ask();
  answers.set(key, answer);
  answer.then(learn, () => {});
  return answer;
}

async function outcomeOf<T>(running: Promise<T>): Promise<{ readonly get: () => T }> {
  try {
    const value = await running;
    return { get: () => value };
  } catch (error) {
    return {
      get() {
        throw error;
      },
    };
  }
}

/** A store whose questions go through `through`. It cannot be written to. */
function viewOf(
  base: FhirStore,
  hints: Hints,
  expected: readonly Stored[],
  through: (key: string, question: Question) => Promise<unknown>,
): FhirStore {
  const lastSeen = (name: string): Stored | undefined =>
    hints.of(name)[0] ?? hints.written(...split(name)) ?? expected.find((one) => nameOf(one) === name);
  return {
    read<T extends ResourceType>(type: T, id: string) {
      const name = `${type}/${id}`;
      return through(name, {
        ask: () => base.read(type, id),
        guess: () => lastSeen(name),
        learn: (found) => hints.note(name, found === undefined ? [] : [found as Stored]),
      }) as Promise<Stored<ExtractResource<T>> | undefined>;
    },
    search<T extends ResourceType>(type: T, params: SearchParams, cursor?: string) {
      const key = JSON.stringify([type, params, cursor]);
      return through(key, {
        ask: () => base.search(type, params, cursor),
        guess: () => ({ matches: cursor === undefined ? hints.of(key) : [], included: [] }),
        learn: (page) => {
          const { matches } = page as SearchPage;
          if (cursor === undefined) hints.note(key, matches);
          for (const one of matches) hints.note(nameOf(one), [one]);
        },
      }) as Promise<SearchPage<ExtractResource<T>>>;
    },
    vread: (type, id, versionId) => base.vread(type, id, versionId),
    history: (type, options) => base.history(type, options),
    commit: () => Promise.reject(readingAlone()),
    redact: () => Promise.reject(readingAlone()),
    ping: () => base.ping(),
  };
}

const readingAlone = (): Error => new Error('Work that is read ahead must not write');

function split(name: string): [type: string, id: string] {
  const at = name.indexOf('/');
  return [name.slice(0, at), name.slice(at + 1)];
}
