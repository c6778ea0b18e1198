import { describe, expect, it } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { Miner } from '../../src/mining/miner.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { formatOutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { decodeAddress } from '../../src/script/address.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { addressTypes } from '../../src/wallet/keys.ts';
import type { PaymentOptions } from '../../src/wallet/payment.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../src/wallet/wallet-sync.ts';
import { MINUTES, ownScript, pay, RegtestChain } from '../support/regtest-chain.ts';

/** A chain in memory with wallets that follow it, and a miner that pays whom it is told to. */
class Bench {
  readonly store = new MemoryStore();
  readonly regtest: RegtestChain;
  readonly #miner: Miner;
  file!: WalletFile;
  #detach: () => Promise<void> = async () => {};

  private constructor(regtest: RegtestChain) {
    this.regtest = regtest;
    const { chain, mempool, clock } = regtest;
    this.#miner = new Miner({}, { chain, mempool, clock, logger: silentLogger });
  }

  static async create(store?: MemoryStore, regtest?: RegtestChain): Promise<Bench> {
    const bench = new Bench(regtest ?? (await RegtestChain.create()));
    await bench.open(store ?? bench.store);
    return bench;
  }

  /** Opens the wallets of a store, as a start does. */
  async open(store = this.store): Promise<void> {
    const { chain, mempool, clock } = this.regtest;
    const modules = { store, clock, random: new SeededRandom(1), logger: silentLogger };
    this.file = await WalletFile.open({ params: regtest }, modules);
    this.#detach = await attachWallet(this.file, { chain, mempool, ...modules });
  }

  close(): Promise<void> {
    return this.#detach();
  }

  async mineTo(scriptPubKey: Uint8Array, count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.regtest.clock.advance(MINUTES);
      expect(await this.#miner.generate(1, scriptPubKey)).toHaveLength(1);
    }
  }

  /** A wallet with one mature reward for each block, and a chain long enough for that. */
  async fundedWallet(rewards = 1): Promise<Wallet> {
    const wallet = await this.file.createWallet('funded');
    await this.mineTo(script(await wallet.newAddress()), rewards);
    await this.mineTo(ownScript, 100);
    return wallet;
  }

  send(wallet: Wallet, to: Uint8Array, value: bigint, options: PaymentOptions = {}) {
    return wallet.send([{ scriptPubKey: to, value }], options, (tx) => {
      const result = this.regtest.mempool.accept(tx);
      return 'reject' in result ? { reject: result.reject } : {};
    });
  }
}

function script(address: string): Uint8Array {
  return decodeAddress(address, regtest.address);
}

/** What a person sees of a wallet. */
function view(wallet: Wallet) {
  return {
    balance: wallet.balance(),
    addresses: wallet.addresses(),
    history: wallet.history().map(({ entry, confirmations, debit, credit, fee }) => ({
      txid: entry.tx.txidHex,
      ...{ confirmations, debit, credit, fee },
    })),
    unspent: wallet
      .listUnspent()
      .map(({ outpoint, output }) => `${formatOutPoint(outpoint)} ${output.value}`)
      .sort(),
  };
}

