import { decodeLeadingDump, loadMempoolDump } from '../../mempool/dump.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { MempoolSnapshot } from '../../mempool/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Store } from '../../store/store.ts';
import { closeAll, type NodeStores } from './running-node.ts';

/** What the parts of a node tell it while it starts. */
export interface Opening {
  /** Closes a part when the node stops, or its start fails: after the parts that were opened later. */
  onStop(close: () => unknown): void;
  /** Stops the node because of an error. */
  fail(error: unknown): void;
}

/** Where a node keeps chain, wallets and mempool. Its methods are called once, in this order. */
export interface NodeStorage {
  openChain(opening: Opening): Promise<Store>;
  /** Fills the mempool of a full node, whose chain is loaded, and keeps it. */
  keepMempool(mempool: Mempool, opening: Opening): Promise<void>;
  openWallet(opening: Opening): Promise<Store>;
}

/** Returns the storage of a node whose stores its user opens and closes. */
export function givenStorage({ chain, wallet, mempool: held }: NodeStores, clock: Clock): NodeStorage {
  return {
    openChain: async () => chain,
    keepMempool: async (mempool) => {
      if (held) fillMempool(mempool, held, clock);
    },
    openWallet: async () => wallet,
  };
}

function fillMempool(mempool: Mempool, held: MempoolSnapshot | Uint8Array, clock: Clock): void {
  if (held instanceof Uint8Array) loadMempoolDump(mempool, decodeLeadingDump(held).dump, clock);
  else mempool.restore(held);
}

/** What a node is created of: its parts, and the functions that close them, to be called in reverse order. */
export interface Composed<Parts> {
  readonly parts: Parts;
  readonly closers: readonly (() => unknown)[];
}

/**
 * Runs `compose`, and creates a node of what it returns. If it throws, closes what was opened; if a part fails, then or
 * later, stops the node.
 */
export async function startComposed<Parts, N extends { abort(error: unknown): void }>(
  compose: (opening: Opening) => Promise<Parts>,
  create: (composed: Composed<Parts>) => N,
): Promise<N> {
  const closers: (() => unknown)[] = [];
  // A file may fail before the node has started.
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<unknown>((resolve) => {
    fail = resolve;
  });
  try {
    const parts = await compose({ onStop: (close) => closers.push(close), fail });
    const node = create({ parts, closers });
    void failed.then((error) => node.abort(error));
    return node;
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}
