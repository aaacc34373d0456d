import type { Consent, Extension, Reference, Task } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { withRemoved } from '../objections/removal.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference } from '../send/naming.ts';
import { detailOf, isObjection, withDetail } from '../send/objection-detail.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import { consentRecords } from './authorship.ts';
import type { FhirDeps } from './call.ts';
import type { CompletedTask, TaskEffect } from './task-effects.ts';

/** What Tasks about an objection do to it when they are completed (contract 8). */

/** Done: the objection says that its effect was explained, and when (OBJ-4). */
export const explainImpact: TaskEffect = {
  faults: ({ store }, { task }) => personFaults(store, task),
  writes: (deps, completed) =>
    changed(deps, completed, (consent, now) =>
      detailOf(consent).impactExplained
        ? consent
        : withDetail(consent, [], [{ url: 'impactExplained', valueDateTime: now }]),
    ),
};

/** Upheld: it is active, and has its reason. Resolved, withdrawn: it has ended. */
export const discussObjection: TaskEffect = {
  async faults({ store }, { task, decision }) {
    const wrong = await personFaults(store, task);
    const consent = await objectionIn(store, task);
    if (wrong.length > 0 || consent === undefined || decision !== 'upheld') return wrong;
    if (hasEnded(consent)) {
      return [fault('This objection has ended and cannot be upheld any more. Record a new one.')];
    }
    if (detailOf(consent).reason !== undefined || reasonIn(task) !== undefined) return [];
    return [
      fault(
        'The objection has no reason yet, and without one it cannot be upheld (OBJ-3). Give what the person said as an output of type "reason", valueString.',
      ),
    ];
  },
  writes: (deps, completed) => {
    const { task, decision } = completed;
    return changed(deps, completed, (consent, now) => {
      if (hasEnded(consent)) return consent;
      if (decision === 'upheld') return upheld(consent, reasonIn(task));
      const why = decision === 'resolved' ? 'resolved-by-discussion' : 'withdrawn';
      return ended(consent, why, now);
    });
  },
};

/** Remove: contact details leave the record (OBJ-8). Keep: they stay, and the objection is as any other. */
export const discussRemoval: TaskEffect = {
  faults: ({ store }, { task }) => personFaults(store, task),
  writes: (deps, completed) => {
    const { decision } = completed;
    return changed(deps, completed, (consent) => {
      const decided: Extension[] = [
        { url: 'contactDetailDecision', valueCode: decision === 'remove' ? 'remove' : 'keep' },
      ];
      return hasEnded(consent) ? consent : withDetail(consent, ['contactDetailDecision'], decided);
    });
  },
};

/** The objection that a Task is about. Errors: StoreError. */
export async function objectionIn(store: FhirStore, task: Task): Promise<Stored<Consent> | undefined> {
  const id = localReference(task.focus?.reference, 'Consent')?.split('/')[1];
  const consent = id === undefined ? undefined : await store.read('Consent', id);
  return consent !== undefined && isObjection(consent) ? consent : undefined;
}

/** VER-1: what was talked about with one person changes nothing of another's objection. Errors: StoreError. */
async function personFaults(store: FhirStore, task: Task): Promise<Fault[]> {
  const consent = await objectionIn(store, task);
  if (consent === undefined || task.for === undefined) return [];
  const objector = localReference(consent.patient?.reference, 'Patient');
  const named = localReference(task.for.reference, 'Patient');
  if (objector === undefined || named === objector) return [];
  const record = await store.read('Patient', objector.slice('Patient/'.length));
  const linked = record === undefined ? undefined : await linkedRecords(store, [record]);
  if (named !== undefined && linked?.has(named)) return [];
  return [
    {
      expression: 'Task.for',
      issue: 'business-rule',
      text: 'This Task is for another person than the one whose objection it is about (VER-1). Complete the Task that is about this person.',
    },
  ];
}

async function changed(
  deps: FhirDeps,
  { task, caller }: CompletedTask,
  change: (consent: Stored<Consent>, now: string) => Stored<Consent>,
): Promise<Write[]> {
  const before = await objectionIn(deps.store, task);
  if (before === undefined) return [];
  const after = await withRemoved(deps, change(before, deps.clock.now().toISOString()), before);
  if (after === before) return [];
  const decidedBy = task.owner as Reference | undefined;
  const beside = await consentRecords(deps, after, before, caller, isPerson(decidedBy) ? decidedBy : caller.fhirUser);
  return [
    { op: 'update', resource: after, ifMatch: before.meta.versionId },
    // The Task itself is being written as its caller has it.
    ...beside.filter(({ resource }) => !(resource.resourceType === 'Task' && resource.id === task.id)),
  ];
}

const isPerson = (reference: Reference | undefined): boolean =>
  /^Practitioner(Role)?\//.test(reference?.reference ?? '');

const hasEnded = ({ status }: Consent): boolean =>
  status === 'inactive' || status === 'rejected' || status === 'entered-in-error';

function upheld(consent: Stored<Consent>, reason: string | undefined): Stored<Consent> {
  const active = consent.status === 'active' ? consent : { ...consent, status: 'active' as const };
  if (detailOf(consent).reason !== undefined || reason === undefined) return active;
  return withDetail(active, ['reason'], [{ url: 'reason', valueCodeableConcept: { text: reason } }]);
}

function ended(consent: Stored<Consent>, why: string, now: string): Stored<Consent> {
  const url = structureDefinition('consent-status-reason');
  const code = { system: codeSystem('consent-status-reason'), code: why };
  const start = consent.provision?.period?.start;
  // Ended before it began: a Period that ends before it starts is none.
  const began = start !== undefined && Date.parse(start) <= Date.parse(now);
  return {
    ...consent,
    status: 'inactive',
    extension: [
      ...(consent.extension ?? []).filter((one) => one.url !== url),
      { url, valueCodeableConcept: { coding: [code] } },
    ],
    provision: { ...consent.provision, period: { ...(began ? { start } : {}), end: now } },
  };
}

/** What the person said, as whoever talked to them wrote it down. */
function reasonIn({ output = [] }: Task): string | undefined {
  const given = output.find((one) => codesIn(one.type, 'task-parameter').includes('reason'));
  return given?.valueString?.trim() || undefined;
}

const fault = (text: string): Fault => ({ expression: 'Task.output', issue: 'business-rule', text });
