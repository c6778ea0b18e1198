import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { mineBlock, outpoint, spend } from '../chain/support/builder.ts';
import { ownScript } from '../support/regtest-chain.ts';
import { foreignCoin, inBlock, rewarding, written } from './support/ledger-fixture.ts';
import { script } from './support/wallet-fixture.ts';

/** A wallet that follows no chain: the test tells it what happens. */
async function setUp(options: Parameters<WalletFile['createWallet']>[1] = {}, seed = 1) {
  const clock = new VirtualClock();
  const store = new MemoryStore();
  const modules = { store, clock, random: new SeededRandom(seed), logger: silentLogger };
  const file = await WalletFile.open({ params: regtest }, modules);
  const wallet = await file.createWallet('w', options);
  const to = script(await wallet.newAddress());
  /** Moves the wallet to a height. */
  const at = (height: number) => wallet.synced({ height, locator: [] });
  return { clock, store, file, wallet, to, at };
}

/** Returns a payment of values to scripts. */
const pay = (outputs: readonly (readonly [Uint8Array, bigint])[], inputs: readonly OutPoint[] = [foreignCoin()]) =>
  spend({ inputs, outputs: outputs.map(([scriptPubKey, value]) => ({ scriptPubKey, value })) });

const balances = (wallet: Wallet) => Object.values(wallet.balance()).map(Number);

describe('the addresses of a wallet', () => {
  it('are listed with type, path, label, and whether they are change or used', async () => {
    const { wallet, to } = await setUp({ account: 4 });
    const change = await wallet.newAddress({ change: true });
    const labelled = await wallet.newAddress({ type: 'bech32m', label: 'rent' });
    wallet.transactionAdded(pay([[to, 1000n]]));
    const [first, second, third] = wallet.addresses();
    expect(wallet.addresses()).toHaveLength(3);
    expect(first).toMatchObject({ type: 'bech32', path: "m/84'/1'/4'/0/0", change: false, used: true, label: '' });
    expect(second).toMatchObject({ address: change, path: "m/84'/1'/4'/1/0", change: true, used: false });
    expect(third).toMatchObject({ address: labelled, type: 'bech32m', path: "m/86'/1'/4'/0/0", label: 'rent' });
    expect(wallet.name).toBe('w');
  });

  it('have keys that the wallet knows by their scripts', async () => {
    const { wallet, to } = await setUp();
    expect(wallet.owns(to)).toBe(true);
    expect(wallet.keyOf(to)).toMatchObject({ type: 'bech32', change: false, index: 0 });
    expect([wallet.owns(ownScript), wallet.keyOf(ownScript)]).toEqual([false, undefined]);
  });
});

