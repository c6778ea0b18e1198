import { expect, it } from 'vitest';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { MAX_ORPHANS, Orphanage } from '../../../src/p2p/transactions/orphanage.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { spend } from '../../chain/support/builder.ts';

const [alice, bob] = [{ id: 1 }, { id: 2 }] as unknown as [Peer, Peer];
const parentOf = (n: number) => ({ txid: new Uint8Array(32).fill(n), vout: 0 });
const orphan = (n: number, tag = 0, size = 1) =>
  spend({ inputs: [parentOf(n)], outputs: [{ value: BigInt(tag), scriptPubKey: new Uint8Array(size) }] });

function setUp() {
  const clock = new VirtualClock();
  return { clock, orphanage: new Orphanage(clock, new SeededRandom(1)) };
}

it('holds at most 100 orphans, and evicts one for a new one', () => {
  const { orphanage } = setUp();
  for (let i = 0; i < 250; i++) expect(orphanage.add(orphan(i & 0xff, i), alice)).toBe(true);
  expect(orphanage.size).toBe(MAX_ORPHANS);
  expect(orphanage.hasWtxid(orphan(249, 249).wtxid)).toBe(true);
});

it('rejects orphans above the standard weight', () => {
  const { orphanage } = setUp();
  expect(orphanage.add(orphan(1, 0, 100_001), alice)).toBe(false);
  expect(orphanage.add(orphan(1, 0, 99_000), alice)).toBe(true);
});

it('expires orphans after 20 minutes', () => {
  const { clock, orphanage } = setUp();
  orphanage.add(orphan(1), alice);
  clock.advance(20 * 60_000 - 1);
  orphanage.add(orphan(2), alice);
  expect(orphanage.size).toBe(2);
  clock.advance(1);
  orphanage.add(orphan(3), alice);
  expect(orphanage.hasWtxid(orphan(1).wtxid)).toBe(false);
  expect(orphanage.size).toBe(2);
});

it('removes the orphans of a closed peer, unless another peer has sent them as well', () => {
  const { orphanage } = setUp();
  orphanage.add(orphan(1), alice);
  orphanage.add(orphan(2), alice);
  orphanage.add(orphan(2), bob);
  orphanage.peerClosed(alice);
  expect(orphanage.size).toBe(1);
  orphanage.peerClosed(bob);
  expect(orphanage.size).toBe(0);
});

it('finds children by the outputs of their parent, and conflicts by the outputs they spend', () => {
  const { orphanage } = setUp();
  const parent = spend({ inputs: [parentOf(9)], outputs: [{ value: 1n, scriptPubKey: new Uint8Array(1) }] });
  const child = spend({ inputs: [{ txid: parent.txid, vout: 0 }], outputs: parent.outputs });
  const other = spend({ inputs: [{ txid: parent.txid, vout: 1 }], outputs: parent.outputs });
  orphanage.add(child, alice);
  orphanage.add(other, alice);
  expect([...orphanage.childrenOf(parent)].map(({ tx }) => tx)).toEqual([child]);
  orphanage.removeConflicts(spend({ inputs: [{ txid: parent.txid, vout: 0 }], outputs: [] }));
  expect(orphanage.hasWtxid(child.wtxid)).toBe(false);
  expect(orphanage.hasWtxid(other.wtxid)).toBe(true);
});
