import type { ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../../../src/clock.ts';
import type { SearchPage } from '../../../src/store/fhir-store.ts';
import type { Params } from './call.ts';

/** First pages of searches, kept for equal searches that follow soon. */
export class SearchCache {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #kept = new Map<string, { readonly page: SearchPage; readonly until: number }>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  get(type: ResourceType, params: Params): SearchPage | undefined {
    const found = this.#kept.get(keyOf(type, params));
    return found && found.until > this.#clock.now().getTime() ? found.page : undefined;
  }

  keep(type: ResourceType, params: Params, page: SearchPage): void {
    if (this.#ms === 0) return;
    this.#kept.set(keyOf(type, params), { page, until: this.#clock.now().getTime() + this.#ms });
  }
}

function keyOf(type: ResourceType, params: Params): string {
  return JSON.stringify([type, params]);
}
