import { type Choice, choose, chooseInEmergency, considered, preferenceOf } from './choose.ts';
import type { BlockReason } from './codes.ts';
import type { Decision, Reason, TaskNeeded, Warning } from './decision.ts';
import { isEmergency } from './emergency.ts';
import { addressee, allKnown, type KnownFacts, type PolicyFacts } from './facts.ts';
import { proxyRecipient, reliedOn } from './proxy.ts';
import { allRules } from './rules/all.ts';
import type { Close, Rule } from './rules/rule.ts';
import { type Found, isForbidden, setAsideFor, sorted, usedFor } from './set-aside.ts';

/** What is to be done with a request, on these facts. Pure, total, and the same in whatever order things are listed. */
export const decide: (facts: PolicyFacts) => Decision = decideBy(allRules);

/**
 * The decision by a set of rules. All are asked and all that apply are reported; refuse beats hold beats send.
 *
 * Any fact that could not be read makes the decision `unknown`, even where a known one would refuse: the answer is then
 * the same whichever read failed, and a refusal could not be put on record in any case while the store is silent.
 */
export function decideBy(rules: readonly Rule[]): (facts: PolicyFacts) => Decision {
  const ids = rules.map((one) => one.id).sort();
  return (facts) => {
    const read = allKnown(facts);
    if (!read.known) return { kind: 'unknown', causes: read.causes };
    return combine(rules, ids, read.facts);
  };
}

function combine(rules: readonly Rule[], ids: readonly string[], facts: KnownFacts): Decision {
  const judged = rules.flatMap((rule): Found[] =>
    rule.on === 'facts' ? rule.judge(facts).map((one) => ({ ...one, rule: rule.id })) : [],
  );
  const first = sorted(facts, judged);
  const found = [...first.standing];
  const lifted = [...first.lifted];
  const forbidden = found.filter(isForbidden);
  for (const rule of rules) {
    if (rule.on === 'objections') for (const one of rule.judge(facts, forbidden)) found.push({ ...one, rule: rule.id });
  }
  const emergency = isEmergency(facts);
  const closed = found.filter((one): one is Close & { rule: string } => one.effect === 'close');
  const opened = first.failed === undefined ? undefined : choose(facts, [...closed, first.failed]);
  const choice = opened ?? (emergency ? chooseInEmergency(facts, closed) : choose(facts, closed));
  if (choice !== undefined) {
    const ofChoice = rules.flatMap((rule): Found[] =>
      rule.on === 'choice' ? rule.judge(facts, choice).map((one) => ({ ...one, rule: rule.id })) : [],
    );
    const more = sorted(facts, ofChoice);
    found.push(...more.standing);
    lifted.push(...more.lifted);
  }

  const warnings = warningsOf(found);
  const refusals = [...reasonsOf(found, 'refuse'), ...noChannelLeft(facts, closed)];
  if (refusals.length > 0) return { kind: 'refuse', reasons: inOrder(refusals), warnings };
  const holds = reasonsOf(found, 'hold');
  const used = usedFor(choice, first);
  const spare = first.overrides.filter((one) => !used.includes(one)).map(({ task }) => task);
  const decided = {
    ...(used.length === 0 ? {} : { overrides: used }),
    ...(spare.length === 0 ? {} : { spareOverrides: spare }),
  };
  if (holds.length > 0) return { kind: 'hold', reasons: inOrder(holds), tasks: tasksOf(found), warnings, ...decided };
  const sent = choice === undefined ? undefined : delivery(facts, choice);
  // Not reached while the rules are whole: without a way to send, one of them has said why. If none did, nothing goes.
  if (choice === undefined || sent === undefined)
    return { kind: 'unknown', causes: ['no rule says why nothing can be sent'] };
  const preference = preferenceOf(facts, choice);
  const setAside = inOrder(reasonsFrom(setAsideFor(facts, choice, lifted)));
  return {
    kind: 'send',
    delivery: sent,
    warnings,
    rules: ids,
    ...(preference === undefined || preference.met ? {} : { preferencePassedOver: preference.text }),
    ...(setAside.length === 0 ? {} : { setAside }),
    ...decided,
    ...(emergency ? { emergency } : {}),
  };
}

