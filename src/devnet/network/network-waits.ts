import { fromReversedHex } from '../../bytes/hex.ts';
import { PierError } from '../../platform/errors.ts';
import type { NodeView } from '../nodes/node-backend.ts';
import { findNode } from './arguments/references.ts';
import { components } from './components.ts';
import { type Observable, repeated, type WaitOptions, waitUntil, within } from './deadline.ts';
import type { NetworkMembers } from './members/network-members.ts';
import type { NetworkLink } from './network-link.ts';
import type { NetworkNode } from './network-node.ts';
import type { Payment, PaymentHooks } from './payment.ts';

/** Milliseconds that a block waits for payments to arrive. */
const ARRIVAL_TIMEOUT_MS = 5_000;
/** Payments that a block waits for. */
const MAX_MADE = 1_000;
/** Milliseconds between two looks at what no node reports. */
const LOOK_MS = 100;

/** What `NetworkWaits` needs. */
export interface WaitContext {
  readonly members: NetworkMembers;
  /** Ends all waits. */
  readonly signal: AbortSignal;
  /** Throws if the network has failed to do something by itself. */
  throwFailure(): void;
}

/** What the methods of a network wait for. Each rejects with `PierError` 'wait-timeout'. */
export class NetworkWaits implements PaymentHooks {
  readonly #members: NetworkMembers;
  readonly #nodes: readonly NetworkNode[];
  readonly #links: readonly NetworkLink[];
  readonly #signal: AbortSignal;
  readonly #throwFailure: () => void;
  /** The payments since the last block, the last thousand. */
  readonly #made = new Set<Payment>();

  constructor({ members, signal, throwFailure }: WaitContext) {
    this.#members = members;
    this.#nodes = members.nodes;
    this.#links = members.links;
    this.#signal = signal;
    this.#throwFailure = throwFailure;
  }

