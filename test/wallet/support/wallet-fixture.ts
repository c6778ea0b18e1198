import { expect } from 'vitest';
import { regtest } from '../../../src/consensus/params.ts';
import { Miner } from '../../../src/mining/miner.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { formatOutPoint } from '../../../src/primitives/outpoint.ts';
import { decodeAddress } from '../../../src/script/address.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import type { PaymentOptions } from '../../../src/wallet/payment.ts';
import type { Wallet } from '../../../src/wallet/wallet.ts';
import { WalletFile } from '../../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../../src/wallet/wallet-sync.ts';
import { MINUTES, ownScript, RegtestChain } from '../../support/regtest-chain.ts';

/** A chain in memory, a wallet file that follows it, and a miner. */
export class WalletFixture {
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

  static async create(store?: MemoryStore, regtest?: RegtestChain): Promise<WalletFixture> {
    const fixture = new WalletFixture(regtest ?? (await RegtestChain.create()));
    await fixture.open(store ?? fixture.store);
    return fixture;
  }

  /** Opens the wallets of a store, as a node does at its start. */
  async open(store = this.store): Promise<void> {
    const { chain, mempool, clock } = this.regtest;
    const modules = { store, clock, random: new SeededRandom(1), logger: silentLogger };
    this.file = await WalletFile.open({ params: regtest }, modules);
    this.#detach = await attachWallet(this.file, { chain, mempool, clock, logger: silentLogger });
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

  /** Creates a wallet with `rewards` mature block rewards. */
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

/** Returns the scriptPubKey of an address. */
export function script(address: string): Uint8Array {
  return decodeAddress(address, regtest.address);
}

/** The visible state of a wallet. */
export function view(wallet: Wallet) {
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
