import type { BlockIndex } from '../../chain/tree/block-index.ts';
import { formatEndpoint } from '../../p2p/net/endpoint.ts';
import { messageSubjects } from '../../p2p/wire/message-subjects.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { RunningFullNode } from './running-full-node.ts';
import type { RunningLightNode } from './running-light-node.ts';

/** Milliseconds over which messages of one kind, and changes of sizes and balances, make one event. */
const SUMMARY_MS = 100;

/** The hash before that of the genesis block. */
const NO_BLOCK = '0'.repeat(64);

/** Something that has happened in a node, as plain data. Hashes are hex as in RPC; amounts are satoshis. */
export type NodeEvent =
  /** The best header has changed; a light node has no other chain. */
  | { readonly type: 'header'; readonly height: number; readonly hash: string; readonly previous: string }
  /** The node's chain has grown by a block. */
  | {
      readonly type: 'block';
      readonly height: number;
      readonly hash: string;
      /** Hash of the block before it. */
      readonly previous: string;
      readonly transactions: number;
      /** Bytes, with witnesses. */
      readonly size: number;
    }
  /** The node has left a branch. The blocks of the new branch follow as events of their own. */
  | {
      readonly type: 'reorg';
      /** The tip that it has left. */
      readonly from: string;
      /** The tip that it has now. */
      readonly hash: string;
      readonly height: number;
      /** Height of the last block that both branches have; absent if the node does not say it. */
      readonly fork?: number;
    }
  /** A transaction has entered or left the mempool. */
  | {
      readonly type: 'transaction';
      readonly txid: string;
      readonly change: 'added' | 'removed';
      /** Absent if it is the txid, or if the node does not say it. */
      readonly wtxid?: string;
      /** Why it has left: `block`, `replaced`, `conflict`, `reorg`, `expiry` or `sizelimit`. */
      readonly reason?: string;
      /** Virtual bytes; absent, as the fee, if the node does not say it. */
      readonly vsize?: number;
      readonly fee?: number;
    }
  /** The size of the mempool, after changes. `bytes` is in virtual bytes. */
  | { readonly type: 'mempool'; readonly transactions: number; readonly bytes: number }
  /** A message that was exchanged with a peer, or, if there are many, those of one kind over a tenth of a second. */
  | {
      readonly type: 'message';
      /** When the first of them was, in milliseconds since the Unix epoch by the clock of the machine, with a fraction. */
      readonly at: number;
      /** `HOST:PORT` of the peer's end of the connection. */
      readonly peer: string;
      readonly direction: 'sent' | 'received';
      readonly command: string;
      readonly count: number;
      readonly bytes: number;
      /** Of one message alone: the number by which `getmessage` finds it. */
      readonly id?: number;
      /** Of one message alone: it is the n-th of its direction on this connection. */
      readonly sequence?: number;
      /** Of one message alone, unless it is about nothing: see `MessageSubjects`. */
      readonly hashes?: readonly string[];
      readonly items?: number;
    }
  /** The number of peers with which the handshake is complete. */
  | { readonly type: 'peers'; readonly peers: number }
  /** The node's miner searches a block, has found one, or has given up. */
  | { readonly type: 'mining'; readonly state: 'searching' | 'found' | 'abandoned'; readonly height: number }
  /** The balance of a wallet, after changes. */
  | {
      readonly type: 'wallet';
      readonly wallet: string;
      readonly trusted: number;
      readonly pending: number;
      readonly immature: number;
    }
  /** So many events were too many to be passed on. Every follower gets it. */
  | { readonly type: 'lost'; readonly count: number };

/** Names of the events that can be asked for. */
export const nodeEventTypes = [
  'header',
  'block',
  'reorg',
  'transaction',
  'mempool',
  'message',
  'peers',
  'mining',
  'wallet',
] as const satisfies readonly NodeEvent['type'][];

/** Messages of each direction that a node reports one by one: at once, and per millisecond. The rest is summed up. */
const MAX_SINGLE = 40;
const SINGLE_PER_MS = 0.1;