describe('Wallet', () => {
  it('counts rewards as immature until 100 blocks are on top', async () => {
    const bench = await Bench.create();
    const wallet = await bench.file.createWallet('w');
    await bench.mineTo(script(await wallet.newAddress()));
    await bench.mineTo(ownScript, 99);
    expect(wallet.balance()).toEqual({ trusted: 0n, pending: 0n, immature: 50n * COIN });
    await expect(bench.send(wallet, ownScript, COIN)).rejects.toMatchObject({ code: 'immature-coins' });
    await bench.mineTo(ownScript);
    expect(wallet.balance()).toEqual({ trusted: 50n * COIN, pending: 0n, immature: 0n });
  });

  it('spends outputs of every type, mixed, so that our validator and policy accept it, and at the rate asked for', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet(3);
    const random = new SeededRandom(5);
    for (let round = 0; round < 3; round++) {
      for (const type of addressTypes) {
        const value = BigInt(100_000 + (random.uint32() % 900_000));
        await bench.send(wallet, script(await wallet.newAddress({ type })), value);
      }
      await bench.mineTo(ownScript);
    }
    const types = () => new Set(wallet.listUnspent().map(({ key }) => key.type));
    expect(types()).toEqual(new Set(addressTypes));
    for (const feeRate of [0.5, 1, 1.234, 20, 250]) {
      // Nearly all there is, so that all types are among the inputs.
      const value = wallet.balance().trusted - 200_000n;
      const { tx, fee } = await bench.send(wallet, script(await wallet.newAddress()), value, { feeRate });
      const rate = Number(fee) / tx.vsize;
      expect(rate).toBeGreaterThanOrEqual(feeRate);
      // Signatures are estimated at their greatest size, and what change would cost more than goes to the miner.
      expect(Number(fee)).toBeLessThan(feeRate * (tx.vsize * 1.02 + 110) + 600);
      await bench.mineTo(ownScript);
      for (const type of addressTypes) await bench.send(wallet, script(await wallet.newAddress({ type })), 50_000n);
      await bench.mineTo(ownScript);
    }
  });

  it('trusts its own change before a block holds it, and not what others send', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    const other = await bench.file.createWallet('other');
    const { fee } = await bench.send(wallet, script(await other.newAddress()), 10n * COIN);
    expect(wallet.balance()).toEqual({ trusted: 40n * COIN - fee, pending: 0n, immature: 0n });
    expect(other.balance()).toEqual({ trusted: 0n, pending: 10n * COIN, immature: 0n });
    await bench.send(wallet, ownScript, 20n * COIN); // spends the change
    await expect(bench.send(other, ownScript, COIN)).rejects.toMatchObject({ code: 'insufficient-funds' });
    await bench.mineTo(ownScript);
    expect(other.balance().trusted).toBe(10n * COIN);
    expect(other.history()[0]).toMatchObject({ confirmations: 1, credit: 10n * COIN, debit: 0n, fee: undefined });
    expect(wallet.history()[1]).toMatchObject({ confirmations: 1, debit: 50n * COIN, fee });
  });

  it('refuses what could not be relayed or paid, and takes no address for it', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    const before = view(wallet);
    for (const [value, code] of [
      [0n, 'bad-amount'],
      [-1n, 'bad-amount'],
      [21_000_001n * COIN, 'bad-amount'],
      [293n, 'dust'],
      [50n * COIN, 'insufficient-funds'],
      [51n * COIN, 'insufficient-funds'],
    ] as const) {
      await expect(bench.send(wallet, ownScript, value)).rejects.toMatchObject({ code });
    }
    for (const feeRate of [0, -1, Number.NaN, 100_001]) {
      await expect(bench.send(wallet, ownScript, COIN, { feeRate })).rejects.toMatchObject({ code: 'bad-fee-rate' });
    }
    expect(view(wallet)).toEqual(before);
  });

  it('forgets a payment that the mempool refuses, and can spend the coin again', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    const refused = wallet.send([{ scriptPubKey: ownScript, value: COIN }], {}, () => ({ reject: { reason: 'no' } }));
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    expect(wallet.balance().trusted).toBe(50n * COIN);
    await bench.send(wallet, ownScript, COIN);
  });

  it('makes concurrent payments from different coins', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet(2);
    const payments = await Promise.all([1n, 2n, 3n, 4n].map((n) => bench.send(wallet, ownScript, n * COIN)));
    expect(bench.regtest.mempool.size).toBe(4);
    let fees = 0n;
    for (const { fee } of payments) fees += fee;
    expect(wallet.balance().trusted).toBe(90n * COIN - fees);
  });

  it('takes the fee from the payment if told to', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    const { tx, fee } = await bench.send(wallet, ownScript, 50n * COIN, { subtractFee: true });
    expect(tx.outputs.map(({ value }) => value)).toEqual([50n * COIN - fee]);
    expect(wallet.balance()).toEqual({ trusted: 0n, pending: 0n, immature: 0n });
  });

  it('follows a reorganisation: what lost its block is unconfirmed again, lost rewards are gone', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    const fork = await bench.regtest.fork();
    const { tx, fee } = await bench.send(wallet, ownScript, COIN);
    await bench.mineTo(script(await wallet.newAddress()));
    expect(wallet.balance()).toEqual({ trusted: 49n * COIN - fee, pending: 0n, immature: 50n * COIN + fee });
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(1);

    await fork.mine(2);
    await bench.regtest.acceptBlocks(fork.blocks(102));
    expect(bench.regtest.chain.tip.height).toBe(103);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(0);
    expect(bench.regtest.mempool.has(tx.txid)).toBe(true);
    expect(wallet.balance()).toEqual({ trusted: 49n * COIN - fee, pending: 0n, immature: 0n });
    await bench.mineTo(ownScript);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(1);
  });

  it('notices that a block spends its coin otherwise, and takes it back when that block is lost', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    // The same mnemonic elsewhere: another node, on another branch, spends the same coin.
    const fork = await bench.regtest.fork();
    const twin = await Bench.create(new MemoryStore(), fork);
    await twin.file.createWallet('twin', { mnemonic: wallet.record.mnemonic });
    const elsewhere = await twin.send(twin.file.get('twin')!, ownScript, 7n * COIN);
    await twin.mineTo(ownScript, 2);

    const { tx } = await bench.send(wallet, ownScript, COIN);
    const { tx: child } = await bench.send(wallet, ownScript, COIN);
    await bench.regtest.acceptBlocks(fork.blocks(102));
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(-1);
    expect(wallet.transaction(child.txidHex)!.confirmations).toBe(-1);
    expect(wallet.balance().trusted).toBe(43n * COIN - elsewhere.fee);

    await bench.regtest.chain.invalidateBlock(bench.regtest.chain.atHeight(102)!);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(0);
    expect(wallet.transaction(child.txidHex)!.confirmations).toBe(0);
    expect(wallet.transaction(elsewhere.tx.txidHex)!.confirmations).toBe(0);
  });
});

