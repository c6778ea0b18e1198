import type { Chain } from '../chain/chain.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import { type BlockRejectKind, formatReject, type Reject } from '../consensus/reject.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Clock } from '../platform/clock.ts';
import { Emitter } from '../platform/emitter.ts';
import { PierError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { Block } from '../primitives/block.ts';
import type { BlockHeader } from '../primitives/header.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { type BlockTemplate, createBlockTemplate } from './block-template.ts';
import { type ProofOfWork, searchProofOfWork } from './proof-of-work.ts';

/** Settings of a `Miner`. */
export interface MinerOptions {
  /** Script that blocks pay after `start()`, which requires it. */
  readonly scriptPubKey?: Uint8Array | undefined;
  /** Mempool transactions from which `start()` mines a block; 0: mines continuously. Default 2. */
  readonly mineAtTxs?: number;
  /**
   * Extra nonce of the first block; each further block has the next one. Miners that pay to one address at the same time mine
   * the same block otherwise. Default 0.
   */
  readonly firstExtraNonce?: number;
  /** Threads that search for proof of work; default: one per processor, less one. */
  readonly threads?: number | undefined;
}

/** The services that a `Miner` uses. */
export interface MinerModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Events of `Miner`. */
export type MinerEvents = {
  /** A search has started. */
  mining: { readonly height: number; readonly transactions: number };
  /** A block was found and accepted by the chain. */
  mined: { readonly index: BlockIndex; readonly block: Block; readonly proof: ProofOfWork };
  /** A search ended without a block: the tip changed, the miner was stopped, or the tries ran out. */
  abandoned: { readonly height: number };
  /** The chain rejected our block. */
  rejected: { readonly block: Block; readonly reject: Reject<BlockRejectKind> };
};

/** Thrown when a requested block cannot be mined. */
export class MiningError extends PierError {
  declare readonly code: 'block-not-accepted' | 'no-miner-address' | 'no-block-found';
  /** Why the chain rejected the block, with code 'block-not-accepted'. */
  readonly reject: Reject<BlockRejectKind> | undefined;

  constructor(
    code: MiningError['code'],
    message: string,
    options: { readonly hint?: string; readonly reject?: Reject<BlockRejectKind> } = {},
  ) {
    super(code, message, options);
    this.reject = options.reject;
  }
}

/** A search that is under way. */
export interface MinerSearch {
  readonly height: number;
  /** The header, with the nonce from which the search started. */
  readonly header: BlockHeader;
  /** Headers hashed so far, about. */
  readonly hashes: number;
  readonly seconds: number;
}

/** The result of one search; without `block` and `reject`, nothing was found. */
interface Attempt {
  readonly block?: Block;
  readonly reject?: Reject<BlockRejectKind>;
  /** Whether the tip changed or the miner was stopped. */
  readonly isInterrupted: boolean;
}

const DEFAULT_MINE_AT_TXS = 2;
/** Headers tried per block (Core: DEFAULT_MAX_TRIES). */
const DEFAULT_MAX_TRIES = 1_000_000;

/** Mines blocks, one at a time: on request, or after `start()` whenever the mempool has enough transactions. */
export class Miner {
  /** Reports searches and mined blocks. */
  readonly events = new Emitter<MinerEvents>();
  #lastMined: MinerEvents['mined'] | undefined;

  readonly #options: MinerOptions;
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** Settles when all queued tasks are done. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Ends the search that is under way. One for many searches, until it is used: creating it takes 15 µs. */
  #search = new AbortController();
  /** Number of calls of `stop()`: tasks queued before the last one must not continue. */
  #stops = 0;
  #unsubscribe: readonly (() => void)[] = [];
  #isScheduled = false;
  #extraNonce: number;
  #hashRate = 0;
  #searching: { height: number; header: BlockHeader; start: number; hashes: () => number } | undefined;

  constructor(options: MinerOptions, modules: MinerModules) {
    this.#options = options;
    this.#extraNonce = options.firstExtraNonce ?? 0;
    this.#chain = modules.chain;
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
  }

  /** The last block mined by this instance. */
  get lastMined(): MinerEvents['mined'] | undefined {
    return this.#lastMined;
  }

  /** Whether the miner is started. */
  get running(): boolean {
    return this.#unsubscribe.length > 0;
  }

  /** Hashes per second of the last successful search; 0 before the first. */
  get hashRate(): number {
    return this.#hashRate;
  }

  /** The search that is under way; undefined if none is, or if it takes less than a turn. */
  get search(): MinerSearch | undefined {
    if (!this.#searching) return undefined;
    const { height, header, start, hashes } = this.#searching;
    return { height, header, hashes: hashes(), seconds: (performance.now() - start) / 1000 };
  }

  /**
   * Mines `count` successive blocks and resolves to their hashes; fewer if `maxTries` headers per block do not suffice
   * or `stop()` is called (Core: generateBlocks). Throws `MiningError` if the chain rejects a block.
   */
  generate(count: number, scriptPubKey: Uint8Array, maxTries = DEFAULT_MAX_TRIES): Promise<Uint8Array[]> {
    return this.#enqueue(async (isStopped) => {
      const hashes: Uint8Array[] = [];
      while (hashes.length < count && !isStopped()) {
        const { block, reject, isInterrupted } = await this.#mine(this.#template(scriptPubKey), maxTries);
        if (reject) throw notAccepted(reject);
        if (block) hashes.push(block.hash);
        // Without a limit, continues with a new template.
        else if (!isInterrupted && Number.isFinite(maxTries)) break;
      }
      return hashes;
    });
  }

  /**
   * Mines one block with exactly these transactions and, unless `submit` is false, submits it to the chain (Core:
   * generateblock). Throws `MiningError` if the block is invalid, no proof of work is found, or `stop()` is called.
   */
  generateBlock(
    transactions: readonly Transaction[],
    scriptPubKey: Uint8Array,
    options: { readonly submit?: boolean; readonly maxTries?: number } = {},
  ): Promise<Block> {
    return this.#enqueue(async (isStopped) => {
      if (isStopped()) throw interrupted();
      const template = this.#template(scriptPubKey, transactions);
      const invalid = this.#chain.checkBlockTemplate(template.block);
      if (invalid) {
        const { reason, debug } = invalid;
        this.#logger.warn({ height: template.height, reason, debug }, 'requested block is invalid');
        throw notAccepted(invalid);
      }
      const { maxTries = DEFAULT_MAX_TRIES, submit } = options;
      const { block, reject, isInterrupted } = await this.#mine(template, maxTries, submit);
      if (reject) throw notAccepted(reject);
      if (isInterrupted) throw interrupted();
      if (!block) throw new MiningError('no-block-found', 'no proof of work found within the given number of tries');
      return block;
    });
  }

  /** Starts mining whenever the mempool has `mineAtTxs` transactions. Throws `MiningError` without a `scriptPubKey`. */
  start(): void {
    if (this.running) return;
    const { scriptPubKey } = this.#options;
    if (!scriptPubKey) {
      const hint = 'Start the node with the address that mined blocks pay to (`--miner <address>`).';
      throw new MiningError('no-miner-address', 'no miner address is configured', { hint });
    }
    const mineIfReady = () => this.#mineIfReady(scriptPubKey);
    this.#unsubscribe = [this.#mempool.events.on('added', mineIfReady), this.#chain.events.on('tip', mineIfReady)];
    mineIfReady();
  }

  /** Stops mining, requested blocks included; resolves when the miner is idle. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    this.#stops++;
    this.#search.abort();
    await this.#queue;
  }

  /** Queues mining a block if the mempool has enough transactions. */
  #mineIfReady(scriptPubKey: Uint8Array): void {
    const least = this.#options.mineAtTxs ?? DEFAULT_MINE_AT_TXS;
    if (this.#isScheduled || !this.running || this.#mempool.size < least) return;
    this.#isScheduled = true;
    const task = this.#enqueue(async (isStopped) => {
      // If it is started again already, it may mine.
      if (isStopped()) return true;
      if (this.#mempool.size < least) return false;
      const template = this.#template(scriptPubKey);
      // Transactions that are not final or pay too little do not count.
      if (template.fees.length === 0 && least > 0) return false;
      const { reject } = await this.#mine(template);
      // Not again after a reject, which would repeat until the mempool or the tip changes.
      return !reject;
    });
    void task
      .catch((error: unknown) => {
        this.#logger.error({ err: error }, 'mining failed');
        return false;
      })
      .then((retry) => {
        this.#isScheduled = false;
        if (retry) this.#mineIfReady(scriptPubKey);
      });
  }

  #template(scriptPubKey: Uint8Array, transactions?: readonly Transaction[]): BlockTemplate {
    return createBlockTemplate(this.#chain, this.#mempool, scriptPubKey, {
      clock: this.#clock,
      // Unique, so that a block that replaces an invalidated one has another hash.
      extraNonce: this.#extraNonce++,
      ...(transactions ? { transactions } : {}),
    });
  }

  /** Searches for proof of work until the tip changes; submits the block to the chain. */
  async #mine(template: BlockTemplate, maxTries?: number, submit = true): Promise<Attempt> {
    const { height, block: unsolved } = template;
    if (this.#search.signal.aborted) this.#search = new AbortController();
    const search = this.#search;
    const unsubscribe = this.#chain.events.on('tip', () => search.abort());
    this.events.emit('mining', { height, transactions: unsolved.transactions.length - 1 });
    const { signal } = search;
    const { threads } = this.#options;
    const proof = await searchProofOfWork(unsolved.header, {
      signal,
      ...(maxTries === undefined ? {} : { maxTries }),
      ...(threads === undefined ? {} : { threads }),
      started: (hashes) => {
        this.#searching = { height, header: unsolved.header, start: performance.now(), hashes };
      },
    }).finally(() => {
      this.#searching = undefined;
      unsubscribe();
    });
    if (!proof || signal.aborted) {
      this.events.emit('abandoned', { height });
      return { isInterrupted: signal.aborted };
    }
    this.#hashRate = proof.hashRate;
    const block = new Block(proof.header, unsolved.transactions);
    return submit ? this.#submit(block, proof) : { block, isInterrupted: false };
  }

  async #submit(block: Block, proof: ProofOfWork): Promise<Attempt> {
    const { index, reject } = await this.#chain.acceptBlock(block, { from: 'miner' });
    if (reject || !index) {
      const rejected: Reject<BlockRejectKind> = reject ?? { kind: 'consensus', reason: 'rejected' };
      this.events.emit('rejected', { block, reject: rejected });
      return { reject: rejected, isInterrupted: false };
    }
    const { nonce, hashes, hashRate } = proof;
    const transactions = block.transactions.length - 1;
    const fields = { height: index.height, hash: block.hashHex, transactions, nonce, hashes, hashRate };
    this.#logger.info({ ...fields, hashRate: Math.round(hashRate) }, 'mined block');
    this.#lastMined = { index, block, proof };
    this.events.emit('mined', this.#lastMined);
    return { block, isInterrupted: false };
  }

  /** Runs `task` after all queued tasks; `isStopped` tells it whether `stop()` was called since it was queued. */
  #enqueue<T>(task: (isStopped: () => boolean) => Promise<T>): Promise<T> {
    const stops = this.#stops;
    const result = this.#queue.then(() => task(() => this.#stops !== stops));
    this.#queue = result.catch(() => {});
    return result;
  }
}

function notAccepted(reject: Reject<BlockRejectKind>): MiningError {
  return new MiningError('block-not-accepted', `the chain rejected the block: ${formatReject(reject)}`, { reject });
}

function interrupted(): MiningError {
  return new MiningError('no-block-found', 'the search was interrupted: the tip has changed or the miner was stopped');
}
