import { describe, expect, it } from 'vitest';
import { remoteRuns } from './runs.ts';
import { serverKinds } from './server.ts';
import { serverRows } from './server-faults.ts';

describe('contract 1: whatever server keeps the record, its troubles are tried', () => {
  const names = remoteRuns('full').map((run) => run.name);

  it('in more than a hundred runs, each with a name of its own', () => {
    expect(names.length).toBeGreaterThan(100);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(serverRows.map((row) => row.name))('%s befalls some server', (name) => {
    expect(serverKinds.some((kind) => names.includes(`${kind}/${name}`))).toBe(true);
  });

  it.each(serverKinds)('every trouble befalls the acceptance on %s', (kind) => {
    const accepting = serverRows.filter((row) => row.name.startsWith('accept/'));
    expect(accepting.length).toBeGreaterThan(15);
    expect(accepting.filter((row) => !names.includes(`${kind}/${row.name}`))).toEqual([]);
  });

  it.each(serverKinds)('%s is killed before and after a step, and under load', (kind) => {
    for (const part of ['/before/kill', '/after/kill', '/kill-under-load', '/server-killed-under-load']) {
      expect(names.filter((name) => name.startsWith(kind) && name.endsWith(part))).not.toEqual([]);
    }
  });

  it('the quick size has some of everything on every server', () => {
    const quick = remoteRuns('quick').filter((run) => run.quick);
    expect(new Set(quick.map((run) => run.server)).size).toBe(serverKinds.length);
    expect(quick.length).toBeGreaterThan(12);
  });

  it('nothing is stopped while a second process goes on, for that one would not start', () => {
    expect(names.filter((name) => name.includes('stop'))).toEqual([]);
  });
});
