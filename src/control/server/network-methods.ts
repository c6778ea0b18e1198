import type { Account } from '../../devnet/network/account.ts';
import { within } from '../../devnet/network/deadline.ts';
import { describeFailure } from '../../devnet/network/events/network-feed.ts';
import type { NetworkLink } from '../../devnet/network/network-link.ts';
import type { NetworkNode } from '../../devnet/network/network-node.ts';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import type { Payment } from '../../devnet/network/payment.ts';
import type { NodeView } from '../../devnet/nodes/node-backend.ts';
import { listed, quote } from '../../devnet/topology/topology-error.ts';
import { PierError } from '../../platform/errors.ts';
import { formatAmount } from '../../primitives/amount.ts';
import { type AddressPrefixes, decodeAddress } from '../../script/address.ts';
import { addressTypes } from '../../wallet/keys.ts';
import type { MethodName, ParamsOf, ResultOf } from '../protocol/methods.ts';
import { openRpcDocument } from '../protocol/open-rpc.ts';
import { forClients } from './client-errors.ts';

/** What the methods need besides the network. */
export interface NetworkMethodsOptions {
  /** Name of the network on this machine. */
  readonly name: string;
  /** Name of the chain, such as `regtest`. */
  readonly chain: string;
  /** How its addresses are encoded. */
  readonly address: AddressPrefixes;
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
  /** Null if no node ran. */
  readonly height: number | null;
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
    this.#run(method as keyof Handlers, params, signal).catch((error: unknown) => {
      throw forClients(error, method);
    });

  // Errors of handlers that are not asynchronous are rejections, too.
  async #run(method: keyof Handlers, params: never, signal: AbortSignal): Promise<unknown> {
    return this.#handlers[method](params, signal);
  }

  #define(): Handlers {
    const network = this.#network;
    const options = this.#options;
    const node = (name: string) => this.#node(name);
    return {
      status: () => this.#status(),
      mine: async ({ blocks = 1, by, to, ...rest }) => {
        const hashes = await network.mine(blocks, {
          ...{ ...rest, by: by === undefined ? undefined : node(by) },
          to: to === undefined ? undefined : this.#payee(to, 'to'),
        });
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
      faucet: async ({ to, amount }) => ({ txid: (await network.faucet(this.#payee(to, 'to'), amount)).txid }),
      pay: async ({ from, to, amount, feeRate }) => {
        const payment = await this.#account(from).pay(this.#payee(to, 'to'), amount, { feeRate });
        return { txid: payment.txid };
      },
      doublespend: async ({ txid, to, feeRate }) => {
        const { account, payment } = await this.#payment(txid);
        const conflict = await account.doubleSpend(payment, {
          ...{ to: to === undefined ? undefined : this.#payee(to, 'to'), feeRate },
        });
        return { txid: conflict.txid };
      },
      reorg: async ({ by, ...rest }) => {
        const { lost, won } = await network.reorg({ ...rest, by: by === undefined ? undefined : node(by) });
        return { lost: [...lost], won: [...won] };
      },
      partition: async ({ groups }) => {
        const before = new Set(network.links.filter(({ isCut }) => isCut));
        await network.partition(groups.map((group) => group.map(node)));
        return { cut: network.links.filter((link) => link.isCut && !before.has(link)).map(describeLink) };
      },
      heal: async (params) => {
        await network.heal(params);
        return null;
      },
      links: () => ({ links: network.links.map(describeLink) }),
      link: async ({ between: [a, b], cut, ...conditions }) => {
        const link = network.link(node(a), node(b));
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
        const backlog = Math.max(0, ...(await this.#views()).map(({ mempool }) => this.#backlogIn(mempool) ?? 0));
        return { rate: network.fees.rate ?? null, backlog };
      },
      load: async (params, signal) => {
        const { refusals, ...rest } = await network.traffic({ ...params, signal });
        return { ...rest, refusals: [...refusals] };
      },
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
      'node.add': async (params) => this.#describeNode(await network.addNode(params)),
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
      nodes: await Promise.all(network.nodes.map((node) => this.#describeNode(node))),
    };
  }

  async #describeNode(node: NetworkNode): Promise<ResultOf<'status'>['nodes'][number]> {
    const { name, role, status, rpc } = node;
    const p2p = node.p2p ?? null;
    const common = {
      ...{ id: p2p === null ? null : Number(p2p.slice(p2p.lastIndexOf(':') + 1)), name, role, status, p2p },
      rpcUrl: rpc ? `http://${rpc.host}:${rpc.port}/` : null,
      ...{ cookieFile: rpc?.cookieFile ?? null, electrumUrl: null, esploraUrl: null },
    };
    const unknown = { height: null, tip: null, peers: null, mempool: null, backlog: null, balance: null };
    const seen = status === 'running' ? await within(Promise.all([node.view(), spendable(node)])) : undefined;
    if (!seen) return { ...common, answers: false, ...unknown };
    const [{ height, tip, peers, mempool }, balance] = seen;
    const backlog = this.#backlogIn(mempool);
    return { ...common, answers: true, height, tip, peers, mempool: mempool?.size ?? null, backlog, balance };
  }

  /** Returns what the nodes that run have. */
  #views(): Promise<NodeView[]> {
    const running = this.#network.nodes.filter(({ status }) => status === 'running');
    return Promise.all(running.map((node) => node.view()));
  }

  /** Returns how many transactions of a mempool `fees` has made. */
  #backlogIn(mempool: ReadonlySet<string> | undefined): number | null {
    return mempool ? mempool.size - this.#network.fees.countOthers(mempool) : null;
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
    const views = await this.#views();
    const height = views.length === 0 ? null : Math.max(...views.map((view) => view.height));
    const snapshot = { id, name, height, time: network.time.now() };
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

  #node(name: string): NetworkNode {
    const { nodes } = this.#network;
    const found = nodes.find((node) => node.name === name);
    if (found) return found;
    const names = listed(nodes.map((node) => node.name));
    throw new PierError('unknown-node', `no node is called ${quote(name)}: there are ${names}`, {
      hint: "'pier status' lists the nodes.",
    });
  }

  /** Returns the account with a number, or with the name of its wallet. */
  #account(given: string | number): Account {
    const found = this.#findAccounts(given);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const those = found.map(({ index, node }) => `${index} of ${node.name}`);
      throw new PierError('unknown-account', `${found.length} accounts are called ${quote(String(given))}`, {
        hint: `Give the number of one: ${listed(those)}.`,
      });
    }
    const which = typeof given === 'number' ? `there is no account ${given}` : `no account is called ${quote(given)}`;
    throw new PierError('unknown-account', `${which}: ${this.#knownAccounts()}`, {
      hint: "'pier accounts' lists the accounts.",
    });
  }

  #findAccounts(given: string | number): readonly Account[] {
    return this.#network.accounts.filter(({ index, wallet }) => (typeof given === 'number' ? index : wallet) === given);
  }

  /** Returns a payment with the account that has made it. */
  async #payment(txid: string): Promise<{ account: Account; payment: Payment }> {
    for (const account of this.#network.accounts) {
      if (account.node.status !== 'running') continue;
      const payment = await account.payment(txid).catch((error: unknown) => {
        if ((error as PierError).code === 'unknown-payment') return undefined;
        throw error;
      });
      if (payment) return { account, payment };
    }
    throw new PierError('unknown-payment', `no account of a running node has made payment ${txid}`, {
      hint: "'pier pay' prints the transaction id of a payment.",
    });
  }

  #knownAccounts(): string {
    const { accounts } = this.#network;
    if (accounts.length === 0) return 'the network has none';
    return `there are ${listed(accounts.map(({ index, wallet }) => `${index} (${wallet})`))}`;
  }

  /** Returns an account, or an address; `where` names the parameter. */
  #payee(to: string | number, where: string): string | Account {
    if (typeof to === 'number' || !LIKE_ADDRESS.test(to) || this.#findAccounts(to).length > 0) return this.#account(to);
    const { address, chain } = this.#options;
    try {
      decodeAddress(to, address);
      return to;
    } catch (cause) {
      const { message, hint } = cause as PierError;
      throw new PierError(
        'bad-argument',
        `${where}: ${quote(to)} is neither an account nor an address of ${chain}: ${message}`,
        { cause, hint: hint ?? `Of accounts, ${this.#knownAccounts()}.` },
      );
    }
  }
}

/** Texts that may be meant as addresses: the shortest address has 14 characters. */
const LIKE_ADDRESS = /^[a-z0-9]{14,}$/i;

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
