import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Files that replace a module, measure the heap or count threads. Each runs in a process of its own. */
const alone = [
  'test/chain/worker-timing.test.ts',
  'test/cli/options.test.ts',
  'test/cli/startnode.test.ts',
  'test/cli/up-arguments.test.ts',
  'test/devnet/network/growth.test.ts',
  'test/devnet/processes/node-process.test.ts',
  'test/mempool/accept-async.test.ts',
  'test/node/options.test.ts',
  'test/p2p/fuzz.test.ts',
  'test/primitives/memory.test.ts',
  'test/store/relaxed-durability.test.ts',
];

/**
 * Files that take long, most of it in a bitcoind, in full disks or in nodes and commands as processes:
 * `npm run test:long`.
 */
const long = [
  'test/devnet/network/kept-network.test.ts',
  'test/devnet/network/network-fees.test.ts',
  'test/devnet/network/peer-port.test.ts',
  'test/devnet/network/members/add-node.test.ts',
  'test/devnet/processes/killed-parent.test.ts',
  'test/e2e/bad-input.test.ts',
  'test/e2e/control-commands.test.ts',
  'test/e2e/full-disk.test.ts',
  'test/e2e/kill.test.ts',
  'test/e2e/network-file.test.ts',
  'test/e2e/output.test.ts',
  'test/e2e/package.test.ts',
  'test/e2e/up-network.test.ts',
  'test/e2e/walk-through.test.ts',
  'test/interop/light-node-size.test.ts',
  'test/interop/network-reorgs.test.ts',
  'test/interop/network-with-bitcoind.test.ts',
  'test/interop/wallet-histories.test.ts',
  'test/scripts/layers.test.ts',
  'test/store/full-disk.test.ts',
];

/** Files that drive the page in a Chromium, as a person would: `npm run test:browser`. */
const browser = ['test/browser/*.test.ts'];

const src = fileURLToPath(new URL('src/', import.meta.url));
// Benchmarks import the package by its name. Tests that use code of the benchmarks run it on the sources.
const resolve = {
  alias: [
    { find: /^pier$/, replacement: `${src}index.ts` },
    { find: /^pier\/([a-z0-9]+)$/, replacement: `${src}$1/index.ts` },
  ],
};
const common = { setupFiles: ['test/support/set-up.ts'], testTimeout: 20_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    globalSetup: ['test/support/report-oracles.ts'],
    pool: 'forks',
    // Tests wait for child processes half of the time, so that even two cores allow two workers (vitest's default: one).
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { resolve, test: { ...common, name: 'alone', include: alone } },
      // No isolation: reloading the modules for each file would take as long as many of the tests.
      {
        resolve,
        test: {
          ...{ ...common, name: 'shared', include: ['test/**/*.test.ts'], isolate: false },
          exclude: [...alone, ...long, ...browser],
        },
      },
      { resolve, test: { ...common, name: 'long', include: long, isolate: false } },
      { resolve, test: { ...common, name: 'browser', include: browser, isolate: false } },
    ],
  },
});
