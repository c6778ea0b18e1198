import { describe, expect, it } from 'vitest';
import { type EvictionCandidate, protectByAge, selectPeerToEvict } from '../../../src/p2p/connections/eviction.ts';
import { randomInt } from '../../../src/platform/random.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

type Change = (peer: Mutable, count: number) => void;
type Mutable = { -readonly [K in keyof EvictionCandidate]: EvictionCandidate[K] };

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const group = (n: number) => String(n).padStart(6, '0');

/** Returns random candidates, changed by `change` and shuffled (Core: GetRandomNodeEvictionCandidates). */
function candidates(count: number, random: SeededRandom, change: Change = () => {}): EvictionCandidate[] {
  const peers = ids(count).map(
    (id): Mutable => ({
      id,
      connectedAt: randomInt(random, 100_000),
      minPing: randomInt(random, 100),
      lastBlockTime: randomInt(random, 100),
      lastTxTime: randomInt(random, 100),
      hasRelevantServices: randomInt(random, 2) === 0,
      relaysTransactions: randomInt(random, 2) === 0,
      hasBloomFilter: randomInt(random, 2) === 0,
      netGroup: group(randomInt(random, 100)),
      isDiscouraged: randomInt(random, 2) === 0,
      isLocal: randomInt(random, 2) === 0,
    }),
  );
  for (const peer of peers) change(peer, count);
  return shuffle(peers, random);
}

