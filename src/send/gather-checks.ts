import type { Address, ContactPoint } from '@medplum/fhirtypes';
import { identifierSystem } from '../canonical.ts';
import type { Channel } from '../policy/channel.ts';
import type { ContactFact, PersonFact } from '../policy/person-facts.ts';
import { type FhirStore, searchAll } from '../store/fhir-store.ts';
import { codesIn } from './gather-tasks.ts';

/** By what a contact detail is known again without being kept; `undefined` for one that it cannot tell. */
export type Fingerprint = (detail: ContactPoint | Address) => string | undefined;

/** By number, why no text may go there while a Task stands. */
export type ClosedNumbers = ReadonlyMap<string, NonNullable<ContactFact['closed']>>;

/**
 * Which of somebody's numbers are closed: one that somebody says is not theirs, until that is checked (VER-1), and one of
 * several people from which STOP came, until the Task about it is closed (OBJ-11). `medium`: the channels that are in
 * question at all. Errors: StoreError.
 */
export async function closedNumbersOf(
  store: FhirStore,
  person: Pick<PersonFact, 'contacts'> | undefined,
  medium: readonly Channel[] | undefined,
  fingerprint: Fingerprint,
): Promise<ClosedNumbers> {
  const texts = medium === undefined || medium.includes('sms') ? numbersOf(person) : [];
  const byMark = new Map(
    texts.flatMap((one): [string, string][] => {
      const mark = fingerprint({ system: 'phone', value: one });
      return mark === undefined ? [] : [[mark, one]];
    }),
  );
  if (byMark.size === 0) return new Map();
  const tasks = await searchAll(store, 'Task', [
    ['identifier', [...byMark.keys()].map((one) => `${identifierSystem.closedNumber}|${one}`).join(',')],
    ['status', 'draft,requested,received,accepted,ready,in-progress,on-hold,failed,rejected,cancelled'],
  ]);
  const closed = new Map<string, NonNullable<ContactFact['closed']>>();
  for (const task of tasks) {
    const why = codesIn(task.code, 'task-code').includes('check-contact') ? 'wrong-number' : 'stop';
    // Only doing it says that a number is right after all; what STOP closed is open once its Task is closed, however.
    if (why === 'stop' && ended.includes(task.status)) continue;
    for (const { system, value = '' } of task.identifier ?? []) {
      const number = system === identifierSystem.closedNumber ? byMark.get(value) : undefined;
      if (number !== undefined && closed.get(number) !== 'wrong-number') closed.set(number, why);
    }
  }
  return closed;
}

const ended: readonly (string | undefined)[] = ['failed', 'rejected', 'cancelled'];

/** The person with what closes their numbers. */
export function withClosed(person: PersonFact, closed: ClosedNumbers): PersonFact {
  if (closed.size === 0) return person;
  const contacts = person.contacts.map((one): ContactFact => {
    const why = one.channel === 'sms' && 'to' in one.form ? closed.get(one.form.to) : undefined;
    return why === undefined ? one : { ...one, closed: why };
  });
  return { ...person, contacts };
}

const numbersOf = (person: Pick<PersonFact, 'contacts'> | undefined): string[] => [
  ...new Set(
    (person?.contacts ?? []).flatMap((one) => (one.channel === 'sms' && 'to' in one.form ? [one.form.to] : [])),
  ),
];
