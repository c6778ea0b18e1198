import { concatBytes } from '../bytes/compare.ts';
import { sha256d } from '../crypto/hash.ts';
import type { Transaction } from '../primitives/transaction.ts';

/** OP_RETURN, the length of a 36-byte push, and the commitment header (BIP141). */
const PREFIX = Uint8Array.from([0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]);
const SCRIPT_SIZE = PREFIX.length + 32;

/**
 * Returns the index of the coinbase output with the witness commitment, the last that matches; -1 if there is none
 * (BIP141; Core: GetWitnessCommitmentIndex).
 */
export function witnessCommitmentOutputIndex(coinbase: Transaction): number {
  for (let i = coinbase.outputs.length - 1; i >= 0; i--) {
    const script = coinbase.outputs[i]!.scriptPubKey;
    if (script.length >= SCRIPT_SIZE && PREFIX.every((byte, at) => script[at] === byte)) return i;
  }
  return -1;
}

/** Returns the commitment hash (32 bytes) in the script of the output at `witnessCommitmentOutputIndex`. */
export function committedWitnessHash(scriptPubKey: Uint8Array): Uint8Array {
  return scriptPubKey.subarray(PREFIX.length, SCRIPT_SIZE);
}

/** Returns the commitment hash of a witness merkle root and the coinbase's witness reserved value, 32 bytes each. */
export function witnessCommitment(witnessRoot: Uint8Array, reserved: Uint8Array): Uint8Array {
  return sha256d(concatBytes(witnessRoot, reserved));
}

/** Returns the scriptPubKey of a coinbase output with this commitment hash. */
export function witnessCommitmentScript(commitment: Uint8Array): Uint8Array {
  return concatBytes(PREFIX, commitment);
}
