import { auditEvent, queryShape } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import type { Controller } from '../policy/policy.ts';
import type { Write } from '../store/fhir-store.ts';
import { type FindDeps, type Unreached, unreached } from './find.ts';

export interface ReportDeps extends FindDeps {
  readonly controller: Controller;
}

export interface ReportAsk {
  readonly caller: Pick<Caller, 'client' | 'fhirUser'> & Partial<Pick<Caller, 'requestId'>>;
  readonly network?: { readonly client: string; readonly server: string };
}

/** People of one part, and so of one audit event. */
const PART = 200;

/**
 * People whom no digital channel reaches (TWO-7), in parts. That a part was shown, and of whom, is on record before it
 * is handed out (ACC-2); a report of nobody leaves a trace too. Errors: StoreError, at any step.
 */
export async function* unreachedInParts(deps: ReportDeps, ask: ReportAsk): AsyncGenerator<readonly Unreached[]> {
  let part: Unreached[] = [];
  let isFirst = true;
  for await (const one of unreached(deps)) {
    part.push(one);
    if (part.length < PART) continue;
    await deps.store.commit([shown(deps, ask, part)]);
    yield part;
    part = [];
    isFirst = false;
  }
  if (part.length === 0 && !isFirst) return;
  await deps.store.commit([shown(deps, ask, part)]);
  yield part;
}

function shown({ clock, controller }: ReportDeps, { caller, network }: ReportAsk, part: readonly Unreached[]): Write {
  const members = part.map(({ patient }) => patient);
  return {
    op: 'create',
    resource: auditEvent({
      ...{ action: 'E', subtype: 'search-type', outcome: '0', recorded: clock.now(), caller, controller },
      query: queryShape('GET', 'Patient/$without-digital-channel', []),
      ...(members.length === 0 ? {} : { members }),
      ...(network === undefined ? {} : { network }),
    }),
  };
}
