import type { Consent, DocumentReference, Flag, Provenance, Resource, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { localReference } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { provenanceOf } from './pages.ts';
import type { AccessSubject } from './subject.ts';

/** What a history has beside the messages: few enough to be kept. */
export interface Choices {
  readonly objections: readonly Stored<Consent>[];
  readonly authorities: readonly Stored<Consent>[];
  /** Consents of neither kind. */
  readonly otherConsents: readonly Stored<Consent>[];
  readonly flags: readonly Stored<Flag>[];
  readonly tasks: readonly Stored<Task>[];
  readonly documents: readonly Stored<DocumentReference>[];
  /** Who recorded each, by `Type/id`. */
  readonly provenance: ReadonlyMap<string, readonly Stored<Provenance>[]>;
}

/** Whatever its status, on any of the person's records, oldest first. Errors: StoreError. */
export async function choicesOf(store: FhirStore, { references, proxies }: AccessSubject): Promise<Choices> {
  const theirs = references.join(',');
  const [consents, flags, tasks] = await Promise.all([
    searchAll(store, 'Consent', [['patient', theirs]]),
    searchAll(store, 'Flag', [['patient', theirs]]),
    searchAll(store, 'Task', [['patient', theirs]]),
  ]);
  const documents = await documentsOf(store, consents);
  const kept: readonly Stored<Resource>[] = [...consents, ...flags, ...tasks, ...documents, ...proxies];
  const ordered = consents.toSorted(byTime(({ dateTime, meta }) => dateTime ?? meta.lastUpdated));
  return {
    objections: ordered.filter((one) => isOf(one, 'messaging-objection')),
    authorities: ordered.filter((one) => isOf(one, 'proxy-messaging') && !isOf(one, 'messaging-objection')),
    otherConsents: ordered.filter((one) => !isOf(one, 'messaging-objection') && !isOf(one, 'proxy-messaging')),
    flags: flags.toSorted(byTime(({ period, meta }) => period?.start ?? meta.lastUpdated)),
    tasks: tasks.toSorted(byTime(({ authoredOn, meta }) => authoredOn ?? meta.lastUpdated)),
    documents: documents.toSorted(byTime(({ date, meta }) => date ?? meta.lastUpdated)),
    provenance: await provenanceInTurn(
      store,
      kept.map((one) => `${one.resourceType}/${one.id}`),
    ),
  };
}

/** Evidence that a Consent points at. */
async function documentsOf(store: FhirStore, consents: readonly Consent[]): Promise<Stored<DocumentReference>[]> {
  const named = consents.flatMap((one) => localReference(one.sourceReference?.reference, 'DocumentReference') ?? []);
  const ids = [...new Set(named)].map((one) => one.slice('DocumentReference/'.length));
  return (await Promise.all(ids.map((id) => store.read('DocumentReference', id)))).filter((one) => one !== undefined);
}

async function provenanceInTurn(store: FhirStore, references: readonly string[]) {
  const found = new Map<string, readonly Stored<Provenance>[]>();
  for (let at = 0; at < references.length; at += 100) {
    for (const [key, value] of await provenanceOf(store, references.slice(at, at + 100))) found.set(key, value);
  }
  return found;
}

const isOf = ({ category = [] }: Consent, code: string): boolean =>
  category.some((one) => one.coding?.some((c) => c.system === codeSystem('consent-category') && c.code === code));

const byTime =
  <T extends { id: string }>(time: (one: T) => string) =>
  (a: T, b: T): number =>
    Date.parse(time(a)) - Date.parse(time(b)) || (a.id < b.id ? -1 : 1);
