import { hash160, sha256, taggedHash } from 'pier/crypto';
import { type Random, randomInt } from 'pier/platform';
import { type OutPoint, Transaction, type TxOut } from 'pier/primitives';
import {
  compileScript,
  legacySighash,
  NO_CODE_SEPARATOR,
  Op,
  SigHash,
  SighashCache,
  segwitV0Sighash,
  taprootSighash,
} from 'pier/script';
import secp256k1 from 'secp256k1';

/** A key pair and the scriptPubKey that it can spend. */
export interface Owner {
  readonly kind: 'P2WPKH' | 'P2PKH' | 'P2TR';
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly scriptPubKey: Uint8Array;
}

/** An output with the key that can spend it. */
export interface Coin {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  readonly owner: Owner;
}

const KEYS_PER_KIND = 100;
const SEQUENCE = 0xffff_fffd;
const challenge = taggedHash('BIP0340/challenge');

/** Keys derived from a seed. Signs with libsecp256k1. */
export class KeyRing {
  readonly #owners: Record<Owner['kind'], Owner[]>;

  constructor(seed: number) {
    const many = (kind: Owner['kind']) =>
      Array.from({ length: KEYS_PER_KIND }, (_, i) => makeOwner(kind, sha256(text(`${seed} ${kind} ${i}`))));
    this.#owners = { P2WPKH: many('P2WPKH'), P2PKH: many('P2PKH'), P2TR: many('P2TR') };
  }

  /** Returns a random key: 60% P2WPKH, 20% P2PKH, 20% P2TR. */
  pick(random: Random): Owner {
    const share = randomInt(random, 10);
    const owners = this.#owners[share < 6 ? 'P2WPKH' : share < 8 ? 'P2PKH' : 'P2TR'];
    return owners[randomInt(random, owners.length)]!;
  }

  /** Returns the signed transaction that spends the coins to the outputs. */
  sign(coins: readonly Coin[], outputs: readonly TxOut[]): Transaction {
    const fields = { version: 2, outputs, lockTime: 0 };
    const blank = { scriptSig: new Uint8Array(0), sequence: SEQUENCE, witness: [] };
    const unsigned = new Transaction({
      ...fields,
      inputs: coins.map(({ outpoint }) => ({ ...blank, prevout: outpoint })),
    });
    const cache = new SighashCache(
      unsigned,
      coins.map(({ output }) => output),
    );
    const inputs = coins.map(({ owner }, i) => ({ ...unsigned.inputs[i]!, ...spend(owner, cache, i) }));
    return new Transaction({ ...fields, inputs });
  }
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function makeOwner(kind: Owner['kind'], secretKey: Uint8Array): Owner {
  const publicKey = secp256k1.publicKeyCreate(secretKey, true);
  if (kind === 'P2TR') {
    // An x-only public key stands for the point with even y (BIP340): negate the secret key if y is odd.
    if (publicKey[0] === 3) secp256k1.privateKeyNegate(secretKey);
    return { kind, secretKey, publicKey, scriptPubKey: compileScript(Op.OP_1, publicKey.subarray(1)) };
  }
  const hash = hash160(publicKey);
  return { kind, secretKey, publicKey, scriptPubKey: kind === 'P2PKH' ? keyHashScript(hash) : compileScript(0, hash) };
}

function keyHashScript(hash: Uint8Array): Uint8Array {
  return compileScript(Op.OP_DUP, Op.OP_HASH160, hash, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
}

function spend({ kind, secretKey, publicKey }: Owner, cache: SighashCache, index: number) {
  if (kind === 'P2TR') {
    const context = { annexHash: undefined, leafHash: undefined };
    const hash = taprootSighash(cache, index, SigHash.DEFAULT, context, NO_CODE_SEPARATOR)!;
    return { witness: [signSchnorr(secretKey, publicKey.subarray(1), hash)] };
  }
  const scriptCode = keyHashScript(hash160(publicKey));
  const sighash = kind === 'P2PKH' ? legacySighash : segwitV0Sighash;
  const compact = secp256k1.ecdsaSign(sighash(cache, index, scriptCode, SigHash.ALL), secretKey).signature;
  const signature = Uint8Array.of(...secp256k1.signatureExport(compact), SigHash.ALL);
  return kind === 'P2PKH' ? { scriptSig: compileScript(signature, publicKey) } : { witness: [signature, publicKey] };
}

/** Signs by BIP340 with a deterministic nonce, so that every run creates the same chain. For benchmarks only. */
function signSchnorr(secretKey: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const nonce = sha256(Uint8Array.of(...secretKey, ...message));
  const point = secp256k1.publicKeyCreate(nonce, true);
  if (point[0] === 3) secp256k1.privateKeyNegate(nonce);
  const r = point.subarray(1);
  const product = secp256k1.privateKeyTweakMul(Uint8Array.from(secretKey), challenge(r, publicKey, message));
  return Uint8Array.of(...r, ...secp256k1.privateKeyTweakAdd(product, nonce));
}
