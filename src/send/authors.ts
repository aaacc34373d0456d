import type { CodeableConcept, Provenance, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { MSG, system } from '../canonical.ts';
import type { Controller, Policy } from '../policy/policy.ts';

/** Who acts, as records name them, and the Provenance that says it. */

export interface RecordContext {
  readonly now: Date;
  readonly controller: Controller;
  readonly policy: Policy;
}

/** The trust as every record names it: logically, because no store has to hold it. */
export function controllerReference(controller: Controller): Reference {
  return {
    type: 'Organization',
    identifier: { system: system.odsCode, value: controller.ods },
    display: controller.name,
  };
}

/** Herald itself, where a record needs an actor that is no person. */
export const heraldReference: Reference = {
  type: 'Device',
  identifier: { system: `${MSG}/id/device`, value: 'herald' },
  display: 'Herald messaging service',
};

/** Whether a reference names Herald itself. */
export function isHerald(reference: Reference | undefined): boolean {
  const own = heraldReference.identifier;
  return reference?.identifier?.system === own?.system && reference?.identifier?.value === own?.value;
}

/** Who answers for it, and under what law (CON-2): the record of a decision or a write. */
export function provenance(
  id: string,
  targets: readonly string[],
  by: {
    caller: Caller;
    author: Reference | undefined;
    activity: 'CREATE' | 'UPDATE';
    sources?: readonly string[];
    /** Who decided that it may go despite a rule. */
    verifiers?: readonly Reference[];
  },
  context: RecordContext,
): Provenance & { id: string } {
  const onBehalfOf = controllerReference(context.controller);
  const participant = (code: string): CodeableConcept => ({
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code }],
  });
  const { author, caller } = by;
  const person = author ?? caller.fhirUser;
  return {
    resourceType: 'Provenance',
    id,
    target: targets.map((reference) => ({ reference })),
    recorded: context.now.toISOString(),
    policy: context.policy.lawfulBases.flatMap((basis) => (basis.url === undefined ? [] : [basis.url])),
    activity: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: by.activity }],
    },
    agent: [
      ...(person === undefined ? [] : [{ type: participant('author'), who: person, onBehalfOf }]),
      ...(caller.fhirUser !== undefined && caller.fhirUser.reference !== person?.reference
        ? [{ type: participant('enterer'), who: caller.fhirUser }]
        : []),
      ...(by.verifiers ?? []).map((who) => ({ type: participant('verifier'), who })),
      { type: participant('assembler'), who: heraldReference },
    ] as Provenance['agent'],
    ...(by.sources === undefined || by.sources.length === 0
      ? {}
      : { entity: by.sources.map((reference) => ({ role: 'source' as const, what: { reference } })) }),
  };
}
