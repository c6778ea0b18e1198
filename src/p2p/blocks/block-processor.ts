import { binaryKey } from '../../bytes/compare.ts';
import type { Chain } from '../../chain/chain.ts';
import { PierError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Block } from '../../primitives/block.ts';
import type { Peer } from '../peer/peer.ts';
import { antiDosWorkThreshold } from './headers/anti-dos-work-threshold.ts';
import { maybePunishNodeForBlock } from './maybe-punish-node-for-block.ts';

/** Bytes of blocks being processed above which their senders are not read. */
const QUEUE_LIMIT = 32_000_000;

/** The result of a block: stored, known before, or rejected. */
export type BlockOutcome = 'new' | 'known' | 'rejected';

/** How a block was received. */
export interface BlockOptions {
  /** Whether it was requested from a peer (Core: force_processing). */
  readonly requested: boolean;
  /** Whether it was reconstructed from a compact block. */
  readonly viaCompact: boolean;
}

interface BlockSource {
  readonly peer: Peer;
  readonly viaCompact: boolean;
}

type Processed = (peer: Peer, key: string, outcome: BlockOutcome) => void;

/**
 * Passes received blocks to the chain, which processes them one by one (Core: ProcessBlock). Bounded by backpressure.
 */
export class BlockProcessor {
  readonly #chain: Chain;
  readonly #logger: Logger;
  readonly #processed: Processed;
  /** Keys of the blocks being processed. */
  readonly #keys = new Set<string>();
  /**
   * Senders of blocks that are not connected or rejected yet, by key, to punish them if a block is
   * invalid (Core: mapBlockSource).
   */
  readonly #sources = new Map<string, BlockSource>();
  readonly #unsubscribe: () => void;
  /** Settles when each peer's last block is processed. */
  readonly #lastOfPeer = new Map<Peer, Promise<void>>();
  #bytes = 0;
  #waiters: (() => void)[] = [];

  /** `processed` is called once for each block. */
  constructor(chain: Chain, logger: Logger, processed: Processed) {
    this.#chain = chain;
    this.#logger = logger;
    this.#processed = processed;
    this.#unsubscribe = chain.events.on('blockChecked', ({ hash, reject }) => {
      const key = binaryKey(hash);
      const source = this.#sources.get(key);
      this.#sources.delete(key);
      if (source && reject) maybePunishNodeForBlock(source.peer, reject, source.viaCompact);
    });
  }

  peerClosed(peer: Peer): void {
    for (const [key, source] of this.#sources) if (source.peer === peer) this.#sources.delete(key);
  }

  close(): void {
    this.#unsubscribe();
  }

  get isIdle(): boolean {
    return this.#keys.size === 0;
  }

  get isFull(): boolean {
    return this.#bytes > QUEUE_LIMIT;
  }

  /** Returns whether a block, by its key, is being processed. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Resolves when a peer's blocks are processed; undefined if there are none. */
  settled(peer: Peer): Promise<void> | undefined {
    return this.#lastOfPeer.get(peer);
  }

  /** Resolves when all blocks are processed. */
  async idle(): Promise<void> {
    while (this.#lastOfPeer.size > 0) await Promise.all(this.#lastOfPeer.values());
  }

  /** Passes a block to the chain. If the queue is full, returns a promise that resolves when it no longer is. */
  add(peer: Peer, block: Block, key: string, options: BlockOptions): void | Promise<void> {
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#bytes += block.totalSize;
    const done = this.#process(peer, block, key, options);
    this.#lastOfPeer.set(peer, done);
    void done.then(() => {
      if (this.#lastOfPeer.get(peer) === done) this.#lastOfPeer.delete(peer);
    });
    if (this.isFull) return new Promise((resolve) => this.#waiters.push(resolve));
  }

  async #process(peer: Peer, block: Block, key: string, { requested, viaCompact }: BlockOptions): Promise<void> {
    let outcome: BlockOutcome = 'rejected';
    this.#sources.set(key, { peer, viaCompact });
    try {
      const { isNew, reject } = await this.#chain.acceptBlock(block, {
        ...{ requested, minimumWork: antiDosWorkThreshold(this.#chain), from: `peer ${peer.id}` },
      });
      if (!reject) outcome = isNew ? 'new' : 'known';
    } catch (error) {
      // The chain was closed or its store failed, which the chain reports itself; the peer is not to blame.
      const level = error instanceof PierError ? 'debug' : 'error';
      this.#logger[level]({ err: error, block: block.hashHex }, 'block processing failed');
    }
    if (outcome !== 'new') this.#sources.delete(key);
    this.#keys.delete(key);
    this.#bytes -= block.totalSize;
    if (!this.isFull) {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    }
    this.#processed(peer, key, outcome);
  }
}
