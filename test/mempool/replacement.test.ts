import { describe, expect, it } from 'vitest';
import type { AcceptResult } from '../../src/mempool/mempool.ts';
import type { MempoolOptions } from '../../src/mempool/options.ts';
import { feeAtRate } from '../../src/mempool/policy/fee-rate.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { pay, RegtestChain, spend, type Utxo, utxo } from '../support/regtest-chain.ts';

// Reasons and error texts are those of Bitcoin Core 30.

const TRUC = { version: 3 };

function start(mempool: Partial<MempoolOptions> = {}): Promise<RegtestChain> {
  return RegtestChain.create({ blocks: 30, coinbaseMaturity: 3, mempool });
}

function accepted({ mempool }: RegtestChain, ...txs: Transaction[]): void {
  for (const tx of txs) expect(mempool.accept(tx)).toHaveProperty('entry');
}

const rejectOf = (result: AcceptResult) => ('reject' in result ? result.reject : undefined);

/** Returns a version 3 transaction of `vsize` virtual bytes. */
function sizedTruc(inputs: readonly Utxo[], vsize: number): Transaction {
  const make = (size: number) => {
    const scriptPubKey = new Uint8Array(size);
    scriptPubKey[0] = Op.OP_RETURN;
    const { outputs } = pay(inputs, 20_000n);
    return spend(inputs, [...outputs, { value: 0n, scriptPubKey }], TRUC);
  };
  const tx = make(300 + vsize - make(300).vsize);
  return tx.vsize === vsize ? tx : make(300 + vsize - make(300).vsize + vsize - tx.vsize);
}

