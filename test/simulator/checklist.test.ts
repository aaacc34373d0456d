import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const readme = readFileSync('src/simulator/README.md', 'utf8');
const rows = [...readme.slice(readme.indexOf('## Checklist')).matchAll(/^\| (.+) \| `(\S+)`: (.+) \|$/gm)];

it('19: the checklist has a row for each thing that is done', () => {
  expect(rows.length).toBeGreaterThan(30);
});

it.each(rows.map(([, line, file, name]) => [line, file, name]))('19: %s', (_, file = '', name = '') => {
  const path = file.includes('/') ? file : `test/simulator/${file}`;
  const text = readFileSync(path, 'utf8');
  expect(text.includes(`'${name}`)).toBe(true);
});
