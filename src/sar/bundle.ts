import { randomUUID } from 'node:crypto';
import type { BundleEntry, Composition, CompositionSection, Reference, Resource, Task } from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../canonical.ts';
import { controllerReference } from '../send/authors.ts';
import type { EntryMask, HistoryItem, HistorySection, SubjectHistory } from './history.ts';
import { escaped } from './markup.ts';
import { parameterType } from './review.ts';

/** The copy as FHIR: written entry by entry, so that it takes no more memory for ten thousand messages than for ten. */

/**
 * A `document` Bundle: Composition first, the person, the messages with the newest last, everything else, and in a review
 * what is masked. `base`: the interface's own address. Errors: those of reading the history.
 */
export async function* documentBundle(history: SubjectHistory, base: string): AsyncGenerator<string> {
  const masks = `urn:uuid:${randomUUID()}`;
  const head = {
    ...{ resourceType: 'Bundle', id: history.documentId, meta: { security: [restricted] } },
    identifier: { system: `${MSG}/id/sar-document`, value: history.documentId },
    ...{ type: 'document', timestamp: history.madeAt.toISOString() },
  };
  const composition: BundleEntry = {
    fullUrl: `urn:uuid:${history.documentId}`,
    resource: compositionOf(history, masks),
  };
  yield* inBundle(head, entries(history, base, [composition], masks));
}

/** A `searchset` Bundle of the same: messages and requests are the matches, all else is included. Errors: as above. */
export async function* searchsetBundle(history: SubjectHistory, base: string): AsyncGenerator<string> {
  const address = `${base}/${history.person.reference}/$subject-access-export`;
  const head = {
    ...{ resourceType: 'Bundle', id: history.documentId, meta: { security: [restricted] } },
    ...{ type: 'searchset', timestamp: history.madeAt.toISOString(), total: history.total },
    link: [{ relation: 'self', url: address }],
  };
  const modes = async function* (): AsyncGenerator<BundleEntry> {
    for await (const one of entries(history, base, [], `urn:uuid:${randomUUID()}`)) {
      const isMatch = matches.includes(one.resource?.resourceType ?? '');
      yield { ...one, search: { mode: isMatch ? 'match' : 'include' } };
    }
  };
  yield* inBundle(head, modes());
}

const matches: readonly string[] = ['Communication', 'CommunicationRequest'];
const restricted = { system: system.confidentiality, code: 'R' } as const;

/** Written in pieces of about so many characters. */
const CHUNK = 65_536;

