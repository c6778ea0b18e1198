import { describe, expect, it } from 'vitest';
import type { MempoolLimits } from '../../src/mempool/options.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { ownScript, pay, RegtestChain, spend, type Utxo, utxo } from '../support/regtest-chain.ts';

const unlimited: MempoolLimits = {
  ancestorCount: 100,
  ancestorSize: 1_000_000,
  descendantCount: 100,
  descendantSize: 1_000_000,
};

async function start(limits: Partial<MempoolLimits> = {}, maxBytes = 300_000_000): Promise<RegtestChain> {
  const mempool = { limits: { ...unlimited, ...limits }, maxBytes };
  return RegtestChain.create({ blocks: 20, coinbaseMaturity: 3, mempool });
}

/** Returns a transaction of exactly `vsize` virtual bytes, with `outputs` outputs of `ownScript` and one of data. */
function sized(inputs: readonly Utxo[], vsize: number, outputs = 1): Transaction {
  const fee = 20_000n;
  const make = (padding: number) => {
    const { outputs: paid } = pay(inputs, fee, outputs);
    const scriptPubKey = new Uint8Array(padding);
    scriptPubKey[0] = Op.OP_RETURN;
    return spend(inputs, [...paid, { value: 0n, scriptPubKey }]);
  };
  let padding = 1;
  while (make(padding).vsize < vsize) padding += vsize - make(padding).vsize;
  while (make(padding).vsize > vsize) padding--;
  const tx = make(padding);
  if (tx.vsize !== vsize) throw new Error(`no transaction of ${vsize} virtual bytes`);
  return tx;
}

/** Accepts a transaction with `fanOut` outputs and children of the first ones. */
function family(chain: RegtestChain, children: number, fanOut = 8): { parent: Transaction; children: Transaction[] } {
  const parent = pay([chain.coinbase(1)], 1000n, fanOut);
  const made = Array.from({ length: children }, (_, vout) => pay([utxo(parent, vout)], 1000n));
  for (const tx of [parent, ...made]) accepted(chain, tx);
  return { parent, children: made };
}

function accepted({ mempool }: RegtestChain, tx: Transaction): void {
  expect(mempool.accept(tx)).toHaveProperty('entry');
}

function tooLong({ mempool }: RegtestChain, tx: Transaction, debug: string): void {
  expect(mempool.accept(tx)).toEqual({ reject: { kind: 'mempool-policy', reason: 'too-long-mempool-chain', debug } });
}

describe('the limits of ancestors and descendants', () => {
  it('include the transaction itself and count each relative once', async () => {
    const chain = await start({ ancestorCount: 4 });
    const [a, b] = [pay([chain.coinbase(1)], 1000n, 3), pay([chain.coinbase(2)], 1000n, 2)];
    const both = pay([utxo(a, 0), utxo(a, 1), utxo(b, 0)], 1000n, 2);
    for (const tx of [a, b, both]) accepted(chain, tx);
    // Four with itself: the three above.
    const fourth = pay([utxo(both, 0), utxo(a, 2)], 1000n);
    accepted(chain, fourth);
    expect(chain.mempool.get(fourth.txid)).toMatchObject({ ancestorCount: 4 });
    tooLong(chain, pay([utxo(fourth, 0)], 1000n), 'too many unconfirmed ancestors [limit: 4]');
    const parents = [1, 2, 3, 4].map((_, i) => pay([chain.coinbase(3 + i)], 1000n, 2));
    for (const tx of parents) accepted(chain, tx);
    const of = (count: number, vout: number) => parents.slice(0, count).map((parent) => utxo(parent, vout));
    tooLong(chain, pay(of(4, 0), 1000n), 'too many unconfirmed parents [limit: 4]');
    accepted(chain, pay(of(3, 1), 1000n));
  });

  it('apply to the virtual bytes of all ancestors', async () => {
    const chain = await start({ ancestorSize: 1000 });
    const parent = sized([chain.coinbase(1)], 400, 2);
    accepted(chain, parent);
    accepted(chain, sized([utxo(parent, 0)], 600));
    tooLong(chain, sized([utxo(parent, 1)], 601), 'exceeds ancestor size limit [limit: 1000]');
  });

  it('apply to the number of descendants of every ancestor', async () => {
    const chain = await start({ descendantCount: 3 });
    const { parent, children } = family(chain, 1);
    const child = pay([utxo(children[0]!, 0)], 1000n, 3);
    accepted(chain, child);
    // Two ancestors, so that the carve-out does not apply.
    tooLong(chain, pay([utxo(child, 0)], 1000n), `too many descendants for tx ${parent.txidHex} [limit: 3]`);
  });

  it('apply to the virtual bytes of all descendants', async () => {
    const chain = await start({ descendantSize: 30_000 });
    const parent = sized([chain.coinbase(1)], 10_000, 4);
    accepted(chain, parent);
    const debug = `exceeds descendant size limit for tx ${parent.txidHex} [limit: 30000]`;
    tooLong(chain, sized([utxo(parent, 0)], 20_001), debug);
    accepted(chain, sized([utxo(parent, 0)], 20_000));
    tooLong(chain, sized([utxo(parent, 1)], 10_001), debug);
  });
});

