import { fileURLToPath } from 'node:url';
import { suite, suiteName } from './suites.mjs';

// Stryker runs in a copy of the project in a subfolder, with this environment.
process.env.PIER_VECTORS_DIR ??= fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));
process.env.PIER_BITCOIND_DIR = 'none';

export default {
  mutate: suite.mutate,
  plugins: ['in-process-runner', 'ignore-texts', 'survivors'].map((name) =>
    fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)),
  ),
  ignorers: ['texts'],
  buildCommand: 'tsc -p test/mutation/tsconfig.json',
  testRunner: 'in-process',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Endless loops are stopped by a hit limit. This timeout is for the rest, e.g. in WebAssembly, on a busy machine.
  timeoutMS: suite.testTimeout ?? 120_000,
  ignorePatterns: ['build', 'coverage', 'dist'],
  reporters: ['survivors', 'clear-text', 'progress-append-only', 'html', 'json'],
  htmlReporter: { fileName: `coverage/mutation-${suiteName}.html` },
  jsonReporter: { fileName: `coverage/mutation-${suiteName}.json` },
  clearTextReporter: { reportTests: false, skipFull: true },
};
