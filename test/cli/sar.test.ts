import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent, Resource, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { londonDay } from '../../src/policy/london.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { validator } from '../profiles/support.ts';
import { ada, aMessage, approved, aRequestTask, kim } from '../sar/rig.ts';
import { startStub } from '../servers/stub/stub.ts';
import { faultsOf } from '../validate/support.ts';
import { given, probeOf, run } from './support.ts';

/** A record on disk, as the service left it. */
describe('SAR-1: npx herald sar', () => {
  let dir: string;
  let out: string;
  const people: (Resource & { id: string })[] = [
    { resourceType: 'Practitioner', id: 'officer', name: [{ given: ['Gareth'], family: 'Pritchard' }] },
    { resourceType: 'Practitioner', id: 'former', active: false },
    ada,
    kim,
  ];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'herald-sar-'));
    out = join(dir, 'copy');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const env = () => ({ HERALD_DATA_DIR: dir });
  const sar = (...args: string[]) => run(['sar', ...args], env());
  const why = ['--as', 'Practitioner/officer', '--reason', 'By letter of 3 June'];
  const exported = (...args: string[]) => sar('--task', 'sar-1', ...why, '--out', out, ...args);

  async function onRecord<T>(work: (opened: ReturnType<typeof openEmbedded>) => Promise<T>): Promise<T> {
    const opened = openEmbedded(join(dir, 'herald.sqlite'), { clock: systemClock });
    try {
      return await work(opened);
    } finally {
      opened.close();
    }
  }
  const put = (...resources: (Resource & { id: string })[]) =>
    onRecord(({ store }) => store.commit(resources.map((resource) => ({ op: 'create', resource }))));
  const audits = () =>
    onRecord(async ({ store }) =>
      (await searchAll(store, 'AuditEvent', [['subtype', 'disclose']])).map((one) => one as AuditEvent),
    );
  const sums = () =>
    readFileSync(join(out, 'SHA256SUMS'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string]);
  const sumOf = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex');
  const letter = { contentType: 'application/pdf', title: 'Letter to Ada', data: 'JVBERi0xLjQ=' };
  const withFile = aMessage('m2', { payload: [{ contentAttachment: letter }] });

  it('writes every form and each file, with checksums, for their owner alone', async () => {
    await put(...people, aRequestTask(), aMessage('m1'), withFile);
    const { code, out: said, err } = await exported();
    expect([code, said]).toEqual([
      0,
      `5 files of Task/sar-1 are in ${out}, for review. It is for review: do not release it.`,
    ]);
    expect(err).toContain('Task/sar-1: review, 2 messages and requests.');
    expect(readdirSync(out).sort()).toEqual(
      ['SHA256SUMS', 'attachments', 'copy.csv', 'copy.html', 'copy.json', 'copy.pdf', 'manifest.json'].sort(),
    );
    expect(readFileSync(join(out, 'attachments/Communication-m2-1.pdf'), 'utf8')).toBe('%PDF-1.4');
    for (const [sum, name] of sums()) {
      expect([name, sumOf(name)]).toEqual([name, sum]);
      expect(statSync(join(out, name)).mode & 0o077).toBe(0);
    }
    expect(sums()).toHaveLength(6);
    expect(JSON.parse(readFileSync(join(out, 'copy.json'), 'utf8')).type).toBe('document');
  });

  it('SAR-4: who exported what, when and why is on record, once for each run', async () => {
    await put(...people, aRequestTask(), aMessage('m1'));
    await exported();
    const [one, ...others] = await audits();
    expect(others).toEqual([]);
    expect(one?.purposeOfEvent?.[0]?.text).toBe('By letter of 3 June');
    expect(JSON.stringify(one?.agent)).toContain('Practitioner/officer');
    expect(JSON.stringify(one?.entity)).toContain('Task/sar-1');
  });

  it('makes the released copy once that is approved', async () => {
    await put(...people, ...approved(), aMessage('m1'));
    const { out: said } = await exported();
    expect(said).toBe(`4 files of Task/sar-1 are in ${out}, for release.`);
    rmSync(out, { recursive: true });
    expect((await exported('--stage', 'review')).out).toContain('do not release');
  });

  it('refuses a release that is not approved, says what is missing, and writes nothing', async () => {
    await put(...people, aRequestTask(), aMessage('m1'));
    const { code, out: said, err } = await exported('--stage', 'release');
    expect([code, said]).toEqual([1, '']);
    expect(err).toContain('all-read is missing');
    expect(err).toContain('release-approved is missing');
    expect(readdirSync(dir)).not.toContain('copy');
    expect(await audits()).toEqual([]);
  });

  describe('cut off and run again', () => {
    /** As a run leaves it that was killed after two files. */
    function cutOff(): void {
      const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
      const { task, stage, document, made, basis, files } = manifest;
      const notes = { task, stage, document, made, basis, files: files.slice(0, 2) };
      writeFileSync(join(out, 'unfinished.json'), JSON.stringify(notes));
      for (const name of ['manifest.json', 'SHA256SUMS', 'copy.csv', 'copy.json']) rmSync(join(out, name));
      writeFileSync(join(out, 'copy.csv.0123.part'), 'half of i');
    }

    it('makes what is missing alone, as one and the same document', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      const first = JSON.parse((await exported('--json')).out);
      const before = statSync(join(out, 'copy.pdf')).mtimeMs;
      cutOff();
      const second = JSON.parse((await exported('--json')).out);
      expect([second.kept, second.document]).toEqual([2, first.document]);
      expect(statSync(join(out, 'copy.pdf')).mtimeMs).toBe(before);
      expect(readFileSync(join(out, 'copy.json'), 'utf8')).toContain(first.document);
      const named = (await audits()).map((one) => JSON.stringify(one).includes(first.document));
      expect(named, 'SAR-4: the audit of each run names the document that it wrote').toEqual([true, true]);
      expect(readdirSync(out).filter((one) => one.endsWith('.part') || one === 'unfinished.json')).toEqual([]);
    });

    it('makes again what is not as it was written', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      await exported();
      cutOff();
      writeFileSync(join(out, 'copy.pdf'), 'cut short');
      const { kept } = JSON.parse((await exported('--json')).out);
      expect(kept).toBe(1);
      expect(readFileSync(join(out, 'copy.pdf'), 'latin1')).toMatch(/^%PDF-1\.7[\s\S]*%%EOF\s*$/);
    });

    it('begins anew where the record has changed', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      const first = JSON.parse((await exported('--json')).out);
      cutOff();
      await put(aMessage('m9'));
      const second = JSON.parse((await exported('--json')).out);
      expect([second.kept, second.document === first.document]).toEqual([0, false]);
      expect(readFileSync(join(out, 'copy.html'), 'utf8')).toContain('Text of m9');
    });

    it('begins anew where a message has changed meanwhile', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      await exported();
      cutOff();
      const marked = aMessage('m1', { status: 'entered-in-error' });
      await onRecord(({ store }) => store.commit([{ op: 'update', resource: marked }]));
      expect(JSON.parse((await exported('--json')).out).kept).toBe(0);
      expect(readFileSync(join(out, 'copy.html'), 'utf8')).toContain('Marked as a mistake');
    });

    it('does nothing when all is there, and nothing is disclosed then', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      await exported();
      const { code, err } = await exported();
      expect([code, err]).toEqual([0, 'Everything is there already. For a new copy give another directory.']);
      expect(await audits()).toHaveLength(1);
    });
  });

  describe('SAR-3: by NHS number', () => {
    const byNumber = (number: string, ...args: string[]) => sar('--nhs-number', number, ...why, '--out', out, ...args);
    const requests = () =>
      onRecord(
        ({ store }) => searchAll(store, 'Task', [['status', 'in-progress']]) as Promise<(Task & { id: string })[]>,
      );

    it('opens the request first, with its due date, and audits that', async () => {
      await put(...people, aMessage('m1'));
      const { code, err } = await byNumber('999 123 0009');
      expect(code).toBe(0);
      const [task] = await requests();
      expect(task?.for?.reference).toBe('Patient/ada');
      expect(task?.restriction?.period?.start).toBe(londonDay(new Date()));
      expect(task?.restriction?.period?.end).toBeDefined();
      expect(err).toContain(`Task/${task?.id}: opened, due ${task?.restriction?.period?.end}.`);
      expect(faultsOf(validator, task)).toEqual([]);
      const made = await onRecord(({ store }) => searchAll(store, 'AuditEvent', [['subtype', 'create']]));
      expect(JSON.stringify(made)).toContain(`Task/${task?.id}`);
    });

    it('takes the one that is open, however often it is asked', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      await byNumber('9991230009');
      expect((await byNumber('9991230009')).err).toContain('Task/sar-1: was open already');
      expect((await requests()).map((one) => one.id)).toEqual(['sar-1']);
    });

    it.each([
      ['nobody has', '9990000018', 'Nobody on record has this NHS number.'],
      ['is none', '9990000017', 'That is no NHS number. Check its digits.'],
    ])('a number that %s', async (_what, number, says) => {
      await put(...people);
      expect(await byNumber(number)).toEqual({ code: 1, out: '', err: says });
    });

    it('refuses for somebody who has died, and opens nothing', async () => {
      await put(...people.filter((one) => one !== ada), { ...ada, deceasedBoolean: true } as typeof ada);
      const { code, err } = await byNumber('9991230009');
      expect([code, err.includes('Access to Health Records Act 1990')]).toEqual([1, true]);
      expect(await requests()).toEqual([]);
    });

    it('asks for the number where it is -, so that nobody sees it among the processes', async () => {
      await put(...people, aRequestTask(), aMessage('m1'));
      const args = ['sar', '--nhs-number', '-', ...why, '--out', out];
      expect((await run(args, env(), '999 123 0009')).code).toBe(0);
      expect(await run(args, env())).toMatchObject({ code: 64 });
    });

    it('the number is in no line that is said and in no file name', async () => {
      await put(...people, aMessage('m1'));
      const { out: said, err } = await byNumber('9991230009', '--json');
      const names = readdirSync(out, { recursive: true }).join(' ');
      expect(`${said}${err}${names}`).not.toMatch(/999\s?123\s?0009/);
    });
  });

  it.each<[string, string[], string]>([
    ['no request', [...why], '--task: it is not clear which request is meant. Give --task ID or --nhs-number N.'],
    ['two', ['--task', 'a', '--nhs-number', '9991230009', ...why], '--task: it is not clear which request is meant.'],
    ['no caller', ['--task', 'a', '--reason', 'x'], '--as: it is missing. Give --as Practitioner/ID.'],
    ['no person', ['--task', 'a', '--reason', 'x', '--as', 'me'], '--as: it names no Practitioner.'],
    ['no reason', ['--task', 'a', '--as', 'Practitioner/a'], '--reason: it is missing. Say why in --reason TEXT.'],
    ['no directory', ['--task', 'a', ...why], '--out: it is missing. Give --out DIR.'],
    ['another stage', ['--task', 'a', ...why, '--stage', 'x'], '--stage: there is no such stage.'],
  ])('wrong usage: %s', async (_what, args, says) => {
    const { code, err } = await sar(...args);
    expect([code, err.startsWith(says)]).toEqual([64, true]);
  });

  it('exports in the name of nobody who is not on record or not in use', async () => {
    await put(...people, aRequestTask());
    for (const id of ['none', 'former']) {
      const { code, err } = await sar('--task', 'sar-1', '--as', `Practitioner/${id}`, '--reason', 'x', '--out', out);
      expect([code, err]).toEqual([64, '--as: there is no such Practitioner in use. Give one who is on record.']);
    }
  });

  it('leaves a directory alone that holds something else, or the copy of another stage', async () => {
    await put(...people, ...approved(), aMessage('m1'));
    mkdirSync(out);
    writeFileSync(join(out, 'mine.txt'), 'mine');
    expect((await exported()).err).toContain('--out: there is something else in this directory.');
    expect(readdirSync(out)).toEqual(['mine.txt']);
    rmSync(out, { recursive: true });
    await exported();
    expect((await exported('--stage', 'review')).err).toContain(
      '--out: it holds the copy of another request or stage.',
    );
  });

  it.each(['strict', 'hapi-like'] as const)('works with the record on another server: %s', async (profile) => {
    const stub = await startStub({ profile, indexLagMs: 0 });
    try {
      const elsewhere = { HERALD_FHIR_STORE: stub.url, HERALD_DATA_DIR: dir };
      await given(probeOf(stub.url), ...people, aMessage('m1'), withFile);
      const made = await run(['sar', '--nhs-number', '9991230009', ...why, '--out', out], elsewhere);
      expect([made.code, made.out.startsWith('5 files of Task/')]).toEqual([0, true]);
      expect(readFileSync(join(out, 'copy.html'), 'utf8')).toContain('Text of m1');
      const kept = (await stub.dump()).filter((one) => ['Task', 'AuditEvent'].includes(one.resourceType));
      expect(kept.map((one) => one.resourceType).sort()).toEqual(['AuditEvent', 'AuditEvent', 'Task']);
      const listed = await run(['sar', 'list'], elsewhere);
      expect(listed.out).toMatch(/1 open, 0 overdue\.$/);
      // The queue is the service's, which may run meanwhile.
      expect(readdirSync(dir)).toEqual(['copy']);
    } finally {
      await stub.stop();
    }
  });

  it('makes no record where there is none', async () => {
    const { code, err } = await exported();
    expect([code, err]).toEqual([
      1,
      'HERALD_DATA_DIR: there is no record in this directory. Give the one of the service.',
    ]);
    expect(readdirSync(dir)).toEqual([]);
  });

  describe('SAR-3: npx herald sar list', () => {
    const request = (id: string, received: string, change: Partial<Task> = {}) =>
      aRequestTask({ id, authoredOn: received, restriction: { period: { start: received } }, ...change }) as Task & {
        id: string;
      };
    const today = londonDay(new Date());

    it('has the oldest first, the days that are left, and marks what is overdue; names nobody', async () => {
      await put(
        ...people,
        request('late', '2020-01-02'),
        request('new', today),
        request('done', '2020-01-01', { status: 'completed' }),
      );
      const { code, out: said } = await run(['sar', 'list'], env());
      expect(code).toBe(0);
      expect(said).toMatch(
        /^OVERDUE by \d+ days .*Task\/late\n(?:3[0-9]|2[89]) days .*Task\/new\n\n2 open, 1 overdue\.$/m,
      );
      expect(said).not.toMatch(/Ada|9991230009|Task\/done/);
      const { requests } = JSON.parse((await run(['sar', 'list', '--json'], env())).out);
      expect(requests.map((one: { task: string; overdue: boolean }) => [one.task, one.overdue])).toEqual([
        ['Task/late', true],
        ['Task/new', false],
      ]);
    });

    it('says that there is none', async () => {
      await put(...people);
      expect((await run(['sar', 'list'], env())).out).toBe('No subject access request is open.');
    });
  });
});