describe('the carve-out for one more child (Core: CPFP carve out)', () => {
  it('applies once, and later rejects name the limit without it', async () => {
    const chain = await start({ descendantCount: 3 });
    const { parent } = family(chain, 2);
    accepted(chain, pay([utxo(parent, 2)], 1000n));
    expect(chain.mempool.get(parent.txid)).toMatchObject({ descendantCount: 4 });
    tooLong(chain, pay([utxo(parent, 3)], 1000n), `too many descendants for tx ${parent.txidHex} [limit: 3]`);
  });

  it('is for a child with one ancestor', async () => {
    const chain = await start({ descendantCount: 3 });
    const { parent, children } = family(chain, 2);
    const debug = `too many descendants for tx ${parent.txidHex} [limit: 3]`;
    tooLong(chain, pay([utxo(children[0]!, 0)], 1000n), debug);
    const other = pay([chain.coinbase(2)], 1000n);
    accepted(chain, other);
    tooLong(chain, pay([utxo(parent, 2), utxo(other, 0)], 1000n), debug);
  });

  it('is for up to 10,000 virtual bytes', async () => {
    const chain = await start({ descendantCount: 3 });
    const { parent } = family(chain, 2);
    const debug = `too many descendants for tx ${parent.txidHex} [limit: 3]`;
    tooLong(chain, sized([utxo(parent, 2)], 10_001), debug);
    accepted(chain, sized([utxo(parent, 2)], 10_000));
  });

  it('adds 10,000 virtual bytes to the size of descendants', async () => {
    const chain = await start({ descendantSize: 2000 });
    const parent = sized([chain.coinbase(1)], 1000, 4);
    for (const tx of [parent, sized([utxo(parent, 0)], 1000), sized([utxo(parent, 1)], 9000)]) accepted(chain, tx);
    const debug = `exceeds descendant size limit for tx ${parent.txidHex} [limit: 2000]`;
    tooLong(chain, sized([utxo(parent, 2)], 1001), debug);
    accepted(chain, sized([utxo(parent, 2)], 1000));
  });

  it('keeps the limit on the size of ancestors', async () => {
    const chain = await start({ descendantCount: 1, ancestorSize: 1000 });
    const parent = sized([chain.coinbase(1)], 500, 2);
    accepted(chain, parent);
    tooLong(chain, sized([utxo(parent, 0)], 501), `too many descendants for tx ${parent.txidHex} [limit: 1]`);
    accepted(chain, sized([utxo(parent, 0)], 500));
  });

  it('is not for a TRUC transaction', async () => {
    const chain = await start({ descendantCount: 3 });
    const { parent } = family(chain, 2);
    const child = pay([utxo(parent, 2)], 1000n, 1, { version: 3 });
    tooLong(chain, child, `too many descendants for tx ${parent.txidHex} [limit: 3]`);
  });

  it('is not for packages', async () => {
    const chain = await start({ descendantCount: 3 });
    const { parent } = family(chain, 2);
    const child = pay([utxo(parent, 2)], 1000n);
    const debug = `too many descendants for tx ${parent.txidHex} [limit: 3]`;
    const rejected = { reject: { kind: 'mempool-policy', reason: 'too-long-mempool-chain', debug } };
    expect(chain.mempool.acceptPackage([child]).results).toEqual([rejected]);
    expect(chain.mempool.testPackage([child]).results).toEqual([rejected]);
    accepted(chain, child);
  });
});

