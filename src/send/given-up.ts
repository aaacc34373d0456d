import type { Clock } from '../clock.ts';
import { type FhirStore, StoreError } from '../store/fhir-store.ts';
import type { Refused } from '../store/unit.ts';
import type { RecordContext } from './authors.ts';
import { idOfKey } from './ids.ts';
import { task } from './tasks.ts';

/**
 * Raises one Task about records that the FHIR server refuses for good, so that a person completes or corrects them:
 * what was refused is in the log by type and id. Errors: StoreError.
 */
export async function handOverRefused(
  store: FhirStore,
  { intent, writes }: Refused,
  { clock, context }: { readonly clock: Clock; readonly context: Omit<RecordContext, 'now'> },
): Promise<void> {
  const first = writes[0]?.resource;
  if (first === undefined) return;
  const about = `${first.resourceType}/${first.id}`;
  const asked = { code: 'dead-letter', focus: about, text: texts[intent], priority: 'urgent' } as const;
  try {
    const resource = task(idOfKey(`refused ${intent} ${about}`), asked, { ...context, now: clock.now() });
    await store.commit([{ op: 'create', resource }]);
  } catch (error) {
    // Raised already.
    if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
  }
}

const texts = {
  finish:
    'Part of what belongs to this record could not be stored, because the FHIR server refuses it. Find out why: the log names what was refused (doubt.given-up). Then complete the record.',
  undo: 'This was not promised to its caller and nothing was sent, but the FHIR server refuses to have it marked so. Find out why, and mark it as entered in error.',
} as const satisfies Record<Refused['intent'], string>;
