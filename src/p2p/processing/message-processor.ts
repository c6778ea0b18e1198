import type { AddressManager } from '../addresses/address-manager.ts';
import type { Endpoint } from '../net/endpoint.ts';
import type { HandshakeCommand } from '../peer/handshake.ts';
import type { Peer } from '../peer/peer.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';
import type { PartInfo } from './peer-info.ts';

/** What is done on a message. While a returned promise is pending, the peer's further messages wait. */
export type Dispatch = <C extends Exclude<Command, HandshakeCommand>>(
  peer: Peer,
  command: C,
  message: MessageOf<C>,
) => void | Promise<void>;

/** A part that follows the peers' coming and going. */
export interface PeerFollower {
  /** The handshake is done. */
  peerReady?(peer: Peer): void;
  /** The connection has ended, its handshake done or not. */
  peerClosed?(peer: Peer): void;
  /** Called about once a second. */
  tick?(): void;
  close?(): void;
}

/** What a node wants of its peers and does for them: all that `ConnectionManager` has to know of it. */
export interface PeerParts {
  /** In the order in which they are to be told. */
  readonly followers: readonly PeerFollower[];
  readonly dispatch: Dispatch;
  /** What the parts know of a peer. */
  info(peer: Peer): PartInfo;
  /** When the peer last told us first of a better chain, by the monotonic clock; 0 for never. */
  lastAnnouncement(peer: Peer): number;
  /** Whether we wait for blocks from this peer. */
  hasBlocksInFlight(peer: Peer): boolean;
  /** Whether the peer has shown a chain so good that it is not given up for another. */
  isProtected(peer: Peer): boolean;
  /** Whether blocks are known to be missing. */
  readonly isCatchingUp: boolean;
  /** How far the chain has been dealt with. */
  readonly height: number;
  /** Height up to which headers have been looked at that show too little work to be stored. */
  readonly presyncedHeaders: number | undefined;
  /** Resolves when every block received is processed. */
  idle(): Promise<void>;
}

/** What the parts are told of the node's place in the network. */
export interface PartsOptions {
  /** Bits of `ServiceFlag` that we offer. */
  readonly services: bigint;
  readonly blocksOnly: boolean;
  /** Whether transactions are announced after random delays. */
  readonly trickle: boolean;
  /** Where we listen, if we do. */
  ownEndpoint(): Endpoint | undefined;
  /** Whether nothing is to be heard or told of an endpoint: discouraged, or banned. */
  isRefused(endpoint: Endpoint): boolean;
  /** Called when there are new addresses. */
  addressesLearned(): void;
}

/** Makes the parts of a node, which knows of others by `addresses`. */
export type MakeParts = (options: PartsOptions, addresses: AddressManager) => PeerParts;
