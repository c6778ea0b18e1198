import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** What replaces a module, or measures the heap. */
const alone = ['test/chain/worker-timing.test.ts', 'test/p2p/fuzz.test.ts', 'test/primitives/memory.test.ts'];

// The benchmarks name the package itself; what tests take from them runs on the sources, like everything here.
const resolve = {
  alias: [{ find: /^pier\/(.*)$/, replacement: `${fileURLToPath(new URL('src/', import.meta.url))}$1.ts` }],
};
const common = { setupFiles: ['test/support/set-up.ts'], testTimeout: 20_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    globalSetup: ['test/support/report-oracles.ts'],
    pool: 'forks',
    // Half of the time goes into waiting for child processes; vitest would use one worker less than there are cores.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { resolve, test: { ...common, name: 'alone', include: alone } },
      // To load the modules anew for every file would take as long as many of the tests.
      {
        resolve,
        test: { ...common, name: 'shared', include: ['test/**/*.test.ts'], exclude: alone, isolate: false },
      },
    ],
  },
});
