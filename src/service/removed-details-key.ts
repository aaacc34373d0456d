import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeSystem, identifierSystem } from '../canonical.ts';
import { ConfigError } from '../config.ts';
import { objectionCategory } from '../send/gather-objections.ts';
import { detailOf } from '../send/objection-detail.ts';
import { type FhirStore, searchEach } from '../store/fhir-store.ts';

const REMOVED_DETAILS_KEY = 'removed-details.key';
const KEY_BYTES = 32;

/**
 * The key by which numbers that are closed, and contact details that left the record, are known again (VER-1, OBJ-8,
 * OBJ-11). It is made once, before the record needs it. Errors: those of `existingKey`, and of the file system.
 */
export async function removedDetailsKey(dataDir: string, store: FhirStore): Promise<Buffer> {
  const existing = await existingKey(dataDir, store);
  if (existing !== undefined) return existing;
  make(dataDir);
  return removedDetailsKey(dataDir, store);
}

/**
 * The same, without making one; `undefined` where there is none and nothing on record was told by it. Where something
 * was, it would silently count no more: numbers that are somebody else's would be written to again, and details that put
 * a person at risk be kept. So nothing goes on without the key then. Errors: ConfigError, which names the file and what
 * to do; StoreError while it cannot be said whether the record needs it.
 */
export async function existingKey(dataDir: string, store: FhirStore): Promise<Buffer | undefined> {
  const key = keyIn(join(dataDir, REMOVED_DETAILS_KEY));
  if (key === undefined && (await isNeeded(store))) {
    throw lost('is missing, and contact details are closed or removed by it');
  }
  return key;
}

function keyIn(file: string): Buffer | undefined {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw lost('cannot be read');
  }
  if (key.length !== KEY_BYTES) throw lost('is damaged');
  return key;
}

/** Whole or not at all, whatever dies meanwhile; another process on the same data may be first. */
function make(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, REMOVED_DETAILS_KEY);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(KEY_BYTES), { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

/** The Tasks that close a number while they are open. */
const closingCodes = ['check-contact', 'triage-inbound'].map((one) => `${codeSystem('task-code')}|${one}`).join(',');

/** Whether anything on record can be told by the key alone. Errors: StoreError. */
async function isNeeded(store: FhirStore): Promise<boolean> {
  const tasks = searchEach(store, 'Task', [
    ['code', closingCodes],
    ['status', 'draft,requested,received,accepted,ready,in-progress,on-hold,failed,rejected,cancelled'],
  ]);
  for await (const { identifier = [] } of tasks) {
    if (identifier.some((one) => one.system === identifierSystem.closedNumber)) return true;
  }
  const objections = searchEach(store, 'Consent', [
    ['category', objectionCategory],
    ['status', 'active,proposed'],
  ]);
  for await (const one of objections) if (detailOf(one).removed.length > 0) return true;
  return false;
}

const lost = (problem: string): ConfigError =>
  new ConfigError([
    {
      key: 'HERALD_DATA_DIR',
      problem: `its file ${REMOVED_DETAILS_KEY} ${problem}`,
      remedy:
        'Put it back from the backup of this installation. If there is none, docs/operate.md says what has to be done before a new one is made.',
    },
  ]);
