import { type Choice, ceilingOf, considered, textFor } from './choose.ts';
import { isEmergency, isLifted } from './emergency.ts';
import type { KnownFacts } from './facts.ts';
import { confidentialities } from './message-facts.ts';
import { type AppliedOverride, appliedOverrides, failedChannel } from './overrides.ts';
import type { Close, Finding, Forbidden } from './rules/rule.ts';

export type Found = Finding & { readonly rule: string };

/** What stands against a message, and what somebody's decision or an emergency has set aside of it. */
export interface Sorted {
  readonly standing: readonly Found[];
  readonly lifted: readonly Found[];
  readonly overrides: readonly AppliedOverride[];
  /**
   * Closes the way whose failure is the ground of a decision that counts, as long as another is left: where that
   * decision opens none, the message goes as it would without it (PRF-2).
   */
  readonly failed?: Close & { readonly rule: string };
}

/** Sorts what the rules found by whether something lifts it (contract 8). */
export function sorted(facts: KnownFacts, found: readonly Found[]): Sorted {
  const { emergency } = facts.request;
  if (emergency !== undefined && isEmergency(facts)) {
    const lifts = (one: Found): boolean => isLifted(one, facts, emergency);
    return { standing: found.filter((one) => !lifts(one)), lifted: found.filter(lifts), overrides: [] };
  }
  const forbidden = found.filter(isForbidden);
  const overrides = appliedOverrides(facts, forbidden);
  if (overrides.length === 0) return { standing: found, lifted: [], overrides };
  const lifts = (one: Found): boolean =>
    isForbidden(one) && overrides.some(({ objection }) => objection === one.objection);
  const standing = found.filter((one) => !lifts(one));
  const failed = failedChannel(facts, overrides, forbidden);
  return {
    standing,
    lifted: found.filter(lifts),
    overrides,
    ...(failed === undefined ? {} : { failed: { ...didNotArrive, channel: failed } }),
  };
}

const didNotArrive = {
  effect: 'close',
  code: 'undeliverable',
  clause: 'PRF-2',
  rule: 'overrides-hold',
  text: 'The last message that went this way did not arrive, which is why the objection to another is overridden.',
} as const satisfies Omit<Found, 'channel'>;

/**
 * The decisions to override on which a message rests that goes this way: those without which it would not. The others
 * count as well, and set nothing aside.
 */
export function usedFor(
  choice: Choice | undefined,
  { lifted, overrides }: Pick<Sorted, 'lifted' | 'overrides'>,
): readonly AppliedOverride[] {
  if (choice === undefined) return overrides;
  const concerned = lifted.filter(isForbidden).filter((one) => concerns(one, choice));
  return overrides.filter(({ objection }) => concerned.some((one) => one.objection === objection));
}

const concerns = (one: Found, { channel }: Choice): boolean => one.effect !== 'close' || one.channel === channel;

/** What of the lifted findings would have kept the chosen message from going: it is recorded with it. */
export function setAsideFor(facts: KnownFacts, choice: Choice, lifted: readonly Found[]): Found[] {
  const concerned = lifted.filter((one) => concerns(one, choice));
  if (!isEmergency(facts) || concerned.some((one) => 'code' in one && one.code === 'too-confidential'))
    return concerned;
  return exceedsCeiling(facts, choice) ? [...concerned, tooConfidential] : concerned;
}

export const isForbidden = (one: Found): one is Found & Forbidden =>
  (one.effect === 'refuse' || one.effect === 'close') && one.objection !== undefined;

/** A channel that is closed has no ceiling of its own; the least is taken. */
function exceedsCeiling(facts: KnownFacts, { channel, text }: Choice): boolean {
  if (facts.messageType.kind !== 'found' || !considered(facts).includes(channel)) return false;
  if (textFor(facts, channel)?.kind === text.kind || text.kind === 'nudge') return false;
  const ceiling = ceilingOf(facts, channel) ?? 'N';
  return confidentialities.indexOf(facts.messageType.type.confidentiality) > confidentialities.indexOf(ceiling);
}

const tooConfidential: Found = {
  effect: 'refuse',
  code: 'too-confidential',
  clause: 'MIN-1',
  rule: 'words-within-ceiling',
  text: 'What this message says is more confidential than this way may carry.',
};
