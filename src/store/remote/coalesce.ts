import type { Bundle } from '@medplum/fhirtypes';
import type { Log } from '../../log.ts';
import type { SearchParams } from '../fhir-store.ts';
import { type Answer, type FhirResource, isResource, unavailable, versionInTag } from './answer.ts';
import { batchRefusals, queryOf, type RemoteClient } from './client.ts';
import type { CacheBuster } from './habits.ts';
import { objectIn, objectsIn, textIn } from './json.ts';

/** How reads and searches are asked: one call each, or several in one. */
export type Asker = Pick<RemoteClient, 'read' | 'search'>;

/** How long questions wait for others: what was just written is indexed meanwhile, so that searches for it come along. */
const MOMENT_MS = 2;

/** Entries of one batch, at most: a server works them off one after the other. */
const MOST_ENTRIES = 16;

interface Waiting {
  /** `Patient/1` or `Patient?…`. */
  readonly url: string;
  /** The same in a call of its own. */
  readonly alone: () => Promise<Answer>;
  readonly settle: (answer: Promise<Answer>) => void;
}

/** A server that refused a batch is not asked for one for so long: it may have been a gateway's passing trouble. */
const REFUSED_FOR_MS = 10 * 60_000;

/**
 * Puts reads and searches that are asked for at the same moment into one `batch`. Each is answered as it
 * would be alone; if the batch as a whole fails, all of them are `unavailable`. Where the server refuses batches, though
 * it says that it has them, each is a call of its own. `monotonic`: milliseconds on a clock that never jumps.
 */
export function createCoalescer(
  client: RemoteClient,
  cacheBuster: CacheBuster,
  log: Log,
  monotonic: () => number = () => performance.now(),
): Asker {
  let waiting: Waiting[] = [];
  let refusedUntil = Number.NEGATIVE_INFINITY;
  const ask = async (group: readonly Waiting[]): Promise<void> => {
    const inParts = group.length === 1 || monotonic() < refusedUntil;
    const answer = inParts ? undefined : client.readBatch(batchOf(group));
    const refusal = await answer?.then(
      ({ status }) => (batchRefusals.has(status) ? status : undefined),
      () => undefined,
    );
    if (refusal !== undefined) {
      refusedUntil = monotonic() + REFUSED_FOR_MS;
      log.warn('store.batch-refused', { status: refusal });
    }
    if (answer === undefined || refusal !== undefined) {
      for (const one of group) one.settle(one.alone());
      return;
    }
    const answers = answer.then((whole) => entriesOf(whole, group.length));
    for (const [at, one] of group.entries()) {
      one.settle(answers.then((all) => all[at] ?? Promise.reject(unavailable('batch-in-parts'))));
    }
  };

  const flush = (): void => {
    const all = waiting;
    waiting = [];
    for (let at = 0; at < all.length; at += MOST_ENTRIES) void ask(all.slice(at, at + MOST_ENTRIES));
  };
  const inBatch = (url: string, alone: () => Promise<Answer>): Promise<Answer> =>
    new Promise((resolve) => {
      waiting.push({ url, alone, settle: resolve });
      if (waiting.length === 1) setTimeout(flush, MOMENT_MS);
    });

  return {
    read: (type, id) => inBatch(`${type}/${id}`, () => client.read(type, id)),
    search(type, params) {
      const alone = () => client.search(type, params);
      const asked = cacheBuster === 'parameter' ? varied(params) : params;
      return asked === undefined ? alone() : inBatch(`${type}?${queryOf(asked)}`, alone);
    },
  };
}

function batchOf(group: readonly Waiting[]): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'batch',
    entry: group.map(({ url }) => ({ request: { method: 'GET', url } })),
  };
}

function entriesOf(answer: Answer, expected: number): Answer[] {
  const { status, resource } = answer;
  const entries = objectsIn(resource?.entry);
  if (status !== 200 || resource?.type !== 'batch-response' || entries.length !== expected) {
    throw unavailable('batch-in-parts');
  }
  return entries.map((one) => entryAnswer(objectIn(one.response), one.resource, answer));
}

function entryAnswer(response: Readonly<Record<string, unknown>>, resource: unknown, whole: Answer): Answer {
  const status = Number.parseInt(textIn(response.status) ?? '', 10);
  const versionId = versionInTag(textIn(response.etag));
  // Within a batch-response the status is the server's own word, with or without an outcome beside it.
  const isNone = status === 404 || status === 410;
  const body = [resource, response.outcome].find(isResource) ?? (isNone ? NOTHING : undefined);
  return {
    status,
    ...(body === undefined ? {} : { resource: body }),
    ...(versionId === undefined ? {} : { versionId }),
    elapsedMs: whole.elapsedMs,
    repeated: whole.repeated,
  };
}

const NOTHING: FhirResource = { resourceType: 'OperationOutcome' };

/** Ten years of milliseconds, all before any record: no two searches of a minute have the same one. */
const SPAN_MS = 10 * 365 * 24 * 60 * 60_000;
let turn = Math.floor(Math.random() * SPAN_MS);

/** The search in other words; `undefined`: it speaks of `_lastUpdated` itself. */
function varied(params: SearchParams): SearchParams | undefined {
  if (params.some(([name]) => name.startsWith('_lastUpdated'))) return undefined;
  turn = (turn + 1) % SPAN_MS;
  return [...params, ['_lastUpdated', `ge${new Date(turn).toISOString()}`]];
}
