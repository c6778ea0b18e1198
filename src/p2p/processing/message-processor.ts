import type { Emitter } from '../../platform/emitter.ts';
import type { SyncProgress } from '../blocks/sync-progress.ts';
import type { HandshakeCommand } from '../peer/handshake.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerFollower } from '../peer/peer-follower.ts';
import type { Handling } from '../peer/work.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';
import type { PeerStateStats } from './peer-state-stats.ts';

/** A command that peers send after the handshake. */
export type ProcessedCommand = Exclude<Command, HandshakeCommand>;

/** Events of a message processor. */
export type MessageProcessorEvents = {
  /** Emitted about once a second during block download, and once at its end. */
  progress: SyncProgress;
};

/**
 * Processes the messages of a node's peers (Core: PeerManager in net_processing). Each kind of node has its own; the
 * connection manager is independent of blocks and transactions.
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
  /** Components that follow peers, in call order. */
  readonly followers: readonly PeerFollower[];
  /** Processes a message. The peer's further messages wait until it is done. */
  process<C extends ProcessedCommand>(peer: Peer, command: C, message: MessageOf<C>): Handling;
  /** Returns what the processor knows about a peer. */
  stats(peer: Peer): PeerStateStats;
  /** Whether no new tip has arrived for several block intervals (Core: TipMayBeStale). */
  isTipStale(): boolean;
  /**
   * Monotonic milliseconds when the peer last announced a new header with more work than our tip; 0 for never (Core:
   * m_last_block_announcement).
   */
  lastAnnouncement(peer: Peer): number;
  /** Whether blocks requested from this peer are in flight. */
  hasBlocksInFlight(peer: Peer): boolean;
  /** Whether the peer is exempt from disconnection for a bad or lagging chain (Core: m_protect). */
  isProtected(peer: Peer): boolean;
  /** Resolves when every received block is processed. */
  idle(): Promise<void>;
}