  /** Resolves when all running nodes that reach each other have one tip, and the full ones equal mempools. */
  async synced(options: WaitOptions): Promise<void> {
    await this.#wait('all nodes in sync', this.#nodes, options, async () => {
      if (!(await this.#areConnected())) return undefined;
      const groups = components(this.#nodes, this.#links);
      const equal = await Promise.all(groups.map((group) => this.#areEqual(group)));
      return equal.every(Boolean) || undefined;
    });
  }

  /** Resolves when all running nodes have chains of equal work. */
  async equalWork(options: WaitOptions): Promise<void> {
    await this.#wait('chains of equal work after the partition', this.#nodes, options, async () => {
      if (!(await this.#areConnected())) return undefined;
      const work = await Promise.all(this.#running.map((node) => chainWork(node)));
      return new Set(work).size === 1 || undefined;
    });
  }

  /**
   * Resolves when all nodes that `node` reaches have its tip, or know it beside a tip of their own that is as high: nodes
   * stay on the branch that they had first. No node reports a header beside its chain: they are looked at now and then.
   */
  async sameTip(node: NetworkNode, options: WaitOptions): Promise<void> {
    const what = `the tip of ${node.name} on all nodes that it reaches`;
    const sources = [this.#members, repeated(LOOK_MS)];
    await this.#waitFor(what, this.#nodes, { ...options, sources }, async () => {
      this.#throwFailure();
      const group = components(this.#nodes, this.#links).find((each) => each.includes(node)) ?? [node];
      const own = await node.view();
      for (const each of group) {
        const { tip, height } = await each.view();
        if (tip === own.tip) continue;
        if (height !== own.height || !(await each.backend.header(fromReversedHex(own.tip)))) return undefined;
      }
      return true as const;
    });
  }

  /**
   * Resolves when a new node has a chain as high as those of the nodes that it reaches, and the transactions that the
   * mempools of all full ones of them had when it first was so high: there may be new ones all the time.
   */
  async joined(node: NetworkNode, options: WaitOptions): Promise<void> {
    let wanted: readonly string[] | undefined;
    await this.#wait(`${node.name} in sync`, this.#nodes, options, async () => {
      const group = components(this.#nodes, this.#links).find((each) => each.includes(node));
      if (!group) return undefined;
      const others = await Promise.all(group.filter((each) => each !== node).map((each) => each.view()));
      const own = await node.view();
      if (!wanted && others.some(({ height }) => height > own.height)) return undefined;
      const pools = others.flatMap(({ mempool }) => mempool ?? []);
      const common = (txid: string) => pools.every((pool) => pool.has(txid));
      wanted ??= [...(pools[0] ?? [])].filter(common);
      return wanted.every((txid) => !own.mempool || own.mempool.has(txid) || !common(txid)) || undefined;
    });
  }

  /** Resolves when a node's chain has a block at `height`. */
  async reached(node: NetworkNode, height: number, options: WaitOptions): Promise<void> {
    await this.#wait(`block ${height} on ${node.name}`, [node], options, async () => {
      return (await node.view()).height >= height || undefined;
    });
  }

  /**
   * Resolves when each bitcoind has the chain of the nodes of Pier that it is linked to. It asks one peer only for headers
   * at first, and waits for minutes if that is another bitcoind without a chain.
   */
  async downloaded(isForeign: (node: string) => boolean): Promise<void> {
    for (const { from, to, isCut } of this.#links) {
      if (isCut || isForeign(from) === isForeign(to)) continue;
      const [foreign, own] = (isForeign(from) ? [from, to] : [to, from]).map(
        (name) => this.#nodes.find((node) => node.name === name)!,
      ) as [NetworkNode, NetworkNode];
      if (foreign.status !== 'running' || own.status !== 'running' || !own.isFull) continue;
      await this.reached(foreign, (await own.view()).height, {});
    }
  }

  /** Resolves when a node, or every full node that the payer's reaches, has a payment in its mempool or chain. */
  async seenBy(payment: Payment, given: NetworkNode | string, options: WaitOptions): Promise<void> {
    const nodes = given === 'all' ? given : findNode(this.#nodes, given, 'payment.seenBy: nodes');
    const what = `payment ${payment.txid} on ${nodes === 'all' ? 'all full nodes' : nodes.name}`;
    await this.#wait(what, this.#nodes, options, async () => {
      const group = components(this.#nodes, this.#links).find((each) => each.includes(payment.node)) ?? [payment.node];
      const wanted = nodes === 'all' ? group.filter(({ isFull }) => isFull) : [nodes];
      for (const node of wanted) if (!(await this.#hasPayment(node, payment))) return undefined;
      return true;
    });
  }

  /** Resolves when all full nodes that `node` reaches have some transactions in their mempools, as long as it has them. */
  async relayed(node: NetworkNode, txids: readonly string[], options: WaitOptions): Promise<void> {
    await this.#wait(`${txids.length} transactions on all full nodes`, this.#nodes, options, async () => {
      const group = components(this.#nodes, this.#links).find((each) => each.includes(node)) ?? [];
      const views = await Promise.all(group.map((each) => each.view()));
      const own = (await node.view()).mempool;
      // A block may have come meanwhile.
      const wanted = txids.filter((txid) => own?.has(txid));
      return views.every(({ mempool }) => !mempool || wanted.every((txid) => mempool.has(txid))) || undefined;
    });
  }

  made(payment: Payment): void {
    this.#made.add(payment);
    if (this.#made.size > MAX_MADE) for (const oldest of this.#made) return void this.#made.delete(oldest);
  }

  /** Forgets the payments: a revert has undone them. */
  reverted(): void {
    this.#made.clear();
  }

  /**
   * Resolves when a node has the payments made since the last call on other nodes that it reaches, unless it would refuse
   * them; after five seconds in any case.
   */
  async arrived(miner: NetworkNode): Promise<void> {
    const waiting = new Set([...this.#made].filter(({ node }) => node !== miner));
    this.#made.clear();
    if (waiting.size === 0) return;
    const check = async () => {
      const group = components(this.#nodes, this.#links).find((each) => each.includes(miner)) ?? [miner];
      for (const payment of waiting) {
        if (group.includes(payment.node) && !(await isSettled(payment, miner))) return undefined;
        waiting.delete(payment);
      }
      return true as const;
    };
    // The miner alone: with many payments, the changes of all nodes would leave no time for anything else.
    await this.#waitFor('payments', [miner], { timeout: ARRIVAL_TIMEOUT_MS }, check).catch((error: unknown) => {
      if (!(error instanceof PierError && error.code === 'wait-timeout')) throw error;
    });
  }

  /** Resolves when a payment has `depth` confirmations on the payer's node. */
  async confirmed(payment: Payment, depth: number, options: WaitOptions): Promise<void> {
    const what = `${depth} confirmations of payment ${payment.txid}`;
    await this.#wait(what, [payment.node], options, async () => {
      return (await payment.confirmations()) >= depth || undefined;
    });
  }

  get #running(): NetworkNode[] {
    return this.#nodes.filter(({ status }) => status === 'running');
  }

  /** Returns whether the links between running nodes have their connections, unless they are cut. */
  async #areConnected(): Promise<boolean> {
    const running = new Map(this.#running.map((node) => [node.name, node]));
    for (const [name, node] of running) {
      const joins = ({ isCut, from, to }: NetworkLink) =>
        !isCut && ((from === name && running.has(to)) || (to === name && running.has(from)));
      if ((await node.view()).peers < this.#links.filter(joins).length) return false;
    }
    return true;
  }

  async #areEqual(group: readonly NetworkNode[]): Promise<boolean> {
    const views = await Promise.all(group.map((node) => node.view()));
    const first = views[0]!;
    if (views.some(({ tip }) => tip !== first.tip)) return false;
    const [pool, ...others] = views.flatMap(({ mempool }) => mempool ?? []);
    return others.every((other) => other.size === pool!.size && [...other].every((txid) => pool!.has(txid)));
  }

  async #hasPayment(node: NetworkNode, { txid, wallet, node: payer }: Payment): Promise<boolean> {
    const { mempool } = await node.view();
    if (mempool?.has(txid)) return true;
    const { blockhash } = await payer.call<{ blockhash?: string }>('gettransaction', [txid], wallet);
    if (blockhash === undefined) return false;
    const header = await node.call<{ confirmations: number }>('getblockheader', [blockhash]).catch(() => undefined);
    return header !== undefined && header.confirmations > 0;
  }

