import { describe, expect, it } from 'vitest';
import { KeepAlive, randomNonce } from '../../../src/p2p/peer/keep-alive.ts';
import type { Random } from '../../../src/platform/random.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const MINUTE = 60_000;

function start() {
  const clock = new VirtualClock();
  const sent: bigint[] = [];
  const keepAlive = new KeepAlive(clock, new SeededRandom(1), (nonce) => sent.push(nonce));
  /** Sends the next ping, which is answered after `ms`. */
  const ping = (ms: number) => {
    clock.advance(2 * MINUTE);
    expect(keepAlive.tick()).toBe(true);
    clock.advance(ms);
    keepAlive.pong(sent.at(-1)!);
  };
  return { clock, sent, keepAlive, ping };
}

describe('KeepAlive', () => {
  it('measures the last and the shortest round trip, in milliseconds', () => {
    const { keepAlive, ping } = start();
    expect([keepAlive.lastMs, keepAlive.bestMs]).toEqual([undefined, undefined]);
    const measured = [50, 80, 20, 30].map((ms) => {
      ping(ms);
      return [keepAlive.lastMs, keepAlive.bestMs];
    });
    expect(measured).toEqual([
      [50, 50],
      [80, 50],
      [20, 20],
      [30, 20],
    ]);
  });

  it('pings every two minutes, and at the next tick on request, but not while a ping is outstanding', () => {
    const { clock, keepAlive, sent } = start();
    keepAlive.tick();
    expect(sent).toHaveLength(1);
    keepAlive.request();
    clock.advance(5 * MINUTE);
    keepAlive.tick();
    expect(sent).toHaveLength(1);
    keepAlive.pong(sent[0]!);
    keepAlive.tick();
    expect(sent).toHaveLength(2);
    keepAlive.pong(sent[1]!);
    clock.advance(2 * MINUTE - 1);
    keepAlive.tick();
    expect(sent).toHaveLength(2);
    clock.advance(1);
    keepAlive.tick();
    expect(sent).toHaveLength(3);
  });

  it('waits 20 minutes for a pong', () => {
    const { clock, keepAlive } = start();
    expect(keepAlive.waitingMs).toBeUndefined();
    keepAlive.tick();
    clock.advance(20 * MINUTE);
    expect([keepAlive.tick(), keepAlive.waitingMs]).toEqual([true, 20 * MINUTE]);
    clock.advance(1);
    expect(keepAlive.tick()).toBe(false);
  });

  it('ignores an unknown nonce, and takes nonce 0 as an answer without a measurement', () => {
    const { clock, keepAlive, sent } = start();
    keepAlive.tick();
    clock.advance(70);
    keepAlive.pong(sent[0]! + 1n);
    expect(keepAlive.waitingMs).toBe(70);
    keepAlive.pong(0n);
    expect([keepAlive.waitingMs, keepAlive.lastMs, keepAlive.bestMs]).toEqual([undefined, undefined, undefined]);
    keepAlive.pong(sent[0]!);
    expect(keepAlive.lastMs).toBeUndefined();
  });

  it('never uses nonce 0', () => {
    let calls = 0;
    const random = { bytes: (length: number) => new Uint8Array(length).fill(calls++ < 3 ? 0 : 1) } as unknown as Random;
    expect(randomNonce(random)).toBe(0x0101010101010101n);
  });
});
