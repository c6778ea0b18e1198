import { binaryKey } from '../../bytes/compare.ts';
import type { Chain } from '../../chain/chain.ts';
import { PierError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Block } from '../../primitives/block.ts';
import type { Peer } from '../peer/peer.ts';
import { antiDosWorkThreshold } from './headers/anti-dos-work-threshold.ts';
import { maybePunishNodeForBlock } from './maybe-punish-node-for-block.ts';

/** With more bytes of blocks than this waiting for the chain, peers that send more have to wait. */
const INTAKE_LIMIT = 32_000_000;

/** What became of a block: it was good and not known before; it was known; it could not be taken. */
export type BlockOutcome = 'new' | 'known' | 'refused';

export interface BlockOptions {
  /** Somebody was asked for the block. */
  readonly requested: boolean;
  /** It was put together from a compact block. */
  readonly viaCompact: boolean;
}

interface BlockSource {
  readonly peer: Peer;
  readonly viaCompact: boolean;
}

type Processed = (peer: Peer, key: string, outcome: BlockOutcome) => void;

/** Blocks on their way into the chain, which takes them one after the other. Bounded by making senders wait. */
export class BlockProcessor {
  readonly #chain: Chain;
  readonly #logger: Logger;
  readonly #processed: Processed;
  /** Keys of the blocks under way. */
  readonly #keys = new Set<string>();
  /** Who sent the blocks that have not been connected or refused, by key: some turn out invalid only then (Core: mapBlockSource). */
  readonly #sources = new Map<string, BlockSource>();
  readonly #unsubscribe: () => void;
  /** The last block of each peer that is under way. */
  readonly #ofPeer = new Map<Peer, Promise<void>>();
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
    return this.#bytes > INTAKE_LIMIT;
  }

  /** Whether the block of this key is under way. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  settled(peer: Peer): Promise<void> | undefined {
    return this.#ofPeer.get(peer);
  }

  async idle(): Promise<void> {
    while (this.#ofPeer.size > 0) await Promise.all(this.#ofPeer.values());
  }

  /** Hands a block to the chain. Returns a promise of room when there is none for another one. */
  add(peer: Peer, block: Block, key: string, options: BlockOptions): void | Promise<void> {
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#bytes += block.totalSize;
    const done = this.#process(peer, block, key, options);
    this.#ofPeer.set(peer, done);
    void done.then(() => {
      if (this.#ofPeer.get(peer) === done) this.#ofPeer.delete(peer);
    });
    if (this.isFull) return new Promise((resolve) => this.#waiters.push(resolve));
  }

  async #process(peer: Peer, block: Block, key: string, { requested, viaCompact }: BlockOptions): Promise<void> {
    let outcome: BlockOutcome = 'refused';
    this.#sources.set(key, { peer, viaCompact });
    try {
      const { isNew, reject } = await this.#chain.acceptBlock(block, {
        ...{ requested, minimumWork: antiDosWorkThreshold(this.#chain), from: `peer ${peer.id}` },
      });
      if (!reject) outcome = isNew ? 'new' : 'known';
    } catch (error) {
      // The chain has closed, or its store has failed, of which it tells itself; the peer is not to blame.
      const level = error instanceof PierError ? 'debug' : 'error';
      this.#logger[level]({ err: error, block: block.hashHex }, 'a block could not be processed');
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
