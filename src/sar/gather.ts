import { randomUUID } from 'node:crypto';
import type { Patient, Provenance, Resource } from '@medplum/fhirtypes';
import { nhsNumbersOf } from '../send/naming.ts';
import type { FhirStore, Stored } from '../store/fhir-store.ts';
import type { HistoryAsk, HistoryDeps } from './ask.ts';
import { type Choices, choicesOf } from './choices.ts';
import { hiddenDetails } from './details.ts';
import { entryOf } from './entry.ts';
import { exported, onlyTheirs } from './exported.ts';
import {
  type HistoryEntry,
  type HistoryPerson,
  MASKED,
  type SubjectHistory,
  type UnmatchedDecision,
} from './history.ts';
import { isMasked } from './mask.ts';
import { Masker, ordersOf } from './masker.ts';
import { Names, nameOf, namesOfPeople } from './names.ts';
import { type Item, itemsOf } from './pages.ts';
import type { MaskFacts } from './proposals.ts';
import { requestDetails } from './request.ts';
import { exportedReference, type MaskDecision, reviewIn } from './review.ts';
import { sectionsOf } from './sections.ts';
import { type AccessSubject, selfOf } from './subject.ts';
import { Tally } from './tally.ts';
import { ownDetails, wordsOfNames } from './third-parties.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** The person's history at this stage, by standard searches alone (SAR-1). Errors: StoreError. */
export async function subjectHistory(deps: HistoryDeps, ask: HistoryAsk): Promise<SubjectHistory> {
  const { store } = deps;
  const { subject, task, stage, period } = ask;
  const now = deps.clock.now();
  const [timeline, choices] = await Promise.all([timelineOf(store, subject, period), choicesOf(store, subject)]);
  const { decisions } = reviewIn(task);
  const look = new Look(store, ask, timeline, choices);
  const { masker, unmatched } = await maskerFor(look, ask, decisions);
  const proxies = subject.proxies.map((one) => masker.apply(exported(one, stage)));
  const person = personIn(masker.apply(exported(subject.patient, stage)).resource, subject, now);
  const people = namesOfPeople(proxies.map((one) => one.resource));
  for (const one of subject.references) people.set(one, person.name);
  for (const one of subject.acting) people.set(`RelatedPerson/${one.id}`, person.name);
  const names = new Names(store, people);
  const tally = new Tally(stage);
  const sections = await sectionsOf({ ...deps, names, masker, tally }, ask, choices);
  const standing = timeline.keys.filter((one) => !timeline.withMessages.has(one.reference)).length;
  return {
    ...{ stage, documentId: randomUUID(), madeAt: now, controller: deps.controller, person },
    ...{ request: requestDetails(task, now), period, total: timeline.keys.length, standing },
    references: timeline.keys.map((one) => one.reference),
    versions: timeline.keys.map((one) => one.version),
    ...{ sections, masks: tally, unmatched },
    entries: () => entriesOf(deps, look, { masker, names, tally }),
  };
}

/** Finds resources of the history as they are exported. */
class Look {
  readonly timeline: Timeline;
  readonly #store: FhirStore;
  readonly #ask: HistoryAsk;
  readonly #kept: ReadonlyMap<string, Stored<Resource>>;
  readonly #own: ReadonlySet<string>;

  constructor(store: FhirStore, ask: HistoryAsk, timeline: Timeline, choices: Choices) {
    this.timeline = timeline;
    this.#store = store;
    this.#ask = ask;
    const { objections, authorities, otherConsents, flags, tasks, documents, provenance } = choices;
    const { records, proxies, acting } = ask.subject;
    const consents = [...objections, ...authorities, ...otherConsents];
    const recorded = [...provenance.values()].flat();
    const kept: Stored<Resource>[] = [...records, ...proxies, ...acting, ...consents, ...flags, ...tasks];
    this.#kept = new Map([...kept, ...documents, ...recorded].map((one) => [`${one.resourceType}/${one.id}`, one]));
    this.#own = selfOf(ask.subject);
  }

