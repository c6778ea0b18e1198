import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { NetworkName } from '../../src/control/control-record.ts';
import { socketChannel } from '../../src/control/protocol/socket-channel.ts';
import { ControlSession } from '../../src/control/server/control-session.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { pierPath } from '../support/pier.ts';
import { tempDir } from '../support/temp-dir.ts';

// Readers of `pier logs --follow` and `pier status --watch` that are slow, or leave.

let server: WebSocketServer;
let name: NetworkName;
let source: EventSource;
let line: number;
let child: ChildProcess | undefined;
/** The connection of the last client, and the last number that was sent to it. */
let client: { readonly socket: WebSocket; sent: number };

const status = {
  name: 'slow',
  network: 'regtest',
  control: null,
  page: null,
  time: 1e9,
  mining: 'manual',
  miningFailure: null,
  nodes: [],
};

beforeEach(async () => {
  vi.stubEnv('PIER_RUN_DIR', tempDir('slow-reader'));
  line = 0;
  source = new EventSource({ follow: () => () => {} }, systemClock, { id: 'run' });
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    const connected = { socket, sent: 0 };
    client = connected;
    const channel = socketChannel(socket);
    const send: typeof channel.send = (text, sent) => {
      connected.sent = Number(/.*"number":(\d+)/s.exec(text)?.[1] ?? connected.sent);
      channel.send(text, sent);
    };
    new ControlSession({ ...channel, send }, async (method) => (method === 'logs' ? { lines: [] } : status), source);
  });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  name = await NetworkName.claim({ name: 'slow', pid: process.pid, url, token: 'none' });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  name.release();
  source.close();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
  vi.unstubAllEnvs();
});

/** Runs `pier WORDS`, whose output is not read yet. */
function run(...words: string[]) {
  const started = spawn(process.execPath, [pierPath, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  child = started;
  const stderr = text(started.stderr);
  const closed = once(started, 'close').then(async ([code]) => [code, await stderr]);
  return { child: started, closed };
}

/** Logs lines of some 300 characters. Resolves once the client has them. */
async function log(count: number, message = 'x'.repeat(200)): Promise<void> {
  for (let i = 0; i < count; i++) {
    const event = { type: 'log' as const, node: 'node1', line: ++line, time: 1, level: 'info' as const };
    source.log.add({ ...event, category: 'test', message, fields: {} }, 1);
  }
  while (client.sent < source.log.last) await new Promise((resolve) => setImmediate(resolve));
  // The answer comes once it has read what was sent before.
  client.socket.ping();
  await once(client.socket, 'pong');
}

/** Resolves when the client has subscribed. */
async function following(): Promise<void> {
  const follow = vi.spyOn(source, 'follow');
  while (follow.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  follow.mockRestore();
}

it.each([[[]], [['--json']]])('logs --follow %j drops what is not read, and says how much', async (options) => {
  const { child, closed } = run('logs', '--follow', ...options);
  await following();
  // Several times of what the pipe and the output hold.
  const sent = 20_000;
  await log(sent);
  const isJson = options.length > 0;
  client.socket.close();
  const lines: string[] = [];
  for await (const each of createInterface({ input: child.stdout! })) lines.push(each);
  const [code, stderr] = await closed;
  const report = /\((\d+) lines dropped: the reader of the output is too slow\)/;
  const reports = [...(isJson ? stderr.split('\n') : lines)].flatMap((each) => report.exec(each)?.[1] ?? []);
  expect(reports).toHaveLength(1);
  const dropped = Number(reports[0]);
  const printed = lines.filter((each) => each.includes('xxx'));
  expect(printed.length + dropped).toBe(sent);
  // A mebibyte, what the pipe holds, and the line that did not fit.
  expect(printed.join('\n').length).toBeLessThan(1.5 * 2 ** 20);
  expect(printed.join('\n').length).toBeGreaterThan(2 ** 20);
  expect([code, stderr]).toEqual([0, expect.stringContaining('The network has stopped.')]);
});

it('logs --follow goes on for a reader that comes back', async () => {
  const { child, closed } = run('logs', '--follow');
  await following();
  await log(20_000);
  await log(1, 'the last one');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let found = '';
  while (!/dropped|the last one/.test(found)) found = (await lines.next()).value!;
  expect(found).toMatch(/^\(\d+ lines dropped/);
  await log(1, 'a later one');
  while (!found.endsWith('test: a later one')) found = (await lines.next()).value!;
  child.kill('SIGINT');
  expect(await closed).toEqual([0, '']);
});

it('logs --follow says where lines are missing that the network no longer had', async () => {
  source = new EventSource({ follow: () => () => {} }, systemClock, { id: 'run', maxEvents: 10 });
  const { child, closed } = run('logs', '--follow');
  await following();
  await log(1_000, 'lines');
  client.socket.close();
  const lines: string[] = [];
  for await (const each of createInterface({ input: child.stdout! })) lines.push(each);
  expect(lines).toHaveLength(11);
  expect(lines[0]).toBe('(lines are missing: the network logs faster than this command reads)');
  expect(await closed).toEqual([0, 'The network has stopped.\n']);
});

it('logs --follow ends at the first line that its reader is no longer there for', async () => {
  const { child, closed } = run('logs', '--follow');
  await following();
  child.stdout!.destroy();
  source.log.add(
    { type: 'log', node: 'node1', line: 1, time: 1, level: 'info', category: '', message: '', fields: {} },
    1,
  );
  expect(await closed).toEqual([0, '']);
});

it('status --watch ends at the first change that its reader is no longer there for', async () => {
  const { child, closed } = run('status', '--watch');
  const [first] = (await once(child.stdout!, 'data')) as [Buffer];
  expect(String(first)).toContain('slow (regtest), mining by hand');
  child.stdout!.destroy();
  source.log.add({ type: 'header', node: 'node1', height: 1, hash: 'ab'.repeat(32), previous: '' }, 1);
  expect(await closed).toEqual([0, '']);
});
