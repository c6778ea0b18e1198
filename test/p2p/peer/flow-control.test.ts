import { describe, expect, it } from 'vitest';
import { regtest } from '../../../src/consensus/params.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { TurnScheduler } from '../../../src/p2p/peer/turn-scheduler.ts';
import type { Work } from '../../../src/p2p/peer/work.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';
import { Transaction } from '../../../src/primitives/transaction.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { framed, peerOnWire } from '../support/peer-on-wire.ts';
import { WorkClock } from '../support/work-clock.ts';

/** A message of 10 kB without effect. */
const small = framed('notfound', {
  entries: Array.from({ length: 277 }, () => ({ type: 1, hash: new Uint8Array(32) })),
});
/** A message of 100 kB without effect. */
const big = framed('notfound', {
  entries: Array.from({ length: 2_777 }, () => ({ type: 1, hash: new Uint8Array(32) })),
});
const ping = framed('ping', { nonce: 1n });

describe('a peer that does not read', () => {
  it('is not read above 5 MB while the send buffer is full, and is read again once that has drained', () => {
    const handled: string[] = [];
    const { connection } = peerOnWire(new VirtualClock(), { message: (_peer, command) => void handled.push(command) });
    connection.bufferedBytes = 1_000_001;
    let queued = 0;
    while (!connection.isPaused && queued < 50_000_000) {
      connection.arrive(big);
      queued += big.length;
    }
    expect(queued).toBeGreaterThan(4_900_000);
    expect(queued).toBeLessThanOrEqual(5_100_000);
    expect(handled).toEqual([]);
    connection.drain();
    expect(handled).toHaveLength(queued / big.length);
    expect(connection.isPaused).toBe(false);
  });

  it('is disconnected when more than 32 MB are unsent', () => {
    const reasons: string[] = [];
    const { peer, connection } = peerOnWire(new VirtualClock(), {
      closed: (_peer, reason) => void reasons.push(reason),
    });
    connection.bufferedBytes = 32_000_000;
    peer.send('ping', { nonce: 1n });
    expect(reasons).toEqual([]);
    connection.bufferedBytes++;
    peer.send('ping', { nonce: 1n });
    expect([reasons, connection.isClosed]).toEqual([['send buffer overflow'], true]);
  });

  it('has its work suspended while the send buffer is full', () => {
    let steps = 0;
    const { connection } = peerOnWire(new VirtualClock(), {
      *message(): Work {
        for (; steps < 10; steps++) {
          if (steps === 4) connection.bufferedBytes = 1_000_001;
          yield;
        }
      },
    });
    connection.arrive(ping);
    expect(steps).toBe(4);
    connection.drain();
    expect(steps).toBe(10);
  });
});

describe('a peer that waits for its slice', () => {
  it('is not read above 128 kB, and is read again later', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    let handled = 0;
    const message = () => {
      handled++;
      clock.spend(2);
    };
    const { connection } = peerOnWire(clock, { message }, turns);
    let arrived = 0;
    while (!connection.isPaused && arrived < 1_000) {
      connection.arrive(small);
      arrived++;
    }
    expect(arrived).toBeGreaterThan(10);
    expect(arrived).toBeLessThan(15);
    expect(handled).toBeLessThan(3);
    while ((await clock.turn()) > 0);
    expect([handled, connection.isPaused]).toEqual([arrived, false]);
  });

  it('is not read above 128 kB while a message waits for a promise', async () => {
    let settle = () => {};
    let handled = 0;
    const { connection } = peerOnWire(new VirtualClock(), {
      message: () => {
        handled++;
        return handled === 1 ? new Promise<void>((resolve) => (settle = resolve)) : undefined;
      },
    });
    for (let i = 0; i < 20; i++) connection.arrive(big);
    expect([handled, connection.isPaused]).toEqual([1, true]);
    settle();
    await new Promise(setImmediate);
    expect([handled, connection.isPaused]).toEqual([20, false]);
  });
});

