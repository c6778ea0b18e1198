import type { Peer } from './peer.ts';

/** A component that keeps state for each peer, from the end of the handshake to the end of the connection. */
export interface PeerFollower {
  /** Called when the handshake is complete. */
  peerReady?(peer: Peer): void;
  /** Called when the connection has ended, also before the handshake was complete. */
  peerClosed?(peer: Peer): void;
  /** Called about once a second. */
  tick?(): void;
  /** Releases timers and subscriptions; called once. */
  close?(): void;
}
