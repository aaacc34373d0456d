import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Journeys wait more than they work; by itself vitest would keep one of two processors idle.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/servers/**', 'node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // The same journeys with the record on a strict server: no transactions, no conditional create, slow to index.
          name: 'strict-server',
          include: ['test/journeys/**/*.test.ts'],
          // It brings servers of its own.
          exclude: ['test/journeys/record-elsewhere.test.ts'],
          env: { HERALD_TEST_STORE: 'strict' },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
