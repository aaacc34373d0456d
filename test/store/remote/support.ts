import { Writable } from 'node:stream';
import type { Patient } from '@medplum/fhirtypes';
import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import type { FhirStore, WriteResult } from '../../../src/store/fhir-store.ts';
import { createRemote, type Remote, type RemoteOptions } from '../../../src/store/remote/remote-store.ts';
import { type Stub, type StubOptions, startStub } from '../../servers/stub/stub.ts';

export interface Adapter {
  readonly store: FhirStore;
  readonly remote: Remote;
  /** Every line logged so far. */
  readonly logged: () => string;
  close(): Promise<void>;
}

/** The adapter over whatever listens there. */
export function adapterTo(baseUrl: string, options: Partial<RemoteOptions> = {}): Adapter {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const remote: Remote = createRemote({
    baseUrl,
    access: { kind: 'none' },
    clock: systemClock,
    log: createLog({ level: 'debug', stream }),
    async sequence(writes) {
      const results: WriteResult[] = [];
      for (const write of writes) results.push(await remote.writeOne(write));
      return results;
    },
    ...options,
  });
  return { store: remote.store, remote, logged: () => lines.join(''), close: async () => remote.close() };
}

/** The adapter over a stub of its own. */
export async function openAdapter(
  options: { readonly stub?: StubOptions; readonly remote?: Partial<RemoteOptions> } = {},
): Promise<Adapter & { readonly stub: Stub }> {
  const stub = await startStub(options.stub);
  const adapter = adapterTo(stub.url, options.remote);
  return {
    ...adapter,
    stub,
    async close() {
      await adapter.close();
      await stub.stop();
    },
  };
}

export const patient = (id: string, parts: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  ...parts,
});
