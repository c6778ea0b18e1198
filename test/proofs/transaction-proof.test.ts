import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { merkleRoot } from '../../src/consensus/merkle.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { type MerkleProof, merkleProof, merkleProofRoot } from '../../src/proofs/merkle-proof.ts';
import { type TransactionProofResult, verifyTransactionProof } from '../../src/proofs/transaction-proof.ts';
import { coinbase as makeCoinbase, OP_TRUE } from '../chain/support/builder.ts';
import { realBlock } from '../support/real-blocks.ts';
import { describeVectors } from '../support/vectors.ts';

const prevout = { txid: new Uint8Array(32).fill(7), vout: 0 };
const FINAL = 0xffff_ffff;

function transaction(lockTime: number): Transaction {
  const inputs = [{ prevout, scriptSig: new Uint8Array(0), sequence: FINAL, witness: [] }];
  const outputs = [{ value: 2_100_000_000_000_000n, scriptPubKey: OP_TRUE }];
  return new Transaction({ version: 2, inputs, outputs, lockTime });
}

const coinbase = makeCoinbase(100);

/** A block of a coinbase and the given transactions, with their proofs. */
class TestBlock {
  readonly transactions: readonly Transaction[];
  readonly txids: readonly Uint8Array[];
  readonly header: { readonly merkleRoot: Uint8Array };

  constructor(...rest: readonly Transaction[]) {
    this.transactions = [coinbase, ...rest];
    this.txids = this.transactions.map((tx) => tx.txid);
    this.header = { merkleRoot: merkleRoot(this.txids).root };
  }

  proof(position: number): MerkleProof {
    return merkleProof(this.txids, position);
  }

  get coinbase() {
    return { transaction: coinbase, proof: this.proof(0) };
  }

  verify(tx: Transaction, proof: MerkleProof, first?: TestBlock['coinbase']): TransactionProofResult {
    return verifyTransactionProof({ header: this.header, transaction: tx, proof, ...(first && { coinbase: first }) });
  }
}

const proved = (position: number, depthProved: boolean) => ({ valid: true, position, depthProved });
const rejected = (flaw: string) => ({ valid: false, flaw });

describe('A transaction is proved', () => {
  it('at every position in blocks of any size; with the coinbase, so is the depth of the tree', () => {
    for (let count = 1; count <= 17; count++) {
      const block = new TestBlock(...Array.from({ length: count }, (_, i) => transaction(i)));
      for (let i = 1; i <= count; i++) {
        const tx = block.transactions[i]!;
        expect(block.verify(tx, block.proof(i))).toEqual(proved(i, false));
        expect(block.verify(tx, block.proof(i), block.coinbase)).toEqual(proved(i, true));
      }
    }
  });

  it('by itself if it is the coinbase', () => {
    const alone = new TestBlock();
    expect(alone.verify(coinbase, { position: 0, branch: [] })).toEqual(proved(0, true));
    const block = new TestBlock(transaction(1), transaction(2));
    expect(block.verify(coinbase, block.proof(0))).toEqual(proved(0, true));
  });
});

describe('A proof is rejected', () => {
  const block = new TestBlock(...[1, 2, 3, 4].map(transaction));
  const tx = block.transactions[3]!;
  const proof = block.proof(3);

  it('with a modified, truncated or extended branch, or for another transaction', () => {
    for (let i = 0; i < proof.branch.length; i++) {
      for (let bit = 0; bit < 256; bit += 37) {
        const branch = proof.branch.map((hash) => Uint8Array.from(hash));
        branch[i]![bit >> 3]! ^= 1 << (bit & 7);
        expect(block.verify(tx, { position: 3, branch })).toEqual(rejected('wrong-root'));
      }
    }
    expect(block.verify(tx, { position: 3, branch: proof.branch.slice(0, 2) })).toEqual(rejected('wrong-root'));
    const longer = [...proof.branch, new Uint8Array(32)];
    expect(block.verify(tx, { position: 3, branch: longer })).toEqual(rejected('wrong-root'));
    expect(block.verify(transaction(99), proof)).toEqual(rejected('wrong-root'));
    expect(block.verify(tx, { ...proof, branch: [...proof.branch].reverse() })).toEqual(rejected('wrong-root'));
  });

  it('at another position, or at one that no tree has', () => {
    for (const position of [1, 2, 4, 5, 6, 7]) {
      expect(block.verify(tx, { ...proof, position })).toEqual(rejected('wrong-root'));
    }
    expect(block.verify(tx, { ...proof, position: 0 })).toEqual(rejected('wrong-coinbase'));
    for (const position of [-1, 8, 11, 2 ** 31 + 3, 2 ** 32 + 3, 2 ** 53, 3.5, Number.NaN, Infinity]) {
      expect(block.verify(tx, { ...proof, position })).toEqual(rejected('wrong-position'));
    }
    const deep = { position: 3, branch: new Array(16).fill(new Uint8Array(32)) };
    expect(block.verify(tx, deep)).toEqual(rejected('wrong-position'));
  });

  it('at the position of a duplicate', () => {
    // Neither leaf 4 nor its parent has a sibling: positions 5, 6 and 7 lead to the same root.
    const last = block.transactions[4]!;
    const { branch } = block.proof(4);
    expect(block.verify(last, { position: 4, branch })).toEqual(proved(4, false));
    for (const position of [5, 6, 7]) {
      expect(block.verify(last, { position, branch })).toEqual(rejected('equal-siblings'));
    }
  });

  it('with a coinbase that is not one, or has an invalid proof', () => {
    const other = block.transactions[1]!;
    const withCoinbase = (first: TestBlock['coinbase']) => block.verify(tx, proof, first);
    expect(withCoinbase({ transaction: other, proof: block.proof(1) })).toEqual(rejected('wrong-coinbase'));
    expect(withCoinbase({ transaction: coinbase, proof: block.proof(1) })).toEqual(rejected('wrong-coinbase'));
    expect(withCoinbase({ transaction: makeCoinbase(7), proof: block.proof(0) })).toEqual(rejected('wrong-root'));
    const { branch } = block.proof(0);
    expect(withCoinbase({ transaction: coinbase, proof: { position: 0, branch: branch.slice(1) } })).toEqual(
      rejected('wrong-root'),
    );
  });
});

