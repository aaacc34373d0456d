import type { Coding } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';

/** v3-Confidentiality codes that say nothing out of the ordinary. */
const ordinary: ReadonlySet<string> = new Set(['U', 'L', 'M', 'N']);

/**
 * Whether a security label says that the matter is one to keep from others: every code of v3-ActCode, and of
 * v3-Confidentiality all but the ordinary ones (R, V, and the old names of matters that it once had).
 */
export function isSensitive({ system: of, code }: Coding): boolean {
  if (code === undefined) return false;
  if (of === undefined || of === system.actCode) return true;
  return of === system.confidentiality && !ordinary.has(code);
}

/** Whether a denied label speaks of a label of the matter; one without a system is read as any. */
export function isSameLabel(denied: Coding, label: Coding): boolean {
  if (denied.code === undefined || denied.code !== label.code) return false;
  return denied.system === undefined || label.system === undefined || denied.system === label.system;
}
