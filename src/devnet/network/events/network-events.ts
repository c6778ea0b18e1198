import { PierError } from '../../../platform/errors.ts';
import type { NodeStatus, NodeView } from '../../nodes/node-backend.ts';
import { check } from '../arguments/method-arguments.ts';
import { holdProcess } from '../deadline.ts';
import type { NetworkMembers } from '../members/network-members.ts';
import type { NetworkLink } from '../network-link.ts';
import type { NetworkNode } from '../network-node.ts';

/** Something that has happened in a network. */
export type NetworkEvent =
  /** A node's chain has grown by a block. */
  | { readonly type: 'block'; readonly node: NetworkNode; readonly height: number; readonly hash: string }
  /** A node has left a branch; the tip of its chain is another one now. */
  | {
      readonly type: 'reorg';
      readonly node: NetworkNode;
      /** The tip that it has left. */
      readonly from: string;
      readonly height: number;
      readonly hash: string;
    }
  /** A transaction has entered or left a node's mempool. */
  | {
      readonly type: 'transaction';
      readonly node: NetworkNode;
      readonly txid: string;
      readonly change: 'added' | 'removed';
    }
  /** A node was added, started, stopped, killed, paused or resumed. */
  | { readonly type: 'node'; readonly node: NetworkNode; readonly status: NodeStatus }
  /** A link was added, cut, mended, or has other conditions. */
  | { readonly type: 'link'; readonly link: NetworkLink; readonly isCut: boolean };

/** How `NodeNetwork.events` works. */
export interface EventOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
  /** Events that may wait to be read, 1 to 1,000,000; default 10,000. */
  readonly limit?: number | undefined;
}

/** What `networkEvents` watches. */
export interface EventSources {
  /** The nodes and links, and those that are added. */
  readonly members: Pick<NetworkMembers, 'nodes' | 'links' | 'onAdded'>;
  /** Is aborted when the network closes. */
  readonly closed: AbortSignal;
}

const DEFAULT_LIMIT = 10_000;

/** The part of a `NodeView` that makes events. */
type Seen = Pick<NodeView, 'height' | 'tip'> & { readonly mempool: ReadonlySet<string>; readonly status: NodeStatus };

/**
 * Iterates over what happens from now on, until the signal aborts or the network closes. Throws `PierError` 'bad-argument',
 * and 'too-many-events' from the iteration if more than `limit` events wait.
 */
export function networkEvents(sources: EventSources, options: EventOptions): AsyncGenerator<NetworkEvent, void, void> {
  check.events({ options });
  const { signal, limit = DEFAULT_LIMIT } = options;
  const watch = new Watch(sources, limit);
  const stop = () => watch.stop();
  const signals = [sources.closed, ...(signal ? [signal] : [])];
  for (const each of signals) {
    if (each.aborted) stop();
    each.addEventListener('abort', stop);
  }
  const end = () => {
    stop();
    for (const each of signals) each.removeEventListener('abort', stop);
  };
  return iterate(watch, end);
}

async function* iterate(watch: Watch, end: () => void): AsyncGenerator<NetworkEvent, void, void> {
  try {
    for (;;) {
      const event = await watch.next();
      if (!event) return;
      yield event;
    }
  } finally {
    end();
  }
}

/** Compares what nodes have with what they had, after each change. */
class Watch {
  readonly #limit: number;
  readonly #queue: NetworkEvent[] = [];
  readonly #unsubscribe: (() => void)[] = [];
  readonly #seen = new Map<NetworkNode, Promise<Seen>>();
  /** Nodes that have changed since they were looked at. */
  readonly #changed = new Set<NetworkNode>();
  #isLooking = false;
  #isOver = false;
  #error: unknown;
  #wake = () => {};

