import type { ControlEvent } from '../../control/protocol/events.ts';
import type { ResultOf } from '../../control/protocol/methods.ts';
import { NodeNumbers, Stays } from './mempool/stays.ts';
import { MessageLog } from './messages/message-log.ts';

/** Milliseconds of the past that are kept. */
export const KEPT_MS = 5 * 60_000;
/** Messages, blocks and transactions that are kept at most. */
const MAX_MESSAGES = 60_000;
const MAX_BLOCKS = 5_000;
const MAX_TRANSACTIONS = 20_000;
/** Stays of transactions in mempools, and moments of nodes and of links, that are kept at most, of all nodes together. */
const MAX_STAYS = 500_000;
const MAX_MOMENTS = 60_000;

/** What a node was at a moment. */
export interface NodeMoment {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly status: 'running' | 'paused' | 'stopped';
  readonly height: number;
  readonly tip: string;
  readonly peers: number;
  /** Transactions in its mempool; null for a light node. */
  readonly mempool: number | null;
  /** Height at which its miner searches; null if it does not. */
  readonly mining: number | null;
}

/** A node, with its past. */
export interface NodeHistory {
  readonly name: string;
  readonly role: string;
  /** Oldest first. */
  readonly moments: NodeMoment[];
}

/** A link, with its past. */
export interface LinkHistory {
  readonly from: string;
  readonly to: string;
  readonly moments: LinkMoment[];
}

/** What a link was at a moment. */
export interface LinkMoment {
  readonly time: number;
  readonly isCut: boolean;
  readonly latency: number;
  readonly jitter: number;
  readonly loss: number;
  readonly bandwidth: number;
}

/** A block that a node has, or has had. */
export interface KnownBlock {
  readonly hash: string;
  readonly height: number;
  readonly previous: string;
  /** Absent if its header alone is known. */
  transactions?: number;
  size?: number;
  /** When each node connected it, by the node's name. */
  readonly arrivals: Map<string, number>;
}

/** A transaction of a mempool. */
export interface KnownTransaction {
  readonly txid: string;
  /** Absent if it is the txid. */
  wtxid?: string;
  vsize?: number;
  /** Satoshis. */
  fee?: number;
  /** When each node has added and removed it, by the node's name. */
  readonly stays: Stays;
}

/** A message, or several of one kind that were sent over a link at about the same time. */
export interface KnownMessage {
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly command: string;
  readonly count: number;
  readonly bytes: number;
  /** The node that knows its bytes, and its number there; undefined for several messages. */
  readonly node: string;
  readonly id?: number;
  /** The first blocks and transactions that it names or carries, and how many there are. */
  readonly hashes: readonly string[];
  readonly items: number;
  /** When its receiver began with it; undefined if that is not known. */
  arrived?: number;
}

/** What the page knows of a network now, and of its last minutes. */
export class Timeline {
  readonly nodes = new Map<string, NodeHistory>();
  readonly links = new Map<string, LinkHistory>();
  readonly blocks = new Map<string, KnownBlock>();
  readonly transactions = new Map<string, KnownTransaction>();
  readonly #messagesById = new Map<string, KnownMessage>();
  readonly messages = new MessageLog<KnownMessage>(MAX_MESSAGES, ({ node, id }) => {
    this.#messagesById.delete(`${node} ${id}`);
  });
  /** Txids, by the wtxids of transactions with witnesses. */
  readonly #txids = new Map<string, string>();
  readonly #numbers = new NodeNumbers();
  #forgotten = 0;
  /** Time of the oldest event that is known, and of the last one. */
  begin = Number.POSITIVE_INFINITY;
  end = 0;
  /** The last transaction, and the last block, that a node was the first to have. */
  lastTransaction: string | undefined;
  lastBlock: string | undefined;

  /** Transactions that were in mempools when they were forgotten: there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Sets what everything is now: at the beginning, and after a gap. */
  start({ nodes }: Pick<ResultOf<'status'>, 'nodes'>, links: ResultOf<'links'>['links'], time: number): void {
    this.#seen(time);
    const names = new Set(nodes.map(({ name }) => name));
    for (const name of this.nodes.keys()) if (!names.has(name)) this.nodes.delete(name);
    for (const { name, role, height, tip, peers, mempool, status } of nodes) {
      const history = this.nodes.get(name) ?? { name, role, moments: [] };
      this.nodes.set(name, history);
      const moment = { height: height ?? -1, tip: tip ?? '', peers: peers ?? 0, mempool, mining: null };
      this.#addMoment(history.moments, { time, status, ...moment });
    }
    for (const { from, to, isCut, latency, jitter, loss, bandwidth } of links) {
      this.#addLink(from, to, { time, isCut, latency, jitter, loss, bandwidth });
    }
  }

