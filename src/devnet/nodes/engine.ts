import type { Endpoint } from '../../p2p/net/endpoint.ts';
import type { MemoryStore } from '../../store/memory-store.ts';
import type { NetworkPlan } from '../topology/network-plan.ts';
import type { NodeBackend, NodeStatus } from './node-backend.ts';

/** Everything that a node keeps while it is stopped, in memory. A bitcoind has all its files in `chain`, by name. */
export interface StoredNode {
  readonly chain: MemoryStore;
  readonly wallet: MemoryStore;
  /** A mempool.dat; undefined if there is none. */
  readonly mempool: Uint8Array | undefined;
}

/** What a node had at one moment, as every engine can restore it, and whether it ran. */
export interface PortableNode {
  readonly contents: StoredNode;
  readonly status: NodeStatus;
}

/** Where the nodes of a network run: in this process, or each in its own. */
export interface Engine<State = unknown> {
  readonly nodes: readonly NodeBackend[];
  /**
   * Creates the last node of a plan and starts it with an empty chain. Calls `joined` in the same turn in which it becomes
   * one of `nodes`, not connected yet. Without effect if it rejects, as it does with what `joined` throws.
   */
  addNode(plan: NetworkPlan, joined: (node: NodeBackend) => void): Promise<void>;
  /** Keeps a connection open over a link; an attempt that waits for its turn begins at once. */
  connect(from: string, to: string): Promise<void>;
  /** Returns the name of a node's peer on a link, by its end of the connection; undefined for one of another program. */
  peerName(node: string, peer: Endpoint): string | undefined;
  /** The network's clock was set: later calls of nodes find its time. */
  clockChanged(): void;
  /** Closes the connections over links that are cut. */
  closeCut(): Promise<void>;
  /** Returns the state that the network was created with; of one that continues on its files, that of a new network. */
  first(): Promise<State>;
  /** Returns copies of what all nodes have, and which of them run. */
  capture(): Promise<State>;
  /** Returns the same in the form that every engine can import. */
  export(state: State): readonly PortableNode[];
  /** Returns the state that `restore` takes. */
  import(nodes: readonly PortableNode[]): State;
  /**
   * Gives all nodes what they had when `state` was taken; those that were added later begin anew, with an empty chain. They
   * have no connections afterwards.
   */
  restore(state: State): Promise<void>;
  /** Keeps JSON with the files of the nodes, for a network that continues on them; nothing if they do not stay. */
  keep(state: unknown): void;
  /** Stops all nodes and removes what they leave behind. */
  close(): Promise<void>;
}
