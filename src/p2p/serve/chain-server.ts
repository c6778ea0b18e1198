import { equalBytes } from '../../bytes/compare.ts';
import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import { ByteCache } from '../../platform/byte-cache.ts';
import type { Clock } from '../../platform/clock.ts';
import { MerkleBlock } from '../../proofs/merkle-block.ts';
import { canDirectFetch } from '../blocks/can-direct-fetch.ts';
import type { RecentBlock } from '../blocks/compact/recent-block.ts';
import type { PeerChains } from '../blocks/peer-chain.ts';
import type { Peer } from '../peer/peer.ts';
import type { Work } from '../peer/work.ts';
import type { TxAnnouncer } from '../transactions/tx-announcer.ts';
import { encodeBlockTxn, type GetBlockTxnMessage } from '../wire/messages/block-transactions.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { type LocatorMessage, NO_STOP } from '../wire/messages/locator.ts';
import { MAX_HEADERS } from '../wire/protocol.ts';
import { BlockOutline } from './block-outline.ts';
import { isBlockRequestAllowed } from './block-request-allowed.ts';

/** Block hashes in the `inv` that answers `getblocks` (Core: 500). */
const MAX_BLOCKS_RESULTS = 500;

/** Blocks below the tip up to which a block is sent as a compact block (Core: MAX_CMPCTBLOCK_DEPTH). */
const MAX_COMPACT_DEPTH = 5;
/** Blocks below the tip up to which `getblocktxn` is answered by `blocktxn` (Core: MAX_BLOCKTXN_DEPTH). */
const MAX_BLOCKTXN_DEPTH = 10;

/** Bytes of a block that are charged as a millisecond of work. */
const BYTES_PER_MS = 1_000_000;
/** Milliseconds charged for a filtered block, which is much work for few bytes. */
const FILTERED_BLOCK_MS = 0.2;
/** Bytes of outlined blocks kept, and of blocks without witnesses: enough for what many peers request at a time. */
const MAX_CACHED_BYTES = 16_000_000;

/** Modules that a `ChainServer` uses. */
export interface ChainServerModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly recent: RecentBlock;
  readonly txAnnouncer: TxAnnouncer;
  readonly clock: Clock;
}

/** Serves headers and blocks: answers `getheaders`, `getblocks`, `getblocktxn`, and `getdata` for blocks. */
export class ChainServer {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #recent: RecentBlock;
  readonly #txAnnouncer: TxAnnouncer;
  readonly #clock: Clock;
  /**
   * Last hash of a full answer to `getblocks`; when the peer requests it, we announce the tip
   * (Core: m_continuation_block).
   */
  readonly #continuations = new WeakMap<Peer, Uint8Array>();

  readonly #outlines = new ByteCache<BlockIndex, BlockOutline>(MAX_CACHED_BYTES, ({ usage }) => usage);
  readonly #stripped = new ByteCache<BlockIndex, Uint8Array>(MAX_CACHED_BYTES, ({ length }) => length);

