import type { Emitter } from '../../platform/emitter.ts';
import type { SyncProgress } from '../blocks/sync-progress.ts';
import type { HandshakeCommand } from '../peer/handshake.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerFollower } from '../peer/peer-follower.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';
import type { PeerStateStats } from './peer-state-stats.ts';

/** A command that peers send after the handshake. */
export type ProcessedCommand = Exclude<Command, HandshakeCommand>;

/** Events of a message processor. */
export type MessageProcessorEvents = {
  /** About once a second while blocks are missing, and once when none is missing any more. */
  progress: SyncProgress;
};

/**
 * What a kind of node does with its peers' messages (Core: PeerManager in net_processing). The connection manager is
 * handed one, and knows nothing of blocks and transactions itself.
 */
export interface MessageProcessor {
  readonly events: Pick<Emitter<MessageProcessorEvents>, 'on'>;
  /** Bits of `ServiceFlag` that the node offers. */
  readonly services: bigint;
  /** Outbound peers without these bits of `ServiceFlag` are disconnected (Core: GetDesirableServiceFlags). */
  readonly requiredServices: bigint;
  /** Whether peers may announce and send transactions (`relay` of the version message, BIP37). */
  readonly relaysTransactions: boolean;
  /** Height of the tip, for the version message. */
  readonly startHeight: number;
  /** The components that follow peers, in the order in which they are called. */
  readonly followers: readonly PeerFollower[];
  /** Processes a message. While a returned promise is pending, the peer's further messages wait. */
  process<C extends ProcessedCommand>(peer: Peer, command: C, message: MessageOf<C>): void | Promise<void>;
  /** What the processor knows about a peer. */
  stats(peer: Peer): PeerStateStats;
  /** Whether a new tip is long overdue. */
  isTipStale(): boolean;
  /** Monotonic milliseconds when the peer was last the first to announce a better chain; 0 for never. */
  lastAnnouncement(peer: Peer): number;
  /** Whether blocks are requested from this peer and have not arrived. */
  hasBlocksInFlight(peer: Peer): boolean;
  /** Whether the peer once had a chain so good that it is not disconnected for another one (Core: m_protect). */
  isProtected(peer: Peer): boolean;
  /** Resolves when every received block is processed. */
  idle(): Promise<void>;
}