/** Every finding that would have kept a message from going, as a reason. */
function reasonsFrom(found: readonly Found[]): Reason[] {
  return found.flatMap((one) => {
    if (one.effect === 'warn') return [];
    const { code, clause, rule, text } = one;
    return [{ code, clause, rule, text }];
  });
}

function delivery(facts: KnownFacts, { channel, contact, to, text }: Choice) {
  const person = addressee(facts);
  if (person === undefined || facts.messageType.kind !== 'found') return undefined;
  const authority = reliedOn(facts, channel).map((one) => one.reference);
  if (proxyRecipient(facts) !== undefined && authority.length === 0) return undefined;
  return {
    recipient: { reference: person.reference },
    channel,
    contactPoint: contact.contactPoint,
    to,
    text: text.text,
    ...(text.subjectLine === undefined ? {} : { subjectLine: text.subjectLine }),
    ...(text.fragments === undefined ? {} : { fragments: text.fragments }),
    ...(text.template === undefined ? {} : { template: text.template }),
    ...(text.senderId === undefined ? {} : { senderId: text.senderId }),
    messageType: facts.messageType.type.canonical,
    ...(authority.length === 0 ? {} : { authority: [...new Set(authority)].sort(byText) }),
  };
}

/** Why each channel in question is closed; nothing as long as one is open. */
function noChannelLeft(facts: KnownFacts, closed: readonly (Close & { rule: string })[]): Reason[] {
  const inQuestion = considered(facts);
  const shut = closed.filter((one) => inQuestion.includes(one.channel));
  if (inQuestion.some((channel) => !shut.some((one) => one.channel === channel))) return [];
  return shut.map(({ code, clause, rule, text }) => ({ code, clause, rule, text }));
}

function reasonsOf(found: readonly Found[], effect: 'refuse' | 'hold'): Reason[] {
  return found.flatMap((one) => {
    if (one.effect !== effect || (one.effect !== 'refuse' && one.effect !== 'hold')) return [];
    const { code, clause, rule, text } = one;
    const expression = one.effect === 'refuse' ? one.expression : undefined;
    return [{ code, clause, rule, text, ...(expression === undefined ? {} : { expression }) }];
  });
}

function tasksOf(found: readonly Found[]): TaskNeeded[] {
  const tasks = found.flatMap((one) => (one.effect === 'hold' ? [{ ...one.task, clause: one.clause }] : []));
  return distinct(tasks).sort((a, b) => byText(a.code, b.code) || byText(a.text, b.text));
}

function warningsOf(found: readonly Found[]): Warning[] {
  const warnings = found.flatMap((one) =>
    one.effect === 'warn' ? [{ code: one.code, clause: one.clause, text: one.text }] : [],
  );
  return distinct(warnings).sort((a, b) => byText(a.code, b.code) || byText(a.text, b.text));
}

/** Severest first; what is alike in severity by its text, so that the order of rules never shows. */
function inOrder(reasons: readonly Reason[]): Reason[] {
  return distinct(reasons).sort(
    (a, b) =>
      severity[a.code] - severity[b.code] ||
      byText(a.clause, b.clause) ||
      byText(a.rule, b.rule) ||
      byText(a.text, b.text) ||
      byText(a.expression ?? '', b.expression ?? ''),
  );
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((one) => [JSON.stringify(one), one])).values()];
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Lowest is severest; the first reason is the one that the record's `statusReason` holds. Who it is about comes before
 * what it says, and what staff can mend with the person (an objection, a contact detail) before how channels are set up.
 */
const severity = {
  'out-of-scope': 1,
  'requester-missing': 2,
  'identity-mismatch': 3,
  'identity-unusable': 4,
  deceased: 5,
  'inactive-record': 6,
  'restricted-record': 7,
  'not-a-proxy': 8,
  'proxy-not-authorised': 9,
  'sensitive-proxy': 10,
  objection: 11,
  'override-invalid': 12,
  'emergency-incomplete': 13,
  'too-confidential': 14,
  'confidential-content': 15,
  'no-contact': 16,
  'channel-not-approved': 17,
  'channel-not-acceptable': 18,
  wording: 19,
  'results-not-routine': 20,
  expired: 21,
  'second-reader': 22,
  undeliverable: 23,
  'message-type-unknown': 24,
  'personalisation-incomplete': 25,
  'too-long': 26,
  'facts-unavailable': 27,
} as const satisfies Record<BlockReason, number>;
