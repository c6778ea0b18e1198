import { beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/hex.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { TxRequestTracker } from '../../../src/p2p/transactions/tx-request-tracker.ts';
import { type InvEntry, InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { randomInt } from '../../../src/platform/random.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { takeCensus } from '../../support/census.ts';

const MINUTE = 60_000;

/** The fields of a peer that the tracker uses. */
const peerOf = (id: number, inbound = true) => ({ id, inbound }) as Peer;
const entryOf = (id: number): InvEntry => ({
  type: InvType.WTX,
  hash: new ByteWriter(32).u32(id).bytes(new Uint8Array(28)).finish(),
});

let tracker: TxRequestTracker;
beforeEach(() => {
  tracker = new TxRequestTracker(new SeededRandom(1));
});

/** Returns the ids of the peers with due requests, each with the number of entries. */
const due = (now: number) => [...tracker.due(now)].map(([{ id }, entries]) => [id, entries.length]);

describe('transaction requests', () => {
  it('go to outbound peers first, and to inbound peers in random order', () => {
    const firsts = new Set<number>();
    for (let i = 0; i < 50; i++) {
      for (const id of [1, 2, 3]) tracker.announced(peerOf(id), entryOf(i), 0, 0);
      firsts.add([...tracker.due(0).keys()][0]!.id);
      for (const id of [1, 2, 3]) tracker.announced(peerOf(id), entryOf(1000 + i), 0, 0);
      tracker.announced(peerOf(4, false), entryOf(1000 + i), 0, 0);
      expect(due(0)).toEqual([[4, 1]]);
    }
    expect([...firsts].sort()).toEqual([1, 2, 3]);
  });

  it('are due after their delay', () => {
    const peer = peerOf(1);
    tracker.announced(peer, entryOf(1), 5, 2_000);
    tracker.announced(peer, entryOf(2), 5, 4_000);
    expect(due(2_000)).toEqual([]);
    expect(tracker.nextDue()).toBe(2_100);
    expect(due(2_100)).toEqual([[1, 1]]);
    expect(tracker.nextDue()).toBe(4_100);
    expect(due(5_000)).toEqual([[1, 1]]);
    expect(tracker.nextDue()).toBe(2_100 + MINUTE);
    tracker.peerClosed(peer);
    expect(tracker.nextDue()).toBeUndefined();
  });

  it('held at a busy peer go to it as soon as it responds, or to another peer', () => {
    const [busy, idle] = [peerOf(1), peerOf(2)];
    for (let i = 0; i < 150; i++) tracker.announced(busy, entryOf(i), 0, 0);
    const first = [...tracker.due(0).values()].flat();
    expect(first).toHaveLength(100);
    expect(due(1)).toEqual([]);
    tracker.receivedResponse(busy, first[0]!.hash);
    tracker.forget(first[1]!.hash);
    expect(due(2)).toEqual([[1, 2]]);
    for (let i = 102; i < 150; i++) tracker.announced(idle, entryOf(i), 2, 0);
    expect(due(2)).toEqual([[2, 48]]);
    expect(due(3)).toEqual([]);
  });

  it('are sent once to each announcing peer, in any order of events', () => {
    const random = new SeededRandom(7);
    const peers = Array.from({ length: 6 }, (_, id) => peerOf(id, id % 3 > 0));
    const [announced, requested] = [new Set<string>(), new Set<string>()];
    const pair = (peer: Peer, hash: Uint8Array) => `${peer.id} ${toHex(hash)}`;
    const inFlight = new Map<string, Peer>();
    const busiest: number[] = [];
    const faults: string[] = [];
    const step = (now: number) => {
      for (const [peer, entries] of tracker.due(now)) {
        for (const { hash } of entries) {
          const key = pair(peer, hash);
          if (!announced.has(key) || requested.has(key) || inFlight.has(toHex(hash))) faults.push(key);
          requested.add(key);
          inFlight.set(toHex(hash), peer);
        }
        busiest.push([...inFlight.values()].filter((other) => other === peer).length);
      }
    };
    let now = 0;
    for (let i = 0; i < 3_000; i++) {
      const peer = peers[randomInt(random, peers.length)]!;
      const entry = entryOf(randomInt(random, 900));
      if (!announced.has(pair(peer, entry.hash))) {
        announced.add(pair(peer, entry.hash));
        tracker.announced(peer, entry, now, [0, 0, 2_000, 4_000][randomInt(random, 4)]!);
      }
      const [oldest] = inFlight;
      if (oldest && randomInt(random, 3) === 0) {
        inFlight.delete(oldest[0]);
        tracker.receivedResponse(oldest[1], Buffer.from(oldest[0], 'hex'));
      }
      now += randomInt(random, 10);
      step(now);
    }
    // No further responses.
    for (let next = tracker.nextDue(); next !== undefined; next = tracker.nextDue()) {
      inFlight.clear();
      step(next);
    }
    expect(faults).toEqual([]);
    expect(Math.max(...busiest)).toBe(100);
    expect(requested.size).toBe(announced.size);
  });

  it('are sent to the next peer 60 seconds after the last one', () => {
    tracker.announced(peerOf(1, false), entryOf(1), 0, 0);
    tracker.announced(peerOf(2), entryOf(1), 0, 0);
    expect(due(0)).toEqual([[1, 1]]);
    expect([due(MINUTE - 1), tracker.nextDue()]).toEqual([[], MINUTE]);
    expect(due(MINUTE)).toEqual([[2, 1]]);
    expect(tracker.nextDue()).toBe(2 * MINUTE);
    expect([due(2 * MINUTE), tracker.nextDue()]).toEqual([[], undefined]);
  });

  it('have the type and hash of the announcement', () => {
    const announced = { ...entryOf(1), type: InvType.WITNESS_TX };
    tracker.announced(peerOf(1), announced, 0, 0);
    expect([...tracker.due(0).values()]).toEqual([[announced]]);
  });

  it.each([
    [1, 99, 100],
    [1, 100, 200],
    [0, 100, 100],
    [0, 0, 0],
    [7, 0, 7],
  ])('announced at %d with a delay of %d are due at %d', (now, delay, at) => {
    tracker.announced(peerOf(1), entryOf(1), now, delay);
    if (at > now) expect(due(at - 1)).toEqual([]);
    expect(due(at)).toEqual([[1, 1]]);
  });

  // Core: MAX_PEER_TX_ANNOUNCEMENTS.
  it('are of at most 5,000 announcements of a peer, of which a response frees one', () => {
    const [peer, other] = [peerOf(1), peerOf(2)];
    for (let i = 0; i < 5_001; i++) tracker.announced(peer, entryOf(i), 0, 0);
    tracker.announced(other, entryOf(5_000), 0, 0);
    // Only the other peer's announcement of the last one counts.
    expect(due(0)).toEqual([
      [1, 100],
      [2, 1],
    ]);
    tracker.receivedResponse(peer, entryOf(0).hash);
    tracker.announced(peer, entryOf(6_000), 1, 0);
    tracker.announced(peer, entryOf(6_001), 1, 0);
    tracker.peerClosed(other);
    for (let i = 1; i < 5_000; i++) tracker.receivedResponse(peer, entryOf(i).hash);
    expect([...tracker.due(2).values()].flat().map(({ hash }) => toHex(hash))).toEqual([toHex(entryOf(6_000).hash)]);
  });

  it('cost the same however many announcements other peers have made', () => {
    let id = 0;
    for (let i = 0; i < 20; i++) {
      const flooder = peerOf(i);
      for (let j = 0; j < 5_100; j++) tracker.announced(flooder, entryOf(id++), 0, 0);
    }
    expect([...tracker.due(0).values()].flat()).toHaveLength(20 * 100);
    const honest = peerOf(100, false);
    const started = performance.now();
    for (let i = 0; i < 2_000; i++) {
      const entry = entryOf(id++);
      tracker.announced(honest, entry, 1, 0);
      expect(due(1)).toEqual([[100, 1]]);
      tracker.nextDue();
      tracker.forget(entry.hash);
    }
    // A scan of all announcements would take a minute.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('hold nothing of a closed peer, nor of a forgotten transaction', () => {
    const peer = peerOf(1);
    for (let id = 0; id < 300; id++) tracker.announced(peer, entryOf(id), 0, id % 3 === 0 ? 0 : 500);
    tracker.announced(peerOf(2), entryOf(7), 0, 0);
    due(0);
    tracker.peerClosed(peer);
    tracker.forget(entryOf(7).hash);
    const { entries } = takeCensus(tracker, () => false);
    const held = [...entries].filter(([path, count]) => count > 0 && !path.includes('random'));
    // The other peer itself.
    expect(held.map(([, count]) => count)).toEqual([1]);
  });
});
