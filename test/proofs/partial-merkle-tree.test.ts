import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { ByteReader } from '../../src/bytes/reader.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { merkleRoot } from '../../src/consensus/merkle.ts';
import { randomInt } from '../../src/platform/random.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { ProofError } from '../../src/proofs/errors.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { merkleProof, merkleProofRoot } from '../../src/proofs/merkle-proof.ts';
import { PartialMerkleTree } from '../../src/proofs/partial-merkle-tree.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { countFlips, countTruncations, flipBit, hostileCounts, roundTrips } from '../support/hostile.ts';
import { rawBlock, realBlock } from '../support/real-blocks.ts';
import { describeVectors, vectorBytes } from '../support/vectors.ts';

const random = new SeededRandom(37);
const randomHashes = (count: number) => Array.from({ length: count }, () => random.bytes(32));

function encode(tree: PartialMerkleTree): Uint8Array {
  const writer = new ByteWriter();
  tree.write(writer);
  return writer.finish();
}

function decode(bytes: Uint8Array): PartialMerkleTree {
  const reader = new ByteReader(bytes);
  const tree = PartialMerkleTree.read(reader);
  reader.end();
  return tree;
}

/** Returns the flag bits as a string of 0 and 1, the lowest bit of each byte first. */
function bitsOf({ flags }: PartialMerkleTree): string {
  return [...flags].map((byte) => byte.toString(2).padStart(8, '0').split('').reverse().join('')).join('');
}

function flaw(tree: PartialMerkleTree | MerkleBlock): string | undefined {
  try {
    tree.extract();
  } catch (error) {
    if (error instanceof ProofError) return error.code;
    throw error;
  }
  return undefined;
}

/** Checks the root, matches and proofs of an encoded and decoded tree. */
function check(txids: readonly Uint8Array[], matches: readonly boolean[]): void {
  const tree = decode(encode(PartialMerkleTree.of(txids, matches)));
  const extracted = tree.extract();
  const { root } = merkleRoot(txids);
  expect(toHex(extracted.root)).toBe(toHex(root));
  const expected = txids.map((txid, position) => ({ txid, position })).filter(({ position }) => matches[position]);
  expect(extracted.matches.map(({ position }) => position)).toEqual(expected.map(({ position }) => position));
  expect(extracted.matches.map(({ txid }) => toHex(txid))).toEqual(expected.map(({ txid }) => toHex(txid)));
  for (const { position, txid } of expected.slice(0, 10)) {
    const proof = extracted.proofOf(position)!;
    expect(toHex(merkleProofRoot(txid, proof))).toBe(toHex(root));
    expect(proof.branch.map(toHex)).toEqual(merkleProof(txids, position).branch.map(toHex));
  }
  const other = matches.indexOf(false);
  expect(extracted.proofOf(other < 0 ? txids.length : other)).toBeUndefined();
}

describe('Partial merkle trees', () => {
  it('prove every subset of up to seven transactions', () => {
    for (let count = 1; count <= 7; count++) {
      const txids = randomHashes(count);
      for (let set = 0; set < 2 ** count; set++) {
        check(
          txids,
          txids.map((_, i) => ((set >> i) & 1) === 1),
        );
      }
    }
  });

  it('prove random subsets of many transactions within the size bound', () => {
    for (const count of [8, 9, 17, 56, 127, 256, 513, 2000]) {
      const txids = randomHashes(count);
      for (const share of [1, 10, 1000]) {
        const matches = txids.map(() => randomInt(random, share) === 0);
        const matched = matches.filter(Boolean).length;
        const size = encode(PartialMerkleTree.of(txids, matches)).length;
        // The bound of Core's pmt_tests: one hash per match and level, one bit per node.
        const depth = Math.ceil(Math.log2(count));
        const nodes = Math.min(count, 1 + matched * depth);
        expect(size).toBeLessThanOrEqual(10 + Math.ceil((258 * nodes + 7) / 8));
        check(txids, matches);
      }
    }
  });

  it('are encoded as in BIP37: depth-first, left before right, with a hash where no match is below', () => {
    const txids = randomHashes(5);
    const tree = PartialMerkleTree.of(txids, [false, false, true, false, false]);
    const pair = merkleRoot(txids.slice(0, 2)).root;
    const last = merkleRoot([txids[4]!, txids[4]!, txids[4]!, txids[4]!]).root;
    expect(bitsOf(tree)).toBe('11011000');
    expect(tree.hashes.map(toHex)).toEqual([pair, txids[2]!, txids[3]!, last].map(toHex));
    const none = PartialMerkleTree.of(txids, new Array(5).fill(false));
    expect(bitsOf(none)).toBe('00000000');
    expect(none.hashes.map(toHex)).toEqual([toHex(merkleRoot(txids).root)]);
  });

  it('with a flipped bit have another root or prove true positions only', () => {
    for (const count of [1, 6]) {
      const txids = randomHashes(count);
      const bytes = encode(
        PartialMerkleTree.of(
          txids,
          [...txids.keys()].map((i) => i % 4 === 0),
        ),
      );
      const root = toHex(merkleRoot(txids).root);
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        let changed: PartialMerkleTree;
        try {
          changed = decode(flipBit(bytes, bit));
        } catch {
          continue;
        }
        if (flaw(changed) !== undefined) continue;
        const extracted = changed.extract();
        if (toHex(extracted.root) !== root) continue;
        // No hash commits to the flag bits and the count, so the matches may differ.
        for (const { txid, position } of extracted.matches) expect(toHex(txid)).toBe(toHex(txids[position]!));
      }
    }
  });

  it('have a codec that handles truncated and flipped bytes and hostile counts', () => {
    const codec = { decode, encode };
    const bytes = encode(PartialMerkleTree.of(randomHashes(5), [true, false, false, true, false]));
    expect(countTruncations(codec, bytes)).toBe(0);
    countFlips(codec, bytes);
    for (const count of hostileCounts) {
      roundTrips(codec, Uint8Array.from([...bytes.subarray(0, 4), ...count]));
      roundTrips(codec, Uint8Array.from([...bytes.subarray(0, 4), 0, ...count]));
    }
  });
});

