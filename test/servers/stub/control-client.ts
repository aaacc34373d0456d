import type { Stored } from '../../../src/store/fhir-store.ts';
import type { Duplicate, StubControl } from './control.ts';
import type { ArmedFault } from './faults.ts';
import type { CallCount, CallRecord } from './ledger.ts';

/** Steers a stub in another process. `url` is its control address. Errors: Error with what the stub says. */
export function controlOf(url: string): StubControl {
  const ask = async <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const ledger = () => ask<{ count: CallCount; calls: CallRecord[] }>('GET', '/ledger');
  return {
    arm: (...faults) => ask('POST', '/faults', faults),
    disarm: () => ask('DELETE', '/faults'),
    armed: () => ask<ArmedFault[]>('GET', '/faults'),
    set: (mode) => ask('POST', '/mode', mode),
    down: (ms) => ask('POST', '/down', { ms }),
    up: () => ask('POST', '/up'),
    calls: async () => (await ledger()).calls,
    count: async () => (await ledger()).count,
    emptyLedger: () => ask('DELETE', '/ledger'),
    dump: () => ask<Stored[]>('GET', '/dump'),
    duplicates: () => ask<Duplicate[]>('GET', '/duplicates'),
  };
}
