import { missingParts } from '../emergency.ts';
import type { Rule } from './rule.ts';

/** What an emergency lifts is in `emergency.ts`: here is what it takes to be one. */
export const emergencyRules: readonly Rule[] = [
  {
    id: 'emergency-complete',
    clauses: ['EMG-1'],
    on: 'facts',
    judge: (facts) =>
      missingParts(facts).map(({ text, expression }) => ({
        effect: 'refuse',
        code: 'emergency-incomplete',
        clause: 'EMG-1',
        text,
        expression,
      })),
  },
];
