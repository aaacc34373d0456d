import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { attachedFiles } from '../sar/attached.ts';
import type { SubjectHistory } from '../sar/history.ts';
import { archivedForms, manifestOf, type WrittenFile } from '../sar/zip.ts';
import { CommandError, UsageError } from './command.ts';

/**
 * The copy as files of a directory. What is finished is noted in `unfinished.json`, so that a run that was cut off goes on where
 * it stopped; a file that is being written has another name; `manifest.json` and `SHA256SUMS` come last.
 */

const NOTES = 'unfinished.json';
const MANIFEST = 'manifest.json';
const SUMS = 'SHA256SUMS';

/** What a run left behind. */
export interface Begun {
  readonly task: string;
  readonly stage: string;
  /** Of the run that began it: the same for all files. */
  readonly document: string;
  readonly made: string;
  /** What of the record the copy is of: when it is another, nothing that was written counts. */
  readonly basis?: string;
  readonly files: readonly WrittenFile[];
}

/** What is in the directory already. Errors: UsageError when it is something else. */
export function begunIn(out: string): (Begun & { readonly isWhole: boolean }) | undefined {
  if (!existsSync(out)) return undefined;
  const names = listed(out);
  if (names.length === 0) return undefined;
  const isWhole = !names.includes(NOTES);
  const begun = readJson(join(out, isWhole ? MANIFEST : NOTES));
  if (begun !== undefined) return { ...begun, isWhole };
  throw new UsageError('--out', 'there is something else in this directory', 'Give one that is empty or new.');
}

function listed(out: string): string[] {
  try {
    return readdirSync(out);
  } catch {
    throw new UsageError('--out', 'it is no directory that can be read', 'Give one that is empty or new.');
  }
}

function readJson(file: string): Begun | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Begun>;
    const isOne = [value.task, value.stage, value.document, value.made].every((one) => typeof one === 'string');
    return isOne && Array.isArray(value.files) ? (value as Begun) : undefined;
  } catch {
    return undefined;
  }
}

export interface Making {
  readonly out: string;
  readonly base: string;
  readonly begun: Begun | undefined;
  /** A line for whoever waits. */
  said(text: string): void;
}

export interface Made {
  readonly files: readonly WrittenFile[];
  /** How many of those were there already. */
  readonly kept: number;
}

/** A new document, or the one that was begun, where the record is still as it was then. */
export function documentOf(history: SubjectHistory, begun: Begun | undefined): SubjectHistory {
  if (begun?.basis !== basisOf(history)) return history;
  return { ...history, documentId: begun.document, madeAt: new Date(begun.made) };
}

/** Writes what is missing. Errors: CommandError when the directory cannot be written; those of reading the history. */
export async function makeFiles(history: SubjectHistory, making: Making): Promise<Made> {
  const { out, base, said } = making;
  const basis = basisOf(history);
  const goesOn = making.begun?.basis === basis;
  const before = goesOn ? (making.begun?.files ?? []) : [];
  const made: WrittenFile[] = [];
  let kept = 0;
  const note = (): Promise<void> => {
    const notes: Begun = { ...headOf(history), basis, files: made };
    return written(join(out, NOTES), [JSON.stringify(notes, null, 2)]).then(() => undefined);
  };
  const make = async (name: string, what: string, content: () => Content): Promise<void> => {
    const finished = before.find((one) => one.name === name);
    if (finished !== undefined && (await sumOf(join(out, name))) === finished.sha256) {
      kept += 1;
      made.push(finished);
      said(`${name}: was there already`);
      return;
    }
    made.push({ name, what, ...(await written(join(out, name), content())) });
    said(`${name}: written`);
    await note();
  };
  try {
    mkdirSync(out, { recursive: true, mode: 0o700 });
    clear(out, goesOn);
    await note();
    for (const { name, what, write } of archivedForms) {
      await make(name, what, () => write(counting(history, name, said), base));
    }
    for await (const { name, what, data } of attachedFiles(history)) await make(name, what, () => [data]);
    const manifest = `${JSON.stringify({ ...manifestOf(history, made), ...headOf(history), basis }, null, 2)}\n`;
    const all = [...made, { name: MANIFEST, ...(await written(join(out, MANIFEST), [manifest])) }];
    await written(
      join(out, SUMS),
      all.map(({ name, sha256 }) => `${sha256}  ${name}\n`),
    );
    rmSync(join(out, NOTES));
    return { files: made, kept };
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new CommandError(`--out: a file cannot be written (${code}). See that there is room, and run it again.`);
  }
}

/** Takes away what a run that was cut off left half, and files of messages that may be another copy's. */
function clear(out: string, goesOn: boolean): void {
  if (!goesOn) rmSync(join(out, 'attachments'), { recursive: true, force: true });
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' });
  for (const one of names) if (one.endsWith('.part')) rmSync(join(out, one));
}

/** Whether every file of a whole copy is there as it was written. */
export async function isUnchanged(out: string, { files }: Begun): Promise<boolean> {
  for (const { name, sha256 } of files) if ((await sumOf(join(out, name))) !== sha256) return false;
  return existsSync(join(out, SUMS));
}

const headOf = ({ request, stage, documentId, madeAt }: SubjectHistory) => ({
  ...{ task: request.task, stage, document: documentId, made: madeAt.toISOString() },
});

/** A digest of what is in the history, by version. */
function basisOf({ request, stage, period, references, versions, sections }: SubjectHistory): string {
  const others = sections.flatMap(({ items }) =>
    items.flatMap((one) => one.resources.map(({ resourceType, id, meta }) => [resourceType, id, meta.versionId])),
  );
  return createHash('sha256')
    .update(JSON.stringify([request, stage, period, references, versions, others]))
    .digest('hex');
}

const SAID_EVERY = 1_000;

function counting(history: SubjectHistory, name: string, said: Making['said']): SubjectHistory {
  return {
    ...history,
    async *entries() {
      let read = 0;
      for await (const entry of history.entries()) {
        read += 1;
        if (read % SAID_EVERY === 0) said(`${name}: ${read} of ${history.total}`);
        yield entry;
      }
    },
  };
}

type Content = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Under another name until it is whole and on disk; readable by its owner alone. */
async function written(file: string, content: Content): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${randomUUID()}.part`;
  const handle = await open(part, 'wx', 0o600);
  try {
    for await (const one of content) {
      const piece = Buffer.from(one as Uint8Array);
      hash.update(piece);
      bytes += piece.byteLength;
      await handle.write(piece);
    }
    await handle.sync();
    await handle.close();
    await rename(part, file);
  } catch (error) {
    await handle.close().catch(() => {});
    rmSync(part, { force: true });
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** `undefined` for a file that is not there. */
async function sumOf(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(file)) hash.update(part as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
