import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { formatOutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { MINUTES, ownScript, RegtestChain, spend, type Utxo } from '../support/regtest-chain.ts';
import { script, WalletFixture } from './support/wallet-fixture.ts';

/** A wallet and a chain with mature coins of `ownScript`. */
async function setUp(mempool: Parameters<typeof RegtestChain.create>[0] = {}) {
  const regtest = await RegtestChain.create({ blocks: 105, ...mempool });
  const fixture = await WalletFixture.create(undefined, regtest);
  const wallet = await fixture.file.createWallet('w');
  const to = script(await wallet.newAddress());
  return { fixture, regtest, wallet, to };
}

/** A store that runs `meanwhile` within the first write after it is set. */
class SlowStore extends MemoryStore {
  meanwhile: (() => Promise<void>) | undefined;

  override async write(operations: readonly StoreOperation[]): Promise<void> {
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
    return super.write(operations);
  }
}

function payTo(coin: Utxo, scriptPubKey: Uint8Array, value: bigint, fee: bigint): Transaction {
  return spend(
    [coin],
    [
      { scriptPubKey, value },
      { scriptPubKey: ownScript, value: coin.output.value - value - fee },
    ],
  );
}

/** Core's view of a transaction: confirmations, numbers of conflicts, abandoned. */
function state(wallet: Wallet, tx: Transaction) {
  const { confirmations, entry } = wallet.transaction(tx.txidHex)!;
  return [confirmations, wallet.conflictsOf(tx).length, entry.mempoolConflicts.size, entry.abandoned];
}

describe('a payment to the wallet that is replaced by fee', () => {
  it('does not come back after a restart, even if the mempool has lost the winner', async () => {
    const { fixture, regtest, wallet, to } = await setUp();
    const loser = payTo(regtest.coinbase(1), to, COIN, 1000n);
    const winner = payTo(regtest.coinbase(1), ownScript, COIN, 30_000n);
    expect(regtest.mempool.accept(loser)).toHaveProperty('entry');
    expect(wallet.balance().pending).toBe(COIN);
    expect(regtest.mempool.accept(winner)).toHaveProperty('entry');
    expect(wallet.balance().pending).toBe(0n);
    expect(state(wallet, loser)).toEqual([0, 0, 1, false]);
    for (const keepsWinner of [true, false]) {
      await fixture.close();
      if (!keepsWinner) regtest.mempool.remove(winner.txid, 'expiry');
      await fixture.open();
      const again = fixture.file.get('w')!;
      expect(state(again, loser)).toEqual([0, 0, keepsWinner ? 1 : 0, false]);
      expect(regtest.mempool.has(loser.txid)).toBe(false);
      expect(again.balance().pending).toBe(0n);
    }
  });

  it('has negative confirmations once the winner is confirmed, also after a restart, until that block is gone', async () => {
    const { fixture, regtest, wallet, to } = await setUp();
    const loser = payTo(regtest.coinbase(1), to, COIN, 1000n);
    const winner = payTo(regtest.coinbase(1), ownScript, COIN, 30_000n);
    regtest.mempool.accept(loser);
    await regtest.mine(1, { transactions: [winner] });
    expect(state(wallet, loser)).toEqual([-1, 0, 0, false]);
    await regtest.mine(2);
    await fixture.close();
    await fixture.open();
    const again = fixture.file.get('w')!;
    expect(state(again, loser)).toEqual([-3, 0, 0, false]);
    await regtest.chain.invalidateBlock(regtest.chain.atHeight(106)!);
    expect(state(again, loser)).toEqual([0, 0, 1, false]);
    expect(again.balance()).toEqual({ trusted: 0n, pending: 0n, immature: 0n });
  });

  it('lists both as conflicts of each other if both pay the wallet', async () => {
    const { regtest, wallet, to } = await setUp();
    const loser = payTo(regtest.coinbase(1), to, COIN, 1000n);
    const winner = payTo(regtest.coinbase(1), to, COIN, 30_000n);
    for (const tx of [loser, winner]) regtest.mempool.accept(tx);
    expect(state(wallet, loser)).toEqual([0, 1, 1, false]);
    expect(state(wallet, winner)).toEqual([0, 1, 0, false]);
    expect(wallet.balance().pending).toBe(COIN);
    await regtest.mine();
    expect(state(wallet, loser)).toEqual([-1, 1, 0, false]);
    expect(state(wallet, winner)).toEqual([1, 1, 0, false]);
  });
});

it('watches the outputs that no block spends, but not those of conflicted transactions', async () => {
  const { fixture, regtest, wallet, to } = await setUp();
  const coin = payTo(regtest.coinbase(1), to, 10n * COIN, 1000n);
  const loser = payTo(regtest.coinbase(2), to, COIN, 1000n);
  await regtest.mine(1, { transactions: [coin] });
  regtest.mempool.accept(loser);
  const watched = () => wallet.watchedOutPoints().map(formatOutPoint).sort();
  expect(watched()).toEqual([`${coin.txidHex}:0`, `${loser.txidHex}:0`].sort());
  await regtest.mine(1, { transactions: [payTo(regtest.coinbase(2), ownScript, COIN, 1000n)] });
  expect(watched()).toEqual([`${coin.txidHex}:0`]);
  const { tx } = await fixture.send(wallet, ownScript, COIN);
  const change = tx.outputs.findIndex(({ scriptPubKey }) => wallet.owns(scriptPubKey));
  expect(watched()).toEqual([`${coin.txidHex}:0`, `${tx.txidHex}:${change}`].sort());
  await regtest.mine();
  expect(watched()).toEqual([`${tx.txidHex}:${change}`]);
});

it('counts from the lowest of the blocks that conflict with a payment', async () => {
  const { fixture, regtest, wallet, to } = await setUp();
  const [a, b] = [regtest.coinbase(1), regtest.coinbase(2)];
  const both = spend([a, b], [{ scriptPubKey: to, value: 99n * COIN }]);
  regtest.mempool.accept(both);
  await regtest.mine(1, { transactions: [payTo(a, ownScript, COIN, 1000n)] });
  await regtest.mine(1, { transactions: [payTo(b, ownScript, COIN, 1000n)] });
  expect(state(wallet, both)).toEqual([-2, 0, 0, false]);
  await fixture.close();
  await fixture.open();
  const again = fixture.file.get('w')!;
  expect(state(again, both)).toEqual([-2, 0, 0, false]);
  await regtest.chain.invalidateBlock(regtest.chain.atHeight(107)!);
  expect(state(again, both)).toEqual([-1, 0, 1, false]);
  await regtest.chain.invalidateBlock(regtest.chain.atHeight(106)!);
  expect(state(again, both)).toEqual([0, 0, 2, false]);
});

describe('a payment that is revived', () => {
  /** Returns the record in the wallet file, as the next start reads it. */
  async function stored(fixture: WalletFixture, tx: Transaction) {
    await fixture.close();
    const { clock } = fixture.regtest;
    const modules = { clock, random: new SeededRandom(1), logger: silentLogger, store: fixture.store };
    const file = await WalletFile.open({ params: fixture.regtest.chain.params }, modules);
    const { confirmation, conflict, abandoned, replaced } = file.get('w')!.transaction(tx.txidHex)!.entry;
    await fixture.open();
    return { height: confirmation?.height, conflict: conflict?.height, abandoned, replaced };
  }
  const pending = { height: undefined, conflict: undefined, abandoned: false, replaced: false };

  it('by a reorganisation is so in the file: the confirmed one and its conflict', async () => {
    const { fixture, regtest, to } = await setUp();
    const loser = payTo(regtest.coinbase(1), to, COIN, 1000n);
    const winner = payTo(regtest.coinbase(1), to, COIN, 30_000n);
    regtest.mempool.accept(loser);
    await regtest.mine(1, { transactions: [winner] });
    expect(await stored(fixture, winner)).toEqual({ ...pending, height: 106 });
    expect(await stored(fixture, loser)).toEqual({ ...pending, conflict: 106 });
    await regtest.chain.invalidateBlock(regtest.chain.atHeight(106)!);
    expect(await stored(fixture, winner)).toEqual(pending);
    expect(await stored(fixture, loser)).toEqual(pending);
  });

  it('by a peer that relays it is so in the file, after it was abandoned or replaced', async () => {
    const { fixture, regtest, wallet, to } = await setUp();
    const abandoned = payTo(regtest.coinbase(1), to, COIN, 1000n);
    const replaced = payTo(regtest.coinbase(2), to, COIN, 1000n);
    const winner = payTo(regtest.coinbase(2), ownScript, COIN, 30_000n);
    for (const tx of [abandoned, replaced, winner]) regtest.mempool.accept(tx);
    for (const tx of [abandoned, winner]) regtest.mempool.remove(tx.txid, 'expiry');
    await wallet.abandon(abandoned.txidHex);
    expect(await stored(fixture, abandoned)).toEqual({ ...pending, abandoned: true });
    expect(await stored(fixture, replaced)).toEqual({ ...pending, replaced: true });
    for (const tx of [abandoned, replaced]) expect(regtest.mempool.accept(tx)).toHaveProperty('entry');
    expect(await stored(fixture, abandoned)).toEqual(pending);
    expect(await stored(fixture, replaced)).toEqual(pending);
  });
});

describe('a scan at the start', () => {
  it('follows a reorganisation, and misses no block that comes during its writes', async () => {
    for (const count of [0, 1]) {
      const regtest = await RegtestChain.create({ blocks: 105 });
      const store = new SlowStore();
      const fixture = await WalletFixture.create(store, regtest);
      const wallet = await fixture.file.createWallet('w');
      const to = script(await wallet.newAddress());
      await fixture.close();
      const fork = await regtest.fork();
      await regtest.mine(1, { transactions: [payTo(regtest.coinbase(1), to, COIN, 1000n)] });
      await fork.mine(1, { transactions: [payTo(regtest.coinbase(2), to, 2n * COIN, 1000n)] });
      await fork.mine(count, { transactions: [payTo(regtest.coinbase(3), to, 4n * COIN, 1000n)].slice(0, count) });
      store.meanwhile = () => regtest.acceptBlocks(fork.blocks(106));
      await fixture.open(store);
      expect(store.meanwhile).toBeUndefined();
      const trusted = [COIN, 6n * COIN][Math.min(count, 1)];
      // The payment of 1 BTC is back in the mempool.
      expect(fixture.file.get('w')!.balance()).toMatchObject({ trusted, pending: count === 0 ? 0n : COIN });
      await fixture.close();
    }
  });
});

describe('a reorganisation while a wallet catches up', () => {
  it('is followed when it comes between two slices', async () => {
    const regtest = await RegtestChain.create({ blocks: 105 });
    const fixture = await WalletFixture.create(undefined, regtest);
    const wallet = await fixture.file.createWallet('w');
    const to = script(await wallet.newAddress());
    const { mnemonic } = wallet.record;
    // Each reading of the clock takes a millisecond, so that each slice is a few blocks.
    let reading = 0;
    regtest.clock.monotonic = () => reading++;
    const { chain } = regtest;
    const getBlock = chain.getBlock.bind(chain);
    let isBeyond = false;
    chain.getBlock = (index) => {
      if (index.height > 60) isBeyond = true;
      return getBlock(index);
    };
    const restored = fixture.file.createWallet('restored', { mnemonic });
    while (!isBeyond) await new Promise(setImmediate);
    await chain.invalidateBlock(chain.atHeight(50)!);
    await regtest.mine(1, { scriptPubKey: to });
    await regtest.mine(2);
    expect((await restored).balance().immature).toBe(50n * COIN);
    expect((await restored).syncedTo!.height).toBe(52);
  });

  it('moves the sync state back, also if no transaction of the wallet is concerned', async () => {
    const regtest = await RegtestChain.create({ blocks: 105 });
    const store = new SlowStore();
    const fixture = await WalletFixture.create(store, regtest);
    await fixture.file.createWallet('w');
    await fixture.close();
    await regtest.mine(4);
    store.meanwhile = () => regtest.chain.invalidateBlock(regtest.chain.atHeight(107)!);
    await fixture.open(store);
    expect(fixture.file.get('w')!.syncedTo!.height).toBe(106);
  });

  it('has its blocks scanned again for new keys, also those below the first one of the scan', async () => {
    const regtest = await RegtestChain.create({ blocks: 105 });
    const store = new SlowStore();
    const fixture = await WalletFixture.create(store, regtest);
    const wallet = await fixture.file.createWallet('w');
    const twin = await (await WalletFixture.create()).file.createWallet('w', { mnemonic: wallet.record.mnemonic });
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 25; i++) addresses.push(script(await twin.newAddress()));
    await fixture.close();
    const fork = await regtest.fork(103);
    await regtest.mine(1);
    await fork.mine(1, { transactions: [payTo(fork.coinbase(1), addresses[24]!, COIN, 1000n)] });
    await fork.mine(1, { transactions: [payTo(fork.coinbase(2), addresses[5]!, COIN, 1000n)] });
    await fork.mine(2);
    store.meanwhile = () => regtest.acceptBlocks(fork.blocks(104));
    await fixture.open(store);
    expect(store.meanwhile).toBeUndefined();
    expect(fixture.file.get('w')!.balance().trusted).toBe(2n * COIN);
  });
});

