import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import type { SyncRecord } from '../../src/wallet/records.ts';
import { isTipRecent, scanToTip, settlePass } from '../../src/wallet/scan.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { paying } from './support/ledger-fixture.ts';
import { script } from './support/wallet-fixture.ts';

const MNEMONIC = `${'abandon '.repeat(11)}about`;

/** A chain of blocks without proof of work, all of which are stored unless the test removes one. */
class FakeChain {
  readonly indexes: BlockIndex[] = [];
  readonly transactions = new Map<number, readonly Transaction[]>();
  readonly missing = new Set<number>();
  /** Heights of the blocks that were read, in order. */
  readonly read: number[] = [];

  constructor(length: number, time: (height: number) => number) {
    for (let height = 0; height <= length; height++) {
      this.indexes.push({ height, time: time(height) } as BlockIndex);
    }
  }

  get tip(): BlockIndex {
    return this.indexes.at(-1)!;
  }

  atHeight(height: number): BlockIndex | undefined {
    return this.indexes[height];
  }

  locator({ height }: BlockIndex): Uint8Array[] {
    return [Uint8Array.of(height, height >>> 8)];
  }

  findLocator([hash]: readonly Uint8Array[]): BlockIndex {
    return this.indexes[Math.min(hash![0]! + 256 * hash![1]!, this.tip.height)]!;
  }

  findFork(index: BlockIndex): BlockIndex {
    return this.indexes[index.height] === index ? index : this.tip;
  }

  getBlock({ height, time }: BlockIndex): Block | undefined {
    this.read.push(height);
    if (this.missing.has(height)) return undefined;
    const block = { hash: new Uint8Array(32).fill(height), header: { time } };
    return { ...block, transactions: this.transactions.get(height) ?? [] } as unknown as Block;
  }
}

/** A wallet file and a chain of blocks that are minutes apart, the last of them now. */
async function setUp(length: number, options: Parameters<WalletFile['createWallet']>[1] = {}) {
  const clock = new VirtualClock();
  const now = Math.floor(clock.now() / 1000);
  const chain = new FakeChain(length, (height) => now - 60 * (length - height));
  const modules = { clock, random: new SeededRandom(1), logger: silentLogger, store: new MemoryStore() };
  const file = await WalletFile.open({ params: regtest }, modules);
  const wallet = await file.createWallet('w', options);
  const log = new CapturedLogger();
  /** Sync states of the wallet at each write to the file. */
  const written: (SyncRecord | undefined)[] = [];
  const write = file.write.bind(file);
  file.write = (operations) => {
    written.push(wallet.syncedTo);
    return write(operations);
  };
  const scan = async (isStopped = () => false) => {
    const ended: StoreOperation[][] = [];
    const caughtUp = (operations: StoreOperation[]) => void ended.push(operations);
    await scanToTip(wallet, file, { chain: chain as unknown as Chain, logger: log, clock, isStopped, caughtUp });
    return ended;
  };
  const lines = () => log.shown.map(({ message, from, to }) => [message, from, to]);
  return { clock, chain, file, wallet, written, scan, lines, now };
}

/** Returns the scripts of the first addresses of the wallet of `MNEMONIC`. */
async function addresses(count: number): Promise<Uint8Array[]> {
  const modules = { clock: new VirtualClock(), random: new SeededRandom(1), logger: silentLogger };
  const file = await WalletFile.open({ params: regtest }, { ...modules, store: new MemoryStore() });
  const wallet = await file.createWallet('twin', { mnemonic: MNEMONIC });
  const scripts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) scripts.push(script(await wallet.newAddress()));
  return scripts;
}

