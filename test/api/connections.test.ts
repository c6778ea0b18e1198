import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { Connections, MAX_CONNECTIONS } from '../../src/api/rpc/connections.ts';
import { CountedClock } from '../support/counted-clock.ts';

/** A connection that can be closed from either side. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

let clock: CountedClock;
let connections: Connections;
beforeEach(() => {
  clock = new CountedClock();
  // A quarter of them, three, are for connections without credentials.
  connections = new Connections(clock, { total: 12 });
});

const asSocket = (socket: FakeSocket) => socket as unknown as Socket;
function add(count = 1, to = connections): FakeSocket[] {
  return Array.from({ length: count }, () => {
    const socket = new FakeSocket();
    to.add(asSocket(socket));
    return socket;
  });
}
/** Connections with credentials, on which a request is in progress. */
function addBusy(count: number): FakeSocket[] {
  return add(count).map((socket) => {
    connections.begin(asSocket(socket));
    return socket;
  });
}
const end = (sockets: readonly FakeSocket[]) => {
  for (const socket of sockets) connections.end(asSocket(socket));
};
const open = (sockets: readonly FakeSocket[]) => sockets.map((socket) => !socket.destroyed);
const turns = async () => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('Connections', () => {
  it('are 512 by default, of which a quarter may be without credentials', async () => {
    expect(MAX_CONNECTIONS).toBe(512);
    const usual = new Connections(clock);
    const sockets = add(129, usual);
    await turns();
    expect(open(sockets).indexOf(true)).toBe(1);
    expect(usual.size).toBe(128);
  });

  it('without credentials end after ten seconds, and those with credentials do not', () => {
    const [silent, known] = add(2);
    connections.begin(asSocket(known!));
    clock.advance(9_999);
    expect(open([silent!, known!])).toEqual([true, true]);
    clock.advance(1);
    expect(open([silent!, known!])).toEqual([false, true]);
    end([known!]);
    clock.advance(3_600_000);
    expect([known!.destroyed, connections.size]).toEqual([false, 1]);
  });

  it('leave no timer and no count when they close', () => {
    const [silent] = add();
    const [busy, idle] = addBusy(2);
    end([idle!]);
    expect(connections.size).toBe(3);
    silent!.destroy();
    expect(connections.size).toBe(2);
    busy!.destroy();
    expect(connections.size).toBe(1);
    // The answer to a client that is gone.
    end([busy!]);
    idle!.destroy();
    expect(connections.size).toBe(0);
    connections.begin(asSocket(idle!));
    expect(connections.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('close the oldest without credentials above their share, two turns later', async () => {
    const sockets = add(4);
    expect(open(sockets)).toEqual([true, true, true, true]);
    await new Promise((resolve) => setImmediate(resolve));
    // Credentials of the oldest arrive in time.
    connections.begin(asSocket(sockets[0]!));
    await turns();
    expect(open(sockets)).toEqual([true, true, true, true]);
    const more = add(2);
    await turns();
    expect(open([...sockets, ...more])).toEqual([true, false, false, true, true, true]);
    // And again, later.
    const last = add(1);
    await turns();
    expect(open([...sockets, ...more, ...last])).toEqual([true, false, false, false, true, true, true]);
  });

  it('make room when all places are taken: the longest idle first, then those without credentials, never busy ones', async () => {
    const busy = addBusy(8);
    const idle = addBusy(2);
    end([idle[1]!, idle[0]!]);
    const silent = add(2);
    await turns();
    expect(open([...busy, ...idle, ...silent])).toEqual(Array(12).fill(true));
    const first = addBusy(1);
    await turns();
    expect(open(idle)).toEqual([true, false]);
    // A request on an idle connection makes it busy, and its end the most recent.
    connections.begin(asSocket(idle[0]!));
    end([idle[0]!]);
    const second = addBusy(1);
    await turns();
    expect(open(idle)).toEqual([false, false]);
    const third = addBusy(1);
    await turns();
    expect(open(silent)).toEqual([false, true]);
    const fourth = addBusy(2);
    await turns();
    expect(open(silent)).toEqual([false, false]);
    expect(open([...busy, ...first, ...second, ...third, ...fourth])).toEqual(Array(13).fill(true));
    expect(connections.size).toBe(13);
  });

  it('that are used again are busy, and count once', async () => {
    const [again] = addBusy(1);
    end([again!]);
    connections.begin(asSocket(again!));
    expect(connections.size).toBe(1);
    const busy = addBusy(12);
    await turns();
    connections.closeIdle();
    expect(open([again!, ...busy])).toEqual(Array(13).fill(true));
  });

  it('are refused at once above twice their number', () => {
    const busy = addBusy(24);
    expect(open(busy)).toEqual(Array(24).fill(true));
    const [refused] = add();
    expect([refused!.destroyed, connections.size]).toEqual([true, 24]);
  });

  it('that no request is in progress on are closed at the end', () => {
    const [busy, idle] = addBusy(2);
    end([idle!]);
    const [silent] = add();
    connections.closeIdle();
    expect(open([busy!, idle!, silent!])).toEqual([true, false, false]);
  });
});
