import { blockSubsidy, merkleRoot, regtest } from 'pier/consensus';
import { createCoinbase, searchProofOfWork } from 'pier/mining';
import { randomInt } from 'pier/platform';
import { Block, BlockHeader, type Transaction, type TxOut } from 'pier/primitives';
import { SeededRandom } from 'pier/testing';
import { type Coin, KeyRing } from './key-ring.ts';

/** Options of `makeSpendChain`. */
export interface SpendChainOptions {
  readonly seed: number;
  /** Number of blocks full of signatures, at the end of the chain. */
  readonly fullBlocks: number;
  readonly transactionsPerBlock: number;
}

/** A generated chain. */
export interface SpendChain {
  /** From height 1 on. */
  readonly blocks: readonly Block[];
  /** Number of signed inputs in all blocks. */
  readonly inputs: number;
}

/** Outputs per transaction that splits a coinbase. */
const SPLIT = 2_500;
/** Fee per transaction in satoshis. */
const FEE = 1_000n;
/** Percentage of transactions that spend an output of the same block. */
const CHAINED_PERCENT = 20;

/**
 * Generates a valid regtest chain that ends with full blocks as on mainnet: transactions of one to three inputs, 60%
 * P2WPKH, 20% P2PKH, 20% P2TR (key path), some of which spend outputs of their own block. The same options give the
 * same bytes.
 */
export async function makeSpendChain(options: SpendChainOptions): Promise<SpendChain> {
  const chain = new ChainWriter(options.seed);
  const { transactionsPerBlock } = options;
  // Payments create as many outputs as they spend, so the pool keeps its size: ten outputs per transaction of a block.
  const splits = Math.ceil((transactionsPerBlock * 10) / SPLIT);
  for (let i = 0; i < splits; i++) await chain.mine([]);
  const rewards = chain.takeCoins();
  for (let i = 0; i < regtest.coinbaseMaturity; i++) await chain.mine([]);
  chain.takeCoins();
  for (const reward of rewards) await chain.mine([chain.spend([reward], SPLIT)]);
  for (let i = 0; i < options.fullBlocks; i++) await chain.mine(chain.payments(transactionsPerBlock));
  return chain;
}

class ChainWriter implements SpendChain {
  readonly blocks: Block[] = [];
  inputs = 0;
  readonly #random: SeededRandom;
  readonly #keys: KeyRing;
  #tip = regtest.genesis;
  /** Outputs that later blocks may spend. */
  #coins: Coin[] = [];
  /** Outputs created in the current block. */
  #fresh: Coin[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#keys = new KeyRing(seed);
  }

  /** Removes all coins from the pool and returns them. */
  takeCoins(): Coin[] {
    return this.#coins.splice(0);
  }

  /** Returns a transaction that spends these coins to `count` equal outputs. */
  spend(coins: readonly Coin[], count: number): Transaction {
    let total = -FEE;
    for (const { output } of coins) total += output.value;
    const value = total / BigInt(count);
    const kinds = Array.from({ length: count }, () => this.#keys.pick(this.#random));
    const outputs: TxOut[] = kinds.map(({ scriptPubKey }) => ({ value, scriptPubKey }));
    const tx = this.#keys.sign(coins, outputs);
    for (const [vout, owner] of kinds.entries()) {
      this.#fresh.push({ outpoint: { txid: tx.txid, vout }, output: outputs[vout]!, owner });
    }
    this.inputs += coins.length;
    return tx;
  }

  /** Returns `count` transactions of one to three inputs and as many outputs. */
  payments(count: number): Transaction[] {
    return Array.from({ length: count }, () => {
      const isChained = this.#fresh.length > 0 && randomInt(this.#random, 100) < CHAINED_PERCENT;
      const coins = [this.#takeOne(isChained ? this.#fresh : this.#coins)];
      while (coins.length < 3 && randomInt(this.#random, 2) === 0) coins.push(this.#takeOne(this.#coins));
      return this.spend(coins, coins.length);
    });
  }

  #takeOne(coins: Coin[]): Coin {
    const at = randomInt(this.#random, coins.length);
    const coin = coins[at]!;
    coins[at] = coins.at(-1)!;
    coins.pop();
    return coin;
  }

  /** Mines a block with these transactions. */
  async mine(transactions: readonly Transaction[]): Promise<void> {
    const height = this.blocks.length + 1;
    const owner = this.#keys.pick(this.#random);
    const value = blockSubsidy(height, regtest);
    const coinbase = createCoinbase({
      height,
      scriptPubKey: owner.scriptPubKey,
      value,
      extraNonce: 0,
      committed: transactions,
    });
    this.#coins.push(...this.#fresh.splice(0));
    // Only the coinbases of empty blocks enter the pool; `makeSpendChain` removes them until they are mature.
    if (transactions.length === 0) {
      this.#coins.push({ outpoint: { txid: coinbase.txid, vout: 0 }, output: coinbase.outputs[0]!, owner });
    }
    const all = [coinbase, ...transactions];
    const header = new BlockHeader({
      version: 0x2000_0000,
      prevHash: this.#tip.hash,
      merkleRoot: merkleRoot(all.map((tx) => tx.txid)).root,
      time: regtest.genesis.header.time + height * regtest.powTargetSpacing,
      bits: this.#tip.header.bits,
      nonce: 0,
    });
    const found = await searchProofOfWork(header);
    this.#tip = new Block(found!.header, all);
    this.blocks.push(this.#tip);
  }
}
