import { compareBytes } from '../bytes/compare.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { taggedHash } from '../crypto/hash.ts';
import { secp256k1 } from '../crypto/secp256k1.ts';
import { TAPROOT_CONTROL_BASE_SIZE, TAPROOT_CONTROL_NODE_SIZE, TAPROOT_LEAF_MASK } from './limits.ts';

const leafHash = taggedHash('TapLeaf');
const branchHash = taggedHash('TapBranch');
const tweakHash = taggedHash('TapTweak');

/** The hash of one script in a Taproot tree (BIP341). 32 bytes. */
export function tapLeafHash(leafVersion: number, script: Uint8Array): Uint8Array {
  const prefix = new ByteWriter(1 + compactSizeLength(script.length)).u8(leafVersion).compactSize(script.length);
  return leafHash(prefix.finish(), script);
}

/** The hash of two nodes of a Taproot tree, in whichever order they are given. */
export function tapBranchHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) < 0 ? branchHash(a, b) : branchHash(b, a);
}

/** What is added to the internal key, times the generator, for a tree with this root; no root for no scripts. */
export function tapTweakHash(internalKey: Uint8Array, merkleRoot?: Uint8Array): Uint8Array {
  return merkleRoot ? tweakHash(internalKey, merkleRoot) : tweakHash(internalKey);
}

/** Whether the control block, whose size has been checked, proves that the output key commits to the leaf. */
export function verifyTaprootCommitment(control: Uint8Array, outputKey: Uint8Array, leaf: Uint8Array): boolean {
  const internalKey = control.subarray(1, TAPROOT_CONTROL_BASE_SIZE);
  let node = leaf;
  for (let at = TAPROOT_CONTROL_BASE_SIZE; at < control.length; at += TAPROOT_CONTROL_NODE_SIZE) {
    node = tapBranchHash(node, control.subarray(at, at + TAPROOT_CONTROL_NODE_SIZE));
  }
  const parity = control[0]! & ~TAPROOT_LEAF_MASK ? 1 : 0;
  return secp256k1().xOnlyTweakAddCheck(internalKey, tapTweakHash(internalKey, node), outputKey, parity);
}