describe('a payment that spends a reward which a reorganisation removes', () => {
  it('is abandoned, and its other coins can be spent', async () => {
    const fixture = await WalletFixture.create();
    const { regtest } = fixture;
    const wallet = await fixture.file.createWallet('w');
    const to = script(await wallet.newAddress());
    await fixture.mineTo(ownScript);
    const fork = await regtest.fork();
    await fixture.mineTo(to);
    await fixture.mineTo(ownScript, 100);
    regtest.mempool.accept(payTo(regtest.coinbase(1), to, 3n * COIN, 1000n));
    await fixture.mineTo(ownScript);
    const { tx } = await fixture.send(wallet, ownScript, 52n * COIN);
    // The payment of 3 BTC is in a block of the other branch as well.
    await fork.mine(100);
    await fork.mine(1, { transactions: regtest.blocks(103, 103)[0]!.transactions.slice(1) });
    await fork.mine(2);
    await regtest.acceptBlocks(fork.blocks(2));
    expect(regtest.chain.tip.height).toBe(104);
    expect(state(wallet, tx)).toEqual([0, 0, 0, true]);
    expect(wallet.balance()).toEqual({ trusted: 3n * COIN, pending: 0n, immature: 0n });
    await fixture.close();
    await fixture.open();
    const again = fixture.file.get('w')!;
    expect(again.balance().trusted).toBe(3n * COIN);
    await fixture.send(again, ownScript, 2n * COIN);
  });
});

