import type { ActivityDefinition, Parameters, Patient } from '@medplum/fhirtypes';
import fc from 'fast-check';
import type { NotifyClient } from 'notifications-node-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { structureDefinition } from '../../src/canonical.ts';
import { renderEmail, renderLetter, renderSms } from '../../src/notify/template.ts';
import type { ProviderChannel } from '../../src/providers/provider.ts';
import { address, clientOf, startSimulator } from '../simulator/support.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { clientAt } from '../support/notify-client.ts';
import { attemptsOf } from '../support/people.ts';
import { type TheirTemplate, templateAtProvider, typeAtProvider } from '../support/provider-templates.ts';

/** Words of a message type, and values to fill them in with. */
interface Pair {
  readonly words: TheirTemplate;
  readonly values: Readonly<Record<string, string>>;
}

const channels = ['sms', 'email', 'letter'] as const satisfies readonly ProviderChannel[];
const SENDER = 'Example NHS Trust, 0113 496 0123';
const KEYS = ['name', 'day', 'when', 'item', 'flag'] as const;

/** Words of each kind that people write. */
const bodies = [
  `((name)): your visit is on ((day)) at ((when)). ${SENDER}`,
  `Dear ((Name)),\n\nplease bring:\n\n* ((item))\n* “your glasses” – both pairs\n\n${SENDER}`,
  `Come ((day)).((flag??  Do not eat – or drink … before.)) ((organisation)), 0113 496 0123`,
  `Annwyl ((name)), dewch ar ((day)) i’r tŷ gwyn. ${SENDER}`,
  `# ((day))\r\n1. ((item))\r\n2. ((when))\n\n\n\n---\n^ ((name)) ,  👍 ${SENDER}`,
  `((name))((day))((flag??yes ?? no))((item)) <140 £5 €6 ${SENDER}`,
];
const subjects = ['Your "visit" - ((day))', "((name))'s visit & ((item))", 'Visit'];
const fixedValues: readonly Record<(typeof KEYS)[number], string>[] = [
  { name: 'Pat', day: 'Tuesday 3 June', when: '10.30am', item: 'your letter', flag: 'yes' },
  { name: '', day: '', when: '', item: '', flag: '' },
  { name: '👍🏽 Zoë Ŵyn', day: '“Mawrth”', when: "half past ‘ten’ – o'clock…", item: 'a, b and c', flag: 'no' },
  { name: '*Pat* _Lee_', day: '1. # - x', when: '`code` ~', item: 'see evil.example/x', flag: 'TRUE' },
  { name: ' Pat\u00a0\u200b Lee ', day: '\t3\r\nJune', when: '$& $1', item: '\\"a\\" & <b', flag: '1' },
];

const fixed: readonly Pair[] = channels.flatMap((type) =>
  bodies.flatMap((body, at) => {
    const subject = type === 'sms' ? {} : { subject: subjects[at % subjects.length] ?? '' };
    return fixedValues.map((values): Pair => ({ words: { type, body, ...subject }, values }));
  }),
);

/** Bits in which the rules trip, put together at random; no words in brackets, which would be taken for unfilled. */
const bits = [
  ...['a', 's ', 'The ', '80s', "'", '"', ' ', '\n', '\n\n\n', '\t', '.', ' ,', ' - ', '—', '--', '…', '€', 'ŵ', 'é'],
  ...[
    '\u200b',
    '\u00a0',
    '👍',
    'ế',
    "o'neil@example.org",
    '&amp;',
    '\\"',
    '\r\n',
    '\u2028',
    '1. ',
    'don’t',
    '* ',
    '#',
    ' & ',
    '<',
  ],
];
const fields = [...KEYS.map((key) => `((${key}))`), '((flag??shown))', '((flag??))', '((Day))'];
const made = (from: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...from), { maxLength }).map((parts) => parts.join(''));
const value = fc.oneof(made(bits, 5), fc.constantFrom('yes', 'no', '', 'T', 'Show'));
const values = fc.record({ name: value, day: value, when: value, item: value, flag: value });
const generated: readonly Pair[] = fc.sample(
  fc
    .tuple(fc.constantFrom(...channels), made([...bits, ...fields], 12), made([...bits, ...fields], 6), values)
    .map(([type, body, subject, given]): Pair => {
      const words = { type, body: `${body} ${SENDER}`, ...(type === 'sms' ? {} : { subject: `S ${subject}` }) };
      return { words, values: given };
    }),
  { seed: 6_2026, numRuns: 150 },
);