describe('the balance of a wallet', () => {
  it('is trusted if it is confirmed or change of trusted coins, and pending otherwise', async () => {
    const { wallet, to, at } = await setUp();
    const own = script(await wallet.newAddress({ change: true }));
    at(10);
    const received = pay([[to, 5000n]]);
    wallet.transactionAdded(received);
    expect(balances(wallet)).toEqual([0, 5000, 0]);
    const change = pay([[own, 4000n]], [outpoint(received)]);
    wallet.transactionAdded(change);
    // Change of an untrusted coin is untrusted.
    expect(balances(wallet)).toEqual([0, 4000, 0]);
    expect(wallet.transaction(change.txidHex)!.isTrusted).toBe(false);
    wallet.transactionConfirmed(received, inBlock(10));
    expect(balances(wallet)).toEqual([4000, 0, 0]);
    expect(wallet.transaction(change.txidHex)!.isTrusted).toBe(true);
    const grandchild = pay([[own, 3000n]], [outpoint(change)]);
    wallet.transactionAdded(grandchild);
    expect(balances(wallet)).toEqual([3000, 0, 0]);
    // One input of others is enough to distrust.
    const mixed = pay([[own, 2000n]], [outpoint(grandchild), foreignCoin()]);
    wallet.transactionAdded(mixed);
    expect(balances(wallet)).toEqual([0, 2000, 0]);
    expect(wallet.listUnspent()).toMatchObject([{ confirmations: 0, isSafe: false, isMature: true }]);
    // What is not in the mempool does not count, nor is it trusted.
    wallet.transactionRemoved(mixed, 'expiry');
    expect(balances(wallet)).toEqual([0, 0, 0]);
    wallet.transactionRemoved(change, 'expiry');
    expect(wallet.transaction(grandchild.txidHex)!.isTrusted).toBe(false);
  });

  it('is immature for rewards of at most 100 confirmations, which are not listed as coins', async () => {
    const { wallet, at, to } = await setUp();
    const reward = spend({
      inputs: rewarding(5).inputs.map(({ prevout }) => prevout),
      outputs: [{ value: 50n, scriptPubKey: to }],
    });
    expect(reward.isCoinbase).toBe(true);
    wallet.transactionConfirmed(reward, inBlock(5, 0));
    at(104);
    expect(balances(wallet)).toEqual([0, 0, 50]);
    expect(wallet.listUnspent()).toEqual([]);
    at(105);
    expect(balances(wallet)).toEqual([50, 0, 0]);
    expect(wallet.listUnspent()).toMatchObject([{ confirmations: 101, isMature: true, isSafe: true }]);
  });

  it('names the block in which the first of several rewards can be spent', async () => {
    const { wallet, at, to } = await setUp();
    for (const height of [30, 20, 40]) {
      const { prevout, scriptSig, sequence } = rewarding(height).inputs[0]!;
      const outputs = [{ value: COIN + BigInt(height), scriptPubKey: to }];
      const reward = spend({ inputs: [prevout], outputs, scriptSig, sequence });
      wallet.transactionConfirmed(reward, inBlock(height, 0));
    }
    at(50);
    const made = wallet.createTransaction([{ value: 2n * COIN, scriptPubKey: ownScript }]);
    await expect(made).rejects.toMatchObject({
      code: 'immature-coins',
      hint: 'The first reward can be spent in block 121.',
    });
    const pending = pay([[to, COIN]]);
    wallet.transactionAdded(pending);
    await expect(wallet.createTransaction([{ value: 9n * COIN, scriptPubKey: ownScript }])).rejects.toMatchObject({
      ...{ code: 'insufficient-funds', hint: '1.00000000 BTC from others is unconfirmed.' },
    });
  });
});

describe('the confirmations of a transaction', () => {
  it('count the blocks from its own to the last one scanned, and are at least one', async () => {
    const { wallet, to, at } = await setUp();
    const tx = pay([[to, 1000n]]);
    const shown = () => wallet.transaction(tx.txidHex)!.confirmations;
    wallet.transactionAdded(tx);
    at(7);
    expect(shown()).toBe(0);
    wallet.transactionConfirmed(tx, inBlock(7));
    expect(shown()).toBe(1);
    at(9);
    expect(shown()).toBe(3);
    // A scan that repeats earlier blocks.
    at(3);
    expect(shown()).toBe(1);
  });

  it('are negative from the block that conflicts with it', async () => {
    const { wallet, to, at } = await setUp();
    const tx = pay([[to, 1000n]]);
    wallet.transactionAdded(tx);
    const rival = pay([[ownScript, 1000n]], [tx.inputs[0]!.prevout]);
    wallet.transactionConfirmed(rival, inBlock(7));
    const shown = () => wallet.transaction(tx.txidHex)!.confirmations;
    at(7);
    expect(shown()).toBe(-1);
    at(9);
    expect(shown()).toBe(-3);
    at(2);
    expect(shown()).toBe(-1);
    expect(wallet.transaction(rival.txidHex)).toBeUndefined();
  });
});

