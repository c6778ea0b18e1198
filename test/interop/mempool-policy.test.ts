import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { type Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import {
  KNOTS_MAX_DATA_CARRIER,
  mineAll,
  ourEntries,
  ourVerdict,
  sendTo,
  startCorePolicyNode,
  submitTo,
  theirEntries,
  theirVerdict,
} from '../support/core-policy.ts';
import { pay, RegtestChain, type SpendOptions, type Utxo, utxo } from '../support/regtest-chain.ts';

describeBitcoind('mempool policy, compared with bitcoind', () => {
  let node: Bitcoind;
  let ours: RegtestChain;
  let nextCoinbase = 1;

  /** Returns a mature unspent coin. */
  const coin = () => ours.coinbase(nextCoinbase++);

  /** Submits the transaction to both nodes and returns their common verdict. */
  async function offer(tx: Transaction): Promise<string> {
    const theirs = await theirVerdict(node, tx);
    const verdict = ourVerdict(ours.mempool.accept(tx));
    if (theirs === 'ok') expect(await sendTo(node, tx)).toBeUndefined();
    expect(verdict).toBe(theirs);
    return verdict;
  }

  beforeAll(async () => {
    node = await startCorePolicyNode();
    ours = await RegtestChain.create({ blocks: 160, mempool: { maxDataCarrierBytes: KNOTS_MAX_DATA_CARRIER } });
    await submitTo(node, ours.blocks(1));
  });

  afterAll(() => node?.stop());

  // Confirms what the previous test left in the mempools.
  beforeEach(() => mineAll(node, ours));

  it('limits ancestors and descendants alike, with the CPFP carve-out', async () => {
    const root = pay([coin()], 10_000n, 2);
    expect(await offer(root)).toBe('ok');
    let last = root;
    for (let i = 2; i <= 25; i++) {
      last = pay([utxo(last, 0)], 1000n);
      expect(await offer(last)).toBe('ok');
    }
    expect(await offer(pay([utxo(last, 0)], 1000n))).toBe('too-long-mempool-chain');
    // The carve-out allows one more child of the root, if it is small.
    const carved = pay([utxo(root, 1)], 1000n, 3);
    expect(await offer(carved)).toBe('ok');
    expect(await offer(pay([utxo(carved, 0)], 1000n))).toBe('too-long-mempool-chain');
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });

  it('accepts a replacement at the descendant limit', async () => {
    const root = pay([coin()], 10_000n, 30);
    expect(await offer(root)).toBe('ok');
    for (let vout = 0; vout < 24; vout++) expect(await offer(pay([utxo(root, vout)], 1000n))).toBe('ok');
    // Too large for the carve-out.
    expect(await offer(pay([utxo(root, 24)], 200_000n, 300))).toBe('too-long-mempool-chain');
    expect(await offer(pay([utxo(root, 23)], 200_000n, 300))).toBe('ok');
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });

  it('limits the size of ancestors and descendants alike', async () => {
    const parent = pay([coin()], 10_000n, 3);
    expect(await offer(parent)).toBe('ok');
    const large = pay([utxo(parent, 0)], 100_000n, 1500);
    expect(await offer(large)).toBe('ok');
    // Too large as a sibling of `large`, and as its child.
    expect(await offer(pay([utxo(parent, 1)], 100_000n, 1000))).toBe('too-long-mempool-chain');
    expect(await offer(pay([utxo(large, 1), utxo(parent, 2)], 100_000n, 1000))).toBe('too-long-mempool-chain');
    expect(await offer(pay([utxo(parent, 1)], 100_000n, 700))).toBe('ok');
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });

  it('applies the same replacement rules (BIP125)', async () => {
    const from = coin();
    const low = pay([from], 1000n, 3);
    expect(await offer(low)).toBe('ok');
    const child = pay([utxo(low, 0)], 5000n);
    expect(await offer(child)).toBe('ok');
    // More than the parent's fee, but less than parent and child together.
    expect(await offer(pay([from], 4000n))).toBe('insufficient fee');
    // Exactly the fees of both; then one satoshi too few for its own relay; then just enough.
    const vsize = pay([from], 6000n).vsize;
    const relay = BigInt(Math.ceil(vsize / 10));
    expect(await offer(pay([from], 6000n))).toBe('insufficient fee');
    expect(await offer(pay([from], 6000n + relay - 1n))).toBe('insufficient fee');
    expect(await offer(pay([from], 6000n + relay))).toBe('ok');
    expect(ours.mempool.size).toBe(1);

    const other = pay([coin()], 1000n);
    expect(await offer(other)).toBe('ok');
    expect(await offer(pay([from, utxo(other, 0)], 50_000n))).toBe('replacement-adds-unconfirmed');
    expect(await offer(pay([utxo(other, 0), spentBy(other)], 50_000n))).toBe('bad-txns-spends-conflicting-tx');
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });

  /** Returns the coin that the transaction's first input spends. */
  function spentBy(tx: Transaction): Utxo {
    const { prevout } = tx.inputs[0]!;
    return { outpoint: prevout, output: ours.chain.getCoin(prevout)!.output };
  }

  it('limits the number of evicted transactions per replacement alike', async () => {
    const from: Utxo[] = [];
    for (let i = 0; i < 5; i++) {
      const start = coin();
      from.push(start);
      const root = pay([start], 1000n, 20);
      expect(await offer(root)).toBe('ok');
      for (let vout = 0; vout < 20; vout++) expect(await offer(pay([utxo(root, vout)], 1000n))).toBe('ok');
    }
    expect(await offer(pay(from, 1_000_000n))).toBe('too many potential replacements');
    expect(await offer(pay(from.slice(1), 1_000_000n))).toBe('ok');
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });

  it('applies the same TRUC rules (BIP431)', async () => {
    const truc: SpendOptions = { version: 3 };
    const parent = pay([coin()], 1000n, 3, truc);
    expect(await offer(parent)).toBe('ok');
    expect(await offer(pay([utxo(parent, 0)], 1000n))).toBe('TRUC-violation');
    const child = pay([utxo(parent, 0)], 1000n, 1, truc);
    expect(await offer(child)).toBe('ok');
    expect(await offer(pay([utxo(child, 0)], 1000n, 1, truc))).toBe('TRUC-violation');
    // A replacement of the child and a sibling eviction must both pay for the evicted child.
    expect(await offer(pay([utxo(parent, 0)], 900n, 1, truc))).toBe('insufficient fee');
    expect(await offer(pay([utxo(parent, 0)], 1500n, 1, truc))).toBe('ok');
    expect(await offer(pay([utxo(parent, 1)], 900n, 1, truc))).toBe('insufficient fee (including sibling eviction)');
    const sibling = pay([utxo(parent, 1)], 3000n, 1, truc);
    expect(await offer(sibling)).toBe('ok');
    expect(ours.mempool.size).toBe(2);
    // A TRUC transaction may be paid for by a child, so the relay fee is checked last.
    expect(await offer(pay([coin()], 5n, 1, truc))).toBe('min relay fee not met');
    const tooLarge = pay([utxo(parent, 1)], 50_000n, 40, truc);
    expect(await offer(tooLarge)).toBe('TRUC-violation');
    expect(await offer(pay([coin()], 100_000n, 330, truc))).toBe('TRUC-violation');
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });

  it('has the same mempool after a reorganisation', async () => {
    const tip = ours.chain.tip.height;
    const confirmed = pay([coin()], 1000n, 3);
    expect(await offer(confirmed)).toBe('ok');
    const doubleSpent = pay([coin()], 1000n, 2);
    expect(await offer(doubleSpent)).toBe('ok');
    const locked = pay([utxo(confirmed, 0)], 1000n, 1, { sequence: 1 });
    expect(await offer(locked)).toBe('non-BIP68-final');
    await submitTo(node, await ours.mine());
    expect(await offer(locked)).toBe('ok');
    const late = pay([coin()], 1000n, 1, { lockTime: tip + 1, sequence: 0xffff_fffe });
    expect(await offer(late)).toBe('ok');
    const childOfBoth = pay([utxo(confirmed, 1), utxo(doubleSpent, 0)], 2000n, 2);
    expect(await offer(childOfBoth)).toBe('ok');
    const childOfOne = pay([utxo(confirmed, 2), utxo(late, 0)], 2000n, 2);
    expect(await offer(childOfOne)).toBe('ok');

    // The other branch is one block longer and double-spends one coin.
    const other = await ours.fork(tip);
    const { prevout } = doubleSpent.inputs[0]!;
    const rival = pay([{ outpoint: prevout, output: other.chain.getCoin(prevout)!.output }], 2000n);
    await other.mine(1, { transactions: [rival] });
    await other.mine(1);
    await ours.acceptBlocks(other.blocks(tip + 1));
    await submitTo(node, other.blocks(tip + 1));
    expect(await node.rpc('getbestblockhash')).toBe(ours.chain.tip.hashHex);

    expect(ours.mempool.has(confirmed.txid)).toBe(true);
    expect(ours.mempool.has(doubleSpent.txid)).toBe(false);
    expect(ours.mempool.has(childOfOne.txid)).toBe(true);
    expect(ours.mempool.has(locked.txid)).toBe(false);
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
  });
});
