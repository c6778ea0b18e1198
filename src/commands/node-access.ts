import { existsSync } from 'node:fs';
import { RpcClient } from '../api/client/rpc-client.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import type { NetworkMode } from '../node/full-node.ts';
import { formatEndpoint } from '../p2p/net/endpoint.ts';
import { PierError } from '../platform/errors.ts';
import type { InProcessNode } from './in-process-node.ts';

/** Milliseconds to wait for a connection to a seed, and for a seed to request a transaction. */
const PEER_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 20;

/** How a command accesses a node that is not running. */
export interface AccessOptions {
  /** Network activity of the node that is started for the command. */
  readonly network: NetworkMode;
  /** Files that the command needs. */
  readonly requires?: readonly ('chain' | 'wallet')[];
  /** Whether a missing wallet file is created. */
  readonly createWallet?: boolean;
}

/** Access to the RPC methods of a node, whether it runs by itself or in this process for one command. */
export interface NodeAccess {
  /** Calls an RPC method; `wallet` selects a wallet. */
  call<T>(method: string, params?: readonly unknown[] | Record<string, unknown>, wallet?: string): Promise<T>;
  /** Waits until the node is synced with a peer that accepts transactions. Throws `PierError` 'no-peer'. */
  awaitPeer(): Promise<void>;
  /** Waits until a peer has requested the transaction, before the node stops. Throws `PierError` 'not-relayed'. */
  awaitRelay(txid: string): Promise<void>;
}

/**
 * Runs `use` with access to the node: through RPC if the node is running, otherwise through a node that is started in
 * this process on the same files and stopped afterwards. Commands thus have one implementation for both.
 */
export async function accessNode<T>(
  config: NodeConfig,
  options: AccessOptions,
  use: (node: NodeAccess) => Promise<T>,
): Promise<T> {
  const running = await connect(config);
  if (running) return use(running);

  for (const file of options.requires ?? []) requireFile(config, file);
  // Imported late: loading it takes longer than a call to a running node.
  const { openInProcessNode: openStoppedNode } = await import('./in-process-node.ts');
  const { network, createWallet = false } = options;
  const opened = await openStoppedNode(config, { network, createWallet });
  try {
    return await use(new InProcessAccess(opened));
  } finally {
    await opened.node.stop();
  }
}

/** Returns access to a running node through its RPC; undefined if it is not running. */
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
    // The node keeps running and announces its transactions to peers that connect later.
    awaitPeer: async () => {},
    awaitRelay: async () => {},
  };
}

/** Throws `PierError` 'missing-chain' or 'missing-wallet' if the node does not have the file. */
export function requireFile(config: NodeConfig, file: 'chain' | 'wallet'): void {
  const path = nodePaths(config)[file];
  if (existsSync(path)) return;
  const id = config.nodeId;
  throw file === 'chain'
    ? new PierError('missing-chain', `node ${id} has no blockchain: ${path} does not exist`, {
        hint: `Create one with 'NODE_ID=${id} pier createblockchain --address A', or download one with 'NODE_ID=${id} pier startnode --seed HOST:PORT'.`,
      })
    : new PierError('missing-wallet', `node ${id} has no wallet: ${path} does not exist`, {
        hint: `Create one with 'NODE_ID=${id} pier createwallet'.`,
      });
}

/** Access to a node that runs in this process. */
class InProcessAccess implements NodeAccess {
  readonly #node: InProcessNode['node'];
  readonly #call: InProcessNode['call'];
  /** Number of transactions sent to peers at their request. */
  #sent = 0;

  constructor({ node, call }: InProcessNode) {
    this.#node = node;
    this.#call = call;
    node.connections.events.on('message', ({ command, direction }) => {
      if (command === 'tx' && direction === 'sent') this.#sent++;
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
        `node ${config.nodeId} is not running, and no seed is available to relay its payment (seeds: ${seeds || 'none'})`,
        {
          hint: `Start the node with 'pier startnode', name a running node with --seed HOST:PORT, or add --mine.`,
        },
      ),
    );
  }

  awaitRelay(txid: string): Promise<void> {
    // All unconfirmed transactions are announced to a new peer, this one last.
    const expected = this.#node.unconfirmedCount;
    return this.#until(
      () => this.#sent >= expected,
      new PierError('not-relayed', `no peer requested transaction ${txid} within ${PEER_TIMEOUT_MS / 1000} s`, {
        hint: `The wallet keeps it and announces it while the node runs. Start the node with 'pier startnode'.`,
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
