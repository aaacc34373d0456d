import fc from 'fast-check';
import { type Channel, channels } from '../../src/policy/channel.ts';
import type {
  Confidentiality,
  MessageTypeFact,
  ScannedText,
  TextFault,
  WordsFound,
} from '../../src/policy/message-facts.ts';
import { MESSAGE_TYPES, SERVICES } from './clerk.ts';
import { mostly, oftenCalm } from './corners.ts';
import { someChannels } from './people.ts';

const clean = { faults: [], found: [] } as const;
const words = oftenCalm<Pick<ScannedText, 'faults' | 'found'>>(
  clean,
  fc.record({
    faults: mostly<readonly TextFault[]>(
      [],
      [{ kind: 'placeholder', form: 'double curly brackets' }],
      [{ kind: 'too-long', characters: 1000, limit: 918 }],
      [{ kind: 'sender', lacks: 'name' }],
    ),
    found: fc.oneof(
      { weight: 8, arbitrary: fc.constant<readonly WordsFound[]>([]) },
      {
        weight: 4,
        arbitrary: fc.constantFrom<readonly WordsFound[]>(
          [{ of: 'diagnosis', words: 'diabetes' }],
          [{ of: 'identifier', words: 'an NHS number' }],
          [{ of: 'sensitive-service', words: 'the clinic' }],
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom<readonly WordsFound[]>(
          [{ of: 'payment', words: 'pay now' }],
          [{ of: 'pressure', words: 'at once' }],
          [{ of: 'link', words: 'example.com' }],
          [{ of: 'appeal', words: 'donate' }],
          [{ of: 'study', words: 'our trial' }],
        ),
      },
    ),
  }),
);

const codes = [
  'appointment-reminder',
  'appointment-reminder',
  'appointment-reminder',
  'care-message',
  'care-message',
  'results-routine',
  'visit-summary',
  'urgent-appointment-offer',
  'public-health-alert',
  'welfare-check',
  'virtual-consultation-invite',
  'prescribing-error',
  'waiting-list-validation',
  'credible-threat-contact',
] as const;

const found = fc
  .record({
    code: fc.constantFrom(...codes),
    service: fc.boolean(),
    confidential: mostly<Confidentiality | undefined>(undefined, 'R', 'V'),
    full: fc.oneof(
      { weight: 3, arbitrary: fc.constant<readonly Channel[]>(['sms', 'email', 'letter']) },
      { weight: 1, arbitrary: fc.constant<readonly Channel[]>(channels) },
      { weight: 1, arbitrary: someChannels as fc.Arbitrary<readonly Channel[]> },
    ),
    nudged: mostly<readonly Channel[]>(['sms', 'email'], [], ['sms']),
    everyWord: fc.boolean(),
    words: fc.array(words, { minLength: 10, maxLength: 10 }),
    ranks: mostly<readonly (number | undefined)[]>([], [2, 1], [1, 2, 1]),
    proxiesAllowed: mostly(true, false),
    fallback: mostly(true, false),
    automatic: fc.boolean(),
    purposes: mostly<readonly string[]>(['TREAT'], ['HRESCH'], []),
    missing: mostly<readonly string[]>([], ['time']),
    unreadable: mostly(false, true),
    freeText: mostly<'given' | 'missing'>('given', 'missing'),
    notTaken: mostly(false, true),
    strangeLink: mostly(false, true),
    wordsDiffer: fc.boolean(),
  })
  .map((one): MessageTypeFact => {
    const isConfidential = one.code === 'results-routine' || one.code === 'visit-summary';
    const confidentiality = one.confidential ?? (isConfidential ? 'R' : 'N');
    const hasNudges = confidentiality !== 'N';
    const nudged = hasNudges ? one.nudged.filter((by) => one.full.includes(by)) : [];
    const whole = one.everyWord ? one.full : one.full.filter((by) => !nudged.includes(by));
    const ways = [
      ...whole.map((by) => ({ channel: by, kind: 'full' as const })),
      ...nudged.map((by) => ({ channel: by, kind: 'nudge' as const })),
    ];
    const texts = ways.map(({ channel: by, kind }, index): ScannedText => {
      const said = (one.wordsDiffer ? one.words[index] : one.words[0]) ?? clean;
      return {
        channel: by,
        kind,
        rank: one.ranks[one.full.indexOf(by)],
        text: `${kind} words by ${by}`,
        subjectLine: by === 'sms' ? undefined : 'About you',
        fragments: by === 'sms' ? 1 : undefined,
        ...said,
      };
    });
    const freeText = one.code === 'care-message';
    return {
      kind: 'found',
      type: {
        code: one.code,
        canonical: `https://herald.example/fhir/ActivityDefinition/${one.code}|1`,
        confidentiality,
        sensitivity: [],
        templates: texts.map(({ channel: by, kind, rank }) => ({
          channel: by,
          kind,
          rank,
          language: undefined,
          words: { held: 'here', text: 'words', subject: 'About you' },
        })),
        personalisation: [],
        freeText,
        proxiesAllowed: one.proxiesAllowed,
        fallback: one.fallback,
        automatic: one.automatic,
        purposes: one.purposes,
        kinds: [
          { system: MESSAGE_TYPES, code: one.code },
          ...(one.service ? [{ system: SERVICES, code: 'screening' }] : []),
        ],
      },
      texts,
      content: {
        missing: one.missing,
        unreadable: one.unreadable,
        freeText: freeText ? one.freeText : one.notTaken ? 'not-taken' : 'none',
        strangeLink: one.strangeLink && freeText,
      },
    };
  });

/** Kinds of message, and what their words came to. */
export const messageType: fc.Arbitrary<MessageTypeFact> = fc.oneof(
  { withCrossShrink: true },
  { weight: 40, arbitrary: found },
  {
    weight: 1,
    arbitrary: fc.constantFrom<MessageTypeFact>(
      { kind: 'absent' },
      { kind: 'unknown' },
      { kind: 'retired' },
      { kind: 'invalid', faults: ['ActivityDefinition.url is missing'] },
    ),
  },
);
