import { PierError } from '../platform/errors.ts';
import type { Secp256k1Engine } from './engines/engine.ts';
import { loadNativeEngine } from './engines/native.ts';
import { loadWasmEngine } from './engines/wasm.ts';

export type { Secp256k1Engine } from './engines/engine.ts';

const loaders = { native: loadNativeEngine, wasm: loadWasmEngine };

/** The global object; `process` is undefined in a browser. */
const environment = globalThis as { process?: { env: Record<string, string | undefined> } };

let current: Secp256k1Engine | undefined;

/**
 * Returns the engine in use. The first call selects the fastest one that this platform can load, or the one that the
 * environment variable PIER_SECP256K1 names ('native' or 'wasm'). Throws `PierError` if the name is unknown
 * (`unknown-secp256k1`) or no engine loads (`no-secp256k1`).
 *
 * @example
 * ```ts
 * import { fromHex } from 'pier/bytes';
 * import { secp256k1 } from 'pier/crypto';
 *
 * // The first test vector of BIP340.
 * const publicKey = fromHex('f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9');
 * const signature = fromHex(
 *   'e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215' +
 *     '25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0',
 * );
 * console.log(secp256k1().verifySchnorr(signature, new Uint8Array(32), publicKey)); // true
 * ```
 */
export function secp256k1(): Secp256k1Engine {
  current ??= loadNamed(environment.process?.env.PIER_SECP256K1) ?? loadFastest();
  return current;
}

/**
 * Replaces the engine, by name or by the engine itself, and returns the new one. Web pages pass one that their bundler
 * has loaded (`wasmEngine`).
 */
export function useSecp256k1Engine(engine: Secp256k1Engine['name'] | Secp256k1Engine): Secp256k1Engine {
  current = typeof engine === 'string' ? loaders[engine]() : engine;
  return current;
}

function loadNamed(name: string | undefined): Secp256k1Engine | undefined {
  if (name === undefined || name === '') return undefined;
  if (name !== 'native' && name !== 'wasm') {
    throw new PierError('unknown-secp256k1', `unknown engine '${name}' in PIER_SECP256K1`, {
      hint: "Set PIER_SECP256K1 to 'native' or 'wasm', or unset it to use the fastest engine.",
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
        hint: 'Reinstall the packages secp256k1 and tiny-secp256k1; in a web page, call useSecp256k1Engine first.',
      });
    }
  }
}
