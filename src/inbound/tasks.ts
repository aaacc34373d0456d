import type { Reference, Task } from '@medplum/fhirtypes';
import { codeSystem, identifierSystem } from '../canonical.ts';
import type { RecordContext } from '../send/authors.ts';
import { idOfKey } from '../send/ids.ts';
import { endOfNextOpenDay } from '../send/opening.ts';
import { type TaskRequest, task } from '../send/tasks.ts';
import type { Sender } from './senders.ts';
import type { Team } from './thread.ts';

/** What people are asked to do about a text that came in. No words of it, no number and no name are in what they read. */

export interface AboutText {
  readonly text: string;
  readonly receivedAt: Date;
  readonly sender: Sender | undefined;
  readonly candidates: readonly Sender[];
  readonly team: Team;
  /** Of the number that gets no texts until the Task is closed. */
  readonly closedNumber?: string | undefined;
}

/** Why somebody has to look at a text. */
export type TriageReason = 'unknown' | 'unknown-stop' | 'refusal' | 'ordinary';

/** `triage-inbound`: read it, find out whose it is where that is open, answer or close it (contract 8, 11). */
export function triageTask(
  about: AboutText,
  why: { readonly reason: TriageReason; readonly urgent: boolean },
  context: RecordContext,
): Task & { id: string } {
  const urgent = why.urgent || why.reason === 'unknown-stop';
  const words = `${triageText[why.reason]}${why.urgent ? ' Its words may be urgent: read it at once.' : ''}`;
  return taskAbout(idOfKey(`triage-inbound ${about.text}`), 'triage-inbound', words, urgent, about, context);
}

/** `check-contact`: a text says that a number is not the person's (VER-1). */
export function checkContactTask(about: AboutText, context: RecordContext): Task & { id: string } {
  const words =
    'Somebody answers that the number is not that of the person we wrote to. No text goes to it until this is done. Ask the person another way, correct the record, and say in a note what you found.';
  return taskAbout(idOfKey(`check-contact ${about.text}`), 'check-contact', words, true, about, context);
}

const triageText = {
  unknown:
    'A text came in from a number that is not certainly one person\'s. Find out whose it is ("identified", with the person), and answer it, or close it ("nobody").',
  'unknown-stop':
    'A text asks for texts to stop, from a number that is not certainly one person\'s. No text goes to that number until this is closed. Find out by another way who asks for it ("identified", with the person), or close it ("nobody").',
  refusal:
    'A text came in that may refuse messages, or take a refusal back. Read it, and talk to its sender. Record an objection if it is one; answer or close it.',
  ordinary: 'A text came in. Read it, and answer or close it.',
} as const satisfies Record<TriageReason, string>;

function taskAbout(
  id: string,
  code: TaskRequest['code'],
  words: string,
  urgent: boolean,
  about: AboutText,
  context: RecordContext,
): Task & { id: string } {
  const { sender, candidates, team, closedNumber, receivedAt } = about;
  const made = task(
    id,
    {
      code,
      focus: `Communication/${about.text}`,
      text: words,
      priority: urgent ? 'urgent' : 'routine',
      performerType: 'clinic',
      due: urgent ? responseDue(receivedAt, context) : endOfNextOpenDay(team.opening, receivedAt),
      ...(sender === undefined ? {} : { patient: sender.patient }),
    },
    context,
  );
  const { contactOfTheDay } = context.policy;
  const owner = (urgent ? contactOfTheDay : undefined) ?? team.reference ?? made.owner?.reference;
  return {
    ...made,
    ...(owner === undefined ? {} : { owner: { reference: owner } as Reference as NonNullable<Task['owner']> }),
    ...(closedNumber === undefined
      ? {}
      : { identifier: [{ system: identifierSystem.closedNumber, value: closedNumber }] }),
    ...(sender !== undefined || candidates.length === 0 ? {} : { input: candidates.map(candidateInput) }),
  };
}

/** TWO-3: unanswered past the team's response time it escalates. */
export const responseDue = (from: Date, { policy }: RecordContext): Date =>
  new Date(from.getTime() + policy.responseMinutes * 60_000);

const candidateInput = ({ person }: Sender): NonNullable<Task['input']>[number] => ({
  type: { coding: [{ system: codeSystem('task-parameter'), code: 'candidate' }] },
  valueReference: { reference: person },
});
