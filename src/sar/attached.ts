import type { Attachment, DocumentReference, Resource } from '@medplum/fhirtypes';
import type { HistoryEntry, SubjectHistory } from './history.ts';
import { isMasked } from './mask.ts';

/** A file that a message or document of the history carries, as it may be shown. */
export interface AttachedFile {
  /** By the resource that carries it: `attachments/Communication-abc-1.pdf`. */
  readonly name: string;
  readonly what: string;
  readonly data: Uint8Array;
}

/**
 * The same history, and how many of what it read carry a file: so that nobody reads it once more to find none. Errors: as
 * the history's.
 */
export function countingAttached(history: SubjectHistory): { counted: SubjectHistory; attached: () => number } {
  let found = documentsOf(history).length;
  const counted: SubjectHistory = {
    ...history,
    async *entries() {
      for await (const entry of history.entries()) {
        if (entry.attachments.some((one) => one.data !== undefined)) found += 1;
        yield entry;
      }
    },
  };
  return { counted, attached: () => found };
}

/** One after the other, in the order of the history. Errors: those of reading it. */
export async function* attachedFiles(history: SubjectHistory): AsyncGenerator<AttachedFile> {
  for await (const entry of history.entries()) yield* filesOf(entry);
  yield* documentsOf(history);
}

function filesOf({ reference, attachments }: HistoryEntry): AttachedFile[] {
  return attachments.flatMap(({ data, masked, contentType }, at) =>
    data === undefined || masked ? [] : [fileOf(reference, at, contentType, data)],
  );
}

function documentsOf({ sections }: SubjectHistory): AttachedFile[] {
  const resources: Resource[] = sections.flatMap(({ items }) => items.flatMap((one) => one.resources));
  return resources
    .filter((one): one is DocumentReference & { id: string } => one.resourceType === 'DocumentReference')
    .flatMap((one) =>
      (one.content ?? []).flatMap(({ attachment }, at) => {
        const data = attachment === undefined ? undefined : dataOf(attachment);
        return data === undefined
          ? []
          : [fileOf(`DocumentReference/${one.id}`, at, attachment?.contentType ?? '', data)];
      }),
    );
}

function dataOf(attachment: Attachment): Uint8Array | undefined {
  if (attachment.data === undefined || isMasked(attachment, 'data')) return undefined;
  return Buffer.from(attachment.data, 'base64');
}

const fileOf = (reference: string, at: number, contentType: string, data: Uint8Array): AttachedFile => ({
  name: `attachments/${reference.replace('/', '-')}-${at + 1}.${extensionOf(contentType)}`,
  ...{ what: `file of ${reference}`, data },
});

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/json': 'json',
  'application/fhir+json': 'json',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/csv': 'csv',
  'image/png': 'png',
  'image/jpeg': 'jpg',
};

const extensionOf = (contentType: string): string =>
  extensions[contentType.split(';')[0]?.trim().toLowerCase() ?? ''] ?? 'bin';
