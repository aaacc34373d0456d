import { describe, expect, it } from 'vitest';
import { filesUnder, textOf } from '../meta/tree.ts';
import { actors, coverage, faultsOf, isOf, type PortCall, steps } from './steps.ts';

/** Where messages are accepted, sent and followed: whatever a file here asks of a port, the fault kit must fail. */
const pipeline = filesUnder('src').filter(
  (path) =>
    path.startsWith('src/send/') ||
    ['src/jobs/worker.ts', 'src/jobs/holds.ts', 'src/providers/callbacks.ts', 'src/catalogue/seed.ts'].includes(path),
);

/** Port calls as they are written: `deps.store.read(`, `jobs.claim(`, `searchAll(store,`; `jobs.push(` is a list's. */
const written = pipeline.flatMap((path) => {
  const text = textOf(path);
  const named = [...text.matchAll(/\b(store|jobs|provider)\.(?!push\b)([a-zA-Z]+)\(/g)].map(
    ([, port, method]) => `${port}.${method}`,
  );
  const searched = /\bsearchAll\(/.test(text) ? ['store.search'] : [];
  const units = /\bcommitUnit\(/.test(text) ? ['commitUnit'] : [];
  return [...named, ...searched, ...units].map((call) => ({ path, call }));
});

describe('issue 1, item 11: the table of steps leaves nothing of the pipeline out', () => {
  it('the pipeline asks no port for something that the table does not know', () => {
    expect(written.length).toBeGreaterThan(30);
    expect(written.filter(({ call }) => !(call in coverage))).toEqual([]);
  });

  it.each(Object.entries(coverage))('%s has a row, or a reason to have none', (call, how) => {
    const rows = steps.filter((row) => row.call === call);
    if (how === 'steps') expect(rows).not.toEqual([]);
    else expect(rows).toEqual([]);
  });

  it('every module that may be on the stack is there, and has a row', () => {
    const known = filesUnder('src');
    for (const [actor, path] of Object.entries(actors)) {
      expect(known).toContain(path);
      // The edge asks nothing while a message has no `about`: it is named so that it would be noticed.
      if (actor !== 'edge') expect(steps.map((row) => row.actor)).toContain(actor);
    }
  });

  it('names are unique, and say who acts', () => {
    expect(new Set(steps.map((row) => row.name)).size).toBe(steps.length);
    for (const row of steps) expect(row.name.split('.')[0]).toBe(row.actor);
  });

  it('whatever changes something is killed before and after it', () => {
    for (const row of steps.filter(({ effect }) => effect === 'write')) {
      const kills = faultsOf(row).filter(([, fault]) => fault === 'kill');
      expect(kills.map(([moment]) => moment)).toEqual(['before', 'after']);
    }
  });

  it('a call of another use case, or about another type, is not a row of this one', () => {
    const [row] = steps.filter(({ name }) => name === 'accept.known');
    const seen = (actor: string, call: PortCall, type: string) => row !== undefined && isOf(row, { actor, call, type });
    expect(seen('accept', 'store.read', 'CommunicationRequest')).toBe(true);
    expect(seen('dispatch', 'store.read', 'CommunicationRequest')).toBe(false);
    expect(seen('accept', 'store.search', 'CommunicationRequest')).toBe(false);
    expect(seen('accept', 'store.read', 'Patient')).toBe(false);
  });
});