// CVE-2017-12842. The lock time is chosen so that the txid is a valid second half of a 64-byte transaction.
const unmined = transaction(870_458);

describe('Confusing inner nodes and leaves', () => {
  it('a 64-byte leaf as an inner node proves an unmined transaction, unless the coinbase proves the depth', () => {
    const left = concatBytes(Uint8Array.of(1, 0, 0, 0, 1), new Uint8Array(27).fill(5));
    const bait = Transaction.decode(concatBytes(left, unmined.txid));
    expect(bait.strippedSize).toBe(64);
    const block = new TestBlock(transaction(1), bait, transaction(3));
    const mined = block.proof(2);
    const forged = { position: 2 * mined.position + 1, branch: [left, ...mined.branch] };

    expect(toHex(merkleProofRoot(unmined.txid, forged))).toBe(toHex(block.header.merkleRoot));
    expect(block.verify(unmined, forged)).toEqual(proved(5, false));
    expect(block.verify(unmined, forged, block.coinbase)).toEqual(rejected('wrong-depth'));
    // A merkle block that claims five to eight transactions proves the same: no hash commits to the count.
    expect(block.verify(bait, mined, block.coinbase)).toEqual(rejected('size-of-inner-node'));
    const honest = block.transactions[3]!;
    expect(block.verify(honest, block.proof(3), block.coinbase)).toEqual(proved(3, true));
    // The branch of the coinbase cannot be extended to the wrong depth.
    const lengthened = { position: 0, branch: [new Uint8Array(32), ...block.proof(0).branch] };
    expect(block.verify(unmined, forged, { transaction: coinbase, proof: lengthened })).toEqual(rejected('wrong-root'));
  });

  it('an inner node as a 64-byte transaction is rejected', () => {
    let lockTime = 0;
    while (transaction(lockTime).txid[4] !== 1) lockTime++;
    const [left, right] = [transaction(lockTime), unmined];
    const block = new TestBlock(transaction(1), left, right);
    const node = Transaction.decode(concatBytes(left.txid, right.txid));
    expect(node.strippedSize).toBe(64);
    const forged = { position: 1, branch: block.proof(2).branch.slice(1) };
    expect(toHex(merkleProofRoot(node.txid, forged))).toBe(toHex(block.header.merkleRoot));
    expect(block.verify(node, forged)).toEqual(rejected('size-of-inner-node'));
    expect(block.verify(node, forged, block.coinbase)).toEqual(rejected('size-of-inner-node'));
  });
});

describeVectors('Transactions of real blocks', 'blocks/block928828.raw', () => {
  it('are proved by a merkle block that also matches the coinbase', () => {
    const block = realBlock('block928828');
    const wanted = new Set([0, 1, block.transactions.length >> 1, block.transactions.length - 1]);
    const merkleBlock = MerkleBlock.of(
      block,
      block.transactions.map((_, i) => wanted.has(i)),
    );
    const { matches, proofOf } = MerkleBlock.decode(merkleBlock.encode()).extract();
    expect(matches).toHaveLength(wanted.size);
    const first = { transaction: block.transactions[0]!, proof: proofOf(0)! };
    for (const { position } of matches) {
      const tx = block.transactions[position]!;
      const claim = { header: block.header, transaction: tx, proof: proofOf(position)!, coinbase: first };
      expect(verifyTransactionProof(claim)).toEqual(proved(position, true));
      const other = block.transactions[position === 2 ? 3 : 2]!;
      expect(verifyTransactionProof({ ...claim, transaction: other }).valid).toBe(false);
    }
  });
});
