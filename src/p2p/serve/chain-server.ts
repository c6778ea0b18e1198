import { equalBytes } from '../../bytes/compare.ts';
import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Block } from '../../primitives/block.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { MerkleBlock } from '../../proofs/merkle-block.ts';
import { canDirectFetch } from '../blocks/can-direct-fetch.ts';
import type { RecentBlock } from '../blocks/compact/recent-block.ts';
import type { PeerChains } from '../blocks/peer-chain.ts';
import type { Peer } from '../peer/peer.ts';
import type { TxAnnouncer } from '../transactions/tx-announcer.ts';
import type { GetBlockTxnMessage } from '../wire/messages/block-transactions.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { type LocatorMessage, NO_STOP } from '../wire/messages/locator.ts';
import { MAX_HEADERS } from '../wire/protocol.ts';
import { isBlockRequestAllowed } from './block-request-allowed.ts';

/** Hashes in the answer to `getblocks`. */
const MAX_BLOCKS_RESULTS = 500;

/** How deep a block may lie for us to send it compact: below, nobody's mempool holds it (Core: MAX_CMPCTBLOCK_DEPTH). */
const MAX_COMPACT_DEPTH = 5;
/** The same for single transactions of it (Core: MAX_BLOCKTXN_DEPTH). */
const MAX_BLOCKTXN_DEPTH = 10;

export interface ChainServerModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly recent: RecentBlock;
  readonly txAnnouncer: TxAnnouncer;
  readonly clock: Clock;
}

/** Answers questions about the chain: `getheaders`, `getblocks`, blocks by hash, and `getblocktxn`. */
export class ChainServer {
  readonly #chain: Chain;
  readonly #chains: PeerChains;
  readonly #recent: RecentBlock;
  readonly #txAnnouncer: TxAnnouncer;
  readonly #clock: Clock;
  /** The last block of an answer to `getblocks` that was cut: once it is fetched, the peer is told of the tip. */
  readonly #continuations = new WeakMap<Peer, Uint8Array>();

  constructor(modules: ChainServerModules) {
    this.#chain = modules.chain;
    this.#chains = modules.chains;
    this.#recent = modules.recent;
    this.#txAnnouncer = modules.txAnnouncer;
    this.#clock = modules.clock;
  }

  /**
   * Answers however old the tip is: a network whose nodes all wait for each other would never start. Like Core, keeps
   * a chain of less work than the network's minimum to itself.
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

  /** The blocks that a locator asks for; without a locator just the one that is named. */
  #following(locator: readonly Uint8Array[], stop: Uint8Array, limit: number): BlockIndex[] {
    if (locator.length === 0) {
      const index = this.#chain.getIndex(stop);
      return index && this.#mayServe(index) ? [index] : [];
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
    // The block named as the last one wanted is not announced, as in Core.
    if (blocks.length > 0 && equalBytes(blocks.at(-1)!.hash, stop) && !equalBytes(stop, NO_STOP)) blocks.pop();
    if (blocks.length === 0) return;
    if (blocks.length === MAX_BLOCKS_RESULTS) this.#continuations.set(peer, blocks.at(-1)!.hash);
    peer.send('inv', { entries: blocks.map(({ hash }) => ({ type: InvType.BLOCK, hash })) });
  }

  /** Sends the block that `entry` names, if there is one to send. */
  sendBlock(peer: Peer, entry: InvEntry): void {
    const index = this.#chain.getIndex(entry.hash);
    if (!index?.hasData || !this.#mayServe(index)) return;
    if (entry.type === InvType.CMPCT_BLOCK && this.#isCompactOfUse(index)) {
      const compact = this.#recent.compact(index);
      if (!compact) return;
      peer.sendPayload('cmpctblock', compact);
    } else if (entry.type === InvType.BLOCK || entry.type === InvType.FILTERED_BLOCK) {
      const block = this.#chain.getBlock(index);
      if (!block) return;
      if (entry.type === InvType.BLOCK) peer.sendPayload('block', block.encodeStripped());
      else this.#sendFiltered(peer, block);
    } else {
      const raw = this.#chain.getRawBlock(index);
      if (!raw) return;
      peer.sendPayload('block', raw);
    }
    const continuation = this.#continuations.get(peer);
    if (continuation && equalBytes(continuation, entry.hash)) {
      this.#continuations.delete(peer);
      peer.send('inv', { entries: [{ type: InvType.BLOCK, hash: this.#chain.tip.hash }] });
    }
  }

  /** BIP37: shows what of a block matches the peer's filter. As Core does, sends what it may have as well. */
  #sendFiltered(peer: Peer, block: Block): void {
    const filter = this.#txAnnouncer.filter(peer);
    if (!filter) return;
    const matches = block.transactions.map((tx) => filter.isRelevantAndUpdate(tx));
    peer.send('merkleblock', MerkleBlock.of(block, matches));
    for (const [i, tx] of block.transactions.entries()) {
      if (matches[i]) peer.sendPayload('tx', tx.encodeStripped());
    }
  }

  /** BIP152: sends the transactions of a block that a peer lacks; of an old block, all of it. */
  getBlockTransactions(peer: Peer, { blockHash, indexes }: GetBlockTxnMessage): void {
    const index = this.#chain.getIndex(blockHash);
    if (!index?.hasData) return;
    if (index.height < this.#chain.tip.height - MAX_BLOCKTXN_DEPTH) {
      this.sendBlock(peer, { type: InvType.WITNESS_BLOCK, hash: blockHash });
      return;
    }
    const block = this.#recent.block(index);
    if (!block) return;
    const transactions: Transaction[] = [];
    for (const at of indexes) {
      const tx = block.transactions[at];
      if (!tx) {
        peer.misbehaving('getblocktxn beyond the end of the block');
        return;
      }
      transactions.push(tx);
    }
    peer.send('blocktxn', { blockHash, transactions });
  }

  #isCompactOfUse(index: BlockIndex): boolean {
    return index.height >= this.#chain.tip.height - MAX_COMPACT_DEPTH && canDirectFetch(this.#chain, this.#clock);
  }

  /** The newest block, too, which may have been announced before it is known to be valid. */
  #mayServe(index: BlockIndex): boolean {
    return isBlockRequestAllowed(this.#chain, index) || (!index.failed && index === this.#recent.index);
  }
}
