import { orFalse, type Secp256k1Engine } from './engine.ts';
import { requirePackage } from './require.ts';

/** The part of the package `tiny-secp256k1` used here. */
export interface TinySecp256k1 {
  isPoint(publicKey: Uint8Array): boolean;
  isXOnlyPoint(publicKey: Uint8Array): boolean;
  verify(hash: Uint8Array, publicKey: Uint8Array, signature: Uint8Array, strict: boolean): boolean;
  verifySchnorr(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean;
  xOnlyPointAddTweakCheck(point: Uint8Array, tweak: Uint8Array, result: Uint8Array, parity: 0 | 1): boolean;
}

/** libsecp256k1 in WebAssembly, loaded from `node_modules`. Throws where this is not Node. */
export function loadWasmEngine(): Secp256k1Engine {
  return wasmEngine(requirePackage<TinySecp256k1>('tiny-secp256k1'));
}

/**
 * The engine over the given module: for pages, whose bundler loads WebAssembly in its own way.
 *
 * The package throws where an argument makes no sense. What it finds out in JavaScript may be caught here, but a point
 * that is not on the curve makes it throw out of WebAssembly, whose stack never gets back what the call had taken:
 * after some thousands of those it judges every signature false. So points are looked at first. (It also refuses a
 * Schnorr signature whose R lies between the group's order and the field's size, of which nobody can make one.)
 */
export function wasmEngine(tiny: TinySecp256k1): Secp256k1Engine {
  return {
    name: 'wasm',
    verifyEcdsa: orFalse(
      (signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array) =>
        tiny.isPoint(publicKey) && tiny.verify(hash, publicKey, signature, true),
    ),
    verifySchnorr: orFalse(
      (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
        tiny.isXOnlyPoint(publicKey) && tiny.verifySchnorr(message, publicKey, signature),
    ),
    xOnlyTweakAddCheck: orFalse(
      (internalKey: Uint8Array, tweak: Uint8Array, outputKey: Uint8Array, parity: 0 | 1) =>
        tiny.isXOnlyPoint(internalKey) &&
        tiny.isXOnlyPoint(outputKey) &&
        tiny.xOnlyPointAddTweakCheck(internalKey, tweak, outputKey, parity),
    ),
  };
}
