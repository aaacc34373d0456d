import { randomUUID } from 'node:crypto';
import type { Task } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { systemClock } from '../clock.ts';
import { readRecordConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import { compactNhsNumber } from '../policy/nhs-number.ts';
import type { HistoryDeps } from '../sar/ask.ts';
import { exportSubjectAccess } from '../sar/export.ts';
import { type Stage, stages } from '../sar/history.ts';
import { requestByNumber } from '../sar/open-request.ts';
import { isApproved } from '../sar/request.ts';
import { localReference } from '../send/naming.ts';
import type { FhirStore, Stored } from '../store/fhir-store.ts';
import { type Command, CommandError, type Context, type ExitCode, exit, textOf, UsageError } from './command.ts';
import { withRecord } from './record.ts';
import { type Begun, begunIn, documentOf, isUnchanged, makeFiles } from './sar-files.ts';

/** `npx herald sar`: answers a subject access request into a directory (contract 12). */
export const sar: Command = {
  name: 'sar',
  summary: "writes a person's messaging record into a directory, in every form: subject access",
  about: [
    'Writes copy.pdf, copy.html, copy.csv and copy.json (FHIR), the files that messages carry, and checksums. Cut off and run',
    'again, it goes on where it stopped. Whoever exports what, when and why is on record before anything is written.',
    'The record is that of HERALD_FHIR_STORE; the service may run meanwhile. Open requests: npx herald sar list.',
    'Others on this machine see what npx was started with: with --nhs-number - the number is asked for instead.',
    '',
    'npx herald sar --task 0197f2c0 --as Practitioner/demo-staff-records --reason "Request of 3 June" --out ./copy',
    'npx herald sar --nhs-number 9991230009 --as Practitioner/demo-staff-records --reason "By letter" --out ./review',
  ],
  options: {
    task: { value: 'ID', help: 'the request: a Task subject-access-request' },
    'nhs-number': {
      value: 'N',
      help: 'in place of --task: whose open request it is; where there is none it is opened',
    },
    as: { value: 'REFERENCE', help: 'who exports it: Practitioner/ID' },
    reason: { value: 'TEXT', help: 'why: kept in the audit' },
    out: { value: 'DIR', help: 'a directory that is new, empty, or begun by this command' },
    stage: { value: 'STAGE', help: 'review or release; default: release once that is approved, review until then' },
    json: { help: 'prints one JSON object' },
  },
  run,
};

interface Asked {
  /** A number that is `undefined` is asked for. */
  readonly who: { readonly task: string } | { readonly nhsNumber: string | undefined };
  readonly as: string;
  readonly reason: string;
  readonly out: string;
  readonly stage: Stage | undefined;
}

async function run(context: Context): Promise<ExitCode> {
  const asked = askedOf(context);
  const begun = begunIn(asked.out);
  const { store: kept, controller, policy, publicUrl } = readRecordConfig(context.env);
  return withRecord(kept, async (store) => {
    const deps: HistoryDeps = { store, clock: systemClock, controller, policy };
    try {
      return await exported(deps, asked, begun, { context, base: `${publicUrl}/fhir` });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new CommandError(error.faults.map((one) => one.text).join('\n'));
    }
  });
}

async function exported(
  deps: HistoryDeps,
  asked: Asked,
  begun: ReturnType<typeof begunIn>,
  { context, base }: { readonly context: Context; readonly base: string },
): Promise<ExitCode> {
  const { given, out, err } = context;
  const caller = await callerOf(deps.store, asked.as);
  const task = await taskOf(deps, asked, caller, context);
  const stage = asked.stage ?? (isApproved(task) ? 'release' : 'review');
  assertSame(begun, task, stage);
  if (begun?.isWhole && (await isUnchanged(asked.out, begun))) {
    err('Everything is there already. For a new copy give another directory.');
    say(given, out, { ...begun, out: asked.out, kept: begun.files.length });
    return exit.fine;
  }
  const document = await exportSubjectAccess(deps, {
    ...{ patientId: patientOf(task), taskId: task.id, stage, form: 'all', period: {}, caller, reason: asked.reason },
    goesOn: (history) => documentOf(history, begun),
  });
  err(`Task/${task.id}: ${stage}, ${document.total} messages and requests.`);
  const { files, kept } = await makeFiles(document, { out: asked.out, base, begun, said: err });
  const { documentId, madeAt } = document;
  const made = { task: `Task/${task.id}`, stage, document: documentId, made: madeAt.toISOString() };
  say(given, out, { ...made, out: asked.out, files, kept });
  return exit.fine;
}

function say(given: Context['given'], out: Context['out'], made: Begun & { readonly out: string; kept: number }): void {
  const { task, stage, document, files, kept } = made;
  if (given.json) {
    out(JSON.stringify({ task, stage, document, made: made.made, out: made.out, kept, files }, null, 2));
    return;
  }
  const warning = stage === 'review' ? ' It is for review: do not release it.' : '';
  out(`${files.length} files of ${task} are in ${made.out}, for ${stage}.${warning}`);
}

/** Errors: UsageError. */
function askedOf({ given }: Context): Asked {
  const task = textOf(given, 'task')?.replace(/^Task\//, '');
  const number = textOf(given, 'nhs-number');
  if ((task === undefined) === (number === undefined)) {
    throw new UsageError('--task', 'it is not clear which request is meant', 'Give --task ID or --nhs-number N.');
  }
  if (task !== undefined && !/^[A-Za-z0-9.-]{1,64}$/.test(task)) {
    throw new UsageError('--task', 'it is no id of a FHIR resource', 'Give the id of the Task.');
  }
  const stage = textOf(given, 'stage');
  const known = stages.find((one) => one === stage);
  if (stage !== undefined && known === undefined) {
    throw new UsageError('--stage', 'there is no such stage', 'Give review or release, or leave it out.');
  }
  const as = needed(given, 'as', 'Give --as Practitioner/ID.');
  if (localReference(as, 'Practitioner') === undefined) {
    throw new UsageError('--as', 'it names no Practitioner', 'Give --as Practitioner/ID.');
  }
  return {
    who: task === undefined ? { nhsNumber: number === '-' ? undefined : number } : { task },
    ...{ as, stage: known },
    reason: needed(given, 'reason', 'Say why in --reason TEXT.'),
    out: needed(given, 'out', 'Give --out DIR.'),
  };
}

function needed(given: Context['given'], name: string, remedy: string): string {
  const value = textOf(given, name);
  if (value === undefined) throw new UsageError(`--${name}`, 'it is missing', remedy);
  return value;
}

/** Nobody exports under the name of somebody who is not on record. Errors: UsageError; StoreError. */
async function callerOf(store: FhirStore, as: string): Promise<Caller> {
  const person = await store.read('Practitioner', as.slice('Practitioner/'.length));
  if (person === undefined || person.active === false) {
    throw new UsageError('--as', 'there is no such Practitioner in use', 'Give one who is on record.');
  }
  return { client: 'herald-cli', role: 'sar', fhirUser: { reference: as }, requestId: randomUUID() };
}

/** Errors: CommandError; AppError; StoreError. */
async function taskOf(deps: HistoryDeps, { who }: Asked, caller: Caller, { ask, err }: Context): Promise<Stored<Task>> {
  if ('task' in who) {
    const task = await deps.store.read('Task', who.task);
    if (task === undefined) throw new CommandError(`There is no Task/${who.task}.`);
    return task;
  }
  const number = who.nhsNumber ?? (await ask?.('NHS number: '));
  if (number === undefined) {
    throw new UsageError('--nhs-number', 'nobody is there to be asked for it', 'Give the number, or --task ID.');
  }
  const { task, opened } = await requestByNumber(deps, { nhsNumber: compactNhsNumber(number), caller });
  err(`Task/${task.id}: ${opened ? 'opened' : 'was open already'}, due ${task.restriction?.period?.end ?? 'unknown'}.`);
  return task;
}

/** Errors: UsageError: two people's copies never share a directory. */
function assertSame(begun: Begun | undefined, task: Stored<Task>, stage: Stage): void {
  if (begun === undefined || (begun.task === `Task/${task.id}` && begun.stage === stage)) return;
  throw new UsageError('--out', 'it holds the copy of another request or stage', 'Give one that is empty or new.');
}

/** Errors: CommandError. */
function patientOf({ id, for: whose }: Stored<Task>): string {
  const patient = localReference(whose?.reference, 'Patient')?.split('/')[1];
  if (patient === undefined) throw new CommandError(`Task/${id} does not say whose record is asked for.`);
  return patient;
}
