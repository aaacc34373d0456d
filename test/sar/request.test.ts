import type { Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { coveringLetter } from '../../src/sar/letter.ts';
import { openRequests } from '../../src/sar/open-requests.ts';
import { accessRequestFaults, rolesInWrite, withDueDate } from '../../src/sar/request.ts';
import { aRequestTask, decision, parameter, type SarRig, sarRig } from './rig.ts';

const now = new Date('2026-06-20T12:00:00Z');
const paused = (start: string, end?: string): NonNullable<Task['input']>[number] => ({
  type: parameter('clock-paused'),
  valuePeriod: { start, ...(end === undefined ? {} : { end }) },
});

describe('SAR-3: the Task as Herald keeps it', () => {
  it.each<[what: string, change: Partial<Task>, period: object, status: string]>([
    ['by its receipt', {}, { start: '2026-05-31', end: '2026-06-30' }, 'clock-running'],
    [
      'whatever was written as its due date',
      { restriction: { period: { start: '2026-05-31', end: '2027-01-01' } } },
      { start: '2026-05-31', end: '2026-06-30' },
      'clock-running',
    ],
    ['by when it was written', { restriction: {} }, { start: '2026-05-31', end: '2026-06-30' }, 'clock-running'],
    [
      'by today',
      { restriction: {}, authoredOn: undefined } as unknown as Partial<Task>,
      { start: '2026-06-20', end: '2026-07-20' },
      'clock-running',
    ],
    [
      'by the day in England',
      { restriction: {}, authoredOn: '2026-05-31T23:30:00Z' },
      { start: '2026-06-01', end: '2026-07-01' },
      'clock-running',
    ],
    ['stopped', { input: [paused('2026-06-16')] }, { start: '2026-05-31', end: '2026-07-06' }, 'clock-paused'],
    [
      'once it is known who asks',
      { input: [{ type: parameter('identity-checked'), valueDate: '2026-06-08' }] },
      { start: '2026-05-31', end: '2026-07-08' },
      'clock-running',
    ],
    [
      'extended',
      { input: [{ type: parameter('extension-reason'), valueString: 'Ten years' }] },
      { start: '2026-05-31', end: '2026-09-01' },
      'extended',
    ],
  ])('%s', (_what, change, period, status) => {
    const kept = withDueDate(aRequestTask(change), now);
    expect([kept.restriction?.period, kept.businessStatus?.coding?.[0]?.code]).toEqual([period, status]);
    expect(withDueDate(kept, now)).toEqual(kept);
  });

  it('a Task of another kind, or one that is finished, stays as it is', () => {
    const other = aRequestTask({ code: { coding: [{ system: codeSystem('task-code'), code: 'check-contact' }] } });
    const finished = aRequestTask({ status: 'completed', restriction: { period: { end: '2026-01-01' } } });
    expect([withDueDate(other, now), withDueDate(finished, now)]).toEqual([other, finished]);
  });

  it.each<[what: string, change: Partial<Task>, expression: string]>([
    [
      'two extensions',
      { input: [1, 2].map((one) => ({ type: parameter('extension-reason'), valueString: `${one}` })) },
      'Task.input[1]',
    ],
    ['a pause that ends first', { input: [paused('2026-06-05', '2026-06-03')] }, 'Task.input[0].value'],
    [
      'an identity check without its day',
      { input: [{ type: parameter('identity-checked'), valueString: 'yes' }] },
      'Task.input[0].value',
    ],
    [
      'all-read without an answer',
      { input: [{ type: parameter('all-read'), valueString: 'yes' }] },
      'Task.input[0].value',
    ],
    ['a mask of nothing', { input: [{ type: parameter('mask'), valueString: 'x' }] }, 'Task.input[0].value'],
    ['no ground', { input: [decision('mask', 'Communication/m', { path: 'note' })] }, 'Task.input[0].extension'],
    [
      'no words',
      { input: [decision('mask', 'Communication/m', { text: ' ', ground: 'other' })] },
      'Task.input[0].extension',
    ],
    ['no FHIRPath', { input: [decision('show', 'Communication/m', { path: 'a[' })] }, 'Task.input[0].extension'],
    ['for a team', { for: { reference: 'Organization/x' } as never }, 'Task.for'],
  ])('refused: %s', (_what, change, expression) => {
    expect(accessRequestFaults(aRequestTask(change), undefined, false).map((one) => one.expression)).toEqual([
      expression,
    ]);
  });

  it('a dead person’s is refused, and can be cancelled', () => {
    const faults = (status: 'in-progress' | 'cancelled') =>
      accessRequestFaults(aRequestTask({ status }), aRequestTask(), true);
    expect(faults('in-progress').map((one) => one.expression)).toEqual(['Task.for']);
    expect(faults('cancelled')).toEqual([]);
  });

  it('SAR-2: what was approved stays what was approved', () => {
    const input = [decision('mask', 'Communication/m', { ground: 'other' })];
    const done = aRequestTask({ status: 'completed', input });
    const later = [
      { ...done, input: [] },
      { ...done, input: [...input, paused('2026-06-01')] },
    ];
    expect(later.map((one) => accessRequestFaults(one, done, false).length)).toEqual([1, 0]);
  });

  it('SAR-2: who prepares and who decides is told from what a write changes', () => {
    const read = { input: [{ type: parameter('all-read'), valueBoolean: true }] };
    const [plain, prepared] = [aRequestTask(), aRequestTask(read)];
    const done = aRequestTask({ ...read, status: 'completed', owner: { reference: 'Practitioner/a' } });
    const other = { ...done, owner: { reference: 'Practitioner/b' } };
    const roles = (task: Task, previous?: Task) =>
      Object.entries(rolesInWrite(task, previous)).flatMap(([name, is]) => (is ? [name] : []));
    expect([roles(plain), roles(prepared), roles(prepared, plain), roles(done, prepared)]).toEqual([
      [],
      ['prepares'],
      ['prepares'],
      ['decides'],
    ]);
    expect([roles(done), roles(done, done), roles(other, done)]).toEqual([['prepares', 'decides'], [], ['decides']]);
  });
});

describe('SAR-3: requests that are open', () => {
  let rig: SarRig;
  beforeAll(async () => {
    rig = await sarRig();
    await rig.put(
      aRequestTask({ id: 'older', authoredOn: '2026-05-01', restriction: {}, status: 'requested' }),
      aRequestTask({ id: 'waiting', authoredOn: '2026-06-10', restriction: {}, input: [paused('2026-06-18')] }),
      aRequestTask({ id: 'answered', status: 'completed' }),
    );
  });
  afterAll(() => rig.close());

  it('the oldest first, with the days that are left', async () => {
    const found = await openRequests(rig.store, now);
    expect(found.map(({ task, due, daysLeft, paused: still }) => [task, due, daysLeft, still])).toEqual([
      ['Task/older', '2026-06-01', -19, false],
      ['Task/sar-1', '2026-06-30', 10, false],
      ['Task/waiting', '2026-07-13', 23, true],
    ]);
  });

  it('the letter says what is enclosed and whom to complain to, and no ground', async () => {
    const letter = coveringLetter(await rig.ask({ period: { start: '2026-01-01' } }), ['messages.pdf']);
    const text = [letter.subject, letter.greeting, ...letter.paragraphs, ...letter.closing].join('\n');
    for (const one of [
      'SAR-2026-0042',
      'Dear Ada Example,',
      'messages.pdf',
      '31 May 2026',
      'from 1 January 2026',
      'ico.org.uk',
    ])
      expect(text).toContain(one);
    expect(text).not.toMatch(/third.party|serious|privilege/i);
  });
});
