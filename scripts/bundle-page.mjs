import { build } from 'rolldown';
import { insideWasm } from './inside-wasm.mjs';
import { licenses } from './licenses.mjs';

// Bundles `pier/browser` into one file that a page loads without anything else, in the place of the entry that the
// compiler has written.

await build({
  input: { index: 'src/browser/index.ts' },
  platform: 'browser',
  plugins: [insideWasm, licenses],
  onLog(level, log, print) {
    // Where Node is absent, nothing asks for the paths of native packages and of workers.
    if (log.code === 'EMPTY_IMPORT_META') return;
    if (level === 'warn') throw new Error(`bundler warning: ${log.message}`);
    print(level, log);
  },
  // Errors have the names of their classes.
  output: { dir: 'dist/browser', format: 'esm', codeSplitting: false, minify: true, keepNames: true },
});
