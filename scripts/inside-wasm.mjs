import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A plugin of the bundler that replaces the module of tiny-secp256k1 that reads its WebAssembly file by one that has it inside. */
export const insideWasm = {
  name: 'inside-wasm',
  async load(id) {
    if (!/[\\/]tiny-secp256k1[\\/]lib[\\/]wasm_loader(\.browser)?\.js$/.test(id)) return null;
    // The compiler has written it before; what configures the bundler is read without it.
    const { ECMULT_TABLES_SIZE, ecmultTables } = await import('../dist/crypto/engines/ecmult-tables.js');
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
