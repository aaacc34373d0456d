import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { type AppError, errorCatalogue } from '../errors.ts';
import type { Reason, Warning } from '../policy/decision.ts';
import { reasonConcept, warningConcept } from '../send/record.ts';

/** An error as its callers see it: one issue per fault, with the catalogue's code in `details`. */
export function errorOutcome(error: AppError): OperationOutcome {
  const entry = errorCatalogue[error.code];
  return outcome(
    error.faults.map((fault) => ({
      severity: 'error',
      code: (fault.issue ?? entry.issue) as OperationOutcomeIssue['code'],
      details: { text: fault.text },
      diagnostics: `${error.code}: ${fault.text}`,
      ...(fault.expression === undefined ? {} : { expression: [fault.expression] }),
    })),
  );
}

/** A refusal by the rules: one issue per reason, each with its clause (contract 3). */
export function refusalOutcome(reasons: readonly Reason[]): OperationOutcome {
  return outcome(
    reasons.map((reason) => ({
      severity: 'error',
      code: 'business-rule',
      details: reasonConcept(reason),
      diagnostics: reason.text,
      ...(reason.expression === undefined ? {} : { expression: [reason.expression] }),
    })),
  );
}

/** What `Prefer: return=OperationOutcome` answers to a change that was made. */
export function doneOutcome(text: string, warnings: readonly Warning[] = []): OperationOutcome {
  return outcome([
    { severity: 'information', code: 'informational', details: { text }, diagnostics: text },
    ...warnings.map(
      (one): OperationOutcomeIssue => ({
        severity: 'warning',
        code: 'business-rule',
        details: warningConcept(one),
        diagnostics: one.text,
      }),
    ),
  ]);
}

function outcome(issue: OperationOutcomeIssue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue };
}
