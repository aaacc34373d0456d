import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/notify-simulator.md', 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => {
    const rows = [...text.matchAll(/^\| (.+) \| `(\S+)` \| (.+) \|$/gm)];
    return {
      title: text.slice(0, text.indexOf('\n')),
      lines: text.split('\n').filter((line) => line.startsWith('|')).length - 2,
      rows: rows.map(([, part = '', file = '', name = '']) => ({ part, file, name })),
    };
  });

/** Parts of each line of the reference's section 19, in its order. */
const parts = [4, 5, 3, 5, 7, 14, 1];

describe('19: what a simulator of Notify must do', () => {
  it('every line of the checklist has a row for each of its parts', () => {
    expect(sections.map(({ title }) => title.split('.')[0])).toEqual(['1', '2', '3', '4', '5', '6', '7', 'Besides']);
    expect(sections.slice(0, 7).map(({ rows }) => rows.length)).toEqual(parts);
  });

  it('every row can be read', () => {
    expect(sections.map(({ rows }) => rows.length)).toEqual(sections.map(({ lines }) => lines));
  });

  it.each(sections.flatMap(({ rows }) => rows))('$part', ({ file, name }) => {
    const source = readFileSync(file, 'utf8');
    // The title of a test, of a group, or of a row in a table of tests.
    const titles = [`'${name}`, `"${name}`].filter((title) => source.includes(title));
    expect(titles).not.toEqual([]);
  });
});
