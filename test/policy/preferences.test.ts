import { describe, expect, it } from 'vitest';
import { type Channel, channels } from '../../src/policy/channel.ts';
import { decide } from '../../src/policy/decide.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import type { NeedFact } from '../../src/policy/person-facts.ts';
import { languageName } from '../../src/policy/preferences.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import {
  contact,
  email,
  known,
  messageType,
  mobile,
  mothersMobile,
  objection,
  person,
  proxy,
  reachedBy,
  request,
  text,
  toProxy,
  world,
} from './world.ts';

type Change = Partial<PolicyFacts>;
const letterBox = contact('letter', '1 Example Row');
const allWays: Change = { providerChannels: ['sms', 'email', 'letter'] };
const reachable = [mobile, email, letterBox];
const need = (name: string, metBy: readonly Channel[], near: readonly Channel[] = []): NeedFact => ({
  name,
  metBy,
  near,
});
const byLetter = need('contact by letter', ['letter']);
const byEmail = need('contact by email', ['email', 'secure-email']);
const largePrint = need('large print', [], ['nhsapp', 'email', 'secure-email', 'sms']);
const easyRead = need('easy read', []);

const sent = (change: Change) => {
  const decision = decide(world({ ...allWays, ...change }));
  if (decision.kind !== 'send') throw new Error(JSON.stringify(decision));
  return decision;
};
const warned = (change: Change) => sent(change).warnings.map((one) => `${one.code} ${one.clause}`);
const needing = (...needs: NeedFact[]): Change => reachedBy({ contacts: reachable, needs });

