import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { withMasks } from '../../src/sar/mask.ts';
import { type Pointer, pathTo, placesOf, textsIn, valueAt } from '../../src/sar/places.ts';
import { wordsPattern } from '../../src/sar/words.ts';
import { faultsOf, r4 } from '../validate/support.ts';
import { validResources } from '../validate/valid-resources.ts';

const exportedTypes = [
  ...['Communication', 'CommunicationRequest', 'Patient', 'RelatedPerson', 'Consent', 'Flag', 'Task', 'Provenance'],
  'DocumentReference',
];
const resources = (Object.values(validResources) as unknown as Resource[]).filter((one) =>
  exportedTypes.includes(one.resourceType),
);

/** Every element of a resource but those that it cannot be without. */
function* pointersOf(value: unknown, at: Pointer = []): Generator<Pointer> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    const pointer = [...at, Array.isArray(value) ? Number(key) : key];
    if (['resourceType', 'id', 'meta', 'url'].includes(key) || key.startsWith('_')) continue;
    if (one !== null && !Array.isArray(one)) yield pointer;
    yield* pointersOf(one, pointer);
  }
}

describe('SAR-2: whatever is masked, the copy stays R4 and the words are gone', () => {
  it('there is one of each type that is exported', () => {
    expect(new Set(resources.map((one) => one.resourceType)).size).toBeGreaterThanOrEqual(7);
  });

  it.each(resources.map((one) => [`${one.resourceType} ${one.id ?? ''}`, one] as const))('%s', (_name, resource) => {
    const before = faultsOf(r4, resource);
    const wrong: unknown[] = [];
    for (const pointer of [[], ...pointersOf(resource)]) {
      const path = pathTo(resource, pointer);
      const [place] = placesOf(resource, path) ?? [];
      if (place === undefined) {
        wrong.push([path, 'leads nowhere']);
        continue;
      }
      const copy = withMasks(resource, [{ place }]);
      const faults = faultsOf(r4, copy).filter((one) => one.startsWith('structure') && !before.includes(one));
      if (faults.length > 0) wrong.push([path, faults]);
      const hidden = valueAt(resource, pointer);
      if (pointer.length > 0 && typeof hidden === 'string' && valueAt(copy, pointer) === hidden)
        wrong.push([path, 'stays']);
    }
    expect(wrong).toEqual([]);
    expect(faultsOf(r4, resource)).toEqual(before);
  });

  it.each(resources.map((one) => [`${one.resourceType} ${one.id ?? ''}`, one] as const))(
    'words in %s',
    (_name, resource) => {
      const wrong: unknown[] = [];
      for (const { pointer, text } of textsIn(resource)) {
        const place = { pointer: [] };
        if (pointer[0] === 'meta' || text.length < 4) continue;
        const copy = withMasks(resource, [{ place, words: wordsPattern(text) }]);
        const faults = faultsOf(r4, copy).filter((one) => one.startsWith('structure'));
        if (faults.length > 0) wrong.push([pathTo(resource, pointer), faults]);
      }
      expect(wrong).toEqual([]);
    },
  );
});