  constructor(modules: ChainServerModules) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#recent = modules.recent;
    this.#txAnnouncer = modules.txAnnouncer;
    this.#clock = modules.clock;
  }

  /**
   * Answers `getheaders`, with an empty list if our chain has less than the network's minimum work. Differs from
   * Core in that it also answers during the initial block download; a new network, whose nodes all have old tips,
   * could not start otherwise.
   */
  getHeaders(peer: Peer, { locator, stop }: LocatorMessage): void {
    const { tip, params } = this.#chain;
    if (tip.chainwork < params.minimumChainWork) {
      peer.send('headers', { headers: [] });
      return;
    }
    const headers = this.#following(locator, stop, MAX_HEADERS);
    peer.send('headers', { headers: headers.map((index) => index.header) });
    const peerChain = this.#chains.get(peer);
    if (peerChain) peerChain.bestHeaderSent = headers.at(-1) ?? tip;
  }

  /** Returns the blocks after a locator, up to `stop`; for an empty locator, only `stop`. */
  #following(locator: readonly Uint8Array[], stop: Uint8Array, limit: number): BlockIndex[] {
    if (locator.length === 0) {
      const index = this.#chain.getIndex(stop);
      return index && this.#isRequestAllowed(index) ? [index] : [];
    }
    const found: BlockIndex[] = [];
    const start = this.#chain.findLocator(locator).height + 1;
    for (let height = start; found.length < limit; height++) {
      const index = this.#chain.atHeight(height);
      if (!index) break;
      found.push(index);
      if (equalBytes(index.hash, stop)) break;
    }
    return found;
  }

  getBlocks(peer: Peer, { locator, stop }: LocatorMessage): void {
    const blocks = locator.length === 0 ? [] : this.#following(locator, stop, MAX_BLOCKS_RESULTS);
    // As in Core, the stop block itself is not announced.
    if (blocks.length > 0 && equalBytes(blocks.at(-1)!.hash, stop) && !equalBytes(stop, NO_STOP)) blocks.pop();
    if (blocks.length === 0) return;
    if (blocks.length === MAX_BLOCKS_RESULTS) this.#continuations.set(peer, blocks.at(-1)!.hash);
    peer.send('inv', { entries: blocks.map(({ hash }) => ({ type: InvType.BLOCK, hash })) });
  }

  /** Answers one block entry of a `getdata`, if the block is known and may be served. */
  *sendBlock(peer: Peer, entry: InvEntry): Work {
    const index = this.#chain.getIndex(entry.hash);
    if (!index?.hasData || !this.#isRequestAllowed(index)) return;
    if (entry.type === InvType.FILTERED_BLOCK) yield* this.#sendFiltered(peer, index);
    else yield this.#sendWhole(peer, entry.type, index);
    const continuation = this.#continuations.get(peer);
    if (continuation && equalBytes(continuation, entry.hash)) {
      this.#continuations.delete(peer);
      peer.send('inv', { entries: [{ type: InvType.BLOCK, hash: this.#chain.tip.hash }] });
    }
  }

  /** Sends a block as the type of the entry requests it. Returns the milliseconds to charge. */
  #sendWhole(peer: Peer, type: number, index: BlockIndex): number {
    const isCompact = type === InvType.CMPCT_BLOCK && this.#maySendCompact(index);
    if (isCompact) return this.#sendPayload(peer, 'cmpctblock', this.#recent.compact(index));
    if (type === InvType.BLOCK) return this.#sendPayload(peer, 'block', this.#encodeStripped(index));
    return this.#sendPayload(peer, 'block', this.#chain.getRawBlock(index));
  }

  #sendPayload(peer: Peer, command: 'block' | 'cmpctblock', payload: Uint8Array | undefined): number {
    if (!payload) return 0;
    peer.sendPayload(command, payload);
    return payload.length / BYTES_PER_MS;
  }

  #encodeStripped(index: BlockIndex): Uint8Array | undefined {
    return this.#stripped.get(index, () => this.#outline(index)?.encodeStripped());
  }

  #outline(index: BlockIndex): BlockOutline | undefined {
    return this.#outlines.get(index, () => {
      const raw = index === this.#recent.index ? this.#recent.block(index)?.encode() : this.#chain.getRawBlock(index);
      return raw && new BlockOutline(raw);
    });
  }

  /**
   * BIP37: sends a merkle block and the matching transactions. As in Core, even those that the peer may have already.
   */
  *#sendFiltered(peer: Peer, index: BlockIndex): Work {
    const filter = this.#txAnnouncer.filter(peer);
    const block = filter && this.#chain.getBlock(index);
    if (!block) return;
    yield FILTERED_BLOCK_MS;
    const matches: boolean[] = [];
    for (const tx of block.transactions) {
      matches.push(filter.isRelevantAndUpdate(tx));
      yield;
    }
    peer.send('merkleblock', MerkleBlock.of(block, matches));
    for (const [i, tx] of block.transactions.entries()) {
      if (matches[i]) peer.sendPayload('tx', tx.encodeStripped());
    }
  }

  /** Answers `getblocktxn` (BIP152): the requested transactions, or the whole block if it is old. */
  *getBlockTransactions(peer: Peer, { blockHash, indexes }: GetBlockTxnMessage): Work {
    const index = this.#chain.getIndex(blockHash);
    if (!index?.hasData) return;
    if (index.height < this.#chain.tip.height - MAX_BLOCKTXN_DEPTH) {
      yield* this.sendBlock(peer, { type: InvType.WITNESS_BLOCK, hash: blockHash });
      return;
    }
    const outline = this.#outline(index);
    if (!outline) return;
    const transactions: Uint8Array[] = [];
    for (const at of indexes) {
      const tx = outline.transaction(at);
      if (!tx) {
        peer.misbehaving('getblocktxn index out of bounds');
        return;
      }
      transactions.push(tx);
    }
    const payload = encodeBlockTxn(blockHash, transactions);
    peer.sendPayload('blocktxn', payload);
    yield payload.length / BYTES_PER_MS;
  }

  #maySendCompact(index: BlockIndex): boolean {
    return index.height >= this.#chain.tip.height - MAX_COMPACT_DEPTH && canDirectFetch(this.#chain, this.#clock);
  }

  /** Allows the most recent block as well, which is announced as a compact block before it is fully validated. */
  #isRequestAllowed(index: BlockIndex): boolean {
    return isBlockRequestAllowed(this.#chain, index) || (!index.failed && index === this.#recent.index);
  }
}
