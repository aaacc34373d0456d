import type { Channel } from '../../src/policy/channel.ts';
import type { BlockReason, WarningCode } from '../../src/policy/codes.ts';

/** What the documents say about one story. */
export type Verdict =
  | { readonly kind: 'cannot-tell' }
  /** Each reason has to be given, in any of the codes that the documents let it have; `also` may be given beside them. */
  | { readonly kind: 'may-not-go'; readonly because: readonly Because[]; readonly also: ReadonlySet<BlockReason> }
  | { readonly kind: 'must-wait'; readonly until: readonly BlockReason[] }
  | { readonly kind: 'may-go'; readonly way: Way; readonly warned: Warned | undefined };

export interface Because {
  readonly anyOf: readonly BlockReason[];
  /** What happened, for whoever reads a disagreement. */
  readonly story: string;
}

export const because = (story: string, ...anyOf: readonly BlockReason[]): Because => ({ story, anyOf });

/** A way in which the message may reach somebody. */
export interface Way {
  readonly channel: Channel;
  readonly kind: 'full' | 'nudge';
  /** Contact points that are equally good. */
  readonly to: readonly string[];
}

/** Whether each warning belongs to it; one that is not named may be there or not. None at all: an emergency lifts them. */
export type Warned = Readonly<Partial<Record<WarningCode, boolean>>>;
