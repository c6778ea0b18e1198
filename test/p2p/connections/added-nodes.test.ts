import { describe, expect, it } from 'vitest';
import { AddedNodes } from '../../../src/p2p/connections/added-nodes.ts';
import { Dialer } from '../../../src/p2p/connections/dialer.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import type { Connection, Transport } from '../../../src/p2p/transport/connection.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { CapturedLogger } from '../../support/captured-logger.ts';
import { flush } from '../support/network.ts';

const NODE = { host: '192.0.2.1', port: 8333 };

/** A node whose connection attempts fail unless `answer` says otherwise. */
function start() {
  const clock = new VirtualClock();
  const state = { connected: false, own: false, answer: () => Promise.reject<Connection>(new Error('refused')) };
  /** Milliseconds, since the start, of each attempt. */
  const dials: number[] = [];
  const versions: string[] = [];
  const begin = clock.monotonic();
  const transport = {
    connect: () => {
      dials.push(clock.monotonic() - begin);
      return state.answer();
    },
  } as unknown as Transport;
  const dialer = new Dialer({ transport, logger: silentLogger }, (_connection, type, _target, version) => {
    versions.push(`${type} ${version}`);
    return {} as Peer;
  });
  dialer.start();
  const log = new CapturedLogger();
  const added = new AddedNodes({ clock, logger: log }, dialer, {
    isConnected: () => state.connected,
    isOwn: () => state.own,
  });
  const advance = async (ms: number) => {
    await flush();
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await flush();
    }
  };
  return { added, advance, clock, dialer, dials, log, state, versions };
}

describe('an added node', () => {
  it('that refuses is dialed at once, then after 100 ms, and each time after twice as long, up to 30 seconds', async () => {
    const { added, advance, dials } = start();
    added.add(NODE, 'v1');
    expect(dials).toEqual([0]);
    await advance(120_000);
    const gaps = dials.slice(1).map((at, i) => at - dials[i]!);
    expect(gaps).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('that does not answer is warned of at the first attempt, and at each tenth after it, anew after a handshake', async () => {
    const { added, advance, dials, log } = start();
    added.add(NODE, 'v1');
    await advance(0);
    const line = { level: 'warn', message: 'seed or added node not reached, connecting again' };
    expect(log.lines).toEqual([{ ...line, address: '192.0.2.1:8333', reason: 'refused', retryMs: 100 }]);
    await advance(120_000);
    expect(dials).toHaveLength(12);
    expect(log.lines.slice(1)).toMatchObject([{ ...line, retryMs: 30_000 }]);
    added.connected(NODE);
    added.disconnected(NODE);
    await advance(100);
    expect(log.lines.slice(2)).toMatchObject([{ ...line, retryMs: 200 }]);
    added.remove(NODE);
    await advance(1_000);
    expect(log.lines).toHaveLength(3);
  });

  it('is dialed after 100 ms again once a handshake has succeeded', async () => {
    const { added, advance, dials } = start();
    added.add(NODE, 'v1');
    await advance(2_000);
    expect(dials).toEqual([0, 100, 300, 700, 1500]);
    added.connected(NODE);
    added.disconnected(NODE);
    await advance(300);
    expect(dials.slice(5)).toEqual([2_100, 2_300]);
  });

  it('has one attempt pending, however often its connection is lost', async () => {
    const { added, advance, dials, state } = start();
    state.connected = true;
    added.add(NODE, 'v1');
    state.connected = false;
    for (let i = 0; i < 3; i++) added.disconnected(NODE);
    await advance(400);
    expect(dials).toEqual([400]);
  });

  it.each(['connected', 'own'] as const)('is not dialed while it is %s', async (reason) => {
    const { added, advance, dials, state } = start();
    state[reason] = true;
    expect(added.add(NODE, 'v1')).toBe(true);
    added.disconnected(NODE);
    await advance(60_000);
    expect(dials).toEqual([]);
  });

  it('that is being dialed otherwise is not dialed twice at a time, but later', async () => {
    const { added, advance, dialer, dials, state } = start();
    let refuse = () => {};
    state.answer = () =>
      new Promise((_, reject) => {
        refuse = () => reject(new Error('refused'));
      });
    dialer.tryDial(NODE, 'manual', 'v1');
    added.add(NODE, 'v1');
    await advance(1_000);
    expect(dials).toEqual([0]);
    refuse();
    await advance(1_000);
    expect(dials).toEqual([0, 1_500]);
  });

  it('is not dialed while networking is off, and at once, with a new backoff, when it is on again', async () => {
    const { added, advance, dialer, dials } = start();
    added.add(NODE, 'v1');
    await advance(1_000);
    expect(dials).toEqual([0, 100, 300, 700]);
    dialer.stop();
    added.stop();
    added.disconnected(NODE);
    await advance(60_000);
    expect(dials).toHaveLength(4);
    dialer.start();
    added.start();
    await advance(300);
    expect(dials.slice(4)).toEqual([61_000, 61_100, 61_300]);
  });

  it('has no attempt left from before networking was switched off and on', async () => {
    const { added, advance, dialer, dials, state } = start();
    added.add(NODE, 'v1');
    await advance(2_000);
    expect(dials).toEqual([0, 100, 300, 700, 1500]);
    dialer.stop();
    added.stop();
    dialer.start();
    state.answer = () => Promise.resolve({} as Connection);
    added.start();
    await advance(10_000);
    expect(dials.slice(5)).toEqual([2_000]);
  });

  it('is dialed over the version it was added with, as a manual connection', async () => {
    const { added, advance, state, versions } = start();
    state.answer = () => Promise.resolve({} as Connection);
    added.add(NODE, 'v2');
    added.add({ ...NODE, port: 8334 }, 'v1');
    await advance(100);
    expect(versions).toEqual(['manual v2', 'manual v1']);
  });

  it('is listed and dialed until it is removed', async () => {
    const { added, advance, dials } = start();
    expect([added.add(NODE, 'v1'), added.add(NODE, 'v2'), added.endpoints()]).toEqual([true, false, [NODE]]);
    await flush();
    expect([added.remove(NODE), added.remove(NODE), added.endpoints()]).toEqual([true, false, []]);
    added.disconnected(NODE);
    await advance(60_000);
    expect(dials).toEqual([0]);
  });

  it('that was removed and added again during an attempt is dialed by its new entry only', async () => {
    const { added, advance, dials, state } = start();
    const refusals: (() => void)[] = [];
    state.answer = () => new Promise((_, reject) => refusals.push(() => reject(new Error('refused'))));
    added.add(NODE, 'v1');
    added.remove(NODE);
    added.add(NODE, 'v1');
    refusals[0]!();
    await advance(100);
    expect(dials).toEqual([0, 100]);
    await advance(60_000);
    expect(dials).toEqual([0, 100]);
  });
});
