import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { startService } from '../../src/service.ts';

/** A service that is killed once a removal is durable, and before earlier versions have forgotten it. */
const service = await startService(readConfig(process.env), {
  log: createLog({ level: 'silent' }),
  decorate: (ports) => ({
    ...ports,
    store: Object.create(ports.store, {
      redact: { value: () => process.kill(process.pid, 'SIGKILL') },
      // What is called on it has to find its own fields.
      ...Object.fromEntries(
        (['read', 'vread', 'history', 'search', 'commit', 'ping'] as const).map((name) => [
          name,
          { value: (ports.store[name] as (...args: unknown[]) => unknown).bind(ports.store) },
        ]),
      ),
    }),
  }),
});
console.log(service.url);
