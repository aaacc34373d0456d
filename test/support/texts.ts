import { randomUUID } from 'node:crypto';
import type { Communication, Task } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { codeSystem } from '../../src/canonical.ts';
import { type Herald, until } from './herald.ts';

/** To be given to `startHerald`, so that a test can be GOV.UK Notify. */
export const callbackEnv = { GOVUK_NOTIFY_CALLBACK_TOKEN: 'journeys-callback-token' };

export interface AText {
  readonly id: string;
  /** As Notify writes it: digits with the country code. */
  readonly from: string;
  readonly words: string;
  readonly at?: Date;
}

/** A text as Notify hands it over; answers the status. */
export async function handOver(herald: Herald, { id, from, words, at = new Date() }: AText): Promise<number> {
  const answer = await supertest(herald.url)
    .post('/callbacks/govuk-notify/received-text')
    .set('Authorization', `Bearer ${callbackEnv.GOVUK_NOTIFY_CALLBACK_TOKEN}`)
    .send({
      id,
      source_number: from,
      destination_number: '447700900999',
      message: words,
      date_received: at.toISOString(),
    });
  return answer.status;
}

/** Hands over a text, and waits until it is on record. */
export async function aText(herald: Herald, from: string, words: string, at?: Date): Promise<Communication> {
  const id = randomUUID();
  const status = await handOver(herald, { id, from, words, ...(at === undefined ? {} : { at }) });
  if (status !== 204) throw new Error(`the callback was answered ${status}`);
  return until(async () => {
    const answer = await herald.get(`/fhir/Communication/${id}`);
    return answer.status === 200 && (answer.body as Communication);
  }, 'the text on record');
}

/** The Tasks of a kind about a text, once there is one. */
export const tasksAbout = (herald: Herald, text: Communication, code: string): Promise<Task[]> =>
  until(async () => {
    const found = await allTasksAbout(herald, text, code);
    return found.length > 0 && found;
  }, `a Task ${code} about the text`);

export const allTasksAbout = async (herald: Herald, text: Communication, code: string): Promise<Task[]> =>
  herald.all<Task>(
    `/fhir/Task?focus=Communication/${text.id}&code=${encodeURIComponent(`${codeSystem('task-code')}|${code}`)}`,
  );

/** The Task, completed with a decision. */
export function completed(task: Task, decision: string, owner: string, more: Partial<Task> = {}): Task {
  const type = (code: string) => ({ coding: [{ system: codeSystem('task-parameter'), code }] });
  return {
    ...task,
    status: 'completed',
    owner: { reference: owner },
    ...more,
    output: [
      {
        type: type('decision'),
        valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: decision }] },
      },
      ...(more.output ?? []),
    ],
  };
}

/** The output that says who sent a text. */
export const personOutput = (reference: string): NonNullable<Task['output']>[number] => ({
  type: { coding: [{ system: codeSystem('task-parameter'), code: 'person' }] },
  valueReference: { reference },
});
