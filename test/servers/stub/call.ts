import type { OperationOutcome, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';

export type Params = readonly (readonly [name: string, value: string])[];

/** An address with its query. */
export function withQuery(address: string, params: Params): string {
  const query = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  return query === '' ? address : `${address}?${query}`;
}

/** One FHIR interaction as asked for: by HTTP, or by an entry of a Bundle. */
export interface Call {
  readonly method: string;
  /** Below the base: `['Patient', '1', '_history']`. */
  readonly path: readonly string[];
  readonly query: Params;
  header(name: string): string | undefined;
  readonly body: Body;
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly params: Params };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Resource;
  /** `Type/id/_history/version` of what was written. */
  readonly wrote?: readonly string[];
}

/** What an interaction throws instead of answering. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly issues: readonly OperationOutcomeIssue[];

  constructor(status: number, issues: readonly OperationOutcomeIssue[]) {
    super(issues[0]?.diagnostics ?? '');
    this.status = status;
    this.issues = issues;
  }
}

/** A Refusal for one reason. */
export function refusal(
  status: number,
  code: OperationOutcomeIssue['code'],
  text: string,
  expression?: string,
): Refusal {
  return new Refusal(status, [issue(code, text, expression)]);
}

export function issue(
  code: OperationOutcomeIssue['code'],
  diagnostics: string,
  expression?: string,
): OperationOutcomeIssue {
  return { severity: 'error', code, diagnostics, ...(expression === undefined ? {} : { expression: [expression] }) };
}

export function outcomeOf(issues: readonly OperationOutcomeIssue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: [...issues] };
}

/** The form in which errors are answered. */
export function refused({ status, issues }: Refusal): Answer {
  return { status, headers: {}, body: outcomeOf(issues) };
}
