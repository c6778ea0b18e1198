import { concatBytes } from '../bytes/compare.ts';
import { sha256d } from '../crypto/hash.ts';
import type { Transaction } from '../primitives/transaction.ts';

/** OP_RETURN, a push of 36 bytes, and the commitment header of BIP141. */
const PREFIX = Uint8Array.from([0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]);
const SCRIPT_SIZE = PREFIX.length + 32;

/** The index of the coinbase's output that commits to the block's witnesses: the last that looks like one, else -1. */
export function witnessCommitmentOutputIndex(coinbase: Transaction): number {
  for (let i = coinbase.outputs.length - 1; i >= 0; i--) {
    const script = coinbase.outputs[i]!.scriptPubKey;
    if (script.length >= SCRIPT_SIZE && PREFIX.every((byte, at) => script[at] === byte)) return i;
  }
  return -1;
}

/** The 32 bytes that the output at `witnessCommitmentOutputIndex` commits to. */
export function committedWitnessHash(scriptPubKey: Uint8Array): Uint8Array {
  return scriptPubKey.subarray(PREFIX.length, SCRIPT_SIZE);
}

/** The hash to commit to, of the witness merkle root and the 32-byte reserved value in the coinbase's witness. */
export function witnessCommitment(witnessRoot: Uint8Array, reserved: Uint8Array): Uint8Array {
  return sha256d(concatBytes(witnessRoot, reserved));
}

/** The scriptPubKey of the coinbase output that commits to `commitment`. */
export function witnessCommitmentScript(commitment: Uint8Array): Uint8Array {
  return concatBytes(PREFIX, commitment);
}
