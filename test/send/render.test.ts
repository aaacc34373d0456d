import type { CommunicationRequest } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSms, toSmsText } from '../../src/notify/sms-text.ts';
import { fill, renderEmail } from '../../src/notify/template.ts';
import type { ChannelTemplate, MessageType, RenderedText } from '../../src/policy/message-facts.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import type { ProviderTemplate } from '../../src/providers/provider.ts';
import { hoursText } from '../../src/send/hours.ts';
import { readPayload } from '../../src/send/personalisation.ts';
import { renderTexts } from '../../src/send/render.ts';

const FOOTER =
  'Our team is available Monday to Friday, 9am to 5pm, except on bank holidays.\n\n' +
  'If you need medical help now but it is not an emergency, go to 111.nhs.uk or call 111. In an emergency, call 999.';

const template = (
  channel: ChannelTemplate['channel'],
  text: string,
  change: Partial<ChannelTemplate> & { subject?: string } = {},
): ChannelTemplate => {
  const { subject, ...others } = change;
  return {
    channel,
    kind: 'full',
    rank: undefined,
    language: undefined,
    words: { held: 'here', text, subject },
    ...others,
  };
};

const type = (templates: readonly ChannelTemplate[], change: Partial<MessageType> = {}): MessageType => ({
  code: 'x',
  canonical: 'urn:x|1',
  confidentiality: 'N',
  sensitivity: [],
  templates,
  personalisation: [],
  freeText: false,
  proxiesAllowed: true,
  fallback: false,
  automatic: false,
  purposes: [],
  kinds: [],
  ...change,
});

type Payload = NonNullable<CommunicationRequest['payload']>;
const json = (value: unknown): Payload[number] => ({
  contentAttachment: {
    contentType: 'application/json',
    data: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64'),
  },
});

function rendered(
  of: MessageType,
  payload: Payload = [],
  change: { policy?: Partial<Policy>; language?: string; templates?: readonly ProviderTemplate[] } = {},
) {
  return renderTexts({
    type: of,
    given: readPayload({ resourceType: 'CommunicationRequest', payload } as CommunicationRequest),
    language: change.language,
    providerTemplates: new Map((change.templates ?? []).map((one) => [one.id, one])),
    policy: { ...defaultPolicy, ...change.policy },
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
  });
}

const only = (result: ReturnType<typeof rendered>): RenderedText => {
  const [text] = result.texts;
  if (text === undefined || result.texts.length !== 1) throw new Error('not exactly one text');
  return text;
};
const sms = (text: string, values: object = {}, change = {}) =>
  only(rendered(type([template('sms', text)]), [json(values)], change));
const email = (text: string, values: object = {}, subject = 'Subject') =>
  only(rendered(type([template('email', text, { subject })]), [json(values)]));
const free = (text: string, channel: 'sms' | 'email' = 'sms') =>
  rendered(type([template(channel, '((message))', { subject: 's' })], { freeText: true }), [{ contentString: text }]);

