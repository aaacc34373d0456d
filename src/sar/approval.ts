import type { Provenance, Reference, Task } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { Fault } from '../errors.ts';
import { provenance, type RecordContext } from '../send/authors.ts';
import { newId } from '../send/ids.ts';
import { isPerson, namesOfPerson } from '../send/same-person.ts';
import { type FhirStore, searchAll, type Write } from '../store/fhir-store.ts';
import { isApproved, participant, rolesInWrite } from './request.ts';
import { reviewIn } from './review.ts';

/** Who prepared a release and who approved it: another person (contract 12). */

const AUTHOR = 'author';
const VERIFIER = 'verifier';

/**
 * Who prepared or decided a request, in the same commit as the write of it: the owner, where the Task names a person, or
 * else whom the token speaks for (contract 10). The Task has one owner, who changes; so that it is kept beside it.
 */
export function approvalRecords(
  task: Task & { id: string },
  previous: Task | undefined,
  caller: Caller,
  context: RecordContext,
): Write[] {
  const { prepares, decides } = rolesInWrite(task, previous);
  const author = isPerson(task.owner) ? (task.owner as Reference) : caller.fhirUser;
  const activity = previous === undefined ? 'CREATE' : 'UPDATE';
  const record = (role: string): Write => {
    const made = provenance(newId(context.now), [`Task/${task.id}`], { caller, author, activity }, context);
    return { op: 'create', resource: role === AUTHOR ? made : asVerifier(made) };
  };
  return [...(prepares ? [record(AUTHOR)] : []), ...(decides ? [record(VERIFIER)] : [])];
}

function asVerifier(made: Provenance & { id: string }): Provenance & { id: string } {
  const agent = made.agent.map((one) => (isOfRole(one, AUTHOR) ? { ...one, type: participant(VERIFIER) } : one));
  return { ...made, agent };
}

const isOfRole = ({ type }: Provenance['agent'][number], role: string): boolean =>
  type?.coding?.some(({ code }) => code === role) ?? false;

/** What a release still lacks; nothing where it may go. Errors: StoreError. */
export async function releaseFaults(store: FhirStore, task: Task & { id: string }): Promise<Fault[]> {
  const faults: Fault[] = [];
  if (!reviewIn(task).allRead) {
    faults.push(
      lacking('Task.input', 'all-read is missing: every free text is read for third parties before it is released.'),
    );
  }
  if (!isApproved(task)) {
    const text = 'release-approved is missing: another person completes the Task with that decision as its output.';
    return [...faults, lacking('Task.output', text)];
  }
  const records = await searchAll(store, 'Provenance', [['target', `Task/${task.id}`]]);
  const [prepared, approved] = await Promise.all([
    Promise.all(peopleIn(records, AUTHOR).map((one) => namesOfPerson(store, one))),
    Promise.all(peopleIn(records, VERIFIER).map((one) => namesOfPerson(store, one))),
  ]);
  const preparers = prepared.flat();
  const approvers = approved.filter((names) => names.length > 0);
  const who = 'Task.owner names who writes it, when it is prepared and when it is approved.';
  if (preparers.length === 0 || approvers.length === 0) {
    const missing = preparers.length === 0 ? 'prepared' : 'approved';
    return [...faults, lacking('Task.owner', `It is not recorded who ${missing} the release. ${who}`)];
  }
  if (approvers.some((names) => !names.some((one) => preparers.includes(one)))) return faults;
  const text = 'The same person prepared and approved the release. Let another person write the Task as its owner.';
  return [...faults, lacking('Task.owner', `${text} ${who}`)];
}

function peopleIn(records: readonly Provenance[], role: string): Reference[] {
  return records.flatMap(({ agent }) => agent.filter((one) => isOfRole(one, role)).map(({ who }) => who as Reference));
}

const lacking = (expression: string, text: string): Fault => ({ expression, issue: 'business-rule', text });
