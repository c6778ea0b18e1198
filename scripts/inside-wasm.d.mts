import type { Plugin } from 'vite';

/** Puts the WebAssembly of tiny-secp256k1 into the bundle. */
export const insideWasm: Plugin;
