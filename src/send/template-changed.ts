import type { Communication } from '@medplum/fhirtypes';
import { StoreError } from '../store/fhir-store.ts';
import type { DispatchDeps } from './endings.ts';
import { idOfKey } from './ids.ts';
import { holdDue, task } from './tasks.ts';

/**
 * Asks a person to look, once for each message type and version of the provider's template, where the provider's words
 * are not those that were checked (contract 5). To be called before what the provider took is recorded: run again after
 * a crash, it finds its Task, whose id is made of what it is about. Errors: StoreError.
 */
export async function tellIfTextChanged(
  deps: Pick<DispatchDeps, 'store' | 'clock' | 'context' | 'log'>,
  checked: Communication & { id: string },
  answered: Communication,
): Promise<void> {
  if (wordsOf(checked) === wordsOf(answered)) return;
  const type = checked.instantiatesCanonical?.[0]?.split('|')[0] ?? 'unknown';
  const template = answered.instantiatesUri?.[0] ?? 'unknown';
  deps.log.warn('message.text-changed', { reference: checked.id });
  // The provider's host may change its name; its template's id and version do not.
  const id = idOfKey(`template-changed ${type} ${template.split('/').slice(3).join('/')}`);
  const now = deps.clock.now();
  const asked = {
    code: 'template-changed' as const,
    focus: `Communication/${checked.id}`,
    text: `The provider sent other words than those that were checked, for messages of the type ${lastPart(type)}: its template is ${template}. The record holds what was sent. Compare the template with what was approved, and put right whichever is wrong.`,
    performerType: 'ig-team',
    due: holdDue('routine', now, undefined),
  };
  try {
    if ((await deps.store.read('Task', id)) !== undefined) return;
    await deps.store.commit([{ op: 'create', resource: task(id, asked, { ...deps.context, now }) }]);
  } catch (error) {
    // Told already, by another message at the same time.
    if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
  }
}

const wordsOf = ({ topic, payload }: Communication): string =>
  JSON.stringify([topic?.text ?? '', payload?.[0]?.contentString ?? '']);

const lastPart = (address: string): string => address.split('/').at(-1) ?? address;