  items(): AsyncGenerator<Item> {
    return itemsOf(this.#store, this.timeline.keys);
  }

  asExported<T extends Stored<Resource>>(resource: T): T {
    const key = this.timeline.known.get(`${resource.resourceType}/${resource.id}`);
    const theirs =
      key?.asProxy && resource.resourceType === 'Communication' ? onlyTheirs(resource, this.#own) : resource;
    return exported(theirs as T, this.#ask.stage);
  }

  /** The record that it is on, where that is not the one asked for. */
  otherRecord({ subject }: { readonly subject?: { readonly reference?: string } }): string | undefined {
    const [first, ...others] = this.#ask.subject.references;
    const on = subject?.reference;
    return on !== first && others.some((one) => one === on) ? on : undefined;
  }

  /** `undefined` for what is not in the history. Errors: StoreError. */
  async find(reference: string): Promise<Stored<Resource> | undefined> {
    const kept = this.#kept.get(reference);
    if (kept !== undefined) return this.asExported(kept);
    const [type, id = ''] = reference.split('/');
    if (type === 'Provenance') return this.#provenanceOf(id);
    if (!this.timeline.known.has(reference)) return undefined;
    const found =
      type === 'Communication'
        ? await this.#store.read('Communication', id)
        : await this.#store.read('CommunicationRequest', id);
    return found === undefined ? undefined : this.asExported(found);
  }

  /** Only of what is in the history. */
  async #provenanceOf(id: string): Promise<Stored<Provenance> | undefined> {
    const found = await this.#store.read('Provenance', id);
    const isTheirs = found?.target.some(({ reference }) => this.timeline.known.has(exportedReference(reference) ?? ''));
    return isTheirs ? found : undefined;
  }
}

/** What hides, and what was decided that hides nothing: nobody may believe that something is hidden that is not. */
async function maskerFor(
  look: Look,
  { subject, stage }: HistoryAsk,
  decisions: readonly MaskDecision[],
): Promise<{ masker: Masker; unmatched: UnmatchedDecision[] }> {
  const own = ownDetails(subject.records);
  const facts: MaskFacts = {
    ...{ own, self: selfOf(subject), details: [] },
    proxies: new Set(subject.proxies.map((one) => `RelatedPerson/${one.id}`)),
    named: own.names,
  };
  const alone = new Masker('release', decisions, facts);
  const shownOf = <T extends Stored<Resource>>(original: T) => ({ original, shown: alone.apply(original).resource });
  const proxies = subject.proxies.map(shownOf);
  const others = subject.records.map(({ id, meta, contact = [] }) =>
    shownOf<Stored<Patient>>({ resourceType: 'Patient', id, meta, contact }),
  );
  const decided: Stored<Resource>[] = [];
  const unmatched: UnmatchedDecision[] = [];
  for (const decision of decisions.filter((one) => one.kind === 'mask')) {
    const resource = await look.find(decision.reference);
    if (resource !== undefined && ordersOf(resource, decision).length > 0) decided.push(resource);
    else unmatched.push({ expression: decision.expression, text: unmatchedText(resource, decision) });
  }
  const details = hiddenDetails([...proxies, ...others], look.timeline, own, subject.records);
  const named = new Set([...own.names, ...wordsOfNames(proxies.flatMap(({ shown }) => shown.name ?? []))]);
  const distinct = [...new Map(decided.map((one) => [`${one.resourceType}/${one.id}`, one])).values()];
  return { masker: new Masker(stage, decisions, { ...facts, named, details }, distinct), unmatched };
}

function unmatchedText(resource: Resource | undefined, { reference, text }: MaskDecision): string {
  if (resource === undefined) return `${reference} is not in this person's history. Correct the reference.`;
  const what = text === undefined ? 'The path leads to nothing' : 'The words are not there';
  return `${what} in ${reference}: nothing is masked by this input. Correct it, or take it out.`;
}

async function* entriesOf(
  { policy }: HistoryDeps,
  look: Look,
  { masker, names, tally }: { masker: Masker; names: Names; tally: Tally },
): AsyncGenerator<HistoryEntry> {
  tally.beginEntries();
  for await (const { key, resource, request, provenance } of look.items()) {
    const shown = masker.apply(look.asExported(resource));
    const asked = request === undefined ? undefined : masker.apply(look.asExported(request)).resource;
    const recorded = provenance.map((one) => masker.apply(look.asExported(one)));
    const masks = [...shown.masks, ...recorded.flatMap((one) => one.masks)];
    tally.add(masks);
    yield entryOf(
      {
        ...{ reference: key.reference, at: key.at, asProxy: key.asProxy, masks, request: asked },
        standsAlone: !look.timeline.withMessages.has(key.reference),
        otherRecord: look.otherRecord(resource),
        ...{ resource: shown.resource, provenance: recorded.map((one) => one.resource) },
      },
      names,
      policy.lawfulBases,
    );
  }
}

function personIn(patient: Stored<Patient>, { references }: AccessSubject, now: Date): HistoryPerson {
  const [number] = nhsNumbersOf(patient, now);
  const name = isMasked(patient, 'name') ? MASKED : nameOf(patient.name);
  return {
    ...{ reference: `Patient/${patient.id}`, name: name || 'Name not recorded', records: references },
    ...(patient.birthDate === undefined ? {} : { birthDate: patient.birthDate }),
    ...(number === undefined ? {} : { nhsNumber: number.replace(/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3') }),
  };
}
