import type { Provenance, Reference, Resource } from '@medplum/fhirtypes';
import type { Stored } from '../store/fhir-store.ts';
import type { HistoryAsk, HistoryDeps } from './ask.ts';
import type { Choices } from './choices.ts';
import { exported, ownEntry } from './exported.ts';
import type { EntryMask, HistoryItem, HistorySection } from './history.ts';
import {
  type Description,
  describeConsent,
  describeDocument,
  describeFlag,
  describePatient,
  describeRelatedPerson,
  describeTask,
} from './items.ts';
import type { Masker } from './masker.ts';
import type { Names } from './names.ts';
import { aboutThisCopy, maskedText, purposes, recipients, retention, rights } from './statements.ts';
import type { Tally } from './tally.ts';

interface SectionDeps extends HistoryDeps {
  readonly names: Names;
  readonly masker: Masker;
  readonly tally: Tally;
}

/** Everything in the copy that is no message, as it may be shown (UK GDPR article 15). Errors: StoreError. */
export async function sectionsOf(deps: SectionDeps, ask: HistoryAsk, choices: Choices): Promise<HistorySection[]> {
  const { subject } = ask;
  const items = new Items(deps, ask, choices);
  const consents = [...choices.objections, ...choices.otherConsents];
  const [records, objections, people, authorities, needs, decisions, acting, documents] = [
    await items.of(subject.records, describePatient),
    await items.of(consents, async (one) => describeConsent(one, deps.names, await items.recordedBy(one))),
    await items.of(subject.proxies, describeRelatedPerson),
    await items.of(choices.authorities, async (one) => describeConsent(one, deps.names, await items.recordedBy(one))),
    await items.of(choices.flags, describeFlag),
    await items.of(choices.tasks, (one) => describeTask(one, deps.names)),
    await items.of(subject.acting.map(ownEntry), describeRelatedPerson),
    await items.of(choices.documents, describeDocument),
  ];
  return [
    { id: 'about-this-copy', title: 'About this copy', text: aboutThisCopy(deps, ask), items: [] },
    { id: 'person', title: 'Your details', text: [], items: records },
    {
      ...{ id: 'objections', title: 'Your objections and choices', text: [], items: objections },
      none: 'No objection or choice about messages is on record.',
    },
    {
      ...{ id: 'proxies', title: 'People who act or acted for you', text: [], items: [...people, ...authorities] },
      none: 'Nobody is on record as acting for you.',
    },
    { id: 'needs', title: 'Needs and notices', text: [], items: needs, none: 'No need or notice is on record.' },
    {
      ...{ id: 'decisions', title: 'Decisions and reviews', text: [], items: decisions },
      none: 'Nobody had to decide anything about your messages.',
    },
    {
      ...{ id: 'acting-for-others', title: 'When you act for others', items: acting },
      text: acting.length === 0 ? [] : ['Only what is about you is shown; what is about the other person is theirs.'],
      none: 'You are not on record as acting for anybody.',
    },
    { id: 'documents', title: 'Documents', text: [], items: documents, none: 'No document is kept with these.' },
    { id: 'purposes', title: 'Why we use this information', text: purposes(deps), items: [] },
    { id: 'recipients', title: 'Who receives it', text: recipients(deps), items: [] },
    { id: 'retention', title: 'How long we keep it', text: retention(), items: [] },
    { id: 'rights', title: 'Your rights', text: rights(deps), items: [] },
    { id: 'masked', title: 'What is masked', text: maskedText(ask.stage), items: [] },
  ];
}

/** Makes items of resources: exported, masked, counted, described. */
class Items {
  readonly #deps: SectionDeps;
  readonly #ask: HistoryAsk;
  readonly #provenance: Choices['provenance'];

  constructor(deps: SectionDeps, ask: HistoryAsk, { provenance }: Choices) {
    this.#deps = deps;
    this.#ask = ask;
    this.#provenance = provenance;
  }

  async of<T extends Stored<Resource>>(
    resources: readonly T[],
    describe: (resource: T) => Description | Promise<Description>,
  ): Promise<HistoryItem[]> {
    const found: HistoryItem[] = [];
    for (const one of resources) {
      const shown = this.#masked(one);
      const recorded = this.#recorded(one).map((record) => this.#masked(record));
      const masks: EntryMask[] = [...shown.masks, ...recorded.flatMap((record) => record.masks)];
      this.#deps.tally.addSection(masks);
      const { title, at, fields } = await describe(shown.resource);
      found.push({
        ...{ title, fields, masks, resources: [shown.resource, ...recorded.map((record) => record.resource)] },
        ...(at === undefined ? {} : { at }),
      });
    }
    return found;
  }

  /** The names of those who recorded something, in order. Errors: StoreError. */
  async recordedBy(resource: Stored<Resource>): Promise<string> {
    const people = this.#recorded(resource).flatMap(({ agent }) =>
      agent.filter((one) => one.type?.coding?.[0]?.code !== 'assembler').map((one) => one.who as Reference),
    );
    const names = await Promise.all(people.map((one) => this.#deps.names.of(one)));
    return [...new Set(names)].filter((one) => one !== '').join(', ');
  }

  #recorded(resource: Stored<Resource>): readonly Stored<Provenance>[] {
    return this.#provenance.get(`${resource.resourceType}/${resource.id}`) ?? [];
  }

  #masked<T extends Stored<Resource>>(resource: T) {
    return this.#deps.masker.apply(exported(resource, this.#ask.stage));
  }
}
