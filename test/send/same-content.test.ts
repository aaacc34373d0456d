import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson, isSameContent } from '../../src/send/ids.ts';

/** Few names and values, so that many pairs are nearly alike. */
const { content } = fc.letrec<{ content: unknown }>((tie) => ({
  content: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', 1, true, null, undefined),
    fc.array(tie('content'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('x', 'y', 'constructor'), tie('content'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

it('is the same content exactly when its canonical JSON is one text', () => {
  fc.assert(
    fc.property(content, content, (a, b) => {
      expect(isSameContent(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
    }),
    { numRuns: 5_000 },
  );
});

it('is the same whatever the order of its keys, and not with one word changed', () => {
  const one = { status: 'active', payload: [{ contentString: 'Please ring us.', id: undefined }] };
  expect(isSameContent(one, { payload: [{ contentString: 'Please ring us.' }], status: 'active' })).toBe(true);
  expect(isSameContent(one, { ...one, payload: [{ contentString: 'Please call us.' }] })).toBe(false);
});
