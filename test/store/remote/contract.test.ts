import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { withRecent } from '../../../src/store/remote/recent.ts';
import { describeFhirStore } from '../../contract/fhir-store.ts';
import type { StubOptions } from '../../servers/stub/stub.ts';
import { openAdapter } from './support.ts';

const open = (stub: StubOptions) => async () => {
  const { store, close } = await openAdapter({ stub });
  return { store, close };
};

/** As the service has it: each answer is the server's, merged with all that was written before. */
const openWithRecent = (stub: StubOptions) => async () => {
  const adapter = await openAdapter({ stub });
  const log = createLog({ level: 'silent' });
  const store = withRecent(adapter.store, { clock: systemClock, log });
  return {
    store,
    async close() {
      store.close();
      await adapter.close();
    },
  };
};

describeFhirStore(
  'RemoteStore over a strict server without transactions',
  open({ profile: 'strict', indexLagMs: 0, unknownParameters: 'ignored' }),
  ['all-or-none', 'redact'],
);
// The stub deletes nothing: HAPI itself does.
describeFhirStore('RemoteStore over a server like HAPI', open({ profile: 'hapi-like' }), ['if-match-of-nothing']);
describeFhirStore(
  'RemoteStore over a server with versions that are no numbers and answers without bodies',
  open({ profile: 'medplum-like', ifNoneMatchIgnored: false, bodiless: true, absoluteReferences: true }),
  ['redact'],
);
describeFhirStore(
  'RemoteStore with its questions in batches',
  () => openAdapter({ stub: { profile: 'hapi-like' }, remote: { coalesce: true } }),
  ['if-match-of-nothing'],
);
describeFhirStore(
  'RemoteStore with its questions in batches, on a server of which no more is known',
  () =>
    openAdapter({
      stub: { batch: true, transactions: true, indexLagMs: 0, searchCacheMs: 60_000 },
      remote: { coalesce: true },
    }),
  ['redact'],
);
describeFhirStore('RemoteStore with what was just written', openWithRecent({ profile: 'hapi-like' }), [
  'if-match-of-nothing',
]);
