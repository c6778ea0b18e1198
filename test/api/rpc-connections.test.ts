import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { integerArgument } from '../../src/api/arguments/arguments.ts';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import { JsonList } from '../../src/api/json/json.ts';
import { type Method, method } from '../../src/api/method/method.ts';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { Emitter } from '../../src/platform/emitter.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { waitFor } from '../support/wait.ts';

/** Events whose listeners are counted. */
class CountedEvents extends Emitter<{ tip: { tip: unknown } }> {
  listeners = 0;

  override on(name: 'tip', listener: (event: { tip: unknown }) => void): () => void {
    this.listeners++;
    const unsubscribe = super.on(name, listener);
    return () => {
      this.listeners--;
      unsubscribe();
    };
  }
}

let computed = 0;
const own: Method[] = [
  method({
    name: 'list',
    category: 'Util',
    description: 'Returns many texts of a kilobyte.',
    arguments: [integerArgument('count', 'The number of texts.')],
    result: '["text", ...]',
    handler: (_context, count) => {
      function* items() {
        for (let i = 0; i < count; i++) {
          computed++;
          yield 'x'.repeat(1024);
        }
      }
      return new JsonList(items());
    },
  }),
];

/** Texts of a result that is larger than all buffers between server and client. */
const MANY = 100_000;

let clock: VirtualClock;
let events: CountedEvents;
let dir: string;
let server: RpcServer;
let client: RpcClient;
let authorization: string;
let sockets: Socket[];

beforeEach(async () => {
  clock = new VirtualClock();
  events = new CountedEvents();
  computed = 0;
  sockets = [];
  dir = await mkdtemp(join(tmpdir(), 'pier-rpc-'));
  const node = {
    clock,
    logger: silentLogger,
    startedAt: clock.monotonic(),
    chain: { events, tip: { height: 7, hashHex: '00'.repeat(32), hash: new Uint8Array(32) } },
  } as unknown as RpcNode;
  const options = { host: '127.0.0.1', port: 0, cookieFile: join(dir, '.cookie') };
  const methods = new Map([...rpcMethods, ...own.map((each) => [each.name, each] as const)]);
  server = await RpcServer.start({ ...options, connections: { total: 12 } }, node, methods);
  client = new RpcClient({ host: server.host, port: server.port, cookieFile: server.cookieFile });
  authorization = `Basic ${(await readFile(server.cookieFile)).toString('base64')}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

/** Opens a connection to the server. */
async function open(): Promise<Socket> {
  const socket = connect(server.port, server.host).on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Returns a connection that notes what it receives. */
async function openReading(): Promise<{ socket: Socket; received: () => string }> {
  const socket = await open();
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  return { socket, received: () => text };
}

/** Returns an HTTP request with the server's credentials. */
function request(body: string, headers: readonly string[] = []): string {
  const lines = ['POST / HTTP/1.1', 'Host: x', `Authorization: ${authorization}`, `Content-Length: ${body.length}`];
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

const call = (name: string, ...params: unknown[]) => JSON.stringify({ id: 1, method: name, params });
const count = (text: string, part: string) => text.split(part).length - 1;
const closed = (list: readonly Socket[]) => list.filter((socket) => socket.closed || socket.readableEnded).length;

describe('connections without credentials', () => {
  it('are closed, the oldest first, when there are too many, and shut out no caller', async () => {
    for (let i = 0; i < 30; i++) (await open()).resume();
    await waitFor(() => closed(sockets) === 27, { describe: () => `27 closed, ${closed(sockets)} are` });
    expect(sockets.slice(27).map((socket) => socket.closed)).toEqual([false, false, false]);
    expect(await client.call('getblockcount')).toBe(7);
  });

  it('have ten seconds to present them', async () => {
    const silent = (await open()).resume();
    const slow = (await open()).resume();
    slow.write('POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic');
    const refused = await openReading();
    refused.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
    // Before the body.
    await waitFor(() => refused.received().startsWith('HTTP/1.1 401 '));
    expect(await client.call('getblockcount')).toBe(7);
    const trusted = await openReading();
    trusted.socket.write(request(call('getblockcount')));
    await waitFor(() => trusted.received().includes('"result":7'));

    clock.advance(9_999);
    expect(await client.call('getblockcount')).toBe(7);
    expect(closed([silent, slow, refused.socket])).toBe(0);
    clock.advance(1);
    await waitFor(() => closed([silent, slow, refused.socket]) === 3);
    trusted.socket.write(request(call('getblockcount')));
    await waitFor(() => count(trusted.received(), '"result":7') === 2);
  });

  it('are asked to send a body only with credentials', async () => {
    const expects = 'Expect: 100-continue';
    const stranger = await openReading();
    stranger.socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n${expects}\r\n\r\n`);
    await waitFor(() => stranger.received().includes('\r\n\r\n'));
    expect(stranger.received()).toMatch(/^HTTP\/1\.1 401 /);

    const known = await openReading();
    const body = call('getblockcount');
    known.socket.write(request(body, [expects]).slice(0, -body.length));
    await waitFor(() => known.received() === 'HTTP/1.1 100 Continue\r\n\r\n');
    known.socket.write(body);
    await waitFor(() => known.received().includes('"result":7'));
  });
});

