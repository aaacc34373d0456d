import type { EmergencyClaim } from './emergency-facts.ts';
import type { KnownFacts, RequestFacts } from './facts.ts';
import type { Finding } from './rules/rule.ts';

/** A part that an emergency needs, and how staff mend its lack. */
export interface MissingPart {
  readonly text: string;
  /** FHIRPath in the request. */
  readonly expression: string;
}

/** What of a request makes it an emergency. */
export interface EmergencyQuestion {
  readonly request: Pick<RequestFacts, 'emergency' | 'requester'>;
}

/** What a request that claims to be an emergency lacks to be one (EMG-1, contract 8); nothing for one that does not. */
export function missingParts({ request }: EmergencyQuestion): MissingPart[] {
  const claim = request.emergency;
  if (claim === undefined) return [];
  const seniors = Number(claim.seniorConsulted) + Number(claim.noSeniorBecause);
  const parts: readonly (readonly [isThere: boolean, element: string, text: string])[] = [
    [claim.isStat, 'priority', 'its priority is stat.'],
    [claim.hasPurpose, 'reasonCode', 'its reasonCode is ETREAT.'],
    [claim.hasReason, 'note', 'a note says why.'],
    [request.requester === 'person', 'requester', 'a member of staff is named as requester.'],
    [claim.hasExtension, 'extension', 'the extension emergency says who decided.'],
    [!claim.hasExtension || claim.hasDecider, 'extension', 'decidedBy names the member of staff who decided.'],
    [
      !claim.hasExtension || seniors === 1,
      'extension',
      'it says either which senior person was consulted (seniorConsulted) or why none (noSeniorBecause), not both.',
    ],
  ];
  return parts.flatMap(([isThere, element, text]) =>
    isThere
      ? []
      : [
          {
            text: `An emergency message needs this: ${text} Add it and ask again.`,
            expression: `CommunicationRequest.${element}`,
          },
        ],
  );
}

/** Whether a request is an emergency, complete: then safety comes before the rules that it may lift. */
export function isEmergency(facts: EmergencyQuestion): boolean {
  return facts.request.emergency !== undefined && missingParts(facts).length === 0;
}

/** Whether an emergency lifts what a rule found; never identity, death, authority, or a risk of serious harm (EMG-1). */
export function isLifted(
  found: Finding & { readonly rule: string },
  facts: KnownFacts,
  claim: EmergencyClaim,
): boolean {
  switch (found.effect) {
    case 'warn':
      return false;
    case 'hold':
      return found.code === 'restricted-record' || (found.code === 'sensitive-proxy' && claim.personNotAsked);
    case 'refuse':
    case 'close':
      switch (found.code) {
        case 'objection': {
          const risky = facts.objections.some((one) => one.reference === found.objection && one.removed);
          return found.clause !== 'OBJ-8' && !risky;
        }
        // What nobody is there to carry cannot be sent, whoever approves.
        case 'channel-not-approved':
          return found.effect === 'close' && facts.providerChannels.includes(found.channel);
        // Words that would be lost are not a matter of how they are put.
        case 'wording':
          return found.rule !== 'free-text-expected';
        case 'too-confidential':
        case 'confidential-content':
          return true;
        default:
          return false;
      }
    default:
      return found satisfies never;
  }
}
