import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { UsageError } from '../../src/node/config.ts';
import type { NodeModules } from '../../src/node/full-node.ts';
import { IdleMemory } from '../../src/node/idle-memory.ts';
import { LogOutput } from '../../src/node/log-output.ts';
import { MessageMemory } from '../../src/node/message-memory.ts';
import { Emitter } from '../../src/platform/emitter.ts';
import { PierError } from '../../src/platform/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

// What `pier startnode` does with a node once it has started. The node itself is replaced.

const control = vi.hoisted(() => ({
  interrupt: new AbortController(),
  hangup: () => {},
  start: (_modules: unknown): Promise<unknown> => Promise.reject(new Error('not set')),
}));
vi.mock('../../src/cli/signals.ts', () => ({
  interruption: () => control.interrupt.signal,
  aborted: (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  onHangup: (reopen: () => void) => {
    control.hangup = reopen;
  },
}));
const startAs = vi.hoisted(() => (_config: unknown, modules: unknown) => control.start(modules));
vi.mock('../../src/commands/start-node.ts', () => ({ startNode: startAs, startLightNode: startAs }));

/** A node whose stop the test decides on. */
class FakeNode {
  readonly clock = new VirtualClock();
  readonly connections = { events: new Emitter<{ message: { bytes: number } }>() };
  readonly processor = { events: new Emitter() };
  failure: unknown;
  stops = 0;
  end: () => void = () => {};
  readonly stopped = new Promise<void>((resolve) => {
    this.end = resolve;
  });
  stopResult: () => Promise<void> = async () => {};
  stop(): Promise<void> {
    this.stops++;
    return this.stopResult();
  }
}

const dataDir = tempDir('startnode');
let node: FakeNode;
let written: { stdout: string; stderr: string };

beforeEach(() => {
  node = new FakeNode();
  control.interrupt = new AbortController();
  control.start = async () => ({ node, rpc: { host: '127.0.0.1', port: 13005, cookieFile: '/there/.cookie' } });
  vi.stubEnv('NODE_ID', '3005');
  vi.stubEnv('PIER_DATADIR', dataDir);
  vi.stubEnv('PIER_NETWORK', undefined);
  written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs the command; resolves to how it ends. */
function run(...options: string[]): Promise<unknown> {
  return createProgram('0')
    .parseAsync(['startnode', ...options], { from: 'user' })
    .then(
      () => 'ended',
      (error: unknown) => error,
    );
}
/** Runs the command, and acts once the node runs. */
async function runAnd(act: () => void, ...options: string[]): Promise<unknown> {
  const watch = vi.spyOn(IdleMemory.prototype, 'start');
  const ended = run(...options);
  await vi.waitUntil(() => watch.mock.calls.length > 0, { timeout: 15_000 });
  await vi.waitUntil(() => written.stderr !== '' || written.stdout !== '', { timeout: 15_000 });
  act();
  return ended;
}

describe('pier startnode', () => {
  it('collects garbage as messages come and go, and when the node is idle', async () => {
    const moved = vi.spyOn(MessageMemory.prototype, 'moved');
    const stop = vi.spyOn(IdleMemory.prototype, 'stop');
    const result = await runAnd(() => {
      for (const bytes of [5, 7]) node.connections.events.emit('message', { bytes });
      expect(moved.mock.calls).toEqual([[5], [7]]);
      expect(stop).not.toHaveBeenCalled();
      control.interrupt.abort();
    });
    expect(result).toBe('ended');
    expect(stop).toHaveBeenCalledOnce();
    expect(IdleMemory.prototype.start).toHaveBeenCalledOnce();
  });

  it('stops the node once when it is interrupted, and waits until it has stopped', async () => {
    let release = () => {};
    node.stopResult = () => new Promise((resolve) => (release = resolve));
    let hasEnded = false;
    const ended = runAnd(() => control.interrupt.abort()).then((result) => {
      hasEnded = true;
      return result;
    });
    await vi.waitUntil(() => node.stops === 1, { timeout: 15_000 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasEnded).toBe(false);
    release();
    expect(await ended).toBe('ended');
    expect(node.stops).toBe(1);
  });

  it('ends when the node has stopped by itself, with its failure if it has one', async () => {
    expect(await runAnd(() => node.end())).toBe('ended');
    const failure = new Error('the disk is full');
    node = new FakeNode();
    node.failure = failure;
    node.stopResult = () => Promise.reject(new Error('a later error'));
    expect(await runAnd(() => node.end())).toBe(failure);
  });

  it('fails if a node without failure cannot be stopped', async () => {
    const error = new Error('as asked');
    node.stopResult = () => Promise.reject(error);
    expect(await runAnd(() => control.interrupt.abort())).toBe(error);
  });

  it.each([
    ['listen-failed', 'ENOTFOUND', ['--host', 'x'], "--host 'x' is not an address of this machine"],
    ['rpc-listen-failed', 'EADDRNOTAVAIL', ['--rpc-host', '192.0.2.1'], "--rpc-host '192.0.2.1' is not an address"],
  ])('refuses an address that is not of this machine: %s', async (code, reason, options, message) => {
    const cause = Object.assign(new Error(reason), { code: reason });
    control.start = () => Promise.reject(new PierError(code, 'cannot listen', { cause }));
    const error = await run(...options);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(message);
  });

  it('says that the program on its port speaks HTTP', async () => {
    const web = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    control.start = () => Promise.reject(new PierError('port-taken', `port ${port}: another program uses this port`));
    expect(await run('--node-id', String(port))).toMatchObject({
      code: 'port-taken',
      message: `port ${port}: a program that speaks HTTP uses this port`,
      hint: expect.stringContaining('another NODE_ID'),
    });
    web.close();
  });

  it('ends without an error if the start is interrupted, and with that of a start that fails', async () => {
    control.start = async (modules) => {
      control.interrupt.abort(new Error('interrupted'));
      (modules as NodeModules).signal!.throwIfAborted();
    };
    expect(await run()).toBe('ended');
    control.interrupt = new AbortController();
    const error = new Error('the port is taken');
    control.start = () => Promise.reject(error);
    expect(await run()).toBe(error);
  });

  it('says where it listens, for people and as JSON', async () => {
    await runAnd(() => node.end(), '--host', '127.0.0.9');
    expect(written.stderr).toContain(
      'Node 3005 (regtest) accepts peers on 127.0.0.9:3005 and serves RPC on port 13005.',
    );
    written.stderr = '';
    await runAnd(() => node.end(), '--spv');
    expect(written.stderr).toContain('Node 3005 (regtest) runs as a light node and serves RPC on port 13005.');
    await runAnd(() => node.end(), '--json');
    expect(JSON.parse(written.stdout)).toEqual({
      event: 'ready',
      pid: process.pid,
      p2p: '127.0.0.1:3005',
      rpc: { host: '127.0.0.1', port: 13005, cookieFile: '/there/.cookie' },
    });
  });

  it('opens its log again after a hangup', async () => {
    const reopen = vi.spyOn(LogOutput.prototype, 'reopen').mockImplementation(() => {});
    await runAnd(() => {
      control.hangup();
      expect(reopen).toHaveBeenCalledOnce();
      node.end();
    });
  });
});
