import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle, Communication, CommunicationRequest, Provenance, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { anOverride, aPerson, words } from '../support/overrides.ts';
import { anObjection, posted } from '../support/people.ts';

const RACES = 320;
const SEED = 20_261_121;
/** So many people race at once. */
const LANES = 40;

/** An objection is heeded by every provider call that begins later than this after its answer (contract 4). */
const HEEDED_MS = 2_000;
/** How long a call that has begun may take to reach the provider on a busy machine. */
const UNDER_WAY_MS = 2_000;

/** What somebody does in a race, so many milliseconds after its start; `undefined`: not at all. */
interface Plan {
  /** There is an objection from the beginning, and the request starts as a draft. */
  readonly objectedBefore: boolean;
  readonly decide: number | undefined;
  readonly activate: number;
  readonly object: number | undefined;
  readonly revoke: number | undefined;
  /** When the message is due; `undefined`: at once. */
  readonly dueIn: number | undefined;
}

const moment = fc.nat({ max: 250 });
const perhaps = fc.option(moment, { nil: undefined, freq: 2 });
const plans = fc.record<Plan>({
  objectedBefore: fc.boolean(),
  decide: fc.option(fc.nat({ max: 80 }), { nil: undefined, freq: 5 }),
  activate: moment,
  object: perhaps,
  revoke: perhaps,
  dueIn: fc.constantFrom(undefined, undefined, 200, 1_500, 6_000, 8_000),
});

/** What was seen of a race by those who took part. */
interface Seen {
  readonly plan: Plan;
  readonly request: string;
  /** Another message to the same person, about which nobody decided. */
  readonly twin: string | undefined;
  readonly firstObjection: string | undefined;
  readonly task: string | undefined;
  readonly due: number;
  /** When the objection that came in the race was answered. */
  readonly objectedAt: number | undefined;
  readonly revocation: number | undefined;
}

interface Text {
  readonly reference: string | null;
  readonly createdAt: string;
}

// A server of its own adds waiting and no order of events that the rules could tell from these.
describe.skipIf(process.env.HERALD_TEST_STORE !== undefined)('races', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald();
  });
  afterAll(() => herald.close());

  const released = (draft: CommunicationRequest, status: CommunicationRequest['status']) =>
    herald.put(`/fhir/CommunicationRequest/${draft.id}`, { ...draft, status });
  const asked = async (request: CommunicationRequest): Promise<CommunicationRequest & { id: string }> => {
    const answer = await herald.post('/fhir/CommunicationRequest', request);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body;
  };
  const at = async <T>(ms: number | undefined, act: () => Promise<T>): Promise<T | undefined> => {
    if (ms === undefined) return undefined;
    await sleep(ms);
    return act();
  };

  async function run(plan: Plan): Promise<Seen> {
    const patient = await aPerson(herald);
    const firstObjection = plan.objectedBefore ? await posted(herald, anObjection(patient)) : undefined;
    const due = Date.now() + (plan.dueIn ?? 0);
    const occurrence = plan.dueIn === undefined ? {} : { occurrenceDateTime: new Date(due).toISOString() };
    const draft = await asked(words('care-message', patient, { status: 'draft', ...occurrence }));
    const twin = plan.objectedBefore ? await asked(words('care-message', patient, { status: 'draft' })) : undefined;
    const request = `CommunicationRequest/${draft.id}`;
    const [task, , , objectedAt, revocation] = await Promise.all([
      at(firstObjection === undefined ? undefined : plan.decide, () =>
        posted(herald, anOverride(request, patient, firstObjection ?? '', 'other')),
      ),
      at(plan.activate, () => released(draft, 'active')),
      at(twin === undefined ? undefined : plan.activate, () => released(twin as CommunicationRequest, 'active')),
      at(plan.object, async () => {
        await posted(herald, anObjection(patient));
        return Date.now();
      }),
      at(plan.revoke, async () => (await released(draft, 'revoked')).status),
    ]);
    return { plan, request: draft.id, twin: twin?.id, firstObjection, task, due, objectedAt, revocation };
  }

  /** Every page of a search. */
  async function everything<T extends Resource>(path: string): Promise<T[]> {
    const found: T[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const bundle: Bundle = (await herald.get(next)).body;
      found.push(...(bundle.entry ?? []).map(({ resource }) => resource as T));
      const url = bundle.link?.find((one) => one.relation === 'next')?.url;
      next = url === undefined ? undefined : url.slice(url.indexOf('/fhir/'));
    }
    return found;
  }

  it(`OBJ-1, OBJ-6: objection, revocation, override and dispatch in ${RACES} orders`, async () => {
    const waiting = fc.sample(plans, { numRuns: RACES, seed: SEED });
    const seen: Seen[] = [];
    const lane = async (): Promise<void> => {
      for (let plan = waiting.pop(); plan !== undefined; plan = waiting.pop()) seen.push(await run(plan));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(seen).toHaveLength(RACES);
    const settled = async (): Promise<boolean> => {
      const open = await herald.all('/fhir/Communication?status=preparation,in-progress&_count=1');
      return open.length === 0 && (await herald.all('/fhir/CommunicationRequest?status=active&_count=1')).length === 0;
    };
    await until(settled, 'the end of all messages', 60_000);

    const texts = new Map(((await herald.ledger()) as unknown as Text[]).map((one) => [one.reference, one]));
    expect(texts.size).toBe((await herald.ledger()).length);
    const count = { sent: 0, withheld: 0, revoked: 0, overridden: 0 };
    const attemptsOf = Map.groupBy(
      await everything<Communication>('/fhir/Communication?_count=200'),
      ({ basedOn }) => basedOn?.[0]?.reference,
    );
    const provenance = await everything<Provenance>('/fhir/Provenance?_count=200');
    const reliedOn = (request: string): (string | undefined)[] =>
      provenance
        .filter(({ target }) => target.some(({ reference }) => reference === request))
        .flatMap(({ entity = [] }) => entity.map(({ what }) => what.reference));
    for (const one of seen) {
      const told = JSON.stringify(one);
      const request = `CommunicationRequest/${one.request}`;
      const attempts = attemptsOf.get(request) ?? [];
      const sent = attempts.flatMap(({ id }) => texts.get(id ?? '') ?? []);
      expect(sent.length, told).toBeLessThanOrEqual(1);
      const [text] = sent;
      if (text !== undefined) count.sent += 1;
      if (attempts.some(({ status }) => status === 'not-done')) count.withheld += 1;

      if (one.revocation === 200) {
        count.revoked += 1;
        expect(text, told).toBeUndefined();
      }
      if (one.objectedAt !== undefined && text !== undefined) {
        // Nothing overrides this one: it came without a decision about it.
        expect(one.due, told).toBeLessThanOrEqual(one.objectedAt + HEEDED_MS);
        expect(Date.parse(text.createdAt), told).toBeLessThanOrEqual(one.objectedAt + HEEDED_MS + UNDER_WAY_MS);
      }
      if (one.firstObjection !== undefined && text !== undefined) {
        count.overridden += 1;
        expect(one.task, told).toBeDefined();
        expect(reliedOn(request), told).toEqual(expect.arrayContaining([one.task, one.firstObjection]));
      }
      if (one.twin !== undefined) {
        // The decision was about the other message.
        const used = (attemptsOf.get(`CommunicationRequest/${one.twin}`) ?? []).filter(({ id }) => texts.has(id ?? ''));
        expect(used, told).toEqual([]);
      }
    }
    for (const [what, times] of Object.entries(count)) expect(times, `worth racing: ${what}`).toBeGreaterThan(15);
  }, 180_000);
});
