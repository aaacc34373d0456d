import { codeSystem, MSG, structureDefinition } from '../../canonical.ts';
import type { StructureDefinition } from '../validate/definitions.ts';
import { isObject, type JsonObject } from '../validate/run.ts';
import type { ValidatorOptions } from '../validate/validator.ts';
import { codesIn, isOpen } from './expansion.ts';
import { published } from './load.ts';

/**
 * What the validator needs to check our profiles: give it `createValidator` beside R4's own definitions and value sets.
 * An extension of ours is checked wherever it stands; a profile where `profilesFor` says so, or `meta.profile`.
 */
export function profileChecks(): Required<Pick<ValidatorOptions, 'profiles' | 'profilesFor' | 'valueSets'>> {
  return {
    profiles: published('StructureDefinition') as unknown as readonly StructureDefinition[],
    valueSets: published('ValueSet').map((valueSet) => ({
      url: valueSet.url ?? '',
      ...(isOpen(valueSet) ? {} : { systems: systemsOf(codesIn(valueSet)) }),
    })),
    profilesFor,
  };
}

/**
 * The profiles that a resource must meet whatever it declares: those of what Herald acts on. Others of the same type
 * (a Consent to research, a Task of another system) are R4 and no business of ours. Takes any JSON; does not throw.
 */
export function profilesFor(resource: JsonObject): readonly string[] {
  switch (resource.resourceType) {
    case 'CommunicationRequest':
      return [structureDefinition('herald-communication-request')];
    case 'Communication':
      return [structureDefinition('herald-communication')];
    case 'Consent': {
      const kinds = codesOf(resource.category, 'consent-category');
      return [
        ...(kinds.includes('proxy-messaging') ? [structureDefinition('herald-proxy-consent')] : []),
        ...(kinds.includes('messaging-objection') ? [structureDefinition('herald-objection')] : []),
      ];
    }
    case 'Task':
      return codesOf(resource.code, 'task-code').length > 0 ? [structureDefinition('herald-task')] : [];
    case 'Flag':
      return codesOf(resource.code, 'flag-code').length > 0 ? [structureDefinition('herald-flag')] : [];
    case 'ActivityDefinition':
      return resource.kind === 'CommunicationRequest' || hasOurExtension(resource)
        ? [structureDefinition('herald-message-type')]
        : [];
    case 'Endpoint': {
      const { connectionType } = resource;
      return isObject(connectionType) && connectionType.system === codeSystem('channel')
        ? [structureDefinition('herald-channel')]
        : [];
    }
    default:
      return [];
  }
}

function systemsOf(codes: ReturnType<typeof codesIn>): Record<string, string[]> {
  const systems: Record<string, string[]> = {};
  for (const { system, code } of codes) {
    const known = systems[system];
    if (known === undefined) systems[system] = [code];
    else known.push(code);
  }
  return systems;
}

/** The codes of one of our systems in a CodeableConcept, or in a list of them. */
function codesOf(concepts: unknown, system: string): unknown[] {
  return (Array.isArray(concepts) ? concepts : [concepts])
    .flatMap((concept: unknown) => (isObject(concept) && Array.isArray(concept.coding) ? concept.coding : []))
    .flatMap((coding: unknown) => (isObject(coding) && coding.system === codeSystem(system) ? [coding.code] : []));
}

function hasOurExtension({ extension }: JsonObject): boolean {
  return (
    Array.isArray(extension) &&
    extension.some((one: unknown) => isObject(one) && typeof one.url === 'string' && one.url.startsWith(`${MSG}/`))
  );
}
