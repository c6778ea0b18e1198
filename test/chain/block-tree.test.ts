import { describe, expect, it } from 'vitest';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { BlockTree } from '../../src/chain/tree/block-tree.ts';
import { regtest } from '../../src/consensus/params.ts';
import { BlockHeader } from '../../src/primitives/header.ts';

/** A tree of headers that all have the same work. */
class Trees {
  readonly tree = new BlockTree();
  readonly genesis: BlockIndex;
  #count = 0;

  constructor() {
    this.genesis = this.tree.add(regtest.genesis.header, regtest.genesis.hash, undefined);
    this.tree.receivedTransactions(this.genesis, 1);
  }

  /** Adds successive headers. */
  branch(from: BlockIndex, length: number): BlockIndex[] {
    const added: BlockIndex[] = [];
    let prev = from;
    for (let i = 0; i < length; i++) {
      const fields = { version: 1, prevHash: prev.hash, merkleRoot: new Uint8Array(32), time: 1, bits: prev.bits };
      const header = new BlockHeader({ ...fields, nonce: this.#count++ });
      prev = this.tree.add(header, header.hash, prev);
      added.push(prev);
    }
    return added;
  }

  /** Stores the bodies of blocks with one transaction each. */
  store(blocks: readonly BlockIndex[]): void {
    for (const block of blocks) this.tree.receivedTransactions(block, 1);
  }
}

const failed = (blocks: readonly BlockIndex[]) => blocks.map((block) => block.failed);

describe('the candidates for the tip', () => {
  it('are complete chains, however their bodies arrive', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const [parent, ...left] = trees.branch(genesis, 3) as [BlockIndex, BlockIndex, BlockIndex];
    const right = trees.branch(parent, 3) as [BlockIndex, BlockIndex, BlockIndex];
    // Both children wait for the same parent.
    trees.store([left[1]!, left[0]!, right[0], right[2]]);
    expect(tree.findMostWork(genesis)).toBe(genesis);
    expect([...left, ...right].map(({ chainTxCount }) => chainTxCount)).toEqual([0, 0, 0, 0, 0]);
    trees.store([parent]);
    expect([parent, ...left, ...right].map(({ chainTxCount }) => chainTxCount)).toEqual([2, 3, 4, 3, 0, 0]);
    expect(tree.findMostWork(genesis)).toBe(left[1]);
    trees.store([right[1]]);
    expect(right.map(({ chainTxCount }) => chainTxCount)).toEqual([3, 4, 5]);
    expect(tree.findMostWork(left[1]!)).toBe(right[2]);
  });

  it('are those with the most work, and among these the first', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const [left, right] = [trees.branch(genesis, 2), trees.branch(genesis, 2)];
    trees.store(right);
    trees.store(left);
    expect(tree.findMostWork(genesis)).toBe(right[1]);
    // A block with less work than the tip is none, even when the tip fails.
    const [late] = trees.branch(genesis, 1);
    trees.store([late!]);
    tree.pruneCandidates(right[1]!);
    for (const block of [...left, ...right]) tree.markFailed(block);
    expect(tree.findMostWork(genesis)).toBe(genesis);
  });

  it('do not include an invalid block whose parent arrives after it', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const [parent, child] = trees.branch(genesis, 2) as [BlockIndex, BlockIndex];
    trees.store([child]);
    tree.markFailed(child);
    trees.store([parent]);
    expect(tree.findMostWork(genesis)).toBe(parent);
  });

  it('include a preferred block only if it is valid and complete', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const [tip, other, invalid, incomplete] = Array.from({ length: 4 }, () => trees.branch(genesis, 1)[0]!);
    trees.store([tip!, other!, invalid!]);
    tree.markFailed(invalid!);
    for (const index of [invalid!, incomplete!]) {
      tree.prefer(index);
      expect(tree.findMostWork(tip!)).toBe(tip);
    }
    tree.prefer(other!);
    expect(tree.findMostWork(tip!)).toBe(other);
  });
});

describe('an invalid block', () => {
  it('makes its descendants invalid, and no other block', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const main = trees.branch(genesis, 4);
    const [side, other] = [trees.branch(main[1]!, 3), trees.branch(main[0]!, 4)];
    expect(tree.bestHeader).toBe(side[2]);
    tree.takeDirty();
    tree.markFailed(main[1]!);
    expect([main, side, other].map(failed)).toEqual([
      [false, true, true, true],
      [true, true, true],
      [false, false, false, false],
    ]);
    expect(tree.bestHeader).toBe(other[3]);
    expect([...tree.takeDirty()].sort((a, b) => a.height - b.height)).toHaveLength(6);
    // Nothing changes by a second mark.
    tree.markFailed(main[1]!);
    expect(tree.takeDirty().size).toBe(0);
  });

  it('that is reconsidered takes its ancestors and descendants with it, and no other block', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const main = trees.branch(genesis, 5);
    const [side, other] = [trees.branch(main[1]!, 1), trees.branch(genesis, 1)];
    tree.markFailed(main[1]!);
    tree.markFailed(other[0]!);
    tree.takeDirty();
    tree.clearFailed(main[3]!);
    // `side` descends from an ancestor only.
    expect([main, side, other].map(failed)).toEqual([[false, false, false, false, false], [true], [true]]);
    expect(tree.bestHeader).toBe(main[4]);
    expect(new Set(tree.takeDirty())).toEqual(new Set(main.slice(1)));
  });
});

describe('a copy of a tree', () => {
  /** What can be read from a tree, by hashes. */
  const read = (tree: BlockTree) => ({
    best: tree.bestHeader.hashHex,
    blocks: [...tree.values()].map((index) => [
      ...[index.hashHex, index.height, index.prev?.hashHex, index.chainwork, index.header.hashHex],
      ...[index.txCount, index.chainTxCount, index.sequence, index.hasData, index.hasUndo, index.failed],
      ...[index.ancestor(1)?.hashHex, index.medianTimePast()],
    ]),
  });

  it('has the same blocks, which wait for the same bodies, and shares none of them', () => {
    const trees = new Trees();
    const { tree, genesis } = trees;
    const left = trees.branch(genesis, 5);
    const right = trees.branch(left[0]!, 3);
    const lost = trees.branch(genesis, 7);
    tree.markFailed(lost[3]!);
    trees.store([...left, right[1]!, right[2]!]);
    left[0]!.hasUndo = true;
    const copy = tree.copy();
    const before = read(tree);
    expect(read(copy)).toEqual(before);
    for (const index of copy.values()) expect(tree.get(index.hash)).not.toBe(index);
    // The parent's body makes its descendants complete.
    const inCopy = (index: BlockIndex) => copy.get(index.hash)!;
    copy.collectCandidates(inCopy(genesis));
    expect(copy.findMostWork(inCopy(genesis))).toBe(inCopy(left[4]!));
    copy.receivedTransactions(inCopy(right[0]!), 1);
    expect(right.map((index) => inCopy(index).chainTxCount)).toEqual([3, 4, 5]);
    copy.clearFailed(inCopy(lost[3]!));
    expect(read(tree)).toEqual(before);
    expect(read(copy)).not.toEqual(before);
  });
});