describe('filling in', () => {
  it('keys are compared as Notify does: without case, spaces, underscores and hyphens', () => {
    expect(sms('Example NHS Trust ((First Name))', { first_NAME: 'x' }).text).toBe('Example NHS Trust x');
  });

  it("the organisation's name is ours to give, whatever the caller says", () => {
    expect(sms('From ((organisation))', { organisation: 'Your Bank' }).text).toBe('From Example NHS Trust');
  });

  it('a declared key that is not required may be left out', () => {
    const of = type([template('sms', 'Example NHS Trust ((where)).')], {
      personalisation: [{ name: 'where', required: false }],
    });
    const { texts, content } = rendered(of);
    expect([texts[0]?.text, texts[0]?.faults, content.missing]).toEqual(['Example NHS Trust.', [], []]);
  });

  it.each([
    ['absent', {}],
    ['blank', { date: '  ' }],
  ])('contract 3: a required key that is %s is missing', (_how, values) => {
    const of = type([template('sms', '((date))')], { personalisation: [{ name: 'date', required: true }] });
    expect(rendered(of, [json(values)]).content.missing).toEqual(['date']);
  });

  it('contract 3.1: a key that the type does not declare and nobody gave is missing, and a placeholder left', () => {
    const { texts, content } = rendered(type([template('sms', 'Dear ((who))')]));
    expect(content.missing).toEqual(['who']);
    expect(texts[0]?.faults).toEqual([{ kind: 'placeholder', form: 'double round brackets' }]);
  });

  it.each<[string, Payload]>([
    ['not JSON', [json('{')]],
    ['a list', [json(['x'])]],
    ['a number among the values', [json({ a: 1 })]],
    ['a nested object', [json({ a: { b: 'c' } })]],
    ['another media type', [{ contentAttachment: { contentType: 'text/plain', data: 'e30=' } }]],
    [
      'an address instead of data',
      [{ contentAttachment: { contentType: 'application/json', url: 'https://x.example' } }],
    ],
    ['a reference', [{ contentReference: { reference: 'DocumentReference/1' } }]],
    ['two values for one key', [json({ a: 'x' }), json({ A: 'y' })]],
    ['not UTF-8', [{ contentAttachment: { contentType: 'application/json', data: 'eyJhIjoi/yJ9' } }]],
  ])('contract 3: a payload that is %s is unreadable', (_what, payload) => {
    expect(rendered(type([template('sms', 'x')]), payload).content.unreadable).toBe(true);
  });

  it('contract 3: one flat object of strings is readable, with a charset too', () => {
    const payload = [json({ a: 'x', b: '' })];
    if (payload[0]?.contentAttachment) payload[0].contentAttachment.contentType = 'application/json; charset=utf-8';
    expect(rendered(type([template('sms', 'x')]), payload).content.unreadable).toBe(false);
  });

  it('contract 3: free text goes where the type takes it, is missed where it must be, and never lost', () => {
    expect(free('Please ring us').texts[0]?.text).toBe('Please ring us\nExample NHS Trust');
    expect(free('Please ring us').content.freeText).toBe('given');
    expect(free(' \n').content.freeText).toBe('missing');
    expect(rendered(type([template('sms', 'x')]), [{ contentString: 'hello' }]).content.freeText).toBe('not-taken');
  });
});

describe('values are data (contract 3.1)', () => {
  it.each([
    ['a link', 'see https://evil.example/pay now', 'see evil. example/pay now'],
    ['a bare domain', 'evil.com', 'evil. com'],
    ['a domain that Notify would join', 'evil .com', 'evil. com'],
    ['another scheme', 'ftp://evil.com', 'evil. com'],
    ['a scheme in capitals', 'HTTPS://EVIL.COM', 'EVIL. COM'],
    ['a domain with look-alike dots', 'evil。com', 'evil. com'],
    ['a domain with hidden characters', 'evil\u200b.\u2060com', 'evil. com'],
    ['a bare address', '10.1.2.3', '10. 1. 2. 3'],
    ['an approved link as well', 'https://www.nhs.uk/x', 'www. nhs. uk/x'],
    ['lines', 'a\r\nb\tc', 'a b c'],
    ['control characters', 'a\u0007b\u202ec', 'abc'],
    ['a time of day', '10.30am', '10.30am'],
    ['an abbreviation', 'Dr. Ng, e.g. room 2.1', 'Dr. Ng, e.g. room 2.1'],
  ])('%s in a text', (_what, value, shown) => {
    expect(sms('Example NHS Trust: ((x))', { x: value }).text).toBe(`Example NHS Trust: ${shown}`);
  });

  it.each([
    ['a link in Markdown', '[here](https://evil.example)', '\\[here\\](evil. example)'],
    ['emphasis and code', '*a* _b_ `c`', '\\*a\\* \\_b\\_ \\`c\\`'],
    ['a backslash', 'a\\[b', 'a\\\\\\[b'],
    ['HTML, which Notify escapes', '<b>x</b>', '<b>x</b>'],
    ['a heading', '# big', '\\# big'],
    ['a list', '- x', '\\- x'],
    ['a numbered list', '1. x', '1\\. x'],
    ['an inset', '^ x', '\\^ x'],
    ['a bullet', '• x', '\\- x'],
    ['nothing special', '3 June, 10am', '3 June, 10am'],
  ])('%s in an email', (_what, value, shown) => {
    expect(email('((organisation))\n((x))', { x: value }).text).toBe(`Example NHS Trust\n${shown}\n\n${FOOTER}`);
  });

  it('a mark that opens a line is one only there, and also after an empty value or a mark of ours', () => {
    const text = (words: string) => email(`((organisation))\n${words}`, { x: '# x', y: '' }).text.split('\n')[1];
    expect(text('Room ((x))')).toBe('Room # x');
    expect(text('((y))((x))')).toBe('\\# x');
    expect(text('* ((x))')).toBe('* \\# x');
  });

  it('a placeholder that a value brings is not filled, and is a fault', () => {
    const text = sms('Example NHS Trust ((a))', { a: '((b))', b: 'secret' });
    expect(text.text).toBe('Example NHS Trust ((b))');
    expect(text.faults).toEqual([{ kind: 'placeholder', form: 'double round brackets' }]);
  });

  it('nothing that is given makes a text that a telephone or Notify would turn into a link', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.:/ \t\u200b。１wht ps'), maxLength: 30 }), (value) => {
        const linked = /(?:[a-z]+:\/\/)|\b[a-z]+\.[a-z]{2,}/i;
        expect(sms('Example NHS Trust ((x))', { x: value }).text).not.toMatch(linked);
        const shown = email('((organisation)) ((x))', { x: value }).text.replace(FOOTER, '');
        expect(shown).not.toMatch(linked);
      }),
    );
  });
});

