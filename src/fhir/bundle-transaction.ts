import type { BundleEntry } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import { catalogued } from '../http/errors.ts';
import { CallInHand } from '../jobs/jobs.ts';
import { describeError } from '../log.ts';
import { StoreError, type WriteResult } from '../store/fhir-store.ts';
import {
  answeredEntry,
  type Entry,
  entryOf,
  failedEntry,
  handledBy,
  type RawEntry,
  type Sender,
} from './bundle-entry.ts';
import { type Item, itemsOf, targetOf, type Writing } from './bundle-items.ts';
import { keptInDraft } from './bundle-kept.ts';
import { type Plan, planOf } from './bundle-plan.ts';
import { createProblems } from './bundle-problems.ts';
import { drafted } from './bundle-resources.ts';
import { createTurns } from './bundle-turns.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { orUnavailable } from './communication-request.ts';
import { assertRole } from './interactions.ts';
import { masked } from './masked.ts';
import { afterWrite, existing, writtenAnswer } from './write.ts';

export type Made =
  | { readonly kind: 'done'; readonly entries: BundleEntry[] }
  /** Nothing of it was made, because a rule refuses a message in it. */
  | { readonly kind: 'refused'; readonly answer: Answer };

/** How often a transaction is planned again upon what somebody else wrote meanwhile. */
const TRIES = 5;

/**
 * All of a transaction or nothing (FHIR R4 3.1.0.11.2), in one commit with the jobs of its requests; those are decided
 * on the facts as the whole transaction leaves them. Errors: AppError with every fault, each with its place in the
 * Bundle; StoreError.
 */
export async function transaction(
  deps: FhirDeps,
  from: Sender,
  bundle: unknown,
  raw: readonly RawEntry[],
): Promise<Made> {
  const entries = await addressed(deps, from, raw);
  const { structure, profile } = deps.validate(bundle);
  if (structure.length > 0) throw new AppError('RESOURCE_INVALID', [...structure, ...profile]);
  if (profile.length > 0) throw new AppError('PROFILE_INVALID', profile);

  for (let tries = 1; ; tries += 1) {
    try {
      const attempt = () => attempted(deps, from, entries);
      return await (entries.some(asksForMessage) ? orUnavailable(deps, from, attempt) : attempt());
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'conflict') || tries >= TRIES) throw error;
    }
  }
}

/** The entries with who answers them. Errors: AppError with every entry that nobody does. */
async function addressed(deps: FhirDeps, from: Sender, raw: readonly RawEntry[]): Promise<Entry[]> {
  const problems = createProblems(deps, from);
  const fullUrls = new Set<string>();
  const entries: Entry[] = [];
  for (const [index, one] of raw.entries()) {
    const at = `Bundle.entry[${index}]`;
    const entry = await problems.on({ at }, () => entryOf(deps, from, one, index));
    if (entry === undefined) continue;
    entries.push(entry);
    await problems.on(entry, () => assertMay(entry));
    if (entry.fullUrl !== undefined && fullUrls.has(entry.fullUrl)) {
      problems.add('RESOURCE_INVALID', { expression: `${at}.fullUrl`, text: 'Two entries have the same fullUrl.' });
    }
    fullUrls.add(entry.fullUrl ?? '');
  }
  await problems.settle();
  return entries;
}

/** Contract 2: what Herald alone writes is forbidden here, to everybody. Errors: AppError. */
function assertMay(entry: Entry): void {
  const { call, name } = entry;
  const { type } = call.route;
  const ours = type === 'Provenance' || type === 'AuditEvent';
  if (ours && (name === 'create' || name === 'update')) {
    throw new AppError('ROLE_INSUFFICIENT', [
      { expression: `${entry.at}.request`, text: `Herald alone writes ${type}; leave it out.` },
    ]);
  }
  assertRole(handledBy(entry), call.caller.role, type);
}

const asksForMessage = ({ call, name }: Entry): boolean =>
  call.route.type === 'CommunicationRequest' && (name === 'create' || name === 'update');

