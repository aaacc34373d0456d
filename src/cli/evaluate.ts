import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { type Command, type Context, type ExitCode, exit } from './command.ts';
import { messageMeant, messageOptions } from './message.ts';
import { runningHerald, runningOptions } from './running.ts';

/** `npx herald evaluate`: what would become of a message. */
export const evaluate: Command = {
  name: 'evaluate',
  summary: 'says what would become of a message, word for word, and sends nothing',
  about: [
    'Takes what "send" takes. Ends with 0 if it would go, and with 1 if it would be held or refused.',
    '',
    'npx herald evaluate --type care-message --patient example-maya --as Practitioner/demo-epr --text "Please ring us."',
  ],
  options: { ...messageOptions, ...runningOptions },
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { given, out } = context;
  const running = runningHerald(context);
  const asked = await messageMeant(running, given, 'active');
  const answer = await running.ask<Parameters>({ method: 'POST', path: 'CommunicationRequest/$evaluate', body: asked });
  const evaluated = evaluation(answer);
  out(given.json ? JSON.stringify(evaluated, null, 2) : shown(evaluated));
  return evaluated.decision === 'send' ? exit.fine : exit.failed;
}

/** The answer of `$evaluate` (contract 3), taken apart. */
export interface Evaluation {
  readonly decision: string;
  readonly channel: string | undefined;
  readonly text: string | undefined;
  readonly subjectLine: string | undefined;
  readonly fragments: number | undefined;
  readonly reasons: readonly Why[];
  readonly warnings: readonly Why[];
  readonly tasks: readonly Why[];
}

interface Why {
  readonly code: string;
  readonly clause: string | undefined;
  readonly text: string;
}

export function evaluation({ parameter = [] }: Parameters): Evaluation {
  const one = (name: string): ParametersParameter | undefined => parameter.find((each) => each.name === name);
  const all = (name: string): Why[] => parameter.filter((each) => each.name === name).map(whyOf);
  return {
    decision: one('decision')?.valueCode ?? 'unknown',
    channel: one('channel')?.valueCode,
    text: one('text')?.valueString,
    subjectLine: one('subject-line')?.valueString,
    fragments: one('fragments')?.valueInteger,
    reasons: all('reason'),
    warnings: all('warning'),
    tasks: all('task'),
  };
}

function whyOf({ part = [] }: ParametersParameter): Why {
  const named = (name: string): ParametersParameter | undefined => part.find((one) => one.name === name);
  return {
    code: named('code')?.valueCode ?? '',
    clause: named('clause')?.valueCode,
    text: named('text')?.valueString ?? '',
  };
}

function shown({ decision, channel, text, subjectLine, fragments, reasons, warnings, tasks }: Evaluation): string {
  const by = channel === undefined ? '' : ` by ${channel}`;
  const size = fragments === undefined ? '' : ` (${fragments} ${fragments === 1 ? 'fragment' : 'fragments'})`;
  return [
    `${decision}${by}${size}`,
    ...reasons.map((one) => `  ${whyShown(one)}`),
    ...tasks.map((one) => `  to do: ${whyShown(one)}`),
    ...warnings.map((one) => `  note: ${whyShown(one)}`),
    ...(subjectLine === undefined ? [] : ['', `Subject: ${subjectLine}`]),
    ...(text === undefined ? [] : ['', text]),
  ].join('\n');
}

/** One reason in a line. */
export function whyShown({ code, clause, text }: Why): string {
  return `${code}${clause === undefined ? '' : ` (${clause})`}: ${text}`;
}
