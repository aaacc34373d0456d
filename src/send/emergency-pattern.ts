import type { Reference, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type FhirStore, type Stored, StoreError, searchAll } from '../store/fhir-store.ts';
import type { RecordContext } from './authors.ts';
import { idOfKey } from './ids.ts';
import { localReference, searchText } from './naming.ts';
import { task } from './tasks.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const WITHIN_MS = 7 * DAY;
/** So many by one person in that time are looked at (contract 8). */
const FREQUENT = 4;

export interface PatternDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly context: Omit<RecordContext, 'now'>;
}

/**
 * Shows the DPO who sends many emergencies (EMG-1): a Task for each member of staff who asked for four within seven days,
 * while none is open. It counts the reviews in the record, so that it can be asked again at any time and after any crash.
 * Answers how many Tasks it made. Errors: StoreError.
 */
export async function sweepEmergencies(deps: PatternDeps): Promise<number> {
  const since = new Date(deps.clock.now().getTime() - WITHIN_MS);
  const reviews = await searchAll(deps.store, 'Task', [
    ['code', `${codeSystem('task-code')}|post-hoc-ig-review`],
    ['authored-on', `ge${since.toISOString()}`],
  ]);
  const requests = new Map<string, Asked>();
  for (const one of reviews) {
    const request = localReference(one.reasonReference?.reference, 'CommunicationRequest');
    const person = request === undefined ? undefined : await practitionerOf(deps.store, one.requester);
    if (request === undefined || person === undefined) continue;
    const asked = requests.get(person) ?? new Map<string, number>();
    const at = Date.parse(one.authoredOn ?? one.meta.lastUpdated);
    requests.set(person, asked.set(request, Math.max(at, asked.get(request) ?? at)));
  }
  let made = 0;
  for (const [person, asked] of requests) {
    if (asked.size >= FREQUENT && (await shown(deps, person, asked))) made += 1;
  }
  return made;
}

/** When each request of one person went as an emergency, in milliseconds, by `CommunicationRequest/id`. */
type Asked = Map<string, number>;

/** Looks soon after an emergency was sent, once for all that were sent meanwhile, and now and then in any case. */
export function createPatternWatch(deps: PatternDeps): {
  readonly sent: () => void;
  readonly look: () => Promise<void>;
} {
  let isDue = true;
  let looked = 0;
  return {
    sent: () => {
      isDue = true;
    },
    async look() {
      const now = deps.clock.now().getTime();
      if (!isDue && Math.abs(now - looked) < HOUR) return;
      isDue = false;
      looked = now;
      try {
        await sweepEmergencies(deps);
      } catch (error) {
        isDue = true;
        throw error;
      }
    },
  };
}

/** `Practitioner/id` of a member of staff; a role without one stands for itself. Errors: StoreError. */
async function practitionerOf(store: FhirStore, asker: Reference | undefined): Promise<string | undefined> {
  const { system: of, value } = asker?.identifier ?? {};
  if (asker?.reference === undefined && of && value) {
    const found = await searchAll(store, 'Practitioner', [['identifier', `${searchText(of)}|${searchText(value)}`]]);
    return found.length === 1 ? `Practitioner/${found[0]?.id}` : undefined;
  }
  const role = localReference(asker?.reference, 'PractitionerRole');
  if (role === undefined) return localReference(asker?.reference, 'Practitioner');
  const record = await store.read('PractitionerRole', role.slice('PractitionerRole/'.length));
  return localReference(record?.practitioner?.reference, 'Practitioner') ?? role;
}

async function shown(deps: PatternDeps, person: string, requests: Asked): Promise<boolean> {
  const earlier = await searchAll(deps.store, 'Task', [
    ['focus', person],
    ['code', `${codeSystem('task-code')}|emergency-pattern`],
  ]);
  if (earlier.some(isOpen)) return false;
  // What the DPO has looked at is no news; what went after that is.
  const times = earlier.flatMap(({ lastModified, meta }) => [lastModified ?? meta.lastUpdated, meta.lastUpdated]);
  const looked = Math.max(...times.map((one) => Date.parse(one)));
  if (![...requests.values()].some((at) => at > looked)) return false;
  const asked = {
    code: 'emergency-pattern' as const,
    focus: person,
    text: `${requests.size} messages were sent as emergencies within seven days at the request of one member of staff. Find out why with them, and record what was done.`,
    priority: 'urgent' as const,
    performerType: 'dpo',
  };
  // Two who notice it at once make the same Task.
  const id = idOfKey(`emergency-pattern ${person} ${earlier.length}`);
  try {
    const context = { ...deps.context, now: deps.clock.now() };
    await deps.store.commit([{ op: 'create', resource: task(id, asked, context) }]);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'conflict') return false;
    throw error;
  }
  deps.log.warn('emergency.pattern', { count: requests.size });
  return true;
}

const isOpen = ({ status }: Stored<Task>): boolean =>
  !['completed', 'cancelled', 'failed', 'rejected', 'entered-in-error'].includes(status ?? '');