async function attempted(deps: FhirDeps, from: Sender, entries: readonly Entry[]): Promise<Made> {
  const problems = createProblems(deps, from);
  const items = await itemsOf(deps, entries, problems);
  await problems.settle();
  const draft = deps.openDraft(deps.store);
  let plan: Plan;
  let writings: Writing[];
  try {
    const named = await drafted(
      deps,
      items.flatMap((one) => ('digest' in one ? [one] : [])),
      draft,
      problems,
    );
    writings = await keptInDraft(deps, named, draft, problems);
    const reads = items.flatMap((one) => (one.kind === 'read' ? [one.entry] : []));
    plan = await planOf({ deps, problems, draft, writings, reads });
  } finally {
    draft.close();
  }
  if (plan.kind === 'refused') {
    await deps.store.commit(plan.withheld);
    return { kind: 'refused', answer: plan.answer };
  }
  const results = await committed(deps, plan);
  const answers = await writtenAnswers(deps, writings, plan, results);
  const answered: BundleEntry[] = [];
  for (const item of items) answered.push(await answerOf(deps, from, item, answers));
  return { kind: 'done', entries: answered };
}

async function committed(deps: FhirDeps, plan: Extract<Plan, { kind: 'ready' }>): Promise<WriteResult[]> {
  if (plan.unit.writes.length === 0) return [];
  try {
    return await deps.commitUnit(plan.unit);
  } catch (error) {
    if (!(error instanceof CallInHand)) throw error;
    const text = 'A message that the transaction takes back is with the provider, or may be; nothing was changed.';
    throw new AppError('MESSAGE_IN_HAND', text, { cause: error });
  }
}

/** By `Type/id`, what the Bundle says of each write. */
async function writtenAnswers(
  deps: FhirDeps,
  writings: readonly Writing[],
  plan: Extract<Plan, { kind: 'ready' }>,
  results: readonly WriteResult[],
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  const turns = createTurns();
  for (const writing of writings) {
    await turns();
    const target = targetOf(writing);
    const step = plan.steps.get(target);
    if (step === undefined) continue;
    if (step.kind === 'unchanged') {
      answers.set(target, { kind: 'version', status: 200, resource: step.resource, done: step.done });
      continue;
    }
    const result = results[step.at];
    if (result === undefined) throw new StoreError('unavailable', 'the store did not say what became of a write');
    const written = writtenAnswer(result, writing.warnings);
    answers.set(target, step.done === undefined ? written : { ...written, done: step.done });
    if (writing.kind === 'write') await afterWrite(deps, result.resource, step.beside);
  }
  return answers;
}

/** Everything is durable by now, so that what fails here is said of its entry alone. */
async function answerOf(
  deps: FhirDeps,
  from: Sender,
  item: Item,
  answers: ReadonlyMap<string, Answer>,
): Promise<BundleEntry> {
  try {
    const answer = await masked(deps, from.caller.role, await answered(deps, item, answers));
    return answeredEntry(deps, answer, from.returns);
  } catch (thrown) {
    const { requestId } = from.caller;
    const error = catalogued(thrown, requestId);
    deps.log.error('transaction.entry-unanswered', { requestId, code: error.code, ...describeError(thrown) });
    return failedEntry(error);
  }
}

async function answered(deps: FhirDeps, item: Item, answers: ReadonlyMap<string, Answer>): Promise<Answer> {
  const { call }: { call: Call } = item.entry;
  switch (item.kind) {
    case 'read':
      return handledBy(item.entry).run(deps, call);
    case 'existing':
      return existing(deps, call, item.resource);
    case 'same':
      return asOfBefore(answers.get(item.target));
    case 'write':
    case 'submit':
    case 'change':
      return known(answers.get(targetOf(item)));
    default: {
      const never: never = item;
      throw new TypeError(`Unknown item ${String(never)}`);
    }
  }
}

/** The same resource a second time: it was there already. */
function asOfBefore(answer: Answer | undefined): Answer {
  const first = known(answer);
  return first.kind === 'version' ? { ...first, status: 200 } : first;
}

function known(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new TypeError('A write has no answer');
  return answer;
}
