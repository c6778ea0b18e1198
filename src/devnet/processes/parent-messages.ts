import type { NodeEvent } from '../../node/composition/node-events.ts';
import type { ClockState } from '../../testing/network-clock.ts';

/** Environment variable that tells a node's process to wait for its network's first message. */
export const PARENT_LINK = 'PIER_PARENT_LINK';

/** What a network sends to the process of one of its nodes, over the IPC channel of Node. */
export type ParentMessage =
  /** The first message. */
  | {
      readonly type: 'start';
      readonly clock: ClockState;
      /** Port of the RPC server; default: the node's id + 10,000. */
      readonly rpcPort?: number | undefined;
      /** Password of the RPC server; default: a new one. */
      readonly rpcPassword?: string | undefined;
      /** Folder of the node's files, to be removed if the network's process ends without stopping the node. */
      readonly folder?: string | undefined;
      /** Hashes of blocks, as hex in the order of RPC, that only peers on links may send. */
      readonly withdrawn?: readonly string[] | undefined;
      /** As in `links`. */
      readonly linkPorts?: readonly number[] | undefined;
    }
  /** Sets the clock. */
  | { readonly type: 'clock'; readonly id: number; readonly clock: ClockState }
  /** Sets the ports of the network's process that the node's peers on links have; all other peers are of other programs. */
  | { readonly type: 'links'; readonly id: number; readonly ports: readonly number[] }
  /** Writes everything that the node has to its files. */
  | { readonly type: 'flush'; readonly id: number }
  /** The node reports events of these types from now on, and no others. */
  | { readonly type: 'follow'; readonly types: readonly NodeEvent['type'][] };

/** What the process of a node sends to its network. */
export type NodeMessage =
  /** The answer to the message with this id. */
  | { readonly type: 'done'; readonly id: number; readonly error?: string | undefined }
  /** Tip, mempool or peers have changed since the last such message. */
  | { readonly type: 'changed' }
  /** Events since the last such message. */
  | { readonly type: 'events'; readonly events: readonly NodeEvent[] };
