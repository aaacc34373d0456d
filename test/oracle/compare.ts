import type { BlockReason } from '../../src/policy/codes.ts';
import type { Decision, Warning } from '../../src/policy/decision.ts';
import type { Verdict, Warned } from './verdict.ts';

/** Why a decision is not the one that these verdicts, any of them, ask for; `undefined` where it is. */
export function disagreement(verdicts: readonly Verdict[], decision: Decision): string | undefined {
  const all = verdicts.map((one) => differs(one, decision));
  return all.includes(undefined) ? undefined : [...new Set(all)].join(' | ');
}

function differs(verdict: Verdict, decision: Decision): string | undefined {
  switch (verdict.kind) {
    case 'cannot-tell':
      return decision.kind === 'unknown' ? undefined : `cannot be decided, but ${decision.kind}`;
    case 'may-go': {
      if (decision.kind !== 'send') return `may go by ${verdict.way.channel}, but ${told(decision)}`;
      const { channel, to, text } = decision.delivery;
      const { way } = verdict;
      if (channel !== way.channel) return `goes best by ${way.channel}, but went by ${channel}`;
      if (!way.to.includes(to)) return `goes best to ${way.to.join(' or ')}, but went to ${to}`;
      if (!text.startsWith(way.kind)) return `takes ${way.kind} words by ${channel}, but took others`;
      return wrongWarning(verdict.warned, decision.warnings);
    }
    case 'must-wait':
      if (decision.kind !== 'hold') return `must wait (${verdict.until.join(', ')}), but ${told(decision)}`;
      return difference(
        codesOf(decision),
        verdict.until.map((one) => [one]),
        new Set(),
      );
    case 'may-not-go': {
      const why = verdict.because.map(({ story }) => story).join('; ');
      if (decision.kind !== 'refuse') return `may not go (${why}), but ${told(decision)}`;
      return difference(
        codesOf(decision),
        verdict.because.map(({ anyOf }) => anyOf),
        verdict.also,
      );
    }
  }
}

function wrongWarning(warned: Warned | undefined, given: readonly Warning[]): string | undefined {
  const wrong = Object.entries(warned ?? {}).filter(
    ([code, belongs]) => given.some((one) => one.code === code) !== belongs,
  );
  return wrong.length === 0
    ? undefined
    : wrong.map(([code, belongs]) => `${belongs ? 'is not' : 'is'} warned of ${code}`).join(', ');
}

function difference(
  given: readonly BlockReason[],
  wanted: readonly (readonly BlockReason[])[],
  also: ReadonlySet<BlockReason>,
): string | undefined {
  const missing = wanted.filter((anyOf) => !anyOf.some((one) => given.includes(one)));
  const extra = given.filter((one) => !also.has(one) && !wanted.some((anyOf) => anyOf.includes(one)));
  if (missing.length === 0 && extra.length === 0) return undefined;
  return `is not told ${missing.map((anyOf) => anyOf.join('/')).join(', ')}; is told ${[...new Set(extra)].join(', ')}`;
}

const codesOf = (decision: Decision): BlockReason[] =>
  decision.kind === 'refuse' || decision.kind === 'hold' ? decision.reasons.map(({ code }) => code) : [];

function told(decision: Decision): string {
  return decision.kind === 'send'
    ? `sent by ${decision.delivery.channel}`
    : `${decision.kind} (${codesOf(decision).join(', ')})`;
}
