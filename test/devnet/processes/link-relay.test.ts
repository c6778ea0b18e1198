import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinkRelay } from '../../../src/devnet/processes/link-relay.ts';
import { idealLink, type LinkConditions } from '../../../src/testing/link-conditions.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

let server: Server;
let clock: VirtualClock;
let conditions: LinkConditions | undefined;
let relay: LinkRelay;
/** What the server has received, by connection. */
let received: { readonly socket: Socket; text: string; hasEnded: boolean }[];

beforeEach(async () => {
  received = [];
  conditions = idealLink;
  clock = new VirtualClock();
  server = createServer({ allowHalfOpen: true }, (socket) => {
    const each = { socket, text: '', hasEnded: false };
    received.push(each);
    socket.on('data', (chunk) => {
      each.text += chunk.toString();
    });
    socket.on('end', () => {
      each.hasEnded = true;
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const target = () => ({ host: '127.0.0.1', port });
  relay = await LinkRelay.listen({ clock, target, conditions: () => conditions, random: () => 0.5 });
});

afterEach(async () => {
  await relay.close();
  for (const { socket } of received) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const dial = () =>
  connect({ ...relay.endpoint, allowHalfOpen: true })
    .on('error', () => {})
    .resume();
/** Resolves once `is` holds: turns of the event loop, in which sockets work. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}
const closed = (socket: Socket) => until(() => socket.destroyed || socket.readableEnded);

describe('a relay', () => {
  it('carries bytes both ways, and the end of each', async () => {
    const socket = dial();
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.end('question');
    await until(() => received[0]?.hasEnded === true);
    expect(received[0]!.text).toBe('question');
    received[0]!.socket.end('answer');
    await until(() => answer === 'answer' && socket.readableEnded);
    await until(() => relay.connections === 0);
  });

  it('holds bytes back for the latency, and keeps their order when it falls', async () => {
    conditions = { ...idealLink, latency: 1_000, jitter: 200 };
    const socket = dial();
    socket.write('a');
    await until(() => relay.bytesOnTheWay > 0);
    conditions = idealLink;
    socket.write('b');
    await until(() => socket.bytesWritten === 2);
    clock.advance(1_099);
    expect(received[0]?.text ?? '').toBe('');
    clock.advance(1);
    await until(() => received[0]?.text === 'ab');
    socket.destroy();
  });

  it('carries no more bytes a second than the bandwidth', async () => {
    conditions = { ...idealLink, bandwidth: 1_000 };
    const socket = dial();
    socket.write('x'.repeat(500));
    await until(() => relay.bytesOnTheWay > 0);
    clock.advance(499);
    expect(received[0]?.text ?? '').toBe('');
    clock.advance(1);
    await until(() => received[0]?.text.length === 500);
    socket.destroy();
  });

  it('closes its connections when the link is cut, refuses others, and accepts them again', async () => {
    const socket = dial();
    socket.write('a');
    await until(() => received[0]?.text === 'a');
    relay.closeCut();
    expect(relay.connections).toBe(1);
    conditions = undefined;
    relay.closeCut();
    expect(relay.connections).toBe(0);
    await closed(socket);
    await until(() => received[0]!.socket.destroyed || received[0]!.hasEnded);
    const refused = dial();
    await closed(refused);
    expect(received).toHaveLength(1);
    conditions = idealLink;
    const again = dial();
    again.write('b');
    await until(() => received[1]?.text === 'b');
    again.destroy();
    received[1]!.socket.end();
    await until(() => relay.connections === 0);
  });

  it('drops what is on the way when an end is gone', async () => {
    conditions = { ...idealLink, latency: 1_000 };
    const socket = dial();
    socket.write('a');
    await until(() => relay.bytesOnTheWay > 0);
    socket.resetAndDestroy();
    await until(() => relay.connections === 0);
    expect(relay.bytesOnTheWay).toBe(0);
    clock.advance(1_000);
    expect(received[0]?.text ?? '').toBe('');
  });

  it('sends the target nothing before its port is known there, and says when the port is free', async () => {
    await relay.close();
    let resolve = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    const events: string[] = [];
    const { port } = server.address() as { port: number };
    relay = await LinkRelay.listen({
      ...{ clock, target: () => ({ host: '127.0.0.1', port }), conditions: () => conditions, random: () => 0.5 },
      opened: (local) => {
        events.push(`opened ${local}`);
        return promise;
      },
      closed: (local) => events.push(`closed ${local}`),
    });
    const socket = dial();
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.write('a');
    await until(() => received.length === 1 && events.length === 1);
    const { remotePort } = received[0]!.socket;
    // What the target sends is not held back.
    received[0]!.socket.write('b');
    await until(() => answer === 'b' && relay.bytesOnTheWay === 1);
    expect([events, received[0]!.text]).toEqual([[`opened ${remotePort}`], '']);
    resolve();
    await until(() => received[0]!.text === 'a');
    socket.resetAndDestroy();
    await until(() => relay.connections === 0);
    expect(events).toEqual([`opened ${remotePort}`, `closed ${remotePort}`]);
  });

  it('stops reading at 4 MB on the way', async () => {
    conditions = { ...idealLink, latency: 60_000 };
    const socket = dial();
    const sent = Buffer.alloc(64 << 20);
    socket.write(sent);
    let before = -1;
    let quiet = 0;
    // Sockets of this machine hold a few megabytes more.
    while (quiet < 200) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = socket.bytesWritten === before ? quiet + 1 : 0;
      before = socket.bytesWritten;
    }
    expect(relay.bytesOnTheWay).toBeGreaterThan(4 << 20);
    expect(relay.bytesOnTheWay).toBeLessThan(5 << 20);
    clock.advance(60_000);
    conditions = idealLink;
    await until(() => received[0]!.text.length === sent.length);
    socket.destroy();
  });

  it('closes its connections and its port', async () => {
    const socket = dial();
    await until(() => relay.connections === 1);
    await relay.close();
    await closed(socket);
    const late = connect(relay.endpoint);
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve));
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('closes a connection whose target refuses', async () => {
    await new Promise((resolve) => server.close(resolve));
    const socket = dial();
    await closed(socket);
    expect(relay.connections).toBe(0);
  });
});
