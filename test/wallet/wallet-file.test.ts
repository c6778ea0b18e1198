import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { StoreError } from '../../src/store/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { addressTypes } from '../../src/wallet/keys.ts';
import { putKey, putWallet } from '../../src/wallet/records.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { ownScript, spend, type Utxo } from '../support/regtest-chain.ts';

const MNEMONIC = `${'abandon '.repeat(11)}about`;

function open(store: MemoryStore, params = regtest, clock = new VirtualClock()): Promise<WalletFile> {
  return WalletFile.open({ params }, { store, clock, random: new SeededRandom(1), logger: silentLogger });
}

/** A coin of no wallet. */
const foreignCoin: Utxo = {
  outpoint: { txid: new Uint8Array(32).fill(7), vout: 0 },
  output: { value: 2n * COIN, scriptPubKey: ownScript },
};

const names = (file: WalletFile) => file.wallets().map(({ id, name }) => `${id} ${name}`);
const scripts = (wallet: Wallet) => wallet.watchedScripts().map(toHex).sort();
const types = (file: WalletFile, name: string) =>
  file
    .get(name)!
    .watchedCounts()
    .map((count, i) => (count > 0 ? `${addressTypes[i >> 1]} ${i % 2}` : ''))
    .filter((chain) => chain);

