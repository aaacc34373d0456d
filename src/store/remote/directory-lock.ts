import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Another process works with the same data directory. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

/**
 * Takes a data directory for this process alone, until it is released or the process ends in whatever way: the lock is
 * the operating system's. Errors: DirectoryInUse at once; those of the file system.
 */
export function lockDirectory(dir: string): { release(): void } {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'lock.sqlite');
  const lock = new DatabaseSync(file);
  try {
    chmodSync(file, 0o600);
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode === SQLITE_BUSY) throw new DirectoryInUse(dir, { cause });
    throw cause;
  }
  return { release: () => lock.close() };
}

const SQLITE_BUSY = 5;
