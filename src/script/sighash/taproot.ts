import { sha256 } from '../../crypto/hash.ts';
import type { SighashCache } from './cache.ts';
import { preimage } from './preimage.ts';
import { SigHash } from './types.ts';

/** The data that a Taproot signature commits to besides the transaction (Core: ScriptExecutionData). */
export interface TaprootContext {
  /** The `annexHash` of the witness, 32 bytes; undefined without an annex. */
  readonly annexHash: Uint8Array | undefined;
  /** The tapleaf hash (32 bytes) in a script path spend; undefined in a key path spend. */
  readonly leafHash: Uint8Array | undefined;
}

/** The opcode position that is signed if no OP_CODESEPARATOR has been executed (BIP342). */
export const NO_CODE_SEPARATOR = 0xffff_ffff;

const tag = sha256(new TextEncoder().encode('TapSighash'));

/** Returns the hash of an annex with its length prefix (BIP341: sha_annex), 32 bytes. */
export function annexHash(annex: Uint8Array): Uint8Array {
  return preimage.reset().varBytes(annex).sha256();
}

/** Returns whether BIP341 defines the hash type. */
function isDefined(hashType: number): boolean {
  return hashType <= SigHash.SINGLE || (hashType > SigHash.ANYONECANPAY && hashType <= 0x83);
}

/**
 * Returns the hash that a Taproot signature signs, 32 bytes (BIP341; with a leaf hash, the extension of BIP342; Core:
 * SignatureHashSchnorr). Undefined for an undefined hash type, and for SIGHASH_SINGLE without a matching output.
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

  // Computed before the shared preimage is reset, because these may use it too.
  const { shaPrevouts, shaAmounts, shaScriptPubKeys, shaSequences } = anyoneCanPay ? noHashes : cache;
  let outputsHash: Uint8Array | undefined;
  if (output === SigHash.ALL) outputsHash = cache.shaOutputs;
  else if (output === SigHash.SINGLE) outputsHash = preimage.reset().output(outputs[inputIndex]!).sha256();

  // The tag hash twice, then the epoch byte.
  preimage.reset().bytes(tag).bytes(tag).u8(0);
  preimage.u8(hashType).u32(version).u32(lockTime);
  preimage.bytes(shaPrevouts).bytes(shaAmounts).bytes(shaScriptPubKeys).bytes(shaSequences);
  if (output === SigHash.ALL) preimage.bytes(outputsHash!);
  preimage.u8((context.leafHash ? 2 : 0) + (context.annexHash ? 1 : 0));
  if (anyoneCanPay) {
    preimage.outPoint(input.prevout).output(cache.spentOutputs[inputIndex]!).u32(input.sequence);
  } else {
    preimage.u32(inputIndex);
  }
  if (context.annexHash) preimage.bytes(context.annexHash);
  if (output === SigHash.SINGLE) preimage.bytes(outputsHash!);
  // BIP342's extension: leaf hash, key version 0, position of the last executed OP_CODESEPARATOR.
  if (context.leafHash) preimage.bytes(context.leafHash).u8(0).u32(codeSeparatorPosition);
  return preimage.sha256();
}

const nothing = new Uint8Array(0);
const noHashes = { shaPrevouts: nothing, shaAmounts: nothing, shaScriptPubKeys: nothing, shaSequences: nothing };
