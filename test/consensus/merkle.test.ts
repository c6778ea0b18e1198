import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { merkleRoot } from '../../src/consensus/merkle.ts';
import { sha256, sha256d } from '../../src/crypto/hash.ts';

const leaf = (n: number) => sha256(Uint8Array.of(n, n >>> 8));
const join = (a: Uint8Array, b: Uint8Array) => sha256d(Uint8Array.from([...a, ...b]));

/** Computes a merkle root recursively, by its definition. */
function byDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  const level: Uint8Array[] = [];
  for (let i = 0; i < leaves.length; i += 2) level.push(join(leaves[i]!, leaves[i + 1] ?? leaves[i]!));
  return byDefinition(level);
}

describe('Merkle trees', () => {
  it('repeat the last hash of an odd level', () => {
    for (let count = 1; count <= 40; count++) {
      const leaves = Array.from({ length: count }, (_, i) => leaf(i));
      const { root, mutated } = merkleRoot(leaves);
      expect(toHex(root), String(count)).toBe(toHex(byDefinition(leaves)));
      expect(mutated, String(count)).toBe(false);
    }
    expect(merkleRoot([])).toEqual({ root: new Uint8Array(32), mutated: false });
  });

  it('with a duplicated end have the same root, and are marked mutated (CVE-2012-2459)', () => {
    let forgeries = 0;
    for (let count = 2; count <= 100; count++) {
      const leaves = Array.from({ length: count }, (_, i) => leaf(i));
      // The last hash of the first odd level covers this many leaves.
      let width = 1;
      while ((count / width) % 2 === 0) width *= 2;
      if (width === count) continue;
      const forged = [...leaves, ...leaves.slice(-width)];
      expect(toHex(merkleRoot(forged).root), String(count)).toBe(toHex(merkleRoot(leaves).root));
      expect(merkleRoot(forged).mutated, String(count)).toBe(true);
      forgeries++;
    }
    expect(forgeries).toBe(93);
    expect(merkleRoot([leaf(1), leaf(2), leaf(3), leaf(3)]).mutated).toBe(true);
    // Equal neighbours that are not siblings do not count.
    expect(merkleRoot([leaf(1), leaf(2), leaf(2), leaf(3)]).mutated).toBe(false);
  });
});
