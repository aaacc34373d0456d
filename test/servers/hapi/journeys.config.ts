import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The journeys of `npm test`, with the record on a real HAPI server: one suite, another store; see README.md. */
export default defineConfig({
  test: {
    name: 'journeys on HAPI',
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    include: ['test/journeys/**/*.test.ts'],
    // It brings servers of its own.
    exclude: ['test/journeys/record-elsewhere.test.ts'],
    globalSetup: ['test/servers/hapi/journeys-setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