describe('a wallet file', () => {
  it('holds wallets by name, numbered in order of creation, also after it is opened again', async () => {
    const store = new MemoryStore();
    const file = await open(store);
    expect(file.wallets()).toEqual([]);
    const created = await Promise.all(['b', 'a', 'c'].map((name) => file.createWallet(name)));
    expect(names(file)).toEqual(['1 b', '2 a', '3 c']);
    expect(file.get('a')).toBe(created[1]);
    expect(file.get('x')).toBeUndefined();
    const again = await open(store);
    expect(names(again)).toEqual(['1 b', '2 a', '3 c']);
    expect((await again.createWallet('d')).id).toBe(4);
    expect(again.get('a')!.record).toEqual(created[1]!.record);
  });

  it('goes on to create wallets after one was refused, and makes no two of one name', async () => {
    const file = await open(new MemoryStore());
    const outcomes = await Promise.allSettled(['a', 'a', '!', 'b'].map((name) => file.createWallet(name)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(names(file)).toEqual(['1 a', '2 b']);
  });

  it('has names of 1 to 64 letters, digits, spaces, dots, hyphens and underscores', async () => {
    const file = await open(new MemoryStore());
    for (const name of ['a', '7', 'x'.repeat(64), 'É', 'a b.c-d_e']) await file.createWallet(name);
    for (const name of ['', '.a', '-a', '_a', ' a', 'a:b', 'x'.repeat(65), 'a\n']) {
      await expect(file.createWallet(name), name).rejects.toMatchObject({
        code: 'bad-wallet-name',
        hint: expect.stringMatching(/^Use 1 to 64 letters/),
      });
    }
  });

  it('gives a new wallet twelve words of its own and the keys of its type', async () => {
    const clock = new VirtualClock();
    clock.advance(1_234_567);
    const file = await open(new MemoryStore(), regtest, clock);
    const [a, b] = [await file.createWallet('a'), await file.createWallet('b', { addressType: 'legacy' })];
    expect(a.record.mnemonic.split(' ')).toHaveLength(12);
    expect(a.record.mnemonic).not.toBe(b.record.mnemonic);
    expect([a.addressType, b.addressType]).toEqual(['bech32', 'legacy']);
    expect(a.record.birthday).toBe(Math.floor(clock.now() / 1000));
    expect(types(file, 'a')).toEqual(['bech32 0', 'bech32 1']);
    expect(types(file, 'b')).toEqual(['legacy 0', 'legacy 1']);
    expect([a.watchedCount, a.addresses()]).toEqual([40, []]);
    expect(a.record).not.toHaveProperty('gap');
    expect(a.record).not.toHaveProperty('account');
  });

  it('gives a restored wallet its words and the keys of all types, since it may have coins of any', async () => {
    const store = new MemoryStore();
    const file = await open(store);
    const wallet = await file.createWallet('w', { mnemonic: ` ${MNEMONIC.toUpperCase()}`, gap: 2, account: 3 });
    expect(wallet.record).toMatchObject({ mnemonic: MNEMONIC, birthday: 0, gap: 2, account: 3 });
    expect(types(file, 'w')).toHaveLength(8);
    expect(wallet.watchedCount).toBe(16);
    const again = (await open(store)).get('w')!;
    expect(again.record).toEqual(wallet.record);
    expect(scripts(again)).toEqual(scripts(wallet));
    await again.newAddress();
    expect(again.watchedCount).toBe(17);
  });

  it('accepts gaps of 1 to 10,000 and accounts of 0 to 2^31 - 1', async () => {
    const file = await open(new MemoryStore());
    await file.createWallet('a', { gap: 1, account: 0x7fff_ffff });
    // The words are checked last. Ten thousand keys would take seconds.
    const wrong = file.createWallet('b', { gap: 10_000, mnemonic: 'abandon' });
    await expect(wrong).rejects.toHaveProperty('code', 'bad-mnemonic');
    for (const gap of [0, 10_001, 2.5])
      await expect(file.createWallet('x', { gap })).rejects.toHaveProperty('code', 'bad-gap');
    for (const account of [-1, 0x8000_0000, 2.5]) {
      await expect(file.createWallet('x', { account })).rejects.toHaveProperty('code', 'bad-account');
    }
    // The default is not written.
    const wallet = await file.createWallet('c', { gap: 20, account: 0 });
    expect(wallet.record).not.toHaveProperty('gap');
    expect(wallet.record).not.toHaveProperty('account');
  });

  it('has the keys of mainnet on mainnet, and of the test networks elsewhere', async () => {
    for (const [network, coinType] of [
      ['main', 0],
      ['test', 1],
      ['regtest', 1],
    ] as const) {
      const store = new MemoryStore();
      const file = await open(store, chainParams(network));
      const wallet = await file.createWallet('w', { mnemonic: MNEMONIC, account: 2 });
      const address = await wallet.newAddress();
      const [shown] = wallet.addresses();
      expect(shown).toMatchObject({ address, path: `m/84'/${coinType}'/2'/0/0` });
      const again = (await open(store, chainParams(network))).get('w')!;
      expect(again.addresses()).toEqual([shown]);
      expect(again.addresses()).toHaveLength(1);
      expect(await again.newAddress()).toBe(await wallet.newAddress());
    }
    const file = await open(new MemoryStore(), chainParams('main'));
    const wallet = await file.createWallet('w', { mnemonic: MNEMONIC });
    // BIP84's first address.
    expect(await wallet.newAddress()).toBe('bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu');
  });

  it('has a new wallet on disk, and followed, before it is returned', async () => {
    const store = new MemoryStore();
    const file = await open(store);
    const followed: string[] = [];
    file.onCreated(async (wallet) => {
      expect(file.get(wallet.name)).toBe(wallet);
      expect(scripts((await open(store)).get(wallet.name)!)).toEqual(scripts(wallet));
      await new Promise(setImmediate);
      followed.push(wallet.name);
    });
    await file.createWallet('a');
    expect(followed).toEqual(['a']);
  });

  it('passes on errors of the store, and reports others as damage', async () => {
    class Broken extends MemoryStore {
      error: unknown;
      override entries(): never {
        throw this.error;
      }
    }
    const store = new Broken();
    store.error = new StoreError('disk-full', '/data', 'the store is closed');
    await expect(open(store)).rejects.toBe(store.error);
    store.error = new TypeError('odd');
    await expect(open(store)).rejects.toMatchObject({
      ...{ code: 'corrupt-wallet', message: 'the wallet file is damaged: odd', cause: store.error },
      hint: expect.stringMatching(/^Replace the wallet file by a backup/),
    });
    store.error = 'text';
    await expect(open(store)).rejects.toMatchObject({ message: 'the wallet file is damaged: text' });
  });
});

describe('a wallet file without checksums', () => {
  /** A store with the records of a wallet, changed. */
  async function stored(change: (operations: StoreOperation[]) => StoreOperation[]): Promise<MemoryStore> {
    const source = new MemoryStore();
    await (await open(source)).createWallet('w', { mnemonic: MNEMONIC, addressType: 'bech32', gap: 2 });
    const file = await open(source);
    const wallet = file.get('w')!;
    const keys = wallet.watchedScripts().map((scriptPubKey) => putKey(1, wallet.keyOf(scriptPubKey)!));
    const store = new MemoryStore();
    await store.write(change([putWallet(1, wallet.record), ...keys]));
    return store;
  }

  it('is opened if its keys follow from its words', async () => {
    const file = await open(await stored((operations) => operations));
    expect(file.get('w')!.watchedCount).toBe(16);
  });

  it('is refused if the root key or another key does not', async () => {
    const other = await (await open(new MemoryStore())).createWallet('o');
    const wrongRoot = await stored((operations) => {
      const { record } = other;
      return [putWallet(1, { ...record, mnemonic: MNEMONIC }), ...operations.slice(1)];
    });
    await expect(open(wrongRoot)).rejects.toMatchObject({
      code: 'corrupt-wallet',
      message: expect.stringMatching("the root key of wallet 'o' does not match its mnemonic"),
    });
    const foreign = other.keyOf(other.watchedScripts()[0]!)!;
    const wrongKey = await stored((operations) => [...operations, putKey(1, { ...foreign, index: 2 })]);
    await expect(open(wrongKey)).rejects.toMatchObject({
      code: 'corrupt-wallet',
      message: expect.stringMatching("a key of wallet 'w' does not match its mnemonic"),
    });
  });
});

describe('a wallet file whose content was read before from another store', () => {
  /** A file with two wallets and a payment, in a store that has forks. */
  async function setUp() {
    const store = new MemoryStore();
    const file = await open(store);
    const wallet = await file.createWallet('w', { mnemonic: MNEMONIC, addressType: 'bech32' });
    await file.createWallet('v');
    const scriptPubKey = wallet.watchedScripts()[0]!;
    const paid = spend([foreignCoin], [{ value: COIN, scriptPubKey }]);
    await file.write(wallet.transactionAdded(paid));
    return { store: store.fork(), paid };
  }
  /** The state of a wallet. */
  const stateOf = (wallet: Wallet) => ({
    scripts: scripts(wallet),
    counts: wallet.watchedCounts(),
    addresses: wallet.addresses(),
    history: wallet.history().map(({ entry, ...rest }) => ({ ...rest, ...entry, tx: entry.tx.txidHex })),
    balance: wallet.balance(),
    syncedTo: wallet.syncedTo,
    gap: wallet.neededGap,
  });

  it('is the same as at the first time', async () => {
    const { store } = await setUp();
    const [first, second] = [await open(store.fork()), await open(store.fork())];
    expect(names(second)).toEqual(['1 w', '2 v']);
    expect(stateOf(first.get('w')!).history).toHaveLength(1);
    for (const name of ['w', 'v']) expect(stateOf(second.get(name)!)).toEqual(stateOf(first.get(name)!));
  });

  it('is not changed by what the others do', async () => {
    const { store, paid } = await setUp();
    const before = stateOf((await open(store.fork())).get('w')!);
    const [changed, other] = [await open(store.fork()), await open(store.fork())];
    const wallet = changed.get('w')!;
    for (let i = 0; i < 3; i++) await wallet.newAddress();
    const confirmation = { height: 1, blockHash: new Uint8Array(32), blockTime: 1, position: 1 };
    await changed.write(wallet.transactionConfirmed(paid, confirmation));
    await changed.write(wallet.synced({ height: 1, locator: [new Uint8Array(32)] }));
    const rival = spend([foreignCoin], [{ value: 1n, scriptPubKey: ownScript }]);
    const conflicting = (await open(store.fork())).get('w')!;
    conflicting.transactionAdded(rival);
    expect(stateOf(conflicting)).not.toEqual(before);
    expect(wallet.balance().trusted).toBe(COIN);
    const third = wallet.watchedScripts()[2]!;
    wallet.transactionConfirmed(spend([foreignCoin], [{ value: 1n, scriptPubKey: third }]), confirmation);
    expect(stateOf(other.get('w')!)).toEqual(before);
    expect(stateOf((await open(store.fork())).get('w')!)).toEqual(before);
  });

  it('goes on with the right sum of checksums', async () => {
    const { store } = await setUp();
    await open(store.fork());
    const fork = store.fork();
    const again = await open(fork);
    await again.get('w')!.newAddress();
    await again.flushed();
    expect((await open(fork)).get('w')!.addresses()).toEqual(again.get('w')!.addresses());
  });

  it('is read anew for another network', async () => {
    const { store } = await setUp();
    const outputs: string[] = [];
    for (const params of [regtest, chainParams('main')]) {
      const wallet = (await open(store.fork(), params)).get('w')!;
      for (let i = 0; i < 30; i++) await wallet.newAddress();
      outputs.push(scripts(wallet).join());
    }
    expect(outputs[0]).not.toBe(outputs[1]);
  });

  it('is read anew once the store has changed', async () => {
    const { store } = await setUp();
    await open(store.fork());
    const fork = store.fork();
    const damagedValue = Uint8Array.of(1);
    await fork.write([{ type: 'put', key: new TextEncoder().encode('sync/0001/tip'), value: damagedValue }]);
    await expect(open(fork)).rejects.toMatchObject({ code: 'corrupt-wallet' });
  });
});
