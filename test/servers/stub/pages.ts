import { randomUUID } from 'node:crypto';
import type { ResourceType } from '@medplum/fhirtypes';
import type { Params } from './call.ts';

/** What a page link goes on with. */
export type Page =
  | { readonly kind: 'search'; readonly type: ResourceType; readonly params: Params; readonly cursor: string }
  | {
      readonly kind: 'history';
      readonly type: ResourceType;
      readonly id: string | undefined;
      readonly since: string | undefined;
      readonly count: number;
      readonly cursor: string;
    };

const MOST_HELD = 10_000;

/** The open pages. A restarted server knows none of them, as real ones. */
export class Pages {
  readonly #held = new Map<string, Page>();

  /** Answers the token by which the page can be asked for. */
  hold(page: Page): string {
    const [oldest] = this.#held.keys();
    if (this.#held.size >= MOST_HELD && oldest !== undefined) this.#held.delete(oldest);
    const token = randomUUID();
    this.#held.set(token, page);
    return token;
  }

  get(token: string): Page | undefined {
    return this.#held.get(token);
  }
}
