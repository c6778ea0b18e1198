import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { isActiveAfter } from '../../../consensus/deployments.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Block } from '../../../primitives/block.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import type { Peer } from '../../peer/peer.ts';
import type { BlockTxnMessage } from '../../wire/messages/block-transactions.ts';
import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock.ts';
import { MAX_BLOCKS_IN_FLIGHT } from '../../wire/protocol.ts';
import type { BlockDownload, BlockRequest } from '../block-download.ts';
import { canDirectFetch } from '../can-direct-fetch.ts';
import { antiDosWorkThreshold, claimedHeadersWork } from '../headers/anti-dos-work-threshold.ts';
import type { HeaderSync } from '../headers/header-sync.ts';
import { maybePunishNodeForBlock } from '../maybe-punish-node-for-block.ts';
import type { PeerChains } from '../peer-chain.ts';
import { PartialBlock } from './compact-block.ts';
import type { CompactPeers } from './compact-peers.ts';
import type { ExtraTransactions } from './extra-transactions.ts';

/** Peers from which one block is put together at a time (Core: MAX_CMPCTBLOCKS_INFLIGHT_PER_BLOCK). */
const MAX_PER_BLOCK = 3;
/** Blocks farther above the tip than this hold what our mempool cannot know. */
const MAX_ABOVE_TIP = 2;

export interface CompactDownloadModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly mempool: Mempool;
  readonly extra: ExtraTransactions;
  readonly peers: CompactPeers;
  readonly blocks: BlockDownload;
  readonly headers: HeaderSync;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * BIP152, the receiving side: makes blocks of compact ones, from the mempool and, for what it lacks, from their sender.
 * A compact block is sent before it has been judged in full, so that its sender answers for the header only.
 */
export class CompactDownload {
  readonly #modules: CompactDownloadModules;

  constructor(modules: CompactDownloadModules) {
    this.#modules = modules;
  }

  /** Takes a `cmpctblock`, asked for or not. While a returned promise is pending, no more should be read from the peer. */
  received(peer: Peer, message: CmpctBlockMessage): void | Promise<void> {
    const { chain, chains, blocks, headers, clock } = this.#modules;
    const { header } = message;
    const parent = chain.getIndex(header.prevHash);
    if (!parent) return headers.announced(peer, header.hash);
    if (claimedHeadersWork(parent, [header]) < antiDosWorkThreshold(chain)) return;
    const { last: index, reject } = chain.acceptHeaders([header]);
    if (reject || !index) return reject && maybePunishNodeForBlock(peer, reject, true);
    chains.get(peer)?.learn(index);
    if (index.hasData || blocks.isProcessing(index)) return;

    const isRequested = blocks.requestsFor(index).some((request) => request.peer === peer);
    const { tip } = chain;
    if (index.chainwork <= tip.chainwork || index.height > tip.height + MAX_ABOVE_TIP) {
      // Our mempool is of no use for it.
      if (isRequested) blocks.requestFullBlock(peer, index);
      else if (index.chainwork > tip.chainwork) blocks.refill();
    } else if (blocks.requestsFor(index).length === 0 && !canDirectFetch(chain, clock)) {
      blocks.refill();
    } else {
      return this.#reconstruct(peer, index, message);
    }
  }

  #reconstruct(peer: Peer, index: BlockIndex, message: CmpctBlockMessage): void | Promise<void> {
    const { blocks } = this.#modules;
    const before = [...blocks.requestsFor(index)];
    const own = before.find((request) => request.peer === peer);
    if (own?.partial) return;
    const partial = PartialBlock.create(message);
    if (!own && (before.length >= MAX_PER_BLOCK || blocks.inFlight(peer).length >= MAX_BLOCKS_IN_FLIGHT)) {
      return this.#attempt(peer, index, partial);
    }

    const request = own ?? blocks.claim(peer, index);
    request.partial = typeof partial === 'string' ? 'spent' : partial;
    if (partial === 'invalid') return this.#breach(peer, index, 'invalid compact block');
    if (partial === 'failed') return this.#failed(request);
    this.#fill(partial);
    const missing = partial.missing();
    if (missing.length === 0) return this.#complete(request, partial, []);
    if (isFirst(before, peer) || this.#mayAskBeside(before, peer)) {
      peer.send('getblocktxn', { blockHash: index.hash, indexes: missing });
    } else {
      blocks.release(peer, index);
    }
  }

  /** Others are at it already; but what needs no more messages costs nothing. */
  #attempt(peer: Peer, index: BlockIndex, partial: PartialBlock | string): void | Promise<void> {
    if (typeof partial === 'string') return;
    this.#fill(partial);
    if (partial.missing().length > 0) return;
    const block = this.#finish(partial, index, []);
    if (typeof block !== 'string') return this.#modules.blocks.reconstructed(peer, block);
  }

  #fill(partial: PartialBlock): void {
    const { mempool, extra } = this.#modules;
    partial.fill(transactionsOf(mempool));
    partial.fill(extra);
  }

  /**
   * Whether to ask a second or third peer for what is missing: one that we trust to be fast, and the last place is for
   * one that we called, unless such a one has been asked.
   */
  #mayAskBeside(before: readonly BlockRequest[], peer: Peer): boolean {
    if (!this.#modules.peers.announcesToUs(peer)) return false;
    return !peer.inbound || before.some((request) => !request.peer.inbound) || before.length < MAX_PER_BLOCK - 1;
  }

  /** Takes a `blocktxn`; one that nobody waits for says nothing. */
  receivedTransactions(peer: Peer, { blockHash, transactions }: BlockTxnMessage): void | Promise<void> {
    const { chain, blocks } = this.#modules;
    const index = chain.getIndex(blockHash);
    const request = index && blocks.requestsFor(index).find((candidate) => candidate.peer === peer);
    if (!request?.partial) return;
    if (request.partial === 'spent') return this.#breach(peer, request.index, 'blocktxn for what has failed before');
    return this.#complete(request, request.partial, transactions);
  }

  #complete(request: BlockRequest, partial: PartialBlock, transactions: readonly Transaction[]): void | Promise<void> {
    const { peer, index } = request;
    const block = this.#finish(partial, index, transactions);
    request.partial = 'spent';
    if (block === 'invalid') return this.#breach(peer, index, 'blocktxn with other transactions than asked for');
    if (block === 'failed') return this.#failed(request);
    const { length } = transactions;
    this.#modules.logger.debug({ peer: peer.id, height: index.height, asked: length }, 'reconstructed a compact block');
    return this.#modules.blocks.reconstructed(peer, block);
  }

  #finish(partial: PartialBlock, index: BlockIndex, missing: readonly Transaction[]): Block | 'invalid' | 'failed' {
    return partial.complete(missing, isActiveAfter('segwit', index.prev, this.#modules.chain.params));
  }

  /** Short ids have collided, or the sender wanted it so: the first peer asked sends all, others may have been luckier. */
  #failed({ peer, index }: BlockRequest): void {
    const { blocks } = this.#modules;
    if (isFirst(blocks.requestsFor(index), peer)) blocks.requestFullBlock(peer, index);
    else blocks.release(peer, index);
  }

  #breach(peer: Peer, index: BlockIndex, reason: string): void {
    this.#modules.blocks.release(peer, index);
    peer.misbehaving(reason);
  }
}

/** Whether nobody has been asked before the peer. */
function isFirst(requests: readonly BlockRequest[], peer: Peer): boolean {
  return requests.length === 0 || requests[0]!.peer === peer;
}

function* transactionsOf(mempool: Mempool): Generator<Transaction> {
  for (const { tx } of mempool.entries()) yield tx;
}
