import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ECMULT_TABLES_SIZE, ecmultTables } from '../../src/crypto/engines/ecmult-tables.ts';

it('the tables are those in the WebAssembly file of tiny-secp256k1', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('tiny-secp256k1'));
  const file = readFileSync(join(folder, '../secp256k1.wasm'));
  const tables = ecmultTables();
  const at = file.indexOf(tables.subarray(0, 64));
  expect(at).toBeGreaterThan(0);
  expect(tables.length).toBe(ECMULT_TABLES_SIZE);
  expect(file.subarray(at, at + tables.length).equals(tables)).toBe(true);
});
