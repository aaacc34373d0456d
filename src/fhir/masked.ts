import type { Bundle, Communication, Extension, Resource, ResourceType, Task } from '@medplum/fhirtypes';
import type { Role } from '../auth/caller.ts';
import { structureDefinition } from '../canonical.ts';
import { isMasked, maskedMark } from '../objections/removal.ts';
import { isAccessRequest } from '../sar/request.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import type { Answer, FhirDeps, Interaction } from './call.ts';
import { asPart } from './search-elements.ts';

const usedUrl = structureDefinition('contact-point-used');

/**
 * OBJ-8: an interaction that shows where a past message went only to those who may know a detail that puts the person at
 * risk (contract 7), in whatever form its answer has. Errors: those of the interaction; StoreError.
 */
export function masking(run: Interaction): Interaction {
  return async (deps, call) => masked(deps, call.caller.role, await run(deps, call));
}

/** Who sees where a message went whole. */
const mayKnow = (role: Role): boolean => role === 'ig';

/** The same for an answer that is there already. Errors: StoreError. */
export async function masked(deps: Pick<FhirDeps, 'store'>, role: Role, answer: Answer): Promise<Answer> {
  switch (answer.kind) {
    case 'version':
      return { ...answer, resource: await shown(deps.store, role, answer.resource) };
    case 'content':
      return { ...answer, resource: await shown(deps.store, role, answer.resource) };
    case 'not-modified':
    case 'file':
      return answer;
    default: {
      const never: never = answer;
      throw new TypeError(`Unknown answer ${String(never)}`);
    }
  }
}

async function shown<T extends Resource>(store: FhirStore, role: Role, resource: T): Promise<T> {
  if (resource.resourceType === 'Bundle') return (await shownBundle(store, role, resource)) as T;
  if (resource.resourceType === 'Communication') return (await shownMessage(store, role, resource)) as T;
  if (resource.resourceType === 'Task' && role === 'epr' && isAccessRequest(resource))
    return asPart(outlineOf(resource)) as T;
  return resource;
}

/**
 * Contract 10: subject access is not the calling systems'. They see that somebody asked, as they would in any worklist,
 * and nothing of what a reviewer would hide, and why (SAR-2).
 */
const outlineOf = ({ input: _input, output: _output, note: _note, description: _text, ...outline }: Task): Task =>
  outline;

async function shownBundle(store: FhirStore, role: Role, bundle: Bundle): Promise<Bundle> {
  const concerned = ['Communication', 'Task'];
  if (!bundle.entry?.some(({ resource }) => resource !== undefined && concerned.includes(resource.resourceType))) {
    return bundle;
  }
  const entry = [];
  for (const one of bundle.entry) {
    entry.push(one.resource === undefined ? one : { ...one, resource: await shown(store, role, one.resource) });
  }
  return { ...bundle, entry };
}

async function shownMessage(store: FhirStore, role: Role, message: Communication): Promise<Communication> {
  const used = message.extension?.find((one) => one.url === usedUrl);
  if (used === undefined) return message;
  const isOwn = isMasked(used);
  if (mayKnow(role)) return isOwn ? withUsed(message, used, whole(used)) : message;
  return isOwn || (await isMaskedNow(store, message)) ? withUsed(message, used, bare(used)) : message;
}

/** An earlier version does not know yet what the current one does. */
async function isMaskedNow(store: FhirStore, { id, meta }: Communication): Promise<boolean> {
  if (id === undefined) return false;
  const type: ResourceType = 'Communication';
  const current = (await store.read(type, id)) as Communication | undefined;
  if (current === undefined || current.meta?.versionId === meta?.versionId) return false;
  return current.extension?.some((one) => one.url === usedUrl && isMasked(one)) ?? false;
}

const withUsed = (message: Communication, used: Extension, other: Extension): Communication => ({
  ...message,
  extension: (message.extension ?? []).map((one) => (one === used ? other : one)),
});

/** Without the detail itself. */
function bare({ valueAddress }: Extension): Extension {
  const nothing = { extension: [maskedMark] };
  return { url: usedUrl, ...(valueAddress === undefined ? { valueContactPoint: nothing } : { valueAddress: nothing }) };
}

/** Without the mark that it is masked to others. */
function whole(used: Extension): Extension {
  const unmarked = <T extends { extension?: Extension[] | undefined }>({ extension = [], ...detail }: T) => {
    const others = extension.filter((one) => one.url !== maskedMark.url);
    return { ...detail, ...(others.length === 0 ? {} : { extension: others }) };
  };
  return used.valueAddress === undefined
    ? { url: usedUrl, valueContactPoint: unmarked(used.valueContactPoint ?? {}) }
    : { url: usedUrl, valueAddress: unmarked(used.valueAddress) };
}
