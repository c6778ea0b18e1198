import { wasmEngine } from '../crypto/engines/wasm.ts';
import { useSecp256k1Engine } from '../crypto/secp256k1.ts';

let loading: Promise<void> | undefined;

/** Loads libsecp256k1 as WebAssembly, once. */
export function loadSecp256k1(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  // Not loaded before it is used: it takes a tenth of a second. `scripts/inside-wasm.mjs` replaces the module that reads the file.
  useSecp256k1Engine(wasmEngine(await import('tiny-secp256k1')));
}
