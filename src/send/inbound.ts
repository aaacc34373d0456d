import type { Communication } from '@medplum/fhirtypes';
import { codeSystem, identifierSystem, structureDefinition } from '../canonical.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import { StoreError } from '../store/fhir-store.ts';
import { controllerReference } from './authors.ts';
import { idOfKey } from './ids.ts';
import type { OutcomeDeps } from './outcome.ts';
import { exactText, mediumConcept } from './record.ts';
import { task } from './tasks.ts';

/**
 * Keeps a text that somebody sent us (TWO-1). It is filed under nobody: a number alone does not say whose words these
 * are, so a person looks at each and says (VER-1). Its ids come from the provider's, so that a repeat is the same one.
 */
export async function keepReceivedText(deps: OutcomeDeps, job: Job): Promise<JobOutcome> {
  const { id, from, text, receivedAt } = job.data;
  const now = deps.clock.now();
  const context = { ...deps.context, now };
  const communication: Communication & { id: string } = {
    resourceType: 'Communication',
    id: String(id),
    extension: [
      {
        url: structureDefinition('contact-point-used'),
        valueContactPoint: { system: 'phone', value: `+${String(from)}`, use: 'mobile' },
      },
    ],
    identifier: [{ system: identifierSystem.notifyInbound, value: String(id) }],
    status: 'completed',
    category: [{ coding: [{ system: codeSystem('direction'), code: 'inbound' }] }],
    medium: [mediumConcept('sms')],
    received: typeof receivedAt === 'string' ? receivedAt : job.addedAt.toISOString(),
    recipient: [controllerReference(context.controller)] as NonNullable<Communication['recipient']>,
    payload: [exactText(String(text))],
  };
  const triage = task(
    idOfKey(`triage-inbound ${String(id)}`),
    {
      code: 'triage-inbound',
      focus: `Communication/${communication.id}`,
      text: 'A text came in. Find out whose it is, and answer or close it.',
      priority: 'urgent',
      performerType: 'clinic',
    },
    context,
  );
  try {
    await deps.commitUnit({
      writes: [
        { op: 'create', resource: communication },
        { op: 'create', resource: triage },
      ],
      jobs: [{ kind: 'finish', lease: job.lease }],
    });
  } catch (error) {
    // Kept already: the same text was handed over twice.
    if (error instanceof StoreError && error.code === 'conflict') return { kind: 'finish' };
    throw error;
  }
  return { kind: 'settled' };
}
