import { fromReversedHex } from '../../../bytes/hex.ts';
import type { HeaderContext } from '../../../consensus/header-context.ts';
import type { Endpoint } from '../../../p2p/net/endpoint.ts';
import type { StoredNode } from '../engine.ts';
import type { NodeBackend, NodeView } from '../node-backend.ts';
import type { FiledLog } from './filed-log.ts';

/** A node in a process of its own, as `ProcessEngine` runs it. */
export interface ProcessBackend extends NodeBackend {
  readonly log: FiledLog;
  /** Folder of its files alone. */
  readonly dataDir: string;
  /** Keeps a connection open. */
  connect(endpoint: Endpoint): Promise<void>;
  /** Gives the process the network's time, and resolves when it has it. */
  clockChanged(): Promise<void>;
  /**
   * Tells the process that peers with a port of this one are on links of the network. Resolves when it knows. A bitcoind
   * treats all peers alike.
   */
  linkOpened(port: number): Promise<void>;
  /** The port is not that of a link any more. */
  linkClosed(port: number): void;
  /** Returns a copy of what the node has. */
  contents(): Promise<StoredNode>;
  /** Replaces what the node has; it must not run. */
  write(contents: StoredNode): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

/** The view of a node that is stopped. */
export const NO_VIEW: NodeView = { height: -1, tip: '', mempool: undefined, peers: 0 };

/** Returns a node's view, by RPC; while it is paused, the last one. */
export async function currentView(node: NodeBackend, last: NodeView): Promise<NodeView> {
  let view = last;
  if (node.status === 'running') {
    const { pid } = node;
    try {
      view = await readView(node);
    } catch (error) {
      // The process may end, be paused or be replaced while it answers.
      if (node.status === 'running') {
        if (node.pid === pid) throw error;
        return currentView(node, last);
      }
    }
  }
  return node.status === 'stopped' ? NO_VIEW : view;
}

/**
 * Closes a node's connections and returns the tips of all its branches, with their ancestors. A paused node goes on; a
 * stopped or light one gives none.
 */
export async function lastTips(node: NodeBackend): Promise<HeaderContext[]> {
  await node.resume();
  if (node.status !== 'running' || node.role === 'light') return [];
  try {
    await node.call('setnetworkactive', [false]);
    const tips = (await node.call('getchaintips', [])) as { hash: string }[];
    const headers = await Promise.all(tips.map(({ hash }) => node.header(fromReversedHex(hash))));
    return headers.filter((header) => header !== undefined);
  } catch (error) {
    // The process may end while it answers.
    if (node.status === 'running') throw error;
    return [];
  }
}

async function readView(node: Pick<NodeBackend, 'role' | 'call'>): Promise<NodeView> {
  const isLight = node.role === 'light';
  const [chain, peers, mempool] = (await Promise.all([
    node.call('getblockchaininfo', []),
    node.call('getpeerinfo', []),
    isLight ? undefined : node.call('getrawmempool', []),
  ])) as [{ blocks: number; headers: number; bestblockhash: string }, { version: number }[], string[] | undefined];
  return {
    height: isLight ? chain.headers : chain.blocks,
    tip: chain.bestblockhash,
    mempool: mempool && new Set(mempool),
    // Without a version, the handshake is not complete.
    peers: peers.filter(({ version }) => version > 0).length,
  };
}
