import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { StoreConfig } from '../config.ts';
import { ConfigError } from '../config.ts';
import type { Log } from '../log.ts';
import { openEmbedded } from '../store/embedded.ts';
import { DirectoryInUse } from '../store/remote/directory-lock.ts';
import { openRemote } from '../store/remote/open.ts';
import type { GiveUp } from '../store/remote/unit.ts';

/** Store and queue, wherever the record is kept. Errors: ConfigError when another process has the data directory. */
export function openRecord(
  store: StoreConfig,
  deps: { readonly clock: Clock; readonly log: Log; readonly giveUp: GiveUp },
) {
  if (store.kind === 'embedded') return openEmbedded(join(store.dataDir, 'herald.sqlite'), deps);
  try {
    return openRemote(store.dataDir, store, deps);
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) throw error;
    throw new ConfigError([
      {
        key: 'HERALD_DATA_DIR',
        problem:
          'another process works with this directory, and with a FHIR server of its own a queue is for one alone',
        remedy: 'Stop that process, or give this one a directory of its own.',
      },
    ]);
  }
}