describe('the effect of a transaction on a wallet', () => {
  it('is what it takes and gives, and the fee if all inputs are of the wallet', async () => {
    const { wallet, to } = await setUp();
    const received = pay([
      [to, 5000n],
      [ownScript, 7n],
      [to, 3000n],
    ]);
    wallet.transactionConfirmed(received, inBlock(3));
    expect(wallet.transaction(received.txidHex)).toMatchObject({ debit: 0n, credit: 8000n, fee: undefined });
    const sent = pay(
      [
        [ownScript, 6000n],
        [to, 1500n],
      ],
      [outpoint(received, 0), outpoint(received, 2)],
    );
    wallet.transactionAdded(sent);
    expect(wallet.transaction(sent.txidHex)).toMatchObject({ debit: 8000n, credit: 1500n, fee: 500n });
    const shared = pay([[ownScript, 2000n]], [outpoint(sent, 1), foreignCoin()]);
    wallet.transactionAdded(shared);
    expect(wallet.transaction(shared.txidHex)).toMatchObject({ debit: 1500n, credit: 0n, fee: undefined });
    expect(wallet.history().map(({ entry }) => entry.tx.txidHex)).toEqual(
      [received, sent, shared].map(({ txidHex }) => txidHex),
    );
    expect(wallet.transaction('00')).toBeUndefined();
  });

  it('is known once a block has confirmed it, with all outputs that pay the wallet', async () => {
    const { wallet, to } = await setUp();
    const tx = pay([[to, 1000n]]);
    const place = inBlock(3);
    expect(wallet.isKnown(tx, place.blockHash)).toBe(false);
    wallet.transactionAdded(tx);
    expect(wallet.isKnown(tx, place.blockHash)).toBe(false);
    wallet.transactionConfirmed(tx, place);
    expect([wallet.isKnown(tx, place.blockHash), wallet.isKnown(tx, inBlock(4).blockHash)]).toEqual([true, false]);
    expect([wallet.scriptsPaidAt(3), wallet.scriptsPaidAt(4)]).toEqual([[to], []]);
  });
});

