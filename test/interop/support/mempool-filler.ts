import { toHex } from '../../../src/bytes/hex.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { Transaction } from '../../../src/primitives/transaction.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { compileScript } from '../../../src/script/script.ts';
import { type Bitcoind, BitcoindRpcError } from '../../support/bitcoind.ts';

const openScript = compileScript(Op.OP_2);
/** P2WSH of an anyone-can-spend script: rewards of `FILLER_BLOCKS` blocks must pay to it. */
export const fillerScript: Uint8Array = compileScript(Op.OP_0, sha256(openScript));
/** Blocks whose rewards the filler spends. */
export const FILLER_BLOCKS = 12;
/** Arguments of bitcoind for the smallest mempool that it allows: 1 MB. */
export const smallMempoolArgs = ['-maxmempool=1', '-limitdescendantsize=25'];
const MAX_USAGE = 1_000_000;
/** Outputs of the largest filler: about 100,000 virtual bytes, the largest standard transaction. */
const MAX_OUTPUTS = 2300;
/** Satoshis for each virtual byte: below what histories pay, above what pushes the chosen transactions out. */
const FILLER_FEE_RATE = 0.7;

/** Fills a bitcoind's mempool with transactions of its own, so that chosen transactions are evicted for its size. */
export class MempoolFiller {
  readonly #bitcoind: Bitcoind;
  readonly #rewards: readonly Transaction[];
  readonly #expirySeconds: number;
  /** Txids of all that were accepted. */
  readonly #sent = new Set<string>();
  /** Those that fill the mempool, if they have not expired, by the reward that they spend. */
  readonly #fillers = new Map<Transaction, { readonly txid: string; readonly outputs: number }>();
  /** Bytes of memory; 0 before it is measured. */
  #usageOfOutput = 0;
  #expiries = 0;

  /** `blocks`: those whose rewards pay to `fillerScript`, mature. `expirySeconds`: bitcoind's -mempoolexpiry. */
  constructor(bitcoind: Bitcoind, blocks: readonly Block[], expirySeconds: number) {
    this.#bitcoind = bitcoind;
    this.#expirySeconds = expirySeconds;
    this.#rewards = blocks.map(({ transactions }) => transactions[0]!);
  }

  /** Returns whether a transaction fills the mempool only. */
  isFiller(txid: string): boolean {
    return this.#sent.has(txid);
  }

  /** Evicts transactions with their descendants. Sets bitcoind's mocked time to `time`. */
  async evict(txids: readonly string[], time: number): Promise<void> {
    const { rpc } = this;
    await this.#lowerMinimumFee(await this.#withoutExpiry(time));
    await this.#fill();
    // A lower fee rate than any other's makes them the first to go.
    const delta = 10_000_000_000;
    for (const txid of txids) await rpc('prioritisetransaction', txid, 0, -delta);
    const last = this.#rewards.at(-1)!;
    const error = await this.#send(last, MAX_OUTPUTS).catch((thrown: unknown) => thrown);
    if (!(error instanceof BitcoindRpcError) || !error.message.includes('mempool full')) {
      throw new Error(`the filler was not evicted: ${error}`);
    }
    for (const txid of txids) await rpc('prioritisetransaction', txid, 0, delta);
    await rpc('setmocktime', time);
  }

  /** Makes bitcoind remove expired transactions, which it does when another transaction enters. */
  async expire(): Promise<void> {
    await this.#send(this.#rewards.at(-2)!, 1, undefined, 200 * this.#expiries++);
  }

  get rpc() {
    return this.#bitcoind.rpc.bind(this.#bitcoind);
  }

  /** Returns `time`, or an earlier one at which a transaction that enters does not make others expire. */
  async #withoutExpiry(time: number): Promise<number> {
    const entries = Object.values(await this.rpc<Record<string, { time: number }>>('getrawmempool', true));
    return Math.min(time, ...entries.map((entry) => entry.time + this.#expirySeconds));
  }

  /** An eviction raises the minimum fee; far in the future it is zero again, if a block came in between. */
  async #lowerMinimumFee(time: number): Promise<void> {
    await this.rpc('setmocktime', time + 1000 * 86_400);
    await this.rpc('getmempoolinfo');
    await this.rpc('setmocktime', time);
  }

  /** Leaves room for the transactions of a history, but not for another of the largest fillers. */
  async #fill(): Promise<void> {
    const usage = async () => (await this.rpc<{ usage: number }>('getmempoolinfo')).usage;
    const present = new Set(await this.rpc<string[]>('getrawmempool'));
    for (const [reward, { txid }] of this.#fillers) if (!present.has(txid)) this.#fillers.delete(reward);
    for (const reward of this.#rewards.slice(0, -2)) {
      let outputs = MAX_OUTPUTS;
      for (const filler of this.#fillers.values()) outputs -= filler.outputs;
      if (this.#usageOfOutput > 0) outputs += MAX_USAGE / this.#usageOfOutput - 1.9 * MAX_OUTPUTS;
      if (outputs < 1) return;
      if (this.#fillers.has(reward)) continue;
      const before = await usage();
      const count = Math.min(MAX_OUTPUTS, Math.floor(outputs));
      this.#fillers.set(reward, { txid: await this.#send(reward, count, FILLER_FEE_RATE), outputs: count });
      this.#usageOfOutput ||= ((await usage()) - before) / count;
    }
    throw new Error(`more rewards are needed to fill the mempool with outputs of ${this.#usageOfOutput} bytes`);
  }

  /** Spends a reward to `count` outputs at the lowest fee rate, or at `feeRate`. */
  async #send(reward: Transaction, count: number, feeRate?: number, extraFee = 0): Promise<string> {
    const rate = feeRate ?? (await this.#minimumFeeRate());
    const fee = BigInt(Math.ceil((100 + 43 * count) * rate) + extraFee);
    const small = { value: 1000n, scriptPubKey: fillerScript };
    const value = reward.outputs[0]!.value - fee - BigInt(count - 1) * small.value;
    const input = {
      prevout: { txid: reward.txid, vout: 0 },
      ...{ scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: [openScript] },
    };
    const tx = new Transaction({
      ...{ version: 2, lockTime: 0, inputs: [input] },
      outputs: [{ value, scriptPubKey: fillerScript }, ...Array.from({ length: count - 1 }, () => small)],
    });
    const sent = await this.rpc<string>('sendrawtransaction', toHex(tx.encode()), 0);
    this.#sent.add(sent);
    return sent;
  }

  /** Returns satoshis for each virtual byte. */
  async #minimumFeeRate(): Promise<number> {
    const { mempoolminfee } = await this.rpc<{ mempoolminfee: number }>('getmempoolinfo');
    const rate = mempoolminfee * 100_000 + 0.02;
    if (rate >= FILLER_FEE_RATE) throw new Error(`the minimum fee has risen to ${mempoolminfee}`);
    return rate;
  }
}
