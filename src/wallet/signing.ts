import { concatBytes } from '../bytes/compare.ts';
import { negateScalar } from '../crypto/scalar.ts';
import { secp256k1 } from '../crypto/secp256k1.ts';
import { atOnce } from '../platform/slices.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import { Transaction, type TxIn, type TxOut } from '../primitives/transaction.ts';
import { type KeyOutput, tapTweak } from './keys.ts';
import { SIGHASH_ALL, SignatureHashes } from './spend/signature-hashes.ts';

/** Sequence of every input: signals replaceability (BIP125) and enables the lock time, as Core's wallet does. */
const SEQUENCE = 0xffff_fffd;

/** BIP340's auxiliary data: without it, the nonce follows from key and message alone. */
const NO_AUX = new Uint8Array(32);
const EMPTY = new Uint8Array(0);

/** A coin to spend, with the data needed to sign for it. */
export interface SigningInput {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  readonly key: KeyOutput;
  readonly privateKey: Uint8Array;
}

/** Builds and signs a version 2 transaction. */
export function signTransaction(
  inputs: readonly SigningInput[],
  outputs: readonly TxOut[],
  lockTime: number,
): Transaction {
  return atOnce(signingSteps(inputs, outputs, lockTime));
}

/** Does so in steps of one input. */
export function* signingSteps(
  inputs: readonly SigningInput[],
  outputs: readonly TxOut[],
  lockTime: number,
): Generator<void, Transaction> {
  const hashes = new SignatureHashes({ version: 2, lockTime, sequence: SEQUENCE, inputs, outputs });
  const signed: TxIn[] = [];
  for (const [index, input] of inputs.entries()) {
    const { scriptSig = EMPTY, witness = [] } = signInput(input, index, hashes);
    signed.push({ prevout: input.outpoint, scriptSig, sequence: SEQUENCE, witness });
    yield;
  }
  return new Transaction({ version: 2, inputs: signed, outputs, lockTime });
}

function signInput(
  { output, key, privateKey }: SigningInput,
  index: number,
  hashes: SignatureHashes,
): { scriptSig?: Uint8Array; witness?: Uint8Array[] } {
  if (key.tapInternalKey) {
    return { witness: [valid(secp256k1().signSchnorr(hashes.taproot(index), tweakedKey(privateKey), NO_AUX))] };
  }
  const publicKey = valid(secp256k1().publicKey(privateKey));
  const sign = (hash: Uint8Array) => derSignature(valid(secp256k1().signEcdsa(hash, privateKey)));
  if (key.redeemScript) {
    const witness = [sign(hashes.segwitV0(index, payToHash(key.redeemScript.subarray(2)))), publicKey];
    return { scriptSig: push(key.redeemScript), witness };
  }
  const { scriptPubKey } = output;
  // A version 0 witness program begins with OP_0.
  if (scriptPubKey[0] === 0) {
    return { witness: [sign(hashes.segwitV0(index, payToHash(scriptPubKey.subarray(2)))), publicKey] };
  }
  return { scriptSig: concatBytes(push(sign(hashes.legacy(index, scriptPubKey))), push(publicKey)) };
}

/** Returns the private key of a taproot output without scripts (BIP86, BIP341). */
function tweakedKey(privateKey: Uint8Array): Uint8Array {
  const engine = secp256k1();
  const publicKey = valid(engine.publicKey(privateKey));
  const tweak = tapTweak(publicKey.subarray(1));
  if (publicKey[0] === 2) return valid(engine.secretTweakAdd(privateKey, tweak));
  // The internal key is the point with even y, whose private key is the negative.
  return valid(engine.secretTweakAdd(negated(privateKey), tweak));
}

function negated(privateKey: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(privateKey);
  negateScalar(copy, 0);
  return copy;
}

/** Returns the script code of a P2WPKH program, which is the P2PKH script of its hash (BIP143). */
function payToHash(hash: Uint8Array): Uint8Array {
  return Uint8Array.of(0x76, 0xa9, 20, ...hash, 0x88, 0xac);
}

/** Pushes at most 75 bytes. */
function push(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(bytes.length), bytes);
}

/** Encodes R and S (64 bytes) in DER, followed by the hash type. */
function derSignature(signature: Uint8Array): Uint8Array {
  const r = derInteger(signature.subarray(0, 32));
  const s = derInteger(signature.subarray(32));
  return concatBytes(Uint8Array.of(0x30, r.length + s.length), r, s, Uint8Array.of(SIGHASH_ALL));
}

function derInteger(bytes: Uint8Array): Uint8Array {
  // Neither R nor S is 0.
  let start = 0;
  while (bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  // A leading bit of 1 would make the number negative.
  return digits[0]! < 0x80
    ? concatBytes(Uint8Array.of(2, digits.length), digits)
    : concatBytes(Uint8Array.of(2, digits.length + 1, 0), digits);
}

function valid<T>(result: T | undefined): T {
  if (result === undefined) throw new RangeError('invalid private key');
  return result;
}