describe('a payment of a wallet', () => {
  const payee = [{ value: 20_000n, scriptPubKey: ownScript }];

  async function funded(values: readonly bigint[], seed = 1) {
    const fixture = await setUp({}, seed);
    const coins = pay(values.map((value) => [fixture.to, value] as const));
    fixture.wallet.transactionConfirmed(coins, inBlock(3));
    fixture.at(5);
    return { ...fixture, coins };
  }

  it('is recorded and written before it is submitted', async () => {
    const { wallet, store, clock } = await funded([100_000n]);
    clock.advance(5000);
    let submitted: Transaction | undefined;
    const { tx } = await wallet.send(payee, {}, (made) => {
      submitted = made;
      const entry = wallet.transaction(made.txidHex)!.entry;
      expect(entry.time).toBe(Math.floor(clock.now() / 1000));
      expect(new TextDecoder().decode(store.get(new TextEncoder().encode(`tx/0001/${made.txidHex}`)))).toContain(
        '"raw"',
      );
      expect(wallet.listUnspent()).toEqual([]);
      return {};
    });
    expect(submitted).toBe(tx);
    expect(wallet.unconfirmed()).toEqual([tx]);
    expect(wallet.hasUnoffered).toBe(true);
  });

  it('that is refused is removed from wallet and file, and the error says why', async () => {
    const { wallet, store } = await funded([100_000n]);
    const send = (reject: { reason: string; debug?: string }) => wallet.send(payee, {}, () => ({ reject }));
    await expect(send({ reason: 'min relay fee not met' })).rejects.toMatchObject({
      ...{ code: 'refused', message: 'the mempool rejected the payment: min relay fee not met' },
    });
    await expect(send({ reason: 'dust', debug: 'output 1' })).rejects.toMatchObject({
      message: 'the mempool rejected the payment: dust, output 1',
    });
    expect([wallet.unconfirmed(), wallet.history().length]).toEqual([[], 1]);
    const prefix = { gte: new TextEncoder().encode('tx/'), lt: new TextEncoder().encode('tx0') };
    expect([...store.entries(prefix)]).toHaveLength(0);
    await wallet.send(payee, {}, () => ({}));
  });

  it('gives change to a new change address of the type of the wallet, and uses none without change', async () => {
    const { wallet, to } = await funded([100_000n]);
    const { tx, changeIndex } = await wallet.createTransaction(payee);
    const key = wallet.keyOf(tx.outputs[changeIndex!]!.scriptPubKey)!;
    expect(key).toMatchObject({ type: 'bech32', change: true, index: 0 });
    expect(wallet.addresses()).toHaveLength(2);
    const all = await wallet.createTransaction([{ value: 100_000n, scriptPubKey: to }], { subtractFee: true });
    expect(all.changeIndex).toBeUndefined();
    expect(wallet.addresses()).toHaveLength(2);
    const other = await setUp({ addressType: 'bech32m' });
    other.wallet.transactionConfirmed(pay([[other.to, 100_000n]]), inBlock(3));
    const made = await other.wallet.createTransaction(payee);
    expect(other.wallet.keyOf(made.tx.outputs[made.changeIndex!]!.scriptPubKey)!.type).toBe('bech32m');
  });

  it('uses no address with reserveChange false, but watches the one that its change has', async () => {
    const { wallet } = await funded([100_000n]);
    const makings = Array.from({ length: 30 }, () => wallet.createTransaction(payee, { reserveChange: false }));
    const scripts = (await Promise.all(makings)).map(({ tx, changeIndex }) => tx.outputs[changeIndex!]!.scriptPubKey);
    expect(wallet.addresses()).toHaveLength(1);
    expect(new Set(scripts.map(toHex)).size).toBe(1);
    expect(wallet.keyOf(scripts[0]!)).toMatchObject({ change: true, index: 0 });
    const { tx } = await wallet.createTransaction(payee, { reserveChange: false });
    wallet.transactionAdded(tx);
    expect(wallet.addresses()).toHaveLength(2);
    expect(
      (await wallet.createTransaction(payee)).tx.outputs.map(({ scriptPubKey }) => toHex(scriptPubKey)),
    ).not.toContain(toHex(scripts[0]!));
  });

  it('can have data without an amount, but no address without one', async () => {
    const { wallet } = await funded([100_000n]);
    const data = { value: 0n, scriptPubKey: compileScript(Op.OP_RETURN, fromHex('c0ffee')) };
    const { tx } = await wallet.createTransaction([...payee, data]);
    expect(tx.outputs).toContainEqual(data);
    await expect(wallet.createTransaction([{ ...payee[0]!, value: 0n }])).rejects.toMatchObject({ code: 'bad-amount' });
  });

  it('is chosen again if a block spends one of its coins meanwhile', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { wallet, coins, clock } = await funded([30_000n, 30_000n, 30_000n], seed);
      // Each reading of the clock takes a millisecond, so that a slice is a few steps.
      let reading = 0;
      clock.monotonic = () => reading++;
      const making = wallet.createTransaction([{ value: 50_000n, scriptPubKey: ownScript }]);
      await Promise.resolve();
      wallet.transactionConfirmed(pay([[ownScript, 1000n]], [outpoint(coins, 0)]), inBlock(6));
      const { tx } = await making;
      expect(tx.inputs.map(({ prevout }) => prevout.vout).sort()).toEqual([1, 2]);
    }
  });

  it('is one of several that are made one after another, also after one has failed', async () => {
    const { wallet } = await funded([30_000n, 30_000n]);
    const outputs = [{ value: 25_000n, scriptPubKey: ownScript }];
    const outcomes = await Promise.allSettled([
      wallet.send(outputs, {}, () => ({})),
      wallet.send([{ value: 70_000n, scriptPubKey: ownScript }], {}, () => ({})),
      wallet.send(outputs, {}, () => ({})),
      wallet.send(outputs, {}, () => ({})),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
  });
});

