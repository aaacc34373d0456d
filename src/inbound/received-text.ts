import type { Communication } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import { keptMasked } from '../objections/kept-out.ts';
import { worker } from '../send/worker-caller.ts';
import { type Stored, StoreError, type Write } from '../store/fhir-store.ts';
import { deniesSender } from './denied.ts';
import type { InboundDeps } from './deps.ts';
import type { Meaning } from './meaning.ts';
import { answerOutOfHours } from './out-of-hours.ts';
import { nobodyKnown, type Sender, sendersOf } from './senders.ts';
import { stopWrites, textsAreObjectedTo } from './stop.ts';
import { type AboutText, checkContactTask, triageTask } from './tasks.ts';
import { type Filing, type ReceivedText, textOf, textRecord } from './text.ts';
import { lastTextTo, teamOf } from './thread.ts';

/**
 * Keeps a text that somebody sent us, with all that follows from it, in one commit (TWO-1, TWO-3, OBJ-11, VER-1), and
 * then answers it where nobody is there to (TWO-2). Every id comes from the provider's, so that a repeat, late or after a
 * crash, is the same one. Errors: StoreError.
 */
export async function keepReceivedText(deps: InboundDeps, job: Job): Promise<JobOutcome> {
  const text = textOf(job);
  const known = await deps.store.read('Communication', text.id);
  try {
    await answerOutOfHours(deps, known ?? (await keep(deps, text)));
  } catch (error) {
    // Somebody else wrote the same record, or it could not be decided just now: look again.
    if (error instanceof StoreError && error.code === 'conflict') return again(20, 'conflict');
    if (error instanceof AppError) return again(5_000, error.code);
    throw error;
  }
  return { kind: 'finish' };
}

const again = (delayMs: number, error: string): JobOutcome => ({ kind: 'retry', delayMs, error, call: 'none' });

async function keep(deps: InboundDeps, text: ReceivedText): Promise<Stored<Communication>> {
  const [record] = await deps.commitUnit({ writes: await writesFor(deps, text) });
  if (record === undefined) throw new StoreError('unavailable', 'the store did not say what became of a write');
  deps.log.info('inbound.kept', { reference: text.id });
  return record.resource as Stored<Communication>;
}

/** The text first, then what follows from it. Errors: StoreError. */
async function writesFor(deps: InboundDeps, text: ReceivedText): Promise<Write[]> {
  const { store, policy, controller } = deps;
  const now = deps.clock.now();
  const context = { now, controller, policy };
  const { only, candidates } = text.e164 === undefined ? nobodyKnown : await sendersOf(store, text.e164, now);
  const answered =
    text.e164 === undefined ? undefined : await lastTextTo(store, text.e164, candidates, text.receivedAt);
  const team = await teamOf(store, answered, policy, now);
  const meaning = await meaningOf(deps, text.words, only);
  const filing: Filing = {
    sender: only,
    isTheirs: meaning.stop || !meaning.wrongNumber,
    answers: answered,
    urgent: meaning.urgent,
  };
  const about: AboutText = { text: text.id, receivedAt: new Date(text.receivedAt), sender: only, candidates, team };
  const closedNumber = text.e164 === undefined ? undefined : deps.fingerprint({ system: 'phone', value: text.e164 });
  // A number that left the record is nobody's to see in any version of the text (OBJ-8).
  const record = await keptMasked(deps, textRecord(text, filing, context));
  const writes: Write[] = [{ op: 'create', resource: record }];
  const stops = meaning.stop && only !== undefined && !(await textsAreObjectedTo(store, only, now));
  if (stops) {
    const receivedAt = text.receivedAt < now.toISOString() ? text.receivedAt : now.toISOString();
    const by = { caller: worker, author: { reference: only.person } };
    const stop = { text: `Communication/${text.id}`, receivedAt, sender: only, by, opening: team.opening };
    writes.push(...(await stopWrites(deps, stop)));
  }
  const isCheck = meaning.wrongNumber && text.e164 !== undefined;
  if (isCheck) {
    writes.push({ op: 'create', resource: checkContactTask({ ...about, closedNumber }, context) });
  }
  // A Task of its own says all there is to do, unless the words are urgent or the sender is not known.
  if (only === undefined || meaning.urgent || !(stops || isCheck)) {
    const reason = reasonOf(meaning, only !== undefined);
    const closes = reason === 'unknown-stop' ? { closedNumber } : {};
    writes.push({
      op: 'create',
      resource: triageTask({ ...about, ...closes }, { reason, urgent: meaning.urgent }, context),
    });
  }
  return writes;
}

/** What it says, and whether it says that it is not of the one who has the number. Errors: StoreError. */
async function meaningOf(deps: InboundDeps, words: string, only: Sender | undefined): Promise<Meaning> {
  const meaning = deps.meaningOf(words);
  if (meaning.wrongNumber || only === undefined) return meaning;
  return { ...meaning, wrongNumber: await deniesSender(deps.store, words, only) };
}

function reasonOf(meaning: Meaning, isKnown: boolean) {
  if (!isKnown) return meaning.stop ? 'unknown-stop' : 'unknown';
  return meaning.refusal || meaning.stop ? 'refusal' : 'ordinary';
}
