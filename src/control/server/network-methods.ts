import type { Account } from '../../devnet/network/account.ts';
import { describeFailure } from '../../devnet/network/events/network-feed.ts';
import type { NetworkLink } from '../../devnet/network/network-link.ts';
import type { NetworkNode } from '../../devnet/network/network-node.ts';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import { quote } from '../../devnet/topology/topology-error.ts';
import { PierError } from '../../platform/errors.ts';
import { formatAmount } from '../../primitives/amount.ts';
import { addressTypes } from '../../wallet/keys.ts';
import type { MethodName, ParamsOf, ResultOf } from '../protocol/methods.ts';
import { openRpcDocument } from '../protocol/open-rpc.ts';

/** What the methods need besides the network. */
export interface NetworkMethodsOptions {
  /** Name of the network on this machine. */
  readonly name: string;
  /** Name of the chain, such as `regtest`. */
  readonly chain: string;
  readonly mnemonic: string | null;
  /** Address of the control server, once it is known. */
  control(): string | null;
  /** Address of the live page, without the token. */
  page(): string | null;
  /** Asks for the end of the network. */
  down(): void;
}

/** Methods that the session runs itself. */
type OfSession = 'subscribe' | 'unsubscribe';

type Handlers = {
  readonly [M in Exclude<MethodName, OfSession>]: (
    params: ParamsOf<M>,
    signal: AbortSignal,
  ) => Promise<ResultOf<M>> | ResultOf<M>;
};

/** A state of the network that `snapshot.save` has kept. */
interface Snapshot {
  readonly id: string;
  readonly name: string;
  readonly height: number;
  readonly time: number;
}

/** The methods of the control server, on a network. */
export class NetworkMethods {
  readonly #network: NodeNetwork;
  readonly #options: NetworkMethodsOptions;
  /** By name, oldest first. */
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #handlers: Handlers;

  constructor(network: NodeNetwork, options: NetworkMethodsOptions) {
    this.#network = network;
    this.#options = options;
    this.#handlers = this.#define();
  }

  /** Runs a method with parameters that were checked. Rejects with `PierError`. */
  readonly handle = async (method: MethodName, params: never, signal: AbortSignal): Promise<unknown> =>
    this.#handlers[method as keyof Handlers](params, signal);

