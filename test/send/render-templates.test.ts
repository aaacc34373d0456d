import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSms } from '../../src/notify/sms-text.ts';
import type { MessageType } from '../../src/policy/message-facts.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import type { ProviderTemplate } from '../../src/providers/provider.ts';
import { readPayload } from '../../src/send/personalisation.ts';
import { renderTexts } from '../../src/send/render.ts';
import { emailHtml } from '../../src/simulator/rendering/email-html.ts';
import { renderMarkdown, renderText } from '../../src/simulator/rendering/render.ts';

const ID = 'f33517ff-2a88-4f6e-b855-c550268ce08a';
const SENDER = ' Example NHS Trust, 0113 496 0123.';

type Words = Partial<ProviderTemplate> & { readonly body: string };

interface Given {
  readonly values?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly policy?: Partial<Policy>;
  readonly declared?: MessageType['personalisation'];
}

/** What becomes of a provider's template, and of what was given for it. */
function rendered(words: Words, { values = {}, message, policy = {}, declared = [] }: Given = {}) {
  const template = {
    id: ID,
    version: 4,
    channel: 'sms',
    subject: undefined,
    contactBlock: undefined,
    ...words,
  } as const;
  const channel = template.channel;
  const base = { channel, kind: 'full', rank: undefined, language: undefined } as const;
  const payload = [
    ...(message === undefined ? [] : [{ contentString: message }]),
    {
      contentAttachment: {
        contentType: 'application/json',
        data: Buffer.from(JSON.stringify(values)).toString('base64'),
      },
    },
  ];
  const { texts, content } = renderTexts({
    type: {
      code: 'x',
      canonical: 'urn:x|1',
      confidentiality: 'N',
      sensitivity: [],
      templates: [{ ...base, words: { held: 'at-provider', templateId: ID } }],
      personalisation: declared,
      freeText: message !== undefined,
      proxiesAllowed: true,
      fallback: false,
      automatic: false,
      purposes: [],
      kinds: [],
    },
    given: readPayload({ resourceType: 'CommunicationRequest', status: 'active', payload }),
    language: undefined,
    providerTemplates: new Map([[ID, template]]),
    policy: { ...defaultPolicy, ...policy },
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
  });
  const [text] = texts;
  if (text?.template === undefined || texts.length !== 1) throw new Error('not exactly one text from a template');
  return { ...text, content, template: text.template };
}

const sms = (body: string, given: Given = {}) => rendered({ body }, given);
const email = (body: string, given: Given = {}, subject = 'Subject') =>
  rendered({ channel: 'email', body, subject }, given);

