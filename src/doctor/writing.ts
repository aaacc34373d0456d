import { setTimeout as sleep } from 'node:timers/promises';
import { entityTag, habitsOf } from '../store/remote/habits.ts';
import { objectIn, objectsIn, textIn } from '../store/remote/json.ts';
import { ABSENT, type Examined, statusText } from './examined.ts';
import { missing, type Seen, unproven, works } from './need.ts';
import { followNext } from './needs-system.ts';
import type { WriteProofId } from './needs-writes.ts';
import { type Answered, Unreachable } from './probe.ts';
import { TestRecords } from './test-records.ts';

export interface WriteProofs {
  readonly seen: SeenById;
  /** `Type/id` of what could not be deleted. */
  readonly left: readonly string[];
}

type SeenById = ReadonlyMap<WriteProofId | 'paging' | 'clean-up', Seen>;

/** Milliseconds. */
export interface WriteTiming {
  /** How long a search may take to find what was written. Beyond 30 seconds Herald cannot cover for it. */
  readonly lagMs: number;
  readonly pollMs: number;
}

const usual: WriteTiming = { lagMs: 30_000, pollMs: 250 };

/** What the proofs work with. */
interface Run {
  readonly server: Examined;
  readonly records: TestRecords;
  readonly timing: WriteTiming;
  readonly seen: Map<WriteProofId | 'paging' | 'clean-up', Seen>;
}

/**
 * Proves on a test patient what only writes can show, and takes everything away again. Nothing of what it writes counts,
 * even if taking it away should fail: see TestRecords. A server that does not answer leaves its proof out. Errors:
 * StoreError when no token can be had.
 */
export async function proveWrites(
  server: Examined,
  options: { readonly patient: string; readonly timing?: Partial<WriteTiming> },
): Promise<WriteProofs> {
  const records = new TestRecords(server, options.patient);
  const run: Run = { server, records, timing: { ...usual, ...options.timing }, seen: new Map() };
  let left: readonly string[] = [];
  try {
    await each(run, [first]);
    if (run.seen.get('read-after-write')?.verdict === 'works') {
      await each(run, [createGuard, versions, transactions, searches, conditionalCreate, references]);
    }
  } finally {
    left = await cleanUp(run);
  }
  return { seen: run.seen, left };
}

/** Every proof that was not come to. */
export const notReached = (): Seen => unproven('not come to, for something before it failed');

