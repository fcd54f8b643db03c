import { defineConfig } from 'vitest/config';
import { INTEGRATION_TESTS, UNIT_TESTS } from './scripts/test-files.ts';

export default defineConfig({
  test: {
    // The tests must pass on a two-core machine in the time that the whole command has.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What is waited for comes at once on a quiet machine; a busy one must not fail a test.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: [UNIT_TESTS], exclude: [INTEGRATION_TESTS] } },
      // One file after the other: they use network namespaces, ports and helpers of the machine.
      {
        extends: true,
        test: {
          name: 'integration',
          include: [INTEGRATION_TESTS],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