function shuffle<T>(list: readonly T[], random: SeededRandom): T[] {
  return list
    .map((item) => ({ item, key: random.uint32() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** The cases of Bitcoin Core's net_peer_eviction_tests.cpp. */
describe('selectPeerToEvict protects', () => {
  const cases: [string, number, Change][] = [
    ['four peers by keyed netgroup', 4, (peer, count) => (peer.netGroup = group(count - peer.id))],
    ['the eight peers with the shortest pings', 8, (peer) => (peer.minPing = peer.id)],
    ['the four peers with the latest transactions', 4, (peer, count) => (peer.lastTxTime = count - peer.id)],
    [
      'four peers that relay transactions without a Bloom filter',
      4,
      (peer) => Object.assign(peer, { lastTxTime: 0, relaysTransactions: true, hasBloomFilter: peer.id >= 4 }),
    ],
    ['the four peers with the latest blocks', 4, (peer, count) => (peer.lastBlockTime = count - peer.id)],
    [
      'eight peers without transaction relay with the latest blocks, and four other peers',
      12,
      (peer, count) => {
        peer.lastBlockTime = count - peer.id;
        if (peer.id <= 7) {
          peer.relaysTransactions = false;
          peer.hasRelevantServices = true;
        }
      },
    ],
    [
      'the best twenty peers by all criteria',
      20,
      (peer, count) => {
        peer.netGroup = group(count - peer.id);
        peer.minPing = peer.id;
        peer.lastTxTime = count - peer.id;
        peer.lastBlockTime = count - peer.id;
      },
    ],
  ];

  it.each(cases)('%s', (_, count, change) => {
    const random = new SeededRandom(7);
    for (let total = 0; total < 200; total++) {
      const evicted = selectPeerToEvict(candidates(total, random, change));
      if (evicted !== undefined) expect(evicted).toBeGreaterThanOrEqual(count);
    }
  });

  it('all of up to 20 peers, but never all of 29 or more', () => {
    const random = new SeededRandom(8);
    for (let total = 0; total < 200; total++) {
      const evicted = selectPeerToEvict(candidates(total, random));
      if (total <= 20) expect(evicted).toBeUndefined();
      if (total >= 29) expect(evicted).toBeDefined();
    }
  });
});

describe('protectByAge protects half of the peers', () => {
  /** Returns the protected ids of twelve peers, whose connection times ascend with their ids. */
  const protectedOf = (isLocal: (id: number) => boolean) => {
    const all = candidates(12, new SeededRandom(1), (peer) => {
      peer.connectedAt = peer.id;
      peer.isLocal = isLocal(peer.id);
    });
    const rest = new Set(protectByAge(all).map(({ id }) => id));
    return ids(12).filter((id) => !rest.has(id));
  };

  // Core: peer_protection_test.
  it('by connection time if none is local', () => {
    expect(protectedOf(() => false)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('by connection time, of which up to half are local peers', () => {
    expect(protectedOf((id) => id === 8 || id === 9 || id === 11)).toEqual([0, 1, 2, 8, 9, 11]);
    expect(protectedOf((id) => id > 6)).toEqual([0, 1, 2, 7, 8, 9]);
  });
});

describe('selectPeerToEvict evicts', () => {
  it('a discouraged peer first', () => {
    for (let seed = 0; seed < 20; seed++) {
      const all = candidates(100, new SeededRandom(seed), (peer) => {
        peer.isDiscouraged = peer.id % 3 === 0;
      });
      expect(selectPeerToEvict(all)! % 3).toBe(0);
    }
  });

  /**
   * Returns twelve candidates for eviction, by age from the youngest, among peers that are all protected. Equal criteria
   * protect twelve peers by netgroup, and the eight oldest; of the rest, the older half is protected as well.
   */
  const exposed = (groups: readonly string[]) => {
    const equal = { minPing: 1, lastBlockTime: 0, lastTxTime: 0, isLocal: false, isDiscouraged: false };
    const same = { ...equal, hasRelevantServices: true, relaysTransactions: true, hasBloomFilter: false };
    const of = (id: number, netGroup: string): EvictionCandidate => ({ ...same, id, netGroup, connectedAt: -id });
    const young = groups.map((netGroup, id) => of(id, netGroup));
    const old = ids(8 + groups.length, 100).map((id) => of(id, 'a'));
    return shuffle([...young, ...old, ...ids(12).map((i) => of(50 + i, `z${group(i)}`))], new SeededRandom(4));
  };

  it.each([
    ['the youngest peer of the netgroup with the most peers', ['b', 'c', 'd', 'c', 'd', 'c'], 1],
    ['of two netgroups with as many peers, of that with the youngest peer', ['d', 'b', 'b', 'd', 'c', 'a'], 0],
    ['as before, whatever the order of the netgroups', ['b', 'd', 'b', 'd', 'c', 'a'], 0],
    ['the youngest peer if each has its netgroup', ['f', 'e', 'd', 'c', 'b', 'a'], 0],
  ])('%s', (_, groups, evicted) => {
    expect(selectPeerToEvict(exposed(groups))).toBe(evicted);
  });

  it.each([
    ['relay blocks only', { relaysTransactions: false, hasRelevantServices: true }, 28],
    ['relay blocks only, without serving them', { relaysTransactions: false, hasRelevantServices: false }, 20],
    ['relay transactions', { relaysTransactions: true, hasRelevantServices: true }, 20],
  ])('none of %s up to a number, but one of one peer more', (_, fields, protectedCount) => {
    const evicted = (count: number) =>
      selectPeerToEvict(candidates(count, new SeededRandom(5), (peer) => Object.assign(peer, fields)));
    expect(evicted(protectedCount)).toBeUndefined();
    expect(evicted(protectedCount + 1)).toBeDefined();
  });

  it('a peer without a measured ping rather than one with a slow connection', () => {
    // Twelve unmeasured peers and eight slow ones, equal otherwise; four are protected by each other criterion.
    const all = ids(30).map((id) => ({
      ...candidates(1, new SeededRandom(6))[0]!,
      ...{ id, connectedAt: id < 8 ? 1_000 : 0, lastTxTime: 0, lastBlockTime: 0, netGroup: id < 8 ? 'a' : 'b' },
      ...{ isDiscouraged: false, isLocal: false, minPing: id < 8 ? 5_000 : Number.POSITIVE_INFINITY },
    }));
    expect(selectPeerToEvict(all)).toBeGreaterThanOrEqual(8);
  });
});
