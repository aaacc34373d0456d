import { describe, expect, it } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { insulin, number, readTwice, saying, tellingResults } from './wording-rows.ts';
import { clearance, contact, endpoint, known, messageType, mobile, reachedBy, request, text, world } from './world.ts';

type Change = Partial<PolicyFacts>;
const because = { request: request({ necessity: 'She asked for the name by text.' }) };
const routine = { request: request({ resultsStatement: 'routine' }) };

describe('confidential words (MIN-4)', () => {
  it('close open channels only: the letter goes', () => {
    const found = [insulin];
    const change: Change = {
      messageType: known(
        messageType({}, [text('sms', { found }), text('email', { found }), text('letter', { found })]),
      ),
      providerChannels: ['sms', 'email', 'letter'],
      ...reachedBy({ contacts: [mobile, contact('letter', 'x')], preferred: ['sms'] }),
    };
    const decision = sent(change);
    expect([decision.delivery.channel, decision.preferencePassedOver]).toEqual([
      'letter',
      'The person prefers text; this message goes by letter, because its words are too confidential for that way.',
    ]);
  });

  it('a channel that a trust allows no more than N is open, whatever it is', () => {
    const change: Change = {
      messageType: known(messageType({}, [text('letter', { found: [insulin] })])),
      providerChannels: ['letter'],
      ...reachedBy({ contacts: [contact('letter', 'x')] }),
      endpoints: known([endpoint('letter', { ceiling: 'N' })]),
    };
    expect(reasons(decide(world(change))).map((one) => one.code)).toEqual(['confidential-content']);
  });

  it('the sentence names the words, and never a number or a date', () => {
    const [first] = reasons(decide(world({ ...saying(number, insulin), request: request({ medium: ['sms'] }) })));
    expect(first?.text).toContain('the message has an NHS number, words about a medicine ("insulin").');
  });

  it('are the first reason given, before what is amiss with the ways that are left', () => {
    const found = [insulin];
    const texts = [text('sms', { found }), text('email', { found }), text('letter', { found })];
    const decision = decide(world({ messageType: known(messageType({}, texts)) }));
    expect(reasons(decision).map((one) => one.code)).toEqual([
      ...['confidential-content', 'confidential-content'],
      'channel-not-approved',
    ]);
  });

  it('go where the request says why, and the reason is a warning', () => {
    expect(sent({ ...saying(insulin), ...because }).warnings).toEqual([
      {
        code: 'necessity',
        clause: 'MIN-4',
        text: 'By text, which others may see, this message has words about a medicine ("insulin"). The reason given: She asked for the name by text.',
      },
    ]);
  });

  it('a reason where nothing needs one is no warning', () => {
    expect(sent(because).warnings).toEqual([]);
  });

  it('necessity lifts neither the ceiling nor the wording', () => {
    const above = known(messageType({ confidentiality: 'R' }, [text('sms', { found: [insulin] })]));
    const shouted = saying({ of: 'shouting', words: 'URGENT' });
    expect(reasons(decide(world({ ...because, messageType: above }))).map((one) => one.code)).toEqual([
      'too-confidential',
    ]);
    expect(reasons(decide(world({ ...because, ...shouted }))).map((one) => one.code)).toEqual(['wording']);
  });

  it('MIN-3: what is found in the full text does not keep the nudge back', () => {
    const texts = [text('sms', { found: [insulin] }), text('sms', { kind: 'nudge' })];
    expect(sent({ messageType: known(messageType({ confidentiality: 'R' }, texts)) }).delivery.text).toBe(
      'nudge words by sms',
    );
  });
});

describe('results (MIN-5)', () => {
  it('go where both statements are true', () => {
    expect(decide(world({ ...tellingResults, ...routine })).kind).toBe('send');
  });
});

describe('how it is put (SUS-1, SUS-2)', () => {
  it('only the words that would go are judged', () => {
    const shouted = text('email', { found: [{ of: 'shouting', words: 'URGENT' }] });
    expect(decide(world({ messageType: known(messageType({}, [text('sms'), shouted])) })).kind).toBe('send');
  });

  it("a strange link in the caller's own words is told once", () => {
    const change = saying({ of: 'link', words: 'bit.ly' });
    const found = change.messageType;
    if (!found?.known || found.value.kind !== 'found') throw new Error('no type');
    const content = { ...found.value.content, strangeLink: true };
    const decision = decide(world({ messageType: known({ ...found.value, content }) }));
    expect(reasons(decision).map((one) => one.rule)).toEqual(['links-approved']);
  });
});

describe('a second reader (MIN-6)', () => {
  it('reads free text of the types that the organisation lists', () => {
    expect(decide(world(readTwice()))).toMatchObject({
      kind: 'hold',
      reasons: [{ code: 'second-reader', clause: 'MIN-6', rule: 'second-reader' }],
      tasks: [{ code: 'second-reader', clause: 'MIN-6', performerType: 'clinic' }],
    });
  });

  it.each<[string, Change, Decision['kind']]>([
    ['agreed', { clearances: known([clearance({ code: 'second-reader' })]) }, 'send'],
    ['refused', { clearances: known([clearance({ code: 'second-reader', agreed: false })]) }, 'hold'],
    ['answered another question', { clearances: known([clearance({ code: 'restricted-record' })]) }, 'hold'],
    ['not listed', { policy: world().policy }, 'send'],
    ['fixed words', readTwice('none'), 'send'],
  ])('%s: %s', (_what, change, kind) => {
    expect(decide(world({ ...readTwice(), ...change })).kind).toBe(kind);
  });
});

function reasons(decision: Decision) {
  return decision.kind === 'refuse' || decision.kind === 'hold' ? decision.reasons : [];
}

function sent(change: Change): Extract<Decision, { kind: 'send' }> {
  const decision = decide(world(change));
  if (decision.kind !== 'send') throw new Error(`not sent: ${JSON.stringify(decision)}`);
  return decision;
}
