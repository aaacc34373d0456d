import type { Task } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { answerIn, needsAnotherPerson, taskDecisions, taskFaults } from '../../src/fhir/task-rules.ts';
import { type TaskCode, taskCodes } from '../../src/policy/codes.ts';
import { heraldReference } from '../../src/send/authors.ts';
import { validator } from '../profiles/support.ts';

const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });
const output = (decision: string): NonNullable<Task['output']>[number] => ({
  type: concept('task-parameter', 'decision'),
  valueCodeableConcept: concept('decision', decision),
});
const aTask = (code: TaskCode, change: Partial<Task> = {}): Task & { id: string } => ({
  resourceType: 'Task',
  id: 'one',
  status: 'requested',
  intent: 'order',
  code: concept('task-code', code),
  focus: { reference: 'CommunicationRequest/asked' },
  for: { reference: 'Patient/iris' },
  performerType: [concept('staff-role', 'clinic')],
  ...change,
});
const places = (task: Task, previous?: Task): (string | undefined)[] =>
  taskFaults(task, previous).map((one) => one.expression);
const decisions = [...new Set(taskCodes.flatMap((code): readonly string[] => taskDecisions[code].decisions))];
const ended = ['cancelled', 'failed', 'rejected', 'entered-in-error'] as const;

describe('contract 8: what completes a Task', () => {
  it.each(taskCodes)('%s takes the decisions of its row and no other', (code) => {
    const note = [{ text: 'Rang the ward' }];
    const taken = decisions.filter(
      (one) => places(aTask(code, { status: 'completed', note, output: [output(one)] }), aTask(code)).length === 0,
    );
    expect(taken.sort()).toEqual([...taskDecisions[code].decisions].sort());
    const [fault] = taskFaults(aTask(code, { status: 'completed', note }), aTask(code));
    expect(fault).toMatchObject({ expression: 'Task.output' });
    for (const one of taskDecisions[code].decisions) expect(fault?.text).toContain(one);
  });

  it.each(taskCodes.filter((one) => taskDecisions[one].note))('%s says in a note what was done', (code) => {
    const done: Partial<Task> = { status: 'completed', output: [output(taskDecisions[code].decisions[0])] };
    expect(places(aTask(code, done), aTask(code))).toEqual(['Task.note']);
    expect(places(aTask(code, { ...done, note: [{ text: ' ' }] }), aTask(code))).toEqual(['Task.note']);
  });

  it.each(taskCodes)('%s: the profile has the same decisions', (code) => {
    const person = { type: concept('task-parameter', 'person'), valueReference: { reference: 'Patient/iris' } };
    const isBroken = (decision: string): boolean =>
      validator
        .validate(aTask(code, { status: 'completed', note: [{ text: 'Done' }], output: [output(decision), person] }))
        .profile.some((one) => /^.*A completed .* has .*the decision/.test(one.text));
    expect(decisions.filter((one) => !isBroken(one)).sort()).toEqual([...taskDecisions[code].decisions].sort());
  });

  it('a yes and a no together are no answer', () => {
    const both: Partial<Task> = { status: 'completed', output: [output('agreed'), output('refused')] };
    expect(places(aTask('check-with-person', both), aTask('check-with-person'))).toEqual(['Task.output']);
  });

  it('a Task that was completed when it came is held to the same', () => {
    expect(places(aTask('second-reader', { status: 'completed' }))).toEqual(['Task.output']);
  });

  it('a Task of another system is none of ours', () => {
    const theirs: Task = { ...aTask('dead-letter'), code: { text: 'Ring the ward' } };
    expect(places({ ...theirs, status: 'completed' }, theirs)).toEqual([]);
  });
});