describe('the sync state of a wallet', () => {
  it('keeps the pass of a scan when the chain moves, and lowers its beginning with a reorganisation', async () => {
    const { wallet, at } = await setUp();
    expect(wallet.syncedTo).toBeUndefined();
    at(3);
    wallet.moved({ height: 4, locator: [] });
    expect(wallet.syncedTo).toEqual({ height: 4, locator: [] });
    wallet.synced({ height: 9, locator: [], pass: { from: 5, watched: 40 } });
    expect(wallet.moved({ height: 10, locator: [] })).toHaveLength(1);
    expect(wallet.syncedTo).toEqual({ height: 10, locator: [], pass: { from: 5, watched: 40 } });
    wallet.moved({ height: 2, locator: [] });
    expect(wallet.syncedTo).toEqual({ height: 2, locator: [], pass: { from: 2, watched: 40 } });
  });
});

describe('a block', () => {
  it('confirms the transactions of the wallet at their positions, and writes nothing for others', async () => {
    const { wallet, to } = await setUp();
    const [tx, stranger] = [pay([[to, 1000n]]), pay([[ownScript, 1000n]])];
    const { hash, header } = regtest.genesis;
    const genesis = { height: 0, hash, time: header.time, bits: header.bits };
    const block = mineBlock(genesis, { transactions: [stranger, tx] });
    expect(new Set(written(wallet.blockConnected(block, 1)))).toEqual(new Set([tx.txidHex]));
    expect(wallet.transaction(tx.txidHex)!.entry.confirmation).toEqual({
      ...{ height: 1, position: 2, blockHash: block.hash, blockTime: block.header.time },
    });
    expect(wallet.blockConnected(mineBlock(genesis, { transactions: [stranger] }), 1)).toEqual([]);
    expect(wallet.rewind(1)).toEqual([]);
    expect(written(wallet.rewind(0))).toEqual([tx.txidHex]);
  });
});

describe('a transaction in the mempool', () => {
  it('is recorded once, and again if a block that had it is gone', async () => {
    const { wallet, to, clock } = await setUp();
    const tx = pay([[to, 1000n]]);
    clock.advance(7000);
    expect(written(wallet.transactionAdded(tx))).toEqual([tx.txidHex]);
    expect(wallet.transaction(tx.txidHex)!.entry.time).toBe(Math.floor(clock.now() / 1000));
    expect(wallet.transactionAdded(tx)).toEqual([]);
    expect(wallet.transactionAdded(pay([[ownScript, 1n]]))).toEqual([]);
    wallet.transactionConfirmed(tx, inBlock(4));
    expect(written(wallet.transactionAdded(tx))).toEqual([tx.txidHex]);
    expect(wallet.transaction(tx.txidHex)!.entry).toMatchObject({ confirmation: undefined, inMempool: true });
  });

  it('is replaced if the mempool says so, and otherwise only gone', async () => {
    const { wallet, to } = await setUp();
    const [evicted, replaced] = [pay([[to, 1000n]]), pay([[to, 2000n]])];
    for (const tx of [evicted, replaced]) wallet.transactionAdded(tx);
    expect(wallet.transactionRemoved(evicted, 'sizelimit')).toEqual([]);
    expect(written(wallet.transactionRemoved(replaced, 'replaced'))).toEqual([replaced.txidHex]);
    expect(wallet.transactionRemoved(pay([[ownScript, 1n]]), 'replaced')).toEqual([]);
    const state = (tx: Transaction) => {
      const { inMempool, replaced: isReplaced } = wallet.transaction(tx.txidHex)!.entry;
      return [inMempool, isReplaced];
    };
    expect([state(evicted), state(replaced)]).toEqual([
      [false, false],
      [false, true],
    ]);
    expect(wallet.unconfirmed()).toEqual([evicted]);
    expect(written(wallet.forget(evicted.txidHex))).toEqual([evicted.txidHex]);
    expect(wallet.unconfirmed()).toEqual([]);
  });

  it('can be abandoned only if neither a block nor the mempool has it or contradicts it', async () => {
    const { wallet, to, store } = await setUp();
    const [waiting, inMempool, confirmed, conflicted] = Array.from({ length: 4 }, (_, i) => pay([[to, BigInt(i + 1)]]));
    const refused = { code: 'not-abandonable' };
    for (const tx of [waiting!, inMempool!, confirmed!, conflicted!]) wallet.transactionAdded(tx);
    for (const tx of [waiting!, confirmed!, conflicted!]) wallet.transactionRemoved(tx, 'expiry');
    wallet.transactionConfirmed(confirmed!, inBlock(4));
    wallet.transactionConfirmed(pay([[ownScript, 9n]], [conflicted!.inputs[0]!.prevout]), inBlock(4));
    for (const tx of [inMempool!, confirmed!, conflicted!]) {
      await expect(wallet.abandon(tx.txidHex)).rejects.toMatchObject(refused);
    }
    await expect(wallet.abandon('00'.repeat(32))).rejects.toMatchObject(refused);
    await wallet.abandon(waiting!.txidHex);
    expect(wallet.transaction(waiting!.txidHex)!.entry.abandoned).toBe(true);
    const file = await WalletFile.open(
      { params: regtest },
      { store, clock: new VirtualClock(), random: new SeededRandom(1), logger: silentLogger },
    );
    expect(file.get('w')!.transaction(waiting!.txidHex)!.entry.abandoned).toBe(true);
  });
});