describe('placeholders left unfilled (contract 3.1)', () => {
  it.each([
    ['Dear ((name))', 'double round brackets'],
    ['Dear {{name}}', 'double curly brackets'],
    ['Dear <name>', 'angle brackets'],
    ['Dear [NAME]', 'square brackets'],
    ['Dear [X]', 'square brackets'],
  ])('%s', (text, form) => {
    for (const channel of ['sms', 'email'] as const) {
      expect(free(text, channel).texts[0]?.faults).toEqual([{ kind: 'placeholder', form }]);
    }
  });

  it.each(['Blood pressure <140', 'Ring (0113) 496 0123 (option 2)', 'a > b', '[1]'])('%s is none', (text) => {
    expect(free(text).texts[0]?.faults).toEqual([]);
  });

  it('in the subject it counts as well', () => {
    expect(email('x', {}, 'About ((what))').faults).toEqual([{ kind: 'placeholder', form: 'double round brackets' }]);
  });
});

describe('links in free text (SUS-2)', () => {
  it.each([
    ['https://www.nhs.uk/live-well', false],
    ['(see https://nhs.uk).', false],
    ['www.nhs.uk', false],
    ['Call 0113 496 0123 before 10.30am/noon and/or come.', false],
    ['Ask team@example.nhs.uk', false],
    ['http://www.nhs.uk', true],
    ['https://nhs.uk.evil.com', true],
    ['https://evil.com\\.nhs.uk', true],
    ['https://user@evil.com/nhs.uk', true],
    ['https://www.nhs.uk@evil.com', true],
    ['https://evilnhs.uk', true],
    ['https://nhѕ.uk', true],
    ['bit.ly/abc', true],
    ['www.evil.org', true],
    ['evil.com', true],
    ['evil .com', true],
    ['ev\u200bil\u00a0.com', true],
    ['https://1.2.3.4/', true],
    ['javascript://nhs.uk', true],
    ['//evil.com/x', true],
    ['here:evil.com/x', true],
    ['“evil.com/x”', true],
    ['**evil.com**', true],
    ['a_evil.com', true],
    ['this...evil.com/x', true],
    ['www.nhs.uk,evil.com', true],
    ['evil。com/x', true],
    ['//1.2.3.4/x', true],
    ['www.nhs.uk/evil.com?to=evil.com', false],
    ['x.co@example.nhs.uk', false],
    ['Mon./Tue., e.g. version 1.2.3', false],
  ])('%s strange: %s', (text, strange) => {
    expect(free(`Look at ${text}`).content.strangeLink).toBe(strange);
  });

  it('an approved link in free text still works in an email', () => {
    expect(free('See https://www.nhs.uk/a_b-c', 'email').texts[0]?.text).toContain('https://www.nhs.uk/a_b-c');
  });
});