  async #wait(
    what: string,
    nodes: readonly NetworkNode[],
    options: WaitOptions,
    check: () => Promise<true | undefined>,
  ): Promise<void> {
    await this.#waitFor(what, nodes, options, () => {
      // What is waited for may depend on a block that the network failed to mine by itself.
      this.#throwFailure();
      return check();
    });
  }

  async #waitFor(
    what: string,
    nodes: readonly NetworkNode[],
    options: WaitOptions & { readonly sources?: readonly Observable[] },
    check: () => Promise<true | undefined>,
  ): Promise<void> {
    await waitUntil({
      sources: nodes === this.#nodes ? [this.#members] : nodes.map(({ backend }) => backend),
      ...options,
      what,
      check,
      seen: () => this.#describe(nodes),
      signal: this.#signal,
    });
  }

  async #describe(nodes: readonly NetworkNode[]): Promise<string> {
    const lines = await Promise.all(nodes.map(async (node) => describeNode(node, await within(node.view()))));
    return lines.join('; ');
  }
}

/** Returns whether a payment is in a node's mempool, or the node would refuse it. */
async function isSettled({ txid, hex }: Payment, node: NetworkNode): Promise<boolean> {
  if ((await node.view()).mempool?.has(txid)) return true;
  const [result] = await node.call<{ allowed?: boolean; 'reject-reason'?: string }[]>('testmempoolaccept', [[hex]]);
  return result?.allowed !== true && result?.['reject-reason'] !== 'missing-inputs';
}

/** Returns the work of a node's chain, as hex. */
async function chainWork(node: NetworkNode): Promise<string> {
  const { tip } = await node.view();
  return (await node.call<{ chainwork: string }>('getblockheader', [tip])).chainwork;
}

function describeNode({ name, status }: NetworkNode, view: NodeView | undefined): string {
  if (status === 'stopped') return `${name} is stopped`;
  if (!view) return `${name} (${status}) does not answer`;
  const { height, tip, mempool, peers } = view;
  const pool = mempool ? `, ${mempool.size} transactions in its mempool` : '';
  return `${name} (${status}) is at ${height} (${tip.slice(0, 16)}…) with ${peers} peers${pool}`;
}