describe('the scan of a wallet', () => {
  it('writes its state every 500 blocks, so that a crash repeats no more', async () => {
    const { chain, scan, written, lines } = await setUp(1200, { mnemonic: MNEMONIC });
    expect(await scan()).toHaveLength(1);
    expect(chain.read).toEqual(Array.from({ length: 1200 }, (_, i) => i + 1));
    expect(written.map((sync) => [sync!.height, sync!.pass?.from])).toEqual([
      [500, 0],
      [1000, 0],
      [1200, 0],
    ]);
    expect(lines()).toEqual([['wallet scan finished', 0, 1200]]);
  });

  it('ends before the tip when it is stopped, and goes on from there', async () => {
    const { chain, scan, wallet, lines } = await setUp(50, { mnemonic: MNEMONIC });
    expect(await scan(() => chain.read.length === 20)).toEqual([]);
    expect(wallet.syncedTo).toMatchObject({ height: 20, pass: { from: 0, watched: wallet.watchedCount } });
    expect(lines()).toEqual([]);
    expect(await scan()).toHaveLength(1);
    expect(chain.read).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(wallet.syncedTo!.height).toBe(50);
    expect(lines()).toEqual([['wallet scan finished', 20, 50]]);
  });

  it('reads nothing at the tip, and says nothing', async () => {
    const { chain, scan, written, lines } = await setUp(10);
    await scan();
    chain.read.length = 0;
    const before = [written.length, lines().length];
    const [operations] = await scan();
    expect([chain.read, operations]).toEqual([[], []]);
    expect([written.length, lines().length]).toEqual(before);
  });

  it('skips blocks that are older than the wallet, or not stored', async () => {
    const { chain, scan, wallet } = await setUp(10, { mnemonic: MNEMONIC });
    const [to] = await addresses(1);
    chain.missing.add(4);
    chain.transactions.set(5, [paying([to!])]);
    await scan();
    expect(wallet.balance().trusted).toBe(1000n);
    expect(wallet.transaction(wallet.history()[0]!.entry.tx.txidHex)!.entry.confirmation).toMatchObject({
      ...{ height: 5, position: 0, blockTime: chain.atHeight(5)!.time },
    });
    const fresh = await setUp(300);
    fresh.chain.missing.add(200);
    await fresh.scan();
    expect(fresh.chain.read[0]).toBe(180);
    expect(fresh.wallet.syncedTo!.height).toBe(300);
  });

  it('is repeated from its beginning for keys that it has added, until it adds none', async () => {
    const { chain, scan, wallet, lines } = await setUp(12, { mnemonic: MNEMONIC });
    const to = await addresses(45);
    chain.transactions.set(3, [paying([to[40]!])]);
    chain.transactions.set(6, [paying([to[24]!])]);
    chain.transactions.set(9, [paying([to[5]!])]);
    const [operations] = await scan();
    expect(wallet.balance().trusted).toBe(3000n);
    // Key 5 makes key 24 known, key 24 key 40, and that one a few more.
    expect(chain.read).toHaveLength(4 * 12);
    expect(lines()).toEqual([
      ['wallet scan repeated for new keys', 0, 12],
      ['wallet scan repeated for new keys', 0, 12],
      ['wallet scan repeated for new keys', 0, 12],
      ['wallet scan finished', 0, 12],
    ]);
    expect(operations).toHaveLength(1);
    expect(wallet.syncedTo).toEqual({ height: 12, locator: chain.locator(chain.tip) });
  });

  it('keeps the confirmations above the block that it begins at, if it repeats earlier blocks', async () => {
    const { chain, scan, wallet } = await setUp(10, { mnemonic: MNEMONIC });
    const [to] = await addresses(1);
    chain.transactions.set(9, [paying([to!])]);
    await scan();
    const locator = chain.locator(chain.atHeight(3)!);
    wallet.synced({ height: 3, locator, pass: { from: 3, watched: wallet.watchedCount } });
    await scan(() => true);
    expect(wallet.balance().trusted).toBe(1000n);
    expect(wallet.syncedTo!.height).toBe(3);
  });

  it('gives other work its turn after some milliseconds', async () => {
    const { chain, scan, clock } = await setUp(100, { mnemonic: MNEMONIC });
    let reading = 0;
    clock.monotonic = () => reading++;
    const seen = new Set<number>();
    let isDone = false;
    const look = () => {
      seen.add(chain.read.length);
      if (!isDone) setImmediate(look);
    };
    setImmediate(look);
    await scan();
    isDone = true;
    expect(seen.size).toBeGreaterThan(10);
  });

  it('begins at the fork if the chain has lost blocks meanwhile, and removes their confirmations', async () => {
    const { chain, scan, wallet } = await setUp(10, { mnemonic: MNEMONIC });
    const [to] = await addresses(1);
    chain.transactions.set(4, [paying([to!])]);
    chain.transactions.set(9, [paying([to!])]);
    await scan();
    expect(wallet.balance().trusted).toBe(2000n);
    chain.indexes.length = 7;
    await scan();
    expect(wallet.syncedTo!.height).toBe(6);
    expect(wallet.balance().trusted).toBe(1000n);
    expect(wallet.unconfirmed()).toHaveLength(1);
  });
});

describe('the end of a pass', () => {
  const settle = (wallet: Wallet, chain: FakeChain, clock: VirtualClock) =>
    settlePass(wallet, chain as unknown as Chain, clock);

  it('comes at the tip, for a restored wallet only once the tip is less than a day old', async () => {
    const { wallet, chain, clock } = await setUp(10, { mnemonic: MNEMONIC });
    expect(settle(wallet, chain, clock)).toEqual([]);
    wallet.synced({ height: 10, locator: [] });
    expect(settle(wallet, chain, clock)).toEqual([]);
    const pass = { from: 3, watched: wallet.watchedCount };
    wallet.synced({ height: 10, locator: [], pass });
    clock.advance(24 * 3600_000 + 1000);
    expect(settle(wallet, chain, clock)).toEqual([]);
    expect(wallet.syncedTo!.pass).toEqual(pass);
    const fresh = await setUp(10);
    fresh.wallet.synced({ height: 10, locator: [], pass: { from: 3, watched: 1 } });
    fresh.clock.advance(48 * 3600_000);
    expect(settle(fresh.wallet, fresh.chain, fresh.clock)).toHaveLength(1);
    expect(fresh.wallet.syncedTo).toEqual({ height: 10, locator: [] });
  });

  it('is put off if keys were added: the blocks of the pass are scanned again', async () => {
    const { wallet, chain, clock } = await setUp(10, { mnemonic: MNEMONIC });
    wallet.synced({ height: 10, locator: [], pass: { from: 3, watched: wallet.watchedCount } });
    await wallet.newAddress();
    expect(settle(wallet, chain, clock)).toBe('repeat');
    const { watchedCount } = wallet;
    expect(wallet.syncedTo).toEqual({
      ...{ height: 3, locator: chain.locator(chain.atHeight(3)!), pass: { from: 3, watched: watchedCount } },
    });
    expect(settle(wallet, chain, clock)).toHaveLength(1);
    expect(wallet.syncedTo).not.toHaveProperty('pass');
  });

  it('depends on the age of the tip: a day, to the second', async () => {
    const { chain, clock } = await setUp(3);
    const isRecent = () => isTipRecent(chain as unknown as Chain, clock);
    clock.advance(24 * 3600_000);
    expect(isRecent()).toBe(true);
    clock.advance(1000);
    expect(isRecent()).toBe(false);
  });
});