/** Each on its own: one that is cut off leaves the others to be seen. */
async function each(run: Run, proofs: readonly ((run: Run) => Promise<void>)[]): Promise<void> {
  for (const proof of proofs) {
    try {
      await proof(run);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
  }
}

/** What everything else builds upon: a record under our id, read back whole. */
async function first({ records, seen }: Run): Promise<void> {
  const sent = records.of('a', 'first');
  const created = await records.put(sent, { 'If-None-Match': '*' });
  seen.set('own-id', isWritten(created) ? works(`answers ${created.status}`) : missing(statusText(created.status)));
  if (!isWritten(created)) return;
  const { status, body } = await records.read('a');
  const isThere = status === 200 && body.id === sent.id;
  seen.set('read-after-write', isThere ? works('read back') : missing(statusText(status)));
  if (!isThere) return;
  seen.set('labels-kept', kept(labelsOf(sent), labelsOf(body), 'labels'));
  seen.set('extensions-kept', kept(extensionsOf(sent), extensionsOf(body), 'extensions'));
}

/** With the guard that Herald itself takes on this server. */
async function createGuard({ server, records, seen }: Run): Promise<void> {
  const isZero = habitsOf(server.capabilities).createGuard === 'if-match-zero';
  const [header, value] = isZero ? ['If-Match', entityTag('0')] : ['If-None-Match', '*'];
  const over = await records.put(records.of('a', 'written over'), { [header]: value });
  const fresh = await records.put(records.of('guard', 'first'), { [header]: value });
  const shown = `${header}: ${value}`;
  if (!isConflict(over)) seen.set('create-guard', missing(`${shown} ${statusText(over.status)} where one is`));
  else if (isWritten(fresh)) seen.set('create-guard', works(`${shown} answers ${over.status} where one is`));
  else seen.set('create-guard', missing(`${shown} ${statusText(fresh.status)} where none is`));
}

async function versions({ records, seen }: Run): Promise<void> {
  const version = versionOf(await records.read('a'));
  const ifMatch = { 'If-Match': entityTag(version) };
  const update = await records.put(records.of('a', 'updated'), ifMatch);
  const stale = await records.put(records.of('a', 'updated upon an old version'), ifMatch);
  if (!isWritten(update)) seen.set('stale-update', missing(`the current version ${statusText(update.status)}`));
  else if (isConflict(stale)) seen.set('stale-update', works(`answers ${stale.status}`));
  else seen.set('stale-update', missing(`the stale one ${statusText(stale.status)}`));

  const { meta: _meta, ...bare } = records.of('a', 'without labels');
  await records.put(bare);
  const after = await records.read('a');
  if (labelsOf(after.body).length > 0) seen.set('labels-removed', missing('labels only add up'));
  else if (seen.get('labels-kept')?.verdict === 'works') seen.set('labels-removed', works('taken away'));

  const history = await records.read('a', '/_history');
  const earlier = await records.read('a', `/_history/${version}`);
  const count = objectsIn(history.body.entry).length;
  const isWhole = history.status === 200 && count >= 3 && earlier.status === 200 && earlier.body.id === records.id('a');
  const shown = `history ${statusText(history.status)} with ${count} versions; an earlier one ${statusText(earlier.status)}`;
  seen.set('history-written', isWhole ? works(shown) : missing(shown));
}

async function transactions({ server, records, seen }: Run): Promise<void> {
  if (!server.capabilities.transaction) return;
  const done = await records.transaction([records.of('b', 'first'), records.of('c', 'first')]);
  const both = [await records.read('b'), await records.read('c')].every((one) => one.status === 200);
  if (done.status !== 200 || !both) {
    seen.set('rollback', missing(`a transaction of two ${statusText(done.status)}`));
    return;
  }
  // The second cannot be done: the record is there, in another version than the one named.
  const failed = await records.transaction([records.of('d', 'first'), records.of('a', 'never')], entityTag('999999'));
  const { status } = await records.read('d');
  const isGone = status === 404 || status === 410;
  if (!isGone) seen.set('rollback', missing('carried out entry by entry: what came before the failed one is there'));
  else if (failed.status >= 400) seen.set('rollback', works(`answers ${failed.status}, and nothing is there`));
  else seen.set('rollback', missing('a part that fails does not make the whole fail'));
}

/** How long the index takes, and whether an equal search asked before hides what came since. */
async function searches(run: Run): Promise<void> {
  const { server, records, seen, timing } = run;
  await records.isFound('e', { past: true });
  await records.isFound('e', { past: false });
  await records.put(records.of('e', 'first'));
  const found = await untilFound(run, 'e');
  if (found === undefined) {
    seen.set('index-lag', missing(`not found within ${timing.lagMs / 1_000} seconds`));
    return;
  }
  const seconds = (found.afterMs / 1_000).toFixed(1);
  seen.set('index-lag', works(found.tries === 1 ? 'found at once' : `found after ${seconds} seconds`));
  // In this order: reading past a cache may fill it anew.
  const isCached = !(await records.isFound('e', { past: false }));
  const isPast = await records.isFound('e', { past: true });
  if (!isPast) seen.set('search-cache', missing('an equal search asked before is still answered as it was then'));
  else seen.set('search-cache', works(isCached ? 'there is a cache, and it is read past' : 'no cache is seen'));

  const tokens = [records.token('a'), records.token('e')].join(',');
  const paging = await followNext(server, 'Communication', [['identifier', tokens]]);
  if (paging !== undefined) seen.set('paging', paging);
}

/** Asks until a search finds it; `undefined` when none does in time. */
async function untilFound(
  { records, timing }: Run,
  letter: string,
): Promise<{ readonly tries: number; readonly afterMs: number } | undefined> {
  const begun = performance.now();
  for (let tries = 1; performance.now() - begun <= timing.lagMs; tries += 1) {
    if (await records.isFound(letter, { past: true, words: tries }))
      return { tries, afterMs: performance.now() - begun };
    await sleep(timing.pollMs);
  }
  return undefined;
}

async function conditionalCreate(run: Run): Promise<void> {
  const { records, seen } = run;
  const created = await records.createOnce('f');
  if (created.status !== 201) {
    seen.set('conditional-create', missing(statusText(created.status)));
    return;
  }
  // A server that finds it late makes two: the question is whether it looks at all.
  await untilFound(run, 'f');
  const again = await records.createOnce('f');
  const isSame = again.status === 200 && (again.id === undefined || again.id === created.id);
  seen.set(
    'conditional-create',
    isSame ? works('the second answers 200 with the first') : missing('a second one is made'),
  );
}

async function references({ records, seen }: Run): Promise<void> {
  const dangling = { ...records.of('g', 'first'), subject: { reference: `Patient/${ABSENT}` } };
  const answer = await records.put(dangling);
  seen.set('references-checked', isWritten(answer) ? missing('taken') : works(`answers ${answer.status}`));
}

/** Answers what is left. */
async function cleanUp({ records, seen }: Run): Promise<string[]> {
  const left = await records.takeAway();
  const unsafe = left.filter((one) => !one.isMarked).map((one) => one.place);
  const places = left.map((one) => one.place);
  const why = [...new Set(left.map((one) => one.refusal))].join(', ');
  if (left.length === 0) seen.set('clean-up', works('all of it is deleted'));
  else if (unsafe.length > 0) seen.set('clean-up', missing(`not known to be gone or marked: ${unsafe.join(', ')}`));
  else seen.set('clean-up', missing(`DELETE ${why}; left, marked entered-in-error: ${places.join(', ')}`));
  return places;
}

const isWritten = ({ status }: Answered): boolean => status === 200 || status === 201;
const isConflict = ({ status }: Answered): boolean => status === 409 || status === 412;

const versionOf = ({ body }: Answered): string => textIn(objectIn(body.meta).versionId) ?? '';

const labelsOf = (resource: object): string[] =>
  objectsIn(objectIn(Reflect.get(resource, 'meta')).security).map(({ system, code }) => `${system}|${code}`);

/** A server may write an instant in another zone. */
const extensionsOf = (resource: object): string[] =>
  objectsIn(Reflect.get(resource, 'extension')).map(
    ({ url, valueDateTime }) => `${url} ${Date.parse(textIn(valueDateTime) ?? '')}`,
  );

function kept(sent: readonly string[], found: readonly string[], what: string): Seen {
  const lost = sent.filter((one) => !found.includes(one));
  return lost.length === 0
    ? works('read back as written')
    : missing(`${lost.length} of ${sent.length} ${what} are lost`);
}