describe('flooding peers', () => {
  it('share the main thread equally, and leave the rest of each turn to other tasks', async () => {
    const clock = new WorkClock();
    const turns = new TurnScheduler(clock);
    const counts = [0, 0, 0, 0];
    const connections = counts.map((_, i) => {
      const message = () => {
        counts[i]!++;
        clock.spend(0.1);
      };
      return peerOnWire(clock, { message }, turns).connection;
    });
    await clock.turn();
    // The first peer sends a hundred times as much as the others together.
    const flood = Buffer.concat(Array.from({ length: 30_000 }, () => ping));
    connections[0]!.arrive(flood);
    for (const connection of connections.slice(1)) connection.arrive(flood.subarray(0, 100 * ping.length));
    for (let i = 0; i < 10; i++) expect(await clock.turn()).toBeLessThanOrEqual(3.3);
    const [first, ...others] = counts as [number, ...number[]];
    for (const other of others) expect(Math.abs(first - other)).toBeLessThan(15);
  });

  it('can be disconnected during work, which is abandoned', async () => {
    const clock = new WorkClock();
    let steps = 0;
    const { peer, connection } = peerOnWire(clock, {
      *message(): Work {
        for (; steps < 100; steps++) {
          clock.spend(1);
          yield;
        }
      },
    });
    connection.arrive(Buffer.concat([ping, ping]));
    await clock.turn();
    expect(steps).toBeGreaterThan(0);
    peer.disconnect('test');
    const before = steps;
    while ((await clock.turn()) > 0);
    expect([steps, connection.isClosed]).toEqual([before, true]);
  });

  it('with long messages do not keep another peer waiting, whose ping is answered in the next turn', async () => {
    const clock = new WorkClock();
    // Each look at the clock takes time, and steps end with one.
    clock.costOfLook = 0.05;
    const turns = new TurnScheduler(clock);
    const inv = framed('inv', {
      entries: Array.from({ length: 50_000 }, () => ({ type: 5, hash: new Uint8Array(32) })),
    });
    const handled: string[] = [];
    const message = (_peer: Peer, command: string) => void handled.push(command);
    const floods = Array.from({ length: 16 }, () => peerOnWire(clock, { message }, turns).connection);
    const idle = peerOnWire(clock, { message }, turns).connection;
    while ((await clock.turn()) > 0.1);
    for (const connection of floods) connection.arrive(inv);
    while (handled.length === 0) await clock.turn();
    handled.length = 0;
    clock.spend(1_000);
    for (const connection of floods) connection.arrive(inv);
    await clock.turn();
    idle.arrive(ping);
    expect(await clock.turn()).toBeLessThan(4);
    expect(handled).toContain('ping');
  });

  it('are not decoded in one step', async () => {
    const input = {
      prevout: { txid: new Uint8Array(32), vout: 0 },
      scriptSig: new Uint8Array(0),
      sequence: 0,
      witness: [],
    };
    const inputs = Array.from({ length: 20_000 }, () => input);
    const tx = framed('tx', new Transaction({ version: 2, inputs, outputs: [], lockTime: 0 }));
    const unknown = Buffer.concat(new V1Framing(regtest.magic).frame('unknown', tx.subarray(24)));
    const timeOf = async (message: Uint8Array) => {
      const clock = new WorkClock();
      const { connection } = peerOnWire(clock);
      await clock.turn();
      clock.costOfLook = 1;
      const start = clock.monotonic();
      connection.arrive(message);
      while ((await clock.turn()) > 1);
      return clock.monotonic() - start;
    };
    // 820 kB in steps of 16 kB, each with a look at the clock.
    expect((await timeOf(tx)) - (await timeOf(unknown))).toBeGreaterThan(40);
  });

  it('get a long message handled only after its decoding, and no message before it', async () => {
    const handled: string[] = [];
    const { connection } = peerOnWire(new VirtualClock(), {
      message: (_peer, command) => {
        handled.push(command);
        return command === 'notfound' ? Promise.resolve() : undefined;
      },
    });
    connection.arrive(Buffer.concat([big, ping]));
    expect(handled).toEqual(['notfound']);
    await new Promise(setImmediate);
    expect(handled).toEqual(['notfound', 'ping']);
  });
});
