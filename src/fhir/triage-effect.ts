import type { Communication, Reference, Task } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { Fault } from '../errors.ts';
import { createMeaning } from '../inbound/meaning.ts';
import { senderOf } from '../inbound/out-of-hours.ts';
import type { Sender } from '../inbound/senders.ts';
import { stopWrites, textsAreObjectedTo } from '../inbound/stop.ts';
import { isInbound, wordsOf } from '../inbound/text.ts';
import { keptMasked } from '../objections/kept-out.ts';
import { provenance } from '../send/authors.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { newId } from '../send/ids.ts';
import { isReplaced, replacementsIn } from '../send/linked-records.ts';
import { localReference } from '../send/naming.ts';
import { openingOfPolicy } from '../send/opening.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import type { CompletedTask, TaskEffect } from './task-effects.ts';

/**
 * Contract 11: `identified` puts a text under its sender, in the same commit; a STOP is then that person's (OBJ-11).
 * `nobody` closes it as it is.
 */
export const triageInbound: TaskEffect = {
  async faults({ store }, { task, decision }) {
    if (decision !== 'identified') return [];
    const sender = await identified(store, task);
    if ('text' in sender) return [sender];
    const text = await textIn(store, task);
    if (text === undefined) return [fault('Task.focus', 'The focus is no text that came in.')];
    return [];
  },

  async writes(deps, { task, decision, caller }) {
    if (decision !== 'identified') return [];
    const { store, policy, controller } = deps;
    const [sender, text] = await Promise.all([identified(store, task), textIn(store, task)]);
    if ('text' in sender || text === undefined) return [];
    const before = senderOf(text);
    if (before?.person === sender.person && before.patient === sender.patient) return [];
    const now = deps.clock.now();
    const context = { now, controller, policy };
    const reference = `Communication/${text.id}`;
    const author = decidedBy(task, caller);
    const filed = await keptMasked<Communication & { id: string }>(deps, {
      ...text,
      subject: { reference: sender.patient },
      sender: { reference: sender.person },
    });
    const by = { caller, author, activity: 'UPDATE' as const, sources: [`Task/${task.id}`] };
    const event = auditEvent({
      action: 'U',
      subtype: 'update',
      outcome: '0',
      recorded: now,
      caller,
      controller,
      patient: sender.patient,
      entities: [reference, `Task/${task.id}`],
    });
    const writes: Write[] = [
      { op: 'update', resource: filed, ifMatch: text.meta.versionId },
      { op: 'create', resource: provenance(newId(now), [reference], by, context) },
      { op: 'create', resource: event },
    ];
    if (!createMeaning(policy.urgentWords)(wordsOf(text)).stop || (await textsAreObjectedTo(store, sender, now))) {
      return writes;
    }
    const received = text.received ?? now.toISOString();
    const stop = {
      text: reference,
      receivedAt: received < now.toISOString() ? received : now.toISOString(),
      sender,
      by: { caller, author },
      opening: openingOfPolicy(policy.teamHours),
    };
    return [...writes, ...(await stopWrites(deps, stop))];
  },
};

/** Whom the output `person` names, or what is wrong with it. Errors: StoreError. */
async function identified(store: FhirStore, { output = [] }: Task): Promise<Sender | Fault> {
  const named = output
    .filter((one) => codesIn(one.type, 'task-parameter').includes('person'))
    .flatMap(({ valueReference }) => valueReference?.reference ?? []);
  const [only, second] = named;
  const patient = localReference(only, 'Patient');
  const proxy = localReference(only, 'RelatedPerson');
  if (only === undefined || second !== undefined || (patient === undefined && proxy === undefined)) {
    return fault('Task.output', 'Say in one output of type "person" who sent the text: a Patient, or a RelatedPerson.');
  }
  if (proxy !== undefined) {
    const record = await store.read('RelatedPerson', proxy.slice('RelatedPerson/'.length));
    const whose = localReference(record?.patient.reference, 'Patient');
    if (whose === undefined) return fault('Task.output', 'The person is in no record that is kept here.');
    return { person: proxy, patient: whose };
  }
  const person = patient ?? '';
  const record = await store.read('Patient', person.slice('Patient/'.length));
  if (record === undefined) return fault('Task.output', 'The person is in no record that is kept here.');
  if (isReplaced(record, replacementsIn([record]))) {
    return fault('Task.output', 'This record has been replaced by another one. Name the record that replaces it.');
  }
  return { person, patient: person };
}

async function textIn(store: FhirStore, task: Task): Promise<Stored<Communication> | undefined> {
  const id = localReference(task.focus?.reference, 'Communication')?.split('/')[1];
  const text = id === undefined ? undefined : await store.read('Communication', id);
  return text !== undefined && isInbound(text) && text.status !== 'entered-in-error' ? text : undefined;
}

function decidedBy(task: Task, caller: CompletedTask['caller']): Reference | undefined {
  const owner = task.owner as Reference | undefined;
  return /^Practitioner(Role)?\//.test(owner?.reference ?? '') ? owner : caller.fhirUser;
}

const fault = (expression: string, text: string): Fault => ({ expression, issue: 'business-rule', text });