describe('a transaction that an untrusted peer announces', () => {
  it('is recorded if it pays the wallet, and replaces what conflicts with it unless a block has that', async () => {
    const { wallet, to } = await setUp();
    const first = pay([[to, 1000n]]);
    const rival = pay([[to, 2000n]], [first.inputs[0]!.prevout]);
    expect(wallet.transactionAnnounced(pay([[ownScript, 1n]]))).toEqual([]);
    expect(written(wallet.transactionAnnounced(first))).toEqual([first.txidHex]);
    expect(balances(wallet)).toEqual([0, 1000, 0]);
    expect(written(wallet.transactionAnnounced(rival))).toEqual([rival.txidHex]);
    expect(balances(wallet)).toEqual([0, 2000, 0]);
    wallet.transactionConfirmed(first, inBlock(4));
    expect(balances(wallet)).toEqual([1000, 0, 0]);
    for (const tx of [first, rival, pay([[to, 3000n]], [first.inputs[0]!.prevout])]) {
      expect(wallet.transactionAnnounced(tx)).toEqual([]);
    }
    expect(balances(wallet)).toEqual([1000, 0, 0]);
  });

  it('is ignored if a block has spent its inputs, also with a transaction of others', async () => {
    const { wallet, to, at } = await setUp();
    const tx = pay([[to, 1000n]]);
    wallet.transactionAnnounced(tx);
    wallet.transactionConfirmed(pay([[ownScript, 1n]], [tx.inputs[0]!.prevout]), inBlock(4));
    at(4);
    expect(wallet.transactionAnnounced(tx)).toEqual([]);
    expect(balances(wallet)).toEqual([0, 0, 0]);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(-1);
  });

  it('is ignored if it spends a coin of the wallet without a valid signature', async () => {
    const { wallet, to } = await setUp();
    const coin = pay([[to, 100_000n]]);
    wallet.transactionConfirmed(coin, inBlock(4));
    expect(wallet.transactionAnnounced(pay([[to, 1000n]], [outpoint(coin)]))).toEqual([]);
    const { tx } = await wallet.createTransaction([{ value: 20_000n, scriptPubKey: ownScript }]);
    expect(written(wallet.transactionAnnounced(tx))).toEqual([tx.txidHex]);
  });
});
