import { binaryKey, concatBytes } from '../../bytes/compare.ts';
import { sha256 } from '../../crypto/hash.ts';
import { isLoopback } from '../net/endpoint.ts';
import { netGroup } from '../net/netgroup.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerStateStats } from '../processing/peer-state-stats.ts';
import { ServiceFlag } from '../wire/protocol.ts';
import { type EvictionCandidate, selectPeerToEvict } from './eviction.ts';

const RELEVANT_SERVICES = ServiceFlag.NETWORK | ServiceFlag.WITNESS;

/** The peer that makes room for another; undefined if all are worth keeping. */
export function peerToEvict(
  inbound: readonly Peer[],
  stats: (peer: Peer) => PeerStateStats,
  secret: Uint8Array,
  isDiscouraged: (peer: Peer) => boolean,
): Peer | undefined {
  const id = selectPeerToEvict(
    inbound.map((peer) => evictionCandidate(peer, stats(peer), secret, isDiscouraged(peer))),
  );
  return inbound.find((peer) => peer.id === id);
}

/** What speaks for and against an inbound peer; `secret` keeps it from choosing its place among the groups. */
function evictionCandidate(
  peer: Peer,
  { lastBlock, lastTransaction, relaysTransactions, hasBloomFilter }: PeerStateStats,
  secret: Uint8Array,
  isDiscouraged: boolean,
): EvictionCandidate {
  return {
    id: peer.id,
    connectedAt: peer.connectedAt,
    minPing: peer.keepAlive.bestMs ?? Number.POSITIVE_INFINITY,
    lastBlockTime: lastBlock,
    lastTxTime: lastTransaction,
    hasRelevantServices: (peer.services & RELEVANT_SERVICES) === RELEVANT_SERVICES,
    relaysTransactions,
    hasBloomFilter,
    netGroup: binaryKey(sha256(concatBytes(secret, netGroup(peer.remote)))),
    isDiscouraged,
    isLocal: isLoopback(peer.remote.host),
  };
}
