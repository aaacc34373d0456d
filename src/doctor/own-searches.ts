import { nothingIsSent, type OwnSearch } from './own-search.ts';
import { historySearches } from './own-searches-history.ts';
import { objectionSearches } from './own-searches-objections.ts';
import { peopleSearches } from './own-searches-people.ts';
import { requestSearches } from './own-searches-requests.ts';
import { textSearches } from './own-searches-texts.ts';

/** Everything that Herald itself asks of the store; a test holds the list against the source. */
export const ownSearches: readonly OwnSearch[] = [
  ...peopleSearches,
  ...requestSearches,
  ...objectionSearches,
  ...historySearches,
  ...textSearches,
];

/** Those without which nothing is ever sent. */
export const essentialSearches: readonly OwnSearch[] = ownSearches.filter(({ cost }) => cost === nothingIsSent);
