import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { isActiveAfter } from '../../../consensus/deployments.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Random } from '../../../platform/random.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import type { Peer } from '../../peer/peer.ts';
import { asWork, type Handling, type Work } from '../../peer/work.ts';
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

/** Peers from which one block is reconstructed in parallel (Core: MAX_CMPCTBLOCKS_INFLIGHT_PER_BLOCK). */
const MAX_PER_BLOCK = 3;
/** Blocks above the tip up to which a compact block is reconstructed from the mempool, as in Core. */
const MAX_ABOVE_TIP = 2;

/** Modules that a `CompactDownload` uses. */
export interface CompactDownloadModules {
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly mempool: Mempool;
  readonly extra: ExtraTransactions;
  readonly peers: CompactPeers;
  readonly blocks: BlockDownload;
  readonly headers: HeaderSync;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Reconstructs blocks from compact blocks (BIP152), with transactions of the mempool and, for the missing ones, of the
 * sender. A compact block may be sent before full validation, so its sender vouches for the header only.
 */
export class CompactDownload {
  readonly #modules: CompactDownloadModules;

  constructor(modules: CompactDownloadModules) {
    this.#modules = modules;
  }

  /** Handles `cmpctblock`, requested or not. The peer should not be read while a returned promise is pending. */
  received(peer: Peer, message: CmpctBlockMessage): Handling {
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
      // The mempool does not help to reconstruct it.
      if (isRequested) blocks.requestFullBlock(peer, index);
      else if (index.chainwork > tip.chainwork) blocks.refill();
    } else if (blocks.requestsFor(index).length === 0 && !canDirectFetch(chain, clock)) {
      blocks.refill();
    } else {
      return this.#reconstruct(peer, index, message);
    }
  }

  *#reconstruct(peer: Peer, index: BlockIndex, message: CmpctBlockMessage): Work {
    const { blocks, random } = this.#modules;
    const before = [...blocks.requestsFor(index)];
    const own = before.find((request) => request.peer === peer);
    if (own?.partial) return;
    if (!own && (before.length >= MAX_PER_BLOCK || blocks.inFlight(peer).length >= MAX_BLOCKS_IN_FLIGHT)) {
      return yield* this.#attempt(peer, index, message);
    }

    const request = own ?? blocks.claim(peer, index);
    const partial = yield* PartialBlock.create(message, random);
    request.partial = typeof partial === 'string' ? 'spent' : partial;
    if (partial === 'invalid') return this.#misbehaving(peer, index, 'invalid compact block');
    // Meanwhile the block may have come from another peer.
    const isInFlight = () => blocks.requestsFor(index).includes(request);
    if (partial === 'failed') return isInFlight() ? this.#failed(request) : undefined;
    if (!isInFlight()) return partial.release();
    yield* this.#fill(partial);
    if (request.partial !== partial || !isInFlight()) return;
    const missing = partial.missing();
    if (missing.length === 0) {
      return yield* this.#complete(request, partial, []);
    }
    if (isFirst(before, peer) || this.#mayRequestInParallel(before, peer)) {
      peer.send('getblocktxn', { blockHash: index.hash, indexes: missing });
    } else {
      blocks.release(peer, index);
    }
  }

  /** Reconstructs a block that is in flight from enough other peers, if no transaction is missing. */
  *#attempt(peer: Peer, index: BlockIndex, message: CmpctBlockMessage): Work {
    const { blocks, mempool, extra, random } = this.#modules;
    if (message.shortIds.length > mempool.size + extra.size) return;
    const partial = yield* PartialBlock.create(message, random);
    if (typeof partial === 'string') return;
    yield* this.#fill(partial);
    if (index.hasData || blocks.isProcessing(index) || partial.missing().length > 0) return;
    const block = yield* this.#finish(partial, index, []);
    if (typeof block !== 'string') yield* asWork(blocks.reconstructed(peer, block));
  }

  *#fill(partial: PartialBlock): Work {
    const { mempool, extra } = this.#modules;
    yield* partial.fill(transactionsOf(mempool), extra);
  }

  /**
   * Returns whether to request the missing transactions from a second or third peer: only from a high-bandwidth peer,
   * and the last request is reserved for an outbound peer unless one was sent to an outbound peer already, as in Core.
   */
  #mayRequestInParallel(before: readonly BlockRequest[], peer: Peer): boolean {
    if (!this.#modules.peers.announcesToUs(peer)) return false;
    return !peer.inbound || before.some((request) => !request.peer.inbound) || before.length < MAX_PER_BLOCK - 1;
  }

  /** Handles `blocktxn`; ignores one that was not requested. */
  receivedTransactions(peer: Peer, { blockHash, transactions }: BlockTxnMessage): Handling {
    const { chain, blocks } = this.#modules;
    const index = chain.getIndex(blockHash);
    const request = index && blocks.requestsFor(index).find((candidate) => candidate.peer === peer);
    if (!request?.partial) return;
    if (request.partial === 'spent') {
      return this.#misbehaving(peer, request.index, 'blocktxn after failed reconstruction');
    }
    return this.#complete(request, request.partial, transactions);
  }

  *#complete(request: BlockRequest, partial: PartialBlock, transactions: readonly Transaction[]): Work {
    const { peer, index } = request;
    request.partial = 'spent';
    const block = yield* this.#finish(partial, index, transactions);
    // Meanwhile the block may have come from another peer.
    if (!this.#modules.blocks.requestsFor(index).includes(request)) return;
    if (block === 'invalid') return this.#misbehaving(peer, index, 'non-matching block transactions');
    if (block === 'failed') return this.#failed(request);
    const requested = transactions.length;
    this.#modules.logger.debug({ peer: peer.id, height: index.height, requested }, 'reconstructed compact block');
    yield* asWork(this.#modules.blocks.reconstructed(peer, block));
  }

  #finish(partial: PartialBlock, index: BlockIndex, missing: readonly Transaction[]) {
    return partial.complete(missing, isActiveAfter('segwit', index.prev, this.#modules.chain.params));
  }

  /**
   * Handles a failed reconstruction, such as a short id collision: the first requested peer is
   * asked for the whole block.
   */
  #failed({ peer, index }: BlockRequest): void {
    const { blocks } = this.#modules;
    if (isFirst(blocks.requestsFor(index), peer)) blocks.requestFullBlock(peer, index);
    else blocks.release(peer, index);
  }

  #misbehaving(peer: Peer, index: BlockIndex, reason: string): void {
    this.#modules.blocks.release(peer, index);
    peer.misbehaving(reason);
  }
}

/** Returns whether the peer has a block's first request, or would have it. */
function isFirst(requests: readonly BlockRequest[], peer: Peer): boolean {
  return requests.length === 0 || requests[0]!.peer === peer;
}

function* transactionsOf(mempool: Mempool): Generator<Transaction> {
  for (const { tx } of mempool.entries()) yield tx;
}
