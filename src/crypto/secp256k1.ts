import { PierError } from '../platform/errors.ts';
import type { Secp256k1Engine } from './engines/engine.ts';
import { loadNativeEngine } from './engines/native.ts';
import { loadWasmEngine } from './engines/wasm.ts';

export type { Secp256k1Engine } from './engines/engine.ts';

const loaders = { native: loadNativeEngine, wasm: loadWasmEngine };

let current: Secp256k1Engine | undefined;

/**
 * The engine in use: the fastest that this platform has, or the one that the environment names (PIER_SECP256K1: 'native' or
 * 'wasm'). Chosen at the first call.
 */
export function secp256k1(): Secp256k1Engine {
  current ??= loadNamed(globalThis.process?.env.PIER_SECP256K1) ?? loadFastest();
  return current;
}

/** Takes another engine from now on: by name in tests and benchmarks, or a page's own. */
export function useSecp256k1Engine(engine: Secp256k1Engine['name'] | Secp256k1Engine): Secp256k1Engine {
  current = typeof engine === 'string' ? loaders[engine]() : engine;
  return current;
}

function loadNamed(name: string | undefined): Secp256k1Engine | undefined {
  if (name === undefined || name === '') return undefined;
  if (name !== 'native' && name !== 'wasm') {
    throw new PierError('unknown-secp256k1', `PIER_SECP256K1 is '${name}', which is no engine`, {
      hint: "Set it to 'native' or 'wasm', or leave it out for the fastest.",
    });
  }
  return loaders[name]();
}

function loadFastest(): Secp256k1Engine {
  try {
    return loadNativeEngine();
  } catch {
    try {
      return loadWasmEngine();
    } catch (cause) {
      throw new PierError('no-secp256k1', 'no implementation of secp256k1 could be loaded', {
        cause,
        hint: 'Reinstall the dependencies with their optional files, or in a page give useSecp256k1Engine one.',
      });
    }
  }
}
