import type { Endpoint } from '../net/endpoint.ts';
import type { ConnectionType, Peer } from '../peer/peer.ts';
import type { TransportVersion } from '../transport/framing.ts';
import { toEndpoint } from '../wire/messages/net-address.ts';

/** A peer as `getpeerinfo` shows it. Times are Unix seconds, 0 for never; durations are seconds. */
export interface PeerInfo extends PartInfo {
  readonly id: number;
  readonly remote: Endpoint;
  /** Our end of the connection. */
  readonly local: Endpoint | undefined;
  /** Where the peer says that it reaches us. */
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
  readonly timeOffset: number;
  readonly ping: number | undefined;
  readonly minPing: number | undefined;
  readonly pingWait: number | undefined;
  readonly protocolVersion: number;
  readonly userAgent: string;
  readonly inbound: boolean;
  readonly connectionType: ConnectionType;
  readonly transport: TransportVersion | 'detecting';
  /** BIP324's: 32 bytes; none over v1. */
  readonly sessionId: Uint8Array | undefined;
  readonly startHeight: number;
}

/** What the parts of a node know of a peer. */
export interface PartInfo {
  /** Whether the peer wants transactions announced. */
  readonly relaysTransactions: boolean;
  /** BIP37: the peer has told what it wants announced. */
  readonly hasBloomFilter: boolean;
  readonly lastTransaction: number;
  readonly lastBlock: number;
  /** Height up to which its headers have been looked at while they show too little work to be stored; -1 if they do not. */
  readonly presyncedHeaders: number;
  /** Height of the best header that the peer has shown; -1 while unknown. */
  readonly syncedHeaders: number;
  /** Height of the last block that we have in common; -1 while unknown. */
  readonly syncedBlocks: number;
  /** Heights of the blocks that the peer has been asked for. */
  readonly inFlight: readonly number[];
  /** BIP152: we have asked the peer to announce blocks by compact blocks, and it has asked us. */
  readonly highBandwidthTo: boolean;
  readonly highBandwidthFrom: boolean;
  readonly addressRelay: boolean;
  readonly addressesProcessed: number;
  readonly addressesRateLimited: number;
  /** Satoshis per 1,000 virtual bytes. */
  readonly minFeeFilter: bigint;
}

/** Of someone of whom the parts know nothing. */
export const noPartInfo: PartInfo = {
  relaysTransactions: false,
  hasBloomFilter: false,
  lastTransaction: 0,
  lastBlock: 0,
  presyncedHeaders: -1,
  syncedHeaders: -1,
  syncedBlocks: -1,
  inFlight: [],
  highBandwidthTo: false,
  highBandwidthFrom: false,
  addressRelay: false,
  addressesProcessed: 0,
  addressesRateLimited: 0,
  minFeeFilter: 0n,
};

/** Gathers what is known of a peer. */
export function peerInfo(peer: Peer, partInfo: PartInfo): PeerInfo {
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
    ...partInfo,
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function wholeSeconds(ms: number | undefined): number {
  return Math.floor((ms ?? 0) / 1000);
}