  /** Adds a block that was asked for: it has no arrivals. */
  addBlock(block: Omit<KnownBlock, 'arrivals'>): KnownBlock {
    const known = this.blocks.get(block.hash);
    if (known) {
      if (block.transactions !== undefined) known.transactions = block.transactions;
      if (block.size !== undefined) known.size = block.size;
      return known;
    }
    const added = { ...block, arrivals: new Map<string, number>() };
    this.blocks.set(block.hash, added);
    if (this.blocks.size > MAX_BLOCKS) this.blocks.delete(this.blocks.keys().next().value!);
    return added;
  }

  /** Adds what has happened. */
  add(event: ControlEvent): void {
    const { time } = event;
    this.#seen(time);
    switch (event.type) {
      case 'node': {
        const { status, height, tip, peers } = event;
        // A stopped node has no mempool and no miner.
        const rest = status === 'stopped' ? { mempool: null, mining: null } : {};
        if (!this.nodes.has(event.node)) this.#addNode(event.node, event.role, time);
        this.#change(event.node, { time, status, height, tip, peers, ...rest });
        break;
      }
      case 'link': {
        const { from, to, isCut, conditions } = event;
        this.#addLink(from, to, { time, isCut, ...conditions });
        break;
      }
      case 'header':
      case 'block': {
        const { node, hash, height, previous } = event;
        const counts = event.type === 'block' ? { transactions: event.transactions, size: event.size } : {};
        const block = this.addBlock({ hash, height, previous, ...counts });
        // A light node has headers alone.
        if (event.type === 'header' && this.nodes.get(node)?.role !== 'light') break;
        if (block.arrivals.size === 0) this.lastBlock = hash;
        if (!block.arrivals.has(node)) block.arrivals.set(node, time);
        this.#change(node, { time, height, tip: hash });
        break;
      }
      case 'reorg':
        this.#change(event.node, { time, height: event.height, tip: event.hash });
        break;
      case 'transaction':
        this.#addTransaction(event, time);
        break;
      case 'mempool':
        this.#change(event.node, { time, mempool: event.transactions });
        break;
      case 'mining':
        this.#change(event.node, { time, mining: event.state === 'searching' ? event.height : null });
        break;
      case 'message': {
        const { at, from, to, command, count, bytes, node, id, hashes = [], items = 0 } = event;
        const single = id === undefined ? {} : { id };
        const message = { time: at, from, to, command, count, bytes, node, ...single, hashes, items };
        this.messages.add(message);
        if (id !== undefined) this.#messagesById.set(`${node} ${id}`, message);
        break;
      }
      case 'arrival': {
        const message = this.message(event.node, event.id);
        if (message) message.arrived = event.at;
        break;
      }
    }
  }

  /** Forgets what is older than it keeps. */
  prune(now: number): void {
    const oldest = now - KEPT_MS;
    if (this.begin > oldest) return;
    this.begin = oldest;
    for (const { moments } of this.nodes.values()) dropBefore(moments, oldest);
    for (const { moments } of this.links.values()) dropBefore(moments, oldest);
    this.messages.dropBefore(oldest);
    for (const transaction of this.transactions.values()) {
      transaction.stays.dropBefore(oldest);
      if (transaction.stays.size === 0) this.#dropTransaction(transaction);
    }
  }

  /** Returns what a node was at a moment; undefined if that is not known any more. */
  nodeAt(name: string, time: number): NodeMoment | undefined {
    return momentAt(this.nodes.get(name)?.moments ?? [], time);
  }

  /** Returns what a link was at a moment. */
  linkAt(from: string, to: string, time: number): LinkMoment | undefined {
    return momentAt(this.links.get(`${from} ${to}`)?.moments ?? [], time);
  }

  /** Returns the blocks of a chain from its tip backwards, as far as they are known. */
  chainFrom(tip: string, count: number): KnownBlock[] {
    const chain: KnownBlock[] = [];
    for (let block = this.blocks.get(tip); block && chain.length < count; block = this.blocks.get(block.previous)) {
      chain.push(block);
    }
    return chain;
  }

  /** Returns the transactions in a node's mempool at a moment, the best fee rate first, up to `count`. */
  mempoolAt(node: string, time: number, count: number): KnownTransaction[] {
    const found: KnownTransaction[] = [];
    for (const transaction of this.transactions.values()) {
      if (transaction.stays.isIn(node, time)) found.push(transaction);
    }
    return found.sort((a, b) => feeRate(b) - feeRate(a)).slice(0, count);
  }

  /** Returns a message by its number at the node that reported it; undefined if it is not known any more. */
  message(node: string, id: number): KnownMessage | undefined {
    return this.#messagesById.get(`${node} ${id}`);
  }

