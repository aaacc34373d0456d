import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fill, missingPersonalisation, placeholders, renderEmail, renderSms } from '../../src/notify/template.ts';

describe('13: placeholders', () => {
  it.each([
    ['order of appearance, subject first', ['((b)) ((a))', '((c)) ((a))'], ['b', 'a', 'c']],
    ['template spelling, the first wins', ['((First Name)) ((first_name)) ((FIRST-NAME))'], ['First Name']],
    ['conditionals by their name', ['((flag??text ?? more))'], ['flag']],
    ['no nesting', ['((a((b))c))'], ['b']],
    ['one bracket is none', ['(a) ((b)'], []],
  ])('%s', (_, templates, names) => {
    expect(placeholders(...templates)).toEqual(names);
  });

  it('absent and null are missing, empty and false are not, extra values are ignored', () => {
    const values = { A_B: 'x', c: null, d: '', e: false, z: 1 };
    expect(missingPersonalisation(values, '((nope))', '((a b)) ((c)) ((d)) ((e))')).toEqual(['nope', 'c']);
  });
});

describe('13: values', () => {
  it.each([
    ['text', 'x', 'x'],
    ['number', 1.5, '1.5'],
    ['whole number', 2, '2'],
    ['small number', 0.00001, '1e-05'],
    ['true', true, 'True'],
    ['false', false, 'False'],
    ['object', { a: "it's", b: [1, null] }, `{'a': "it's", 'b': [1, None]}`],
    ['list of one', ['a'], 'a'],
    ['list', ['a', ' b ', null, '', 'c'], 'a, b and c'],
    ['empty list', [null, ' '], ''],
  ])('a text prints %s', (_, value, text) => {
    expect(fill('<((v))>', { v: value }, 'sms')).toBe(`<${text}>`);
  });

  it('an email prints a list as bullets, its subject as words', () => {
    const content = renderEmail({ subject: 'For ((v))', body: 'Bring:((v))' }, { v: ['a', 'b'] });
    expect(content).toEqual({ subject: 'For a and b', body: 'Bring:\n\n* a\n* b' });
  });

  it.each(['yes', 'Y', 'TRUE', 't', '1', 'include', 'Show', true, 1])(
    'a conditional prints its text for %j',
    (flag) => {
      expect(fill('a((flag??b ?? c))', { flag }, 'sms')).toBe('ab ?? c');
    },
  );

  it.each(['no', '', 'false', 'on', 0, 2, false, 'yes please', []])('a conditional prints nothing for %j', (flag) => {
    expect(fill('a((flag??b))', { flag }, 'sms')).toBe('a');
  });

  it('values are not searched for placeholders again', () => {
    expect(fill('((a))((b))', { a: '((b))', b: '$& $1 ((a))' }, 'sms')).toBe('((b))$& $1 ((a))');
    const names = fc.stringMatching(/^[b-z]{1,5}$/);
    fc.assert(
      fc.property(names, fc.string(), (name, before) => {
        const value = `${before}((${name}))`;
        return fill('((a))', { a: value, [name]: 'no' }, 'sms') === value;
      }),
    );
  });

  it('a later key of the same name wins', () => {
    expect(fill('((a b))', { a_b: 1, 'A B': 2 }, 'sms')).toBe('2');
  });
});

describe('13: bodies', () => {
  it('an email’s body keeps its Markdown, line ends and characters, and loses only its ends', () => {
    const body = '\n # Hi\r\n\r\n**((name))** – <b>“x”</b> 👍 \n';
    expect(renderEmail({ subject: 's', body }, { name: 'Pat' }).body).toBe('# Hi\r\n\r\n**Pat** – <b>“x”</b> 👍');
  });

  it('a text is cleaned after it is filled in', () => {
    expect(renderSms('Dear ((name)) , bye', { name: ' Zoë — ' })).toBe('Dear Zoë -, bye');
  });
});
