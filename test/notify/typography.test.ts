import { describe, expect, it } from 'vitest';
import { toSubject } from '../../src/notify/typography.ts';

describe('13: the subject of an email', () => {
  it.each([
    ['double quotes', 'Your "new" appointment', 'Your “new” appointment'],
    ['quotes at both ends', '"Hello"', '“Hello”'],
    ['apostrophes', "Pat's clinic, don't worry", 'Pat’s clinic, don’t worry'],
    ['single quotes', "the 'new' clinic", 'the ‘new’ clinic'],
    ['quotes in quotes', `"'Quoted' words"`, '“‘Quoted’ words”'],
    ['decades', "the '80s", 'the ‘80s'],
    ['decades after a letter', "mid'80s", 'mid’80s'],
    ['a quote alone', '"', '“'],
    ['after an opening bracket', '("a")', '(“a”)'],
    ['spaced hyphens', 'Results - today', 'Results – today'],
    ['two or three hyphens', 'a -- b --- c', 'a – b – c'],
    ['hyphens inside words stay', 'follow-up', 'follow-up'],
    ['white space', ' a \n  b\u00a0c\u200b ', 'a b c'],
    ['space before punctuation', 'Hello , you .', 'Hello, you.'],
    ['addresses keep straight quotes', "Write to o'neil@example.org now", "Write to o'neil@example.org now"],
    ['backslashes leave entities behind', '\\"a\\"', '&#34;a&#34;'],
    [
      'tags and what they hold verbatim',
      `<b class="x">"y"</b> <code>"z"</code>`,
      '<b class="x">“y”</b> <code>"z"</code>',
    ],
    ['no escaping', 'a & b < c', 'a & b < c'],
  ])('%s', (_, given, shown) => {
    expect(toSubject(given)).toBe(shown);
  });
});