  /** Returns the txid of what may be a wtxid, and any other hash as it is. */
  txidOf(hash: string): string {
    return this.#txids.get(hash) ?? hash;
  }

  /** Returns the messages that were sent from `from` on, before `to`. */
  messagesBetween(from: number, to: number): KnownMessage[] {
    const { messages } = this;
    return messages.slice(messages.lowerBound(from), messages.lowerBound(to));
  }

  /** Adds a transaction that a mempool held before the first event came. */
  addKnownTransaction(node: string, txid: string, { vsize, fee }: { vsize: number; fee: number }): void {
    const transaction = this.transactions.get(txid) ?? { txid, vsize, fee, stays: new Stays(this.#numbers) };
    if (transaction.stays.get(node)) return;
    transaction.stays.add(node, Math.min(this.begin, this.end));
    this.transactions.set(txid, transaction);
  }

  #seen(time: number): void {
    this.begin = Math.min(this.begin, time);
    this.end = Math.max(this.end, time);
  }

  #change(name: string, change: Partial<NodeMoment> & { readonly time: number }): void {
    const history = this.nodes.get(name);
    const last = history?.moments.at(-1);
    if (history && last) this.#addMoment(history.moments, { ...last, ...change });
  }

  /** Adds a node that has just been added to the network: before, it was not there. */
  #addNode(name: string, role: string, time: number): void {
    const absent = { status: 'stopped', height: -1, tip: '', peers: 0, mempool: null, mining: null } as const;
    const mempool = role === 'light' ? null : 0;
    this.nodes.set(name, {
      name,
      role,
      moments: [
        { time: time - 1, ...absent },
        { time, ...absent, mempool },
      ],
    });
  }

  #addLink(from: string, to: string, moment: LinkMoment): void {
    const key = `${from} ${to}`;
    const history = this.links.get(key) ?? { from, to, moments: [] };
    this.links.set(key, history);
    this.#addMoment(history.moments, moment);
  }

  /** Adds a moment after the last one, in whose place it stands if nothing has happened in between. */
  #addMoment<T extends { readonly time: number }>(moments: T[], moment: T): void {
    const last = moments.at(-1);
    if (last && last.time >= moment.time) moments[moments.length - 1] = { ...moment, time: last.time };
    else moments.push(moment);
    const most = Math.max(200, MAX_MOMENTS / Math.max(1, this.nodes.size));
    if (moments.length > most) moments.splice(0, Math.ceil(most / 4));
  }

  #addTransaction(event: Extract<ControlEvent, { type: 'transaction' }>, time: number): void {
    const { node, txid, wtxid, change, vsize, fee } = event;
    const transaction: KnownTransaction = this.transactions.get(txid) ?? { txid, stays: new Stays(this.#numbers) };
    if (vsize !== undefined) transaction.vsize = vsize;
    if (fee !== undefined) transaction.fee = fee;
    if (wtxid !== undefined) {
      transaction.wtxid = wtxid;
      this.#txids.set(wtxid, txid);
    }
    if (change === 'added' && transaction.stays.size === 0) this.lastTransaction = txid;
    if (change === 'added') transaction.stays.add(node, time);
    else transaction.stays.remove(node, time);
    this.transactions.set(txid, transaction);
    const most = Math.min(MAX_TRANSACTIONS, Math.floor(MAX_STAYS / Math.max(1, this.nodes.size)));
    if (this.transactions.size > most) this.#forgetTransaction();
  }

  #dropTransaction({ txid, wtxid }: KnownTransaction): void {
    this.transactions.delete(txid);
    if (wtxid !== undefined) this.#txids.delete(wtxid);
  }

  #forgetTransaction(): void {
    const oldest = this.transactions.values().next().value!;
    if (oldest.stays.present > 0) this.#forgotten++;
    this.#dropTransaction(oldest);
  }
}

/** Returns satoshis per virtual byte; 0 if the node does not say it. */
export function feeRate({ fee = 0, vsize = 1 }: Pick<KnownTransaction, 'fee' | 'vsize'>): number {
  return fee / vsize;
}

function momentAt<T extends { readonly time: number }>(moments: readonly T[], time: number): T | undefined {
  const next = upperBound(moments, time);
  // What is older than all that is known was most likely the same.
  return moments[Math.max(0, next - 1)];
}

/** Drops moments before a time, except the last of them, which holds until the next. */
function dropBefore<T extends { readonly time: number }>(moments: T[], time: number): void {
  const next = upperBound(moments, time);
  if (next > 1) moments.splice(0, next - 1);
}

/** Returns the index of the first item after a time. */
export function upperBound(items: readonly { readonly time: number }[], time: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
