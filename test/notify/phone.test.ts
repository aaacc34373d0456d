import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePhone } from '../../src/notify/phone.ts';

const invalid = 'Number is not valid – double check the phone number you entered';

describe('15.1: telephone numbers', () => {
  it.each([
    '07900900123',
    '+44(0)7900 900-123',
    '0+447900900123',
    '00447900900123',
    '7900900123',
    ' 07900 900123 ',
    '\u200b07900\u00a0900123',
    '07900\t900123',
    '000007900900123',
    '+07900900123',
  ])('%j is +447900900123', (typed) => {
    expect(parsePhone(typed)).toMatchObject({
      kind: 'ok',
      e164: '+447900900123',
      digits: '447900900123',
      country: 'uk',
      mobile: true,
    });
  });

  it.each([
    ['+14155552671', '14155552671', 'international'],
    ['14155552671', '14155552671', 'international'],
    ['079009001234', '79009001234', 'international'],
    ['07797900123', '447797900123', 'crown'],
    ['07624 900123', '447624900123', 'crown'],
    ['07700 900123', '447700900123', 'uk'],
    ['+44 7700 900999', '447700900999', 'uk'],
  ])('%s is %s: %s', (typed, digits, country) => {
    expect(parsePhone(typed)).toMatchObject({ kind: 'ok', digits, country });
  });

  it.each([
    ['020 7946 0958', { mobile: false, landline: true }],
    ['070 1234 5678', { mobile: false, landline: false }],
    ['0333 123 4567', { mobile: false, landline: true }],
  ])('%s is allowed, and no mobile', (typed, expected) => {
    expect(parsePhone(typed)).toMatchObject({ kind: 'ok', country: 'uk', ...expected });
  });

  it.each([
    ['', 'Not enough digits'],
    ['999', 'Not enough digits'],
    ['0790090012', invalid],
    ['077009001234567', 'Too many digits'],
    ['07900.900123', 'Must not contain letters or symbols'],
    ['07900/900123', 'Must not contain letters or symbols'],
    ['O7900900123', 'Must not contain letters or symbols'],
    ['07900900123 ext 4', 'Must not contain letters or symbols'],
    ['٠٧٩٠٠٩٠٠١٢٣', 'Must not contain letters or symbols'],
    ['0909 879 0000', invalid],
    ['0800 123 4567', invalid],
    ['076 0012 3456', invalid],
    ['+44 6900 900123', invalid],
    ['0770 090012', invalid],
    ['+290 22158', 'Not a valid country prefix'],
  ])('%j: %s', (typed, message) => {
    expect(parsePhone(typed)).toEqual({ kind: 'bad', message });
  });

  it('never throws, and reads what it made again as the same number', () => {
    const typed = fc.oneof(fc.string(), fc.stringMatching(/^[+0-9() -]{0,20}$/));
    fc.assert(
      fc.property(typed, (text) => {
        const phone = parsePhone(text);
        if (phone.kind === 'bad') return true;
        const again = parsePhone(phone.e164);
        return again.kind === 'ok' && again.digits === phone.digits && again.country === phone.country;
      }),
    );
  });
});
