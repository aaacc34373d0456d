import type { CommunicationRequest, Extension, Reference } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import type { EmergencyClaim } from '../policy/emergency-facts.ts';
import { actReasons } from './message-type.ts';
import { referenceType } from './naming.ts';

/**
 * What a request says that claims to be an emergency: it has the extension, or both the priority and the purpose of one.
 * `stat` alone is none (contract 8).
 */
export function emergencyClaim(request: CommunicationRequest): EmergencyClaim | undefined {
  const parts = partsOf(request);
  const isStat = request.priority === 'stat';
  const reasons = actReasons((request.reasonCode ?? []).flatMap((one) => one.coding ?? []));
  const hasPurpose = reasons.includes('ETREAT');
  if (parts === undefined && !(isStat && hasPurpose)) return undefined;
  return {
    isStat,
    hasPurpose,
    hasReason: request.note?.some((one) => one.text?.trim()) ?? false,
    hasExtension: parts !== undefined,
    hasDecider: emergencyDecider(request) !== undefined,
    seniorConsulted: textIn(parts, 'seniorConsulted') !== undefined,
    noSeniorBecause: textIn(parts, 'noSeniorBecause') !== undefined,
    personNotAsked: textIn(parts, 'personNotAsked') !== undefined,
  };
}

/** The member of staff who decided; `undefined` where nobody, or not exactly one, is named. */
export function emergencyDecider(request: CommunicationRequest): Reference | undefined {
  const named = (partsOf(request) ?? []).filter((one) => one.url === 'decidedBy');
  const decider = named.length === 1 ? (named[0]?.valueReference as Reference | undefined) : undefined;
  const type = decider === undefined ? undefined : referenceType(decider);
  return type === 'Practitioner' || type === 'PractitionerRole' ? decider : undefined;
}

/** Who senior was consulted, or why nobody was, in the caller's words. */
export function seniorText(request: CommunicationRequest): string | undefined {
  const parts = partsOf(request);
  return textIn(parts, 'seniorConsulted') ?? textIn(parts, 'noSeniorBecause');
}

/** Of two extensions neither can be meant alone. */
function partsOf({ extension = [] }: CommunicationRequest): readonly Extension[] | undefined {
  const own = extension.filter((one) => one.url === structureDefinition('emergency'));
  return own.length === 0 ? undefined : own.flatMap((one) => one.extension ?? []);
}

function textIn(parts: readonly Extension[] | undefined, url: string): string | undefined {
  const [only, second] = (parts ?? []).filter((one) => one.url === url);
  const text = only?.valueString?.trim();
  return second === undefined && text ? text : undefined;
}