it('keeps a payment that spends an old reward through a reorganisation that it has missed', async () => {
  const fixture = await WalletFixture.create();
  const { regtest } = fixture;
  const wallet = await fixture.file.createWallet('w');
  // The locator of a tip 112 blocks higher has the block below this one, but not this one.
  await fixture.mineTo(ownScript, 11);
  await fixture.mineTo(script(await wallet.newAddress()));
  await fixture.mineTo(ownScript, 101);
  const fork = await regtest.fork(13);
  await regtest.mine();
  const { tx, fee } = await fixture.send(wallet, ownScript, COIN);
  await fixture.close();
  regtest.mempool.remove(tx.txid, 'sizelimit');
  await fork.mine(102);
  await regtest.acceptBlocks(fork.blocks(14));
  await fixture.open();
  const again = fixture.file.get('w')!;
  expect(state(again, tx)).toEqual([0, 0, 0, false]);
  expect(regtest.mempool.has(tx.txid)).toBe(true);
  expect(again.balance().trusted).toBe(49n * COIN - fee);
});

describe('a payment that leaves the mempool', () => {
  it('is offered again after it has expired', async () => {
    const { fixture, regtest, wallet, to } = await setUp({ mempool: { expirySeconds: 3600 } });
    regtest.mempool.accept(payTo(regtest.coinbase(1), to, 10n * COIN, 1000n));
    await regtest.mine();
    const { tx, fee } = await fixture.send(wallet, ownScript, COIN);
    regtest.clock.advance(61 * MINUTES);
    // Expiry happens when the next transaction enters.
    regtest.mempool.accept(payTo(regtest.coinbase(2), ownScript, COIN, 1000n));
    expect(regtest.mempool.has(tx.txid)).toBe(false);
    regtest.clock.advance(1000);
    expect(regtest.mempool.has(tx.txid)).toBe(true);
    expect(wallet.balance().trusted).toBe(9n * COIN - fee);
  });

  it('is offered again once the transaction that conflicted with it is replaced by one that does not', async () => {
    const { regtest, wallet, to } = await setUp();
    const [a, b] = [regtest.coinbase(1), regtest.coinbase(2)];
    const payment = payTo(a, to, COIN, 1000n);
    regtest.mempool.accept(payment);
    regtest.mempool.remove(payment.txid, 'sizelimit');
    const conflict = spend([a, b], [{ scriptPubKey: ownScript, value: 99n * COIN }]);
    expect(regtest.mempool.accept(conflict)).toHaveProperty('entry');
    regtest.clock.advance(1000);
    expect(state(wallet, payment)).toEqual([0, 0, 1, false]);
    expect(regtest.mempool.accept(payTo(b, ownScript, COIN, 2n * COIN))).toHaveProperty('entry');
    regtest.clock.advance(1000);
    expect(regtest.mempool.has(payment.txid)).toBe(true);
    expect(wallet.balance().pending).toBe(COIN);
  });

  it('is offered again after a second, however fast transactions of others leave', async () => {
    const { regtest, to } = await setUp();
    const payment = payTo(regtest.coinbase(1), to, COIN, 1000n);
    regtest.mempool.accept(payment);
    regtest.mempool.remove(payment.txid, 'sizelimit');
    const foreign = payTo(regtest.coinbase(2), ownScript, COIN, 1000n);
    for (let i = 0; i < 2; i++) {
      regtest.clock.advance(500);
      regtest.mempool.accept(foreign);
      regtest.mempool.remove(foreign.txid, 'sizelimit');
    }
    expect(regtest.mempool.has(payment.txid)).toBe(true);
  });

  it('is offered again, parents first, when a block makes room', async () => {
    const { fixture, regtest, wallet, to } = await setUp();
    regtest.mempool.accept(payTo(regtest.coinbase(1), to, 10n * COIN, 1000n));
    await regtest.mine();
    const chain: Transaction[] = [];
    for (let i = 0; i < 4; i++) chain.push((await fixture.send(wallet, ownScript, COIN)).tx);
    regtest.mempool.remove(chain[0]!.txid, 'sizelimit');
    expect(regtest.mempool.size).toBe(0);
    await regtest.mine(1, { transactions: [] });
    expect(chain.map(({ txid }) => regtest.mempool.has(txid))).toEqual([true, true, true, true]);
    await fixture.close();
    for (const { txid } of chain.toReversed()) regtest.mempool.remove(txid, 'sizelimit');
    await fixture.open();
    expect(chain.map(({ txid }) => regtest.mempool.has(txid))).toEqual([true, true, true, true]);
  });

  it('can be abandoned with its descendants, and is then not offered again', async () => {
    const { fixture, regtest, wallet, to } = await setUp();
    regtest.mempool.accept(payTo(regtest.coinbase(1), to, 10n * COIN, 1000n));
    await regtest.mine();
    const { tx } = await fixture.send(wallet, ownScript, COIN);
    const { tx: child } = await fixture.send(wallet, ownScript, COIN);
    await expect(wallet.abandon(tx.txidHex)).rejects.toMatchObject({ code: 'not-abandonable' });
    regtest.mempool.remove(tx.txid, 'sizelimit');
    expect(wallet.balance().trusted).toBe(0n);
    await wallet.abandon(tx.txidHex);
    expect([state(wallet, tx), state(wallet, child)]).toEqual([
      [0, 0, 0, true],
      [0, 0, 0, true],
    ]);
    expect(wallet.balance().trusted).toBe(10n * COIN);
    await fixture.close();
    await fixture.open();
    const again = fixture.file.get('w')!;
    await regtest.mine();
    expect(regtest.mempool.size).toBe(0);
    expect(again.balance().trusted).toBe(10n * COIN);
    // A peer still relays it.
    expect(regtest.mempool.accept(tx)).toHaveProperty('entry');
    expect(state(again, tx)).toEqual([0, 0, 0, false]);
    await regtest.mine();
    expect(state(again, tx)).toEqual([1, 0, 0, false]);
    await expect(again.abandon(tx.txidHex)).rejects.toMatchObject({ code: 'not-abandonable' });
  });
});