describe('WalletFile', () => {
  it('is the same after it was closed, and offers the mempool what no block holds', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet(2);
    await bench.send(wallet, ownScript, COIN);
    await bench.mineTo(ownScript);
    const { tx } = await bench.send(wallet, ownScript, COIN);
    const before = view(wallet);
    await bench.close();

    bench.regtest.mempool.remove(tx.txid, 'expiry');
    await bench.open();
    expect(bench.regtest.mempool.has(tx.txid)).toBe(true);
    expect(view(bench.file.get('funded')!)).toEqual(before);
  });

  it('catches up with what happened while it was closed, a reorganisation too', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet();
    const to = script(await wallet.newAddress());
    const fork = await bench.regtest.fork();
    await bench.mineTo(to, 2);
    expect(wallet.balance().immature).toBe(100n * COIN);
    await bench.close();

    await fork.mine(3);
    await bench.regtest.acceptBlocks(fork.blocks(102));
    await bench.mineTo(to);
    await bench.open();
    expect(bench.file.get('funded')!.balance()).toEqual({ trusted: 50n * COIN, pending: 0n, immature: 50n * COIN });
  });

  it('restores a wallet from its mnemonic: a scan finds what following did', async () => {
    const bench = await Bench.create();
    const wallet = await bench.fundedWallet(2);
    for (let i = 0; i < 30; i++) {
      const to = script(await wallet.newAddress({ type: addressTypes[i % 4]! }));
      await bench.send(wallet, to, BigInt(i + 1) * 10_000n);
      if (i % 5 === 0) await bench.mineTo(ownScript);
    }
    await bench.mineTo(ownScript);
    const restored = await bench.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(view(restored).balance).toEqual(view(wallet).balance);
    expect(view(restored).history).toEqual(view(wallet).history);
    expect(view(restored).unspent).toEqual(view(wallet).unspent);
  });

  it('keeps the first word of names and refuses those that are taken or odd', async () => {
    const bench = await Bench.create();
    await bench.file.createWallet('钱包 1');
    await expect(bench.file.createWallet('钱包 1')).rejects.toMatchObject({ code: 'wallet-exists' });
    for (const name of ['', ' a', '../x', 'a/b', 'x'.repeat(65), 'a\nb']) {
      await expect(bench.file.createWallet(name)).rejects.toMatchObject({ code: 'bad-wallet-name' });
    }
    await expect(bench.file.createWallet('x', { mnemonic: 'one two' })).rejects.toMatchObject({ code: 'bad-mnemonic' });
    expect(bench.file.wallets().map(({ name }) => name)).toEqual(['钱包 1']);
  });

  it('hands out no address twice, also to callers at the same time', async () => {
    const bench = await Bench.create();
    const wallet = await bench.file.createWallet('w');
    const addresses = await Promise.all(Array.from({ length: 60 }, () => wallet.newAddress()));
    expect(new Set(addresses).size).toBe(60);
    await bench.close();
    await bench.open();
    const again = bench.file.get('w')!;
    expect(again.addresses().map(({ address }) => address)).toEqual(addresses);
    expect(addresses).not.toContain(await again.newAddress());
  });

  it('sees a payment to an address far ahead of those handed out, up to the gap limit', async () => {
    const bench = await Bench.create();
    const wallet = await bench.file.createWallet('w');
    const elsewhere = await Bench.create();
    const twin = await elsewhere.file.createWallet('w', { mnemonic: wallet.record.mnemonic });
    const ahead: string[] = [];
    for (let i = 0; i < 20; i++) ahead.push(await twin.newAddress());
    await bench.mineTo(script(ahead[19]!));
    expect(wallet.balance().immature).toBe(50n * COIN);
    expect(await wallet.newAddress()).toBe(await twin.newAddress());
  });

  it('has nothing to do with what does not concern it', async () => {
    const bench = await Bench.create();
    const wallet = await bench.file.createWallet('w');
    await bench.regtest.mine(101);
    const tx: Transaction = pay([bench.regtest.coinbase(1)], 1000n);
    expect(bench.regtest.mempool.accept(tx)).toHaveProperty('entry');
    expect(wallet.history()).toEqual([]);
  });
});
