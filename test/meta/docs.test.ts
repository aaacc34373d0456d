import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../../scripts/build-errors.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { variables } from '../../src/config-values.ts';
import type { Queue } from '../../src/jobs/jobs.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { createMetrics } from '../../src/metrics.ts';
import { openDatabase } from '../../src/store/database.ts';
import { filesUnder, root, textOf } from './tree.ts';

const pages = filesUnder()
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: textOf(path) }));
const manifest = JSON.parse(textOf('package.json')) as { version: string; scripts: Record<string, string> };
const operate = textOf('docs/operate.md');
const readme = textOf('README.md');

/** What a pattern's first group finds on every page, as `page: found`. */
const everywhere = (pattern: RegExp, isWrong: (found: string, page: string) => boolean): string[] =>
  pages.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)]
      .map((match) => match[1] ?? '')
      .filter((found) => isWrong(found, path))
      .map((found) => `${path}: ${found}`),
  );

describe('documents say what is in the tree', () => {
  it('every npm command exists', () => {
    expect(
      everywhere(
        /(?:`|^|&& )npm (?:run )?([a-z][a-z:-]*)/gm,
        (name) => !(name in { ...manifest.scripts, ci: '', run: '' }),
      ),
    ).toEqual([]);
  });

  it('every link within the repository leads somewhere', () => {
    const leadsNowhere = (target: string, page: string) =>
      !/^(https?:|#)/.test(target) &&
      !existsSync(join(root, normalize(join(dirname(page), target.replace(/#.*/, '')))));
    expect(everywhere(/\]\(([^)\s]+)\)/g, leadsNowhere)).toEqual([]);
  });

  it('every path of the repository that is named exists', () => {
    const path = /`((?:src|test|docs|scripts|terminology|profiles|bench)\/[\w./-]*|\.ci\/run)`/g;
    expect(everywhere(path, (found) => !existsSync(join(root, found)))).toEqual([]);
  });

  it('every variable that is named exists, and docs/operate.md describes each', () => {
    const known: readonly string[] = variables;
    expect(everywhere(/\b((?:HERALD|GOVUK_NOTIFY)_[A-Z_]*[A-Z])\b/g, (name) => !known.includes(name))).toEqual([]);
    for (const name of variables) expect(operate).toContain(`\`${name}\``);
  });

  it('docs/errors.md is what src/errors.ts makes', () => {
    expect(textOf('docs/errors.md')).toBe(errorsPage());
  });

  it('every metric of ours is explained, and no other', async () => {
    const metrics = createMetrics({ version: manifest.version });
    metrics.watchQueues(async () => []);
    const { text } = await metrics.expose();
    const names = [...text.matchAll(/^# TYPE (herald_(?!process_|nodejs_)\w+)/gm)].map((match) => match[1]);
    const explained = [...operate.matchAll(/^\| `(herald_\w+)` \|/gm)].map((match) => match[1]);
    expect(explained.sort()).toEqual(names.sort());
  });

  it('every decision is in the list, numbered without gaps', () => {
    const files = filesUnder('docs/adr').filter((path) => !path.endsWith('README.md'));
    const listed = [...textOf('docs/adr/README.md').matchAll(/\]\(([^)]+)\)/g)].map((match) => `docs/adr/${match[1]}`);
    expect(listed).toEqual(files);
    files.forEach((path, at) => {
      expect(path).toMatch(new RegExp(`/${String(at + 1).padStart(4, '0')}-`));
      for (const heading of [
        `# ${at + 1}. `,
        '## The question',
        '## The decision',
        '## What lost',
        '## What follows',
      ]) {
        expect(textOf(path)).toContain(heading);
      }
    });
  });

  it('the changelog begins with the version of the package', () => {
    expect(/^## (\S+)/m.exec(textOf('CHANGELOG.md'))?.[1]).toBe(manifest.version);
  });
});

describe('the README is enough for a stranger', () => {
  it('has the two lines on its first screen', () => {
    const firstScreen = readme.split('\n').slice(0, 30).join('\n');
    expect(firstScreen).toMatch(/^npm ci && npm start\b/m);
    expect(firstScreen).toMatch(/^npm ci && npm test\b/m);
  });

  it('shows the request that the service prints', () => {
    const body = /-d '(\{.*?\})'/s.exec(readme)?.[1];
    expect(JSON.parse(body ?? '')).toEqual(exampleRequest('my-first-message'));
  });
});

it('the statement for a restored backup marks the due jobs that no call is known of, and no others', async () => {
  const statement = /```sql\n(.*?)```/s.exec(operate)?.[1] ?? '';
  const database = openDatabase(':memory:');
  const now = new Date();
  const jobs = new SqliteJobs(database, { clock: { now: () => now } });
  const job = (queue: Queue, key: string, runAt: Date) => ({ queue, key, priority: 1, runAt, data: {} });
  const tomorrow = new Date(now.getTime() + 86_400_000);
  const begun = new Date(now.getTime() - 60_000);
  await jobs.add([job('dispatch', 'called', begun)]);
  for (const { lease } of await jobs.claim(['dispatch'], { limit: 1, leaseMs: 1_000 }))
    await jobs.beginCall(lease, begun);
  await jobs.add([
    job('dispatch', 'due', begun),
    job('dispatch', 'scheduled', tomorrow),
    job('inbox', 'receipt', begun),
  ]);

  database.sql.exec(statement);
  const callOf = async (queue: Queue, key: string) => (await jobs.get(queue, key))?.callBegunAt;
  expect(Math.abs(((await callOf('dispatch', 'due'))?.getTime() ?? 0) - now.getTime())).toBeLessThan(600_000);
  expect(await callOf('dispatch', 'called')).toEqual(begun);
  expect(await callOf('dispatch', 'scheduled')).toBeUndefined();
  expect(await callOf('inbox', 'receipt')).toBeUndefined();
  database.close();
});