const openAt = (ceiling: 'N' | 'R') => ({
  active: true,
  assured: true,
  ceiling,
  period: { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
});

const words = { held: 'here', text: 'words', subject: undefined } as const;

describe('which channel (contract 3.1)', () => {
  const ranked = [{ ...mobile, rank: 1 }, { ...email, rank: 2 }, letterBox];
  const typeRanks = known(
    messageType({}, [text('sms', { rank: 3 }), text('email', { rank: 2 }), text('letter', { rank: 1 })]),
  );
  it.each<[string, Change, Channel]>([
    [
      'PRF-6: a need before a preference',
      reachedBy({ contacts: ranked, needs: [byLetter], preferred: ['email'] }),
      'letter',
    ],
    ['PRF-6: a need before a rank', reachedBy({ contacts: ranked, needs: [byEmail] }), 'email'],
    ['PRF-6: the nearest where none meets it', needing(largePrint), 'sms'],
    [
      'PRF-6: the nearest before what is preferred',
      reachedBy({ contacts: reachable, needs: [largePrint], preferred: ['letter'] }),
      'sms',
    ],
    ['PRF-1: a preference before a rank', reachedBy({ contacts: ranked, preferred: ['letter'] }), 'letter'],
    ['PRF-1: the lowest rank across channels', reachedBy({ contacts: [mobile, { ...email, rank: 5 }] }), 'email'],
    ["contract 3.1: the type's own rank", { ...reachedBy({ contacts: reachable }), messageType: typeRanks }, 'letter'],
    ['CHN-3: the order of the organisation', reachedBy({ contacts: reachable }), 'sms'],
    [
      'CHN-3: which is configured',
      { ...reachedBy({ contacts: reachable }), policy: { ...defaultPolicy, channelOrder: ['letter', 'email', 'sms'] } },
      'letter',
    ],
    [
      'PRF-6: a need that an objection closes goes another way',
      { ...needing(byLetter), objections: known([objection({ channels: ['letter'] })]) },
      'sms',
    ],
    [
      'MIN-3: a nudge by the way that is needed before full words by another',
      {
        ...needing(byEmail),
        messageType: known(messageType({ confidentiality: 'R' }, [text('email', { kind: 'nudge' }), text('letter')])),
      },
      'email',
    ],
    [
      'MIN-2: a channel behind a log-in carries what is confidential before a nudge in the open',
      {
        ...reachedBy({ contacts: [...reachable, contact('secure-email', 'maya@example.org')] }),
        providerChannels: channels,
        endpoints: known([
          ...['sms', 'email'].map((one) => ({ ...openAt('N'), channel: one as Channel })),
          { ...openAt('R'), channel: 'secure-email' },
        ]),
        messageType: known(
          messageType({ confidentiality: 'R' }, [text('sms', { kind: 'nudge' }), text('secure-email')]),
        ),
      },
      'secure-email',
    ],
  ])('%s', (_demand, change, channel) => {
    expect(sent(change).delivery.channel).toBe(channel);
  });

  it('CHN-3: with nothing recorded the NHS App goes first, where it can be used', () => {
    const change: Change = {
      ...reachedBy({ contacts: [contact('nhsapp', '9990000018'), ...reachable] }),
      providerChannels: channels,
      endpoints: known(channels.map((channel) => ({ ...openAt('N'), channel }))),
      messageType: known(messageType({}, [text('sms'), text('nhsapp')])),
    };
    expect(sent(change).delivery.channel).toBe('nhsapp');
  });

  it('PRF-2: a preference that a need passes over is said, with the reason', () => {
    const decision = sent(reachedBy({ contacts: reachable, needs: [byLetter], preferred: ['email'] }));
    expect(decision.preferencePassedOver).toBe(
      'The person prefers email; this message goes by letter, because a recorded need comes first.',
    );
  });
});

describe('PRF-6: needs that are not met are flagged, and never refuse', () => {
  it.each<[string, Change, string[]]>([
    ['one that the channel meets', needing(byLetter), []],
    ['one that no channel meets', needing(easyRead), ['need-not-met PRF-6']],
    ['one that comes nearest by another form', needing(largePrint), ['need-not-met PRF-6']],
    ['two, of which one is met', needing(byLetter, easyRead), ['need-not-met PRF-6']],
    [
      'one whose channel is closed to this type',
      { ...needing(byLetter), messageType: known(messageType({}, [text('sms')])) },
      ['need-not-met PRF-6'],
    ],
  ])('%s', (_what, change, expected) => {
    expect(warned(change)).toEqual(expected);
  });

  it('PRF-6: says which, and by which way it goes all the same', () => {
    const [warning] = sent(needing(largePrint)).warnings;
    expect(warning?.text).toBe(
      'The person has a recorded need (large print) that no open way meets; this message goes by the nearest: text. See that they are told in a way that meets it.',
    );
  });

  it('PRF-6: no telephone calls: nothing is said, but of a message that announces one', () => {
    const noCalls: NeedFact = { name: 'no telephone calls', metBy: channels, near: [], noCalls: true };
    expect(warned(needing(noCalls))).toEqual([]);
    const announcing = { messageType: known(messageType({ code: 'call-announcement' }, [text('sms')])) };
    expect(warned({ ...needing(noCalls), ...announcing })).toEqual(['need-not-met PRF-6']);
    expect(warned({ ...needing(), ...announcing })).toEqual([]);
  });

  it("PRX-9: a message to a proxy follows the proxy's own needs and language, never the patient's", () => {
    const patients: Change = reachedBy({ needs: [byLetter, easyRead], language: 'pl', interpreter: true });
    expect(warned({ ...patients, ...toProxy() })).toEqual([]);
    const mother = person({ ...proxy().person, needs: [easyRead], language: 'pl' });
    const decision = sent({ ...toProxy(), recipients: known([proxy({ person: mother })]) });
    expect([decision.delivery.to, decision.warnings.map((one) => one.code)]).toEqual([
      '+447700900456',
      ['language-not-met', 'need-not-met'],
    ]);
    expect(decision.warnings.every((one) => one.text.includes('proxy'))).toBe(true);
  });
});

describe('PRF-8: language', () => {
  const inPolish = messageType(
    {
      templates: [
        { channel: 'sms', kind: 'full', rank: undefined, language: 'pl', words },
        { channel: 'sms', kind: 'full', rank: undefined, language: undefined, words },
        { channel: 'email', kind: 'full', rank: undefined, language: undefined, words },
      ],
    },
    [text('sms'), text('email')],
  );
  const speaking = (language: string | undefined, interpreter = false): Change => reachedBy({ language, interpreter });
  it.each<[string, Change, string[]]>([
    ['none recorded', speaking(undefined), []],
    ['English', speaking('en-gb'), []],
    ['one that the type has no text in', speaking('pl'), ['language-not-met PRF-8']],
    ['one that it has', { ...speaking('pl-pl'), messageType: known(inPolish) }, []],
    [
      'one that it has, but not by the way it goes',
      { ...speaking('pl'), messageType: known(inPolish), request: request({ medium: ['email'] }) },
      ['language-not-met PRF-8'],
    ],
    ['an interpreter, whatever the language', speaking(undefined, true), ['language-not-met PRF-8']],
    ['an interpreter for somebody whose language is English', speaking('en', true), ['language-not-met PRF-8']],
    ['an interpreter, but a text in their language', { ...speaking('pl', true), messageType: known(inPolish) }, []],
    ['a code that names no language', speaking('703963007'), ['language-not-met PRF-8']],
  ])('PRF-8: %s', (_what, change, expected) => {
    expect(warned(change)).toEqual(expected);
  });

  it('PRF-8: names the language and the interpreter', () => {
    expect(sent(speaking('pl', true)).warnings.map((one) => one.text)).toEqual([
      'The person prefers Polish, and this message has no text in it. An interpreter is on record as needed for the person. See that they understand it.',
    ]);
    expect(languageName('bfi')).toBe('British Sign Language');
    expect(languageName('x')).toBeUndefined();
  });
});

describe('PRF-4: a contact detail that nobody confirmed lately warns, and never refuses', () => {
  // It is 1 June 2026.
  const confirmed = (confirmedOn: string | undefined, months = 12): Change => ({
    ...reachedBy({ contacts: [{ ...mobile, confirmedOn }] }),
    policy: { ...defaultPolicy, contactConfirmedMonths: months },
  });
  it.each<[string, Change, string[]]>([
    ['today', confirmed('2026-06-01'), []],
    ['twelve months ago to the day', confirmed('2025-06-01'), []],
    ['a day longer ago', confirmed('2025-05-31'), ['stale-contact PRF-4']],
    ['three months ago, where two are configured', confirmed('2026-03-01', 2), ['stale-contact PRF-4']],
    ['never', confirmed(undefined), ['stale-contact PRF-4']],
    ['in the future', confirmed('2026-06-02'), ['stale-contact PRF-4']],
  ])('PRF-4: confirmed %s', (_when, change, expected) => {
    expect(warned(change)).toEqual(expected);
  });

  it("PRX-9: of a proxy's message the proxy's own", () => {
    const mother = person({ ...proxy().person, contacts: [{ ...mothersMobile, confirmedOn: '2024-01-01' }] });
    const decision = sent({ ...toProxy(), recipients: known([proxy({ person: mother })]) });
    expect(decision.warnings.map((one) => one.text)).toEqual([
      'The mobile number was last confirmed with the proxy on 2024-01-01, more than 12 months ago. Ask for it when they are next in touch, and record that it was confirmed.',
    ]);
  });
});