describe('a replacement of one conflict', () => {
  it('may take its place among the descendants', async () => {
    const chain = await start({ descendantCount: 3, descendantSize: 50_000 });
    const { parent, children } = family(chain, 2);
    const debug = `too many descendants for tx ${parent.txidHex} [limit: 3]`;
    // Too large for the carve-out.
    const large = (spent: readonly Utxo[]) => {
      const tx = sized(spent, 11_000);
      chain.mempool.prioritise(tx.txid, 1_000_000n);
      return tx;
    };
    tooLong(chain, large([utxo(parent, 2)]), debug);
    tooLong(chain, large([utxo(parent, 0), utxo(parent, 1)]), debug);
    expect(chain.mempool.accept(large([utxo(parent, 0)]))).toMatchObject({ replaced: [{ tx: children[0] }] });
    checkMempool(chain);
  });

  it('may take its space among the descendants', async () => {
    const chain = await start({ descendantSize: 20_000 });
    const parent = sized([chain.coinbase(1)], 1000, 3);
    const child = sized([utxo(parent, 0)], 19_000);
    for (const tx of [parent, child]) accepted(chain, tx);
    const rival = (vsize: number) => {
      const tx = sized([utxo(parent, 0)], vsize, 2);
      chain.mempool.prioritise(tx.txid, 1_000_000n);
      return tx;
    };
    // The limit plus the size of the conflict.
    tooLong(chain, rival(19_001), `exceeds descendant size limit for tx ${parent.txidHex} [limit: 39000]`);
    expect(chain.mempool.accept(rival(19_000))).toMatchObject({ replaced: [{ tx: child }] });
    expect(chain.mempool.get(parent.txid)).toMatchObject({ descendantCount: 2, descendantSize: 20_000 });
  });
});

describe('the memory limit', () => {
  it('applies to transactions that a reorganisation returns', async () => {
    const chain = await start();
    const { mempool } = chain;
    const fees = [5000n, 1000n, 4000n, 2000n, 3000n];
    const confirmed = fees.map((fee, i) => pay([chain.coinbase(i + 1)], fee));
    await chain.mine(1, { transactions: confirmed });
    const waiting = pay([chain.coinbase(6)], 3500n);
    accepted(chain, waiting);
    const each = mempool.usage;

    const small = await start({}, 4 * each);
    await small.acceptBlocks(chain.blocks(1).slice(-1));
    accepted(small, waiting);
    const removed: string[] = [];
    small.mempool.events.on('removed', ({ entry, reason }) => removed.push(`${entry.fee} ${reason}`));
    await small.chain.invalidateBlock(small.chain.tip);
    expect(removed).toEqual(['1000 sizelimit', '2000 sizelimit']);
    expect([...small.mempool.entries()].map(({ fee }) => fee)).toEqual([3500n, 5000n, 4000n, 3000n]);
    expect(small.mempool.minFeeRate()).toBe((2000n * 1000n) / BigInt(waiting.vsize) + 100n);
    checkMempool(small);
  });

  it('spares the parent of a child that is prioritised later', async () => {
    const chain = await start({}, 13_000);
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 100n);
    const child = pay([utxo(parent, 0)], 100n);
    for (const tx of [parent, child]) accepted(chain, tx);
    mempool.prioritise(child.txid, 100_000n);
    for (let height = 2; height < 10; height++) mempool.accept(pay([chain.coinbase(height)], 3000n));
    expect([mempool.has(parent.txid), mempool.has(child.txid)]).toEqual([true, true]);

    mempool.prioritise(child.txid, -100_000n);
    for (let height = 10; height < 15; height++) mempool.accept(pay([chain.coinbase(height)], 4000n));
    expect([mempool.has(parent.txid), mempool.has(child.txid)]).toEqual([false, false]);
  });

  it('spares a prioritised parent, but not its child', async () => {
    const chain = await start({}, 13_000);
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 100n);
    const child = pay([utxo(parent, 0)], 100n, 1, { sequence: 0 });
    for (const tx of [parent, child]) accepted(chain, tx);
    mempool.prioritise(parent.txid, 100_000n);
    for (let height = 2; height < 10; height++) mempool.accept(pay([chain.coinbase(height)], 3000n));
    expect([mempool.has(parent.txid), mempool.has(child.txid)]).toEqual([true, false]);
  });

  it('counts what the entries take, whatever order they leave in', async () => {
    const chain = await start();
    const { mempool } = chain;
    expect(mempool.usage).toBe(0);
    const { parent, children } = family(chain, 3);
    const before = mempool.usage;
    const data = { value: 0n, scriptPubKey: Uint8Array.of(Op.OP_RETURN, ...new Uint8Array(1000)) };
    const large = spend([chain.coinbase(2)], [{ value: 1000n, scriptPubKey: ownScript }, data]);
    accepted(chain, large);
    expect(mempool.usage - before).toBeGreaterThan(2000);
    await chain.mine(1, { transactions: [parent, large] });
    await chain.mine(1, { transactions: [children[1]!] });
    expect(mempool.size).toBe(2);
    for (let height = 22; height > 20; height--) {
      await chain.chain.invalidateBlock(chain.chain.atHeight(height)!);
      checkMempool(chain);
    }
    await chain.mine(1);
    expect([mempool.size, mempool.usage, mempool.bytes, mempool.totalFee]).toEqual([0, 0, 0, 0n]);
  });
});