describe("the provider's own templates: filled in as Notify does (contract 3.1)", () => {
  it.each<[string, string, Record<string, string>, string]>([
    ['a value', 'Dear ((name)),', { name: 'Pat' }, 'Dear Pat,'],
    ['names are compared without case, spaces, _ and -', '((First Name))', { first_NAME: 'Pat' }, 'Pat'],
    ['a conditional that is to show', 'Come.((fasting?? Do not eat.))', { fasting: 'yes' }, 'Come. Do not eat.'],
    ['a conditional that is not', 'Come.((fasting?? Do not eat.))', { fasting: 'no' }, 'Come.'],
    ['an empty value', 'At ((place)) .', { place: '' }, 'At.'],
    ['emoji', '((x))', { x: '👍🏽' }, '??'],
    ['Welsh', '((x))', { x: 'Dŵr ac ŷd' }, 'Dŵr ac ŷd'],
    ['curly quotes and dashes', '“((x))” – …', { x: '‘a’' }, '"\'a\'" - ...'],
    ['white space', 'a  b\r\n\n\n\nc\u00a0d', {}, 'a b\n\nc d'],
    ['a list, line by line', 'Bring:\n* ((a))\n* ((b))', { a: 'x', b: 'y' }, 'Bring:\n* x\n* y'],
  ])('a text with %s', (_what, body, values, shown) => {
    expect(sms(`${body}${SENDER}`, { values }).text).toBe(`${shown}${SENDER}`);
  });

  it.each<[string, string, Record<string, string>, string]>([
    ['Markdown of its own', '# Your visit\n\n**((date))**', { date: '3 June' }, '# Your visit\n\n**3 June**'],
    ['a list', 'Bring:\n\n* ((a))\n* ((b))', { a: 'x', b: 'y' }, 'Bring:\n\n* x\n* y'],
    ['a conditional', '((fasting??Do not eat.))\nCome.', { fasting: 'yes' }, 'Do not eat.\nCome.'],
    ['line ends as they are', 'a\r\nb', {}, 'a\r\nb'],
    ['a link in a value, made none', 'See ((x))', { x: '[us](https://evil.example)' }, 'See \\[us\\](evil. example)'],
    ['emphasis in a value', 'See ((x))', { x: '*a* _b_' }, 'See \\*a\\* \\_b\\_'],
    ['a value that opens a line with a mark', '((x))\n* ((x))', { x: '# a' }, '\\# a\n* \\# a'],
    ['a value that may open a line', '((no??x))((x))', { no: 'no', x: '1. a' }, '1\\. a'],
    ['a value in the middle of one', 'Room ((x))', { x: '# 1. a' }, 'Room # 1. a'],
    ['brackets of HTML, which Notify escapes', '((x))', { x: 'BP <140' }, 'BP <140'],
  ])('an email with %s', (_what, body, values, shown) => {
    expect(email(`${body}\n\n${SENDER}`, { values }).text).toBe(`${shown}\n\n${SENDER}`.trim());
  });

  it("an email's subject is typographic, and has no backslash that a value would need in the body", () => {
    const { text, subjectLine } = email(`((x))${SENDER}`, { values: { x: '"a_b" - *c*' } }, 'On ((x))');
    expect([subjectLine, text]).toEqual(['On “a b” – c', `"a b" - c${SENDER}`]);
  });

  it('a letter is rendered with its subject as it is printed, and its letterhead counts as its sender', () => {
    const words = { channel: 'letter', subject: '((x)) & you', body: 'Dear ((x))', contactBlock: SENDER } as const;
    const { text, subjectLine, faults } = rendered(words, { values: { x: 'A & B' } });
    expect([subjectLine, text, faults]).toEqual(['A &amp; B &amp; you', 'Dear A & B', []]);
  });

  it("the organisation's name is ours to give, and free text goes where the template takes it", () => {
    expect(sms('From ((organisation)), 0113 496 0123', { values: { organisation: 'Your Bank' } }).text).toContain(
      'From Example NHS Trust,',
    );
    const { text, content } = email(`((message))\n\n${SENDER}`, { message: 'Please *do* come\n# Now' });
    expect([text, content.freeText]).toEqual([`Please \\*do\\* come\n\\# Now\n\n${SENDER}`, 'given']);
  });

  it('every placeholder is given a value, for Notify has no optional ones; in its spelling', () => {
    const given = { values: { 'The-Date': 'today' }, declared: [{ name: 'where', required: false }] };
    const { template } = sms(`((the date)) ((where??there))${SENDER}`, given);
    expect(template).toEqual({ id: ID, version: 4, values: { 'the date': 'today', where: '' } });
  });

  it('what nobody declared and nobody gave is missing, and a placeholder left', () => {
    const { content, faults } = sms(`Dear ((who))${SENDER}`);
    expect([content.missing, faults]).toEqual([['who'], [{ kind: 'placeholder', form: 'double round brackets' }]]);
  });

  it('a placeholder in the letterhead is asked for as well', () => {
    const words = { channel: 'letter', subject: 's', body: 'b', contactBlock: `((ward))${SENDER}` } as const;
    expect(rendered(words).content.missing).toEqual(['ward']);
  });
});

