import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, importsOf, root, textOf } from './tree.ts';

const dockerfile = textOf('Dockerfile').replace(/\\\n\s*/g, ' ');
const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const argumentsOf = (instruction: string): string[] =>
  lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));
const stages = dockerfile.split(/^FROM /m).slice(1);
const last = stages.at(-1) ?? '';

/** Paths that come from the repository, not from an earlier stage. */
const copied = argumentsOf('COPY')
  .filter((line) => !line.startsWith('--from='))
  .flatMap((line) => line.split(/\s+/).slice(0, -1));
const copiedAtTheEnd = [...last.matchAll(/^COPY (?!--from=)(.+) \S+$/gm)].flatMap(
  (match) => match[1]?.split(/\s+/) ?? [],
);

const { scripts, engines } = JSON.parse(textOf('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

describe('the Dockerfile, which nobody has built here', () => {
  it('copies only what exists', () => {
    expect(copied.length).toBeGreaterThan(4);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('copies nothing that .dockerignore keeps from it', () => {
    const kept = textOf('.dockerignore').split('\n');
    expect(kept).toContain('*');
    expect(copied.filter((path) => !kept.includes(`!${path}`))).toEqual([]);
  });

  it('copies all that the service reads', () => {
    const outside = filesUnder('src')
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [
        ...importsOf(path)
          .filter((one) => one.kind === 'file' && !one.typeOnly && !one.to.startsWith('src/'))
          .map((one) => one.to),
        ...[...textOf(path).matchAll(/'(?:\.\.\/)+((?!src)[\w-]+)\/[^']*', import\.meta/g)].map(
          (match) => match[1] ?? '',
        ),
      ]);
    expect(outside.filter((path) => !copiedAtTheEnd.some((one) => path.startsWith(one)))).toEqual([]);
  });

  it('runs what npm start runs', () => {
    const [command] = argumentsOf('CMD');
    const words = JSON.parse(command ?? '[]') as string[];
    const [settings = '', start] = (scripts.start ?? '').split(/(?<=^|\s)exec /);
    expect(words.join(' ')).toBe(start);
    expect(last).toContain(settings.trim());
    expect(existsSync(join(root, words.at(-1) ?? ''))).toBe(true);
  });

  it('has a Node that the project can run on', () => {
    const image = /^ARG NODE_IMAGE=node:(\d+)/m.exec(dockerfile)?.[1];
    expect(engines.node).toContain(`>=${image}.`);
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/^\$\{NODE_IMAGE\}/);
  });

  it('does not run as root, and writes to /data alone', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^VOLUME \/data$/m);
    expect(last).toMatch(/HERALD_DATA_DIR=\/data\b/);
    expect(last.indexOf('USER node')).toBeLessThan(last.indexOf('CMD ["node"'));
  });

  it('says by /livez whether the service lives', () => {
    expect(argumentsOf('HEALTHCHECK')[0]).toMatch(/CMD \["node", "-e", "fetch\(.*\/livez/);
  });

  it('carries no secret and no key of the environment but the data directory', () => {
    expect([...dockerfile.matchAll(/\b(HERALD|GOVUK_NOTIFY)_[A-Z_]+/g)].map((match) => match[0]).sort()).toEqual([
      'HERALD_DATA_DIR',
      'HERALD_PORT',
    ]);
  });
});
