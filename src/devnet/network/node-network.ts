import type { Endpoint } from '../../p2p/net/endpoint.ts';
import { systemClock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import type { ClockState, NetworkClock } from '../../testing/network-clock.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';
import type { Engine } from '../nodes/engine.ts';
import type { NodeBackend } from '../nodes/node-backend.ts';
import { type Amount, toBitcoins, toSatoshis } from '../topology/amount.ts';
import type { NodeKind } from '../topology/network-options.ts';
import type { NetworkPlan, PlannedLink } from '../topology/network-plan.ts';
import { listed } from '../topology/topology-error.ts';
import { Account } from './account.ts';
import { badArgument } from './arguments/check-arguments.ts';
import { MAX_TIMEOUT_MS } from './arguments/limits.ts';
import { check } from './arguments/method-arguments.ts';
import { findAddress, findGroups, findNode, hexOf } from './arguments/references.ts';
import type { WaitOptions } from './deadline.ts';
import { type EventOptions, type NetworkEvent, networkEvents } from './events/network-events.ts';
import { type FeedEvent, followNetwork } from './events/network-feed.ts';
import type { NetworkMembers } from './members/network-members.ts';
import { type AddNodeOptions, planAddedNode } from './members/plan-added-node.ts';
import { AutoMiner, type MiningMode } from './mining-mode.ts';
import { NetworkFees } from './network-fees.ts';
import type { NetworkLink } from './network-link.ts';
import { NetworkNode } from './network-node.ts';
import { NetworkTime } from './network-time.ts';
import { NetworkWaits } from './network-waits.ts';
import { type Payment, payFrom } from './payment.ts';
import { mineFork, type Reorg, type ReorgOptions } from './reorg.ts';
import { shareTransactions } from './share-transactions.ts';
import { NetworkSnapshots } from './state/network-snapshots.ts';
import type { NetworkState, StateFiles } from './state/network-state.ts';
import type { NetworkWallets } from './state/network-wallets.ts';
import { makeTraffic, type TrafficOptions, type TrafficStatistics } from './traffic.ts';

/** How `NodeNetwork.mine` mines. */
export interface MineOptions extends WaitOptions {
  /** The node that mines. Default: the first miner, or else the first full node that runs, once it is in sync. */
  readonly by?: NetworkNode | string | undefined;
  /** The address that the blocks pay to; default: the faucet's. */
  readonly to?: string | Account | undefined;
  /** Exactly these transactions, as payments, txids or hex, in the block; default: those of the mempool. */
  readonly transactions?: readonly (string | Payment)[] | undefined;
  /** Time of the first block, in seconds since the Unix epoch, or a date; the network's time is set to it. */
  readonly time?: number | Date | undefined;
}

/** What a `NodeNetwork` is made of. */
export interface NodeNetworkParts {
  readonly plan: NetworkPlan;
  readonly engine: Engine;
  readonly clock: NetworkClock;
  readonly random: SeededRandom;
  /** With its links, and without its nodes. */
  readonly members: NetworkMembers;
  createLink(link: PlannedLink): NetworkLink;
  readonly wallets: NetworkWallets;
  /** Absent in a browser. */
  readonly files?: StateFiles | undefined;
  /** What it was created with; undefined for a new network. */
  readonly saved?: NetworkState | undefined;
}

/** A Bitcoin network for development and tests: nodes, links, funded accounts, and one clock. See `createNetwork`. */
export class NodeNetwork {
  /** Its nodes; `addNode` appends to the list. */
  readonly nodes: readonly NetworkNode[];
  /** Its links; `addNode` appends to the list. */
  readonly links: readonly NetworkLink[];
  /** Accounts with coins. */
  readonly accounts: readonly Account[];
  /** The time of all nodes. */
  readonly time: NetworkTime;
  /** The fee rate at which transactions confirm. */
  readonly fees: NetworkFees;
  readonly #members: NetworkMembers;
  readonly #createLink: NodeNetworkParts['createLink'];
  #plan: NetworkPlan;
  readonly #engine: Engine;
  readonly #clock: NetworkClock;
  readonly #kinds: Map<string, NodeKind>;
  readonly #miner: AutoMiner;
  readonly #wallets: NetworkWallets;
  readonly #waits: NetworkWaits;
  readonly #snapshots: NetworkSnapshots;
  readonly #closing = new AbortController();
  readonly #miningSources: (() => void)[] = [];
  #extraNonce = 0;
  /** Settles when no node is about to be added: one after the other is. */
  #adding: Promise<unknown> = Promise.resolve();
  /** Nodes that were added and have not been in sync yet. */
  readonly #joining = new Set<NetworkNode>();
  #closed: Promise<void> | undefined;

  /** `createNetwork` creates networks. @internal */
  constructor(parts: NodeNetworkParts) {
    const { plan, engine, clock, random, members } = parts;
    const { nodes, links } = members;
    this.#members = members;
    this.#createLink = parts.createLink;
    this.#plan = plan;
    this.#engine = engine;
    this.#clock = clock;
    this.links = links;
    this.time = new NetworkTime(clock, { checkOpen: () => this.checkOpen(), changed: () => this.#clockChanged() });
    nodes.push(...engine.nodes.map((backend) => this.#createNode(backend)));
    this.nodes = nodes;
    for (const link of links) link.onChange(() => this.#snapshots.keepSoon());
    this.#waits = new NetworkWaits({
      ...{ members, signal: this.#closing.signal },
      throwFailure: () => {
        if (this.miningFailure) throw this.miningFailure;
      },
    });
    this.#wallets = parts.wallets;
    this.accounts = parts.wallets.accounts.map(
      ({ node, wallet, keys }, index) => new Account({ index, wallet, node: this.node(node) }, keys, this.#waits),
    );
    this.#kinds = new Map(plan.nodes.map(({ name, kind }) => [name, kind]));
    this.fees = new NetworkFees({
      ...{ faucet: this.#faucetNode(), wallet: parts.wallets.faucet, checkOpen: () => this.checkOpen() },
      full: () => this.#running().filter(({ isFull }) => isFull),
      others: () => this.#running().filter(({ name }) => this.#kinds.get(name) !== 'pier'),
      changed: () => this.#snapshots.keepSoon(),
      mineOne: (hex) => this.mine(1, { transactions: [hex] }),
      relayed: (txids, options) => this.#waits.relayed(this.#faucetNode(), txids, options),
    });
    this.#miner = new AutoMiner(systemClock, random, {
      waiting: () => this.#waiting(),
      mine: () => this.mine(),
    });
    this.#snapshots = new NetworkSnapshots({
      ...{ plan: () => this.#plan, engine, clock, links },
      ...{ files: parts.files, saved: parts.saved, seeds: parts.wallets.seeds },
      hooks: {
        settings: () => ({ mining: this.mining, fees: this.fees.state }),
        synced: () => this.synced(),
        restoring: async () => {
          await this.#stopMining();
          this.#waits.reverted();
        },
        clockChanged: () => this.#clockChanged(),
        restored: async ({ mining, fees }) => {
          this.fees.restore(fees);
          await this.connected();
          this.mining = mining;
        },
      },
    });
  }

  /** The chain, such as `regtest`, and the mnemonic of the accounts; null if each has its own. @internal */
  get description(): {
    readonly chain: string;
    readonly address: NetworkPlan['params']['address'];
    readonly mnemonic: string | null;
  } {
    const { params, mnemonic } = this.#plan;
    return { chain: params.network, address: params.address, mnemonic: this.#wallets.seeds ? null : mnemonic };
  }

  /** Returns the node at the other end of a node's connection over a link; undefined for one of another program. @internal */
  peerOf({ name }: NetworkNode, peer: Endpoint): NetworkNode | undefined {
    const other = this.#engine.peerName(name, peer);
    return other === undefined ? undefined : this.node(other);
  }

  /** Returns the node with a name. Throws `PierError` 'unknown-node'. */
  node(name: string): NetworkNode {
    check.node({ name });
    return findNode(this.nodes, name, 'node: name');
  }

  /** Returns the link between two nodes. Throws `PierError` 'unknown-link'. */
  link(a: NetworkNode | string, b: NetworkNode | string): NetworkLink {
    check.link({ a, b });
    const { name: from } = findNode(this.nodes, a, 'link: a');
    const { name: to } = findNode(this.nodes, b, 'link: b');
    const found = this.links.find((link) => link.isBetween(from, to));
    if (found) return found;
    const linked = this.links.filter((link) => link.from === from || link.to === from);
    const others = listed(linked.map((link) => (link.from === from ? link.to : link.from)));
    throw new PierError('unknown-link', `link: ${from} and ${to} are not linked`, {
      hint: others === '' ? `${from} has no links.` : `${from} is linked to ${others}.`,
    });
  }

  /** When the network mines by itself; default `manual`. */
  get mining(): MiningMode {
    return this.#miner.mode;
  }

  set mining(mode: MiningMode) {
    this.checkOpen();
    check.mining({ mode });
    this.#miner.mode = mode;
    this.#followMempools(mode !== 'manual');
    this.#snapshots.keepSoon();
  }

  /** Why mining as `mining` says failed, until it works again or `mining` is set. Methods that wait reject with it. */
  get miningFailure(): Error | undefined {
    return this.#miner.failure;
  }

  /**
   * Mines up to 10,000 blocks and returns their hashes, once every node that the miner reaches has them. Rejects with
   * `PierError` 'bad-argument', and with `RpcError` if a block would be invalid; the time is then as it was.
   */
  async mine(count = 1, options: MineOptions = {}): Promise<string[]> {
    this.checkOpen();
    check.mine({ count, options });
    const { to = this.#wallets.rewards, transactions, time } = options;
    if (transactions && transactions.length > 0 && count > 1) {
      throw badArgument('mine: options.transactions', `${count} blocks cannot contain the same transactions`);
    }
    const miner = this.#minerOf(options.by, 'mine');
    const address = findAddress(this.#wallets.faucet.keys, to, 'mine: options.to');
    const clock = this.#clock.state;
    if (time !== undefined) this.time.set(time);
    const hashes: string[] = [];
    try {
      if (transactions) {
        const contents = transactions.map(hexOf);
        for (let i = 0; i < count; i++) {
          hashes.push((await miner.call<{ hash: string }>('generateblock', [address, contents])).hash);
        }
      } else {
        await this.#waits.arrived(miner);
        hashes.push(...(await miner.call<string[]>('generatetoaddress', [count, address])));
      }
    } catch (error) {
      if (time !== undefined && hashes.length === 0) this.#setClock(clock);
      throw error;
    }
    if (hashes.length > 0) this.#miner.worked();
    await this.#waits.sameTip(miner, options);
    await this.#refill(options);
    return hashes;
  }

  /**
   * Pays from the coins that mining earned. The wallet is on the first full node of Pier: rejects with `PierError`
   * 'node-stopped' or 'node-paused' if that does not run.
   */
  async faucet(to: string | Account, amount: Amount): Promise<Payment> {
    this.checkOpen();
    check.faucet({ to, amount });
    const node = this.#faucetNode();
    const { wallet, keys } = this.#wallets.faucet;
    const address = findAddress(keys, to, 'faucet: to');
    node.checkRunning('pay from the faucet, whose wallet it holds');
    const payer = { wallet, node, hooks: this.#waits };
    return payFrom(payer, { address, amount: toBitcoins(toSatoshis(amount)) });
  }

  /**
   * Lets blocks of another branch win, mined on an ancestor of a node's tip, and waits until every node that it reaches
   * has followed. Transactions of the blocks that lose are in those that win, unless dropped or replaced.
   */
  async reorg(options: ReorgOptions & WaitOptions = {}): Promise<Reorg> {
    this.checkOpen();
    check.reorg({ options });
    const node = this.#minerOf(options.by, 'reorg');
    const reorg = await mineFork(options, {
      node,
      params: this.#plan.params,
      clock: this.#clock,
      scriptPubKey: this.#wallets.faucet.keys.scriptOf(this.#wallets.rewards),
      // Above those of the nodes' own miners, which count from 0.
      nextExtraNonce: () => 0x4000_0000 + this.#extraNonce++,
    });
    await this.#waits.sameTip(node, options);
    await this.#refill(options);
    return reorg;
  }

  /** Cuts the links between groups; nodes that are in no group form one more. Rejects with `PierError` 'bad-argument'. */
  async partition(groups: readonly (readonly (NetworkNode | string)[])[]): Promise<void> {
    this.checkOpen();
    check.partition({ groups });
    const groupOf = findGroups(this.nodes, groups);
    for (const link of this.links) if (groupOf.get(link.from) !== groupOf.get(link.to)) await link.cut();
  }

  /**
   * Mends all links, waits until all running nodes have chains of equal work, and offers each the others' unconfirmed
   * transactions, as wallets do from time to time. Two branches of equal work both stay until a block decides.
   */
  async heal(options: WaitOptions = {}): Promise<void> {
    this.checkOpen();
    check.heal({ options });
    for (const link of this.links) await link.mend();
    await this.#waits.equalWork(options);
    await shareTransactions(this.#running().filter(({ isFull }) => isFull));
  }

  /** Resolves when all running nodes that reach each other have one tip, and the full ones equal mempools. */
  async synced(options: WaitOptions = {}): Promise<void> {
    check.synced({ options });
    await this.#waits.synced(options);
  }

  /**
   * Lets the accounts pay each other at random, from a seed, and returns how many payments there were. Resolves when it
   * has made `count` of them, `seconds` are over or the signal aborts. Rejects with `PierError` 'bad-argument', and
   * 'bad-traffic' without accounts.
   *
   * @example
   * ```ts
   * import { createNetwork } from 'pier';
   *
   * await using network = await createNetwork();
   * network.mining = { transactions: 50 };
   * const { sent } = await network.traffic({ count: 200, feeRates: [1, 100], conflicts: 0.05 });
   * console.log(sent); // 200, less what a wallet could not pay
   * ```
   */
  traffic(options: TrafficOptions = {}): Promise<TrafficStatistics> {
    return makeTraffic(this.accounts, this.#closing.signal, options);
  }

  /**
   * Iterates over what happens from now on: blocks, reorganisations, transactions, nodes and links. Ends when the signal
   * aborts or the network closes. Nodes are compared with what they had: what comes and goes between two looks gives no
   * event, and a revert, or the loss of its mempool by a killed node, gives those of its effect. Throws `PierError`
   * 'bad-argument', and 'too-many-events' from the iteration if more than `limit` events wait to be read.
   *
   * @example
   * ```ts
   * import { createNetwork } from 'pier';
   *
   * await using network = await createNetwork({ nodes: 2 });
   * const events = network.events();
   * const [hash] = await network.mine();
   * for await (const event of events) {
   *   if (event.type !== 'block' || event.node.name !== 'node2') continue;
   *   console.log(event.height, event.hash === hash); // 123 true
   *   break;
   * }
   * ```
   */
  events(options: EventOptions = {}): AsyncGenerator<NetworkEvent, void, void> {
    return networkEvents({ members: this.#members, closed: this.#closing.signal }, options);
  }

  /**
   * Calls `listener` for each event of the given types, as plain data and as soon as nodes report it, until the function
   * that it returns is called. Events without a follower cost nothing. Of a node that starts with other content than it
   * had, as after a revert, `node` is the only one: `events` compares it with what it had.
   */
  follow(types: readonly FeedEvent['type'][], listener: (event: FeedEvent) => void): () => void {
    this.checkOpen();
    check.follow({ types, listener });
    const members = this.#members;
    const closed = this.#closing.signal;
    const peerName = (node: string, peer: Endpoint) => this.#engine.peerName(node, peer);
    const off = followNetwork({ members, miner: this.#miner, closed, peerName }, new Set(types), listener);
    closed.addEventListener('abort', off, { once: true });
    return () => {
      closed.removeEventListener('abort', off);
      off();
    };
  }

  /** Keeps the state of everything: chains, mempools, wallets, time, links, mining mode. Returns its id for `revert`. */
  async snapshot(): Promise<string> {
    this.checkOpen();
    return this.#snapshots.take();
  }

  /**
   * Adds a node, with links to others, and resolves when it runs and is in sync: it begins with an empty chain, which it
   * downloads from its peers. It then stands beside the nodes of the topology in every respect: a `miner` mines by default
   * if no earlier one runs, `save` writes it, and a network whose files stay has it when it continues. `revert` and `reset`
   * to a state without it leave it in the network; it begins with an empty chain and without wallets again. Rejects with
   * `PierError` 'bad-argument', 'node-exists', 'unknown-node', 'too-many-nodes', 'no-peer', 'node-stopped' and
   * 'node-paused', and with the error of a node that does not start, without effect. After 'wait-timeout', it stays.
   *
   * @example
   * ```ts
   * import { createNetwork } from 'pier';
   *
   * await using network = await createNetwork({ nodes: 2 });
   * const node = await network.addNode({ role: 'miner', name: 'pool', links: ['node1', { to: 'node2', latency: 50 }] });
   * await network.mine(1, { by: 'pool' });
   * console.log((await node.view()).height); // 123
   * ```
   */
  async addNode(options: AddNodeOptions = {}): Promise<NetworkNode> {
    this.checkOpen();
    check.addNode({ options });
    const adding = this.#adding.then(() => this.#addNode(options));
    this.#adding = adding.catch(() => {});
    const node = await adding;
    const joined = this.#connect([node]).then(() => this.#waits.joined(node, options));
    const isOver = () => {
      this.#joining.delete(node);
      this.#miner.changed();
    };
    // It may be in sync after the wait, too.
    joined.catch(() => this.#waits.joined(node, { timeout: MAX_TIMEOUT_MS })).then(isOver, () => {});
    await joined;
    return node;
  }

  async #addNode(options: AddNodeOptions): Promise<NetworkNode> {
    this.checkOpen();
    const plan = planAddedNode(this.#plan, this.nodes, options);
    let added: NetworkNode | undefined;
    await this.#engine.addNode(plan, (backend) => {
      this.checkOpen();
      const node = this.#createNode(backend);
      const links = plan.links.slice(this.links.length).map(this.#createLink);
      for (const link of links) link.onChange(() => this.#snapshots.keepSoon());
      this.#plan = plan;
      this.#kinds.set(node.name, 'pier');
      this.#joining.add(node);
      this.#members.add({ node, links, view: { height: 0, tip: plan.params.genesis.hashHex } });
      added = node;
    });
    this.#snapshots.keepSoon();
    return added!;
  }

  #createNode(backend: NodeBackend): NetworkNode {
    return new NetworkNode(backend, {
      checkOpen: () => this.checkOpen(),
      started: (node) => this.#connect([node]),
      reached: (node, height, options) => this.#waits.reached(node, height, options),
    });
  }

  /** Writes what a network that continues on the nodes' files needs besides them. @internal */
  keep(): void {
    this.#snapshots.keep();
  }

  /**
   * Writes the state of everything, as `snapshot` does, to a file, which `load` and `createNetwork({ state })` read: also
   * on another machine and with the other engine. Rejects with `PierError` 'state-not-saved', and 'no-files' in a
   * browser.
   */
  async save(path: string): Promise<void> {
    this.checkOpen();
    check.save({ path });
    await this.#snapshots.save(path);
  }

  /** Returns the state of everything as bytes, which are those of the file that `save` writes. */
  async saveState(): Promise<Uint8Array> {
    this.checkOpen();
    return this.#snapshots.encode();
  }

  /**
   * Restores what `save` wrote to a file, or `saveState` returned, for a network with the same nodes, links and accounts.
   * Rejects with `PierError` 'bad-state', without effect, if it is something else.
   */
  async load(state: string | Uint8Array): Promise<void> {
    this.checkOpen();
    if (!(state instanceof Uint8Array)) check.load({ path: state });
    await this.#snapshots.load(state);
  }

  /** Restores a snapshot, which stays for further calls. Throws `PierError` 'unknown-snapshot'. */
  async revert(id: string): Promise<void> {
    this.checkOpen();
    check.revert({ id });
    await this.#snapshots.revert(id);
  }

  /**
   * Restores the state that the network was created with: funded accounts, or what `state` had; the time of this machine
   * or of that state, the links of the topology, and its mining mode. Snapshots stay.
   */
  async reset(): Promise<void> {
    this.checkOpen();
    await this.#snapshots.reset();
  }

  /** Lets `reset` restore the state that everything has now. @internal */
  async beginHere(): Promise<void> {
    await this.#snapshots.beginHere();
  }

  /** Forgets a snapshot. Throws `PierError` 'unknown-snapshot'. */
  deleteSnapshot(id: string): void {
    this.checkOpen();
    check.deleteSnapshot({ id });
    this.#snapshots.delete(id);
  }

  /** Resolves when all links that carry have connections and all nodes are in sync. @internal */
  async connected(): Promise<void> {
    const isForeign = (name: string) => this.#kinds.get(name) === 'bitcoind';
    const between = this.links.filter(({ from, to }) => isForeign(from) && isForeign(to));
    for (const link of this.links) if (!between.includes(link)) await this.#open(link);
    if (between.length > 0) await this.#waits.downloaded(isForeign);
    for (const link of between) await this.#open(link);
    await this.synced();
  }

  /** Opens the connection of a link. @internal */
  async linkMended(link: NetworkLink): Promise<void> {
    await this.#open(link);
  }

  /**
   * Stops all nodes and removes everything that they leave behind. Calls that wait are rejected. Rejects with `PierError`
   * 'state-not-saved' if files stay and the file that describes the network cannot be written.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Calls `close` when a signal aborts. @internal */
  closeOn(signal: AbortSignal): void {
    const close = () => void this.close().catch(() => {});
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true, signal: this.#closing.signal });
  }

  /** Calls `close`, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const hint = 'Create another one with createNetwork().';
    this.#closing.abort(new PierError('network-closed', 'the network is closed', { hint }));
    this.#snapshots.close();
    // A node that is about to start is stopped again.
    await this.#adding;
    try {
      // Before mining is stopped, whose mode is kept.
      this.keep();
    } finally {
      await this.#stopMining();
      await this.#engine.close();
    }
  }

  async #stopMining(): Promise<void> {
    this.#followMempools(false);
    await this.#miner.stop();
  }

  /** Only a network that mines by itself needs to know of changes, for which some nodes must be polled. */
  #followMempools(isOn: boolean): void {
    for (const unsubscribe of this.#miningSources.splice(0)) unsubscribe();
    if (!isOn) return;
    this.#miningSources.push(this.#members.onChange(() => this.#miner.changed()));
  }

  /** Throws `PierError` 'network-closed' if the network is closed. @internal */
  checkOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  /** Gives all nodes the time of a state of the clock. */
  #setClock(state: ClockState): void {
    this.#clock.state = state;
    this.#clockChanged();
  }

  #clockChanged(): void {
    this.#engine.clockChanged();
    this.#snapshots.keepSoon();
  }

  /** Returns the node that is to mine, which runs. */
  #minerOf(by: NetworkNode | string | undefined, where: string): NetworkNode {
    if (by === undefined) return this.#defaultMiner();
    const node = findNode(this.nodes, by, `${where}: options.by`);
    if (!node.isFull) throw badArgument(`${where}: options.by`, `${node.name} is a light node, which does not mine`);
    node.checkRunning('mine');
    return node;
  }

  #defaultMiner(): NetworkNode {
    this.checkOpen();
    const running = this.#running().filter(({ isFull }) => isFull);
    const miner = running.find(({ role }) => role === 'miner') ?? running[0];
    if (miner) return miner;
    throw new PierError('no-miner', 'no full node is running', { hint: 'Start one with node(NAME).start().' });
  }

  /** Returns the number of transactions that wait for a block, without those that `fees` has made. */
  async #waiting(): Promise<number> {
    return this.fees.countOthers((await this.#defaultMiner().view()).mempool ?? new Set());
  }

  /** Fills the backlog of `fees` up, unless blocks are mined until the mempool is empty. */
  async #refill(options: WaitOptions): Promise<void> {
    const { mining } = this;
    if (mining !== 'manual' && 'transactions' in mining && (await this.#waiting()) >= mining.transactions) return;
    await this.fees.refill(options);
  }

  #faucetNode(): NetworkNode {
    return this.node(this.#wallets.faucet.node);
  }

  /** Returns the nodes that run, and have been in sync. */
  #running(): NetworkNode[] {
    return this.nodes.filter((node) => node.status === 'running' && !this.#joining.has(node));
  }

  /** Opens the connections of nodes over links that carry. */
  async #connect(nodes: readonly NetworkNode[]): Promise<void> {
    const names = new Set(nodes.map(({ name }) => name));
    for (const link of this.links) if (names.has(link.from) || names.has(link.to)) await this.#open(link);
  }

  async #open(link: NetworkLink): Promise<void> {
    const [from, to] = [this.node(link.from), this.node(link.to)];
    if (link.isCut || from.status !== 'running' || to.status === 'stopped') return;
    await this.#engine.connect(link.from, link.to);
  }
}
