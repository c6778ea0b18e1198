import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { pay, RegtestChain, utxo } from '../support/regtest-chain.ts';

/** A clock that advances by `tick` milliseconds whenever it is read, so that slices end. */
class TickingClock extends VirtualClock {
  tick = 0;
  #ms = 0;

  override monotonic(): number {
    this.#ms += this.tick;
    return super.monotonic() + this.#ms;
  }
}

let clock: TickingClock;
let parts: RegtestChain;
/** Transactions of the tip. */
let mined: Transaction[];

beforeEach(async () => {
  clock = new TickingClock();
  parts = await RegtestChain.create({ blocks: 20, coinbaseMaturity: 1, clock });
  mined = Array.from({ length: 16 }, (_, i) => pay([parts.coinbase(i + 1)], 1_000n));
  for (const tx of mined) parts.mempool.accept(tx);
  await parts.mine();
  expect(parts.mempool.size).toBe(0);
});
afterEach(() => parts.chain.close());

const turn = () => new Promise((resolve) => setImmediate(resolve));
const ids = () => [...parts.mempool.entries()].map(({ tx }) => tx.txidHex).sort();
const idsOf = (txs: readonly Transaction[]) => txs.map(({ txidHex }) => txidHex).sort();

/** Disconnects the tip until some of its transactions are in the mempool again. Returns the rest of the work. */
async function disconnectPartly(): Promise<{ readonly done: Promise<void> }> {
  clock.tick = 1;
  const done = parts.chain.invalidateBlock(parts.chain.tip);
  while (parts.mempool.size === 0) await turn();
  expect(parts.mempool.size).toBeLessThan(mined.length);
  return { done };
}

describe('transactions of a disconnected block', () => {
  it('are re-added in slices, before the chain announces its tip', async () => {
    const sizes: number[] = [];
    parts.chain.events.on('tip', () => sizes.push(parts.mempool.size));
    const added: string[] = [];
    parts.mempool.events.on('added', ({ entry }) => added.push(entry.tx.txidHex));
    const { done } = await disconnectPartly();
    // Listeners see complete changes only.
    expect([added, sizes]).toEqual([[], []]);
    await done;
    expect(sizes).toEqual([mined.length]);
    expect(ids()).toEqual(idsOf(mined));
    expect(added.sort()).toEqual(idsOf(mined));
  });

  it('are not bound by the TRUC rules', async () => {
    const [truc, old] = [pay([parts.coinbase(17)], 1_000n, 3, { version: 3 }), pay([parts.coinbase(18)], 1_000n, 2)];
    const children = [
      pay([utxo(truc, 0)], 1_000n),
      // The second child of a TRUC transaction, and one of a transaction that is none.
      pay([utxo(truc, 1)], 1_000n, 1, { version: 3 }),
      pay([utxo(truc, 2)], 1_000n, 1, { version: 3 }),
      pay([utxo(old, 0)], 1_000n, 1, { version: 3 }),
    ];
    await parts.mine(1, { transactions: [truc, old, ...children] });
    await parts.chain.invalidateBlock(parts.chain.tip);
    expect(ids()).toEqual(idsOf([truc, old, ...children]));
    // What is submitted later is.
    expect(parts.mempool.accept(pay([utxo(old, 1)], 1_000n, 1, { version: 3 }))).toMatchObject({
      reject: { reason: 'TRUC-violation' },
    });
  });

  it('come before transactions that are submitted meanwhile', async () => {
    const { done } = await disconnectPartly();
    // It spends an output that a transaction of the block spends as well, and pays too little to replace that.
    const last = parts.coinbase(mined.length);
    const rival = pay([last], 1_001n, 2);
    const accepted = parts.mempool.acceptAsync(rival);
    const inPackage = parts.mempool.acceptPackageAsync([rival]);
    const tested = parts.mempool.testPackageAsync([rival]);
    expect(accepted).toBeInstanceOf(Promise);
    expect(inPackage).toBeInstanceOf(Promise);
    expect(await accepted).toMatchObject({ reject: { reason: 'insufficient fee' } });
    expect((await inPackage).results[0]).toMatchObject({ reject: { reason: 'insufficient fee' } });
    expect((await tested).results[0]).toMatchObject({ reject: {} });
    await done;
    expect(ids()).toEqual(idsOf(mined));
  });

  it.each<[string, (tx: Transaction) => void]>([
    ['accept', (tx) => void parts.mempool.accept(tx, { testOnly: true })],
    ['acceptPackage', (tx) => void parts.mempool.acceptPackage([tx])],
    ['testPackage', (tx) => void parts.mempool.testPackage([tx])],
    ['prioritise', (tx) => parts.mempool.prioritise(tx.txid, 0n)],
    ['remove', () => parts.mempool.remove(new Uint8Array(32), 'replaced')],
  ])('are all re-added before %s, which cannot wait', async (_, change) => {
    const { done } = await disconnectPartly();
    change(mined[0]!);
    expect(ids()).toEqual(idsOf(mined));
    await done;
    expect(ids()).toEqual(idsOf(mined));
    const child = pay([{ outpoint: { txid: mined[0]!.txid, vout: 0 }, output: mined[0]!.outputs[0]! }], 1_000n);
    expect(parts.mempool.acceptAsync(child)).toMatchObject({ entry: { ancestorCount: 2 } });
  });

  it('are followed by the removal of what is invalid at the new tip', async () => {
    const immature = pay([parts.coinbase(parts.chain.tip.height)], 1_000n);
    expect(parts.mempool.accept(immature)).toMatchObject({ entry: {} });
    clock.tick = 1;
    await parts.chain.invalidateBlock(parts.chain.tip);
    expect(ids()).toEqual(idsOf(mined));
  });
});
