/**
 * Adds what is shipped now to `src/install/generated/shipped-before.json`: the digests of every message type and channel that ever
 * was in this repository, by which `npx herald install` tells ours from a trust's own. Nothing is ever taken out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, placeOf } from '../src/install/content.ts';
import { isTheTrusts, shippedResources } from '../src/install/shipped.ts';

const file = join(import.meta.dirname, '..', 'src/install/generated/shipped-before.json');

if (import.meta.main) {
  const { digests } = JSON.parse(readFileSync(file, 'utf8')) as { digests: Record<string, string[]> };
  for (const resource of shippedResources().filter(isTheTrusts)) {
    const place = placeOf(resource);
    digests[place] = [...new Set([...(digests[place] ?? []), digestOf(resource)])];
  }
  const sorted = Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify({ digests: sorted }, null, 2)}\n`);
}
