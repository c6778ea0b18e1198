import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { MempoolOptions } from '../../src/mempool/options.ts';
import { createBlockTemplate, type TemplateOptions } from '../../src/mining/block-template.ts';
import { searchProofOfWork } from '../../src/mining/proof-of-work.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Block } from '../../src/primitives/block.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** An output that pays to `ownScript`. */
export interface Utxo {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
}

/** Fields of a transaction. */
export interface SpendOptions {
  /** Sequence of every input; default 0xfffffffd: no relative lock, replaceable (BIP125). */
  readonly sequence?: number;
  readonly version?: number;
  readonly lockTime?: number;
}

/** Options of `RegtestChain.create`. */
export interface RegtestChainOptions {
  readonly mempool?: Partial<MempoolOptions>;
  /** Number of blocks to mine; default 0. */
  readonly blocks?: number;
  /** Default: regtest's 100. A lower value saves a test from mining blocks. */
  readonly coinbaseMaturity?: number;
  /** Script verification threads; default: one per processor, less one. */
  readonly scriptThreads?: number;
  readonly clock?: VirtualClock;
}

/** Milliseconds in a minute. */
export const MINUTES = 60_000;

/** The witness script of `ownScript`. It needs no signature, which saves the tests time. */
const openScript = compileScript(Op.OP_1);

/** P2WSH of an anyone-can-spend script. Its outputs and spends are standard. */
export const ownScript: Uint8Array = compileScript(Op.OP_0, sha256(openScript));

/** A regtest chain and mempool in memory, with a virtual clock. Its coinbases pay to `ownScript`. */
export class RegtestChain {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly clock: VirtualClock;
  #extraNonce = 0;

  private constructor(chain: Chain, mempool: Mempool, clock: VirtualClock) {
    this.chain = chain;
    this.mempool = mempool;
    this.clock = clock;
  }

  /** Creates a chain of `blocks` blocks, one minute apart. */
  static async create(options: RegtestChainOptions = {}): Promise<RegtestChain> {
    const { coinbaseMaturity = regtest.coinbaseMaturity, scriptThreads, clock = new VirtualClock() } = options;
    const modules = { clock, logger: silentLogger };
    const params = { ...regtest, coinbaseMaturity };
    const chain = await Chain.open(
      { params, ...(scriptThreads !== undefined && { scriptThreads }) },
      { ...modules, store: new MemoryStore() },
    );
    const mempool = new Mempool(options.mempool ?? {}, { ...modules, chain });
    const regtestChain = new RegtestChain(chain, mempool, clock);
    await regtestChain.mine(options.blocks ?? 0);
    return regtestChain;
  }

  /** Returns a copy with the same blocks up to `height`. Its later coinbases differ from this chain's. */
  async fork(height = this.chain.tip.height): Promise<RegtestChain> {
    const other = await RegtestChain.create({ coinbaseMaturity: this.chain.params.coinbaseMaturity });
    other.clock.advance(this.clock.now() - other.clock.now());
    other.#extraNonce = this.#extraNonce + 1_000_000;
    await other.acceptBlocks(this.blocks(1, height));
    return other;
  }

  /** Makes the coinbases of later blocks differ from those of other forks of the same chain. */
  skipExtraNonces(count: number): void {
    this.#extraNonce += count;
  }

  /** Adds blocks to the chain; throws if one is invalid. */
  async acceptBlocks(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      const { reject } = await this.chain.acceptBlock(block);
      if (reject) throw new Error(`invalid block: ${reject.reason} (${reject.debug})`);
    }
  }

  /** Returns the blocks of the active chain at heights `from` to `to`, inclusive. */
  blocks(from: number, to = this.chain.tip.height): Block[] {
    const blocks: Block[] = [];
    for (let height = from; height <= to; height++) blocks.push(this.chain.getBlock(this.chain.atHeight(height)!)!);
    return blocks;
  }

  /** Mines blocks one minute apart. The first confirms the mempool's transactions, or `transactions` if given. */
  async mine(
    count = 1,
    {
      scriptPubKey = ownScript,
      ...options
    }: Omit<TemplateOptions, 'clock'> & { readonly scriptPubKey?: Uint8Array } = {},
  ): Promise<Block[]> {
    const blocks: Block[] = [];
    for (let i = 0; i < count; i++) {
      this.clock.advance(1 * MINUTES);
      const extraNonce = this.#extraNonce++;
      const template = createBlockTemplate(this.chain, this.mempool, scriptPubKey, {
        clock: this.clock,
        extraNonce,
        ...options,
      });
      const found = await searchProofOfWork(template.block.header);
      const block = new Block(found!.header, template.block.transactions);
      await this.acceptBlocks([block]);
      blocks.push(block);
    }
    return blocks;
  }

  /** Returns the coinbase output of the block at `height`. */
  coinbase(height: number): Utxo {
    return utxo(this.blocks(height, height)[0]!.transactions[0]!, 0);
  }
}

/** Returns an output of a transaction. */
export function utxo(tx: Transaction, vout: number): Utxo {
  return { outpoint: { txid: tx.txid, vout }, output: tx.outputs[vout]! };
}

/** Returns a valid transaction that spends outputs of `ownScript`. */
export function spend(inputs: readonly Utxo[], outputs: readonly TxOut[], options: SpendOptions = {}): Transaction {
  const { sequence = 0xffff_fffd, version = 2, lockTime = 0 } = options;
  const satisfied = inputs.map(({ outpoint }) => {
    return { prevout: outpoint, scriptSig: new Uint8Array(0), sequence, witness: [openScript] };
  });
  return new Transaction({ version, inputs: satisfied, outputs, lockTime });
}

/** Spends `inputs` to `count` equal outputs of `ownScript`, minus `fee` satoshis. */
export function pay(inputs: readonly Utxo[], fee: bigint, count = 1, options: SpendOptions = {}): Transaction {
  let total = -fee;
  for (const { output } of inputs) total += output.value;
  const value = total / BigInt(count);
  const outputs: TxOut[] = Array.from({ length: count }, () => ({ value, scriptPubKey: ownScript }));
  // The first output gets the remainder of the division, so that the fee is exact.
  outputs[0] = { value: value + (total % BigInt(count)), scriptPubKey: ownScript };
  return spend(inputs, outputs, options);
}
