import { expect, it } from 'vitest';
import { peerToEvict } from '../../../src/p2p/connections/eviction-candidate.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { noPeerStateStats, type PeerStateStats } from '../../../src/p2p/processing/peer-state-stats.ts';

/** What a test says about a peer. */
interface Fields {
  readonly host?: string;
  readonly services?: bigint;
  readonly bestMs?: number;
  readonly stats?: Partial<PeerStateStats>;
  readonly isDiscouraged?: boolean;
}

const SECRET = new Uint8Array(32).fill(7);

/**
 * Selects the peer to evict of 41 peers of separate netgroups, equal but for their ages; the `index`-th youngest has the
 * fields. Of these, 40 are old enough or protected by netgroup and ping.
 */
function evicted(index: number, fields: Fields, secret = SECRET): number {
  const peers = Array.from({ length: 41 }, (_, id) => {
    const { host = `${20 + id}.0.0.1`, services = 9n, bestMs } = id === index ? fields : {};
    const keepAlive = { bestMs: bestMs ?? (id < 30 ? 50 : 10) };
    return { id, services, keepAlive, connectedAt: 1_000 - id, remote: { host, port: 1 } } as unknown as Peer;
  });
  const common = { ...noPeerStateStats, relaysTransactions: true };
  const stats = ({ id }: Peer) => ({ ...common, ...(id === index ? fields.stats : {}) });
  return peerToEvict(peers, stats, secret, ({ id }) => id === index && (fields.isDiscouraged ?? false))!.id;
}

/** A secret whose netgroup hashes do not protect the three youngest peers. */
const secretFor = () => {
  for (let byte = 1; ; byte++) {
    const secret = new Uint8Array(32).fill(byte);
    if (evicted(99, {}, secret) === 0) return secret;
  }
};

it('the youngest peer is evicted if all are equal', () => {
  expect(evicted(99, {}, secretFor())).toBe(0);
});

it.each<[string, Fields]>([
  ['a short ping', { bestMs: 5 }],
  ['the latest transaction', { stats: { lastTxTime: 1 } }],
  ['the latest block', { stats: { lastBlockTime: 1 } }],
  ['blocks only, and serves them', { stats: { relaysTransactions: false } }],
  ['a loopback address', { host: '127.0.0.1' }],
])('it is protected if it has %s', (_, fields) => {
  expect(evicted(0, fields, secretFor())).toBe(1);
});

it.each<[string, Fields]>([
  ['blocks only, without NETWORK', { services: 8n, stats: { relaysTransactions: false } }],
  ['blocks only, without WITNESS', { services: 1n, stats: { relaysTransactions: false } }],
  ['a Bloom filter', { stats: { hasBloomFilter: true } }],
])('it is not protected if it has %s', (_, fields) => {
  expect(evicted(0, fields, secretFor())).toBe(0);
});

it('a discouraged peer is evicted first', () => {
  const secret = secretFor();
  expect([evicted(2, {}, secret), evicted(2, { isDiscouraged: true }, secret)]).toEqual([0, 2]);
});

it('a peer cannot know whether its netgroup is protected', () => {
  const firsts = new Set<number>();
  for (let byte = 1; byte <= 60; byte++) firsts.add(evicted(99, {}, new Uint8Array(32).fill(byte)));
  expect(firsts.size).toBeGreaterThan(1);
});
