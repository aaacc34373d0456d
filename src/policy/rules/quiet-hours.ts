import type { KnownFacts } from '../facts.ts';
import { londonTime, quietUntil } from '../quiet-hours.ts';
import type { Rule } from './rule.ts';

/** Hours in which nobody is disturbed by what can wait (contract 1). A message that waits is still one that is sent. */
export const quietHoursRules: readonly Rule[] = [
  {
    id: 'quiet-hours-kept',
    clauses: ['PRF-1'],
    on: 'choice',
    judge: (facts) => {
      const until = waitsUntil(facts);
      if (until === undefined) return [];
      const text = `It is due within the quiet hours, and can wait: it goes when they end, at ${londonTime(until)}. Ask for it as urgent if it cannot.`;
      return [{ effect: 'warn', code: 'quiet-hours', clause: 'PRF-1', text }];
    },
  },
];

/** Only what is routine waits; an emergency is `stat`. */
function waitsUntil(facts: KnownFacts): Date | undefined {
  const { now, request, policy } = facts;
  if (!request.mayWait) return undefined;
  const { occurrence } = request;
  return quietUntil(policy.quietHours, occurrence !== undefined && occurrence > now ? occurrence : now);
}
