import { PierError } from '../../platform/errors.ts';
import { check } from './arguments/method-arguments.ts';
import type { WaitOptions } from './deadline.ts';
import { coinsOf, type FaucetCoin, fillerFee, fillerTransaction, splitCoins } from './filler.ts';
import type { NetworkNode } from './network-node.ts';
import type { KeyWallet } from './state/network-wallets.ts';

/** Blocks for which the backlog suffices by default: the target of wallets (Core: DEFAULT_TX_CONFIRM_TARGET). */
const DEFAULT_BLOCKS = 6;
/**
 * Virtual bytes of the fillers, in the order in which blocks take them: what the larger ones leave of a block is too
 * little for another transaction. Of the first, ten fill a block; of the others, each block needs nine at most.
 */
const SIZES = [99_800, 9_980, 998, 110];
/** Times that a coin pays for a filler, before others must do so. */
const REFILLS = 20n;

/** How `NetworkFees.set` works. */
export interface FeeOptions extends WaitOptions {
  /** Blocks within which nothing below the rate confirms, 1 to 10; default 6, the target of wallets. */
  readonly blocks?: number | undefined;
}

/** What `NetworkFees` asks of its network. */
export interface FeeHooks {
  /** Returns the nodes of other programs that run. */
  others(): readonly NetworkNode[];
  /** Throws `PierError` 'network-closed' if the network is closed. */
  checkOpen(): void;
  /** What a snapshot would keep has changed. */
  changed(): void;
  /** The node that holds the faucet's wallet. */
  readonly faucet: NetworkNode;
  readonly wallet: KeyWallet;
  /** Returns the full nodes that run. */
  full(): readonly NetworkNode[];
  /** Mines a block with exactly this transaction. */
  mineOne(hex: string): Promise<unknown>;
  /** Waits until all full nodes that the faucet's node reaches have these transactions. */
  relayed(txids: readonly string[], options: WaitOptions): Promise<void>;
}

/** A backlog that is wanted. */
interface Backlog {
  readonly rate: number;
  readonly blocks: number;
}

/** A transaction in a result of `getrawmempool`. */
interface MempoolEntry {
  readonly vsize: number;
  readonly fees: { readonly modified: number };
}

/** What snapshots and files keep. */
export interface FeeState {
  readonly backlog?: Backlog | undefined;
  /** Txids of all fillers ever made, with their indexes into `SIZES`. */
  readonly fillers: readonly (readonly [string, number])[];
}

/** The fee rate at which transactions of a network confirm. */
export class NetworkFees {
  readonly #hooks: FeeHooks;
  /** As in `FeeState`. */
  readonly #fillers = new Map<string, number>();
  #backlog: Backlog | undefined;
  /** Settles when the last change of the backlog is over: two at once would spend the same coins. */
  #last: Promise<unknown> = Promise.resolve();
  #isSetting = false;
  /** Whether a block has come while the rate is set, which the caller of `refill` may wait for. */
  #isRefillDue = false;

  /** Networks create theirs. @internal */
  constructor(hooks: FeeHooks) {
    this.#hooks = hooks;
  }

  /** Satoshis per virtual byte; undefined unless `set` was called. */
  get rate(): number | undefined {
    return this.#backlog?.rate;
  }