/** Allows `MAX_SINGLE` at once, and then as many as time has brought since. */
class Allowance {
  readonly #clock: Clock;
  #left = MAX_SINGLE;
  /** Monotonic milliseconds. */
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Takes one. Returns false if none is left. */
  take(): boolean {
    const now = this.#clock.monotonic();
    this.#left = Math.min(MAX_SINGLE, this.#left + (now - this.#since) * SINGLE_PER_MS);
    this.#since = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** Calls `action` once for all requests of the last `SUMMARY_MS`. */
class Summary {
  readonly #clock: Clock;
  readonly #action: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  request(): void {
    this.#timer ??= this.#clock.after(SUMMARY_MS, () => {
      this.#timer = undefined;
      this.#action();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}

/**
 * Calls `emit` for each event of the given types in a node, until the function that it returns is called. Events of
 * other types cost nothing.
 */
export function followNode(
  node: RunningFullNode | RunningLightNode,
  types: ReadonlySet<NodeEvent['type']>,
  emit: (event: NodeEvent) => void,
): () => void {
  const offs: (() => void)[] = [];
  const summary = (action: () => void) => {
    const each = new Summary(node.clock, action);
    offs.push(() => each.cancel());
    return () => each.request();
  };
  if (types.has('header')) {
    const report = (index: BlockIndex) => emit({ type: 'header', ...placeOf(index) });
    offs.push(
      node instanceof RunningFullNode
        ? node.chain.events.on('header', ({ best }) => report(best))
        : node.chain.events.on('tip', ({ tip }) => report(tip)),
    );
  }
  if (types.has('message')) offs.push(followMessages(node, summary, emit));
  if (types.has('peers')) {
    const report = summary(() =>
      emit({ type: 'peers', peers: node.connections.peers().filter(({ isReady }) => isReady).length }),
    );
    offs.push(node.connections.events.on('ready', report), node.connections.events.on('disconnected', report));
  }
  if (types.has('reorg') || types.has('block')) offs.push(...followChain(node, types, emit));
  if (node instanceof RunningFullNode) offs.push(...followFullNode(node, types, summary, emit));
  if (types.has('wallet')) offs.push(...followWallets(node, summary, emit));
  return () => {
    for (const off of offs) off();
  };
}

/** Returns where a block stands in the tree. */
function placeOf({ height, hashHex: hash, prev }: BlockIndex): {
  readonly height: number;
  readonly hash: string;
  readonly previous: string;
} {
  return { height, hash, previous: prev?.hashHex ?? NO_BLOCK };
}

/** Follows blocks and reorganisations. The blocks of a new branch are reported once all of them are connected. */
function followChain(
  { chain }: RunningFullNode | RunningLightNode,
  types: ReadonlySet<NodeEvent['type']>,
  emit: (event: NodeEvent) => void,
): (() => void)[] {
  let connected: NodeEvent[] = [];
  return [
    chain.events.on('blockConnected', ({ index, block: { transactions, totalSize: size } }) => {
      connected.push({ type: 'block', ...placeOf(index), transactions: transactions.length, size });
    }),
    chain.events.on('tip', ({ tip: { height, hashHex: hash }, fork, previous }) => {
      if (types.has('reorg') && fork !== previous) {
        emit({ type: 'reorg', from: previous.hashHex, hash, height, fork: fork.height });
      }
      const blocks = connected;
      connected = [];
      if (types.has('block')) for (const block of blocks) emit(block);
    }),
  ];
}

type MakeSummary = (action: () => void) => () => void;

function followFullNode(
  { mempool, miner }: RunningFullNode,
  types: ReadonlySet<NodeEvent['type']>,
  summary: MakeSummary,
  emit: (event: NodeEvent) => void,
): (() => void)[] {
  const offs: (() => void)[] = [];
  if (types.has('transaction')) {
    offs.push(
      mempool.events.on('added', ({ entry: { tx, vsize, fee } }) => {
        const { txidHex: txid, wtxidHex: wtxid } = tx;
        const witness = wtxid === txid ? {} : { wtxid };
        emit({ type: 'transaction', txid, change: 'added', ...witness, vsize, fee: Number(fee) });
      }),
      mempool.events.on('removed', ({ entry: { tx, vsize, fee }, reason }) =>
        emit({ type: 'transaction', txid: tx.txidHex, change: 'removed', reason, vsize, fee: Number(fee) }),
      ),
    );
  }
  if (types.has('mempool')) {
    const report = summary(() => emit({ type: 'mempool', transactions: mempool.size, bytes: mempool.bytes }));
    offs.push(mempool.events.on('added', report), mempool.events.on('removed', report));
  }
  if (types.has('mining')) {
    offs.push(
      miner.events.on('mining', ({ height }) => emit({ type: 'mining', state: 'searching', height })),
      miner.events.on('mined', ({ index }) => emit({ type: 'mining', state: 'found', height: index.height })),
      miner.events.on('abandoned', ({ height }) => emit({ type: 'mining', state: 'abandoned', height })),
    );
  }
  return offs;
}

function followMessages(
  { connections, clock }: RunningFullNode | RunningLightNode,
  summary: MakeSummary,
  emit: (event: NodeEvent) => void,
): () => void {
  type Messages = {
    -readonly [K in keyof Extract<NodeEvent, { type: 'message' }>]: Extract<NodeEvent, { type: 'message' }>[K];
  };
  const counts = new Map<string, Messages>();
  const allowance = { sent: new Allowance(clock), received: new Allowance(clock) };
  const report = summary(() => {
    const messages = [...counts.values()];
    counts.clear();
    for (const each of messages) emit(each);
  });
  return connections.events.on('message', ({ peer, command, bytes, direction, payload }) => {
    report();
    const key = `${peer.id} ${direction} ${command}`;
    const known = counts.get(key);
    if (known) {
      known.count++;
      known.bytes += bytes;
      return;
    }
    const at = Math.round((performance.timeOrigin + performance.now()) * 10) / 10;
    const message: Messages = {
      ...{ type: 'message', at, peer: formatEndpoint(peer.remote), direction, command, count: 1, bytes },
    };
    if (!allowance[direction].take()) {
      counts.set(key, message);
      return;
    }
    const { hashes, items } = messageSubjects(command, payload);
    emit({
      ...message,
      ...{ id: connections.recentMessages.add(command, payload), sequence: peer.traffic[direction].messages },
      ...(items > 0 ? { hashes, items } : {}),
    });
  });
}

/** Follows the balances of wallets: they are compared after each change of the chain, the mempool and the wallets. */
function followWallets(
  node: RunningFullNode | RunningLightNode,
  summary: MakeSummary,
  emit: (event: NodeEvent) => void,
): (() => void)[] {
  const last = new Map<string, string>();
  const report = summary(() => {
    for (const wallet of node.wallets.wallets()) {
      const { trusted, pending, immature } = wallet.balance();
      const balance = { trusted: Number(trusted), pending: Number(pending), immature: Number(immature) };
      const text = Object.values(balance).join(' ');
      if (last.get(wallet.name) === text) continue;
      last.set(wallet.name, text);
      emit({ type: 'wallet', wallet: wallet.name, ...balance });
    }
  });
  report();
  const offs = [node.chain.events.on('tip', report)];
  if (node instanceof RunningFullNode) {
    offs.push(node.mempool.events.on('added', report), node.mempool.events.on('removed', report));
  }
  return offs;
}
