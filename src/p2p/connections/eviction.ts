/** The criteria by which an inbound peer is protected or evicted (Core: NodeEvictionCandidate). */
export interface EvictionCandidate {
  readonly id: number;
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt: number;
  /** Milliseconds of its shortest ping; infinite before the first pong. */
  readonly minPing: number;
  /** Unix seconds of the last block that this peer delivered first; 0 for never. */
  readonly lastBlockTime: number;
  /** Unix seconds of the last transaction that this peer delivered first; 0 for never. */
  readonly lastTxTime: number;
  /** Whether it has the service bits NETWORK and WITNESS. */
  readonly hasRelevantServices: boolean;
  readonly relaysTransactions: boolean;
  /** Whether it has loaded a Bloom filter (BIP37), which a light client does. */
  readonly hasBloomFilter: boolean;
  /** Its netgroup, hashed with a secret. */
  readonly netGroup: string;
  /** Whether its address is discouraged. */
  readonly isDiscouraged: boolean;
  /** Whether it is on this machine (Core: m_is_local). */
  readonly isLocal: boolean;
}

type Compare = (a: EvictionCandidate, b: EvictionCandidate) => number;

const byAge: Compare = (a, b) => b.connectedAt - a.connectedAt;
const falseFirst = (a: boolean, b: boolean) => Number(a) - Number(b);
const byGroup: Compare = (a, b) => (a.netGroup < b.netGroup ? -1 : a.netGroup > b.netGroup ? 1 : 0);
/** Two peers without a pong compare as NaN, which sorts as equal. */
const byPing: Compare = (a, b) => b.minPing - a.minPing;
const byTransactions: Compare = (a, b) =>
  a.lastTxTime - b.lastTxTime ||
  falseFirst(a.relaysTransactions, b.relaysTransactions) ||
  falseFirst(b.hasBloomFilter, a.hasBloomFilter) ||
  byAge(a, b);
const byBlocks: Compare = (a, b) =>
  a.lastBlockTime - b.lastBlockTime || falseFirst(a.hasRelevantServices, b.hasRelevantServices) || byAge(a, b);
const byBlocksOnly: Compare = (a, b) => falseFirst(b.relaysTransactions, a.relaysTransactions) || byBlocks(a, b);
const localLast: Compare = (a, b) => falseFirst(a.isLocal, b.isLocal) || byAge(a, b);

/**
 * Selects the inbound peer to evict; undefined if all are protected (Core: SelectNodeToEvict). Protects the best peers
 * by criteria that are costly for an attacker: latency, first delivery of blocks or transactions, connection time. Of
 * the rest, evicts the youngest peer of the netgroup with the most peers.
 */
export function selectPeerToEvict(inbound: readonly EvictionCandidate[]): number | undefined {
  let rest = protectLast(inbound, byGroup, 4);
  rest = protectLast(rest, byPing, 8);
  rest = protectLast(rest, byTransactions, 4);
  rest = protectLast(rest, byBlocksOnly, 8, (peer) => !peer.relaysTransactions && peer.hasRelevantServices);
  rest = protectLast(rest, byBlocks, 4);
  rest = protectByAge(rest);
  if (rest.some(({ isDiscouraged }) => isDiscouraged)) rest = rest.filter(({ isDiscouraged }) => isDiscouraged);
  return youngestOfLargestGroup(rest)?.id;
}

/**
 * Protects half of the peers by connection time; of these, half are reserved for local peers if there are
 * any, since Tor and I2P proxies connect from this machine and are slow (Core:
 * ProtectEvictionCandidatesByRatio). Returns the others.
 */
export function protectByAge(peers: readonly EvictionCandidate[]): EvictionCandidate[] {
  const half = Math.floor(peers.length / 2);
  const rest = protectLast(peers, localLast, Math.floor(half / 2), ({ isLocal }) => isLocal);
  return protectLast(rest, byAge, half - (peers.length - rest.length));
}

/** Sorts peers and removes those of the last `count` to which `applies` (Core: EraseLastKElements). */
function protectLast(
  peers: readonly EvictionCandidate[],
  compare: Compare,
  count: number,
  applies: (peer: EvictionCandidate) => boolean = () => true,
): EvictionCandidate[] {
  const firstProtected = peers.length - count;
  return peers.toSorted(compare).filter((peer, i) => i < firstProtected || !applies(peer));
}

function youngestOfLargestGroup(peers: readonly EvictionCandidate[]): EvictionCandidate | undefined {
  const groups = new Map<string, EvictionCandidate[]>();
  for (const peer of peers.toSorted(byAge)) {
    const group = groups.get(peer.netGroup);
    if (group) group.push(peer);
    else groups.set(peer.netGroup, [peer]);
  }
  // Groups are in the order of their youngest members, so the first of equally large groups has the youngest.
  let largest: EvictionCandidate[] = [];
  for (const group of groups.values()) if (group.length > largest.length) largest = group;
  return largest[0];
}