  constructor({ members }: EventSources, limit: number) {
    this.#limit = limit;
    for (const node of members.nodes) this.#follow(node, look(node));
    for (const link of members.links) this.#followLink(link);
    this.#unsubscribe.push(
      members.onAdded(({ node, links, view }) => {
        this.#follow(node, Promise.resolve({ ...view, mempool: new Set<string>(), status: node.status }));
        this.#push({ type: 'node', node, status: node.status });
        for (const link of links) {
          this.#followLink(link);
          this.#push({ type: 'link', link, isCut: link.isCut });
        }
      }),
    );
  }

  #follow(node: NetworkNode, seen: Promise<Seen>): void {
    this.#seen.set(node, seen);
    this.#unsubscribe.push(node.onChange(() => this.#nodeChanged(node)));
  }

  #followLink(link: NetworkLink): void {
    this.#unsubscribe.push(link.onChange(() => this.#push({ type: 'link', link, isCut: link.isCut })));
  }

  /** Returns the next event; undefined after the last one. */
  async next(): Promise<NetworkEvent | undefined> {
    for (;;) {
      if (this.#isOver) return undefined;
      const event = this.#queue.shift();
      if (event) return event;
      if (this.#error !== undefined) throw this.#error;
      const release = holdProcess();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      release();
    }
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const off of this.#unsubscribe) off();
    this.#queue.length = 0;
    this.#wake();
  }

  #push(event: NetworkEvent): void {
    if (this.#isOver || this.#error !== undefined) return;
    if (this.#queue.length < this.#limit) {
      this.#queue.push(event);
    } else {
      this.#error = new PierError('too-many-events', `more than ${this.#limit} events wait to be read`, {
        hint: 'Read faster, or give a higher limit.',
      });
    }
    this.#wake();
  }

  #nodeChanged(node: NetworkNode): void {
    this.#changed.add(node);
    if (!this.#isLooking) void this.#lookAtAll();
  }

  async #lookAtAll(): Promise<void> {
    this.#isLooking = true;
    for (const node of this.#changed) {
      if (this.#isOver) break;
      this.#changed.delete(node);
      try {
        const before = await this.#seen.get(node)!;
        const now = await look(node, before);
        this.#seen.set(node, Promise.resolve(now));
        for (const event of await compare(node, before, now)) this.#push(event);
      } catch (error) {
        // A node that stops meanwhile changes again.
        if (node.status !== 'running') continue;
        this.#error ??= error;
        this.#wake();
      }
    }
    this.#isLooking = false;
  }
}

/** Returns what a node has; of one that does not run, what it had. */
async function look(node: NetworkNode, before?: Seen): Promise<Seen> {
  const { status } = node;
  const idle = before ?? { height: -1, tip: '', mempool: new Set<string>() };
  if (status !== 'running') return { ...idle, status };
  const { height, tip, mempool = new Set<string>() } = await node.view();
  return { height, tip, mempool, status };
}

async function compare(node: NetworkNode, before: Seen, now: Seen): Promise<NetworkEvent[]> {
  const events: NetworkEvent[] = [];
  if (now.status !== before.status) events.push({ type: 'node', node, status: now.status });
  if (now.tip !== before.tip) events.push(...(await chainEvents(node, before, now)));
  for (const txid of before.mempool) {
    if (!now.mempool.has(txid)) events.push({ type: 'transaction', node, txid, change: 'removed' });
  }
  for (const txid of now.mempool) {
    if (!before.mempool.has(txid)) events.push({ type: 'transaction', node, txid, change: 'added' });
  }
  return events;
}

/** Returns an event for each block on a tip, or one for another branch. */
async function chainEvents(node: NetworkNode, before: Seen, { height, tip }: Seen): Promise<NetworkEvent[]> {
  const hashAt = (at: number) =>
    at === height ? Promise.resolve(tip) : node.call<string>('getblockhash', [at]).catch(() => undefined);
  const isBelow = before.height < height && (before.tip === '' || (await hashAt(before.height)) === before.tip);
  if (!isBelow) return [{ type: 'reorg', node, from: before.tip, height, hash: tip }];
  const events: NetworkEvent[] = [];
  for (let at = before.tip === '' ? height : before.height + 1; at <= height; at++) {
    const hash = await hashAt(at);
    if (hash !== undefined) events.push({ type: 'block', node, height: at, hash });
  }
  return events;
}