describe('A partial merkle tree is rejected', () => {
  const tree = (count: number, hashes: number | readonly Uint8Array[], ...flags: number[]) =>
    new PartialMerkleTree(count, typeof hashes === 'number' ? randomHashes(hashes) : hashes, Uint8Array.from(flags));

  it('without transactions, or with more than fit into a block', () => {
    expect(flaw(tree(0, 0))).toBe('no-transactions');
    expect(flaw(tree(0, 1, 1))).toBe('no-transactions');
    // 4,000,000 weight units, and 240 for the smallest transaction.
    expect(flaw(tree(16_666, 1, 0))).toBeUndefined();
    expect(flaw(tree(16_667, 1, 0))).toBe('too-many-transactions');
    expect(flaw(tree(0xffff_ffff, 1, 0))).toBe('too-many-transactions');
  });

  it('with more hashes than transactions, or more hashes than bits', () => {
    expect(flaw(tree(1, 2, 1))).toBe('too-many-hashes');
    expect(flaw(tree(9, 9, 0xff))).toBe('too-few-bits');
    expect(flaw(tree(1, 1))).toBe('too-few-bits');
  });

  it('with too few bits or hashes', () => {
    expect(flaw(tree(1000, 1, 0xff))).toBe('bits-exhausted');
    expect(flaw(tree(1, 0, 1))).toBe('hashes-exhausted');
    expect(flaw(tree(2, 1, 1))).toBe('hashes-exhausted');
    expect(flaw(tree(1, 0))).toBe('bits-exhausted');
  });

  it('with unused bits or hashes', () => {
    expect(flaw(tree(1, 1, 1, 0))).toBe('unused-bits');
    expect(flaw(tree(2, 2, 1))).toBeUndefined();
    expect(flaw(tree(2, 2, 0))).toBe('unused-hashes');
    expect(flaw(tree(4, 3, 0b101))).toBeUndefined();
    expect(flaw(tree(4, 4, 0b101))).toBe('unused-hashes');
  });

  it('with equal siblings, which make a list seem longer (CVE-2012-2459)', () => {
    const [a, b, c] = randomHashes(3);
    const honest = PartialMerkleTree.of([a!, b!, c!], [false, false, true]);
    const forged = PartialMerkleTree.of([a!, b!, c!, c!], [false, false, false, true]);
    expect(toHex(honest.extract().root)).toBe(toHex(merkleRoot([a!, b!, c!, c!]).root));
    expect(flaw(forged)).toBe('equal-siblings');
    // Six leaves and a duplicate of the last two: their parents are equal.
    const six = randomHashes(6);
    const eight = [...six, ...six.slice(4)];
    expect(toHex(merkleRoot(six).root)).toBe(toHex(merkleRoot(eight).root));
    expect(
      flaw(
        PartialMerkleTree.of(
          eight,
          [...eight.keys()].map((i) => i === 7),
        ),
      ),
    ).toBe('equal-siblings');
  });

  it('at a cost bounded by its size', () => {
    // Visits at most one node per bit, whatever count is announced.
    const started = performance.now();
    expect(flaw(tree(16_666, 0, ...new Array(100).fill(0xff)))).toBe('hashes-exhausted');
    expect(flaw(tree(16_666, 16_666, ...new Array(2084).fill(0xff)))).toBe('bits-exhausted');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describeVectors('A real merkle block', 'blocks/merkle300025.raw', () => {
  it('proves transactions of the real block, and is encoded as Pier encodes it', () => {
    const bytes = vectorBytes('blocks/merkle300025.raw');
    const merkleBlock = MerkleBlock.decode(bytes);
    const block = realBlock('block300025');
    expect(merkleBlock.header.hashHex).toBe(block.hashHex);
    const { matches } = merkleBlock.extract();
    expect(matches.length).toBeGreaterThan(0);
    for (const { position, txid } of matches) {
      expect(toHex(txid)).toBe(toHex(block.transactions[position]!.txid));
    }
    const matched = new Set(matches.map(({ txid }) => toHex(txid)));
    const again = MerkleBlock.of(
      block,
      block.transactions.map((tx) => matched.has(toHex(tx.txid))),
    );
    expect(toHex(again.encode())).toBe(toHex(bytes));
    expect(toHex(merkleBlock.encode())).toBe(toHex(bytes));
  });

  it('is rejected with another header', () => {
    const bytes = vectorBytes('blocks/merkle300025.raw');
    expect(flaw(MerkleBlock.decode(bytes))).toBeUndefined();
    expect(flaw(MerkleBlock.decode(flipBit(bytes, 8 * 40)))).toBe('wrong-root');
  });

  it('of other real blocks proves the chosen transactions', () => {
    for (const name of ['block1', 'block426884', 'block898352', 'block928831']) {
      const block = realBlock(name);
      const header = BlockHeader.decode(rawBlock(name).subarray(0, 80));
      const wanted = block.transactions.map(() => randomInt(random, 5) === 0);
      const { tree } = MerkleBlock.of(block, wanted);
      const { matches } = MerkleBlock.decode(new MerkleBlock(header, tree).encode()).extract();
      const txids = block.transactions.map((tx) => toHex(tx.txid)).filter((_, i) => wanted[i]);
      expect(matches.map(({ txid }) => toHex(txid))).toEqual(txids);
    }
  });
});