describe('who is writing, and how to check (SUS-3, TWO-8)', () => {
  it('the name is added where it is lacking, and only there', () => {
    expect(sms('Please call us').text).toBe('Please call us\nExample NHS Trust');
    expect(sms('example  nhs trust: please call us').text).toBe('example nhs trust: please call us');
    expect(sms('Please call us', {}, { policy: { smsPrefix: 'Example NHS Trust' } }).text).toBe('Please call us');
  });

  it.each([
    ['nothing to check by', 'Please come', true],
    ['a UK number', 'Please call 0113 496 0123', false],
    ['a UK mobile', 'Please call +44 7700 900123', false],
    ['an approved link', 'See www.example.nhs.uk/x', false],
    ['another link', 'See www.example.com', true],
    ['an email address', 'Write to a@nhs.uk', true],
    ['a foreign number', 'Please call +33 6 12 34 56 78', true],
    ['a reference number', 'Your reference is 00123', true],
  ])('contactLine with %s is added: %s', (_what, text, added) => {
    const line = 'Check this on 0113 496 0999';
    expect(sms(text, {}, { policy: { contactLine: line } }).text.endsWith(line)).toBe(added);
  });

  it("an email ends with the team's hours and what to do when it is urgent", () => {
    expect(email('Hello from ((organisation))').text).toBe(`Hello from Example NHS Trust\n\n${FOOTER}`);
  });

  it.each([
    [{ days: ['mon'], from: '08:30', to: '12:00', bankHolidaysClosed: false }, 'Monday, 8:30am to midday.'],
    [
      { days: ['sun', 'sat'], from: '00:00', to: '13:05', bankHolidaysClosed: true },
      'Saturday and Sunday, midnight to 1:05pm, except on bank holidays.',
    ],
    [
      { days: ['mon', 'wed', 'fri'], from: '09:00', to: '24:00', bankHolidaysClosed: false },
      'Monday, Wednesday and Friday, 9am to midnight.',
    ],
  ] as const)('hours %j read "%s"', (hours, said) => {
    expect(hoursText(hours)).toContain(`Our team is available ${said}\n\n`);
  });

  it('a team without hours promises none', () => {
    expect(hoursText({ days: [], from: '09:00', to: '17:00', bankHolidaysClosed: true })).toMatch(/^If you need/);
  });
});

describe('byte for byte what Notify answers (REC-1)', () => {
  const words = fc.string({ unit: fc.constantFrom(...'aé…ŵ€ \n\t.,–“\'-"\u00a0\\<>'), maxLength: 60 });

  it('a text: given to Notify it comes back unchanged', () => {
    fc.assert(
      fc.property(words, (given) => {
        const { text, fragments } = sms('((organisation)) ((x))', { x: given });
        expect(toSmsText(fill('((body))', { body: text }, 'sms'))).toBe(text);
        expect(fragments).toBe(countSms(text).fragments);
      }),
    );
  });

  it('an email: subject and body given to Notify come back unchanged', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const { text, subjectLine = '' } = email('((a))\n\n((b))', { a, b }, 'On ((a)) - ((b))');
        const answer = renderEmail({ subject: '((subject))', body: '((body))' }, { subject: subjectLine, body: text });
        expect(answer).toEqual({ subject: subjectLine, body: text });
      }),
    );
  });

  it.each([
    [918, []],
    [919, [{ kind: 'too-long', characters: 919, limit: 918 }]],
  ])('contract 3.1: %i characters after clean-up', (length, faults) => {
    const name = 'Example NHS Trust ';
    expect(sms(`${name}${'€'.repeat(length - name.length)}  `).faults).toEqual(faults);
  });

  it('the prefix costs fragments and is not part of the text', () => {
    const text = 'Example NHS Trust '.padEnd(160, 'x');
    const { fragments, text: shown } = sms(text, {}, { policy: { smsPrefix: 'Trust' } });
    expect([fragments, shown]).toEqual([2, text]);
  });
});

describe('language (contract 3.2)', () => {
  const of = type([
    template('sms', 'Example NHS Trust plain'),
    template('sms', 'Example NHS Trust cymraeg', { language: 'cy' }),
    template('sms', 'Example NHS Trust brasil', { language: 'pt-br' }),
    template('sms', 'Example NHS Trust nudge', { kind: 'nudge' }),
  ]);
  it.each([
    [undefined, 'plain'],
    ['cy', 'cymraeg'],
    ['cy-gb', 'cymraeg'],
    ['pt-pt', 'brasil'],
    ['pl', 'plain'],
  ])('for %s: %s', (language, said) => {
    const texts = rendered(of, [], language === undefined ? {} : { language }).texts;
    expect(texts.map((one) => one.text)).toEqual([`Example NHS Trust ${said}`, 'Example NHS Trust nudge']);
  });

  it('a text in another language is never sent to whom it is not for', () => {
    expect(rendered(type([template('sms', 'x', { language: 'cy' })])).texts).toEqual([]);
  });
});
