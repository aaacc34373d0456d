import type { Coding, Communication } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { isSameLabel } from '../policy/sensitivity.ts';

const restricted: Coding = { system: system.confidentiality, code: 'R' };

/** What the record of a message about a sensitive matter is labelled with (PRX-7); nothing for any other. */
export function labelsFor(sensitivity: readonly Coding[]): Coding[] {
  if (sensitivity.length === 0) return [];
  return [restricted, ...sensitivity.filter((one) => !isSameLabel(restricted, one))];
}

/** The record with the labels that its matter has by now; none that it has is taken away. */
export function withLabels<T extends Communication>(communication: T, sensitivity: readonly Coding[]): T {
  const kept = communication.meta?.security ?? [];
  const added = labelsFor(sensitivity).filter((one) => !kept.some((other) => isSameLabel(other, one)));
  if (added.length === 0) return communication;
  return { ...communication, meta: { ...communication.meta, security: [...kept, ...added] } };
}
