import type { Endpoint } from '../net/endpoint.ts';
import type { TransportVersion } from '../transport/framing.ts';
import { toEndpoint } from '../wire/messages/net-address.ts';
import type { ConnectionType, Peer } from './peer.ts';

/**
 * What a connection knows about its peer (Core: CNodeStats). Times are Unix seconds, 0 for never; durations seconds.
 */
export interface PeerStats {
  readonly id: number;
  readonly remote: Endpoint;
  /** This node's end of the connection. */
  readonly local: Endpoint | undefined;
  /** This node's endpoint as the peer sees it. */
  readonly seenAs: Endpoint | undefined;
  /** Bits of `ServiceFlag`. */
  readonly services: bigint;
  readonly lastSend: number;
  readonly lastReceive: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly sentPerCommand: ReadonlyMap<string, number>;
  readonly receivedPerCommand: ReadonlyMap<string, number>;
  readonly connectedAt: number;
  /** The peer's clock less this node's. */
  readonly timeOffset: number;
  /** Undefined while no ping was answered. */
  readonly ping: number | undefined;
  readonly minPing: number | undefined;
  /** Age of the ping without an answer; undefined if there is none. */
  readonly pingWait: number | undefined;
  readonly protocolVersion: number;
  readonly userAgent: string;
  readonly inbound: boolean;
  readonly connectionType: ConnectionType;
  readonly transport: TransportVersion | 'detecting';
  /** Session id of BIP324: 32 bytes; undefined over v1. */
  readonly sessionId: Uint8Array | undefined;
  /** Height of the peer's tip in its version message; -1 before that. */
  readonly startHeight: number;
}

/** Returns what a connection knows about its peer. */
export function peerStats(peer: Peer): PeerStats {
  const { handshake, keepAlive, traffic } = peer;
  const { remote } = handshake;
  return {
    id: peer.id,
    remote: peer.remote,
    local: peer.local,
    seenAs: remote && toEndpoint(remote.receiver),
    services: peer.services,
    lastSend: wholeSeconds(traffic.sent.last),
    lastReceive: wholeSeconds(traffic.received.last),
    bytesSent: traffic.sent.bytes,
    bytesReceived: traffic.received.bytes,
    sentPerCommand: traffic.sent.perCommand,
    receivedPerCommand: traffic.received.perCommand,
    connectedAt: wholeSeconds(peer.connectedAt),
    timeOffset: handshake.timeOffset,
    ping: seconds(keepAlive.lastMs),
    minPing: seconds(keepAlive.bestMs),
    pingWait: seconds(keepAlive.waitingMs),
    protocolVersion: remote?.version ?? 0,
    userAgent: remote?.userAgent ?? '',
    inbound: peer.inbound,
    connectionType: peer.type,
    transport: peer.transportVersion,
    sessionId: peer.sessionId,
    startHeight: remote?.startHeight ?? -1,
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function wholeSeconds(ms: number | undefined): number {
  return Math.floor((ms ?? 0) / 1000);
}
