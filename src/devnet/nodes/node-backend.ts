import type { CallParams } from '../../api/methods/dispatch.ts';
import type { HeaderContext } from '../../consensus/header-context.ts';
import type { NodeEvent } from '../../node/composition/node-events.ts';
import type { Endpoint } from '../../p2p/net/endpoint.ts';
import { PierError } from '../../platform/errors.ts';
import type { NodeRole } from '../topology/network-options.ts';
import type { NodeLog } from './node-log.ts';

/** What a node has, at one moment. */
export interface NodeView {
  readonly height: number;
  /** Hash of the tip, as hex. */
  readonly tip: string;
  /** Txids of the mempool, as hex; undefined for a light node, which has none. */
  readonly mempool: ReadonlySet<string> | undefined;
  /** Number of peers with which the handshake is complete. */
  readonly peers: number;
}

/** Where a node serves RPC over HTTP. */
export interface RpcAddress {
  readonly host: string;
  readonly port: number;
  /** Path of the file with the credentials, as bitcoin-cli reads it (`-rpccookiefile`). */
  readonly cookieFile: string;
  /** With credentials: `http://<user>:<password>@127.0.0.1:<port>/`. Stays the same as long as the network exists. */
  readonly url: string;
}

/** Whether a node runs. A paused node answers nothing, as a process that was sent SIGSTOP. */
export type NodeStatus = 'running' | 'paused' | 'stopped';

/** A node of a network, in this process or another. */
export interface NodeBackend {
  readonly name: string;
  readonly role: NodeRole;
  readonly status: NodeStatus;
  /** The id of its process; undefined if it runs in this one, or is stopped. */
  readonly pid: number | undefined;
  /** How its process has exited without being asked, such as `SIGKILL`; undefined otherwise. */
  readonly unexpectedExit: string | undefined;
  readonly log: NodeLog;
  /** Where it accepts peers over links. */
  readonly endpoint: Endpoint;
  /** Where it accepts peers of other programs; undefined if it does not, or is stopped. */
  readonly p2p: Endpoint | undefined;
  /** Where it serves RPC over HTTP; undefined if it does not. */
  readonly rpc: RpcAddress | undefined;
  /** Starts it with what it had when it stopped. */
  start(): Promise<void>;
  /** Stops it in order: it keeps its mempool. */
  stop(): Promise<void>;
  /** Ends it as SIGKILL would: it loses its mempool. */
  kill(): Promise<void>;
  /** Holds back its messages and calls until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Calls an RPC method. */
  call(method: string, params: CallParams, wallet?: string): Promise<unknown>;
  view(): Promise<NodeView>;
  /** Returns a block's header, by hash in internal byte order, with its ancestors; undefined if it is unknown. */
  header(hash: Uint8Array): Promise<HeaderContext | undefined>;
  /** Calls `listener` after every change of what `view` returns. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void;
  /**
   * Calls `listener` for events of the given types, whenever the node runs. Returns a function that unsubscribes. Absent
   * if the node does not report events: then `onChange` is all there is.
   */
  follow?(types: ReadonlySet<NodeEvent['type']>, listener: (event: NodeEvent) => void): () => void;
}

/** Returns the error of a node that is stopped, and therefore cannot do `what`. */
export function nodeStopped(name: string, what: string): PierError {
  return new PierError('node-stopped', `${name} is stopped: it cannot ${what}`, {
    hint: `Start it with node('${name}').start().`,
  });
}
