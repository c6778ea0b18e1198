import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/p2p/net/endpoint.ts';
import type { Connection } from '../../src/p2p/transport/connection.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { idealLink, type LinkConditions } from '../../src/testing/link-conditions.ts';
import { MemoryNetwork } from '../../src/testing/memory-transport.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const server: Endpoint = { host: '10.0.0.1', port: 1 };

/** Two connected ends whose link the test changes. */
class Pair {
  readonly clock = new VirtualClock(0);
  link: LinkConditions | undefined = idealLink;
  readonly network = new MemoryNetwork(this.clock, { conditions: () => this.link, random: new SeededRandom(9) });
  /** Time and length of what has arrived. */
  readonly arrived: [time: number, bytes: number][] = [];
  closed = 0;
  client!: Connection;

  static async open(): Promise<Pair> {
    const pair = new Pair();
    await pair.network.transport(server.host).listen(server, (connection) => {
      connection.onData((bytes) => pair.arrived.push([pair.clock.now(), bytes.length]));
      connection.onClose(() => pair.closed++);
    });
    const connecting = pair.network.transport('10.0.0.2').connect(server);
    pair.clock.advance(0);
    pair.client = await connecting;
    pair.client.onClose(() => pair.closed++);
    pair.clock.advance(0);
    return pair;
  }

  send(bytes: number): void {
    this.client.send(new Uint8Array(bytes));
  }
}

describe('a link in memory', () => {
  it('adds latency and transmission time, and keeps the order', async () => {
    const pair = await Pair.open();
    pair.link = { ...idealLink, latency: 50, bandwidth: 1_000 };
    pair.send(100);
    pair.send(10);
    pair.link = { ...idealLink, latency: 1 };
    pair.send(1);
    pair.clock.advance(1_000);
    // 100 ms to send 100 bytes, then 10 ms for 10; the last overtakes none.
    expect(pair.arrived).toEqual([
      [150, 100],
      [160, 10],
      [160, 1],
    ]);
  });

  it('keeps the order of what arrives at nearly the same time, whatever timer fires first', async () => {
    const clock = new VirtualClock(0);
    const timers: (() => void)[] = [];
    let isHeld = false;
    // Timers of the system round their time, each in its own way.
    const held: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, callback) => {
        if (!isHeld) return clock.after(ms, callback);
        timers.push(callback);
        return { cancel() {} };
      },
    };
    const network = new MemoryNetwork(held, { random: new SeededRandom(9) });
    const arrived: number[] = [];
    await network.transport(server.host).listen(server, (connection) => {
      connection.onData((bytes) => arrived.push(bytes.length));
    });
    const connecting = network.transport('10.0.0.2').connect(server);
    clock.advance(0);
    const client = await connecting;
    clock.advance(0);
    isHeld = true;
    for (const bytes of [1, 2, 3]) client.send(new Uint8Array(bytes));
    timers[1]!();
    expect(arrived).toEqual([1, 2]);
    for (const i of [2, 0]) timers[i]!();
    expect(arrived).toEqual([1, 2, 3]);
  });

  it('adds jitter up to its limit', async () => {
    const pair = await Pair.open();
    pair.link = { ...idealLink, latency: 10, jitter: 5 };
    const delays: number[] = [];
    for (let i = 0; i < 50; i++) {
      const start = pair.clock.now();
      pair.send(1);
      pair.clock.advance(100);
      delays.push(pair.arrived.at(-1)![0] - start);
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...delays)).toBeLessThanOrEqual(15);
    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  it('delays lost packets, more for more packets', async () => {
    const pair = await Pair.open();
    pair.link = { ...idealLink, loss: 0.5 };
    const average = (bytes: number) => {
      let sum = 0;
      for (let i = 0; i < 100; i++) {
        const start = pair.clock.now();
        pair.send(bytes);
        pair.clock.advance(60_000);
        sum += pair.arrived.at(-1)![0] - start;
      }
      return sum / 100;
    };
    // With every second packet lost, each is sent again once on average, after 200 ms.
    expect(average(1_460)).toBeGreaterThan(120);
    expect(average(1_460)).toBeLessThan(280);
    expect(average(1_460 * 10)).toBeGreaterThan(1_600);
    pair.link = idealLink;
    expect(average(1_460 * 10)).toBe(0);
  });

  it('closes both ends when it is cut, and refuses connections', async () => {
    const pair = await Pair.open();
    pair.network.closeCut();
    pair.clock.advance(0);
    expect(pair.closed).toBe(0);
    pair.link = undefined;
    pair.network.closeCut();
    pair.clock.advance(0);
    expect(pair.closed).toBe(2);
    const connecting = pair.network.transport('10.0.0.2').connect(server);
    pair.clock.advance(0);
    await expect(connecting).rejects.toMatchObject({ code: 'connect-failed' });
  });

  it('holds back what a paused host sends and receives, in order', async () => {
    const pair = await Pair.open();
    pair.network.pause(server.host);
    pair.send(1);
    pair.clock.advance(10);
    pair.network.pause('10.0.0.2');
    pair.send(2);
    pair.clock.advance(10);
    expect(pair.arrived).toEqual([]);
    pair.network.resume(server.host);
    pair.clock.advance(10);
    expect(pair.arrived).toEqual([]);
    pair.network.resume('10.0.0.2');
    pair.clock.advance(10);
    expect(pair.arrived.map(([, bytes]) => bytes)).toEqual([1, 2]);
  });
});
