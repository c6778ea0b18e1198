import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeProcess, type NodeProcessOptions, runPier } from '../../../src/devnet/processes/node-process.ts';

/** A child process that the test writes the output of. */
class FakeChild extends EventEmitter {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly pid = 77;
  exitCode: number | null = null;
  signalCode: string | null = null;
  readonly signals: string[] = [];
  readonly sent: { readonly type: string; readonly id?: number }[] = [];

  send(message: { readonly type: string }): void {
    this.sent.push(message);
  }

  kill(signal: string): void {
    this.signals.push(signal);
    if (signal === 'SIGKILL') this.end(null, signal);
  }

  end(code: number | null, signal: string | null = null): void {
    this.exitCode = code;
    this.signalCode = signal;
    this.emit('close', code, signal);
  }
}

const spawned = vi.hoisted(() => [] as { args: string[]; env: NodeJS.ProcessEnv; options: object; child: unknown }[]);
vi.mock('node:child_process', () => ({
  spawn: (_: string, [, ...args]: string[], { env, ...options }: { env: NodeJS.ProcessEnv }) => {
    const child = new FakeChild();
    spawned.push({ args, env, options, child });
    return child;
  },
}));

const last = () => spawned.at(-1)! as { args: string[]; env: NodeJS.ProcessEnv; options: object; child: FakeChild };
const READY = '{"event":"ready","pid":77,"p2p":"127.0.0.1:1","rpc":{"host":"127.0.0.1","port":2,"cookieFile":"c"}}\n';
const base: NodeProcessOptions = { nodeId: 3005, dataDir: '/data', seeds: [] };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Starts a node that is ready at once. */
async function start(options: Partial<NodeProcessOptions> = {}): Promise<NodeProcess> {
  const node = NodeProcess.start({ ...base, ...options });
  last().child.stdout.write(READY);
  return node;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the options of a node', () => {
  const always = ['startnode', '--json', '--with-parent', '--datadir', '/data'];
  const defaults = ['--network', 'regtest', '--log-level', 'info'];

  it.each<[Partial<NodeProcessOptions>, string[]]>([
    [{}, [...defaults, '--no-seed']],
    [{ network: 'signet' }, ['--network', 'signet', '--log-level', 'info', '--no-seed']],
    [{ logLevel: 'debug' }, ['--network', 'regtest', '--log-level', 'debug', '--no-seed']],
    [{ seeds: ['a:1', 'b:2'] }, [...defaults, '--seed', 'a:1', '--seed', 'b:2']],
    [{ spv: true }, [...defaults, '--no-seed', '--spv']],
    [{ peerBloomFilters: true }, [...defaults, '--no-seed', '--peerbloomfilters']],
    [{ minerAddress: 'A' }, [...defaults, '--no-seed', '--miner', 'A']],
    [{ mineAtTxs: 0 }, [...defaults, '--no-seed', '--mine-at-txs', '0']],
    [{ minerThreads: 3 }, [...defaults, '--no-seed', '--miner-threads', '3']],
    [{ blockFilterIndex: false }, [...defaults, '--no-seed', '--no-blockfilterindex']],
    [{ autoConnect: false }, [...defaults, '--no-seed', '--no-auto-connect']],
    [{ relaxedDurability: true }, [...defaults, '--no-seed', '--relaxed-durability']],
    [{ v2Transport: false }, [...defaults, '--no-seed', '--no-v2']],
    [{ autoConnect: true, relaxedDurability: false, v2Transport: true }, [...defaults, '--no-seed']],
    [{ spv: false, peerBloomFilters: false, blockFilterIndex: true }, [...defaults, '--no-seed']],
  ])('%j become flags', async (options, flags) => {
    await start(options);
    expect(last().args).toEqual([...always, ...flags]);
  });

  it('do not mix with the environment of this process', async () => {
    vi.stubEnv('NODE_ID', '1');
    vi.stubEnv('PIER_DATADIR', '/other');
    vi.stubEnv('PIER_NETWORK', 'main');
    vi.stubEnv('SOMETHING', 'else');
    await start();
    const { NODE_ID, PIER_DATADIR, PIER_NETWORK, SOMETHING } = last().env;
    expect([NODE_ID, PIER_DATADIR, PIER_NETWORK, SOMETHING]).toEqual(['3005', undefined, undefined, 'else']);
  });
});

