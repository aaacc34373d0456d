import { AppError, type ErrorCode, type Fault } from '../errors.ts';
import { catalogued } from '../http/errors.ts';
import { StoreError } from '../store/fhir-store.ts';
import { type Entry, entityOf, type Sender } from './bundle-entry.ts';
import { createTurns } from './bundle-turns.ts';
import type { FhirDeps } from './call.ts';
import { auditRefusal } from './refusals.ts';

/** Everything that is wrong with a transaction, collected so that its sender learns all of it at once. */
export interface Problems {
  /** Does a step for an entry; what is wrong is kept. What is no fault of the sender's is thrown on. */
  on<T>(entry: Entry | Pick<Entry, 'at'>, step: () => T | Promise<T>): Promise<T | undefined>;
  /** `expression` is that of the whole Bundle. */
  add(code: ErrorCode, fault: Fault): void;
  /** Errors: AppError with every fault so far; each entry that the token may not have is audited. */
  settle(): Promise<void>;
}

export function createProblems(deps: FhirDeps, from: Sender): Problems {
  const found: { readonly code: ErrorCode; readonly faults: readonly Fault[] }[] = [];
  const turns = createTurns();
  const forbidden: { readonly error: AppError; readonly entity: string | undefined }[] = [];
  return {
    async on(entry, step) {
      await turns();
      try {
        return await step();
      } catch (thrown) {
        const error = callersFault(thrown);
        if (error === undefined) throw thrown;
        if (error.code === 'ROLE_INSUFFICIENT')
          forbidden.push({ error, entity: 'call' in entry ? entityOf(entry) : undefined });
        found.push({ code: error.code, faults: error.faults.map((one) => placed(entry, one)) });
        return undefined;
      }
    },
    add(code, fault) {
      found.push({ code, faults: [fault] });
    },
    async settle() {
      const [first] = found;
      if (first === undefined) return;
      for (const { error, entity } of forbidden) {
        const { caller, network } = from;
        const who = { caller, network };
        await auditRefusal(deps, error, entity === undefined ? who : { ...who, entity });
      }
      const code = gravest.find((one) => found.some((problem) => problem.code === one)) ?? first.code;
      throw new AppError(
        code,
        found.flatMap((one) => one.faults),
      );
    },
  };
}

/** Of several, the one that gives the answer its status: who may not, then what is not there, then what cannot be read. */
const gravest: readonly ErrorCode[] = [
  'ROLE_INSUFFICIENT',
  'METHOD_NOT_ALLOWED',
  'NOT_FOUND',
  'RESOURCE_INVALID',
  'REQUEST_MALFORMED',
  'SEARCH_UNSUPPORTED',
];

/** A fault's place in the Bundle: `Patient.birthDate` is `Bundle.entry[3].resource.birthDate`. */
export function placed<T extends { readonly expression?: string }>(entry: Entry | Pick<Entry, 'at'>, fault: T): T {
  const { expression } = fault;
  if (expression?.startsWith('Bundle.')) return fault;
  if (expression === undefined || !('call' in entry)) return { ...fault, expression: entry.at };
  const { type } = entry.call.route;
  const path = expression.replace(new RegExp(`^${type}(?=$|[.[])`), '');
  return { ...fault, expression: `${entry.at}.resource${path === '' || /^[.[]/.test(path) ? path : `.${path}`}` };
}

function callersFault(thrown: unknown): AppError | undefined {
  const error = thrown instanceof StoreError ? catalogued(thrown, '') : thrown;
  if (!(error instanceof AppError)) return undefined;
  return error.retryAfter === undefined && error.code !== 'INTERNAL' ? error : undefined;
}
