import { describe, expect, it } from 'vitest';
import { COIN } from '../../src/primitives/amount.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { addressTypes } from '../../src/wallet/keys.ts';
import { ownScript, pay } from '../support/regtest-chain.ts';
import { script, view, WalletFixture } from './support/wallet-fixture.ts';

describe('Wallet', () => {
  it('counts rewards as immature until they are 100 blocks deep', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.file.createWallet('w');
    await fixture.mineTo(script(await wallet.newAddress()));
    await fixture.mineTo(ownScript, 99);
    expect(wallet.balance()).toEqual({ trusted: 0n, pending: 0n, immature: 50n * COIN });
    await expect(fixture.send(wallet, ownScript, COIN)).rejects.toMatchObject({ code: 'immature-coins' });
    await fixture.mineTo(ownScript);
    expect(wallet.balance()).toEqual({ trusted: 50n * COIN, pending: 0n, immature: 0n });
  });

  it('spends mixed outputs of every type, passes our validation and policy, and pays the given fee rate', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet(3);
    const random = new SeededRandom(5);
    for (let round = 0; round < 3; round++) {
      for (const type of addressTypes) {
        const value = BigInt(100_000 + (random.uint32() % 900_000));
        await fixture.send(wallet, script(await wallet.newAddress({ type })), value);
      }
      await fixture.mineTo(ownScript);
    }
    const types = () => new Set(wallet.listUnspent().map(({ key }) => key.type));
    expect(types()).toEqual(new Set(addressTypes));
    for (const feeRate of [0.5, 1, 1.234, 20, 250]) {
      // Nearly the whole balance, so that the inputs have all types.
      const value = wallet.balance().trusted - 200_000n;
      const { tx, fee } = await fixture.send(wallet, script(await wallet.newAddress()), value, { feeRate });
      const rate = Number(fee) / tx.vsize;
      expect(rate).toBeGreaterThanOrEqual(feeRate);
      // Signatures are estimated at maximum size, and an excess too small for change is added to the fee.
      expect(Number(fee)).toBeLessThan(feeRate * (tx.vsize * 1.02 + 110) + 600);
      await fixture.mineTo(ownScript);
      for (const type of addressTypes) await fixture.send(wallet, script(await wallet.newAddress({ type })), 50_000n);
      await fixture.mineTo(ownScript);
    }
  });

  it('derives the keys of its account, also after it is opened again', async () => {
    const fixture = await WalletFixture.create();
    const mnemonic = 'test test test test test test test test test test test junk';
    const first = await fixture.file.createWallet('first', { mnemonic });
    const second = await fixture.file.createWallet('second', { mnemonic, account: 7 });
    const address = await second.newAddress();
    expect(await first.newAddress()).not.toBe(address);
    expect(second.path(second.keyOf(script(address))!)).toBe("m/84'/1'/7'/0/0");
    await fixture.close();
    await fixture.open();
    const again = fixture.file.get('second')!;
    expect(again.path(again.keyOf(script(address))!)).toBe("m/84'/1'/7'/0/0");
    expect(await again.newAddress()).not.toBe(address);
    for (const account of [-1, 1.5, 2 ** 31]) {
      await expect(fixture.file.createWallet('x', { account })).rejects.toMatchObject({ code: 'bad-account' });
    }
  });

  it('trusts its own unconfirmed change, but not unconfirmed payments from others', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    const other = await fixture.file.createWallet('other');
    const { fee } = await fixture.send(wallet, script(await other.newAddress()), 10n * COIN);
    expect(wallet.balance()).toEqual({ trusted: 40n * COIN - fee, pending: 0n, immature: 0n });
    expect(other.balance()).toEqual({ trusted: 0n, pending: 10n * COIN, immature: 0n });
    await fixture.send(wallet, ownScript, 20n * COIN); // spends the change
    await expect(fixture.send(other, ownScript, COIN)).rejects.toMatchObject({ code: 'insufficient-funds' });
    await fixture.mineTo(ownScript);
    expect(other.balance().trusted).toBe(10n * COIN);
    expect(other.history()[0]).toMatchObject({ confirmations: 1, credit: 10n * COIN, debit: 0n, fee: undefined });
    expect(wallet.history()[1]).toMatchObject({ confirmations: 1, debit: 50n * COIN, fee });
  });

  it('rejects payments that cannot be relayed or funded, and uses no address for them', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    const before = view(wallet);
    for (const [value, code] of [
      [0n, 'bad-amount'],
      [-1n, 'bad-amount'],
      [21_000_001n * COIN, 'bad-amount'],
      [293n, 'dust'],
      [50n * COIN, 'insufficient-funds'],
      [51n * COIN, 'insufficient-funds'],
    ] as const) {
      await expect(fixture.send(wallet, ownScript, value)).rejects.toMatchObject({ code });
    }
    for (const feeRate of [0, -1, Number.NaN, 100_001]) {
      await expect(fixture.send(wallet, ownScript, COIN, { feeRate })).rejects.toMatchObject({ code: 'bad-fee-rate' });
    }
    expect(view(wallet)).toEqual(before);
  });

  it('removes a payment that the mempool rejects, and can spend the coin again', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    const refused = wallet.send([{ scriptPubKey: ownScript, value: COIN }], {}, () => ({ reject: { reason: 'no' } }));
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    expect(wallet.balance().trusted).toBe(50n * COIN);
    await fixture.send(wallet, ownScript, COIN);
  });

  it('keeps a payment that a new block has offered to the mempool before it was submitted', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet(2);
    const { mempool } = fixture.regtest;
    const outputs = [{ value: 60n * COIN, scriptPubKey: ownScript }];
    const { tx } = await wallet.send(outputs, {}, async (made) => {
      await fixture.regtest.mine();
      expect(mempool.has(made.txid)).toBe(true);
      const result = mempool.accept(made);
      return 'reject' in result ? { reject: result.reject } : {};
    });
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(0);
    // It has spent both coins.
    await expect(fixture.send(wallet, ownScript, 45n * COIN)).rejects.toMatchObject({ code: 'insufficient-funds' });
    await fixture.mineTo(ownScript);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(1);
  });

  it('selects different coins for concurrent payments', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet(2);
    const payments = await Promise.all([1n, 2n, 3n, 4n].map((n) => fixture.send(wallet, ownScript, n * COIN)));
    expect(fixture.regtest.mempool.size).toBe(4);
    let fees = 0n;
    for (const { fee } of payments) fees += fee;
    expect(wallet.balance().trusted).toBe(90n * COIN - fees);
  });

  it('subtracts the fee from the output with subtractFee', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    const { tx, fee } = await fixture.send(wallet, ownScript, 50n * COIN, { subtractFee: true });
    expect(tx.outputs.map(({ value }) => value)).toEqual([50n * COIN - fee]);
    expect(wallet.balance()).toEqual({ trusted: 0n, pending: 0n, immature: 0n });
  });

  it('follows a reorganisation: disconnected payments become unconfirmed, disconnected rewards are gone', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    const fork = await fixture.regtest.fork();
    const { tx, fee } = await fixture.send(wallet, ownScript, COIN);
    await fixture.mineTo(script(await wallet.newAddress()));
    expect(wallet.balance()).toEqual({ trusted: 49n * COIN - fee, pending: 0n, immature: 50n * COIN + fee });
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(1);

    await fork.mine(2);
    await fixture.regtest.acceptBlocks(fork.blocks(102));
    expect(fixture.regtest.chain.tip.height).toBe(103);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(0);
    expect(fixture.regtest.mempool.has(tx.txid)).toBe(true);
    expect(wallet.balance()).toEqual({ trusted: 49n * COIN - fee, pending: 0n, immature: 0n });
    await fixture.mineTo(ownScript);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(1);
  });

  it('marks a payment as conflicted by a block, and as unconfirmed when that block is disconnected', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    // A wallet with the same mnemonic, at a node on another branch, spends the same coin.
    const fork = await fixture.regtest.fork();
    const twin = await WalletFixture.create(new MemoryStore(), fork);
    await twin.file.createWallet('twin', { mnemonic: wallet.record.mnemonic });
    const elsewhere = await twin.send(twin.file.get('twin')!, ownScript, 7n * COIN);
    await twin.mineTo(ownScript, 2);

    const { tx } = await fixture.send(wallet, ownScript, COIN);
    const { tx: child } = await fixture.send(wallet, ownScript, COIN);
    await fixture.regtest.acceptBlocks(fork.blocks(102));
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(-2);
    expect(wallet.transaction(child.txidHex)!.confirmations).toBe(-2);
    expect(wallet.balance().trusted).toBe(43n * COIN - elsewhere.fee);

    await fixture.regtest.chain.invalidateBlock(fixture.regtest.chain.atHeight(102)!);
    expect(wallet.transaction(tx.txidHex)!.confirmations).toBe(0);
    expect(wallet.transaction(child.txidHex)!.confirmations).toBe(0);
    expect(wallet.transaction(elsewhere.tx.txidHex)!.confirmations).toBe(0);
  });
});

