import { describe, expect, it } from 'vitest';
import type { RemovalReason } from '../../src/mempool/entry.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { syncRecord } from '../../src/wallet/scan.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../src/wallet/wallet-sync.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { ownScript, RegtestChain, spend } from '../support/regtest-chain.ts';
import { script } from './support/wallet-fixture.ts';

/** A store whose writes can be made to fail, or to wait. */
class OddStore extends MemoryStore {
  fails = false;
  wait: Promise<void> | undefined;

  override async write(operations: readonly StoreOperation[]): Promise<void> {
    await this.wait;
    if (this.fails) throw new Error('disk full');
    return super.write(operations);
  }
}

/** A chain of a few blocks, and a wallet file with one wallet that does not follow it yet. */
async function setUp() {
  const regtest = await RegtestChain.create({ blocks: 4, coinbaseMaturity: 1, mempool: { expirySeconds: 3600 } });
  const { chain, mempool, clock } = regtest;
  const store = new OddStore();
  const log = new CapturedLogger();
  const open = () => {
    const modules = { clock, random: new SeededRandom(1), logger: silentLogger, store };
    return WalletFile.open({ params: chain.params }, modules);
  };
  const file = await open();
  const wallet = await file.createWallet('w');
  const to = script(await wallet.newAddress());
  const attach = (signal?: AbortSignal, attached = file) =>
    attachWallet(attached, { chain, mempool, clock, logger: log, ...(signal && { signal }) });
  const pay = (height: number) =>
    spend(
      [regtest.coinbase(height)],
      [
        { value: COIN, scriptPubKey: to },
        { value: 48n * COIN, scriptPubKey: ownScript },
      ],
    );
  return { regtest, store, log, open, file, wallet, to, attach, pay };
}

const settle = () => new Promise(setImmediate);