describe('nothing is added to a template of the provider (SUS-3, TWO-8)', () => {
  const lacks = (body: string, policy: Partial<Policy> = {}, channel: 'sms' | 'email' = 'sms') =>
    rendered({ body, channel, subject: 's' }, { policy }).faults.map((one) =>
      one.kind === 'sender' ? one.lacks : one,
    );

  it.each<[string, string, Partial<Policy>, string[]]>([
    ['name and telephone number', 'Example NHS Trust, 0113 496 0123', {}, []],
    ['name and approved link', 'Example NHS Trust, https://www.nhs.uk/x', {}, []],
    ['name in other case and spacing', 'example  nhs trust 0113 496 0123', {}, []],
    ['no name', 'Please call 0113 496 0123', {}, ['name']],
    ['no way to check', 'Example NHS Trust: please come', {}, ['way-to-check']],
    ['a link to somebody else', 'Example NHS Trust: see www.example.com', {}, ['way-to-check']],
    ['neither', 'Please come', {}, ['name', 'way-to-check']],
    ['the contact line itself', 'Example NHS Trust: ask at any desk', { contactLine: 'Ask at any desk' }, []],
    ['the name in the prefix', 'Call 0113 496 0123', { smsPrefix: 'Example NHS Trust' }, []],
  ])('%s', (_what, body, policy, faults) => {
    expect(lacks(body, policy)).toEqual(faults);
  });

  it('the prefix stands before texts alone', () => {
    expect(lacks('Call 0113 496 0123', { smsPrefix: 'Example NHS Trust' }, 'email')).toEqual(['name']);
  });
});

describe('fragments (contract 3.1)', () => {
  it.each([
    [918, []],
    [919, [{ kind: 'too-long', characters: 919, limit: 918 }]],
  ])('%i characters after clean-up', (length, faults) => {
    const head = `${SENDER.trim()} `;
    expect(sms(`${head}((x))`, { values: { x: '€'.repeat(length - head.length) } }).faults).toEqual(faults);
  });

  it('the prefix costs fragments, and is in no text', () => {
    const body = SENDER.trim().padEnd(160, 'x');
    const { fragments, text } = sms(body, { policy: { smsPrefix: 'Trust' } });
    expect([fragments, text]).toEqual([2, body]);
    expect(sms(body.replace('x', 'ŵ')).fragments).toBe(3);
  });
});

describe('values are data in a template of the provider (contract 3.1)', () => {
  const awkward = fc.string({ unit: fc.constantFrom(...'ab*_`#+-=^•1.)[](<>~|\\/:! \n“é👍ŵ'), maxLength: 25 });

  it('the simulator renders what was given as Herald did', () => {
    fc.assert(
      fc.property(awkward, awkward, (a, b) => {
        const body = `((a))\n\n* ((b))\n((a))((b)) ((a??shown))${SENDER}`;
        const values = { a, b };
        const text = sms(body, { values });
        const answered = renderText({ subject: null, body }, text.template.values);
        expect(answered).toEqual({
          body: text.text,
          length: text.text.length,
          fragments: countSms(text.text).fragments,
        });
        const mail = email(body, { values }, 'On ((b))');
        expect(renderMarkdown('email', { subject: 'On ((b))', body }, mail.template.values)).toEqual({
          subject: mail.subjectLine,
          body: mail.text,
        });
      }),
      { seed: 61, numRuns: 300 },
    );
  });

  it('none makes a heading, list, rule, inset or emphasis of its own in the email that people see', () => {
    const plain = /<(?!\/?(?:p|br)\b)[a-z]/;
    fc.assert(
      fc.property(awkward, (a) => {
        const values = email(`((a))${SENDER}\n\nx ((a))`, { values: { a } }).template.values;
        expect(emailHtml(`((a))${SENDER}\n\nx ((a))`, values)).not.toMatch(plain);
      }),
      { seed: 62, numRuns: 300 },
    );
  });
});
