import { sha256 } from '../../crypto/hash.ts';
import type { SighashCache } from './cache.ts';
import { preimage } from './preimage.ts';
import { SigHash } from './types.ts';

/** What a Taproot signature commits to beyond the transaction. */
export interface TaprootContext {
  /** SHA-256 of the annex with its length in front; undefined where the witness has none. */
  readonly annexHash: Uint8Array | undefined;
  /** The tapleaf hash in a script path spend; undefined in a key path spend. */
  readonly leafHash: Uint8Array | undefined;
}

/** The opcode position that is signed before any OP_CODESEPARATOR has been executed. */
export const NO_CODE_SEPARATOR = 0xffff_ffff;

const tag = sha256(new TextEncoder().encode('TapSighash'));

/** BIP341's annex hash. */
export function annexHash(annex: Uint8Array): Uint8Array {
  return preimage.reset().varBytes(annex).sha256();
}

/** Whether BIP341 gives the hash type a meaning. */
function isDefined(hashType: number): boolean {
  return hashType <= SigHash.SINGLE || (hashType > SigHash.ANYONECANPAY && hashType <= 0x83);
}

/**
 * What a Taproot signature signs (BIP341, and BIP342's extension where there is a leaf hash). Undefined for a hash
 * type without meaning, and for SIGHASH_SINGLE without its output. 32 bytes.
 */
export function taprootSighash(
  cache: SighashCache,
  inputIndex: number,
  hashType: number,
  context: TaprootContext,
  codeSeparatorPosition: number,
): Uint8Array | undefined {
  if (!isDefined(hashType)) return undefined;
  const { version, inputs, outputs, lockTime } = cache.tx;
  const input = inputs[inputIndex]!;
  const anyoneCanPay = (hashType & SigHash.ANYONECANPAY) !== 0;
  const output = hashType === SigHash.DEFAULT ? SigHash.ALL : hashType & 3;
  if (output === SigHash.SINGLE && inputIndex >= outputs.length) return undefined;

  // Each of these may use the shared preimage itself, so they come before it begins.
  const { prevouts, amounts, scriptPubKeys, sequences } = anyoneCanPay ? noHashes : cache;
  let outputsHash: Uint8Array | undefined;
  if (output === SigHash.ALL) outputsHash = cache.outputs;
  else if (output === SigHash.SINGLE) outputsHash = preimage.reset().output(outputs[inputIndex]!).sha256();

  // Tag twice, then the epoch byte.
  preimage.reset().bytes(tag).bytes(tag).u8(0);
  preimage.u8(hashType).u32(version).u32(lockTime);
  preimage.bytes(prevouts).bytes(amounts).bytes(scriptPubKeys).bytes(sequences);
  if (output === SigHash.ALL) preimage.bytes(outputsHash!);
  preimage.u8((context.leafHash ? 2 : 0) + (context.annexHash ? 1 : 0));
  if (anyoneCanPay) {
    preimage.outPoint(input.prevout).output(cache.spentOutputs[inputIndex]!).u32(input.sequence);
  } else {
    preimage.u32(inputIndex);
  }
  if (context.annexHash) preimage.bytes(context.annexHash);
  if (output === SigHash.SINGLE) preimage.bytes(outputsHash!);
  // The leaf, key version 0, and the position of the last executed OP_CODESEPARATOR.
  if (context.leafHash) preimage.bytes(context.leafHash).u8(0).u32(codeSeparatorPosition);
  return preimage.sha256();
}

const nothing = new Uint8Array(0);
const noHashes = { prevouts: nothing, amounts: nothing, scriptPubKeys: nothing, sequences: nothing };