describe('a wallet file that follows a chain', () => {
  it('follows no more once it is detached', async () => {
    const { regtest, wallet, attach, pay } = await setUp();
    const detach = await attach();
    await regtest.mine(1, { transactions: [pay(1)] });
    expect([wallet.balance().trusted, wallet.syncedTo!.height]).toEqual([COIN, 5]);
    await detach();
    regtest.mempool.accept(pay(2));
    await regtest.mine();
    expect([wallet.balance().trusted, wallet.balance().pending, wallet.syncedTo!.height]).toEqual([COIN, 0n, 5]);
    // The next time, it catches up.
    await (await attach())();
    expect([wallet.balance().trusted, wallet.syncedTo!.height]).toEqual([2n * COIN, 6]);
  });

  it('has written all when it is detached', async () => {
    const { regtest, store, wallet, attach, pay } = await setUp();
    const detach = await attach();
    let release = () => {};
    store.wait = new Promise((resolve) => (release = resolve));
    await regtest.mine(1, { transactions: [pay(1)] });
    let isDetached = false;
    const detached = detach().then(() => {
      isDetached = true;
    });
    await settle();
    expect(isDetached).toBe(false);
    release();
    await detached;
    const again = await WalletFile.open(
      { params: regtest.chain.params },
      { clock: regtest.clock, random: new SeededRandom(1), logger: silentLogger, store },
    );
    expect(again.get('w')!.syncedTo!.height).toBe(5);
    expect(again.get('w')!.history()).toHaveLength(1);
    expect(wallet.history()).toHaveLength(1);
  });

  it('stays right when a write fails, says so, and scans the blocks again at the next start', async () => {
    const { regtest, store, log, open, wallet, attach, pay } = await setUp();
    const detach = await attach();
    store.fails = true;
    await regtest.mine(1, { transactions: [pay(1)] });
    await settle();
    expect(wallet.balance().trusted).toBe(COIN);
    expect(log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toContain(
      'wallet file write failed',
    );
    store.fails = false;
    await detach();
    const again = await open();
    expect(again.get('w')!.history()).toEqual([]);
    await (await attach(undefined, again))();
    expect(again.get('w')!.balance().trusted).toBe(COIN);
  });

  describe('in blocks that do not concern the wallet', () => {
    /** The height that the wallet in the store is scanned up to. */
    const written = async ({ open }: { open: () => Promise<WalletFile> }) => (await open()).get('w')!.syncedTo!.height;

    it('writes nothing until the hundredth block', async () => {
      const all = await setUp();
      const detach = await all.attach();
      await all.regtest.mine(99);
      expect([all.wallet.syncedTo!.height, await written(all)]).toEqual([103, 4]);
      await all.regtest.mine();
      await settle();
      expect(await written(all)).toBe(104);
      await all.regtest.mine();
      expect(await written(all)).toBe(104);
      await detach();
    });

    it('has written where it is when the file is flushed or detached', async () => {
      const all = await setUp();
      const detach = await all.attach();
      await all.regtest.mine(2);
      await all.file.flushed();
      expect(await written(all)).toBe(6);
      await all.regtest.mine();
      await detach();
      expect(await written(all)).toBe(7);
    });

    it('writes where it is with the next payment, so that no confirmation is above it', async () => {
      const all = await setUp();
      await all.attach();
      await all.regtest.mine(2);
      await all.regtest.mine(1, { transactions: [all.pay(1)] });
      await settle();
      expect(await written(all)).toBe(7);
    });

    it('writes where it is after a disconnected block', async () => {
      const all = await setUp();
      await all.attach();
      await all.regtest.mine(3);
      await all.regtest.chain.invalidateBlock(all.regtest.chain.tip);
      await settle();
      expect(await written(all)).toBe(6);
    });

    it('is killed, and finds all again', async () => {
      const all = await setUp();
      await all.attach();
      await all.regtest.mine(3);
      await all.regtest.mine(1, { transactions: [all.pay(1)] });
      await all.regtest.mine(3);
      await settle();
      const again = await all.open();
      expect(again.get('w')!.syncedTo!.height).toBe(8);
      await (await all.attach(undefined, again))();
      const { syncedTo } = again.get('w')!;
      expect([syncedTo!.height, again.get('w')!.balance().trusted]).toEqual([11, COIN]);
    });

    it('writes each block while keys may be missed in earlier ones', async () => {
      const all = await setUp();
      const restored = await all.file.createWallet('r', { mnemonic: all.wallet.record.mnemonic });
      // The tip is older than a day, so that the pass over the blocks stays open.
      all.regtest.clock.advance(3 * 24 * 3600 * 1000);
      await all.attach();
      const { tip } = all.regtest.chain;
      expect(restored.syncedTo!.pass).toBeDefined();
      expect(restored.passed(syncRecord(all.regtest.chain, tip))).toHaveLength(1);
      expect(restored.unwritten()).toEqual([]);
      expect(all.wallet.passed(syncRecord(all.regtest.chain, tip))).toEqual([]);
      expect(all.wallet.unwritten()).toHaveLength(1);
    });
  });

  it('does not scan to the tip if the node is to stop, and does so later', async () => {
    const { regtest, attach, wallet, pay } = await setUp();
    await regtest.mine(1, { transactions: [pay(1)] });
    await (await attach(AbortSignal.abort()))();
    expect(wallet.balance().trusted).toBe(0n);
    expect(wallet.syncedTo!.height).toBe(0);
    await (await attach(new AbortController().signal))();
    expect([wallet.balance().trusted, wallet.syncedTo!.height]).toEqual([COIN, 5]);
  });

  it('logs the error of a scan that is repeated for new keys', async () => {
    const { regtest, log, file, attach } = await setUp();
    const elsewhere = await (await setUp()).file.createWallet('x', { mnemonic: file.get('w')!.record.mnemonic });
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 20; i++) addresses.push(script(await elsewhere.newAddress()));
    const detach = await attach();
    regtest.clock.advance(3 * 24 * 3600_000);
    const restored = await file.createWallet('restored', { mnemonic: elsewhere.record.mnemonic });
    expect(restored.syncedTo!.pass).toBeDefined();
    regtest.chain.getBlock = () => {
      throw new Error('unreadable');
    };
    await regtest.mine(1, { scriptPubKey: addresses[19]! });
    await settle();
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'wallet scan failed', wallet: 'restored' },
    ]);
    await detach();
  });

  it.each<[RemovalReason, boolean]>([
    ['expiry', true],
    ['sizelimit', true],
    ['reorg', true],
    ['conflict', false],
    ['block', false],
  ])('offers a payment again a second after it has left the mempool (%s: %s)', async (reason, isOffered) => {
    const { regtest, attach, wallet, pay } = await setUp();
    const detach = await attach();
    const tx = pay(1);
    expect(regtest.mempool.accept(tx)).toHaveProperty('entry');
    regtest.mempool.remove(tx.txid, reason);
    expect([regtest.mempool.has(tx.txid), wallet.balance().pending]).toEqual([false, 0n]);
    regtest.clock.advance(1000);
    expect([regtest.mempool.has(tx.txid), wallet.balance().pending]).toEqual([isOffered, isOffered ? COIN : 0n]);
    await detach();
  });

  it('offers nothing once it is detached', async () => {
    const { regtest, attach, pay } = await setUp();
    const detach = await attach();
    const tx = pay(1);
    regtest.mempool.accept(tx);
    regtest.mempool.remove(tx.txid, 'sizelimit');
    await detach();
    regtest.clock.advance(600_000);
    expect(regtest.mempool.has(tx.txid)).toBe(false);
  });

  it('takes no block from events while a wallet is behind: its scan reads them in order', async () => {
    const { regtest, log, file, attach, pay } = await setUp();
    const detach = await attach();
    const { mnemonic } = file.get('w')!.record;
    // Each reading of the clock takes a second, so that each slice is a block.
    let reading = 0;
    regtest.clock.monotonic = () => 1000 * reading++;
    const creating = file.createWallet('restored', { mnemonic });
    let restored = file.get('restored');
    while (!restored) {
      await settle();
      restored = file.get('restored');
    }
    await regtest.chain.invalidateBlock(regtest.chain.tip);
    await regtest.mine();
    await regtest.mine(1, { transactions: [pay(1)] });
    await creating;
    expect([restored.balance().trusted, restored.syncedTo!.height]).toEqual([COIN, 5]);
    await regtest.mine(1, { transactions: [pay(2)] });
    expect([restored.balance().trusted, restored.syncedTo!.height]).toEqual([2n * COIN, 6]);
    await detach();
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('scans a second wallet from where it was, whatever comes while the first one is scanned', async () => {
    const { regtest, store, file, attach, to, wallet } = await setUp();
    const second = await file.createWallet('second');
    const other = script(await second.newAddress());
    const paying = (height: number, scriptPubKey: Uint8Array) =>
      spend([regtest.coinbase(height)], [{ value: 49n * COIN, scriptPubKey }]);
    await regtest.mine(1, { transactions: [paying(1, other), paying(2, to)] });
    let release = () => {};
    store.wait = new Promise((resolve) => (release = resolve));
    const attaching = attach();
    await settle();
    await regtest.mine(1, { transactions: [paying(3, other)] });
    release();
    await (await attaching)();
    expect([wallet.balance().trusted, second.balance().trusted]).toEqual([49n * COIN, 98n * COIN]);
    expect([wallet.syncedTo!.height, second.syncedTo!.height]).toEqual([6, 6]);
  });

  it('ends the scans when it is detached, and goes on with them later', async () => {
    const { regtest, file, attach } = await setUp();
    await regtest.mine(60);
    const detach = await attach();
    // Each reading of the clock takes a second, so that each slice is a block.
    let reading = 0;
    regtest.clock.monotonic = () => 1000 * reading++;
    const creating = file.createWallet('restored', { mnemonic: file.get('w')!.record.mnemonic });
    while (!file.get('restored')) await settle();
    await detach();
    const { height } = file.get('restored')!.syncedTo!;
    expect(height).toBeLessThan(60);
    await creating;
    const attaching = attach();
    await settle();
    const { tip } = regtest.chain;
    regtest.chain.events.emit('tip', { tip, fork: tip, previous: tip });
    // The pass of the scan stays open until its end.
    expect(file.get('restored')!.syncedTo).toMatchObject({ height, pass: { from: 0 } });
    await (await attaching)();
    expect(file.get('restored')!.syncedTo!.height).toBe(64);
    expect(file.get('restored')!.syncedTo!.pass).toBeUndefined();
  });
});
