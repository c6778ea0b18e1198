import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { connectControl } from '../../src/control/client/connect.ts';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import type { ControlChannel } from '../../src/control/protocol/messages.ts';
import { ControlServer } from '../../src/control/server/control-server.ts';
import { ControlSession, type MethodHandler } from '../../src/control/server/control-session.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const TOKEN = 'c'.repeat(64);
const events = new EventSource({ follow: () => () => {} }, new VirtualClock(), { id: 'run' });

let server: ControlServer;
let clients: ControlClient[];
/** Ends the calls that wait. */
let finish: (() => void)[];

beforeEach(async () => {
  clients = [];
  finish = [];
  server = await ControlServer.listen({ port: 0, token: TOKEN });
  const handle = () => new Promise((resolve) => finish.push(() => resolve(null)));
  server.serve({ handle, events });
});
afterEach(() => server.close());

const connect = async () => {
  const client = await connectControl({ url: server.url, token: TOKEN });
  clients.push(client);
  return client;
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

it('a client has at most 256 requests in flight', async () => {
  const client = await connect();
  const answers = Array.from({ length: 256 }, () => client.call('heal'));
  await expect(client.call('heal')).rejects.toMatchObject({ code: 'too-many-requests' });
  // Those of another client are not affected.
  const other = (await connect()).call('heal');
  while (finish.length < 257) await settle();
  finish.splice(0, 1)[0]!();
  await Promise.race(answers);
  const next = client.call('heal');
  while (finish.length < 257) await settle();
  for (const each of finish) each();
  expect(new Set(await Promise.all([...answers, next, other]))).toEqual(new Set([null]));
});

/** A session whose client reads when it is told to. */
function slowClient(handle: MethodHandler) {
  const sent: string[] = [];
  let unread: (() => void)[] = [];
  let receive = (_: string) => {};
  let isClosed = false;
  let leave = () => {};
  const channel: ControlChannel = {
    send: (text, done) => {
      sent.push(text);
      unread.push(done!);
    },
    onMessage: (listener) => {
      receive = (text) => listener(text, () => {});
    },
    onClose: (listener) => {
      leave = listener;
    },
    close: () => {
      isClosed = true;
    },
  };
  new ControlSession(channel, handle, events);
  return {
    sent,
    call: (method: string, id = 1 as string | number) => receive(JSON.stringify({ jsonrpc: '2.0', id, method })),
    read: () => {
      const taken = unread;
      unread = [];
      for (const each of taken) each();
    },
    isClosed: () => isClosed,
    leave: () => leave(),
  };
}

it('results that a client does not read are in flight', async () => {
  const { sent, call, read, isClosed } = slowClient(async () => 'x'.repeat(1_000));
  for (let i = 0; i < 300; i++) call('status');
  await settle();
  expect(sent.filter((text) => text.includes('xxx')).length).toBe(256);
  expect(sent.filter((text) => text.includes('too-many-requests')).length).toBe(44);
  read();
  for (let i = 0; i < 300; i++) call('status');
  await settle();
  expect(sent.filter((text) => text.includes('xxx')).length).toBe(512);
  expect(isClosed()).toBe(false);
});

it.each([
  ['errors', async () => 'never', 'nonsense', 1 << 20],
  ['results', async () => 'x'.repeat(1 << 20), 'status', 0],
])(
  '%s that a client does not read fill 16 MiB at most, then its connection ends',
  async (_, handle, method, length) => {
    let calls = 0;
    const { sent, call, read, isClosed } = slowClient(async () => {
      calls++;
      return handle();
    });
    const id = 'x'.repeat(length);
    // What is read does not count.
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 16; i++) call(method, id);
      await settle();
      read();
    }
    for (let i = 0; i < 16; i++) call(method, id);
    await settle();
    expect([sent.length, isClosed()]).toEqual([64, false]);
    call(method, id);
    await settle();
    expect([sent.length, isClosed()]).toEqual([64, true]);
    // Nothing more is answered, though the WebSocket may still wait for the client.
    const before = calls;
    call('status');
    await settle();
    expect([sent.length, calls]).toEqual([64, before]);
  },
);

it('a client that has left gets no answers', async () => {
  let finished = 0;
  const { sent, call, leave } = slowClient(async () => finished++);
  call('status');
  leave();
  call('status');
  await settle();
  expect([sent, finished]).toEqual([[], 1]);
});

it('short errors count as more than their characters', async () => {
  const { sent, call, isClosed } = slowClient(async () => null);
  while (!isClosed()) {
    for (let i = 0; i < 100; i++) call('nonsense');
    await settle();
  }
  expect(sent.length).toBeGreaterThan(10_000);
  expect(sent.length).toBeLessThan(16_384);
});

it('a client that sends and never reads is disconnected, and no other', async () => {
  const other = await connect();
  const socket = new WebSocket(server.url, { headers: { Authorization: `Bearer ${TOKEN}` } });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.pause();
  // Each is answered with its id: several times of what the system holds for the connection, too.
  const request = JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(64 << 10), method: 'nonsense' });
  const count = 1_500;
  for (let i = 0; i < count; i++) await new Promise((resolve) => socket.send(request, resolve));
  let answers = 0;
  socket.on('message', () => answers++);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  await closed;
  expect(answers).toBeGreaterThan(100);
  expect(answers).toBeLessThan(count);
  await expect(other.call('nonsense' as 'status')).rejects.toMatchObject({ code: 'unknown-method' });
});

it('a server has at most 64 clients', async () => {
  for (let i = 0; i < 64; i++) await connect();
  await expect(connect()).rejects.toMatchObject({ code: 'too-many-clients' });
  await clients[10]!.close();
  // The server notices a moment later.
  const retry = (): Promise<ControlClient> =>
    connect().catch((error: { code: string }) => (error.code === 'too-many-clients' ? retry() : Promise.reject(error)));
  await retry();
  await expect(connect()).rejects.toMatchObject({ code: 'too-many-clients' });
});

it('a request of more than 4 MiB ends the connection of its client, and no other', async () => {
  const other = await connect();
  const socket = new WebSocket(server.url, { headers: { Authorization: `Bearer ${TOKEN}` } });
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const request = (length: number) => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'nonsense', params: '' });
    return text.replace('""', `"${'x'.repeat(length - text.length)}"`);
  };
  const answered = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.send(request(4 << 20));
  expect(await answered).toContain('unknown-method');
  socket.send(request((4 << 20) + 1));
  expect(await closed).toBe(1009);
  await expect(other.call('nonsense' as 'status')).rejects.toMatchObject({ code: 'unknown-method' });
});

it('the calls of a client that leaves are aborted', async () => {
  const signals: AbortSignal[] = [];
  let called = () => {};
  server.serve({
    events,
    handle: (_, __, signal) => {
      signals.push(signal);
      called();
      return new Promise(() => {});
    },
  });
  const begun = () =>
    new Promise<void>((resolve) => {
      called = resolve;
    });
  const client = await connect();
  const byWebSocket = begun();
  client.call('load').catch(() => {});
  await byWebSocket;
  const byHttp = begun();
  const leaving = new AbortController();
  const url = server.url.replace('ws', 'http');
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'load' });
  fetch(url, { method: 'POST', headers, body, signal: leaving.signal }).catch(() => {});
  await byHttp;
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  const aborted = signals.map(
    (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
  );
  leaving.abort();
  await client.close();
  await Promise.all(aborted);
});
