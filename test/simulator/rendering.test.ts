import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSms } from '../../src/notify/sms-text.ts';
import { fill, missingPersonalisation, placeholders, renderEmail } from '../../src/notify/template.ts';
import { timestamp } from '../../src/simulator/clock.ts';
import { readAddress } from '../../src/simulator/letters/address.ts';
import { estimatedDeliveryUs, type Postage } from '../../src/simulator/letters/calendar.ts';
import { emailHtml } from '../../src/simulator/rendering/email-html.ts';
import { fieldNames, fillIn, missingNames } from '../../src/simulator/rendering/fields.ts';
import { renderMarkdown, renderText } from '../../src/simulator/rendering/render.ts';

type Values = Readonly<Record<string, unknown>>;

/** What Notify's own published library (notifications-utils a9af02a, the one its server runs) makes of these. */
type Vector =
  | { kind: 'sms'; template: string; values: Values; prefix: string | null; answer: object }
  | { kind: 'email' | 'letter'; subject: string; body: string; values: Values; answer: object }
  | { kind: 'address'; values: Values; abroad: boolean; answer: object }
  | { kind: 'estimate'; accepted: string; postage: Postage; answer: string };

const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL('notify-vectors.json', import.meta.url), 'utf8'));

/** Microseconds since 1970; `Date` knows milliseconds. */
const microseconds = (time: string): number => Date.parse(`${time.slice(0, 23)}Z`) * 1000 + Number(time.slice(23, 26));

function ours(vector: Vector): unknown {
  switch (vector.kind) {
    case 'sms':
      return renderText({ subject: null, body: vector.template }, vector.values, vector.prefix ?? undefined);
    case 'email':
      return { ...renderMarkdown('email', vector, vector.values), html: emailHtml(vector.body, vector.values) };
    case 'letter':
      return renderMarkdown('letter', vector, vector.values);
    case 'address': {
      const address = readAddress(vector.values, vector.abroad);
      if (address.kind === 'bad') return { fault: address.message };
      return { lines: address.lines, ...(address.abroad && { abroad: address.abroad }) };
    }
    case 'estimate':
      return timestamp(estimatedDeliveryUs(microseconds(vector.accepted), vector.postage));
    default:
      return vector satisfies never;
  }
}

describe('13, 14 and 16: as Notify’s own library has it', () => {
  it.each(vectors.map((vector, at) => [`${vector.kind} ${at + 1}`, vector] as const))('%s', (_, vector) => {
    expect(ours(vector)).toEqual(vector.answer);
  });
});

/** Bits in which the rules trip, put together at random. */
const bits = [
  ...['a', 's ', 'The ', '80s', "'", '"', ' ', '\n', '\n\n\n', '\t', '.', ' ,', ' - ', '—', '--', '…', '€', 'ŵ', 'é'],
  ...['((x))', '((Y y))', '((x??yes))', '((z))', '(', '))', '??', '\u200b', '\u00a0', '👍', 'ế', "o'neil@example.org"],
  ...['<b>', '<a href="x">', '</a>', '&amp;', '\\"', '\r\n', '\u2028', '1', 'don’t'],
];
const text = fc.array(fc.constantFrom(...bits), { maxLength: 14 }).map((parts) => parts.join(''));
const value = fc.oneof(text, fc.boolean(), fc.integer(), fc.array(fc.option(text), { maxLength: 3 }));
const values = fc.record({ X: value, y_Y: value, z: value }, { requiredKeys: ['X'] });

describe('the simulator’s rendering and Herald’s own are written apart, and agree', () => {
  it('on which values are asked for and missing', () => {
    fc.assert(
      fc.property(text, text, values, (subject, body, given) => {
        expect(fieldNames(subject, body)).toEqual(placeholders(subject, body));
        expect(missingNames(given, subject, body)).toEqual(missingPersonalisation(given, subject, body));
      }),
    );
  });

  it('on the body, length and fragments of a text', () => {
    fc.assert(
      fc.property(text, values, fc.constantFrom('', 'Example NHS Trust'), (template, given, prefix) => {
        const filled = fill(template, given, 'sms');
        const { body, length } = renderText({ subject: null, body: template }, given);
        const { fragments } = renderText({ subject: null, body: template }, given, prefix);
        expect({ characters: length, fragments }).toEqual(countSms(filled, prefix));
        expect(fillIn(template, given, 'words')).toBe(filled);
        expect(body.length).toBe(length);
      }),
    );
  });

  it('on the subject and body of an email', () => {
    fc.assert(
      fc.property(text, text, values, (subject, body, given) => {
        expect(renderMarkdown('email', { subject, body }, given)).toEqual(renderEmail({ subject, body }, given));
      }),
    );
  });
});
