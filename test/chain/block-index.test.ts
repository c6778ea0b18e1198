import { describe, expect, it } from 'vitest';
import { ActiveChain } from '../../src/chain/tree/active-chain.ts';
import { BlockIndex, lastCommonAncestor } from '../../src/chain/tree/block-index.ts';
import { regtest } from '../../src/consensus/params.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

describe('BlockIndex', () => {
  const header = regtest.genesis.header;
  const child = (prev: BlockIndex | undefined, tag: number) => {
    const hash = sha256(Uint8Array.of(tag, ...(prev?.hash ?? [])));
    return BlockIndex.of(header, hash, prev, (prev?.chainwork ?? 0n) + 2n);
  };

  it('finds the same ancestors and forks as a walk over parents', () => {
    const trunk = [child(undefined, 0)];
    while (trunk.length < 3000) trunk.push(child(trunk.at(-1), 0));
    const branch = [child(trunk[1234], 1)];
    while (branch.length < 2000) branch.push(child(branch.at(-1), 1));
    const random = new SeededRandom(1);
    for (let i = 0; i < 2000; i++) {
      const from = trunk[randomInt(random, trunk.length)]!;
      const height = randomInt(random, trunk.length);
      expect(from.ancestor(height)).toBe(height <= from.height ? trunk[height] : undefined);
      const other = branch[randomInt(random, branch.length)]!;
      expect(lastCommonAncestor(from, other)).toBe(trunk[Math.min(from.height, 1234)]);
    }
    expect(trunk[5]!.ancestor(-1)).toBeUndefined();
  });

  it('reaches an ancestor among 30,000 blocks by a few dozen hops (Core: GetSkipHeight)', () => {
    const trunk = [child(undefined, 0)];
    while (trunk.length < 30_000) trunk.push(child(trunk.at(-1), 0));
    // A hop reads up to six heights.
    let reads = 0;
    for (const block of trunk) {
      const { height } = block;
      Object.defineProperty(block, 'height', {
        get: () => {
          reads++;
          return height;
        },
      });
    }
    const random = new SeededRandom(2);
    for (let i = 0; i < 2000; i++) {
      const from = 10_000 + randomInt(random, 20_000);
      trunk[from]!.ancestor(randomInt(random, from));
    }
    expect(reads / 2000).toBeLessThan(200);
  });
});

describe('ActiveChain', () => {
  it('begins with genesis', () => {
    const { header, hash } = regtest.genesis;
    const genesis = BlockIndex.of(header, hash, undefined, 2n);
    const chain = new ActiveChain();
    chain.push(genesis);
    expect([chain.tip, chain.at(0), chain.at(1)]).toEqual([genesis, genesis, undefined]);
    expect(chain.contains(genesis)).toBe(true);
  });
});