  /**
   * Fills the mempools with a backlog that pays `rate` satoshis per virtual byte, from 1 to 1,000: estimatesmartfee
   * answers this rate, wallets pay it, and a payment below it waits. `NodeNetwork.mine` and `reorg` fill the backlog up
   * again. The faucet pays for it; the first call mines a block. Rejects with `PierError` 'bad-argument', 'bad-fees' if the
   * faucet has too little, and 'fees-not-relayed' if a bitcoind does not relay as much data.
   *
   * @example
   * ```ts
   * import { createNetwork } from 'pier';
   *
   * await using network = await createNetwork();
   * const [alice, bob] = network.accounts;
   * await network.fees.set(20);
   * console.log(await network.node('node2').call('estimatesmartfee', [6])); // { feerate: 0.0002, blocks: 6 }
   * const slow = await alice!.pay(bob!, '1', { feeRate: 2 });
   * await network.mine(3);
   * console.log(await slow.confirmations()); // 0
   * ```
   */
  async set(rate: number, options: FeeOptions = {}): Promise<void> {
    this.#hooks.checkOpen();
    check.setFees({ rate, options });
    this.#hooks.faucet.checkRunning('make a backlog from the faucet, whose wallet it holds');
    const { blocks = DEFAULT_BLOCKS } = options;
    const backlog = { rate: Math.round(rate * 1000) / 1000, blocks };
    await this.#inTurn(async () => {
      this.#isSetting = true;
      try {
        await this.#set(backlog, options);
      } finally {
        this.#isSetting = false;
      }
    });
  }

  async #set(backlog: Backlog, options: WaitOptions): Promise<void> {
    await this.#checkRelay();
    if ((await this.#coins()).length < (await this.#missing(backlog.blocks)).length) await this.#divideCoins(backlog);
    this.#backlog = backlog;
    this.#hooks.changed();
    await this.#reprice();
    do {
      this.#isRefillDue = false;
      await this.#fill(backlog, options);
    } while (this.#isRefillDue);
  }

  /** Runs `action` after all that are in progress. */
  #inTurn(action: () => Promise<void>): Promise<void> {
    const result = this.#last.then(action);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Lets fees fall to the minimum: blocks leave out what remains of the backlog, and estimates ignore it. */
  async clear(): Promise<void> {
    this.#hooks.checkOpen();
    await this.#inTurn(async () => {
      this.#backlog = undefined;
      this.#hooks.changed();
      await this.#reprice();
    });
  }

  /** Fills the backlog up after blocks. @internal */
  async refill(options: WaitOptions): Promise<void> {
    // Not waited for: `set` may have mined the block itself.
    if (this.#isSetting) this.#isRefillDue = true;
    if (this.#isSetting || !this.#backlog) return;
    await this.#inTurn(async () => {
      if (this.#backlog && this.#hooks.faucet.status === 'running') await this.#fill(this.#backlog, options);
    });
  }

  /** What a snapshot keeps and `restore` takes. @internal */
  get state(): FeeState {
    return { backlog: this.#backlog, fillers: [...this.#fillers] };
  }

  /** Sets what a snapshot kept; the mempools are restored by the network. @internal */
  restore({ backlog, fillers }: FeeState = { fillers: [] }): void {
    this.#backlog = backlog;
    for (const [txid, size] of fillers) this.#fillers.set(txid, size);
  }

  /** Returns the number of transactions that are not of the backlog. @internal */
  countOthers(mempool: ReadonlySet<string>): number {
    let count = 0;
    for (const txid of mempool) if (!this.#fillers.has(txid)) count++;
    return count;
  }

  /** Returns the sizes, as indexes, of the fillers that the mempool of the faucet's node lacks. */
  async #missing(blocks: number): Promise<number[]> {
    const { mempool = new Set<string>() } = await this.#hooks.faucet.view();
    // One more than fills the blocks: the estimate is the rate of what does not fit.
    const missing = SIZES.map(() => blocks * 10 + 1);
    for (const txid of mempool) {
      const size = this.#fillers.get(txid);
      if (size !== undefined) missing[size]!--;
    }
    return missing.flatMap((count, size) => Array.from({ length: Math.max(0, count) }, () => size));
  }

  /** Throws if a node of another program would refuse the fillers, which all nodes must have. */
  async #checkRelay(): Promise<void> {
    const others = this.#hooks.others();
    const coin = others.length === 0 ? undefined : (await this.#coins()).at(-1);
    if (!coin) return;
    const { hex } = fillerTransaction(coin, SIZES[0]!, 1_000, this.#hooks.wallet.keys);
    for (const node of others) {
      const [result] = await node.call<{ allowed: boolean; 'reject-reason'?: string }[]>('testmempoolaccept', [
        [hex],
        0,
      ]);
      const reason = result!['reject-reason'];
      // A node that is behind does not have the coin yet.
      if (result!.allowed || reason === 'missing-inputs') continue;
      throw new PierError(
        'fees-not-relayed',
        `fees.set: ${node.name} refuses the transactions of the backlog: ${reason}`,
        {
          hint: 'They hold more data than Bitcoin Core before 30 and Bitcoin Knots relay: leave such nodes out of the network.',
        },
      );
    }
  }

  async #fill({ rate, blocks }: Backlog, options: WaitOptions): Promise<void> {
    const { faucet, wallet } = this.#hooks;
    const missing = await this.#missing(blocks);
    const coins = await this.#coins();
    const txids: string[] = [];
    for (const size of missing) {
      const least = 2n * fillerFee(SIZES[size]!, rate * 1000) + 10_000n;
      const index = coins.findIndex(({ value }) => value >= least);
      // Without coins the backlog shrinks with each block.
      if (index < 0) continue;
      const [coin] = coins.splice(index, 1);
      const { txid, hex } = fillerTransaction(coin!, SIZES[size]!, rateOf(rate, size), wallet.keys);
      this.#fillers.set(txid, size);
      this.#hooks.changed();
      await faucet.call('sendrawtransaction', [hex, 0]);
      txids.push(txid);
    }
    await this.#hooks.relayed(txids, options);
  }

  /** Mines a block that gives each filler a coin of its own: an unconfirmed one may have few descendants. */
  async #divideCoins({ rate, blocks }: Backlog): Promise<void> {
    const { wallet, mineOne } = this.#hooks;
    const fees = SIZES.flatMap((size) => Array.from({ length: blocks * 10 + 1 }, () => fillerFee(size, rate * 1000)));
    const coins = (await this.#coins()).reverse();
    const least = fees.reduce((sum, fee) => sum + 2n * fee + 20_000n, 0n);
    const wanted = fees.reduce((sum, fee) => sum + REFILLS * fee + 20_000n, 0n);
    const spent: FaucetCoin[] = [];
    let total = 0n;
    while (total < wanted && coins.length > 0) {
      const coin = coins.shift()!;
      spent.push(coin);
      total += coin.value;
    }
    if (total < least) {
      throw bad(
        `the faucet has ${total} satoshis, and a backlog at ${rate} sat/vB takes ${least}`,
        'Mine more blocks.',
      );
    }
    // The division itself needs a fee.
    const times = total < wanted ? 2n : REFILLS - 1n;
    const values = fees.map((fee) => times * fee + 15_000n);
    await mineOne(splitCoins(spent, values, wallet.keys, 1).hex);
  }

  /** Gives the fillers in all mempools the fee of the current rate; without a rate, none. */
  async #reprice(): Promise<void> {
    if (this.#fillers.size === 0) return;
    await Promise.all(
      this.#hooks.full().map(async (node) => {
        const mempool = await node.call<Record<string, MempoolEntry>>('getrawmempool', [true]);
        for (const [txid, { vsize, fees }] of Object.entries(mempool)) {
          const size = this.#fillers.get(txid);
          if (size === undefined) continue;
          const rate = this.#backlog?.rate;
          const fee = rate === undefined ? 0n : fillerFee(vsize, rateOf(rate, size));
          const delta = Number(fee) - Math.round(fees.modified * 1e8);
          if (delta !== 0) await node.call('prioritisetransaction', [txid, 0, delta]);
        }
      }),
    );
  }

  /** Returns the faucet's confirmed coins at its first address. */
  async #coins(): Promise<FaucetCoin[]> {
    const { faucet, wallet } = this.#hooks;
    return coinsOf(await faucet.call('listunspent', [1, 9_999_999, [wallet.keys.address()]], wallet.wallet));
  }
}

/** Returns satoshis per 1,000 virtual bytes of a filler: just below the rate, and more for larger ones. */
function rateOf(rate: number, size: number): number {
  return Math.round(rate * 1000) - 1 - size;
}

function bad(message: string, hint?: string): PierError {
  return new PierError('bad-fees', message, hint === undefined ? {} : { hint });
}
