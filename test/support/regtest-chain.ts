import { SigHash, Transaction as SignerTransaction } from '@scure/btc-signer';
import { fromHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { MempoolOptions } from '../../src/mempool/options.ts';
import { searchProofOfWork } from '../../src/mining/proof-of-work.ts';
import { createBlockTemplate, type TemplateOptions } from '../../src/mining/template.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Block } from '../../src/primitives/block.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';

/** An output of which the owner's key is `RegtestChain.key`. */
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

export const MINUTES = 60_000;

/** The test's key, whose public key is the generator of secp256k1. */
export const key: Uint8Array = new Uint8Array(32);
key[31] = 1;
export const publicKey: Uint8Array = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

/** P2WPKH of the test's key. */
export const ownScript: Uint8Array = compileScript(Op.OP_0, hash160(publicKey));

/** A regtest chain and a mempool in memory, with a clock that stands still, and a key that its blocks pay to. */
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

  /** With `blocks` blocks, each a minute after the one before and paying to the test's key. */
  static async create(
    options: { readonly mempool?: Partial<MempoolOptions>; readonly blocks?: number } = {},
  ): Promise<RegtestChain> {
    const clock = new VirtualClock();
    const modules = { clock, logger: silentLogger };
    const chain = await Chain.open({ params: regtest }, { ...modules, store: new MemoryStore() });
    const mempool = new Mempool(options.mempool ?? {}, { ...modules, chain });
    const regtestChain = new RegtestChain(chain, mempool, clock);
    await regtestChain.mine(options.blocks ?? 0);
    return regtestChain;
  }

  /** Another one with the same blocks up to `height`, from where it goes its own way. */
  async fork(height = this.chain.tip.height): Promise<RegtestChain> {
    const other = await RegtestChain.create();
    other.clock.advance(this.clock.now() - other.clock.now());
    other.#extraNonce = this.#extraNonce + 1_000_000;
    await other.take(this.blocks(1, height));
    return other;
  }

  /** Gives blocks to the chain; throws if it refuses one. */
  async take(blocks: readonly Block[]): Promise<void> {
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
      await this.take([block]);
      blocks.push(block);
    }
    return blocks;
  }

  /** The coinbase outputs of the given heights, which the test's key owns. */
  coinbase(height: number): Utxo {
    return utxo(this.blocks(height, height)[0]!.transactions[0]!, 0);
  }
}

/** An output of a transaction. */
export function utxo(tx: Transaction, vout: number): Utxo {
  return { outpoint: { txid: tx.txid, vout }, output: tx.outputs[vout]! };
}

/** A signed transaction that spends P2WPKH outputs of the test's key. */
export function spend(inputs: readonly Utxo[], outputs: readonly TxOut[], options: SpendOptions = {}): Transaction {
  const { sequence = 0xffff_fffd, version = 2, lockTime = 0 } = options;
  const signer = new SignerTransaction({
    version,
    lockTime,
    allowUnknownOutputs: true,
    allowUnknownVersion: true,
    disableScriptCheck: true,
  });
  for (const { outpoint, output } of inputs) {
    signer.addInput({
      txid: outpoint.txid.toReversed(),
      index: outpoint.vout,
      sequence,
      witnessUtxo: { script: output.scriptPubKey, amount: output.value },
      sighashType: SigHash.ALL,
    });
  }
  for (const { value, scriptPubKey } of outputs) signer.addOutput({ amount: value, script: scriptPubKey });
  signer.sign(key);
  signer.finalize();
  return Transaction.decode(signer.extract());
}

/** Spends `inputs` to `count` equal outputs of the test's key, less `fee` satoshis. */
export function pay(inputs: readonly Utxo[], fee: bigint, count = 1, options: SpendOptions = {}): Transaction {
  let total = -fee;
  for (const { output } of inputs) total += output.value;
  const value = total / BigInt(count);
  const outputs: TxOut[] = Array.from({ length: count }, () => ({ value, scriptPubKey: ownScript }));
  // What division leaves goes to the first, so that the fee is exact.
  outputs[0] = { value: value + (total % BigInt(count)), scriptPubKey: ownScript };
  return spend(inputs, outputs, options);
}
