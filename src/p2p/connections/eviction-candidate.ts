import { binaryKey, concatBytes } from '../../bytes/compare.ts';
import { sha256 } from '../../crypto/hash.ts';
import { isLoopback } from '../net/endpoint.ts';
import { netGroup } from '../net/netgroup.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerStateStats } from '../processing/peer-state-stats.ts';
import { ServiceFlag } from '../wire/protocol.ts';
import { type EvictionCandidate, selectPeerToEvict } from './eviction.ts';

const RELEVANT_SERVICES = ServiceFlag.NETWORK | ServiceFlag.WITNESS;

/** Selects the inbound peer to evict for a new one; undefined if all are protected (Core: AttemptToEvictConnection). */
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

/**
 * Gathers an inbound peer's eviction criteria. The netgroup is hashed with `secret`, so that a
 * peer cannot choose its rank.
 */
function evictionCandidate(
  peer: Peer,
  { lastBlockTime, lastTxTime, relaysTransactions, hasBloomFilter }: PeerStateStats,
  secret: Uint8Array,
  isDiscouraged: boolean,
): EvictionCandidate {
  return {
    id: peer.id,
    connectedAt: peer.connectedAt,
    minPing: peer.keepAlive.bestMs ?? Number.POSITIVE_INFINITY,
    lastBlockTime,
    lastTxTime,
    hasRelevantServices: (peer.services & RELEVANT_SERVICES) === RELEVANT_SERVICES,
    relaysTransactions,
    hasBloomFilter,
    netGroup: binaryKey(sha256(concatBytes(secret, netGroup(peer.remote)))),
    isDiscouraged,
    isLocal: isLoopback(peer.remote.host),
  };
}
