import { binaryKey } from '../../bytes/compare.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Block } from '../../primitives/block.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { Peer } from '../peer/peer.ts';
import type { TxAnnouncer } from '../transactions/tx-announcer.ts';
import { type InvEntry, InvType, namesBlock, namesTx } from '../wire/messages/inventory.ts';
import type { ChainServer } from './chain-server.ts';

/** Entries answered before others get their turn; a filtered block takes one of its own, as much work for few bytes. */
const SLICE = 1_000;

export interface DataServerModules {
  readonly mempool: Mempool;
  readonly chainServer: ChainServer;
  readonly txAnnouncer: TxAnnouncer;
  readonly clock: Clock;
}

/** Answers `getdata`. */
export class DataServer {
  readonly #mempool: Mempool;
  readonly #chainServer: ChainServer;
  readonly #txAnnouncer: TxAnnouncer;
  readonly #clock: Clock;
  #lastBlock: Block | undefined;
  /** The last block's transactions, by ids of both kinds, once one is asked for. */
  #justMined: ReadonlyMap<string, Transaction> | undefined;

  constructor(modules: DataServerModules) {
    this.#mempool = modules.mempool;
    this.#txAnnouncer = modules.txAnnouncer;
    this.#clock = modules.clock;
    this.#chainServer = modules.chainServer;
  }

  /** Transactions may be asked for that were announced a moment ago, and have been mined since. */
  blockConnected(block: Block): void {
    this.#lastBlock = block;
    this.#justMined = undefined;
  }

  /** Sends one thing after the other, as fast as the peer takes them; then tells which transactions there are not. */
  async serve(peer: Peer, entries: readonly InvEntry[]): Promise<void> {
    const missing: InvEntry[] = [];
    for (const [i, entry] of entries.entries()) {
      if (peer.isCongested) await peer.uncongested();
      else if (i % SLICE === SLICE - 1 || entry.type === InvType.FILTERED_BLOCK)
        await new Promise<void>((resolve) => this.#clock.after(0, resolve));
      if (peer.isClosed) return;
      if (!this.#serveOne(peer, entry)) missing.push(entry);
    }
    if (missing.length > 0) peer.send('notfound', { entries: missing });
  }

  /** Returns false for a transaction that is missing. Blocks that are, and unknown types, are passed over in silence, as in Core. */
  #serveOne(peer: Peer, entry: InvEntry): boolean {
    if (namesTx(entry)) return this.#sendTx(peer, entry);
    if (namesBlock(entry)) this.#chainServer.sendBlock(peer, entry);
    return true;
  }

  #sendTx(peer: Peer, { type, hash }: InvEntry): boolean {
    // Who wants to hear of no transaction has nothing to ask for; as in Core it gets no answer.
    if (!this.#txAnnouncer.hasTxRelay(peer)) return true;
    const entry = type === InvType.WTX ? this.#mempool.getByWtxid(hash) : this.#mempool.get(hash);
    if (entry && this.#txAnnouncer.isUnannounced(peer, entry)) return false;
    const tx = entry?.tx ?? this.#mined().get(binaryKey(hash));
    if (!tx) return false;
    peer.sendPayload('tx', type === InvType.TX ? tx.encodeStripped() : tx.encode());
    return true;
  }

  #mined(): ReadonlyMap<string, Transaction> {
    if (!this.#justMined) {
      const mined = new Map<string, Transaction>();
      for (const tx of this.#lastBlock?.transactions ?? [])
        mined.set(binaryKey(tx.txid), tx).set(binaryKey(tx.wtxid), tx);
      this.#justMined = mined;
    }
    return this.#justMined;
  }
}
