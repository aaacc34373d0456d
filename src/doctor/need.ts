import type { Examined } from './examined.ts';
import type { RemedyTopic } from './remedies.ts';

/**
 * One thing that Herald needs of the store behind it, or is better off with: a row of the table in `needs.ts`.
 * `needed`: without it Herald cannot keep what it promises. `degrades`: something smaller falls away, or goes more
 * slowly; `cost` says what.
 */
export interface Need {
  /** Stable: scripts may look for it. */
  readonly id: string;
  /** What it is printed under. */
  readonly group: string;
  readonly what: string;
  /** Section of the contract, or clause of the guidance. */
  readonly why: string;
  readonly cost: string;
  readonly severity: 'needed' | 'degrades';
  readonly remedy: RemedyTopic;
}

/** What an examination saw of a need. */
export interface Seen {
  /**
   * `works`: it was tried. `claimed`: the server says so, or took it without a sign that it looked. `unproven`: only a
   * write could show it.
   */
  readonly verdict: 'works' | 'claimed' | 'unproven' | 'missing';
  readonly seen: string;
}

export interface Trial extends Need {
  /** Changes nothing on the server. Errors: Unreachable. */
  attempt(server: Examined): Promise<Seen>;
}

export type Finding = Need & Seen;

/** The clauses of the guidance that a need serves, for people. */
export function clausesOf({ why }: Pick<Need, 'why'>): string {
  return why
    .split(', ')
    .filter((one) => !one.startsWith('contract'))
    .join(', ');
}

export const works = (seen: string): Seen => ({ verdict: 'works', seen });
export const claimed = (seen: string): Seen => ({ verdict: 'claimed', seen });
export const unproven = (seen: string): Seen => ({ verdict: 'unproven', seen });
export const missing = (seen: string): Seen => ({ verdict: 'missing', seen });