describe('WalletFile', () => {
  it('has the same state after a restart, and resubmits unconfirmed transactions to the mempool', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet(2);
    await fixture.send(wallet, ownScript, COIN);
    await fixture.mineTo(ownScript);
    const { tx } = await fixture.send(wallet, ownScript, COIN);
    const before = view(wallet);
    await fixture.close();

    fixture.regtest.mempool.remove(tx.txid, 'expiry');
    await fixture.open();
    expect(fixture.regtest.mempool.has(tx.txid)).toBe(true);
    expect(view(fixture.file.get('funded')!)).toEqual(before);
  });

  it('scans the blocks mined while it was closed, also across a reorganisation', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet();
    const to = script(await wallet.newAddress());
    const fork = await fixture.regtest.fork();
    await fixture.mineTo(to, 2);
    expect(wallet.balance().immature).toBe(100n * COIN);
    await fixture.close();

    await fork.mine(3);
    await fixture.regtest.acceptBlocks(fork.blocks(102));
    await fixture.mineTo(to);
    await fixture.open();
    expect(fixture.file.get('funded')!.balance()).toEqual({ trusted: 50n * COIN, pending: 0n, immature: 50n * COIN });
  });

  it('restores a wallet from its mnemonic: the scan gives the same state', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.fundedWallet(2);
    for (let i = 0; i < 30; i++) {
      const to = script(await wallet.newAddress({ type: addressTypes[i % 4]! }));
      await fixture.send(wallet, to, BigInt(i + 1) * 10_000n);
      if (i % 5 === 0) await fixture.mineTo(ownScript);
    }
    await fixture.mineTo(ownScript);
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(view(restored).balance).toEqual(view(wallet).balance);
    expect(view(restored).history).toEqual(view(wallet).history);
    expect(view(restored).unspent).toEqual(view(wallet).unspent);
  });

  it('rejects duplicate and invalid wallet names', async () => {
    const fixture = await WalletFixture.create();
    await fixture.file.createWallet('钱包 1');
    await expect(fixture.file.createWallet('钱包 1')).rejects.toMatchObject({ code: 'wallet-exists' });
    for (const name of ['', ' a', '../x', 'a/b', 'x'.repeat(65), 'a\nb']) {
      await expect(fixture.file.createWallet(name)).rejects.toMatchObject({ code: 'bad-wallet-name' });
    }
    await expect(fixture.file.createWallet('x', { mnemonic: 'one two' })).rejects.toMatchObject({
      code: 'bad-mnemonic',
    });
    expect(fixture.file.wallets().map(({ name }) => name)).toEqual(['钱包 1']);
  });

  it('hands out no address twice, also to concurrent callers', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.file.createWallet('w');
    const addresses = await Promise.all(Array.from({ length: 60 }, () => wallet.newAddress()));
    expect(new Set(addresses).size).toBe(60);
    await fixture.close();
    await fixture.open();
    const again = fixture.file.get('w')!;
    expect(again.addresses().map(({ address }) => address)).toEqual(addresses);
    expect(addresses).not.toContain(await again.newAddress());
  });

  it('finds a payment to an address that is not handed out yet, within the gap limit', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.file.createWallet('w');
    const elsewhere = await WalletFixture.create();
    const twin = await elsewhere.file.createWallet('w', { mnemonic: wallet.record.mnemonic });
    const ahead: string[] = [];
    for (let i = 0; i < 20; i++) ahead.push(await twin.newAddress());
    await fixture.mineTo(script(ahead[19]!));
    expect(wallet.balance().immature).toBe(50n * COIN);
    expect(await wallet.newAddress()).toBe(await twin.newAddress());
  });

  it('ignores transactions that do not concern it', async () => {
    const fixture = await WalletFixture.create();
    const wallet = await fixture.file.createWallet('w');
    await fixture.regtest.mine(101);
    const tx: Transaction = pay([fixture.regtest.coinbase(1)], 1000n);
    expect(fixture.regtest.mempool.accept(tx)).toHaveProperty('entry');
    expect(wallet.history()).toEqual([]);
  });
});
