import type { Resource } from '@medplum/fhirtypes';
import { structureDefinition } from '../../canonical.ts';
import { isObject, textIn } from './json.ts';
import { labelKey } from './labels.ts';

/** Something that a server did not keep of what it was given. */
export interface Dropped {
  readonly resourceType: string;
  /** Path of the element: `meta.security`, `payload.extension[content-fidelity]`; no value of it. */
  readonly element: string;
}

/** Which labels and extensions of `sent` are not in `kept`. Our rules rest on both; servers may drop either in silence. */
export function droppedOf(sent: Resource, kept: Resource): Dropped[] {
  const { resourceType } = sent;
  const labels = new Set((kept.meta?.security ?? []).map(labelKey));
  const unlabelled = (sent.meta?.security ?? []).some((one) => !labels.has(labelKey(one)));
  const [before, after] = [extensionsIn(sent), extensionsIn(kept)];
  const extensions = [...before].filter(([key, times]) => (after.get(key) ?? 0) < times).map(([key]) => elementOf(key));
  const elements = [...(unlabelled ? ['meta.security'] : []), ...new Set(extensions)];
  return elements.map((element) => ({ resourceType, element }));
}

/** How often an extension stands at a path: `path url`. */
function extensionsIn(resource: Resource): Map<string, number> {
  const found = new Map<string, number>();
  count(resource, '', found);
  return found;
}

function count(value: unknown, path: string, found: Map<string, number>): void {
  if (Array.isArray(value)) {
    for (const one of value) count(one, path, found);
  } else if (isObject(value)) {
    for (const [name, one] of Object.entries(value)) {
      const inner = path === '' ? name : `${path}.${name}`;
      if (/^(modifierE|e)xtension$/.test(name) && Array.isArray(one)) {
        for (const extension of one) {
          const key = `${inner} ${isObject(extension) ? textIn(extension.url) : ''}`;
          found.set(key, (found.get(key) ?? 0) + 1);
        }
      }
      count(one, inner, found);
    }
  }
}

/** The name of one of our own extensions is no secret; what others call theirs is not ours to log. */
function elementOf(key: string): string {
  const [path = '', url = ''] = key.split(' ');
  const ours = structureDefinition('');
  return url.startsWith(ours) ? `${path}[${url.slice(ours.length)}]` : path;
}
