import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { NetworkName } from '../../src/control/control-record.ts';
import { socketChannel } from '../../src/control/protocol/socket-channel.ts';
import { ControlSession, type MethodHandler } from '../../src/control/server/control-session.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { pier } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

// `pier down`, of a network that takes its time.

let server: WebSocketServer;
let name: NetworkName;
let handle: MethodHandler;

beforeEach(async () => {
  vi.stubEnv('PIER_RUN_DIR', tempDir('down'));
  const source = new EventSource({ follow: () => () => {} }, systemClock, { id: 'run' });
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => new ControlSession(socketChannel(socket), (...call) => handle(...call), source));
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  name = await NetworkName.claim({ name: 'net', pid: process.pid, url, token: 'none' });
});
afterEach(async () => {
  await end();
  vi.unstubAllEnvs();
});

/** Ends the network, as `pier up` does when its nodes are stopped. */
async function end(): Promise<void> {
  name.release();
  for (const socket of server.clients) socket.close();
  await new Promise((resolve) => server.close(resolve));
}

/** The words of the environment in which the test runs. */
const env = () => ({ PIER_RUN_DIR: process.env.PIER_RUN_DIR! });

it.each([
  [[], 'the network is stopped\n'],
  [['--json'], '{}\n'],
])('twice, %j: both wait for the end of the network; a third one finds none', async (options, stdout) => {
  let downs = 0;
  let isDown = () => {};
  const both = new Promise<void>((resolve) => {
    isDown = resolve;
  });
  handle = async () => {
    if (++downs === 2) isDown();
    return null;
  };
  let hasEnded = false;
  const results = [1, 2].map(async () => {
    const result = await pier(['down', ...options], env());
    return { ...result, hasEnded };
  });
  await both;
  hasEnded = true;
  await end();
  for (const result of results) expect(await result).toEqual({ code: 0, stdout, stderr: '', hasEnded: true });
  const { code, stderr } = await pierInProcess(['down', '--json'], env());
  expect([code, JSON.parse(stderr)]).toEqual([
    1,
    {
      error: {
        code: 'no-network',
        message: 'no network runs',
        hint: expect.stringContaining('pier up'),
      },
    },
  ]);
});

it('of a network that ends before it answers', async () => {
  handle = async () => {
    for (const socket of server.clients) socket.terminate();
    return null;
  };
  expect(await pierInProcess(['down'], env())).toEqual({ code: 0, stdout: 'the network is stopped\n', stderr: '' });
});

it('of a network that is still being created says so', async () => {
  const control = await NetworkControl.listen({ port: 0 });
  const starting = await NetworkName.claim({ name: 'new', pid: process.pid, url: control.url, token: control.token });
  try {
    expect(await pierInProcess(['down', '--name', 'new'], env())).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: 'pier: the network is being created\n      Try again in a moment.\n',
    });
  } finally {
    starting.release();
    await control.close();
  }
});

it('reports other errors', async () => {
  handle = async () => {
    throw new Error('out of order');
  };
  const { code, stderr } = await pierInProcess(['down'], env());
  expect([code, stderr]).toEqual([1, expect.stringContaining('out of order')]);
});