describe('a replacement', () => {
  it('has a higher fee rate than each conflict', async () => {
    const chain = await start();
    const { mempool } = chain;
    const [a, b] = [chain.coinbase(1), chain.coinbase(2)];
    const [low, high] = [pay([a], 100n), pay([b], 2000n)];
    accepted(chain, low, high);
    const both = (fee: bigint) => pay([a, b], fee);
    const { vsize } = both(0n);
    // The rate of `high` for the larger transaction, and one satoshi more.
    const same = (2000n * BigInt(vsize)) / BigInt(high.vsize);
    expect(rejectOf(mempool.accept(both(same)))).toMatchObject({ kind: 'reconsiderable', reason: 'insufficient fee' });
    expect(rejectOf(mempool.accept(both(same)))!.debug).toMatch(
      new RegExp(
        `^rejecting replacement ${both(same).txidHex}; new feerate 0\\.\\d{8} BTC/kvB <= old feerate 0\\.000${(2000n * 1000n) / BigInt(high.vsize)} BTC/kvB$`,
      ),
    );
    const equal = pay([a], 100n, 1, { sequence: 0 });
    expect(equal.vsize).toBe(low.vsize);
    expect(rejectOf(mempool.accept(equal))?.debug).toContain('<= old feerate');
    expect(mempool.accept(both(same + 1n))).toMatchObject({ replaced: [{ tx: low }, { tx: high }] });
    checkMempool(chain);
  });

  it('pays for all that it replaces and its own relay', async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const parent = pay([from], 300n, 3);
    accepted(chain, parent, ...[0, 1, 2].map((vout) => pay([utxo(parent, vout)], 3000n)));
    const rival = (fee: bigint) => pay([from], fee);
    const relay = feeAtRate(100n, rival(0n).vsize);
    expect(rejectOf(mempool.accept(rival(9299n)))).toEqual({
      kind: 'reconsiderable',
      reason: 'insufficient fee',
      debug: `rejecting replacement ${rival(9299n).txidHex}, less fees than conflicting txs; 0.00009299 < 0.000093`,
    });
    const short = rival(9300n + relay - 1n);
    // Core's FormatMoney leaves out trailing zeros.
    expect(relay).toBe(10n);
    const missing = '0.00000009 < 0.0000001';
    expect(rejectOf(mempool.accept(short))).toEqual({
      kind: 'reconsiderable',
      reason: 'insufficient fee',
      debug: `rejecting replacement ${short.txidHex}, not enough additional fees to relay; ${missing}`,
    });
    const result = mempool.accept(rival(9300n + relay));
    expect('replaced' in result && result.replaced).toHaveLength(4);
    expect(mempool.size).toBe(1);
    checkMempool(chain);
  });

  it('counts prioritised fees, its own and those of the replaced', async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const old = pay([from], 1000n);
    accepted(chain, old);
    mempool.prioritise(old.txid, 50_000n);
    const rival = pay([from], 40_000n, 2);
    expect(rejectOf(mempool.accept(rival))?.reason).toBe('insufficient fee');
    mempool.prioritise(rival.txid, 60_000n);
    expect(mempool.accept(rival)).toMatchObject({
      entry: { fee: 40_000n, modifiedFee: 100_000n },
      replaced: [{ tx: old }],
    });
  });

  it('has no unconfirmed parents but those of the replaced', async () => {
    const chain = await start();
    const { mempool } = chain;
    const [root, other] = [pay([chain.coinbase(1)], 1000n, 3), pay([chain.coinbase(2)], 1000n, 2)];
    const old = pay([utxo(root, 0), chain.coinbase(3)], 1000n);
    accepted(chain, root, other, old);
    const rival = pay([chain.coinbase(3), utxo(root, 1), utxo(other, 0)], 90_000n);
    expect(rejectOf(mempool.accept(rival))).toEqual({
      kind: 'mempool-policy',
      reason: 'replacement-adds-unconfirmed',
      debug: `replacement ${rival.txidHex} adds unconfirmed input, idx 2`,
    });
    accepted(chain, pay([chain.coinbase(3), utxo(root, 2)], 90_000n));
    expect(mempool.has(old.txid)).toBe(false);
  });

  it('does not spend what it replaces', async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const old = pay([from], 1000n, 2);
    const child = pay([utxo(old, 0)], 1000n);
    accepted(chain, old, child);
    for (const spent of [utxo(old, 1), utxo(child, 0)]) {
      const rival = pay([from, spent], 90_000n);
      expect(rejectOf(mempool.accept(rival))).toEqual({
        kind: 'consensus',
        reason: 'bad-txns-spends-conflicting-tx',
        debug: `${rival.txidHex} spends conflicting transaction ${old.txidHex}`,
      });
    }
  });

  it('evicts up to 100 transactions, of which those with two conflicts as ancestors count twice', async () => {
    const limits = { ancestorCount: 200, ancestorSize: 1_000_000, descendantCount: 200, descendantSize: 1_000_000 };
    const chain = await start({ limits });
    const { mempool } = chain;
    const [a, b] = [chain.coinbase(1), chain.coinbase(2)];
    const [first, second] = [pay([a], 1000n, 99), pay([b], 1000n)];
    const children = Array.from({ length: 99 }, (_, vout) => pay([utxo(first, vout)], 1000n));
    accepted(chain, first, ...children, second);
    const rival = pay([a, b], 1_000_000n);
    expect(rejectOf(mempool.accept(rival))).toEqual({
      kind: 'mempool-policy',
      reason: 'too many potential replacements',
      debug: `rejecting replacement ${rival.txidHex}; too many potential replacements (101 > 100)`,
    });
    mempool.remove(children[98]!.txid, 'conflict');
    expect(mempool.accept(rival, { testOnly: true })).toHaveProperty('entry');
    mempool.remove(second.txid, 'conflict');
    const shared = pay([utxo(first, 98), b], 2000n);
    accepted(chain, shared);
    // One of the first and of itself: 100 + 1.
    expect(rejectOf(mempool.accept(rival))?.debug).toContain('(101 > 100)');
    expect('replaced' in mempool.accept(pay([a], 1_000_000n))).toBe(true);
    expect(mempool.size).toBe(1);
    checkMempool(chain);
  });
});