  #define(): Handlers {
    const network = this.#network;
    const options = this.#options;
    const node = (name: string) => network.node(name);
    return {
      status: () => this.#status(),
      mine: async ({ blocks = 1, to, ...rest }) => {
        const hashes = await network.mine(blocks, { ...rest, to: to === undefined ? undefined : this.#payee(to) });
        return { hashes };
      },
      mining: ({ mode }) => {
        if (mode !== undefined) network.mining = mode as typeof network.mining;
        return { mode: network.mining };
      },
      accounts: async () => ({
        mnemonic: options.mnemonic,
        accounts: await Promise.all(network.accounts.map((account) => describeAccount(account))),
      }),
      faucet: async ({ to, amount }) => ({ txid: (await network.faucet(this.#payee(to), amount)).txid }),
      pay: async ({ from, to, amount, feeRate }) => {
        const payment = await this.#account(from).pay(this.#payee(to), amount, { feeRate });
        return { txid: payment.txid };
      },
      reorg: async (params) => {
        const { lost, won } = await network.reorg(params);
        return { lost: [...lost], won: [...won] };
      },
      partition: async ({ groups }) => {
        const before = new Set(network.links.filter(({ isCut }) => isCut));
        await network.partition(groups);
        return { cut: network.links.filter((link) => link.isCut && !before.has(link)).map(describeLink) };
      },
      heal: async (params) => {
        await network.heal(params);
        return null;
      },
      links: () => ({ links: network.links.map(describeLink) }),
      link: async ({ between: [a, b], cut, ...conditions }) => {
        const link = network.link(a, b);
        link.set(conditions);
        if (cut === true) await link.cut();
        if (cut === false) await link.mend();
        return describeLink(link);
      },
      time: ({ set, increase, frozen }) => {
        if (set !== undefined) network.time.set(set);
        if (increase !== undefined) network.time.increase(increase);
        if (frozen === true) network.time.freeze();
        if (frozen === false) network.time.resume();
        return { time: network.time.now() };
      },
      fees: async ({ rate, ...rest }) => {
        if (rate === 0) await network.fees.clear();
        else if (rate !== undefined) await network.fees.set(rate, rest);
        return { rate: network.fees.rate ?? null };
      },
      load: (params, signal) => network.traffic({ ...params, signal }),
      'snapshot.save': (params) => this.#saveSnapshot(params.name),
      'snapshot.list': () => ({ snapshots: [...this.#snapshots.values()].map(describeSnapshot) }),
      'snapshot.restore': async (params) => {
        const snapshot = this.#snapshot(params.name);
        await network.revert(snapshot.id);
        return describeSnapshot(snapshot);
      },
      'snapshot.delete': (params) => {
        const { id, name } = this.#snapshot(params.name);
        network.deleteSnapshot(id);
        this.#snapshots.delete(name);
        return null;
      },
      start: (params) => node(params.node).start().then(toNull),
      stop: (params) => node(params.node).stop().then(toNull),
      kill: (params) => node(params.node).kill().then(toNull),
      pause: (params) => node(params.node).pause().then(toNull),
      resume: (params) => node(params.node).resume().then(toNull),
      call: ({ method, params = [], wallet, ...rest }) => node(rest.node).call(method, params, wallet),
      reset: () => network.reset().then(toNull),
      logs: ({ node: name, lines = 100 }) => logsOf(name === undefined ? network.nodes : [node(name)], lines),
      down: () => {
        options.down();
        return null;
      },
      'rpc.discover': () => openRpcDocument(),
    };
  }

  async #status(): Promise<ResultOf<'status'>> {
    const { name, chain, control, page } = this.#options;
    const network = this.#network;
    return {
      ...{ name, network: chain, control: control(), page: page() },
      ...{ time: network.time.now(), mining: network.mining, miningFailure: describeFailure(network.miningFailure) },
      nodes: await Promise.all(network.nodes.map((node) => describeNode(node))),
    };
  }

  async #saveSnapshot(given: string | undefined): Promise<ResultOf<'snapshot.save'>> {
    const name = given ?? this.#freeName();
    if (this.#snapshots.has(name)) {
      throw new PierError('snapshot-exists', `there is a snapshot ${quote(name)} already`, {
        hint: 'Delete it first, or give another name.',
      });
    }
    const network = this.#network;
    const id = await network.snapshot();
    const views = await Promise.all(network.nodes.map((node) => node.view()));
    const snapshot = { id, name, height: Math.max(...views.map(({ height }) => height)), time: network.time.now() };
    this.#snapshots.set(name, snapshot);
    return describeSnapshot(snapshot);
  }

  #freeName(): string {
    let number = this.#snapshots.size + 1;
    while (this.#snapshots.has(String(number))) number++;
    return String(number);
  }

  #snapshot(name: string): Snapshot {
    const snapshot = this.#snapshots.get(name);
    if (snapshot) return snapshot;
    const names = [...this.#snapshots.keys()];
    throw new PierError('unknown-snapshot', `there is no snapshot ${quote(name)}`, {
      hint: names.length === 0 ? 'There are none yet.' : `There are ${names.slice(-10).join(', ')}.`,
    });
  }

  #account(index: number): Account {
    const { accounts } = this.#network;
    const account = accounts[index];
    if (account) return account;
    const known = accounts.length === 0 ? 'there are none' : `accounts are numbered from 0 to ${accounts.length - 1}`;
    throw new PierError('bad-argument', `there is no account ${index}: ${known}`);
  }

  #payee(to: string | number): string | Account {
    return typeof to === 'number' ? this.#account(to) : to;
  }
}

const toNull = () => null;

/** Returns the last lines of the nodes' logs, by time. */
function logsOf(nodes: readonly NetworkNode[], count: number): ResultOf<'logs'> {
  const lines = nodes.flatMap(({ name, backend }) => backend.log.last(count).map((line) => ({ node: name, ...line })));
  return {
    lines: lines.sort((a, b) => a.time - b.time).slice(-count),
    files: nodes.flatMap(({ name, logFile: path }) => (path === undefined ? [] : [{ node: name, path }])),
  };
}

function describeLink({ from, to, isCut, conditions }: NetworkLink): ResultOf<'link'> {
  return { from, to, isCut, ...conditions };
}

function describeSnapshot({ name, height, time }: Snapshot): ResultOf<'snapshot.save'> {
  return { name, height, time };
}

async function describeAccount(account: Account): Promise<ResultOf<'accounts'>['accounts'][number]> {
  const isRunning = account.node.status === 'running';
  const keys = addressTypes.map((type) => [
    type,
    {
      address: account.addresses[type],
      path: `${account.extendedKeys(type).path}/0/0`,
      privateKey: account.wif(type),
    },
  ]);
  return {
    index: account.index,
    node: account.node.name,
    wallet: account.wallet,
    balance: isRunning ? formatAmount(await account.balance()) : null,
    keys: Object.fromEntries(keys),
  };
}

async function describeNode(node: NetworkNode): Promise<ResultOf<'status'>['nodes'][number]> {
  const { name, role, status, rpc } = node;
  const p2p = node.p2p ?? null;
  const common = {
    ...{ id: p2p === null ? null : Number(p2p.slice(p2p.lastIndexOf(':') + 1)), name, role, status, p2p },
    rpcUrl: rpc ? `http://${rpc.host}:${rpc.port}/` : null,
    ...{ cookieFile: rpc?.cookieFile ?? null, electrumUrl: null, esploraUrl: null },
  };
  if (status !== 'running') return { ...common, height: null, tip: null, peers: null, mempool: null, balance: null };
  const { height, tip, peers, mempool } = await node.view();
  return { ...common, height, tip, peers, mempool: mempool?.size ?? null, balance: await spendable(node) };
}

/** Returns the bitcoins that the wallets of a node can spend; null for a program without wallets. */
async function spendable(node: NetworkNode): Promise<string | null> {
  try {
    const wallets = await node.call<string[]>('listwallets');
    const balances = await Promise.all(wallets.map((wallet) => node.call<number>('getbalance', [], wallet)));
    return formatAmount(balances.reduce((sum, each) => sum + BigInt(Math.round(each * 1e8)), 0n));
  } catch {
    return null;
  }
}
