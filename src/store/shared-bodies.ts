import { memo } from '../memo.ts';
import type { Stored } from './fhir-store.ts';

/**
 * Types that tell of nobody and are read with every decision, though they hardly ever change. A version is parsed once
 * for all who ask for it, and nobody can change what they all have.
 */
const shared: ReadonlySet<string> = new Set(['ActivityDefinition', 'Endpoint']);

/** The resource that this JSON is. Known by its whole text, in which its version is: never another than was stored. */
export function resourceOf(type: string, body: string): Stored {
  return shared.has(type) ? parsedOnce(body) : JSON.parse(body);
}

const parsedOnce = memo(50, (body): Stored => frozen(JSON.parse(body)));

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
