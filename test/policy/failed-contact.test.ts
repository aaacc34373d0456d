import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../src/policy/channel.ts';
import { decide } from '../../src/policy/decide.ts';
import type { ContactAttempt, Override } from '../../src/policy/override-facts.ts';
import { decided, override } from './override-rows.ts';
import {
  contact,
  DAY,
  email,
  endpoint,
  known,
  messageType,
  mobile,
  now,
  objection,
  reachedBy,
  request,
  text,
  world,
} from './world.ts';

describe('OBJ-7: a contact that failed as the ground, whatever else is so of the ways there are', () => {
  const failed = (change: Partial<ContactAttempt> = {}): ContactAttempt => ({
    channel: 'email',
    at: now.getTime() - DAY,
    failed: true,
    ...change,
  });
  const letter = contact('letter', 'Robin Example\n1 Example Street\nLS1 1AA');
  const attempts = [failed()];
  const smsOff = { endpoints: known([endpoint('sms', { active: false }), endpoint('email')]) };
  const smsTooLong = messageType({ code: 'care-message' }, [
    text('sms', { faults: [{ kind: 'too-long', characters: 1000, limit: 918 }] }),
    text('email'),
  ]);
  const two = { objections: [objection(), objection({ reference: 'Consent/2' })] };
  const both = [
    override({ reference: 'Task/1', ground: 'primary-contact-failed' }),
    override({ reference: 'Task/2', ground: 'primary-contact-failed', objection: 'Consent/2' }),
  ];
  type More = NonNullable<Parameters<typeof decided>[1]>;
  /** What it comes to: by which way, on how many decisions; or why not. */
  it.each<[string, Parameters<typeof decided>[0], More, string, number]>([
    ['the text it opens is taken', {}, { facts: { request: request() } }, 'sms', 1],
    ['so it is where texts alone are asked for', {}, {}, 'sms', 1],
    ['email alone is asked for', {}, { facts: { request: request({ medium: ['email'] }) } }, 'email', 0],
    ['there is no number', {}, { facts: { request: request(), ...reachedBy({ contacts: [email] }) } }, 'email', 0],
    ['texts are closed', {}, { facts: { request: request(), ...smsOff } }, 'email', 0],
    ['nobody can send texts', {}, { facts: { request: request(), providerChannels: ['email'] } }, 'email', 0],
    ['the text failed as well', {}, { facts: { request: request({ tried: ['sms'] }) } }, 'email', 0],
    ['a second objection stands', {}, { ...two, facts: { request: request() } }, 'email', 0],
    ['both objections are overridden', both, { ...two, facts: { request: request() } }, 'sms', 2],
    ['it is of no person', { isOfSubject: false }, { facts: { request: request() } }, 'email', 0],
    // The words of the way that is taken are the caller's to mend, here as everywhere.
    ['the text is too long', {}, { facts: { request: request(), messageType: known(smsTooLong) } }, 'too-long', 0],
    ['both ways failed', {}, { facts: { request: request({ tried: ['sms', 'email'] }) } }, 'undeliverable', 0],
    ['nobody can be reached', {}, { facts: { request: request(), ...reachedBy({ contacts: [] }) } }, 'no-contact', 0],
  ])('%s', (_what, change, more, expected, used) => {
    const ground = { ground: 'primary-contact-failed' as const };
    const one = Array.isArray(change) ? change : { ...ground, ...change };
    const facts = world(decided(one, { grounds: { attempts }, ...more }));
    const decision = decide(facts);
    const went = decision.kind === 'send' ? decision.delivery.channel : undefined;
    const why = decision.kind === 'refuse' ? decision.reasons.map(({ code }) => code) : [];
    expect(went === undefined ? why : [went]).toContain(expected);
    // What set nothing aside is not said to have.
    if (decision.kind !== 'send') return;
    expect([decision.overrides?.length ?? 0, decision.setAside !== undefined]).toEqual([used, used > 0]);
  });

  it('PRF-2: it never closes the last way that was open without it', () => {
    const all: readonly Channel[] = ['sms', 'email', 'letter'];
    const some = fc.subarray([...all]);
    const mostly = <T>(usual: T, other: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
    const ways = fc.record({
      medium: mostly<Channel[] | undefined>(undefined, some),
      tried: mostly<Channel[]>([], some),
      contacts: mostly([mobile, email, letter], fc.subarray([mobile, email, letter])),
      providerChannels: mostly([...all], some),
      objected: fc.array(mostly<Channel[]>(['sms', 'letter'], some), { minLength: 1, maxLength: 2 }),
      decidedOn: mostly(['Consent/0', 'Consent/1'], fc.subarray(['Consent/0', 'Consent/1'])),
      attempts: fc.array(
        fc.record({ channel: mostly<Channel>('email', fc.constantFrom(...all)), failed: mostly(true, fc.boolean()) }),
        { minLength: 1, maxLength: 2 },
      ),
      preferred: mostly<Channel[] | undefined>(undefined, some),
    });
    let used = 0;
    let spare = 0;
    fc.assert(
      fc.property(ways, (one) => {
        const facts = (made: readonly Override[]) =>
          world(
            decided(made, {
              objections: one.objected.map((by, at) => objection({ reference: `Consent/${at}`, channels: by })),
              grounds: { attempts: one.attempts.map((each, at) => failed({ ...each, at: now.getTime() - DAY - at })) },
              facts: {
                request: request({ medium: one.medium, tried: one.tried }),
                ...reachedBy({ contacts: one.contacts, preferred: one.preferred }),
                providerChannels: one.providerChannels,
              },
            }),
          );
        const made = one.decidedOn.map((of, at) =>
          override({ reference: `Task/${at}`, objection: of, ground: 'primary-contact-failed' }),
        );
        const [without, after] = [decide(facts([])), decide(facts(made))];
        if (without.kind === 'send') expect(after.kind).toBe('send');
        if (after.kind !== 'send') return;
        const objected = one.objected.flatMap((by, at) =>
          by.includes(after.delivery.channel) ? [`Consent/${at}`] : [],
        );
        expect((after.overrides ?? []).map((each) => each.objection)).toEqual(objected);
        if (objected.length > 0) used += 1;
        if (after.spareOverrides !== undefined) spare += 1;
      }),
      { numRuns: 5_000, seed: 1 },
    );
    expect([used > 50, spare > 50]).toEqual([true, true]);
  });
});
