/** The statuses of an attempt that Herald uses (contract 5); R4's event status has more. */
export const attemptStatuses = ['preparation', 'in-progress', 'completed', 'stopped', 'not-done', 'unknown'] as const;
export type AttemptStatus = (typeof attemptStatuses)[number];

/**
 * Where an attempt may go from where it is. Final states stay final: repeats and latecomers change nothing. The one
 * way back is a letter that the post returned, which is its own event and not a status word.
 */
const moves = {
  preparation: ['in-progress', 'completed', 'stopped', 'not-done', 'unknown'],
  'in-progress': ['completed', 'stopped', 'unknown'],
  completed: [],
  stopped: [],
  'not-done': [],
  unknown: [],
} as const satisfies Record<AttemptStatus, readonly AttemptStatus[]>;

/** May an attempt in `from` become `to`? */
export function mayMove(from: AttemptStatus, to: AttemptStatus): boolean {
  return (moves[from] as readonly AttemptStatus[]).includes(to);
}

/** Nothing more is expected of an attempt in this status. */
export function isFinal(status: AttemptStatus): boolean {
  return moves[status].length === 0;
}

/** The status as a resource states it, if it is one of ours. */
export function attemptStatus(status: string | undefined): AttemptStatus | undefined {
  return attemptStatuses.find((one) => one === status);
}
