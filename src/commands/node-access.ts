import { existsSync } from 'node:fs';
import { RpcClient } from '../api/client/rpc-client.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import type { NetworkMode } from '../node/full-node.ts';
import { formatEndpoint } from '../p2p/net/endpoint.ts';
import { PierError } from '../platform/errors.ts';
import type { OpenedNode } from './stopped-node.ts';

/** Longest wait for a connection to a seed, and for a seed to fetch a payment. */
const PEER_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 20;

export interface AccessOptions {
  /** What a node that has to be started for the command does on the network. */
  readonly network: NetworkMode;
  /** Files without which the command makes no sense. */
  readonly requires?: readonly ('chain' | 'wallet')[];
  /** Whether a wallet file that is missing is made. */
  readonly createWallet?: boolean;
}

/** A node as commands see it: its RPC methods, whether it runs or was started for this one command. */
export interface NodeAccess {
  call<T>(method: string, params?: readonly unknown[] | Record<string, unknown>, wallet?: string): Promise<T>;
  /** Waits until the node has a peer that takes transactions. Throws `PierError` 'no-peer'. */
  awaitPeer(): Promise<void>;
  /** Waits until a peer has fetched the transaction from a node that will stop. Throws `PierError` 'not-relayed'. */
  awaitRelay(txid: string): Promise<void>;
}

/**
 * Runs `use` against the node: through its RPC if it runs, otherwise on its own files, from a node that is started in
 * this process and stopped again. So every command has one implementation, and is atomic by the node's own rules.
 */
export async function accessNode<T>(
  config: NodeConfig,
  options: AccessOptions,
  use: (node: NodeAccess) => Promise<T>,
): Promise<T> {
  const running = await connect(config);
  if (running) return use(running);

  for (const file of options.requires ?? []) requireFile(config, file);
  // A node that runs needs none of this, which takes longer to load than to answer.
  const { openStoppedNode } = await import('./stopped-node.ts');
  const { network, createWallet = false } = options;
  const opened = await openStoppedNode(config, { network, createWallet });
  try {
    return await use(new StoppedNode(opened));
  } finally {
    await opened.node.stop();
  }
}

/** The RPC of the node, or undefined if nothing answers there. */
async function connect(config: NodeConfig): Promise<NodeAccess | undefined> {
  const { cookie: cookieFile } = nodePaths(config);
  const client = new RpcClient({ ...config.rpc, cookieFile });
  try {
    await client.call('uptime');
  } catch (error) {
    if (error instanceof PierError && error.code === 'node-not-running') return undefined;
    throw error;
  }
  return {
    call: (method, params, wallet) => client.call(method, params, wallet),
    // It goes on running, and announces what it holds to whoever connects.
    awaitPeer: async () => {},
    awaitRelay: async () => {},
  };
}

/** Throws `PierError` 'missing-chain' or 'missing-wallet' where the node does not have that file. */
export function requireFile(config: NodeConfig, file: 'chain' | 'wallet'): void {
  const path = nodePaths(config)[file];
  if (existsSync(path)) return;
  const id = config.nodeId;
  throw file === 'chain'
    ? new PierError('missing-chain', `node ${id} has no blockchain: ${path} does not exist`, {
        hint: `Create one with 'NODE_ID=${id} pier createblockchain --address A', or download one with 'NODE_ID=${id} pier startnode --seed HOST:PORT'.`,
      })
    : new PierError('missing-wallet', `node ${id} has no wallet: ${path} does not exist`, {
        hint: `Make one with 'NODE_ID=${id} pier createwallet'.`,
      });
}

/** A node that runs in this process, for one command. */
class StoppedNode implements NodeAccess {
  readonly #node: OpenedNode['node'];
  readonly #call: OpenedNode['call'];
  /** Transactions that peers have fetched. */
  #fetched = 0;

  constructor({ node, call }: OpenedNode) {
    this.#node = node;
    this.#call = call;
    node.connections.events.on('message', ({ command, direction }) => {
      if (command === 'tx' && direction === 'sent') this.#fetched++;
    });
  }

  call<T>(method: string, params: readonly unknown[] | Record<string, unknown> = [], wallet?: string): Promise<T> {
    return this.#call(method, params, wallet) as Promise<T>;
  }

  awaitPeer(): Promise<void> {
    const { connections: peers, chain, config } = this.#node;
    const seeds = config.p2p.seeds.map(formatEndpoint).join(', ');
    return this.#until(
      () =>
        chain.tip === chain.bestHeader &&
        peers.peers().some((peer) => peer.isReady && (peer.handshake.remote?.startHeight ?? 0) <= chain.tip.height),
      new PierError(
        'no-peer',
        `node ${config.nodeId} does not run, and no other takes its payment: ${seeds || 'no seed'}`,
        {
          hint: `Start the node with 'pier startnode', name one that runs with --seed HOST:PORT, or add --mine.`,
        },
      ),
    );
  }

  awaitRelay(txid: string): Promise<void> {
    // All that waits is announced to a new peer, and this payment came last.
    const expected = this.#node.unconfirmedCount;
    return this.#until(
      () => this.#fetched >= expected,
      new PierError('not-relayed', `no node has fetched payment ${txid} so far`, {
        hint: `It is in the wallet, and will be announced when the node runs: 'pier startnode'.`,
      }),
    );
  }

  async #until(condition: () => boolean, failure: PierError): Promise<void> {
    const end = Date.now() + PEER_TIMEOUT_MS;
    while (!condition()) {
      if (Date.now() > end) throw failure;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }
}
