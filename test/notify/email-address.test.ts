import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../src/notify/email-address.ts';

describe('15.2: email addresses', () => {
  it.each([
    ['pat@example.org', 'pat@example.org'],
    [' Pat.Example+nhs@Example.ORG ', 'pat.example+nhs@example.org'],
    ["o'neil@example.org", "o'neil@example.org"],
    ['pat@\u200bexample.org', 'pat@example.org'],
    ['.pat.@example.org', '.pat.@example.org'],
    ["!#$%&'*+/=?^_`{|}~-@example.org", "!#$%&'*+/=?^_`{|}~-@example.org"],
    ['pat@例え.テスト', 'pat@例え.テスト'],
    ['pat@a-b--c.example', 'pat@a-b--c.example'],
    ['pat@example.xn--11b4c3d', 'pat@example.xn--11b4c3d'],
  ])('%j is sent to as %s', (typed, address) => {
    expect(parseEmail(typed)).toMatchObject({ kind: 'ok', address });
  });

  it('keeps the case as typed', () => {
    expect(parseEmail(' Pat@Example.org')).toMatchObject({ typed: 'Pat@Example.org' });
  });

  it.each([
    '',
    'pat',
    'pat@',
    '@example.org',
    'pat@example',
    'pat@@example.org',
    'a b@example.org',
    'pat@exam ple.org',
    '"pat"@example.org',
    'pät@example.org',
    'pat..x@example.org',
    'pat@example..org',
    'pat@.example.org',
    'pat@example.org.',
    'pat@-example.org',
    'pat@example-.org',
    'pat@a---b.org',
    'pat@exam_ple.org',
    'pat@example.o',
    'pat@example.123',
    'pat@127.0.0.1',
    `pat@${'a'.repeat(64)}.org`,
    `pat@${'a.'.repeat(126)}org`,
    `${'a'.repeat(309)}@example.org`,
  ])('%j is no address', (typed) => {
    expect(parseEmail(typed)).toEqual({ kind: 'bad', message: 'Not a valid email address' });
  });
});
