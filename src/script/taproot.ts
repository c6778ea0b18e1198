import { compareBytes } from '../bytes/compare.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { taggedHash } from '../crypto/hash.ts';
import { secp256k1 } from '../crypto/secp256k1.ts';
import { TAPROOT_CONTROL_BASE_SIZE, TAPROOT_CONTROL_NODE_SIZE, TAPROOT_LEAF_MASK } from './limits.ts';

const leafHash = taggedHash('TapLeaf');
const branchHash = taggedHash('TapBranch');
const tweakHash = taggedHash('TapTweak');

/** Returns the tapleaf hash of a script, 32 bytes (BIP341). */
export function tapLeafHash(leafVersion: number, script: Uint8Array): Uint8Array {
  const prefix = new ByteWriter(1 + compactSizeLength(script.length)).u8(leafVersion).compactSize(script.length);
  return leafHash(prefix.finish(), script);
}

/** Returns the tapbranch hash of two nodes, 32 bytes; their order does not matter (BIP341). */
export function tapBranchHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) < 0 ? branchHash(a, b) : branchHash(b, a);
}

/** Returns the tweak of an internal key (x-only), 32 bytes (BIP341). Without a merkle root, there are no scripts. */
export function tapTweakHash(internalKey: Uint8Array, merkleRoot?: Uint8Array): Uint8Array {
  return merkleRoot ? tweakHash(internalKey, merkleRoot) : tweakHash(internalKey);
}

/**
 * Returns whether the control block proves that the output key (x-only) commits to the tapleaf hash `leaf` (Core:
 * VerifyTaprootCommitment). The caller checks the size of the control block first.
 */
export function verifyTaprootCommitment(control: Uint8Array, outputKey: Uint8Array, leaf: Uint8Array): boolean {
  const internalKey = control.subarray(1, TAPROOT_CONTROL_BASE_SIZE);
  let node = leaf;
  for (let at = TAPROOT_CONTROL_BASE_SIZE; at < control.length; at += TAPROOT_CONTROL_NODE_SIZE) {
    node = tapBranchHash(node, control.subarray(at, at + TAPROOT_CONTROL_NODE_SIZE));
  }
  const parity = control[0]! & ~TAPROOT_LEAF_MASK ? 1 : 0;
  return secp256k1().xOnlyTweakAddCheck(internalKey, tapTweakHash(internalKey, node), outputKey, parity);
}
