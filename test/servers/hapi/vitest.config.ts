import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Suites against one HAPI server that all share, one after another; see README.md. */
export default defineConfig({
  test: {
    name: 'hapi',
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    include: ['test/servers/hapi/**/*.test.ts'],
    globalSetup: ['test/servers/hapi/global-setup.ts'],
    fileParallelism: false,
    // A limit for what hangs, not for what is slow on a busy machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