describe('REC-1: what was checked, what the provider answers and what is recorded are byte for byte the same', () => {
  let herald: Herald;
  let client: NotifyClient;
  let patient: string;
  beforeAll(async () => {
    herald = await startHerald({ on: 'embedded' });
    client = clientAt(herald);
    const answer = await herald.post('/fhir/Patient', reachable);
    expect(answer.status, answer.text).toBe(201);
    patient = `Patient/${answer.body.id}`;
  });
  afterAll(() => herald.close());

  /** What was checked of each pair, what was recorded, and the record's id: the provider's reference. */
  const followed = async (pair: Pair, code: string) => {
    const asked = aRequest(code, patient, { payload: [personalisation({ ...pair.values })] });
    const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', asked);
    expect(answer.status, answer.text).toBe(200);
    const { parameter = [] } = answer.body as Parameters;
    const said = (name: string) => parameter.find((one) => one.name === name);
    expect(said('decision')?.valueCode, `${JSON.stringify(pair)} ${answer.text}`).toBe('send');
    const request = await herald.post('/fhir/CommunicationRequest', asked);
    expect(request.status, request.text).toBe(201);
    const record = await until(
      async () => {
        const [attempt] = await attemptsOf(herald, request.body.id);
        return attempt !== undefined && attempt.status !== 'preparation' ? attempt : undefined;
      },
      `the answer for ${JSON.stringify(pair)}`,
      30_000,
    );
    return {
      id: record.id ?? '',
      channel: pair.words.type,
      checked: { text: said('text')?.valueString, subject: said('subject-line')?.valueString },
      fragments: said('fragments')?.valueInteger,
      recorded: { text: record.payload?.[0]?.contentString, subject: record.topic?.text },
    };
  };

  /** All that the provider has taken, by our reference. */
  const everything = async (): Promise<Map<string, Answered>> => {
    const answered = new Map<string, Answered>();
    let last: string | undefined;
    do {
      const page = (await client.getNotifications(undefined, undefined, undefined, last)).data.notifications;
      for (const one of page) answered.set(String(one.reference), one as Answered);
      last = page.at(-1)?.id;
    } while (last !== undefined);
    return answered;
  };

  it.each(['at the provider', 'here'] as const)(
    'words that are held %s',
    async (held) => {
      const pairs = held === 'here' ? fixed : [...fixed, ...generated];
      const codes = new Map<string, string>();
      const codeOf = async (words: TheirTemplate): Promise<string> => {
        const key = JSON.stringify(words);
        const known = codes.get(key);
        if (known !== undefined) return known;
        const code = `${held === 'here' ? 'here' : 'there'}-${codes.size}`;
        codes.set(key, code);
        const id = `5d1c8e30-${held === 'here' ? 'aaaa' : 'bbbb'}-4b7f-9a21-${String(codes.size).padStart(12, '0')}`;
        if (held === 'at the provider') await templateAtProvider(herald, id, words);
        const keys = Object.fromEntries(KEYS.map((name) => [name, false]));
        const type = typeAtProvider(code, words.type, id, keys);
        const answer = await herald.post(
          '/fhir/ActivityDefinition',
          held === 'here' ? worded(type, words) : type,
          'demo-admin',
        );
        expect(answer.status, answer.text).toBe(201);
        return code;
      };
      const coded: (readonly [Pair, string])[] = [];
      for (const pair of pairs) coded.push([pair, await codeOf(pair.words)]);
      const results = await inTurns(coded, 8, ([pair, code]) => followed(pair, code));

      const answered = await until(async () => {
        const all = await everything();
        return [...all.values()].every((one) => one.type !== 'sms' || one.is_cost_data_ready) && all;
      }, 'what everything cost');
      for (const { id, channel, checked, recorded, fragments } of results) {
        const theirs = answered.get(id);
        expect(recorded).toEqual(checked);
        expect({ text: theirs?.body, subject: theirs?.subject ?? undefined }).toEqual(recorded);
        if (channel === 'sms') expect(theirs?.cost_details.billable_sms_fragments).toBe(fragments);
      }
      expect(results.length).toBe(pairs.length);
      expect(new Set(results.map((one) => one.checked.text)).size).toBeGreaterThan(pairs.length / 2);
      expect(await herald.all('/fhir/Task?code=template-changed')).toEqual([]);
    },
    60_000,
  );

  it('there are more than two hundred pairs', () => {
    expect(fixed.length * 2 + generated.length).toBeGreaterThanOrEqual(200);
  });
});