describe('contract 8: what was asked stays as it was', () => {
  const open = aTask('restricted-record');
  it.each<[string, Partial<Task>]>([
    ['Task.focus', { focus: { reference: 'CommunicationRequest/other' } }],
    ['Task.for', { for: { reference: 'Patient/other' } }],
    ['Task.code', { code: concept('task-code', 'dead-letter') }],
    ['Task.performerType', { performerType: [concept('staff-role', 'caldicott-guardian')] }],
  ])('%s may not change', (place, change) => {
    expect(places({ ...open, ...change }, open)).toEqual([place]);
  });

  const byHerald = { requester: heraldReference as NonNullable<Task['requester']> };
  it('PRX-7: who asked may not: an answer counts for the question that Herald asked', () => {
    const asked = { ...open, ...byHerald };
    expect(places({ ...open, requester: { reference: 'Practitioner/clerk' } }, asked)).toEqual(['Task.requester']);
    expect(places(open, asked)).toEqual(['Task.requester']);
    expect(places(asked, open)).toEqual(['Task.requester']);
    expect(places({ ...asked, status: 'accepted' }, asked)).toEqual([]);
  });

  it.each(taskCodes)('PRX-7: %s: nobody asks in the name of Herald what holds a message', (code) => {
    const holds = ['check-with-person', 'restricted-record', 'second-reader'].includes(code);
    expect(places(aTask(code, byHerald))).toEqual(holds ? ['Task.requester'] : []);
    expect(places(aTask(code))).toEqual([]);
  });

  it('who has it, how urgent it is and what is noted may', () => {
    const owner = { reference: 'Practitioner/helen' };
    expect(places({ ...open, owner, priority: 'stat', note: [{ text: 'Rang' }], status: 'accepted' }, open)).toEqual(
      [],
    );
  });

  it.each(ended)('one that is %s is never taken up again', (status) => {
    expect(places({ ...open, status: 'requested' }, { ...open, status })).toEqual(['Task.status']);
    expect(places({ ...open, status, note: [{ text: 'Why' }] }, { ...open, status })).toEqual([]);
  });

  it('an answer that was given stays given', () => {
    const done: Task = { ...open, status: 'completed', output: [output('refused')] };
    expect(places({ ...done, output: [output('agreed')] }, done)).toEqual(['Task.output']);
  });

  it('VER-1: whom a text was put under stays the one, whoever answers the finished Task again', () => {
    const named = (reference: string) => ({ type: concept('task-parameter', 'person'), valueReference: { reference } });
    const found = [output('identified'), named('Patient/iris')];
    const done = aTask('triage-inbound', { status: 'completed', output: found });
    expect(places({ ...done, output: [output('identified'), named('Patient/other')] }, done)).toEqual(['Task.output']);
    expect(places({ ...done, output: [output('identified')] }, done)).toEqual(['Task.output']);
    expect(places({ ...done, note: [{ text: 'By telephone' }] }, done)).toEqual([]);
  });
});

describe('contract 3, 8: what a Task says to the request that waits', () => {
  const holds = ['check-with-person', 'restricted-record', 'second-reader'] as const;
  it.each(holds)('%s: agreed, refused, or ended without an answer', (code) => {
    const said = (change: Partial<Task>) => answerIn(aTask(code, change), aTask(code))?.answer;
    expect(said({ status: 'completed', output: [output('agreed')] })).toBe('agreed');
    expect(said({ status: 'completed', output: [output('refused')] })).toBe('refused');
    for (const status of ended) expect(said({ status }), status).toBe('none');
    for (const status of ['accepted', 'in-progress', 'on-hold'] as const) expect(said({ status })).toBeUndefined();
  });

  it('nothing twice, and nothing from a Task of another kind or about something else', () => {
    const done = aTask('second-reader', { status: 'completed', output: [output('agreed')] });
    expect(answerIn(done, done)).toBeUndefined();
    expect(answerIn({ ...done, focus: { reference: 'Patient/iris' } }, undefined)).toBeUndefined();
    expect(answerIn(aTask('dead-letter', { status: 'cancelled' }), aTask('dead-letter'))).toBeUndefined();
    expect(answerIn(aTask('second-reader', { status: 'cancelled' }), undefined)).toBeUndefined();
  });

  it('contract 8: a decision against an override ends its draft; one for it waits to be used', () => {
    const decision = (code: string) => aTask('override-objection', { status: 'completed', output: [output(code)] });
    expect(answerIn(decision('override-declined'), undefined)).toMatchObject({
      code: 'override-objection',
      answer: 'refused',
    });
    expect(answerIn(decision('override-approved'), undefined)).toBeUndefined();
    const cancelled = aTask('override-objection', { status: 'cancelled' });
    expect(answerIn(cancelled, aTask('override-objection'))).toBeUndefined();
  });

  it.each(['reasonReference', 'reasonCode', 'owner', 'input', 'restriction'] as const)(
    'OBJ-6: %s of a decision to override is final',
    (name) => {
      const done = aTask('override-objection', { status: 'completed', output: [output('override-approved')] });
      const changed = { ...done, [name]: { text: 'another' } } as typeof done;
      expect(taskFaults(changed, done).map((one) => one.expression)).toEqual([`Task.${name}`]);
      expect(taskFaults(changed, { ...done, status: 'requested' })).toEqual([]);
    },
  );

  it.each<[TaskCode, boolean, boolean]>([
    ['second-reader', true, true],
    ['check-with-person', false, true],
    ['restricted-record', false, true],
    ['override-objection', false, true],
    ['dead-letter', false, false],
  ])('MIN-6: %s needs another person: %s, with four eyes %s', (code, always, withFourEyes) => {
    const done = aTask(code, { status: 'completed' });
    expect([needsAnotherPerson(done, aTask(code), false), needsAnotherPerson(done, aTask(code), true)]).toEqual([
      always,
      withFourEyes,
    ]);
    expect(needsAnotherPerson(aTask(code), aTask(code), true)).toBe(false);
  });
});
