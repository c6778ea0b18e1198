import { fileURLToPath } from 'node:url';

// Stryker works on a copy of the project in a folder below it, and hands its environment on.
process.env.PIER_VECTORS_DIR ??= fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));
process.env.PIER_BITCOIND_DIR = 'none';

export default {
  // errors.ts is nothing but texts.
  mutate: ['src/script/**/*.ts', 'src/consensus/**/*.ts', '!src/script/errors.ts'],
  plugins: ['in-process-runner', 'ignore-texts'].map((name) =>
    fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)),
  ),
  ignorers: ['texts'],
  buildCommand: 'tsc -p test/mutation/tsconfig.json',
  testRunner: 'in-process',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Loops without end are stopped by counting; this is for the rest, on a machine that may be busy.
  timeoutMS: 120_000,
  ignorePatterns: ['dist', 'coverage'],
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  htmlReporter: { fileName: 'coverage/mutation.html' },
  jsonReporter: { fileName: 'coverage/mutation.json' },
  clearTextReporter: { reportTests: false, skipFull: true },
};
