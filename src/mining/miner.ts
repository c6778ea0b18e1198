import type { Chain } from '../chain/chain.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import { type BlockRejectKind, formatReject, type Reject } from '../consensus/reject.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Clock } from '../platform/clock.ts';
import { Emitter } from '../platform/emitter.ts';
import { PierError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { Block } from '../primitives/block.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { type BlockTemplate, createBlockTemplate } from './block-template.ts';
import { type ProofOfWork, searchProofOfWork } from './proof-of-work.ts';

export interface MinerOptions {
  /** Whom the blocks that start() mines pay; start() needs it. */
  readonly scriptPubKey?: Uint8Array;
  /** From how many transactions in the mempool on start() mines, 0: always; default 2. */
  readonly mineAtTxs?: number;
  /** Threads that search for proof of work; default: one for each processor but one. */
  readonly threads?: number;
}

export interface MinerModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type MinerEvents = {
  /** A search begins. */
  mining: { readonly height: number; readonly transactions: number };
  mined: { readonly index: BlockIndex; readonly block: Block; readonly proof: ProofOfWork };
  /** A search ended without a block: the tip has changed, the miner was stopped, or there are no tries left. */
  abandoned: { readonly height: number };
  /** The chain has refused our own block. */
  rejected: { readonly block: Block; readonly reject: Reject<BlockRejectKind> };
};

/** Why a block that was asked for was not made. */
export class MiningError extends PierError {
  declare readonly code: 'block-not-accepted' | 'no-miner-address' | 'no-block-found';
}

/** What became of one search: without either, it found nothing. */
interface Attempt {
  readonly block?: Block;
  readonly reject?: Reject<BlockRejectKind>;
  /** The tip has changed, or the miner was stopped. */
  readonly isInterrupted: boolean;
}

const DEFAULT_MINE_AT_TXS = 2;
/** Core's default for the tries of one call of `generatetoaddress`. */
const DEFAULT_MAX_TRIES = 1_000_000;

/** Makes blocks: on request, or by itself whenever the mempool holds enough. Never two at a time. */
export class Miner {
  readonly events = new Emitter<MinerEvents>();
  #lastMined: MinerEvents['mined'] | undefined;

  readonly #options: MinerOptions;
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** Settles when all that was asked for so far is done. */
  #queue: Promise<unknown> = Promise.resolve();
  #search: AbortController | undefined;
  /** How often stop() was called: what was asked for before the last call is not to go on. */
  #stops = 0;
  #unsubscribe: readonly (() => void)[] = [];
  #isScheduled = false;
  #extraNonce = 0;
  #hashRate = 0;

  constructor(options: MinerOptions, modules: MinerModules) {
    this.#options = options;
    this.#chain = modules.chain;
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
  }

  /** The last block that it has made since it is there. */
  get lastMined(): MinerEvents['mined'] | undefined {
    return this.#lastMined;
  }

  /** Whether start() is in force. */
  get running(): boolean {
    return this.#unsubscribe.length > 0;
  }

  /** Headers hashed a second in the last search that found a block; 0 before. */
  get hashRate(): number {
    return this.#hashRate;
  }

  /**
   * Mines `count` blocks, one on the other, and resolves to their hashes: fewer where `maxTries` headers for each were
   * not enough, or stop() was called. Throws `MiningError` if the chain refuses one.
   */
  generate(count: number, scriptPubKey: Uint8Array, maxTries = DEFAULT_MAX_TRIES): Promise<Uint8Array[]> {
    return this.#enqueue(async (isStopped) => {
      const hashes: Uint8Array[] = [];
      while (hashes.length < count && !isStopped()) {
        const { block, reject, isInterrupted } = await this.#mine(this.#template(scriptPubKey), maxTries);
        if (reject) throw notAccepted(reject);
        if (block) hashes.push(block.hash);
        // Without a limit it goes on with another header.
        else if (!isInterrupted && Number.isFinite(maxTries)) break;
      }
      return hashes;
    });
  }

  /**
   * Mines one block of exactly these transactions and, unless `submit` is false, gives it to the chain. Throws
   * `MiningError` if it would not be valid, or none was found.
   */
  generateBlock(
    transactions: readonly Transaction[],
    scriptPubKey: Uint8Array,
    options: { readonly submit?: boolean; readonly maxTries?: number } = {},
  ): Promise<Block> {
    return this.#enqueue(async () => {
      const template = this.#template(scriptPubKey, transactions);
      const invalid = this.#chain.checkBlockTemplate(template.block);
      if (invalid) {
        const { reason, debug } = invalid;
        this.#logger.warn({ height: template.height, reason, debug }, 'the block that was asked for is not valid');
        throw notAccepted(invalid);
      }
      const submit = options.submit ?? true;
      const { block, reject } = await this.#mine(template, options.maxTries ?? DEFAULT_MAX_TRIES, submit);
      if (reject) throw notAccepted(reject);
      if (!block) throw new MiningError('no-block-found', 'no nonce that proves the work was found in time');
      return block;
    });
  }

  /**
   * From now on mines by itself while the mempool holds `mineAtTxs` transactions or more. Throws `MiningError` where
   * the options name nobody to pay.
   */
  start(): void {
    if (this.running) return;
    const { scriptPubKey } = this.#options;
    if (!scriptPubKey) {
      const hint = 'Give the node the address that its blocks are to pay to.';
      throw new MiningError('no-miner-address', 'the miner has nobody to pay', { hint });
    }
    const consider = () => this.#mineIfReady(scriptPubKey);
    this.#unsubscribe = [this.#mempool.events.on('added', consider), this.#chain.events.on('tip', consider)];
    consider();
  }

  /** Ends every search, also those that were asked for; resolves when the miner is at rest. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    this.#stops++;
    this.#search?.abort();
    await this.#queue;
  }

  /** Sees to it that a block is mined, if there is enough for one. */
  #mineIfReady(scriptPubKey: Uint8Array): void {
    const least = this.#options.mineAtTxs ?? DEFAULT_MINE_AT_TXS;
    if (this.#isScheduled || !this.running || this.#mempool.size < least) return;
    this.#isScheduled = true;
    const task = this.#enqueue(async (isStopped) => {
      if (isStopped() || this.#mempool.size < least) return false;
      const template = this.#template(scriptPubKey);
      // Of transactions that no block may hold or that pay too little, no number is enough.
      if (template.fees.length === 0 && least > 0) return false;
      const { reject } = await this.#mine(template);
      // After a refusal there would only be another one, until something changes.
      return !reject;
    });
    task
      .catch((error: unknown) => {
        this.#logger.error({ err: error }, 'mining failed');
        return false;
      })
      .then((again) => {
        this.#isScheduled = false;
        if (again) this.#mineIfReady(scriptPubKey);
      });
  }

  #template(scriptPubKey: Uint8Array, transactions?: readonly Transaction[]): BlockTemplate {
    return createBlockTemplate(this.#chain, this.#mempool, scriptPubKey, {
      clock: this.#clock,
      // Never the same twice, so that a block can be made anew in the place of one that was invalidated.
      extraNonce: this.#extraNonce++,
      ...(transactions ? { transactions } : {}),
    });
  }

  /** Searches for a template's proof of work until the tip changes; what it finds goes to the chain. */
  async #mine(template: BlockTemplate, maxTries?: number, submit = true): Promise<Attempt> {
    const { height, block: unsolved } = template;
    const search = new AbortController();
    this.#search = search;
    const unsubscribe = this.#chain.events.on('tip', () => search.abort());
    this.events.emit('mining', { height, transactions: unsolved.transactions.length - 1 });
    const { signal } = search;
    const { threads } = this.#options;
    const proof = await searchProofOfWork(unsolved.header, {
      signal,
      ...(maxTries === undefined ? {} : { maxTries }),
      ...(threads === undefined ? {} : { threads }),
    }).finally(() => {
      unsubscribe();
      this.#search = undefined;
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
      const refusal: Reject<BlockRejectKind> = reject ?? { kind: 'consensus', reason: 'rejected' };
      this.events.emit('rejected', { block, reject: refusal });
      return { reject: refusal, isInterrupted: false };
    }
    const { nonce, hashes, hashRate } = proof;
    const transactions = block.transactions.length - 1;
    const fields = { height: index.height, hash: block.hashHex, transactions, nonce, hashes, hashRate };
    this.#logger.info({ ...fields, hashRate: Math.round(hashRate) }, 'mined a block');
    this.#lastMined = { index, block, proof };
    this.events.emit('mined', this.#lastMined);
    return { block, isInterrupted: false };
  }

  /** Runs `task` when all that was asked for before is done; it learns whether stop() has been called since. */
  #enqueue<T>(task: (isStopped: () => boolean) => Promise<T>): Promise<T> {
    const stops = this.#stops;
    const result = this.#queue.then(() => task(() => this.#stops !== stops));
    this.#queue = result.catch(() => {});
    return result;
  }
}

function notAccepted(refusal: Reject<BlockRejectKind>): MiningError {
  return new MiningError('block-not-accepted', `the chain refuses the block: ${formatReject(refusal)}`);
}
