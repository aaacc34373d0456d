import type { Clearance, KnownFacts } from './facts.ts';
import type { StaffRole } from './policy.ts';

/**
 * Whether a person who was asked before this request might go has agreed, and nobody has refused. `role`: only their
 * answer counts, because the question was theirs to answer.
 */
export function isCleared({ clearances }: KnownFacts, code: Clearance['code'], role?: StaffRole): boolean {
  const answers = clearances.filter((one) => one.code === code);
  const counting = answers.filter((one) => role === undefined || one.roles.includes(role));
  return counting.some((one) => one.agreed) && answers.every((one) => one.agreed);
}
