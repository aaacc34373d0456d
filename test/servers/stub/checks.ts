import type { Resource, ResourceType } from '@medplum/fhirtypes';
import type { Fault } from '../../../src/errors.ts';
import { loadDefinitions, loadValueSets } from '../../../src/fhir/definitions/load.ts';
import { createValidator, type Validator } from '../../../src/fhir/validate/validator.ts';
import { issue, Refusal, refusal } from './call.ts';
import { type Context, versionOf } from './context.ts';
import { isKept } from './records.ts';
import { referencesIn } from './references.ts';

let validator: Validator | undefined;

/**
 * Errors: Refusal 400 for what is not R4 (unknown elements included), 422 for a broken invariant, and 422 for a literal
 * reference of the wrong type.
 */
export function checkContent(resource: Resource): void {
  validator ??= createValidator({ structures: loadDefinitions().structures, valueSets: loadValueSets() });
  const { structure, profile } = validator.validate(resource);
  const atReference = ({ expression }: Fault): boolean => expression?.endsWith('.reference') ?? false;
  const notR4 = structure.filter((fault) => !atReference(fault));
  if (notR4.length > 0) throw refusalOf(400, notR4);
  const wrong = [...structure, ...profile];
  if (wrong.length > 0) throw refusalOf(422, wrong);
}

/**
 * Errors: Refusal 422 for a literal reference that leads to nothing here. `beside` are the resources (`Type/id`) that
 * are written together with this one.
 */
export async function checkReferences(
  context: Context,
  resource: Resource,
  beside: ReadonlySet<string>,
): Promise<void> {
  if (!context.behaviour.referenceIntegrity) return;
  for (const reference of referencesIn(resource)) {
    if (reference.startsWith('#') || (await leadsSomewhere(context, reference, beside))) continue;
    throw refusal(422, 'not-found', `A reference of the ${resource.resourceType} leads to nothing that is kept here.`);
  }
}

/** The stored version that callers know as `version`. */
export async function findVersion(context: Context, type: ResourceType, id: string, version: string) {
  const { records, behaviour } = context;
  if (!behaviour.opaqueVersions) return records.vread(type, id, version);
  const current = await records.read(type, id);
  for (let number = Number(current?.meta.versionId ?? 0); number > 0; number -= 1) {
    const found = await records.vread(type, id, String(number));
    if (found && versionOf(context, found) === version) return found;
  }
  return undefined;
}

async function leadsSomewhere(context: Context, reference: string, beside: ReadonlySet<string>): Promise<boolean> {
  const [, type = '', id = '', version] =
    /^([A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/.exec(reference) ?? [];
  if (!isKept(type)) return false;
  if (version !== undefined) return (await findVersion(context, type, id, version)) !== undefined;
  return beside.has(`${type}/${id}`) || (await context.records.read(type, id)) !== undefined;
}

function refusalOf(status: number, faults: readonly Fault[]): Refusal {
  return new Refusal(
    status,
    faults.map(({ text, expression }) => issue('invalid', text, expression)),
  );
}
