import { blockSubsidy, merkleRoot, regtest } from 'pier/consensus';
import { createCoinbase, searchProofOfWork } from 'pier/mining';
import { randomInt } from 'pier/platform';
import { Block, BlockHeader, type Transaction, type TxOut } from 'pier/primitives';
import { SeededRandom } from 'pier/testing';
import { type Coin, KeyRing } from './key-ring.ts';

export interface SpendChainOptions {
  readonly seed: number;
  /** Blocks full of signatures, at the end of the chain. */
  readonly fullBlocks: number;
  readonly transactionsPerBlock: number;
}

export interface SpendChain {
  /** From height 1 on. */
  readonly blocks: readonly Block[];
  /** Inputs with a signature, in all blocks. */
  readonly inputs: number;
}

/** Outputs of each transaction that splits a coinbase. */
const SPLIT = 2_500;
/** Satoshis that each transaction pays. */
const FEE = 1_000n;
/** Of a hundred transactions, so many spend an output of the same block. */
const CHAINED_PERCENT = 20;

/**
 * A valid regtest chain whose last blocks are what a node downloads in a busy year: transactions of one to three
 * inputs, 60% P2WPKH, 20% P2PKH, 20% P2TR by key, some of them spending outputs of their own block. The same options
 * give the same bytes.
 */
export async function makeSpendChain(options: SpendChainOptions): Promise<SpendChain> {
  const chain = new ChainWriter(options.seed);
  const { transactionsPerBlock } = options;
  // As many outputs come back as are spent: enough that those of a block are of many blocks.
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
  /** What may be spent by the next blocks. */
  #coins: Coin[] = [];
  /** Outputs of the block that is being filled. */
  #fresh: Coin[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#keys = new KeyRing(seed);
  }

  /** The coins so far, which nobody else will spend. */
  takeCoins(): Coin[] {
    return this.#coins.splice(0);
  }

  /** A transaction that spends these coins to `count` equal outputs. */
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
    // A coinbase is spent by nobody before it is ripe: the chain takes only the first ones.
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
