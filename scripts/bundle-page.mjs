import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'rolldown';
import { ECMULT_TABLES_SIZE, ecmultTables } from '../dist/crypto/engines/ecmult-tables.js';
import { licenses } from './licenses.mjs';

// Bundles `pier/browser` into one file that a page loads without anything else, in the place of the entry that the
// compiler has written.

/** Replaces the module of tiny-secp256k1 that reads its WebAssembly file by one that has it inside. */
const insideWasm = {
  name: 'inside-wasm',
  load(id) {
    if (!/[\\/]tiny-secp256k1[\\/]lib[\\/]wasm_loader(\.browser)?\.js$/.test(id)) return null;
    const file = readFileSync(join(dirname(id), 'secp256k1.wasm'));
    // Most of the file are tables that do not compress, and that the page computes instead.
    const tables = ecmultTables();
    const at = file.indexOf(tables);
    if (at < 0) throw new Error(`${id}: the file has no tables as src/crypto/engines/ecmult-tables.ts computes them`);
    const pieces = {
      before: file.subarray(0, at).toString('base64'),
      after: file.subarray(at + ECMULT_TABLES_SIZE).toString('base64'),
    };
    return `
      import { instantiate } from ${JSON.stringify(resolve('src/browser/wasm-pieces.ts'))};
      import * as rand from './rand.js';
      import * as errors from './validate_error.js';
      export default instantiate(${JSON.stringify(pieces)}, { './rand.js': rand, './validate_error.js': errors });`;
  },
};

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