describe('connections with credentials', () => {
  it('make room when all places are taken, the longest idle first, but not those in use', async () => {
    const busy = await openReading();
    busy.socket.write(request(call('waitfornewblock')));
    await waitFor(() => events.listeners === 1);
    const idle: Socket[] = [];
    for (let i = 0; i < 13; i++) {
      const { socket, received } = await openReading();
      socket.write(request(call('getblockcount')));
      await waitFor(() => received().includes('"result":7'));
      idle.push(socket);
    }
    // Twelve places, of which one is in use.
    await waitFor(() => closed(idle) === 2, { describe: () => `2 closed, ${closed(idle)} are` });
    expect(closed(idle.slice(0, 2))).toBe(2);
    expect(busy.socket.closed).toBe(false);
    expect(events.listeners).toBe(1);
  });

  it('have one request in progress, and answer requests sent ahead in order', async () => {
    const { socket, received } = await openReading();
    socket.write(request(call('waitfornewblock')) + request(call('list', 1)) + request(call('getblockcount')));
    await waitFor(() => events.listeners === 1);
    expect(await client.call('getblockcount')).toBe(7);
    expect(computed).toBe(0);
    events.emit('tip', { tip: { hash: new Uint8Array(32).fill(1) } });
    await waitFor(() => received().includes('"result":7,'));
    expect(received()).toMatch(/"height":7.*xxx.*"result":7,/s);
    expect(computed).toBe(1);
  });
});

describe('a call whose client disconnects', () => {
  it('stops to wait', async () => {
    for (const name of ['waitfornewblock', 'waitforblockheight']) {
      const params = name === 'waitforblockheight' ? [100] : [];
      const { socket } = await openReading();
      socket.write(request(call(name, ...params)));
      await waitFor(() => events.listeners === 1);
      socket.destroy();
      await waitFor(() => events.listeners === 0);
    }
  });

  it('leaves no listener when its timeout has passed', async () => {
    const { socket, received } = await openReading();
    socket.write(request(call('waitfornewblock', 1_000)));
    await waitFor(() => events.listeners === 1);
    clock.advance(1_000);
    await waitFor(() => received().includes('"height":7'));
    expect(events.listeners).toBe(0);
  });

  it('ends the rest of a batch', async () => {
    const batch = Array.from({ length: 1000 }, () => ({ id: 1, method: 'waitfornewblock', params: [] }));
    const { socket } = await openReading();
    socket.write(request(JSON.stringify(batch)));
    await waitFor(() => events.listeners === 1);
    socket.destroy();
    await waitFor(() => events.listeners === 0);
    expect(await client.call('getrpcinfo')).toMatchObject({ active_commands: [{ method: 'getrpcinfo' }] });
  });
});

describe('a large result', () => {
  /** Resolves when the buffers between the server and a client that does not read are full. */
  async function untilStalled(): Promise<void> {
    for (let before = 0; before < computed; ) {
      before = computed;
      for (let i = 0; i < 50; i++) await client.call('getblockcount');
    }
  }

  it('is computed no faster than the client reads it, and not at all for one that is gone', async () => {
    const socket = await open();
    socket.pause();
    socket.write(request(call('list', MANY)));
    await waitFor(() => computed > 1000);
    await untilStalled();
    expect(computed).toBeLessThan(MANY / 2);
    socket.destroy();
    await client.call('getblockcount');
    expect(computed).toBeLessThan(MANY / 2);
    expect(await client.call('getrpcinfo')).toMatchObject({ active_commands: [{ method: 'getrpcinfo' }] });
  });

  it('ends after half a minute without progress', async () => {
    const { socket, received } = await openReading();
    socket.pause();
    socket.write(request(call('list', MANY)));
    await waitFor(() => computed > 1000);
    await untilStalled();
    clock.advance(30_000);
    socket.resume();
    await once(socket, 'close');
    expect(received().length).toBeLessThan((MANY * 1024) / 2);
    expect(computed).toBeLessThan(MANY / 2);
  });

  it('arrives whole, also in a batch', async () => {
    expect(await client.call<string[]>('list', [3000])).toEqual(Array.from({ length: 3000 }, () => 'x'.repeat(1024)));
    const body = `[${call('list', 2000)},${call('getblockcount')},${call('nope')},${call('list', 1)}]`;
    const reply = await fetch(`http://127.0.0.1:${server.port}/`, {
      method: 'POST',
      body,
      headers: { authorization },
    });
    const answers = (await reply.json()) as { result: unknown; error: unknown }[];
    expect([reply.status, answers.length, (answers[0]!.result as unknown[]).length]).toEqual([200, 4, 2000]);
    expect(answers.slice(1)).toMatchObject([
      { result: 7 },
      { result: null, error: { code: -32601 } },
      { result: ['x'.repeat(1024)] },
    ]);
  });
});
