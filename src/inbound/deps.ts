import type { ObjectionDeps } from '../objections/deps.ts';
import type { OutcomeDeps } from '../send/outcome.ts';
import type { AcceptDeps } from '../send/plan.ts';
import type { Requests } from '../send/requests.ts';
import type { ReadMeaning } from './meaning.ts';

/** What received texts are worked on with. */
export interface InboundDeps extends ObjectionDeps {
  readonly commitUnit: OutcomeDeps['commitUnit'];
  readonly gather: AcceptDeps['gather'];
  readonly requests: Pick<Requests, 'submit'>;
  readonly meaningOf: ReadMeaning;
}
