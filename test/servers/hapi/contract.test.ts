import { inject } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { withRecent } from '../../../src/store/remote/recent.ts';
import { describeFhirStore } from '../../contract/fhir-store.ts';
import { adapterTo } from '../../store/remote/support.ts';

/** As the service has it: questions in batches, and each answer merged with what was written before. */
async function open() {
  const adapter = adapterTo(inject('hapiUrl'), { coalesce: true });
  const store = withRecent(adapter.store, { clock: systemClock, log: createLog({ level: 'silent' }) });
  return {
    store,
    async close() {
      store.close();
      await adapter.close();
    },
  };
}

// Settings of this server: `:contains` is off, and logical references are not indexed. Nothing of Herald’s asks for them.
describeFhirStore('RemoteStore over HAPI', open, ['search:family:contains=', 'search:subject:identifier=']);
