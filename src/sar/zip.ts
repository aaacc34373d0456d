import { createHash } from 'node:crypto';
import { finished, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { ZipFile } from 'yazl';
import { attachedFiles, countingAttached } from './attached.ts';
import { documentBundle } from './bundle.ts';
import { historyCsv } from './csv.ts';
import type { SubjectHistory } from './history.ts';
import { historyPage } from './html.ts';
import { historyPdfWhenAsked } from './pdf-when-asked.ts';

/** The forms in the archive, under the names that they have in it. */
export const archivedForms = [
  { name: 'copy.pdf', what: 'the copy, to read and to print', write: historyPdfWhenAsked },
  { name: 'copy.html', what: 'the copy, to read in a browser', write: historyPage },
  { name: 'copy.csv', what: 'the copy as a table', write: historyCsv },
  { name: 'copy.json', what: 'the copy for computers: HL7 FHIR R4', write: documentBundle },
] as const;

/** One file of the archive. */
export interface WrittenFile {
  readonly name: string;
  readonly what: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Every form of the copy and the files that messages carry, each once, with `manifest.json` and `SHA256SUMS` (as `sha256sum -c`
 * reads it). One file after the other is written as the history is read; none is kept. Names say nothing about anybody.
 * `base`: the interface's own address. Errors: those of reading the history.
 */
export async function* historyZip(history: SubjectHistory, base: string): AsyncGenerator<Uint8Array> {
  const archive = new Archive(history.madeAt);
  const filling = fill(archive, history, base).catch((cause: unknown) => archive.fail(cause));
  try {
    yield* archive.output();
  } finally {
    archive.close();
    await filling;
  }
}

async function fill(archive: Archive, history: SubjectHistory, base: string): Promise<void> {
  const { counted, attached } = countingAttached(history);
  const written: WrittenFile[] = [];
  for (const { name, what, write } of archivedForms) written.push(await archive.add(name, what, write(counted, base)));
  if (attached() > 0) {
    for await (const { name, what, data } of attachedFiles(history)) {
      written.push(await archive.add(name, what, [data]));
    }
  }
  const manifest = JSON.stringify(manifestOf(history, written), null, 2);
  written.push(await archive.add('manifest.json', 'what is in this archive', [`${manifest}\n`]));
  const sums = written.map(({ name, sha256 }) => `${sha256}  ${name}\n`);
  await archive.add('SHA256SUMS', 'checksums', sums);
  archive.end();
}

/** The request's number and the document's: whose copy it is stands in the copy. */
export function manifestOf(
  { documentId, madeAt, stage, request, period, controller, total }: SubjectHistory,
  files: readonly WrittenFile[],
) {
  return {
    ...{ document: documentId, made: madeAt.toISOString(), stage, request: request.number, period },
    ...{ controller: { ods: controller.ods, name: controller.name }, messagesAndRequests: total, files },
  };
}

/** An archive that takes one file at a time and hands its bytes on as they come. */
class Archive {
  readonly #zip = new ZipFile();
  readonly #mtime: Date;
  #current: Readable | undefined;
  #isClosed = false;

  constructor(mtime: Date) {
    this.#mtime = mtime;
    this.#zip.on('error', (cause) => this.fail(cause));
  }

  output(): AsyncIterable<Uint8Array> {
    return this.#stream as unknown as AsyncIterable<Uint8Array>;
  }

  /** Once it was read to its end. Errors: those of the content; that the archive was closed meanwhile. */
  async add(name: string, what: string, content: Content): Promise<WrittenFile> {
    if (this.#isClosed) throw new Error('the archive is closed');
    const hash = createHash('sha256');
    let bytes = 0;
    const measured = async function* (): AsyncGenerator<Uint8Array> {
      for await (const part of content) {
        const piece = Buffer.from(part as Uint8Array);
        hash.update(piece);
        bytes += piece.byteLength;
        yield piece;
      }
    };
    const source = Readable.from(measured(), { objectMode: false });
    this.#current = source;
    const read = promisify(finished)(source);
    this.#zip.addReadStream(source, name, { mtime: this.#mtime, mode: 0o100600, compress: !name.endsWith('.pdf') });
    await read;
    return { name, what, bytes, sha256: hash.digest('hex') };
  }

  end(): void {
    this.#zip.end();
  }

  /** Whoever reads it learns that it is not whole. */
  fail(cause: unknown): void {
    this.#stream.destroy(cause instanceof Error ? cause : new Error('the archive failed'));
    this.close();
  }

  /** Nobody reads on. */
  close(): void {
    this.#isClosed = true;
    this.#current?.destroy();
    this.#stream.destroy();
  }

  get #stream(): Readable {
    return this.#zip.outputStream as Readable;
  }
}

type Content = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;
