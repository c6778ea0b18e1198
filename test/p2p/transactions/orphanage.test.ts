import { expect, it } from 'vitest';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { MAX_ORPHANS, Orphanage } from '../../../src/p2p/transactions/orphanage.ts';
import { PackedTransaction } from '../../../src/p2p/transport/packed-transaction.ts';
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
  expect([...orphanage.childrenOf(parent)].map(({ packed }) => packed.decode().txidHex)).toEqual([child.txidHex]);
  orphanage.removeConflicts(spend({ inputs: [{ txid: parent.txid, vout: 0 }], outputs: [] }));
  expect(orphanage.hasWtxid(child.wtxid)).toBe(false);
  expect(orphanage.hasWtxid(other.wtxid)).toBe(true);
});

// Core's MAX_STANDARD_TX_WEIGHT.
it('keeps an orphan of 400,000 weight units, and none of more', () => {
  const { orphanage } = setUp();
  const base = orphan(1, 0, 99_000);
  const size = 99_000 + (400_000 - base.weight) / 4;
  const [standard, heavy] = [orphan(1, 0, size), orphan(1, 0, size + 1)];
  expect([standard.weight, heavy.weight]).toEqual([400_000, 400_004]);
  expect([orphanage.add(standard, alice), orphanage.add(heavy, alice)]).toEqual([true, false]);
});

it('keeps an orphan for 20 minutes from its first arrival', () => {
  const { clock, orphanage } = setUp();
  orphanage.add(orphan(1), alice);
  clock.advance(10 * 60_000);
  orphanage.add(orphan(1), bob);
  expect([...orphanage.get(orphan(1).wtxid)!.peers]).toEqual([alice, bob]);
  clock.advance(10 * 60_000);
  orphanage.add(orphan(2), alice);
  expect(orphanage.get(orphan(1).wtxid)).toBeUndefined();
});

it('has room for a new orphan once an old one is removed or has expired, without an eviction', () => {
  const { clock, orphanage } = setUp();
  for (let i = 0; i < MAX_ORPHANS; i++) orphanage.add(orphan(i), alice);
  orphanage.remove(orphan(7).wtxid);
  orphanage.remove(orphan(7).wtxid);
  orphanage.add(orphan(200), alice);
  expect(Array.from({ length: MAX_ORPHANS }, (_, i) => orphanage.hasWtxid(orphan(i).wtxid)).indexOf(false)).toBe(7);
  clock.advance(20 * 60_000);
  orphanage.add(orphan(201), alice);
  expect(orphanage.size).toBe(1);
});

it('evicts orphans at random', () => {
  const { orphanage } = setUp();
  for (let i = 0; i < 2 * MAX_ORPHANS; i++) orphanage.add(orphan(i), alice);
  const left = Array.from({ length: 2 * MAX_ORPHANS }, (_, i) => orphanage.hasWtxid(orphan(i).wtxid));
  const old = left.slice(0, MAX_ORPHANS).filter(Boolean).length;
  // Each has a chance of about (99 / 100) ** 100.
  expect(old).toBeGreaterThan(20);
  expect(old).toBeLessThan(55);
});

it('forgets by which outputs removed orphans are found', () => {
  const { orphanage } = setUp();
  const parent = spend({ inputs: [parentOf(9)], outputs: [{ value: 1n, scriptPubKey: new Uint8Array(1) }] });
  const child = (value: bigint) =>
    spend({ inputs: [{ txid: parent.txid, vout: 0 }], outputs: [{ value, scriptPubKey: new Uint8Array(1) }] });
  for (const value of [1n, 2n]) orphanage.add(child(value), alice);
  orphanage.remove(child(1n).wtxid);
  expect([...orphanage.childrenOf(parent)].map(({ packed }) => packed.decode().wtxidHex)).toEqual([child(2n).wtxidHex]);
  orphanage.peerClosed(alice);
  expect([...orphanage.childrenOf(parent)]).toEqual([]);
});

it('takes no memory for orphans that are gone, and uses it again for others', () => {
  const { orphanage } = setUp();
  const tx = orphan(1, 0, 300);
  orphanage.add(tx, alice);
  const { packed } = orphanage.get(tx.wtxid)!;
  expect(packed.decode().wtxidHex).toBe(tx.wtxidHex);
  orphanage.remove(tx.wtxid);
  expect(() => packed.decode()).toThrow('released');
  orphanage.add(orphan(2, 0, 300), alice);
  orphanage.add(orphan(3, 0, 300), alice);
  orphanage.clear();
  expect(orphanage.size).toBe(0);
  // Neither of them was given back twice.
  const [a, b] = [new PackedTransaction(orphan(4, 0, 300)), new PackedTransaction(orphan(5, 0, 300))];
  expect([a, b].map((each) => each.decode().wtxidHex)).toEqual([4, 5].map((n) => orphan(n, 0, 300).wtxidHex));
  for (const each of [a, b]) each.release();
});

it('keeps an orphan of every length whole', () => {
  for (const size of [1, 190, 191, 900, 4_000, 20_000, 60_000, 99_700]) {
    const { orphanage } = setUp();
    const tx = orphan(1, size, size);
    expect(orphanage.add(tx, alice)).toBe(true);
    expect(orphanage.get(tx.wtxid)!.packed.decode().encode()).toEqual(tx.encode());
    orphanage.clear();
  }
});
