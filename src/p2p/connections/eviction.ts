/** What decides whether an inbound peer makes room for another. */
export interface EvictionCandidate {
  readonly id: number;
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt: number;
  /** Milliseconds of its fastest answer to a ping; infinite before there is one. */
  readonly minPing: number;
  /** Unix seconds of the last block, and of the last transaction, that we had first from it; 0 for never. */
  readonly lastBlockTime: number;
  readonly lastTxTime: number;
  /** Whether it offers what we want of a peer. */
  readonly hasRelevantServices: boolean;
  readonly relaysTransactions: boolean;
  /** BIP37: it hears of few transactions, and brings none. */
  readonly hasBloomFilter: boolean;
  /** A hash of its network group and a secret. */
  readonly netGroup: string;
  /** It has broken the rules before. */
  readonly isDiscouraged: boolean;
  /** Whether it is on this machine. */
  readonly isLocal: boolean;
}

type Compare = (a: EvictionCandidate, b: EvictionCandidate) => number;

const byAge: Compare = (a, b) => b.connectedAt - a.connectedAt;
const falseFirst = (a: boolean, b: boolean) => Number(a) - Number(b);
const byGroup: Compare = (a, b) => (a.netGroup < b.netGroup ? -1 : a.netGroup > b.netGroup ? 1 : 0);
const byPing: Compare = (a, b) => (a.minPing === b.minPing ? 0 : b.minPing - a.minPing);
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
 * Which inbound peer makes room for a new one, or undefined if all are worth keeping (Core: SelectNodeToEvict). Each
 * protected group is best by a measure that costs an attacker something: to be near, to have brought news first, to
 * have been here long. Of the rest, the youngest of the network group with the most peers goes.
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
 * Half of those left, by age. A quarter is kept for peers on this machine where there are such: proxies of hidden
 * networks come from here, too, and are slow (Core: ProtectEvictionCandidatesByRatio).
 */
export function protectByAge(peers: readonly EvictionCandidate[]): EvictionCandidate[] {
  const half = Math.floor(peers.length / 2);
  const rest = protectLast(peers, localLast, Math.floor(half / 2), ({ isLocal }) => isLocal);
  return protectLast(rest, byAge, half - (peers.length - rest.length));
}

/** Without those among the last `count` for whom `applies` holds. */
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
  // Groups come in the order of their youngest members, and so the first of equals is the one.
  let largest: EvictionCandidate[] = [];
  for (const group of groups.values()) if (group.length > largest.length) largest = group;
  return largest[0];
}
