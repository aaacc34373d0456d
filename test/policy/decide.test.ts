import { describe, expect, it } from 'vitest';
import { type ClauseId, clauses } from '../../src/policy/clauses.ts';
import type { BlockReason } from '../../src/policy/codes.ts';
import type { Objection } from '../../src/policy/consent-facts.ts';
import { decide, decideBy } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import { filedUnder, type PolicyFacts } from '../../src/policy/facts.ts';
import type { SubjectFact } from '../../src/policy/person-facts.ts';
import { allRules } from '../../src/policy/rules/all.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { emergencyRefusals, overrideRefusals } from './override-rows.ts';
import { proxyRefusals } from './proxy-rows.ts';
import { insulin, readTwice, saying, wordingRefusals } from './wording-rows.ts';
import {
  about,
  authority,
  contact,
  email,
  endpoint,
  known,
  labelled,
  messageType,
  mobile,
  now,
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
const past = { from: 0, until: now.getTime() };
const future = { from: now.getTime() + 1, until: Number.POSITIVE_INFINITY };
const content = (change: object): Change => {
  const found = messageType();
  return found.kind === 'found' ? { messageType: known({ ...found, content: { ...found.content, ...change } }) } : {};
};
const guardians = { basis: 'court-appointed-personal-welfare-deputy' } as const;
const objecting = (change: Partial<Objection> = {}): Change => ({ objections: known([objection(change)]) });
const smsOnly = { request: request({ medium: ['sms'] }) };

const withoutWords = (held: 'here' | 'at-provider') => {
  const words = held === 'here' ? { held, text: 'geiriau', subject: undefined } : { held, templateId: 'x' };
  return messageType({ templates: [{ channel: 'sms', kind: 'full', rank: undefined, language: 'cy', words }] }, []);
};

/** One row for each demand: what is so, what refuses it, and by which clause. */
const refusals: readonly [demand: string, change: Change, code: BlockReason, clause: ClauseId][] = [
  ['CON-3: marketing', { request: request({ reasons: ['HMARKT'] }) }, 'out-of-scope', 'CON-3'],
  ['CON-3: research', { request: request({ reasons: ['TREAT', 'HRESCH'] }) }, 'out-of-scope', 'CON-3'],
  [
    'CON-3: a type for marketing',
    { messageType: known(messageType({ purposes: ['HMARKT'] })) },
    'out-of-scope',
    'CON-3',
  ],
  ['CON-4: a colleague', { recipients: known([{ kind: 'colleague' }]) }, 'out-of-scope', 'CON-4'],
  ['ACC-1: nobody asks', { request: request({ requester: 'none' }) }, 'requester-missing', 'ACC-1'],
  ['ACC-1: a patient asks', { request: request({ requester: 'other' }) }, 'requester-missing', 'ACC-1'],
  [
    'ACC-1: a system asks for a type that is not automatic',
    { request: request({ requester: 'system' }) },
    'requester-missing',
    'ACC-1',
  ],
  ['PRX-1: another patient', { recipients: known([{ kind: 'patient', isSubject: false }]) }, 'not-a-proxy', 'PRX-1'],
  [
    'PRX-1: two recipients',
    { recipients: known([{ kind: 'patient', isSubject: true }, proxy()]), proxyConsents: known([authority()]) },
    'not-a-proxy',
    'PRX-1',
  ],
  ['PRX-1: a device or a group', { recipients: known([{ kind: 'not-a-person' }]) }, 'not-a-proxy', 'PRX-1'],
  ['PRX-1: a recipient who is not on record', { recipients: known([{ kind: 'nobody' }]) }, 'not-a-proxy', 'PRX-1'],
  [
    "PRX-1: somebody else's proxy",
    { recipients: known([proxy({ isOfSubject: false })]), proxyConsents: known([authority()]) },
    'not-a-proxy',
    'PRX-1',
  ],
  ['PRX-2: a proxy without authority', { recipients: known([proxy()]) }, 'proxy-not-authorised', 'PRX-2'],
  ...proxyRefusals,
  ...wordingRefusals,
  ...overrideRefusals,
  ...emergencyRefusals,
  ['VER-1: a number that fails the check', about({ nhsNumbers: ['9990000019'] }), 'identity-unusable', 'VER-1'],
  ['VER-1: two current numbers', about({ nhsNumbers: ['9990000018', '9990000026'] }), 'identity-unusable', 'VER-1'],
  [
    'VER-1: about an appointment of another patient',
    { sensitivity: known({ ...labelled(), ofAnother: true }) },
    'identity-mismatch',
    'VER-1',
  ],
  ['VER-1: a number that two records have', about({ numberShared: true }), 'identity-unusable', 'VER-1'],
  ['VER-1: no identifier', about({ nhsNumbers: [] }), 'identity-unusable', 'VER-1'],
  [
    'VER-1: a hospital number without a name',
    about({ nhsNumbers: [], hasLocalNumber: true, hasName: false }),
    'identity-unusable',
    'VER-1',
  ],
  [
    'VER-1: a hospital number without a whole birth date',
    about({ nhsNumbers: [], hasLocalNumber: true, birthDate: '1984' }),
    'identity-unusable',
    'VER-1',
  ],
  [
    'VER-1: the recipient contradicts itself',
    { recipients: known([{ kind: 'mismatch' }]) },
    'identity-mismatch',
    'VER-1',
  ],
  ['VER-3: dead', about({ deceased: true }), 'deceased', 'VER-3'],
  ['VER-3: inactive', about({ active: false }), 'inactive-record', 'VER-3'],
  ['VER-3: replaced', about({ replaced: true, replacedBy: ['Patient/survivor'] }), 'inactive-record', 'VER-3'],
  ['OBJ-5: everything', objecting({ everything: true }), 'objection', 'OBJ-5'],
  ['OBJ-5: all channels', objecting({ channels: 'all' }), 'objection', 'OBJ-5'],
  ['OBJ-5: the only channel asked for', { ...smsOnly, ...objecting() }, 'objection', 'OBJ-5'],
  ['OBJ-11: provisionally', { ...smsOnly, ...objecting({ status: 'proposed' }) }, 'objection', 'OBJ-5'],
  [
    'OBJ-2: this kind of message',
    objecting({
      channels: 'all',
      kinds: [{ system: 'https://herald.example/fhir/CodeSystem/message-type', code: 'appointment-reminder' }],
    }),
    'objection',
    'OBJ-5',
  ],
  [
    'OBJ-12: everything, to a proxy as well',
    toProxy({}, objecting({ everything: true, ownDevicesOnly: false })),
    'objection',
    'OBJ-12',
  ],
  [
    'CHN-1: a channel nobody knows',
    { request: request({ medium: ['sms'], unknownMedium: [1] }) },
    'channel-not-approved',
    'CHN-1',
  ],
  ['CHN-1: a channel that is off', { request: request({ medium: ['nhsapp'] }) }, 'channel-not-approved', 'CHN-1'],
  ['CHN-1: a channel without Endpoint', { ...smsOnly, endpoints: known([]) }, 'channel-not-approved', 'CHN-1'],
  ['CHN-1: a channel without provider', { request: request({ medium: ['letter'] }) }, 'channel-not-approved', 'CHN-1'],
  [
    'CHN-5: a channel past its period',
    { ...smsOnly, endpoints: known([endpoint('sms', { period: past })]) },
    'channel-not-approved',
    'CHN-1',
  ],
  [
    'CHN-5: a channel without assurance',
    { ...smsOnly, endpoints: known([endpoint('sms', { assured: false })]) },
    'channel-not-approved',
    'CHN-5',
  ],
  [
    'CHN-2: a channel the type does not have',
    { request: request({ medium: ['nhsapp'] }) },
    'channel-not-acceptable',
    'CHN-2',
  ],
  [
    'CHN-2: words that the provider does not have',
    { ...smsOnly, messageType: known(withoutWords('at-provider')) },
    'channel-not-acceptable',
    'CHN-2',
  ],
  [
    'PRF-8: words in another language only',
    { ...smsOnly, messageType: known(withoutWords('here')) },
    'channel-not-acceptable',
    'CHN-2',
  ],
  ['CHN-2: a request that allows no channel', { request: request({ medium: [] }) }, 'channel-not-acceptable', 'CHN-2'],
  [
    'MIN-1: words above the ceiling',
    { ...smsOnly, messageType: known(messageType({ confidentiality: 'R' })) },
    'too-confidential',
    'MIN-1',
  ],
  [
    'CHN-6: plain email, whatever its Endpoint says',
    {
      request: request({ medium: ['email'] }),
      endpoints: known([endpoint('email', { ceiling: 'V' })]),
      messageType: known(messageType({ confidentiality: 'R' })),
    },
    'too-confidential',
    'MIN-1',
  ],
  [
    'PRF-2: it failed by its only way already',
    { request: request({ medium: ['sms'], tried: ['sms'] }) },
    'undeliverable',
    'PRF-2',
  ],
  ['PRF-5: no contact detail', reachedBy({ contacts: [] }), 'no-contact', 'PRF-5'],
  ['PRF-5: marked as old', reachedBy({ contacts: [{ ...mobile, old: true }] }), 'no-contact', 'PRF-5'],
  ['PRF-5: out of date', reachedBy({ contacts: [{ ...mobile, valid: past }] }), 'no-contact', 'PRF-5'],
  ['PRF-5: not yet', reachedBy({ contacts: [{ ...mobile, valid: future }] }), 'no-contact', 'PRF-5'],
  ['PRF-5: malformed', reachedBy({ contacts: [{ ...mobile, form: { kind: 'malformed' } }] }), 'no-contact', 'PRF-5'],
  ['PRF-5: a landline', reachedBy({ contacts: [{ ...mobile, form: { kind: 'not-mobile' } }] }), 'no-contact', 'PRF-5'],
  [
    'PRF-5: a foreign number',
    reachedBy({ contacts: [{ ...mobile, form: { kind: 'foreign', to: '+33612345678' } }] }),
    'no-contact',
    'PRF-5',
  ],
  ['contract 3: past its time', { request: request({ expires: now }) }, 'expired', 'REC-5'],
  [
    'contract 3: due after its time',
    { request: request({ expires: new Date(now.getTime() + 1), occurrence: new Date(now.getTime() + 1) }) },
    'expired',
    'REC-5',
  ],
  ['contract 3: a time that cannot be read', { request: request({ timesUnclear: true }) }, 'expired', 'REC-5'],
  ['contract 3: no message type', { messageType: known({ kind: 'absent' }) }, 'message-type-unknown', 'CHN-2'],
  ['contract 3: an unknown type', { messageType: known({ kind: 'unknown' }) }, 'message-type-unknown', 'CHN-2'],
  ['contract 3.1: a retired type', { messageType: known({ kind: 'retired' }) }, 'message-type-unknown', 'CHN-2'],
  [
    'contract 3.2: an unusable type',
    { messageType: known({ kind: 'invalid', faults: ['x'] }) },
    'message-type-unknown',
    'CHN-2',
  ],
  ['contract 3: a value is missing', content({ missing: ['date'] }), 'personalisation-incomplete', 'SUS-1'],
  ['contract 3: an unreadable payload', content({ unreadable: true }), 'personalisation-incomplete', 'SUS-1'],
  ['contract 3: no free text', content({ freeText: 'missing' }), 'personalisation-incomplete', 'SUS-1'],
  ['contract 3: free text that would be lost', content({ freeText: 'not-taken' }), 'wording', 'SUS-1'],
  ['SUS-2: a strange link', content({ strangeLink: true }), 'wording', 'SUS-2'],
  [
    'contract 3.1: a placeholder left',
    {
      messageType: known(
        messageType({}, [text('sms', { faults: [{ kind: 'placeholder', form: 'square brackets' }] })]),
      ),
    },
    'wording',
    'SUS-1',
  ],
  [
    'contract 3.1: too long',
    {
      messageType: known(
        messageType({}, [text('sms', { faults: [{ kind: 'too-long', characters: 919, limit: 918 }] }), text('email')]),
      ),
    },
    'too-long',
    'CHN-4',
  ],
];

/** Every demand that a rule makes, as one world each. */
const worlds: readonly PolicyFacts[] = [
  ...refusals.map(([, change]) => world(change)),
  world(about({ restricted: true })),
  world(toProxy({}, { sensitivity: known(labelled('SEX')) })),
  world(reachedBy({ preferred: [] })),
  world(readTwice()),
  world(objecting({ period: { from: Number.NEGATIVE_INFINITY, until: 0 } })),
  world({ ...saying(insulin), request: request({ necessity: 'x' }) }),
  world(reachedBy({ needs: [{ name: 'easy read', metBy: [], near: [] }] })),
  world(reachedBy({ language: 'pl' })),
  world(reachedBy({ contacts: [{ ...mobile, confirmedOn: undefined }] })),
  world({ policy: { ...defaultPolicy, quietHours: { from: '00:00', to: '23:59' } } }),
];

describe('what refuses', () => {
  it('nothing in the ordinary world does: these rows can fail', () => {
    expect(decide(world()).kind).toBe('send');
  });

  it.each(refusals)('%s', (_demand, change, code, clause) => {
    const decision = decide(world(change));
    expect(decision.kind).toBe('refuse');
    expect(reasons(decision)).toContainEqual(expect.objectContaining({ code, clause }));
  });

  it.each([
    ['none', 'identity-unusable'],
    ['dangling', 'identity-unusable'],
    ['unknown-number', 'identity-unusable'],
    ['invalid-number', 'identity-unusable'],
    ['several', 'identity-unusable'],
    ['group', 'identity-unusable'],
    ['not-a-patient', 'identity-unusable'],
    ['mismatch', 'identity-mismatch'],
  ] as const satisfies readonly [Exclude<SubjectFact['kind'], 'found'>, BlockReason][])(
    'VER-1: a subject that is "%s" is %s, and nothing is filed under anybody',
    (kind, code) => {
      const facts = world({ subject: known({ kind }) });
      expect(reasons(decide(facts)).map((one) => one.code)).toEqual([code]);
      expect(filedUnder(facts)).toBeUndefined();
    },
  );
});

describe('what does not refuse', () => {
  it.each<[string, Change]>([
    ['CON-1: no consent is on record', {}],
    ['CON-3: care is the purpose', { request: request({ reasons: ['TREAT', 'PATADMIN', 'PUBHLTH', 'ETREAT'] }) }],
    [
      'ACC-1: a system asks for an automatic type',
      { request: request({ requester: 'system' }), messageType: known(messageType({ automatic: true })) },
    ],
    ['PRX-1: the recipient is the subject', { recipients: known([{ kind: 'patient', isSubject: true }]) }],
    ['PRF-3: a preference for a way that Herald does not have', reachedBy({ preferred: [] })],
    ['OBJ-5: an objection to another channel', objecting({ channels: ['letter'] })],
    ['OBJ-9: an objection that was withdrawn', objecting({ everything: true, status: 'inactive' })],
    ['OBJ-9: an objection entered in error', objecting({ everything: true, status: 'entered-in-error' })],
    ['OBJ-5: an objection that has ended', objecting({ everything: true, period: past })],
    ['OBJ-5: an objection that has not begun', objecting({ everything: true, period: future })],
    [
      'OBJ-2: an objection to another kind',
      objecting({ channels: 'all', kinds: [{ system: undefined, code: 'screening-invite' }] }),
    ],
    [
      'OBJ-2: the same code of another system',
      objecting({ channels: 'all', kinds: [{ system: 'urn:x', code: 'appointment-reminder' }] }),
    ],
    ["contract 7: a proxy's own objection", objecting({ everything: true, ofProxy: 'RelatedPerson/mother' })],
    [
      'PRF-5: a foreign number where they are allowed',
      {
        ...reachedBy({ contacts: [{ ...mobile, form: { kind: 'foreign', to: '+33612345678' } }] }),
        policy: { ...world().policy, foreignNumbers: true },
      },
    ],
    ['contract 3: not yet past its time', { request: request({ expires: new Date(now.getTime() + 1) }) }],
  ])('%s', (_demand, change) => {
    expect(decide(world(change)).kind).toBe('send');
  });
});

describe('which channel (contract 3.1)', () => {
  const ranked = (sms: number | undefined, mail: number | undefined) =>
    reachedBy({
      contacts: [
        { ...mobile, rank: sms },
        { ...email, rank: mail },
      ],
    });

  it.each<[string, Change, string]>([
    ['CHN-3: by the order of the organisation', {}, 'sms'],
    ['CHN-3: by another order', { policy: { ...world().policy, channelOrder: ['email', 'sms'] } }, 'email'],
    [
      'PRF-1: the preferred method before all',
      { ...reachedBy({ preferred: ['email'], contacts: [{ ...mobile, rank: 1 }, email] }) },
      'email',
    ],
    ['PRF-1: the lowest rank, across channels', ranked(2, 1), 'email'],
    ['PRF-1: no rank comes last', ranked(undefined, 9), 'email'],
    [
      "CHN-4: the type's own rank",
      { messageType: known(messageType({}, [text('sms', { rank: 2 }), text('email', { rank: 1 })])) },
      'email',
    ],
    [
      "PRF-1: a person's rank before the type's",
      { ...ranked(1, 2), messageType: known(messageType({}, [text('sms', { rank: 2 }), text('email', { rank: 1 })])) },
      'sms',
    ],
    ['OBJ-5: an objection to texts leaves email', objecting(), 'email'],
    ['PRF-2: no mobile leaves email', reachedBy({ contacts: [email] }), 'email'],
    [
      'CHN-1: texts closed leaves email',
      { endpoints: known([endpoint('sms', { active: false }), endpoint('email')]) },
      'email',
    ],
    ['contract 3: what the caller allows', { request: request({ medium: ['email'] }) }, 'email'],
    ['CHN-2: what the type has', { messageType: known(messageType({}, [text('email')])) }, 'email'],
    [
      'MIN-3: full words before a nudge',
      {
        messageType: known(messageType({ confidentiality: 'R' }, [text('sms', { kind: 'nudge' }), text('letter')])),
        providerChannels: ['sms', 'letter'],
        ...reachedBy({ contacts: [mobile, contact('letter', 'x')], preferred: ['sms'] }),
      },
      'letter',
    ],
  ])('%s', (_demand, change, channel) => {
    expect(sent(decide(world(change))).delivery.channel).toBe(channel);
  });

  it('MIN-3: a nudge goes where only open channels are left', () => {
    const change = messageType({ confidentiality: 'R' }, [text('sms'), text('sms', { kind: 'nudge' }), text('letter')]);
    expect(sent(decide(world({ messageType: known(change) }))).delivery.text).toBe('nudge words by sms');
  });

  it('PRF-5: of two mobiles the lower rank is used, then the one marked as mobile, then the newer', () => {
    const other = (change: object) => contact('sms', '+447700900999', change);
    const to = (...contacts: (typeof mobile)[]) => sent(decide(world(reachedBy({ contacts })))).delivery.to;
    expect(to({ ...mobile, rank: 2 }, other({ rank: 1 }))).toBe('+447700900999');
    expect(to(mobile, other({ contactPoint: { use: 'mobile' } }))).toBe('+447700900999');
    expect(to({ ...mobile, valid: { from: 1, until: Infinity } }, other({ valid: { from: 2, until: Infinity } }))).toBe(
      '+447700900999',
    );
  });

  it('contract 3.1: the delivery is exactly what would leave', () => {
    expect(sent(decide(world())).delivery).toEqual({
      recipient: { reference: 'Patient/maya' },
      channel: 'sms',
      contactPoint: mobile.contactPoint,
      to: '+447700900123',
      text: 'full words by sms',
      fragments: 1,
      messageType: 'https://herald.example/fhir/ActivityDefinition/appointment-reminder|1',
    });
  });

  it('says for each channel why none is left, what staff can mend first', () => {
    const decision = decide(world(reachedBy({ contacts: [] })));
    expect(reasons(decision).map(({ code, text: said }) => [code, said.split(':')[0]])).toEqual([
      ['no-contact', 'By email'],
      ['no-contact', 'By text'],
      ['channel-not-approved', 'By letter'],
    ]);
  });
});

describe('preferences passed over', () => {
  it.each<[string, Change, string]>([
    ['an objection', { ...reachedBy({ preferred: ['sms'] }), ...objecting() }, 'an objection to that way is on record'],
    ['no contact detail', reachedBy({ preferred: ['email'], contacts: [mobile] }), 'no usable contact detail'],
    [
      'the caller',
      { ...reachedBy({ preferred: ['email'] }), ...smsOnly },
      'whoever asked for it allows other ways only',
    ],
    ['the type', { ...reachedBy({ preferred: ['nhsapp'] }) }, 'messages of this type do not go that way'],
    ['no such way', reachedBy({ preferred: [] }), 'a way of being contacted that Herald does not have'],
    ['a rank', { ...reachedBy({ contacts: [mobile, { ...email, rank: 1 }] }), ...smsOnly }, 'The person prefers email'],
  ])('PRF-2: %s: said on the record and as a warning', (_why, change, said) => {
    const decision = sent(decide(world(change)));
    expect(decision.preferencePassedOver).toContain(said);
    expect(decision.warnings).toEqual([
      { code: 'preference-passed-over', clause: 'PRF-2', text: decision.preferencePassedOver },
    ]);
  });

  it.each<[string, Change]>([
    ['it is kept', reachedBy({ preferred: ['email'] })],
    ['none is recorded', {}],
    [
      'the first rank is kept',
      reachedBy({
        contacts: [
          { ...mobile, rank: 1 },
          { ...email, rank: 2 },
        ],
      }),
    ],
  ])('PRF-2: nothing is said where %s', (_why, change) => {
    const decision = sent(decide(world(change)));
    expect(decision).not.toHaveProperty('preferencePassedOver');
    expect(decision.warnings).toEqual([]);
  });
});

describe('holds and warnings', () => {
  it('VER-2: a restricted record waits for a person', () => {
    const decision = decide(world(about({ restricted: true })));
    expect(decision).toMatchObject({
      kind: 'hold',
      reasons: [{ code: 'restricted-record', clause: 'VER-2', rule: 'record-not-restricted' }],
      tasks: [{ code: 'restricted-record', clause: 'VER-2' }],
    });
  });

  it('contract 4: refuse beats hold, and both would be send without them', () => {
    const decision = decide(world(about({ restricted: true, deceased: true })));
    expect(reasons(decision).map((one) => one.code)).toEqual(['deceased']);
    expect(decision.kind).toBe('refuse');
  });

  it('VER-1: a hospital number with name and birth date is enough, and warns', () => {
    const decision = sent(decide(world(about({ nhsNumbers: [], hasLocalNumber: true }))));
    expect(decision.warnings.map((one) => one.code)).toEqual(['local-identifier-only']);
  });

  it('contract 4: every reason is reported, the severest first', () => {
    const decision = decide(
      world({
        ...about({ deceased: true, active: false, person: person({ contacts: [] }) }),
        request: request({ requester: 'none', reasons: ['HMARKT'], expires: now }),
        ...content({ missing: ['date'] }),
      }),
    );
    expect(reasons(decision).map((one) => one.code)).toEqual([
      'out-of-scope',
      'requester-missing',
      'deceased',
      'inactive-record',
      'no-contact',
      'no-contact',
      'channel-not-approved',
      'expired',
      'personalisation-incomplete',
    ]);
  });

  it('VER-3: the sentence about a replaced record names the survivor', () => {
    const decision = decide(world(about({ replaced: true, replacedBy: ['Patient/b', 'Patient/a'] })));
    expect(reasons(decision)[0]?.text).toContain('replaced by Patient/a and Patient/b');
  });

  it('names the rules that allowed it', () => {
    expect(sent(decide(world())).rules).toEqual(allRules.map((one) => one.id).sort());
  });

  it.each([
    ['a usable person', world(), 'Patient/maya'],
    ['a number that two records have', world(about({ numberShared: true })), undefined],
    ['a recipient who contradicts itself', world({ recipients: known([{ kind: 'mismatch' }]) }), undefined],
    ['a record that was not read', world({ subject: { known: false, cause: 'x' } }), undefined],
    ['a person who died', world(about({ deceased: true })), 'Patient/maya'],
  ])('REC-5, VER-1: a refusal about %s is filed as it should be', (_who, facts, filed) => {
    expect(filedUnder(facts)).toBe(filed);
  });
});

describe('what staff read', () => {
  const more: readonly Change[] = [
    readTwice(),
    ...['none', 'dangling', 'unknown-number', 'invalid-number', 'several', 'group', 'not-a-patient', 'mismatch'].map(
      (kind): Change => ({ subject: known({ kind } as SubjectFact) }),
    ),
    toProxy({ denied: [...labelled('SEX', 'SDV').labels] }, { sensitivity: known(labelled('SDV')) }),
    toProxy({}, { sensitivity: known({ labels: [], unread: true, ofAnother: false }) }),
    toProxy(guardians, { sensitivity: known(labelled('MH')) }),
    toProxy(guardians, { sensitivity: known({ labels: [], unread: true, ofAnother: false }) }),
  ];
  const decisions = [...worlds, ...more.map(world)].map(decide);
  const toldBy = (decision: Decision) => (decision.kind === 'hold' ? decision.tasks : []);
  const rows = (all: readonly { readonly code: string; readonly text: string }[]) =>
    [...new Map(all.map((one) => [one.text, one])).values()].map(({ code, text: said }) => [said, code] as const);
  const refusing = rows(decisions.flatMap(reasons));
  const asking = rows(decisions.flatMap(toldBy));
  const warning = rows(decisions.flatMap((one) => ('warnings' in one ? one.warnings : [])));

  /** Something for a ward clerk to do, told as one tells it: a sentence or a part of one that begins with the verb. */
  const todo =
    /(?:[.;:,] |\b(?:or|and) )(?:add|allow|answer|ask|change|check|choose|complete|correct|do|fill|find|give|have|leave|look|name|reach|record|say|see|shorten|take|talk|tell|type|use|write|links start)\b/i;

  it('covers every kind of hold, and these rows can fail', () => {
    expect(new Set(asking.map(([, code]) => code))).toEqual(
      new Set(['check-with-person', 'restricted-record', 'second-reader']),
    );
    expect('Somebody else reads it before it goes. It waits until then.').not.toMatch(todo);
  });

  it.each([...refusing, ...asking])('contract 3: says what to do next: %s (%s)', (said) => {
    expect(said).toMatch(todo);
  });

  const silent: readonly string[] = ['preference-passed-over', 'necessity'];
  it.each(warning.filter(([, code]) => !silent.includes(code)))('a warning says it too: %s (%s)', (said) => {
    expect(said).toMatch(todo);
  });

  it.each([...refusing, ...asking, ...warning])('is short, plain and about nobody else: %s (%s)', (said) => {
    // What the authority keeps from the proxy is quoted in full (contract 6).
    const own = said.replace(/ By the proxy's authority on record, this is not for the proxy: [^.]*\./, '');
    expect(own.length).toBeLessThanOrEqual(300);
    expect(said).toMatch(/^[A-Z].*(?:[.]|The reason given: x)$/s);
    expect(said).not.toMatch(/\d{4,}|@|Consent\.|RelatedPerson\/|undefined|null|\[object/);
  });
});

describe('the rules themselves', () => {
  it('each has an id of its own and clauses that exist', () => {
    expect(new Set(allRules.map((one) => one.id)).size).toBe(allRules.length);
    for (const rule of allRules) for (const clause of rule.clauses) expect(clauses).toHaveProperty(clause);
  });

  it.each(allRules.map((one) => [one.id] as const))(
    '%s matters: without it one of these rows would be decided otherwise',
    (id) => {
      const without = decideBy(allRules.filter((one) => one.id !== id));
      const verdict = (decision: Decision) =>
        JSON.stringify([decision.kind, reasons(decision), 'warnings' in decision && decision.warnings]);
      expect(worlds.some((one) => verdict(without(one)) !== verdict(decide(one)))).toBe(true);
    },
  );

  it('a reason never holds a contact detail', () => {
    for (const [, change] of refusals) {
      const decision = decide(world(change));
      const said = JSON.stringify([reasons(decision), 'warnings' in decision ? decision.warnings : []]);
      expect(said).not.toMatch(/7700900|example\.org|33612345678/);
    }
  });
});

function reasons(decision: Decision) {
  return decision.kind === 'refuse' || decision.kind === 'hold' ? decision.reasons : [];
}

function sent(decision: Decision): Extract<Decision, { kind: 'send' }> {
  if (decision.kind !== 'send') throw new Error(`not sent: ${JSON.stringify(decision)}`);
  return decision;
}
