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

/** An output of `ownScript`. */
export interface Utxo {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
}

export interface SpendOptions {
  /** Of every input; default final but for relative locks and replacement. */
  readonly sequence?: number;
  readonly version?: number;
  readonly lockTime?: number;
}

export interface RegtestChainOptions {
  readonly mempool?: Partial<MempoolOptions>;
  readonly blocks?: number;
  /** Less than regtest's hundred saves a test the blocks. */
  readonly coinbaseMaturity?: number;
}

export const MINUTES = 60_000;

/** The script that `ownScript` hashes: it asks for no signature, which spares tests the time to make one. */
const openScript = compileScript(Op.OP_1);

/** P2WSH of a script that anyone meets: standard, both to make and to spend. */
export const ownScript: Uint8Array = compileScript(Op.OP_0, sha256(openScript));

/** A regtest chain and a mempool in memory, with a clock that stands still; its blocks pay to `ownScript`. */
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

  /** With `blocks` blocks, each a minute after the one before. */
  static async create(options: RegtestChainOptions = {}): Promise<RegtestChain> {
    const { coinbaseMaturity = regtest.coinbaseMaturity } = options;
    const clock = new VirtualClock();
    const modules = { clock, logger: silentLogger };
    const params = { ...regtest, coinbaseMaturity };
    const chain = await Chain.open({ params }, { ...modules, store: new MemoryStore() });
    const mempool = new Mempool(options.mempool ?? {}, { ...modules, chain });
    const regtestChain = new RegtestChain(chain, mempool, clock);
    await regtestChain.mine(options.blocks ?? 0);
    return regtestChain;
  }

  /** Another one with the same blocks up to `height`, from where it goes its own way. */
  async fork(height = this.chain.tip.height): Promise<RegtestChain> {
    const other = await RegtestChain.create({ coinbaseMaturity: this.chain.params.coinbaseMaturity });
    other.clock.advance(this.clock.now() - other.clock.now());
    other.#extraNonce = this.#extraNonce + 1_000_000;
    await other.acceptBlocks(this.blocks(1, height));
    return other;
  }

  /** Gives blocks to the chain; throws if it refuses one. */
  async acceptBlocks(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      const { reject } = await this.chain.acceptBlock(block);
      if (reject) throw new Error(`block refused: ${reject.reason} (${reject.debug})`);
    }
  }

  /** The active chain's blocks from one height to another, both included. */
  blocks(from: number, to = this.chain.tip.height): Block[] {
    const blocks: Block[] = [];
    for (let height = from; height <= to; height++) blocks.push(this.chain.getBlock(this.chain.atHeight(height)!)!);
    return blocks;
  }

  /** Mines blocks a minute apart: the first with what the mempool holds, unless `transactions` says otherwise. */
  async mine(count = 1, options: Omit<TemplateOptions, 'clock'> = {}): Promise<Block[]> {
    const blocks: Block[] = [];
    for (let i = 0; i < count; i++) {
      this.clock.advance(1 * MINUTES);
      const extraNonce = this.#extraNonce++;
      const template = createBlockTemplate(this.chain, this.mempool, ownScript, {
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

  /** What the block at `height` paid to its miner. */
  coinbase(height: number): Utxo {
    return utxo(this.blocks(height, height)[0]!.transactions[0]!, 0);
  }
}

/** An output of a transaction. */
export function utxo(tx: Transaction, vout: number): Utxo {
  return { outpoint: { txid: tx.txid, vout }, output: tx.outputs[vout]! };
}

/** A valid transaction that spends outputs of `ownScript`. */
export function spend(inputs: readonly Utxo[], outputs: readonly TxOut[], options: SpendOptions = {}): Transaction {
  const { sequence = 0xffff_fffd, version = 2, lockTime = 0 } = options;
  const satisfied = inputs.map(({ outpoint }) => {
    return { prevout: outpoint, scriptSig: new Uint8Array(0), sequence, witness: [openScript] };
  });
  return new Transaction({ version, inputs: satisfied, outputs, lockTime });
}

/** Spends `inputs` to `count` equal outputs of `ownScript`, less `fee` satoshis. */
export function pay(inputs: readonly Utxo[], fee: bigint, count = 1, options: SpendOptions = {}): Transaction {
  let total = -fee;
  for (const { output } of inputs) total += output.value;
  const value = total / BigInt(count);
  const outputs: TxOut[] = Array.from({ length: count }, () => ({ value, scriptPubKey: ownScript }));
  // What division leaves goes to the first, so that the fee is exact.
  outputs[0] = { value: value + (total % BigInt(count)), scriptPubKey: ownScript };
  return spend(inputs, outputs, options);
}
