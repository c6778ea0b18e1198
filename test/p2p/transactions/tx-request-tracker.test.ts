import { beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/hex.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { TxRequestTracker } from '../../../src/p2p/transactions/tx-request-tracker.ts';
import { type InvEntry, InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { randomInt } from '../../../src/platform/random.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

const MINUTE = 60_000;

/** As much of a peer as the tracker looks at. */
const peerOf = (id: number, inbound = true) => ({ id, inbound }) as Peer;
const entryOf = (id: number): InvEntry => ({
  type: InvType.WTX,
  hash: new ByteWriter(32).u32(id).bytes(new Uint8Array(28)).finish(),
});

let tracker: TxRequestTracker;
beforeEach(() => {
  tracker = new TxRequestTracker(new SeededRandom(1));
});

/** Ids of the peers that are asked now, each with the number of its entries. */
const asked = (now: number) => [...tracker.due(now)].map(([{ id }, entries]) => [id, entries.length]);

describe('requests for transactions', () => {
  it('go to those we called first, and to the others in no order that these could know', () => {
    const firsts = new Set<number>();
    for (let i = 0; i < 50; i++) {
      for (const id of [1, 2, 3]) tracker.announced(peerOf(id), entryOf(i), 0, 0);
      firsts.add([...tracker.due(0).keys()][0]!.id);
      for (const id of [1, 2, 3]) tracker.announced(peerOf(id), entryOf(1000 + i), 0, 0);
      tracker.announced(peerOf(4, false), entryOf(1000 + i), 0, 0);
      expect(asked(0)).toEqual([[4, 1]]);
    }
    expect([...firsts].sort()).toEqual([1, 2, 3]);
  });

  it('wait for their time, and are due then', () => {
    const peer = peerOf(1);
    tracker.announced(peer, entryOf(1), 5, 2_000);
    tracker.announced(peer, entryOf(2), 5, 4_000);
    expect(asked(2_000)).toEqual([]);
    expect(tracker.nextDue()).toBe(2_100);
    expect(asked(2_100)).toEqual([[1, 1]]);
    expect(tracker.nextDue()).toBe(4_100);
    expect(asked(5_000)).toEqual([[1, 1]]);
    expect(tracker.nextDue()).toBe(2_100 + MINUTE);
    tracker.peerClosed(peer);
    expect(tracker.nextDue()).toBeUndefined();
  });

  it('that wait for a busy peer go to it as soon as it has answered, or to another one', () => {
    const [busy, idle] = [peerOf(1), peerOf(2)];
    for (let i = 0; i < 150; i++) tracker.announced(busy, entryOf(i), 0, 0);
    const first = [...tracker.due(0).values()].flat();
    expect(first).toHaveLength(100);
    expect(asked(1)).toEqual([]);
    tracker.receivedResponse(busy, first[0]!.hash);
    tracker.forget(first[1]!.hash);
    expect(asked(2)).toEqual([[1, 2]]);
    for (let i = 102; i < 150; i++) tracker.announced(idle, entryOf(i), 2, 0);
    expect(asked(2)).toEqual([[2, 48]]);
    expect(asked(3)).toEqual([]);
  });

  it('are made once of each who announced, whatever order things happen in', () => {
    const random = new SeededRandom(7);
    const peers = Array.from({ length: 6 }, (_, id) => peerOf(id, id % 3 > 0));
    const [announced, askedOf] = [new Set<string>(), new Set<string>()];
    const pair = (peer: Peer, hash: Uint8Array) => `${peer.id} ${toHex(hash)}`;
    const underWay = new Map<string, Peer>();
    const busiest: number[] = [];
    const faults: string[] = [];
    const step = (now: number) => {
      for (const [peer, entries] of tracker.due(now)) {
        for (const { hash } of entries) {
          const key = pair(peer, hash);
          if (!announced.has(key) || askedOf.has(key) || underWay.has(toHex(hash))) faults.push(key);
          askedOf.add(key);
          underWay.set(toHex(hash), peer);
        }
        busiest.push([...underWay.values()].filter((other) => other === peer).length);
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
      const [oldest] = underWay;
      if (oldest && randomInt(random, 3) === 0) {
        underWay.delete(oldest[0]);
        tracker.receivedResponse(oldest[1], Buffer.from(oldest[0], 'hex'));
      }
      now += randomInt(random, 10);
      step(now);
    }
    // Nobody answers any more.
    for (let due = tracker.nextDue(); due !== undefined; due = tracker.nextDue()) {
      underWay.clear();
      step(due);
    }
    expect(faults).toEqual([]);
    expect(Math.max(...busiest)).toBe(100);
    expect(askedOf.size).toBe(announced.size);
  });

  it('cost what they cost, however much others have announced', () => {
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
      expect(asked(1)).toEqual([[100, 1]]);
      tracker.nextDue();
      tracker.forget(entry.hash);
    }
    // To go through all that waits would take a minute.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
