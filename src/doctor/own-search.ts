import { ABSENT, type Pairs } from './examined.ts';

/** A search that Herald itself asks of the store, whoever calls or nobody. */
export interface OwnSearch {
  readonly id: string;
  readonly type: string;
  /** As it is asked, with at least one value that nothing has: no record of anybody comes back. */
  readonly pairs: Pairs;
  readonly what: string;
  readonly why: string;
  readonly cost: string;
}

/** Whom no search is about. */
export const nobody = `Patient/${ABSENT}`;

/** A value that nothing has. */
export const NONE = 'herald-doctor-none';

/** What the searches have in common without which nothing is ever sent. */
export const nothingIsSent = 'A fact stays unknown, so that nothing is sent: every request is answered 503.';
