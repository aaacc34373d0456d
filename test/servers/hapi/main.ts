import { parseArgs } from 'node:util';
import { startHapi } from './hapi.ts';

/** See README.md. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    'no-gate': { type: 'boolean', default: false },
    without: { type: 'string', default: '' },
  },
});

const hapi = await startHapi({
  port: Number(values.port),
  gate: !values['no-gate'],
  without: values.without.split(',').filter((search) => search !== ''),
});
console.log(`hapi listening on ${hapi.baseUrl}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void hapi.stop());
