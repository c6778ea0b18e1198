import { evenPoint } from './bindings.ts';
import { orUndefined, type Secp256k1Engine } from './engine.ts';
import { requirePackage } from './require.ts';

/** The part of the package `tiny-secp256k1` used here. */
export interface TinySecp256k1 {
  isPoint(publicKey: Uint8Array): boolean;
  isXOnlyPoint(publicKey: Uint8Array): boolean;
  verify(hash: Uint8Array, publicKey: Uint8Array, signature: Uint8Array, strict: boolean): boolean;
  verifySchnorr(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean;
  xOnlyPointAddTweakCheck(point: Uint8Array, tweak: Uint8Array, result: Uint8Array, parity: 0 | 1): boolean;
  pointFromScalar(secretKey: Uint8Array, compressed: boolean): Uint8Array | null;
  pointMultiply(point: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array | null;
}

/** libsecp256k1 in WebAssembly, loaded from `node_modules`. Throws where this is not Node. */
export function loadWasmEngine(): Secp256k1Engine {
  return wasmEngine(requirePackage<TinySecp256k1>('tiny-secp256k1'));
}

/** So many calls may throw before points are looked at first; the stack has room for several times as many. */
const MAX_THROWN = 500;

/**
 * The engine over the given module: for pages, whose bundler loads WebAssembly in its own way.
 *
 * The package throws where an argument makes no sense. What it finds out in JavaScript may be caught here, but a point
 * that is not on the curve makes it throw out of WebAssembly, whose stack never gets back what the call had taken:
 * after some thousands of those it judges every signature false. To look at each point first takes a tenth of a
 * verification, so that is done only once somebody has made a habit of it. (It also refuses a Schnorr signature whose R
 * lies between the group's order and the field's size, of which nobody can make one.)
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
    xOnlyPublicKey: orUndefined((secretKey: Uint8Array) => tiny.pointFromScalar(secretKey, true)!.slice(1)),
    xOnlyMultiply: orUndefined((publicKey: Uint8Array, secretKey: Uint8Array) => {
      if (!tiny.isXOnlyPoint(publicKey)) throw new RangeError('no point has this x');
      return tiny.pointMultiply(evenPoint(publicKey), secretKey, true)!.slice(1);
    }),
  };
}