describe('TRUC transactions (BIP431)', () => {
  const name = (tx: Transaction) => `${tx.txidHex} (wtxid=${tx.wtxidHex})`;
  const violation = ({ mempool }: RegtestChain, tx: Transaction): string | undefined => {
    const reject = rejectOf(mempool.accept(tx));
    expect(reject).toMatchObject({ kind: 'mempool-policy', reason: 'TRUC-violation' });
    return reject!.debug;
  };

  it('have only relatives of version 3', async () => {
    const chain = await start();
    const [truc, old] = [pay([chain.coinbase(1)], 1000n, 2, TRUC), pay([chain.coinbase(2)], 1000n, 2)];
    accepted(chain, truc, old);
    const oldChild = pay([utxo(truc, 0)], 1000n);
    expect(violation(chain, oldChild)).toBe(
      `non-version=3 tx ${name(oldChild)} cannot spend from version=3 tx ${name(truc)}`,
    );
    const trucChild = pay([utxo(old, 0)], 1000n, 1, TRUC);
    expect(violation(chain, trucChild)).toBe(
      `version=3 tx ${name(trucChild)} cannot spend from non-version=3 tx ${name(old)}`,
    );
    accepted(chain, pay([utxo(old, 0)], 1000n), pay([utxo(truc, 0)], 1000n, 1, TRUC));
  });

  it('have up to 10,000 virtual bytes, with an unconfirmed parent up to 1,000', async () => {
    const chain = await start();
    const large = sizedTruc([chain.coinbase(1)], 10_001);
    expect(violation(chain, large)).toBe(`version=3 tx ${name(large)} is too big: 10001 > 10000 virtual bytes`);
    const parent = sizedTruc([chain.coinbase(1)], 10_000);
    accepted(chain, parent);
    const child = sizedTruc([utxo(parent, 0)], 1001);
    expect(violation(chain, child)).toBe(`version=3 child tx ${name(child)} is too big: 1001 > 1000 virtual bytes`);
    accepted(chain, sizedTruc([utxo(parent, 0)], 1000));
  });

  it('have one unconfirmed parent and one child', async () => {
    const chain = await start();
    const [a, b] = [1, 2].map((height) => pay([chain.coinbase(height)], 1000n, 2, TRUC));
    accepted(chain, a!, b!);
    const both = pay([utxo(a!, 0), utxo(b!, 0)], 1000n, 1, TRUC);
    expect(violation(chain, both)).toBe(`tx ${name(both)} would have too many ancestors`);
    const child = pay([utxo(a!, 0)], 1000n, 1, TRUC);
    accepted(chain, child);
    const grandchild = pay([utxo(child, 0)], 1000n, 1, TRUC);
    expect(violation(chain, grandchild)).toBe(`tx ${name(grandchild)} would have too many ancestors`);
  });

  it('evict their sibling if they pay for its replacement', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 3, TRUC);
    const child = pay([utxo(parent, 0)], 1000n, 1, TRUC);
    accepted(chain, parent, child);
    expect(rejectOf(mempool.accept(pay([utxo(parent, 1)], 1001n, 1, TRUC)))).toMatchObject({
      kind: 'reconsiderable',
      reason: 'insufficient fee (including sibling eviction)',
    });
    const sibling = pay([utxo(parent, 1)], 5000n, 1, TRUC);
    expect(mempool.accept(sibling)).toMatchObject({ replaced: [{ tx: child }] });
    // A replacement of the only child evicts no other.
    expect(rejectOf(mempool.accept(pay([utxo(parent, 1)], 5001n, 1, TRUC)))?.reason).toBe('insufficient fee');
    expect(mempool.accept(pay([utxo(parent, 1)], 9000n, 1, TRUC))).toMatchObject({ replaced: [{ tx: sibling }] });
    expect(mempool.size).toBe(2);
    checkMempool(chain);
  });

  it('evict no sibling if a reorganisation has left more relatives', async () => {
    const chain = await start();
    const parent = pay([chain.coinbase(1)], 1000n, 3, TRUC);
    await chain.mine(1, { transactions: [parent] });
    const children = [0, 1].map((vout) => pay([utxo(parent, vout)], 1000n, 1, TRUC));
    accepted(chain, ...children);
    await chain.chain.invalidateBlock(chain.chain.tip);
    expect(chain.mempool.get(parent.txid)).toMatchObject({ descendantCount: 3 });
    const third = pay([utxo(parent, 2)], 90_000n, 1, TRUC);
    expect(violation(chain, third)).toBe(`tx ${name(parent)} would exceed descendant count limit`);
    // The sibling has another parent too.
    const other = await start();
    const [first, second] = [1, 2].map((height) => pay([other.coinbase(height)], 1000n, 2, TRUC));
    await other.mine(1, { transactions: [first!] });
    await other.mine(1, { transactions: [second!] });
    accepted(other, pay([utxo(first!, 0), utxo(second!, 0)], 1000n, 1, TRUC));
    await other.chain.invalidateBlock(other.chain.atHeight(31)!);
    const late = pay([utxo(first!, 1)], 90_000n, 1, TRUC);
    expect(violation(other, late)).toBe(`tx ${name(first!)} would exceed descendant count limit`);
  });

  it('follow the same rules within a package', async () => {
    const chain = await start();
    const { mempool } = chain;
    const debug = (...txs: Transaction[]) => {
      const { reject } = mempool.testPackage(txs);
      return reject && `${reject.reason}: ${reject.debug}`;
    };
    const parent = pay([chain.coinbase(1)], 1000n, 3, TRUC);
    const [first, second] = [0, 1].map((vout) => pay([utxo(parent, vout)], 1000n, 1, TRUC));
    expect(debug(parent, first!)).toBeUndefined();
    const prefix = 'TRUC-violation: ';
    expect(debug(parent, first!, second!)).toBe(`${prefix}tx ${name(parent)} would exceed descendant count limit`);
    const grandchild = pay([utxo(first!, 0)], 500n, 1, TRUC);
    expect(debug(parent, first!, grandchild)).toBe(`${prefix}tx ${name(grandchild)} would have too many ancestors`);
    const old = pay([utxo(parent, 0)], 1000n);
    expect(debug(parent, old)).toBe(
      `${prefix}non-version=3 tx ${name(old)} cannot spend from version=3 tx ${name(parent)}`,
    );
    const oldParent = pay([chain.coinbase(2)], 1000n, 2);
    const child = pay([utxo(oldParent, 0)], 1000n, 1, TRUC);
    expect(debug(oldParent, child)).toBe(
      `${prefix}version=3 tx ${name(child)} cannot spend from non-version=3 tx ${name(oldParent)}`,
    );
    const large = sizedTruc([utxo(parent, 0)], 1001);
    expect(debug(parent, large)).toBe(
      `${prefix}version=3 child tx ${name(large)} is too big: 1001 > 1000 virtual bytes`,
    );
    expect(debug(parent, sizedTruc([utxo(parent, 0)], 1000))).toBeUndefined();
    const parents = [parent, pay([chain.coinbase(3)], 1000n, 1, TRUC)];
    const both = pay(
      parents.map((each) => utxo(each, 0)),
      1000n,
      1,
      TRUC,
    );
    expect(debug(...parents, both)).toBe(`${prefix}tx ${name(both)} would have too many ancestors`);
    expect(debug(parent, pay([chain.coinbase(4)], 1000n), pay([chain.coinbase(5)], 1000n, 1, TRUC))).toBeUndefined();

    // The parent and its child are in the mempool: nothing is evicted for a package.
    accepted(chain, parent, first!);
    expect(mempool.testPackage([second!]).results[0]).toMatchObject({ reject: { reason: 'TRUC-violation' } });
  });
});
