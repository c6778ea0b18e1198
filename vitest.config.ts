import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The benchmarks name the package itself; what tests take from them runs on the sources, like everything here.
  resolve: {
    alias: [{ find: /^pier\/(.*)$/, replacement: `${fileURLToPath(new URL('src/', import.meta.url))}$1.ts` }],
  },
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
