import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/report-oracles.ts'],
    pool: 'forks',
    // Half of the time goes into waiting for child processes; vitest would use one worker less than there are cores.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
