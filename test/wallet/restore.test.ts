import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import type { TxOut } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { addressTypes } from '../../src/wallet/keys.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../src/wallet/wallet-sync.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { ownScript, RegtestChain, spend } from '../support/regtest-chain.ts';
import { script, WalletFixture } from './support/wallet-fixture.ts';

/** A chain whose coinbases the test can spend at once. */
const young = async () => WalletFixture.create(undefined, await RegtestChain.create({ coinbaseMaturity: 1 }));

/** Mines a block with a payment of 1 BTC to each script, in this order of blocks. */
async function payInBlocks(fixture: WalletFixture, scripts: readonly (readonly Uint8Array[])[]): Promise<void> {
  const { regtest } = fixture;
  for (const [i, payees] of scripts.entries()) {
    const coin = regtest.coinbase(i + 1);
    const outputs: TxOut[] = payees.map((scriptPubKey) => ({ value: COIN, scriptPubKey }));
    const rest = coin.output.value - BigInt(payees.length) * COIN - 10_000n;
    const tx = spend([coin], [...outputs, { value: rest, scriptPubKey: ownScript }]);
    await regtest.mine(1, { transactions: [tx] });
  }
}

describe('restoring a wallet from its words', () => {
  it('finds a payment in a block before the one that extends the watched keys', async () => {
    const fixture = await young();
    const wallet = await fixture.file.createWallet('w');
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 25; i++) addresses.push(script(await wallet.newAddress()));
    await fixture.regtest.mine(3);
    await payInBlocks(fixture, [[addresses[24]!], [addresses[5]!]]);
    expect(wallet.balance().trusted).toBe(2n * COIN);
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(restored.balance().trusted).toBe(2n * COIN);
  });

  it('finds an output of a known transaction that pays a key watched only later', async () => {
    const fixture = await young();
    const wallet = await fixture.file.createWallet('w');
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 45; i++) addresses.push(script(await wallet.newAddress()));
    await fixture.regtest.mine(4);
    // The last output is watched after the first, and the one of the second block after the third block.
    await payInBlocks(fixture, [[addresses[24]!, addresses[5]!], [addresses[44]!, addresses[0]!], [addresses[25]!]]);
    expect(wallet.balance().trusted).toBe(5n * COIN);
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(restored.balance().trusted).toBe(5n * COIN);
  });

  it('finds all coins of 160 addresses of four types, whatever the order in which they were paid', async () => {
    const random = new SeededRandom(2024);
    const fixture = await young();
    const wallet = await fixture.file.createWallet('w');
    await fixture.regtest.mine(40);
    // On each chain, one key of any twenty in a row is paid; the blocks pay them in random order.
    const payees: Uint8Array[] = [];
    for (const type of addressTypes) {
      for (const change of [false, true]) {
        for (let i = 0; i < 20; i++) {
          const address = await wallet.newAddress({ type, change });
          if (i % 4 === random.uint32() % 4 || i === 19) payees.push(script(address));
        }
      }
    }
    for (let i = payees.length - 1; i > 0; i--) {
      const j = random.uint32() % (i + 1);
      [payees[i], payees[j]] = [payees[j]!, payees[i]!];
    }
    const blocks: Uint8Array[][] = [];
    while (payees.length > 0) blocks.push(payees.splice(0, 3));
    await payInBlocks(fixture, blocks);
    const expected = wallet.balance().trusted;
    expect(expected).toBe(BigInt(blocks.flat().length) * COIN);
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(restored.balance().trusted).toBe(expected);
  });

  it('takes a gap, keeps it over a restart, and says which gap it needs', async () => {
    const fixture = await young();
    const wallet = await fixture.file.createWallet('w');
    let far = '';
    for (let i = 0; i < 20; i++) far = await wallet.newAddress();
    expect(wallet.neededGap).toBe(20);
    for (let i = 0; i < 11; i++) far = await wallet.newAddress();
    expect(wallet.neededGap).toBe(31);
    await fixture.regtest.mine(2);
    await payInBlocks(fixture, [[script(far)]]);
    const { mnemonic } = wallet.record;
    expect((await fixture.file.createWallet('short', { mnemonic, gap: 30 })).balance().trusted).toBe(0n);
    expect((await fixture.file.createWallet('long', { mnemonic, gap: 31 })).balance().trusted).toBe(COIN);
    await fixture.close();
    await fixture.open();
    expect(fixture.file.get('long')!.watchedScripts()).toHaveLength(8 * 31 + 31);
    for (const gap of [0, -1, 1.5, Number.NaN, 10_001]) {
      await expect(fixture.file.createWallet('x', { mnemonic, gap })).rejects.toMatchObject({ code: 'bad-gap' });
    }
  });

  it('scans again for new keys when the chain has been downloaded after the restore', async () => {
    const elsewhere = await young();
    const wallet = await elsewhere.file.createWallet('w');
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 25; i++) addresses.push(script(await wallet.newAddress()));
    await elsewhere.regtest.mine(3);
    await payInBlocks(elsewhere, [[addresses[24]!], [addresses[5]!]]);
    const fixture = await young();
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    // Two days later, the blocks arrive; those of the download are old.
    fixture.regtest.clock.advance(2 * 24 * 3600 * 1000);
    await fixture.regtest.acceptBlocks(elsewhere.regtest.blocks(1));
    await fixture.close();
    await fixture.open();
    await fixture.regtest.mine();
    await fixture.close();
    expect(fixture.file.get('restored')!.balance().trusted).toBe(2n * COIN);
    expect(restored.name).toBe('restored');
  });

  it('finds the spend of a coin in the mempool, whichever of the two entered the mempool first', async () => {
    const fixture = await young();
    const { regtest } = fixture;
    const wallet = await fixture.file.createWallet('w');
    const to = script(await wallet.newAddress());
    await regtest.mine(3);
    // The parent adds no keys: an earlier payment to the same address has, whose coin is spent.
    await payInBlocks(fixture, [[to]]);
    await fixture.send(wallet, ownScript, COIN, { subtractFee: true });
    await regtest.mine();
    const rest = { value: 48n * COIN, scriptPubKey: ownScript };
    const parent = spend([regtest.coinbase(2)], [{ value: COIN, scriptPubKey: to }, rest]);
    await regtest.mine(1, { transactions: [parent] });
    const { tx: child, fee } = await fixture.send(wallet, ownScript, COIN, { subtractFee: true });
    // The parent returns to the mempool, behind its child.
    await regtest.chain.invalidateBlock(regtest.chain.tip);
    const order = [...regtest.mempool.entries()].map(({ tx }) => tx.txidHex);
    expect(order).toEqual([child.txidHex, parent.txidHex]);
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(restored.balance()).toEqual({ trusted: 0n, pending: 0n, immature: 0n });
    expect(restored.listUnspent()).toEqual([]);
    expect(restored.transaction(child.txidHex)).toMatchObject({ debit: COIN, credit: 0n, fee });
  });

  it('finds payments in the mempool to keys that are watched only because of later ones', async () => {
    const fixture = await young();
    const { regtest } = fixture;
    const wallet = await fixture.file.createWallet('w');
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 81; i++) addresses.push(script(await wallet.newAddress()));
    await regtest.mine(6);
    const pay = (height: number, scriptPubKey: Uint8Array) => {
      const outputs = [
        { value: COIN, scriptPubKey },
        { value: 48n * COIN, scriptPubKey: ownScript },
      ];
      expect(regtest.mempool.accept(spend([regtest.coinbase(height)], outputs))).toHaveProperty('entry');
    };
    for (const [i, index] of [80, 44, 25, 5].entries()) pay(i + 1, addresses[index]!);
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(restored.balance().pending).toBe(3n * COIN);
    // Now the wallet follows the mempool.
    pay(5, addresses[61]!);
    expect(restored.balance().pending).toBe(5n * COIN);
  });

  it('finds an earlier transaction of the block that adds its key, also once it follows the chain', async () => {
    const fixture = await young();
    const wallet = await fixture.file.createWallet('w');
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 25; i++) addresses.push(script(await wallet.newAddress()));
    const restored = await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    const { regtest } = fixture;
    await regtest.mine(3);
    const transactions = [24, 5].map((index, i) =>
      spend(
        [regtest.coinbase(i + 1)],
        [
          { value: COIN, scriptPubKey: addresses[index]! },
          { value: 48n * COIN, scriptPubKey: ownScript },
        ],
      ),
    );
    await regtest.mine(1, { transactions });
    expect(restored.balance().trusted).toBe(2n * COIN);
  });

  it('with the default gap does not find an address more than 20 behind a used one: the log says so', async () => {
    const { regtest } = await young();
    const log = new CapturedLogger();
    const modules = { clock: regtest.clock, random: new SeededRandom(1), logger: log, store: new MemoryStore() };
    const file = await WalletFile.open({ params: regtest.chain.params }, modules);
    const { chain, mempool, clock } = regtest;
    const detach = await attachWallet(file, { chain, mempool, clock, logger: silentLogger });
    const wallet = await file.createWallet('w');
    const warned = () => log.shown.filter(({ message }) => message.startsWith('address beyond the gap limit'));
    const addresses: string[] = [];
    for (let i = 0; i < 20; i++) addresses.push(await wallet.newAddress());
    expect(warned()).toEqual([]);
    const far = await wallet.newAddress();
    expect(warned()).toMatchObject([{ wallet: 'w', address: far, gap: 21 }]);
    await regtest.mine(1, { scriptPubKey: script(addresses[4]!) });
    for (let i = 21; i < 25; i++) await wallet.newAddress();
    expect(warned()).toHaveLength(1);
    await wallet.newAddress();
    expect(warned()[1]).toMatchObject({ gap: 21 });
    await detach();
  });

  it('reads the blocks from two hours before the creation of a wallet, since clocks differ', async () => {
    const regtest = await RegtestChain.create({ blocks: 300 });
    const { chain, mempool, clock } = regtest;
    const modules = { clock, random: new SeededRandom(1), logger: silentLogger, store: new MemoryStore() };
    const file = await WalletFile.open({ params: chain.params }, modules);
    await file.createWallet('w');
    const read: number[] = [];
    const getBlock = chain.getBlock.bind(chain);
    chain.getBlock = (index) => {
      read.push(index.height);
      return getBlock(index);
    };
    await (await attachWallet(file, { chain, mempool, clock, logger: silentLogger }))();
    // The blocks are a minute apart.
    expect([Math.min(...read), read.length]).toEqual([180, 121]);
  });
});
