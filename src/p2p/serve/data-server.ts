import { binaryKey } from '../../bytes/compare.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Block } from '../../primitives/block.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { Peer } from '../peer/peer.ts';
import type { Work } from '../peer/work.ts';
import type { TxAnnouncer } from '../transactions/tx-announcer.ts';
import { type InvEntry, InvType, namesBlock, namesTx } from '../wire/messages/inventory.ts';
import type { ChainServer } from './chain-server.ts';

/** Modules that a `DataServer` uses. */
export interface DataServerModules {
  readonly mempool: Mempool;
  readonly chainServer: ChainServer;
  readonly txAnnouncer: TxAnnouncer;
}

/** Answers `getdata` (Core: ProcessGetData). */
export class DataServer {
  readonly #mempool: Mempool;
  readonly #chainServer: ChainServer;
  readonly #txAnnouncer: TxAnnouncer;
  #lastBlock: Block | undefined;
  /** The last block's transactions by txid and wtxid; built at the first request. */
  #lastBlockTransactions: ReadonlyMap<string, Transaction> | undefined;

  constructor(modules: DataServerModules) {
    this.#mempool = modules.mempool;
    this.#txAnnouncer = modules.txAnnouncer;
    this.#chainServer = modules.chainServer;
  }

  /** Keeps the last block's transactions available: peers request them if they were announced just before it. */
  blockConnected(block: Block): void {
    this.#lastBlock = block;
    this.#lastBlockTransactions = undefined;
  }

  /** Sends blocks and transactions in order, as fast as the peer reads; then `notfound` for unknown transactions. */
  *serve(peer: Peer, entries: Iterable<InvEntry>): Work {
    const missing: InvEntry[] = [];
    for (const entry of entries) {
      yield;
      // As in Core, unknown blocks and types get no answer.
      if (namesBlock(entry)) yield* this.#chainServer.sendBlock(peer, entry);
      else if (namesTx(entry) && !this.#sendTx(peer, entry)) missing.push(entry);
    }
    if (missing.length > 0) peer.send('notfound', { entries: missing });
  }

  /** Returns false for an unknown transaction. */
  #sendTx(peer: Peer, { type, hash }: InvEntry): boolean {
    // As in Core, a peer without transaction relay gets no answer.
    if (!this.#txAnnouncer.hasTxRelay(peer)) return true;
    const entry = type === InvType.WTX ? this.#mempool.getByWtxid(hash) : this.#mempool.get(hash);
    if (entry && this.#txAnnouncer.isUnannounced(peer, entry)) return false;
    const tx = entry?.tx ?? this.#recentlyMined().get(binaryKey(hash));
    if (!tx) return false;
    peer.sendPayload('tx', type === InvType.TX ? tx.encodeStripped() : tx.encode());
    return true;
  }

  #recentlyMined(): ReadonlyMap<string, Transaction> {
    if (!this.#lastBlockTransactions) {
      const mined = new Map<string, Transaction>();
      for (const tx of this.#lastBlock?.transactions ?? [])
        mined.set(binaryKey(tx.txid), tx).set(binaryKey(tx.wtxid), tx);
      this.#lastBlockTransactions = mined;
    }
    return this.#lastBlockTransactions;
  }
}
