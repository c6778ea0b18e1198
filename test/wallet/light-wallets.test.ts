import { afterEach, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import { toHex } from '../../src/bytes/hex.ts';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { Block } from '../../src/primitives/block.ts';
import { formatOutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { verifyTransactionProof } from '../../src/proofs/transaction-proof.ts';
import { HeaderChain } from '../../src/spv/header-chain.ts';
import { paymentProofs } from '../../src/spv/payment-proof.ts';
import { ProofStore } from '../../src/spv/proof-store.ts';
import { verifySelfContained } from '../../src/spv/verify/proof-file.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { ownProof } from '../../src/wallet/light/own-proof.ts';
import { LightWallets } from '../../src/wallet/light-wallets.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { type BlockPlan, OP_TRUE, spend } from '../chain/support/builder.ts';
import { BlockList, copyStores } from '../spv/support/bloom-network.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { foreignCoin } from './support/ledger-fixture.ts';
import { script } from './support/wallet-fixture.ts';

/** A store whose writes can be made to fail. */
class FailingStore extends MemoryStore {
  fails = false;
  override async write(operations: readonly StoreOperation[]): Promise<void> {
    if (this.fails) throw new Error('disk full');
    return super.write(operations);
  }
}

const settle = () => new Promise(setImmediate);
const txids = (transactions: readonly Transaction[]) => transactions.map(({ txidHex }) => txidHex);

/** What a test has started: no write may have failed at its end. */
const fixtures: LightFixture[] = [];
afterEach(async () => {
  await settle();
  for (const { log } of fixtures.splice(0)) expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

/** The wallets of a light node, with its header chain, without a network. */
class LightFixture {
  readonly clock: VirtualClock;
  readonly stores: { chain: MemoryStore; wallets: FailingStore };
  readonly log = new CapturedLogger();
  chain!: HeaderChain;
  file!: WalletFile;
  proofs!: ProofStore;
  light!: LightWallets;
  /** Heights after which the scan was restarted. */
  readonly rescans: number[] = [];
  /** The transactions that are broadcast now, by txid. */
  broadcast: string[] = [];
  broadcasts = 0;

  private constructor(stores: LightFixture['stores'], clock: VirtualClock) {
    this.stores = stores;
    this.clock = clock;
  }

  static async create(
    stores = { chain: new MemoryStore(), wallets: new FailingStore() },
    clock = new VirtualClock(),
  ): Promise<LightFixture> {
    const fixture = new LightFixture(stores, clock);
    fixtures.push(fixture);
    const modules = { clock, logger: silentLogger, random: new SeededRandom(3) };
    fixture.chain = await HeaderChain.open({ ...regtest, minimumChainWork: 0n }, { ...modules, store: stores.chain });
    fixture.file = await WalletFile.open({ params: regtest }, { ...modules, store: stores.wallets });
    fixture.proofs = new ProofStore(stores.chain);
    return fixture;
  }

  /** Begins to follow the chain. */
  follow(): this {
    const { file, chain, proofs, clock } = this;
    this.light = new LightWallets({ file, chain, proofs, clock, logger: this.log });
    this.light.attach({
      rescanAfter: (index) => this.rescans.push(index.height),
      unconfirmedChanged: (transactions) => {
        this.broadcast = txids(transactions);
        this.broadcasts++;
      },
    });
    return this;
  }

  /** Closes the files, and opens them again as a new node does. */
  async restart(): Promise<LightFixture> {
    await this.light.close();
    await this.chain.flush();
    return (await LightFixture.create(this.stores, this.clock)).follow();
  }

  /** Adds headers. */
  async extend(list: BlockList): Promise<void> {
    const { reject } = this.chain.acceptHeaders(list.blocks.slice(1).map(({ header }) => header));
    expect(reject).toBeUndefined();
    await this.chain.flush();
  }

  at(height: number): BlockIndex {
    return this.chain.atHeight(height)!;
  }

  /** Scans a block as the scan by block filters does. */
  find(list: BlockList, height: number): boolean {
    return this.light.found(this.at(height), list.blocks[height]!);
  }

  /** Passes transactions of a block as the scan by Bloom filters does. */
  prove(block: Block, height: number, positions: readonly number[]): number {
    const proofs = paymentProofs(block, height, positions);
    const proved = positions.map((at, i) => ({ transaction: block.transactions[at]!, proof: proofs[i]! }));
    return this.light.proved(this.at(height), proved);
  }
}

/** Returns a transaction that spends a coin of others. */
const paying = (scriptPubKey: Uint8Array, value = 100_000n) =>
  spend({ inputs: [foreignCoin()], outputs: [{ value, scriptPubKey }] });
const stranger = () => paying(OP_TRUE, 5n);

/** Plans of `count` blocks with transactions at these heights. */
function planned(count: number, at: Record<number, readonly Transaction[]> = {}, from: BlockPlan = {}): BlockPlan[] {
  return Array.from({ length: count }, (_, i) => ({ ...from, ...(at[i + 1] ? { transactions: at[i + 1]! } : {}) }));
}

/** A light node with a wallet, at the tip of a chain of ten blocks. */
async function atTip(at: (to: Uint8Array) => Record<number, readonly Transaction[]> = () => ({})) {
  const fixture = await LightFixture.create();
  const wallet = await fixture.file.createWallet('w');
  const to = script(await wallet.newAddress());
  fixture.follow();
  const list = new BlockList(planned(10, at(to)));
  await fixture.extend(list);
  return { fixture, wallet, to, list, light: fixture.light };
}

const confirmations = (wallet: Wallet, tx: Transaction) => wallet.transaction(tx.txidHex)?.confirmations;

describe('a light wallet at a block that its scan has found', () => {
  it('adds the payments with their proofs, and is scanned up to the block', async () => {
    let first!: Transaction;
    let second!: Transaction;
    const { fixture, wallet, list, light } = await atTip((to) => {
      [first, second] = [paying(to), paying(to)];
      return { 4: [stranger(), first, stranger(), second] };
    });
    await fixture.file.createWallet('other');
    expect(fixture.find(list, 3)).toBe(false);
    expect(wallet.syncedTo!.height).toBe(0);
    const before = fixture.broadcasts;
    expect(fixture.find(list, 4)).toBe(true);
    expect(fixture.broadcasts).toBe(before + 1);
    expect(wallet.syncedTo!.height).toBe(4);
    expect(wallet.balance().trusted).toBe(200_000n);
    for (const [tx, position] of [
      [first, 2],
      [second, 4],
    ] as const) {
      expect(wallet.transaction(tx.txidHex)!.entry.confirmation).toMatchObject({ height: 4, position });
      const proof = fixture.proofs.get(tx.txidHex)!;
      expect(verifyTransactionProof({ header: list.blocks[4]!.header, transaction: tx, ...proof })).toMatchObject({
        valid: true,
        position,
      });
    }
    expect(fixture.log.shown.filter(({ message }) => message === 'payments proved')).toMatchObject([
      { height: 4, transactions: txids([first, second]) },
    ]);
    expect(light.outPoints().map(formatOutPoint)).toEqual(txids([first, second]).map((txid) => `${txid}:0`));
    await light.close();
    const again = await fixture.restart();
    expect(again.file.get('w')!.balance().trusted).toBe(200_000n);
    expect(again.proofs.get(first.txidHex)!.height).toBe(4);
  });

  it('watches the scripts of its keys, and those of all wallets', async () => {
    const { fixture, wallet, light, list } = await atTip();
    const other = await fixture.file.createWallet('other');
    const all = [...wallet.watchedScripts(), ...other.watchedScripts()];
    expect(light.scripts()).toEqual(all);
    await fixture.extend(new BlockList(planned(1), list.blocks));
    expect(light.scripts(fixture.at(11))).toEqual(all);
    // The second wallet began at the tip.
    expect(light.scripts(fixture.at(10))).toEqual(wallet.watchedScripts());
    light.scanned(fixture.at(5));
    expect(light.scripts(fixture.at(6))).toEqual(wallet.watchedScripts());
    expect(light.scripts(fixture.at(5))).toEqual([]);
  });

  it('marks blocks as scanned, and as not scanned again', async () => {
    const { fixture, wallet, light } = await atTip();
    expect(light.start().height).toBe(0);
    light.scanned(fixture.at(7));
    expect([light.start().height, wallet.syncedTo!.height]).toEqual([7, 7]);
    light.rewindTo(fixture.at(5));
    expect([light.start().height, wallet.syncedTo!.height]).toEqual([5, 5]);
    const again = await fixture.restart();
    expect(again.light.start().height).toBe(5);
  });
});

describe('transactions of a block that peers have proved', () => {
  it('are added once, with their proofs; the result counts those that concern a wallet', async () => {
    let tx!: Transaction;
    const { fixture, wallet, list } = await atTip((to) => {
      tx = paying(to);
      return { 6: [stranger(), tx, stranger()] };
    });
    const block = list.blocks[6]!;
    expect(fixture.prove(block, 6, [1])).toBe(0);
    expect(wallet.history()).toEqual([]);
    const before = fixture.broadcasts;
    expect(fixture.prove(block, 6, [1, 2, 3])).toBe(1);
    expect(fixture.broadcasts).toBe(before + 1);
    expect(wallet.transaction(tx.txidHex)!.entry.confirmation).toMatchObject({
      ...{ height: 6, position: 2, blockTime: block.header.time },
    });
    expect(equalBytes(wallet.transaction(tx.txidHex)!.entry.confirmation!.blockHash, block.hash)).toBe(true);
    expect(fixture.proofs.get(tx.txidHex)!.proof.position).toBe(2);
    // The block itself may be requested again.
    expect(wallet.syncedTo!.height).toBe(5);
    expect(fixture.prove(block, 6, [1, 2])).toBe(1);
    expect(fixture.broadcasts).toBe(before + 1);
    const proved = fixture.log.shown.filter(({ message }) => message === 'payments proved');
    expect(proved).toMatchObject([{ height: 6, transactions: [tx.txidHex] }]);
  });
});

describe('an unconfirmed transaction that a peer announces', () => {
  it('is pending, is not broadcast, and is proved later', async () => {
    let tx!: Transaction;
    const { fixture, wallet, light, list } = await atTip((to) => {
      tx = paying(to);
      return { 5: [paying(to, 1000n)], 6: [tx] };
    });
    light.announced(stranger());
    light.announced(tx);
    light.announced(tx);
    expect(wallet.balance()).toEqual({ trusted: 0n, pending: 100_000n, immature: 0n });
    expect(fixture.log.shown.filter(({ message }) => message.startsWith('unconfirmed payment'))).toHaveLength(1);
    const before = fixture.broadcasts;
    fixture.prove(list.blocks[5]!, 5, [1]);
    expect([fixture.broadcast, fixture.broadcasts]).toEqual([[], before + 1]);
    fixture.prove(list.blocks[6]!, 6, [1]);
    expect(wallet.balance().trusted).toBe(101_000n);
    expect(fixture.broadcast).toEqual([]);
    // If the block is lost, the payment is broadcast: its proof shows that it is not invented.
    await fixture.extend(new BlockList(planned(12, {}, { tag: 1 })));
    expect(confirmations(wallet, tx)).toBe(0);
    expect(fixture.broadcast).toContain(tx.txidHex);
  });

  it('is ignored if it is known, also if another has replaced it since', async () => {
    const { wallet, to, light } = await atTip();
    const first = paying(to, 1000n);
    const outputs = [{ value: 2000n, scriptPubKey: to }];
    const rival = spend({ inputs: [first.inputs[0]!.prevout], outputs });
    for (const tx of [first, rival, first]) light.announced(tx);
    expect(wallet.balance().pending).toBe(2000n);
  });

  it('is one of at most a hundred that wait, of those that pay; spends of own coins do not count', async () => {
    const { fixture, wallet, to, light } = await atTip((own) => ({ 2: [paying(own, 1_000_000n)] }));
    const payments = Array.from({ length: 102 }, () => paying(to, 1000n));
    for (const tx of payments.slice(0, 101)) light.announced(tx);
    expect(wallet.balance().pending).toBe(100_000n);
    // One is confirmed, which makes room for another.
    await fixture.extend(new BlockList([...planned(11, { 11: [payments[0]!] })]));
    const list = new BlockList(planned(11, { 11: [payments[0]!] }));
    fixture.prove(list.blocks[11]!, 11, [1]);
    light.announced(payments[101]!);
    expect(wallet.transaction(payments[101]!.txidHex)).toBeDefined();
    expect(wallet.transaction(payments[100]!.txidHex)).toBeUndefined();
  });

  it('that conflicts with a block makes room for another', async () => {
    const { fixture, wallet, to, light } = await atTip();
    const payments = Array.from({ length: 101 }, () => paying(to, 1000n));
    for (const tx of payments.slice(0, 100)) light.announced(tx);
    const rival = spend({
      inputs: [payments[0]!.inputs[0]!.prevout],
      outputs: [{ value: 900n, scriptPubKey: to }],
    });
    const list = new BlockList(planned(11, { 11: [rival] }));
    await fixture.extend(list);
    fixture.prove(list.blocks[11]!, 11, [1]);
    light.announced(payments[100]!);
    expect(wallet.balance()).toEqual({ trusted: 900n, pending: 100_000n, immature: 0n });
  });

  it('that spends coins of the wallet counts as its own, and is broadcast', async () => {
    let coin!: Transaction;
    const { fixture, wallet, light, list } = await atTip((to) => {
      coin = paying(to);
      return { 2: [coin] };
    });
    fixture.find(list, 2);
    await fixture.file.createWallet('other');
    const { tx } = await wallet.createTransaction([{ value: 50_000n, scriptPubKey: OP_TRUE }], { feeRate: 1 });
    light.announced(tx);
    expect(confirmations(wallet, tx)).toBe(0);
    await fixture.extend(new BlockList(planned(1), list.blocks));
    fixture.find(list, 2);
    expect(fixture.broadcast).toEqual([tx.txidHex]);
    const again = await fixture.restart();
    expect(again.broadcast).toEqual([tx.txidHex]);
    // Its change can be spent.
    const { fee } = again.file.get('w')!.transaction(tx.txidHex)!;
    expect(again.file.get('w')!.balance()).toEqual({ trusted: 50_000n - fee!, pending: 0n, immature: 0n });
  });

  it('is forgotten at the next start, unless its proof was withdrawn', async () => {
    let tx!: Transaction;
    const { fixture, wallet, to, light, list } = await atTip((own) => {
      tx = paying(own);
      return { 6: [tx] };
    });
    const invented = paying(to);
    light.announced(invented);
    fixture.find(list, 6);
    await fixture.extend(new BlockList(planned(12, {}, { tag: 1 })));
    expect(wallet.history()).toHaveLength(2);
    const again = await fixture.restart();
    const after = again.file.get('w')!;
    expect(after.history().map(({ entry }) => entry.tx.txidHex)).toEqual([tx.txidHex]);
    expect(again.broadcast).toEqual([tx.txidHex]);
  });
});

describe('a reorganisation of the headers of a light node', () => {
  it('removes confirmations and proofs above the fork only, and says so', async () => {
    let kept!: Transaction;
    let lost!: Transaction;
    const { fixture, wallet, light, list } = await atTip((to) => {
      [kept, lost] = [paying(to), paying(to)];
      return { 4: [kept], 5: [lost] };
    });
    for (const height of [4, 5]) fixture.find(list, height);
    light.scanned(fixture.at(10));
    const branch = new BlockList(planned(8, {}, { tag: 1 }), list.blocks.slice(0, 5));
    await fixture.extend(branch);
    expect(fixture.chain.tip.height).toBe(12);
    expect([confirmations(wallet, kept), confirmations(wallet, lost)]).toEqual([1, 0]);
    expect([fixture.proofs.get(kept.txidHex)?.height, fixture.proofs.get(lost.txidHex)]).toEqual([4, undefined]);
    expect(fixture.proofs.withdrawn().map(([txid]) => txid)).toEqual([lost.txidHex]);
    expect(wallet.syncedTo!.height).toBe(4);
    expect(light.start().height).toBe(4);
    expect(fixture.broadcast).toEqual([lost.txidHex]);
    expect(fixture.log.shown.filter(({ message }) => message.startsWith('payment proof withdrawn'))).toMatchObject([
      { txid: lost.txidHex, height: 5 },
    ]);
  });

  it('is not what a longer chain is', async () => {
    const { fixture, wallet, light, list } = await atTip();
    light.scanned(fixture.at(10));
    const before = fixture.broadcasts;
    await fixture.extend(new BlockList(planned(2), list.blocks));
    expect([wallet.syncedTo!.height, fixture.broadcasts]).toEqual([10, before]);
  });

  it('while the node is stopped is found at the start', async () => {
    let kept!: Transaction;
    let lost!: Transaction;
    const { fixture, light, list } = await atTip((to) => {
      [kept, lost] = [paying(to), paying(to)];
      return { 4: [kept], 7: [lost] };
    });
    for (const height of [4, 7]) fixture.find(list, height);
    light.scanned(fixture.at(10));
    await light.close();
    // Only the headers follow the other branch.
    await fixture.extend(new BlockList(planned(8, {}, { tag: 1 }), list.blocks.slice(0, 6)));
    const again = await fixture.restart();
    const wallet = again.file.get('w')!;
    expect(wallet.syncedTo!.height).toBe(5);
    expect([confirmations(wallet, kept), confirmations(wallet, lost)]).toEqual([2, 0]);
    expect(again.proofs.withdrawn().map(([txid]) => txid)).toEqual([lost.txidHex]);
  });

  it('while the node is stopped keeps spends of rewards below the fork, which the locator does not reach', async () => {
    const fixture = await LightFixture.create();
    const wallet = await fixture.file.createWallet('w');
    const reward = { coinbaseOutputs: [{ value: 100_000n, scriptPubKey: script(await wallet.newAddress()) }] };
    fixture.follow();
    const list = new BlockList([...planned(4), reward, ...planned(105)]);
    await fixture.extend(list);
    fixture.find(list, 5);
    fixture.light.scanned(fixture.at(110));
    const payment = [{ value: 50_000n, scriptPubKey: OP_TRUE }];
    const { tx, fee } = await wallet.send(payment, { feeRate: 1 }, () => ({}));
    await fixture.light.close();
    const branch = new BlockList(planned(95, {}, { tag: 1 }), list.blocks.slice(0, 21));
    await fixture.extend(branch);
    const again = await fixture.restart();
    const after = again.file.get('w')!;
    expect(after.syncedTo!.height).toBe(0);
    expect(after.transaction(tx.txidHex)!.entry).toMatchObject({ abandoned: false, conflict: undefined });
    expect(again.broadcast).toEqual([tx.txidHex]);
    again.find(branch, 5);
    again.light.scanned(again.at(115));
    expect(again.broadcast).toEqual([tx.txidHex]);
    expect(after.balance()).toEqual({ trusted: 50_000n - fee, pending: 0n, immature: 0n });
  });

  it('is found whatever the proofs say of blocks above the fork', async () => {
    const { fixture, light, list } = await atTip((to) => ({ 8: [paying(to)] }));
    fixture.find(list, 8);
    light.scanned(fixture.at(10));
    await light.close();
    await fixture.proofs.withdraw(() => true).stored;
    await fixture.extend(new BlockList(planned(8, {}, { tag: 1 }), list.blocks.slice(0, 6)));
    const again = await fixture.restart();
    expect(again.file.get('w')!.syncedTo!.height).toBe(5);
  });

  it('that only the proofs have, as after a crash, makes the wallet scan again from below the payment', async () => {
    for (const [name, damage] of [
      ['no proof', (proofs: ProofStore) => proofs.withdraw(({ height }) => height === 7).stored],
      [
        'the proof of another block',
        (proofs: ProofStore, tx: Transaction) =>
          proofs.put([[tx.txidHex, { ...proofs.get(tx.txidHex)!, blockHash: new Uint8Array(32) }]]),
      ],
    ] as const) {
      let kept!: Transaction;
      let lost!: Transaction;
      const { fixture, light, list } = await atTip((to) => {
        [kept, lost] = [paying(to), paying(to)];
        return { 4: [kept], 7: [lost] };
      });
      // The wallet is scanned up to the block of the payment.
      for (const height of [4, 7]) fixture.find(list, height);
      await light.close();
      await damage(fixture.proofs, lost);
      const again = await fixture.restart();
      const wallet = again.file.get('w')!;
      expect(wallet.syncedTo!.height, name).toBe(6);
      expect([confirmations(wallet, kept), confirmations(wallet, lost)], name).toEqual([3, 0]);
    }
  });
});

describe('a wallet that is added to a running light node', () => {
  it('begins at the tip if it is new, and at genesis if it is restored; the scan restarts there', async () => {
    const { fixture, light } = await atTip();
    light.scanned(fixture.at(8));
    const fresh = await fixture.file.createWallet('new');
    expect([fresh.syncedTo!.height, fresh.syncedTo!.pass]).toEqual([10, undefined]);
    expect(fixture.rescans).toEqual([8]);
    const restored = await fixture.file.createWallet('restored', { mnemonic: fresh.record.mnemonic });
    expect(restored.syncedTo).toMatchObject({ height: 0, pass: { from: 0, watched: restored.watchedCount } });
    expect(fixture.rescans).toEqual([8, 0]);
    expect(light.start().height).toBe(0);
    // What it returned is in the file.
    const copy = await copyStores({ chain: fixture.stores.chain, wallets: fixture.stores.wallets });
    const file = await WalletFile.open(
      { params: regtest },
      { store: copy.wallets, clock: fixture.clock, logger: silentLogger, random: new SeededRandom(1) },
    );
    expect(file.get('restored')!.syncedTo).toMatchObject({ height: 0 });
  });
});

describe('the scan of a light node', () => {
  it('goes on after the blocks that are two hours older than the oldest wallet', async () => {
    const fixture = await LightFixture.create();
    const wallet = await fixture.file.createWallet('w');
    const { birthday } = wallet.record;
    fixture.follow();
    const start = birthday - 7200 - 5 * 60;
    const plans = Array.from({ length: 20 }, (_, i) => ({ time: start + i * 60 }));
    await fixture.extend(new BlockList(plans));
    // Block 6 is exactly two hours older.
    for (const [scanned, next] of [
      [0, 5],
      [3, 5],
      [8, 8],
      [20, 20],
    ] as const) {
      fixture.light.scanned(fixture.at(scanned));
      expect(fixture.light.resumeAfter(fixture.at(scanned)).height).toBe(next);
    }
    // A restored wallet may have been paid in any block.
    await fixture.file.createWallet('restored', { mnemonic: wallet.record.mnemonic });
    expect(fixture.light.resumeAfter(fixture.at(0)).height).toBe(0);
  });

  it('ends at the tip if all blocks are older', async () => {
    const { fixture, light } = await atTip();
    expect(light.resumeAfter(fixture.at(0)).height).toBe(10);
  });

  it('skips what all wallets have scanned, and returns for keys that blocks have added', async () => {
    const { fixture, light } = await atTip();
    const twin = await (await LightFixture.create()).file.createWallet('w', {
      mnemonic: fixture.file.get('w')!.record.mnemonic,
    });
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 25; i++) addresses.push(script(await twin.newAddress()));
    const restored = await fixture.file.createWallet('restored', { mnemonic: twin.record.mnemonic });
    const list = new BlockList(planned(12, { 12: [paying(addresses[19]!)] }));
    await fixture.extend(new BlockList(planned(12, { 12: [paying(addresses[19]!)] })));
    await fixture.extend(list);
    expect(light.start().height).toBe(0);
    light.scanned(fixture.at(6));
    expect(light.resumeAfter(fixture.at(2)).height).toBe(6);
    const tip = fixture.chain.tip;
    const watched = restored.watchedCount;
    light.found(tip, { ...list.blocks[12]!, hash: tip.hash } as Block);
    expect(restored.watchedCount).toBeGreaterThan(watched);
    // Blocks 1 to 12 have not been matched with the new keys.
    expect(light.resumeAfter(tip).height).toBe(0);
    expect(light.scripts(fixture.at(3))).toHaveLength(restored.watchedCount - watched);
    light.scanned(tip);
    expect(light.resumeAfter(tip).height).toBe(12);
  });

  it('returns to earlier blocks only at the tip, also for keys that were handed out meanwhile', async () => {
    const { fixture, light } = await atTip();
    const { mnemonic } = fixture.file.get('w')!.record;
    const restored = await fixture.file.createWallet('restored', { mnemonic });
    light.scanned(fixture.at(4));
    await restored.newAddress();
    expect(light.resumeAfter(fixture.at(4)).height).toBe(4);
    light.scanned(fixture.at(10));
    await restored.newAddress();
    expect(light.resumeAfter(fixture.at(10)).height).toBe(0);
    expect([1, 4, 5, 10].map((height) => light.scripts(fixture.at(height)).length)).toEqual([2, 2, 1, 1]);
  });

  it('notes coins that a repetition finds, whose spends later blocks have not been matched with', async () => {
    const { fixture, light } = await atTip();
    const twin = await (await LightFixture.create()).file.createWallet('twin');
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < 25; i++) addresses.push(script(await twin.newAddress()));
    const restored = await fixture.file.createWallet('restored', { mnemonic: twin.record.mnemonic });
    const list = new BlockList(planned(13, { 3: [paying(addresses[24]!)], 12: [paying(addresses[15]!)] }));
    await fixture.extend(list);
    light.scanned(fixture.at(11));
    fixture.prove(list.blocks[12]!, 12, [1]);
    light.scanned(fixture.at(13));
    expect(light.resumeAfter(fixture.at(13)).height).toBe(0);
    light.scanned(fixture.at(2));
    fixture.prove(list.blocks[3]!, 3, [1]);
    expect(restored.balance().trusted).toBe(200_000n);
    expect(restored.syncedTo!.pass!.found).toEqual([toHex(addresses[24]!)]);
    expect(light.scripts(fixture.at(13))).toContainEqual(addresses[24]);
  });

  it('of a restored wallet is open until the tip is recent', async () => {
    const { fixture, light } = await atTip();
    const { mnemonic } = fixture.file.get('w')!.record;
    const restored = await fixture.file.createWallet('restored', { mnemonic });
    light.scanned(fixture.at(10));
    light.resumeAfter(fixture.at(10));
    expect(restored.syncedTo!.pass).toBeDefined();
    const now = Math.floor(fixture.clock.now() / 1000);
    await fixture.extend(new BlockList([...planned(10), { time: now - 3600 }]));
    light.scanned(fixture.at(11));
    expect(restored.syncedTo!.pass).toBeDefined();
    light.resumeAfter(fixture.at(11));
    expect(restored.syncedTo!.pass).toBeUndefined();
  });
});

it('a light node goes on after a write has failed, and says so', async () => {
  let tx!: Transaction;
  const { fixture, wallet, light, list } = await atTip((to) => {
    tx = paying(to);
    return { 6: [tx] };
  });
  await settle();
  fixture.stores.wallets.fails = true;
  expect(fixture.find(list, 6)).toBe(true);
  await light.close();
  expect(wallet.balance().trusted).toBe(100_000n);
  expect(fixture.log.shown.filter(({ message }) => message.includes('write failed')).length).toBeGreaterThan(0);
  fixture.stores.wallets.fails = false;
  fixture.log.lines.length = 0;
  // The next start scans the block again.
  const again = await fixture.restart();
  expect(again.file.get('w')!.history()).toEqual([]);
  expect(again.light.start().height).toBeLessThan(6);
});

it('a light node has written all when it is closed: wallets and proofs', async () => {
  let tx!: Transaction;
  const { fixture, light, list } = await atTip((to) => {
    tx = paying(to);
    return { 6: [tx] };
  });
  // The beginning of the scan is in the file at once.
  await light.close();
  const store = fixture.stores.chain;
  expect((await LightFixture.create(fixture.stores, fixture.clock)).file.get('w')!.syncedTo).toMatchObject({
    height: 0,
  });
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const write = store.write.bind(store);
  store.write = (operations) => held.then(() => write(operations));
  fixture.find(list, 6);
  let isClosed = false;
  const closing = light.close().then(() => {
    isClosed = true;
  });
  await settle();
  expect(isClosed).toBe(false);
  release();
  await closing;
  expect(new ProofStore(store).get(tx.txidHex)).toBeDefined();
});

it('a light node follows its header chain until it is closed', async () => {
  const { fixture, light, list, wallet } = await atTip();
  light.scanned(fixture.at(10));
  await light.close();
  await fixture.extend(new BlockList(planned(8, {}, { tag: 1 }), list.blocks.slice(0, 6)));
  expect(wallet.syncedTo!.height).toBe(10);
});

describe('the proof of a transaction of a light wallet', () => {
  it('holds all headers, and verifies', async () => {
    let tx!: Transaction;
    const { fixture, list } = await atTip((to) => {
      tx = paying(to);
      return { 6: [stranger(), tx] };
    });
    fixture.find(list, 6);
    const modules = { chain: fixture.chain, proofs: fixture.proofs, wallets: fixture.file };
    const proof = ownProof(modules, tx.txidHex)!;
    const verdict = verifySelfContained(regtest, proof, { nowSeconds: fixture.clock.now() / 1000 });
    expect(verdict).toMatchObject({ verified: true, confirmations: 5 });
    expect(proof.claim).toMatchObject({ height: 6, proof: { position: 2 } });
    expect(proof.claim.coinbase).toBeDefined();
    // A peer may have sent no coinbase.
    const { coinbase: _, ...bare } = fixture.proofs.get(tx.txidHex)!;
    await fixture.proofs.put([[tx.txidHex, bare]]);
    expect(ownProof(modules, tx.txidHex)!.claim).not.toHaveProperty('coinbase');
  });

  it('is undefined for a transaction that is not proved, or of no wallet', async () => {
    const { fixture, to, light, list } = await atTip((own) => ({ 6: [paying(own)] }));
    fixture.find(list, 6);
    const modules = { chain: fixture.chain, proofs: fixture.proofs, wallets: fixture.file };
    const pending = paying(to);
    light.announced(pending);
    expect(ownProof(modules, pending.txidHex)).toBeUndefined();
    const [held] = paymentProofs(list.blocks[6]!, 6, [0]);
    const reward = list.blocks[6]!.transactions[0]!.txidHex;
    await fixture.proofs.put([[reward, held!]]);
    expect(ownProof(modules, reward)).toBeUndefined();
  });
});
