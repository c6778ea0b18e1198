import type { ChainParams } from '../../consensus/params.ts';
import type { NodeFiles } from '../../node/composition/node-files.ts';
import type { RunningFullNode } from '../../node/composition/running-full-node.ts';
import type { RunningLightNode } from '../../node/composition/running-light-node.ts';
import type { Endpoint } from '../../p2p/net/endpoint.ts';
import type { Transport } from '../../p2p/transport/connection.ts';
import type { RpcAddress } from './node-backend.ts';

/** The RPC server of a node in this process: port and credentials stay the same as long as the network exists. */
export interface RpcPort {
  /** Where it serves; undefined before the first start. */
  readonly address: RpcAddress | undefined;
  /** Serves a node: on the connections there are, if another one was served without `stop`. */
  serve(node: RunningFullNode | RunningLightNode): Promise<void>;
  /** Closes the connections and the port. */
  stop(): Promise<void>;
  /** Removes the file with the credentials. */
  close(): Promise<void>;
}

/** The port of a node in this process for peers of other programs. */
export interface PeerListener {
  /** Where it accepts peers; undefined before the first start. */
  readonly endpoint: Endpoint | undefined;
  /** Returns a transport that listens at `links` and at the port, and reaches other programs unless `isLinked`. */
  transport(links: Transport, isLinked: (endpoint: Endpoint) => boolean): Transport;
  /** Holds back everything that is sent and received, until `resume`. */
  pause(): void;
  resume(): void;
}

/** What connects nodes in this process with the rest of the machine; a browser has none of it. */
export interface NodePorts {
  /** Returns the RPC server of a node; port 0: any free one. */
  rpc(port: number): RpcPort;
  /** Returns the port of a node for peers; port 0: any free one. */
  peers(port: number): PeerListener;
  /** Returns the files that RPC methods of a node read and write. */
  files(params: ChainParams): NodeFiles;
}
