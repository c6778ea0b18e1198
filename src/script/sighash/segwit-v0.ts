import type { SighashCache } from './cache.ts';
import { preimage } from './preimage.ts';
import { SigHash } from './types.ts';

const zero: Uint8Array = new Uint8Array(32);

/**
 * Returns the hash that a signature in a version 0 witness program signs, 32 bytes in internal order (BIP143).
 * `scriptCode` is the script after the last executed OP_CODESEPARATOR.
 */
export function segwitV0Sighash(
  cache: SighashCache,
  inputIndex: number,
  scriptCode: Uint8Array,
  hashType: number,
): Uint8Array {
  const { version, inputs, outputs, lockTime } = cache.tx;
  const input = inputs[inputIndex]!;
  const anyoneCanPay = (hashType & SigHash.ANYONECANPAY) !== 0;
  const output = hashType & 0x1f;
  const allOutputs = output !== SigHash.SINGLE && output !== SigHash.NONE;

  // Computed before the shared preimage is reset, because these may use it too.
  const prevouts = anyoneCanPay ? zero : cache.hashPrevouts;
  const sequences = anyoneCanPay || !allOutputs ? zero : cache.hashSequences;
  let outputsHash = zero;
  if (allOutputs) outputsHash = cache.hashOutputs;
  else if (output === SigHash.SINGLE && inputIndex < outputs.length) {
    outputsHash = preimage.reset().output(outputs[inputIndex]!).sha256d();
  }

  return preimage
    .reset()
    .u32(version)
    .bytes(prevouts)
    .bytes(sequences)
    .outPoint(input.prevout)
    .varBytes(scriptCode)
    .i64(cache.spentOutputs[inputIndex]!.value)
    .u32(input.sequence)
    .bytes(outputsHash)
    .u32(lockTime)
    .u32(hashType)
    .sha256d();
}
