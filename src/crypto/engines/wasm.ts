import { evenPoint } from './bindings.ts';
import { orUndefined, type Secp256k1Engine } from './engine.ts';
import { requirePackage } from './require.ts';

/** The functions of the package `tiny-secp256k1` that Pier uses. They throw on malformed arguments. */
export interface TinySecp256k1 {
  isPoint(publicKey: Uint8Array): boolean;
  isXOnlyPoint(publicKey: Uint8Array): boolean;
  verify(hash: Uint8Array, publicKey: Uint8Array, signature: Uint8Array, strict: boolean): boolean;
  verifySchnorr(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean;
  xOnlyPointAddTweakCheck(point: Uint8Array, tweak: Uint8Array, result: Uint8Array, parity: 0 | 1): boolean;
  sign(hash: Uint8Array, secretKey: Uint8Array): Uint8Array;
  signSchnorr(message: Uint8Array, secretKey: Uint8Array, aux: Uint8Array): Uint8Array;
  privateAdd(secretKey: Uint8Array, tweak: Uint8Array): Uint8Array | null;
  pointAddScalar(point: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array | null;
  pointFromScalar(secretKey: Uint8Array, compressed: boolean): Uint8Array | null;
  pointMultiply(point: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array | null;
}

/** Loads libsecp256k1 as WebAssembly (the package `tiny-secp256k1`). Throws outside Node or without the package. */
export function loadWasmEngine(): Secp256k1Engine {
  return wasmEngine(requirePackage<TinySecp256k1>('tiny-secp256k1'));
}

/** Calls that may throw before every point is checked first; the WebAssembly stack survives several times as many. */
const MAX_THROWN = 500;

/**
 * Returns the engine over a given `tiny-secp256k1` module, for web pages, whose bundlers load WebAssembly themselves.
 *
 * A point off the curve makes the package throw out of WebAssembly, which leaks the stack of that call: after a few
 * thousand such calls, every verification fails. Checking each point first avoids the leak but costs a tenth of a
 * verification, so the engine does it only after MAX_THROWN calls have thrown. (The package also rejects Schnorr
 * signatures whose R is between the group order and the field prime; finding such a signature is infeasible.)
 */
export function wasmEngine(tiny: TinySecp256k1): Secp256k1Engine {
  let thrown = 0;
  const guarded = (arePoints: () => boolean, verify: () => boolean): boolean => {
    if (thrown >= MAX_THROWN && !arePoints()) return false;
    try {
      return verify();
    } catch {
      thrown++;
      return false;
    }
  };
  return {
    name: 'wasm',
    verifyEcdsa: (signature, hash, publicKey) =>
      guarded(
        () => tiny.isPoint(publicKey),
        () => tiny.verify(hash, publicKey, signature, true),
      ),
    verifySchnorr: (signature, message, publicKey) =>
      guarded(
        () => tiny.isXOnlyPoint(publicKey),
        () => tiny.verifySchnorr(message, publicKey, signature),
      ),
    xOnlyTweakAddCheck: (internalKey, tweak, outputKey, parity) =>
      guarded(
        () => tiny.isXOnlyPoint(internalKey) && tiny.isXOnlyPoint(outputKey),
        () => tiny.xOnlyPointAddTweakCheck(internalKey, tweak, outputKey, parity),
      ),
    signEcdsa: orUndefined((hash: Uint8Array, secretKey: Uint8Array) => tiny.sign(hash, secretKey)),
    signSchnorr: orUndefined((message: Uint8Array, secretKey: Uint8Array, aux: Uint8Array) =>
      tiny.signSchnorr(message, secretKey, aux),
    ),
    publicKey: orUndefined((secretKey: Uint8Array) => orThrow(tiny.pointFromScalar(secretKey, true))),
    secretTweakAdd: orUndefined((secretKey: Uint8Array, tweak: Uint8Array) =>
      orThrow(tiny.privateAdd(secretKey, tweak)),
    ),
    xOnlyTweakAdd: orUndefined((internalKey: Uint8Array, tweak: Uint8Array) => {
      if (!tiny.isXOnlyPoint(internalKey)) throw new RangeError('no point has this x');
      return orThrow(tiny.pointAddScalar(evenPoint(internalKey), tweak, true));
    }),
    xOnlyPublicKey: orUndefined((secretKey: Uint8Array) => tiny.pointFromScalar(secretKey, true)!.slice(1)),
    xOnlyMultiply: orUndefined((publicKey: Uint8Array, secretKey: Uint8Array) => {
      if (!tiny.isXOnlyPoint(publicKey)) throw new RangeError('no point has this x');
      return tiny.pointMultiply(evenPoint(publicKey), secretKey, true)!.slice(1);
    }),
  };
}

function orThrow(result: Uint8Array | null): Uint8Array {
  if (!result) throw new RangeError('the result is no key');
  return result;
}
