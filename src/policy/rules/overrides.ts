import { failedOverrides } from '../overrides.ts';
import type { Finding, Rule } from './rule.ts';

/**
 * Says why a decision to send despite an objection does not count. It stands beside the objection: whatever else lets the
 * message go, a decision that was not needed refuses nothing.
 */
export const overrideRules: readonly Rule[] = [
  {
    id: 'overrides-hold',
    clauses: ['OBJ-6', 'OBJ-7', 'OBJ-8'],
    on: 'objections',
    judge: (facts, forbidden) =>
      forbidden.flatMap(({ objection, expression: _expression, ...finding }: Stated): Finding[] =>
        failedOverrides(facts, objection, forbidden).flatMap(({ override, faults }) =>
          faults.map(({ clause, text }) => ({
            ...finding,
            code: 'override-invalid',
            clause,
            text: `The decision to override the objection, ${override.reference}, does not count. ${text} ${clause === 'OBJ-8' ? 'Reach the person in a way they accept.' : 'Reach the person in a way they accept, or have it decided anew.'}`,
          })),
        ),
      ),
  },
];

type Stated = Parameters<Extract<Rule, { on: 'objections' }>['judge']>[1][number] & { readonly expression?: string };
