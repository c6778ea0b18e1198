import type { TxOut } from '../../primitives/transaction.ts';
import { ScriptCursor } from '../cursor.ts';
import { Op } from '../opcodes.ts';
import { LEGACY_INPUT_SIZE, type SighashCache } from './cache.ts';
import { preimage } from './preimage.ts';
import { SigHash } from './types.ts';

/** The number one as a little-endian uint256: the hash signed by SIGHASH_SINGLE without a matching output. */
const one = new Uint8Array(32);
one[0] = 1;

const blankOutput: TxOut = { value: -1n, scriptPubKey: new Uint8Array(0) };

/**
 * Returns the hash that a signature in a bare or P2SH script signs, 32 bytes in internal order: that of the transaction
 * with `scriptCode` as this input's scriptSig, reduced as `hashType` (an int32) says (Core: SignatureHash).
 */
export function legacySighash(
  cache: SighashCache,
  inputIndex: number,
  scriptCode: Uint8Array,
  hashType: number,
): Uint8Array {
  const output = hashType & 0x1f;
  if (output === SigHash.SINGLE && inputIndex >= cache.tx.outputs.length) return one;
  const script = withoutCodeSeparators(scriptCode);
  if (output === SigHash.NONE || output === SigHash.SINGLE || hashType & SigHash.ANYONECANPAY) {
    return partialSighash(cache, inputIndex, script, hashType);
  }
  const { bytes, firstScript } = cache.legacyTemplate;
  const at = firstScript + inputIndex * LEGACY_INPUT_SIZE;
  return preimage
    .reset()
    .bytes(bytes.subarray(0, at))
    .varBytes(script)
    .bytes(bytes.subarray(at + 1))
    .u32(hashType)
    .sha256d();
}

function partialSighash(cache: SighashCache, inputIndex: number, script: Uint8Array, hashType: number): Uint8Array {
  const { version, inputs, outputs, lockTime } = cache.tx;
  const output = hashType & 0x1f;
  preimage.reset().u32(version);

  if (hashType & SigHash.ANYONECANPAY) {
    const own = inputs[inputIndex]!;
    preimage.compactSize(1).outPoint(own.prevout).varBytes(script).u32(own.sequence);
  } else {
    preimage.compactSize(inputs.length);
    for (const [i, input] of inputs.entries()) {
      preimage.outPoint(input.prevout);
      if (i === inputIndex) preimage.varBytes(script).u32(input.sequence);
      // NONE and SINGLE leave the sequences of the other inputs unsigned.
      else preimage.u8(0).u32(0);
    }
  }

  if (output === SigHash.NONE) {
    preimage.compactSize(0);
  } else if (output === SigHash.SINGLE) {
    preimage.compactSize(inputIndex + 1);
    for (let i = 0; i < inputIndex; i++) preimage.output(blankOutput);
    preimage.output(outputs[inputIndex]!);
  } else {
    preimage.compactSize(outputs.length);
    for (const each of outputs) preimage.output(each);
  }
  return preimage.u32(lockTime).u32(hashType).sha256d();
}

/** Returns the script without OP_CODESEPARATOR; the same array if it has none. */
export function withoutCodeSeparators(script: Uint8Array): Uint8Array {
  if (!script.includes(Op.OP_CODESEPARATOR)) return script;
  const out = new Uint8Array(script.length);
  let length = 0;
  let kept = 0;
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    if (cursor.opcode !== Op.OP_CODESEPARATOR) continue;
    out.set(script.subarray(kept, cursor.offset - 1), length);
    length += cursor.offset - 1 - kept;
    kept = cursor.offset;
  }
  out.set(script.subarray(kept), length);
  return out.subarray(0, length + script.length - kept);
}
