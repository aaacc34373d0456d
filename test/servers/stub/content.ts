import { isDeepStrictEqual } from 'node:util';
import type { Meta, Resource } from '@medplum/fhirtypes';
import type { Stored } from '../../../src/store/fhir-store.ts';
import type { Context } from './context.ts';
import { mapReferences } from './references.ts';

/** What of a resource the server will keep: local references in their short form, and less than was sent if it drops. */
export function contentOf<T extends Resource>({ behaviour, base }: Context, resource: T): T {
  const local = (reference: string) =>
    reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference;
  let content = mapReferences(resource, local) as T;
  if (behaviour.dropsExtensions) content = withoutExtensions(content) as T;
  const { versionId, lastUpdated, security, ...meta } = content.meta ?? {};
  return withMeta(content, { ...meta, ...(security && !behaviour.dropsLabels ? { security } : {}) });
}

/** `content` with the labels of the version before it. */
export function withLabelsOf<T extends Resource>(content: T, current: Stored): T {
  return withMeta(content, {
    ...content.meta,
    ...joined('security', current.meta, content.meta),
    ...joined('tag', current.meta, content.meta),
  });
}

/** `content` without the profiles, tags and labels that `meta` lists. */
export function withoutLabels<T extends Resource>(content: T, { profile, security, tag }: Meta): T {
  const meta = { ...content.meta };
  const rest = {
    profile: meta.profile?.filter((one) => !profile?.includes(one)),
    security: meta.security?.filter((one) => !security?.some((other) => sameCode(one, other))),
    tag: meta.tag?.filter((one) => !tag?.some((other) => sameCode(one, other))),
  };
  const left = Object.entries({ ...meta, ...rest }).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return withMeta(content, Object.fromEntries(left));
}

/** Are they the same but for version and time? */
export function isSameContent(one: Resource, other: Resource): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain(resource: Resource): unknown {
  const { versionId, lastUpdated, ...meta } = resource.meta ?? {};
  return JSON.parse(JSON.stringify(withMeta(resource, meta)));
}

function withMeta<T extends Resource>(resource: T, meta: Meta): T {
  const { meta: _, ...rest } = resource;
  const left = Object.entries(meta).filter(([, value]) => value !== undefined);
  return (left.length > 0 ? { ...rest, meta: Object.fromEntries(left) } : rest) as T;
}

function joined(key: 'security' | 'tag', before: Meta, after: Meta | undefined): Meta {
  const codings = [...(before[key] ?? [])];
  for (const coding of after?.[key] ?? []) if (!codings.some((one) => sameCode(one, coding))) codings.push(coding);
  return codings.length > 0 ? { [key]: codings } : {};
}

function sameCode(one: { system?: string; code?: string }, other: { system?: string; code?: string }): boolean {
  return one.system === other.system && one.code === other.code;
}

function withoutExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutExtensions);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .filter(([key]) => key !== 'extension')
    .map(([key, inner]) => [key, withoutExtensions(inner)] as const)
    // `_birthDate` and the like have nothing but extensions.
    .filter(([key, inner]) => !(key.startsWith('_') && isEmpty(inner)));
  return Object.fromEntries(kept);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
