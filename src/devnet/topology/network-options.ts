import type { LinkConditions } from '../../testing/link-conditions.ts';
import type { Amount } from './amount.ts';
import type { ShapeName } from './shapes.ts';

/** Names of node roles. */
export const nodeRoles = ['central', 'full', 'miner', 'wallet', 'light'] as const;

/** What a node does. `central`, `full` and `wallet` nodes are alike; a `miner` mines first; a `light` node has headers only. */
export type NodeRole = (typeof nodeRoles)[number];

/** Names of the programs that a node can be. */
export const nodeKinds = ['pier', 'bitcoind'] as const;

/** The program that a node is: this package's, or Bitcoin Core's. */
export type NodeKind = (typeof nodeKinds)[number];

/** Names of engines. */
export const engineNames = ['memory', 'processes'] as const;

/** Where nodes run: all in this process, with stores and links in memory, or each in a process of its own. */
export type EngineName = (typeof engineNames)[number];

/** A node of a network. */
export interface NodeOptions {
  /** Default: `node1`, `node2` and so on. */
  readonly name?: string | undefined;
  /** Default: `full`. */
  readonly role?: NodeRole | undefined;
  /** Default: `pier`. A `bitcoind` needs engine `processes` and the network `regtest`; it is a full node without accounts. */
  readonly kind?: NodeKind | undefined;
  /** Where the `bitcoind` is; default: the environment variable BITCOIND, or else the `bitcoind` on PATH. */
  readonly path?: string | undefined;
  /** Numbers of the accounts whose wallets it holds, from 0. Default: the first full node holds those of no other node. */
  readonly accounts?: readonly number[] | undefined;
  /** Whether it serves RPC over HTTP on 127.0.0.1, on any free port or the one given. */
  readonly rpc?: boolean | number | undefined;
  /**
   * Whether it accepts peers of other programs on 127.0.0.1, on any free port or the one given. Nodes in processes always
   * do, light nodes never.
   */
  readonly p2p?: boolean | number | undefined;
}

/** How links carry bytes, as far as it differs from the default. */
export type ConditionsOptions = { readonly [K in keyof LinkConditions]?: LinkConditions[K] | undefined };

/** A link between two nodes, by name. The first opens the connection. */
export interface LinkOptions extends ConditionsOptions {
  readonly between: readonly [string, string];
}

/** What `createNetwork` creates. */
export interface NetworkOptions {
  /** The nodes, or their number; default 3. */
  readonly nodes?: number | readonly NodeOptions[] | undefined;
  /** Which nodes are linked, unless `links` says it; default `mesh` up to eight nodes, else `random`. */
  readonly shape?: ShapeName | undefined;
  readonly links?: readonly LinkOptions[] | undefined;
  /** How all links carry bytes, where `links` does not say otherwise. */
  readonly conditions?: ConditionsOptions | undefined;
  /** Seed of everything random: shape, losses, mining intervals; default 1. */
  readonly seed?: number | undefined;
  /** A network's name, or the path of a network file; not a public one. Default: `regtest`. */
  readonly network?: string | undefined;
  /** Number of accounts; default 10. */
  readonly accounts?: number | undefined;
  /** BIP39 mnemonic of the accounts; default: `test test test test test test test test test test test junk`. */
  readonly mnemonic?: string | undefined;
  /** What each account has at the start; default 50 bitcoins. */
  readonly balance?: Amount | undefined;
  /** Where the nodes run; default `memory`. */
  readonly engine?: EngineName | undefined;
  /** Folder of the nodes' files, which stay there; only with `processes`. Default: a temporary folder, which is removed. */
  readonly dataDir?: string | undefined;
}
