import { systemClock } from '../clock.ts';
import { readStoreConfig } from '../config.ts';
import { inTurns } from '../doctor/in-turns.ts';
import { createProbe, type Probe, Unreachable } from '../doctor/probe.ts';
import { type Product, productOf, remedyFor } from '../doctor/remedies.ts';
import { type Applied, apply } from '../install/apply.ts';
import { type Planned, plan } from '../install/plan.ts';
import { shippedResources, urlOf } from '../install/shipped.ts';
import { createAccess } from '../store/remote/access.ts';
import { type Habits, habitsOf } from '../store/remote/habits.ts';
import { type Command, type Context, type ExitCode, exit, UsageError } from './command.ts';
import { reached, saidBy } from './reach.ts';
import { table } from './table.ts';

/** `npx herald install`: puts what comes with Herald on the configured server. Never people. */
export const install: Command = {
  name: 'install',
  summary: 'puts our profiles, terminology, message types and channels on the configured FHIR server',
  about: [
    'Shows what it will change, and does it once you say so. Run again it changes nothing. Message types and channels',
    'that you changed yourself are kept. The server is that of HERALD_FHIR_STORE; the embedded store needs nothing.',
  ],
  options: {
    'dry-run': { help: 'shows what would change, and changes nothing' },
    yes: { help: 'does it without asking' },
    json: { help: 'prints one JSON object' },
  },
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { given, env, out } = context;
  if (given['dry-run'] && given.yes) throw new UsageError('--yes', 'it is given beside --dry-run', 'Give one of them.');
  const store = readStoreConfig(env);
  if (store.kind === 'embedded') {
    const text = 'The embedded store needs no installation: everything is there from the start.';
    out(given.json ? JSON.stringify({ store: 'embedded', resources: [] }, null, 2) : text);
    return exit.fine;
  }
  const probe = createProbe({ baseUrl: store.baseUrl, access: createAccess(store.access, { clock: systemClock }) });
  return reached(() => installOn(probe, context));
}

async function installOn(probe: Probe, context: Context): Promise<ExitCode> {
  const { given, out, err } = context;
  const { baseUrl } = probe;
  const capabilities = await saidBy(probe);
  const planned = await inTurns(shippedResources(), (one) => plan(probe, one));
  const wanted = planned.filter((one) => one.change === 'new' || one.change === 'changed');
  if (!given.json) out(shownPlan(baseUrl, planned));

  const consents = given['dry-run'] !== true && wanted.length > 0 && (await agreed(context, wanted.length));
  const applied = consents ? await applyAll(probe, wanted, habitsOf(capabilities)) : new Map<Planned, Applied>();
  const after = reindexing(wanted, applied, productOf(capabilities.software));
  if (given.json) out(JSON.stringify(report(baseUrl, planned, applied, after), null, 2));
  else if (applied.size > 0) out(shownResult(applied, after));

  const refused = [...applied.values()].filter((one) => one.result === 'refused').length;
  const unclear = planned.filter((one) => one.change === 'unclear').length;
  if (wanted.length > 0 && !consents && !given['dry-run']) err('Nothing was changed.');
  return refused + unclear > 0 || (wanted.length > 0 && !consents && !given['dry-run']) ? exit.failed : exit.fine;
}

/** Errors: UsageError where nobody is there to be asked. */
async function agreed({ given, ask }: Context, count: number): Promise<boolean> {
  if (given.yes) return true;
  if (ask === undefined || given.json) {
    throw new UsageError('--yes', 'it is missing, and nobody can be asked', 'Give --yes, or --dry-run to look only.');
  }
  return /^yes$/i.test((await ask(`Write these ${count} resources? Type yes to go on: `)).trim());
}

/** One after the other, in their order; what one is refused for does not hold up the others. */
async function applyAll(probe: Probe, wanted: readonly Planned[], habits: Habits): Promise<Map<Planned, Applied>> {
  const applied = new Map<Planned, Applied>();
  for (const one of wanted) applied.set(one, await apply(probe, one, habits).catch(unanswered));
  return applied;
}

/** Errors: what is no matter of the server's. */
function unanswered(error: unknown): Applied {
  if (error instanceof Unreachable) return { result: 'refused', note: error.message };
  throw error;
}

/** What is still to be done by hand when search parameters came in; nothing when none did. */
function reindexing(
  wanted: readonly Planned[],
  applied: ReadonlyMap<Planned, Applied>,
  product: Product | undefined,
): string | undefined {
  const isNew = wanted.some(
    (one) => one.resource.resourceType === 'SearchParameter' && applied.get(one)?.result === 'written',
  );
  if (!isNew) return undefined;
  return `Search parameters were written. The server may have to reindex before they find what was there already. ${remedyFor(product, 'reindex')}`;
}

function shownPlan(baseUrl: string, planned: readonly Planned[]): string {
  const rows = planned.map(({ change, resource, place, note }) => [
    change,
    resource.resourceType,
    urlOf(resource) ?? place,
    note ?? '',
  ]);
  return [
    `On ${baseUrl}:`,
    '',
    ...table(['change', 'resource', 'url or id', 'note'], rows),
    '',
    `${counted(planned)}.`,
  ].join('\n');
}

function counted(planned: readonly Planned[]): string {
  const changes = ['new', 'changed', 'same', 'kept', 'unclear'] as const;
  return changes
    .map((change) => [planned.filter((one) => one.change === change).length, change] as const)
    .filter(([count]) => count > 0)
    .map(([count, change]) => `${count} ${change}`)
    .join(', ');
}

function shownResult(applied: ReadonlyMap<Planned, Applied>, after: string | undefined): string {
  const noted = [...applied].filter(([, one]) => one.note !== undefined);
  const written = [...applied.values()].filter((one) => one.result === 'written').length;
  return [
    '',
    ...(noted.length === 0
      ? []
      : [
          ...table(
            ['result', 'resource', 'note'],
            noted.map(([{ place }, one]) => [one.result, place, one.note ?? '']),
          ),
          '',
        ]),
    `${written} written, ${applied.size - written} refused.`,
    ...(after === undefined ? [] : [after]),
  ].join('\n');
}

function report(
  baseUrl: string,
  planned: readonly Planned[],
  applied: ReadonlyMap<Planned, Applied>,
  after: string | undefined,
): object {
  return {
    store: baseUrl,
    resources: planned.map((one) => {
      const { resource, change, place, note } = one;
      const { version } = resource.resourceType === 'Endpoint' ? { version: undefined } : resource;
      const done = applied.get(one);
      return { resourceType: resource.resourceType, url: urlOf(resource), version, place, change, note, ...done };
    }),
    reindex: after,
  };
}