describe('the start of a node', () => {
  it('ends with its first line', async () => {
    const node = await start();
    expect([node.nodeId, node.pid, node.p2p, node.running]).toEqual([3005, 77, '127.0.0.1:1', true]);
    // The time to be ready is over.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(last().child.signals).toEqual([]);
  });

  it('fails with the last twenty lines of the log if the node exits', async () => {
    const seen: string[] = [];
    const node = NodeProcess.start({ ...base, onLog: (line) => seen.push(line) });
    const failed = expect(node).rejects.toMatchObject({
      code: 'node-failed',
      message: `node 3005 exited before it was ready (exit code 1)\n${Array.from({ length: 20 }, (_, i) => `line ${i + 5}`).join('\n')}`,
    });
    for (let i = 0; i < 25; i++) last().child.stderr.write(`line ${i}\n`);
    await settle();
    last().child.end(1);
    await failed;
    expect(seen).toHaveLength(25);
  });

  it('fails after a minute, and kills the node', async () => {
    const node = NodeProcess.start(base);
    const failed = expect(node).rejects.toThrow('node 3005 was not ready within 60 s');
    await vi.advanceTimersByTimeAsync(59_999);
    expect(last().child.signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await failed;
    expect(last().child.signals).toEqual(['SIGKILL']);
  });

  it('fails if there is no program', async () => {
    const failed = expect(NodeProcess.start(base)).rejects.toThrow('node 3005 could not be started: no file');
    last().child.emit('error', new Error('no file'));
    await failed;
  });
});

describe('the end of a node', () => {
  it('is requested, and forced after fifteen seconds', async () => {
    const node = await start();
    const stopped = node.stop();
    expect(last().child.signals).toEqual(['SIGTERM']);
    await vi.advanceTimersByTimeAsync(14_999);
    expect(node.running).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect([last().child.signals, node.running]).toEqual([['SIGTERM', 'SIGKILL'], false]);
  });

  it('leaves nothing to force', async () => {
    const node = await start();
    const stopped = node.stop();
    last().child.end(0);
    await stopped;
    await node.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([last().child.signals, node.running]).toEqual([['SIGTERM'], false]);
  });

  it('can be a kill', async () => {
    const node = await start();
    await node.kill();
    expect(last().child.signals).toEqual(['SIGKILL']);
  });
});

describe('a command', () => {
  const run = (code: number, { stdout = '', stderr = '' } = {}) => {
    const result = runPier(3005, ['getbalance'], { input: 'input' });
    const { child } = last();
    child.stdout.write(stdout);
    child.stderr.write(stderr);
    void settle().then(() => child.end(code));
    return result;
  };

  it('gets its input and returns its output', async () => {
    expect(await run(0, { stdout: '{"balance":1}' })).toEqual({ balance: 1 });
    const { args, env, child } = last();
    expect([args, env.NODE_ID, String(child.stdin.read())]).toEqual([['getbalance', '--json'], '3005', 'input']);
  });

  it('ends when its signal aborts, and does not begin after that', async () => {
    const stop = new AbortController();
    const result = runPier(3005, ['createblockchain'], { signal: stop.signal });
    const { child } = last();
    stop.abort(new Error('stopped'));
    expect(child.signals).toEqual(['SIGTERM']);
    child.end(null);
    await expect(result).rejects.toThrow('stopped');
    const { length } = spawned;
    await expect(runPier(3005, ['getbalance'], { signal: stop.signal })).rejects.toThrow('stopped');
    expect(spawned).toHaveLength(length);
  });

  it('fails with the error that it prints, or with what it prints instead', async () => {
    const error = (hint?: string) => JSON.stringify({ error: { code: 'no-peer', message: 'no peer', hint } });
    await expect(run(1, { stderr: `a warning\n${error('Start one.')}\n` })).rejects.toMatchObject({
      code: 'no-peer',
      message: 'no peer',
      hint: 'Start one.',
    });
    const bare: unknown = await run(1, { stderr: error() }).catch((thrown: unknown) => thrown);
    expect(bare).toMatchObject({ code: 'no-peer', hint: undefined });
    await expect(run(1, { stderr: 'Killed\n' })).rejects.toMatchObject({
      code: 'command-failed',
      message: 'NODE_ID=3005 pier getbalance: Killed',
    });
  });
});

describe('the link to a network', () => {
  const clock = { offset: 5, frozen: undefined };
  const linked = { link: { clock, rpcPort: 7, folder: '/data/node1' } };

  it('exists only if it is asked for, and begins with the clock', async () => {
    await start();
    expect(last().options).toEqual({ stdio: ['pipe', 'pipe', 'pipe'], detached: false });
    expect([last().env.PIER_PARENT_LINK, last().child.sent]).toEqual([undefined, []]);
    await start(linked);
    expect(last().options).toEqual({ stdio: ['pipe', 'pipe', 'pipe', 'ipc'], detached: true });
    expect([last().env.PIER_PARENT_LINK, last().child.sent]).toEqual(['1', [{ type: 'start', ...linked.link }]]);
  });

  it('is not inherited', async () => {
    vi.stubEnv('PIER_PARENT_LINK', '1');
    await start();
    expect(last().env.PIER_PARENT_LINK).toBeUndefined();
  });

  it('carries requests, each of which has an answer of its own', async () => {
    const node = await start(linked);
    const { child } = last();
    const outcomes: string[] = [];
    const note = (name: string, request: Promise<void>) =>
      void request.then(
        () => outcomes.push(name),
        (error: Error) => outcomes.push(`${name}: ${error.message}`),
      );
    note('clock', node.setClock({ offset: 0, frozen: 9 }));
    note('flush', node.flush());
    note('failing', node.flush());
    expect(child.sent.slice(1)).toEqual([
      { type: 'clock', id: 1, clock: { offset: 0, frozen: 9 } },
      { type: 'flush', id: 2 },
      { type: 'flush', id: 3 },
    ]);
    child.emit('message', { type: 'done', id: 3, error: 'disk full' });
    child.emit('message', { type: 'done', id: 2 });
    child.emit('message', { type: 'done', id: 77 });
    await settle();
    expect(outcomes).toEqual(['failing: node 3005 could not write its files: disk full', 'flush']);
    child.end(0);
    await settle();
    expect(outcomes.slice(2)).toEqual(['clock']);
    await node.flush();
    expect(child.sent).toHaveLength(4);
  });

  it('reports changes', async () => {
    const onChange = vi.fn();
    await start({ ...linked, onChange });
    last().child.emit('message', { type: 'changed' });
    last().child.emit('message', { type: 'changed' });
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it('suspends and continues the process', async () => {
    const node = await start(linked);
    node.pause();
    node.resume();
    expect(last().child.signals).toEqual(['SIGSTOP', 'SIGCONT']);
  });
});
