import type { Coding, Meta } from '@medplum/fhirtypes';

/** The labels and tags of a resource. */
export interface Labels {
  readonly security: Coding[];
  readonly tag: Coding[];
}

/** A label or tag is its system and code; the display is decoration. */
export const labelKey = ({ system = '', code = '' }: Coding): string => `${system}|${code}`;

export const isUnlabelled = ({ security, tag }: Labels): boolean => security.length + tag.length === 0;

/** The labels and tags of `meta` that `other` does not have. */
export function labelsBeyond(meta: Pick<Meta, 'security' | 'tag'>, other: Meta | undefined): Labels {
  return {
    security: minus(meta.security, other?.security),
    tag: minus(meta.tag, other?.tag),
  };
}

/** Those that `meta` has, too. */
export function labelsCommon(labels: Labels, meta: Meta | undefined): Labels {
  return labelsBeyond(labels, labelsBeyond(labels, meta));
}

/** As `$meta-delete` takes them: R4 has no empty lists. */
export function metaOf({ security, tag }: Labels): Meta {
  return { ...(security.length > 0 ? { security } : {}), ...(tag.length > 0 ? { tag } : {}) };
}

function minus(all: readonly Coding[] = [], without: readonly Coding[] = []): Coding[] {
  const keys = new Set(without.map(labelKey));
  return all.filter((one) => !keys.has(labelKey(one)));
}
