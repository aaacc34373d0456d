import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Decision } from '../policy/decision.ts';

/** The answer of `CommunicationRequest/$evaluate` (contract 3): what would happen, and why. */
export function evaluation(decision: Exclude<Decision, { kind: 'unknown' }>): Parameters {
  const parameter: ParametersParameter[] = [{ name: 'decision', valueCode: decision.kind }];
  if (decision.kind === 'send') {
    const { delivery } = decision;
    parameter.push(
      { name: 'channel', valueCode: delivery.channel },
      { name: 'recipient', valueReference: delivery.recipient },
      { name: 'text', valueString: delivery.text },
    );
    if (delivery.subjectLine !== undefined) parameter.push({ name: 'subject-line', valueString: delivery.subjectLine });
    if (delivery.fragments !== undefined) parameter.push({ name: 'fragments', valueInteger: delivery.fragments });
  } else {
    parameter.push(...decision.reasons.map((one) => explained('reason', one)));
  }
  parameter.push(...decision.warnings.map((one) => explained('warning', one)));
  if (decision.kind === 'hold') {
    parameter.push(
      ...decision.tasks.map((one) => ({
        name: 'task',
        part: [
          { name: 'code', valueCode: one.code },
          { name: 'text', valueString: one.text },
        ],
      })),
    );
  }
  return { resourceType: 'Parameters', parameter };
}

function explained(name: string, why: { code: string; clause: string; text: string }): ParametersParameter {
  return {
    name,
    part: [
      { name: 'code', valueCode: why.code },
      { name: 'clause', valueCode: why.clause },
      { name: 'text', valueString: why.text },
    ],
  };
}