async function* inBundle(head: object, found: AsyncIterable<BundleEntry>): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"entry":[`;
  let waiting = '';
  let separator = '';
  for await (const one of found) {
    waiting += `${separator}${JSON.stringify(one)}`;
    separator = ',\n';
    if (waiting.length < CHUNK) continue;
    yield waiting;
    waiting = '';
  }
  yield `${waiting}]}`;
}

async function* entries(
  history: SubjectHistory,
  base: string,
  first: readonly BundleEntry[],
  masks: string,
): AsyncGenerator<BundleEntry> {
  const written = new Set<string>();
  const fresh = (resources: readonly (Resource & { id: string })[]): BundleEntry[] =>
    resources.flatMap((resource) => {
      const reference = `${resource.resourceType}/${resource.id}`;
      if (written.has(reference)) return [];
      written.add(reference);
      return [{ fullUrl: `${base}/${reference}`, resource }];
    });
  yield* first;
  const [before, after] = aroundMessages(history.sections);
  yield* fresh(before.flatMap(resourcesOf));
  for await (const { resources } of history.entries()) yield* fresh(resources);
  yield* fresh(after.flatMap(resourcesOf));
  if (history.stage === 'review') yield { fullUrl: masks, resource: masksTask(history) };
}

const resourcesOf = ({ items }: HistorySection) => items.flatMap((one) => one.resources);

/** Sections that stand before the messages, and those after them: the order of every form. */
export function aroundMessages(
  sections: readonly HistorySection[],
): [before: readonly HistorySection[], after: readonly HistorySection[]] {
  const at = sections.findIndex(({ id }) => id === 'person') + 1;
  return [sections.slice(0, at), sections.slice(at)];
}

function compositionOf(history: SubjectHistory, masks: string): Composition {
  const { stage, controller, person, madeAt, sections } = history;
  const [before, after] = aroundMessages(sections);
  const trust = controllerReference(controller);
  return {
    resourceType: 'Composition',
    id: history.documentId,
    language: 'en-GB',
    identifier: { system: `${MSG}/id/sar-document`, value: history.documentId },
    status: stage === 'release' ? 'final' : 'preliminary',
    type: { coding: [{ system: codeSystem('document-type'), code: 'subject-access-export' }], text: titleOf(history) },
    subject: { reference: person.reference },
    date: madeAt.toISOString(),
    author: [trust] as Composition['author'],
    title: titleOf(history),
    confidentiality: 'R',
    custodian: trust as NonNullable<Composition['custodian']>,
    section: [
      ...before.map((one) => sectionOf(one, stage === 'review' ? masks : undefined)),
      messagesSection(history),
      ...after.map((one) => sectionOf(one, stage === 'review' ? masks : undefined)),
    ],
  };
}

/** What the copy is called. */
export const titleOf = ({ stage }: Pick<SubjectHistory, 'stage'>): string =>
  stage === 'release' ? 'Copy of your messaging record' : 'Copy of a messaging record, for review';

function messagesSection({ references, total }: SubjectHistory): CompositionSection {
  const title = 'Messages and requests';
  if (total === 0) return { title, text: narrative(['There are none.']), emptyReason: noneKnown };
  const text = `${total} messages and requests, oldest first.`;
  return { title, text: narrative([text]), entry: references.map((reference) => ({ reference })) };
}

function sectionOf({ id, title, text, items, none }: HistorySection, masks: string | undefined): CompositionSection {
  const entry: Reference[] = items.flatMap((one) =>
    one.resources.slice(0, 1).map((resource) => ({ reference: `${resource.resourceType}/${resource.id}` })),
  );
  if (id === 'masked' && masks !== undefined) entry.push({ reference: masks });
  const isEmpty = items.length === 0 && none !== undefined;
  return {
    title,
    text: narrative(isEmpty ? [...text, none] : text, items),
    ...(entry.length > 0 ? { entry } : {}),
    ...(isEmpty ? { emptyReason: noneKnown } : {}),
  };
}

const noneKnown = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code: 'nilknown' }],
};

function narrative(
  paragraphs: readonly string[],
  items: readonly HistoryItem[] = [],
): NonNullable<CompositionSection['text']> {
  const said = paragraphs.map((one) => `<p>${escaped(one)}</p>`).join('');
  const listed = items.map(({ title, fields }) => {
    const values = fields.map(({ label, value }) => `<li>${escaped(label)}: ${escaped(value)}</li>`).join('');
    return `<p><b>${escaped(title)}</b></p>${values === '' ? '' : `<ul>${values}</ul>`}`;
  });
  return {
    status: 'generated',
    div: `<div xmlns="http://www.w3.org/1999/xhtml">${said}${listed.join('') || (said === '' ? '<p>None.</p>' : '')}</div>`,
  };
}

/**
 * What is masked, in the form in which a reviewer decides (contract 12): an input taken from here into the request as
 * `show` shows the part after all.
 */
function masksTask({ request, person, masks, madeAt }: SubjectHistory): Task & { id: string } {
  const { listed } = masks;
  return {
    resourceType: 'Task',
    id: randomUUID(),
    status: 'draft',
    intent: 'proposal',
    code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
    description: 'What the released copy masks, and what was proposed and is shown.',
    focus: { reference: request.task },
    for: { reference: person.reference },
    authoredOn: madeAt.toISOString(),
    ...(listed.length === 0 ? {} : { input: listed.map(maskInput) }),
  };
}

function maskInput({ reference, origin, path, text, ground, why }: EntryMask): NonNullable<Task['input']>[number] {
  const parts = [
    ...(path === undefined ? [] : [{ url: 'path', valueString: path }]),
    ...(text === undefined ? [] : [{ url: 'text', valueString: text }]),
    ...(ground === undefined ? [] : [{ url: 'ground', valueCode: ground }]),
  ];
  return {
    extension: [{ url: structureDefinition('mask-detail'), extension: parts }],
    type: { ...parameterType(origin === 'shown' ? 'show' : 'mask'), text: `${origin}: ${why ?? ''}` },
    valueReference: { reference },
  };
}
