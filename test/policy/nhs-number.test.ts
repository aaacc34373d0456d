import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactNhsNumber, isNhsNumber } from '../../src/policy/nhs-number.ts';

describe('NHS number', () => {
  it.each([
    ['9990000018', true],
    ['9000000009', true],
    ['9912003888', true],
    ['9990000019', false],
    ['9000000019', false],
    // The check digit would be ten: no such number is given out.
    ['9990000000', false],
    ['999000001', false],
    ['99900000180', false],
    ['999 000 0018', false],
    ['999000001X', false],
    ['', false],
  ])('VER-1: %s passes modulus 11: %s', (value, expected) => {
    expect(isNhsNumber(value)).toBe(expected);
  });

  it('VER-1: a wrong digit anywhere is found', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const digits = [...'9990000018'];
        digits[at] = String((Number(digits[at]) + by) % 10);
        expect(isNhsNumber(digits.join(''))).toBe(false);
      }),
    );
  });

  it('is stored and searched without spaces', () => {
    expect(compactNhsNumber(' 999 000 0018 ')).toBe('9990000018');
  });
});