/** Somebody who can be reached every way. */
const reachable: Patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000069' }],
  active: true,
  name: [{ family: 'Example', given: ['Robin'] }],
  birthDate: '1990-01-01',
  telecom: [
    { system: 'phone', value: '07700 900456', use: 'mobile' },
    { system: 'email', value: 'robin@example.org' },
  ],
  address: [{ use: 'home', line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' }],
};

interface Answered {
  readonly body: string;
  readonly subject: string | null;
  readonly is_cost_data_ready: boolean;
  readonly type: string;
  readonly cost_details: { readonly billable_sms_fragments?: number };
}

/** The type with the same words in its own text. */
function worded(type: ActivityDefinition, { body, subject }: TheirTemplate): ActivityDefinition {
  const url = structureDefinition('channel-template');
  return {
    ...type,
    extension: (type.extension ?? []).map((one) => {
      if (one.url !== url) return one;
      const kept = (one.extension ?? []).filter((part) => part.url === 'channel');
      const words = [
        { url: 'text', valueString: body },
        ...(subject === undefined ? [] : [{ url: 'subject', valueString: subject }]),
      ];
      return { url, extension: [...kept, ...words] };
    }),
  };
}

async function inTurns<A, B>(items: readonly A[], atOnce: number, work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

describe('13: values as JSON has them: lists, numbers, booleans, objects', () => {
  const json = fc.oneof(
    value,
    fc.boolean(),
    fc.integer({ min: -9, max: 99 }),
    fc.array(fc.option(value), { maxLength: 4 }),
    fc.constant({ a: "it's", b: [1, null] }),
  );
  const given = fc.record({ name: json, day: json, when: json, item: json, flag: json });
  const samples = fc.sample(fc.tuple(made([...bits, ...fields], 12), made([...bits, ...fields], 6), given), {
    seed: 62_026,
    numRuns: 60,
  });

  it('a text, an email and a letter are answered as Herald renders them', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    for (const [more, subject, values] of samples) {
      const body = `x ${more}`;
      for (const type of channels) {
        const words = { type, name: 'T', subject: type === 'sms' ? null : `S ${subject}`, body };
        await simulator.control.putTemplate(ID, words);
        const options = { personalisation: { ...values, ...(type === 'letter' && address) } };
        const theirs = await send(client, type, options);
        const template = { subject: `S ${subject}`, body };
        const ours =
          type === 'sms'
            ? { body: renderSms(body, values) }
            : (type === 'letter' ? renderLetter : renderEmail)(template, values);
        expect(theirs).toMatchObject(ours);
      }
    }
  });

  const ID = '9c4e1d70-52ab-4f36-8e0d-6b1f3a7c5d29';
  const send = async (client: NotifyClient, type: ProviderChannel, options: object): Promise<object> => {
    switch (type) {
      case 'sms':
        return (await client.sendSms(ID, '07700900123', options)).data.content;
      case 'email':
        return (await client.sendEmail(ID, 'pat@example.org', options)).data.content;
      case 'letter':
        return (await client.sendLetter(ID, options)).data.content;
      default:
        return type satisfies never;
    }
  };
});
