import type { Channel } from '../channel.ts';
import type { Choice } from '../choose.ts';
import type { ClauseId } from '../clauses.ts';
import type { BlockReason, TaskCode, WarningCode } from '../codes.ts';
import type { KnownFacts } from '../facts.ts';

/**
 * One row of the rules. Every row is asked, in no order that matters, and all that they find is reported. A row never
 * throws, never reads a clock and never remembers.
 */
export type Rule = RuleName &
  (
    | { readonly on: 'facts'; readonly judge: (facts: KnownFacts) => readonly Finding[] }
    /** Asked of what objections forbid and nothing lifts. */
    | {
        readonly on: 'objections';
        readonly judge: (facts: KnownFacts, forbidden: readonly Forbidden[]) => readonly Finding[];
      }
    /** Asked once it is clear which words would go by which channel; not asked where none is left. */
    | { readonly on: 'choice'; readonly judge: (facts: KnownFacts, choice: Choice) => readonly Finding[] }
  );

interface RuleName {
  /** Stable: it is kept on every record that the rule allowed. */
  readonly id: string;
  /** The clauses that the rule carries out. */
  readonly clauses: readonly [ClauseId, ...ClauseId[]];
}

export type Finding = Refuse | Hold | Close | Warn;

export interface Refuse {
  readonly effect: 'refuse';
  readonly code: BlockReason;
  readonly clause: ClauseId;
  readonly text: string;
  readonly expression?: string;
  /** `Consent/id` of the objection that forbids it. */
  readonly objection?: string;
}

/** What an objection forbids. */
export type Forbidden = (Refuse | Close) & { readonly objection: string };

/** A person must act first. */
export interface Hold {
  readonly effect: 'hold';
  readonly code: BlockReason;
  readonly clause: ClauseId;
  readonly text: string;
  readonly task: { readonly code: TaskCode; readonly text: string; readonly performerType?: string };
}

/** This channel is not to be used; the message is refused only when none is left. */
export interface Close {
  readonly effect: 'close';
  readonly channel: Channel;
  readonly code: BlockReason;
  readonly clause: ClauseId;
  readonly text: string;
  /** `Consent/id` of the objection that forbids it. */
  readonly objection?: string;
}

export interface Warn {
  readonly effect: 'warn';
  readonly code: WarningCode;
  readonly clause: ClauseId;
  readonly text: string;
}
