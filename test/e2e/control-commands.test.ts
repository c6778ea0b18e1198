import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { upNetwork } from '../../src/cli/up/up-network.ts';
import { Waiting } from '../../src/cli/waiting.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import { pier, pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';

const runDir = process.env.PIER_RUN_DIR!;
/** Settles when `pier up` ends. */
let ended: Promise<void>;
let interrupt = () => {};

// What `pier up` does in this process, on nodes that are processes.
beforeAll(async () => {
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write');
  const running = new Promise<void>((resolve) => {
    stderr.mockImplementation((line) => {
      if (String(line).includes('running and in sync')) resolve();
      return true;
    });
  });
  const topology = { nodes: 3, accounts: 2, engine: 'processes' } as const;
  ended = upNetwork({ topology, json: true, name: 'walk', create: (options) => createNetwork(options), interrupted });
  await Promise.race([running, ended]);
  stdout.mockRestore();
  stderr.mockRestore();
}, 120_000);

afterAll(async () => {
  interrupt();
  await ended;
});

/** Runs a command that succeeds, without a warning of `pier up`; returns what it prints. */
async function run(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await pierInProcess(words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trimEnd();
}

const json = async <T>(...words: string[]) => JSON.parse(await run(...words, '--json')) as T;

/** Runs `pier logs --follow`. */
function followLogs(...words: string[]) {
  const child = spawn(process.execPath, [pierPath, 'logs', '--follow', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines: string[] = [];
  let changed = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    changed();
  });
  const printed = async (matches: (lines: string[]) => boolean) => {
    while (!matches(lines)) {
      await Promise.race([
        new Promise<void>((resolve) => {
          changed = resolve;
        }),
        exited.then((code) => Promise.reject(new Error(`ended with ${code}`))),
      ]);
    }
  };
  return { child, ended: exited, lines, printed, messages: () => stderr };
}

interface Status {
  readonly nodes: {
    name: string;
    status: string;
    height: number;
    tip: string;
    peers: number;
    mempool: number;
    balance: string;
  }[];
}
const nodes = async () => (await json<Status>('status')).nodes;

/** Starts `pier status --watch`. */
function startWatch() {
  const child = spawn(process.execPath, [pierPath, 'status', '--watch', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ended = Promise.all([exited, text(child.stderr)]);
  return { child, ended, next: async () => JSON.parse((await lines.next()).value!) as Status };
}

describe('a network is controlled from another terminal', { timeout: 120_000 }, () => {
  it('by commands: pay, mine, partition, fork, heal, reorganise, snapshot, restore', async () => {
    const [start] = await nodes();
    expect(await run('status')).toMatch(
      /^walk \(regtest\), mining by hand, .*\nnode +role +height +tip .*RPC\nnode1 +full +\d+ /,
    );
    const txid = await run('pay', '0', '1', '1.5', '--fee-rate', '3');
    expect(txid).toMatch(/^[0-9a-f]{64}$/);
    const conflict = await run('doublespend', await run('pay', '1', '0', '2'), '--fee-rate', '30');
    expect(conflict).toMatch(/^[0-9a-f]{64}$/);
    expect((await nodes())[0]!.mempool).toBe(2);
    const { hashes } = await json<{ hashes: string[] }>('mine');
    expect(hashes).toHaveLength(1);
    expect((await run('mine', '2', '--by', 'node2', '--to', '1')).split('\n')).toHaveLength(2);
    expect((await nodes()).map(({ height }) => height)).toEqual([1, 2, 3].map(() => start!.height + 3));
    expect(await run('faucet', '1', '0.25')).toMatch(/^[0-9a-f]{64}$/);
    const { accounts } = await json<{ accounts: { balance: string; keys: { bech32: { address: string } } }[] }>(
      'accounts',
    );
    expect(Number(accounts[1]!.balance)).toBeCloseTo(51.5, 3);
    expect(await run('accounts')).toContain(accounts[1]!.keys.bech32.address);

    expect(await run('snapshot', 'save', 'calm')).toBe(`calm: height ${start!.height + 3}`);
    expect(await run('partition', 'node1', 'node2,node3')).toBe('2 links are cut');
    await run('mine', '--by', 'node1');
    await run('mine', '2', '--by', 'node3');
    const forked = await nodes();
    expect(forked.map(({ height }) => height - start!.height)).toEqual([4, 5, 5]);
    expect(forked[0]!.tip).not.toBe(forked[1]!.tip);
    expect(await run('heal')).toContain('agree');
    expect(new Set((await nodes()).map(({ tip }) => tip)).size).toBe(1);
    expect(await run('reorg', '2', '--blocks', '4')).toMatch(/^2 blocks lost, 4 blocks won: the tip is /);
    expect((await nodes())[2]!.height).toBe(start!.height + 7);
    expect(await json('snapshot', 'list')).toMatchObject({ snapshots: [{ name: 'calm' }] });
    expect(await run('snapshot', 'restore', 'calm')).toBe(`calm: height ${start!.height + 3}`);
    expect((await nodes()).map(({ height, peers }) => [height - start!.height, peers])).toEqual([
      [3, 2],
      [3, 2],
      [3, 2],
    ]);
    await run('snapshot', 'delete', 'calm');
    expect(await run('snapshot', 'list')).toBe('no snapshots');
  });

  it('by commands: links, time, fees, load, and the life of nodes', async () => {
    expect(await run('link', 'node1', 'node2', '--latency', '2')).toBe(
      'node2 - node1: latency 2 ms, jitter 0 ms, loss 0, bandwidth unlimited',
    );
    expect(await run('link', 'node1', 'node2', '--cut')).toBe('node2 - node1: cut');
    expect(await json('link', 'node1', 'node2', '--mend', '--latency', '0')).toMatchObject({
      isCut: false,
      latency: 0,
    });
    const { time } = await json<{ time: number }>('time', '--freeze', '--increase', '1000');
    expect(await run('time')).toContain(String(time));
    await run('time', '--set', String(time + 60), '--resume');
    expect((await json<{ time: number }>('time')).time).toBeGreaterThanOrEqual(time + 60);
    expect(await run('fees', '4')).toBe('4 satoshis per virtual byte');
    expect(await run('fees', '0')).toMatch(
      /^transactions confirm at any fee rate; the backlog of \d+ transactions stays in the mempools, and no block takes it$/,
    );
    expect(await json('load', '--count', '2', '--seed', '7')).toMatchObject({ sent: 2 });
    expect(await run('stop', 'node3')).toBe('node3 is stopped');
    expect((await nodes())[2]).toMatchObject({ status: 'stopped', height: null, balance: null });
    expect(await run('status')).toMatch(/\nnode3 +full +stopped /);
    await run('start', 'node3');
    await run('pause', 'node3');
    expect((await nodes())[2]!.status).toBe('paused');
    await run('resume', 'node3');
    await run('kill', 'node3');
    await run('start', 'node3');
    expect((await nodes())[2]!.status).toBe('running');
  });

  it('by what its nodes log, now and as it comes', async () => {
    type Line = { node: string; message: string; fields: { block?: string } };
    const parse = (text: string) => text.split('\n').map((line) => JSON.parse(line) as Line);
    const { hashes } = await json<{ hashes: string[] }>('mine');
    const haveBlock = (lines: Line[], block = hashes[0]) =>
      lines.filter(({ message, fields }) => message === 'connected block' && fields.block === block);
    let found: Line[] = [];
    // A process writes its log at its own pace.
    while (found.length < 3) found = haveBlock(parse(await run('logs', '--lines', '1000', '--json')));
    expect(new Set(found.map(({ node }) => node))).toEqual(new Set(['node1', 'node2', 'node3']));
    const text = (await run('logs', 'node2', '--lines', '3')).split('\n');
    expect(text).toHaveLength(3);
    for (const line of text) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} [a-z]{4,5} +node2 [a-z0-9]+: /);

    const follower = followLogs('node3', '--json', '--lines', '2');
    await follower.printed((lines) => lines.length >= 2);
    const { hashes: later } = await json<{ hashes: string[] }>('mine');
    await follower.printed((lines) => haveBlock(parse(lines.join('\n')), later[0]).length === 1);
    expect(new Set(parse(follower.lines.join('\n')).map(({ node }) => node))).toEqual(new Set(['node3']));
    follower.child.kill('SIGINT');
    expect([await follower.ended, follower.messages()]).toEqual([0, '']);
  });

  it('by the mode in which it mines', async () => {
    const mode = async (...words: string[]) => (await json<{ mode: unknown }>('mining', ...words)).mode;
    expect(await run('mining')).toBe('mining by hand');
    expect(await mode('interval', '0.05')).toEqual({ interval: 0.05 });
    const { height } = (await nodes())[0]!;
    while ((await nodes())[2]!.height < height + 2);
    expect(await mode('poisson', '3600')).toEqual({ interval: 3600, poisson: true });
    expect(await run('status')).toContain(', mining every 3600 s on average, ');
    expect(await run('mining', 'transactions', '2')).toBe('mining at 2 transactions');
    expect(await run('mining', 'transactions')).toBe('mining at each transaction');
    const before = (await nodes())[0]!.height;
    await run('pay', '0', '1', '0.1');
    while ((await nodes())[0]!.height === before);
    expect(await mode('manual')).toBe('manual');
    expect(await mode()).toBe('manual');
  });

  it('page prints the address of the live page, which is served', async () => {
    const page = await run('page');
    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[0-9a-f]{64}$/);
    expect(await json('page')).toEqual({ page });
    const [address, token] = page.split('#token=');
    expect((await json<{ page: string }>('status')).page).toBe(address);
    const served = await fetch(address!);
    expect([served.status, await served.text()]).toEqual([200, expect.stringContaining('<title>Pier</title>')]);
    const called = await fetch(address!, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: '{"jsonrpc":"2.0","id":1,"method":"links"}',
    });
    expect(called.status).toBe(200);
  });

  it.each([
    [['mining', 'transactions', '0'], 2, 'bad-argument', 'number: 0'],
    [['mining', 'interval', '0'], 2, 'bad-argument', 'number: 0'],
    [['mining', 'interval', '1e3'], 2, 'bad-argument', "number '1e3'"],
    [['mine', 'many'], 2, 'bad-argument', "blocks 'many'"],
    [['mine', '--by', 'node9'], 1, 'unknown-node', 'node9'],
    [['faucet', '7', '1'], 1, 'unknown-account', 'account 7'],
    [['faucet', '1'], 2, 'usage', 'bitcoins'],
    [['add', 'a b'], 2, 'bad-argument', 'new-node'],
    [['add', '--link', 'node9'], 1, 'unknown-node', 'node9'],
    [['add', 'node1'], 1, 'node-exists', 'node1'],
    [['doublespend', '00'], 2, 'bad-argument', 'txid'],
    [['doublespend', 'ab'.repeat(32)], 1, 'unknown-payment', 'abab'],
    [['link', 'node1', 'node2', '--cut', '--mend'], 2, 'bad-argument', '--mend'],
    [['time', '--freeze', '--resume'], 2, 'bad-argument', '--resume'],
    [['snapshot', 'restore'], 2, 'bad-argument', 'restore'],
    [['snapshot', 'restore', 'x'], 1, 'unknown-snapshot', "'x'"],
    [['snapshot', 'dance'], 2, 'usage', 'dance'],
    [['page', 'x'], 2, 'usage', 'page'],
    [['logs', 'node9'], 1, 'unknown-node', 'node9'],
    [['logs', '--lines', '0'], 2, 'bad-argument', '--lines: 0'],
    [['status', '--name', 'other'], 1, 'no-network', 'other'],
    [['up', '--nodes', '1', '--name', 'walk'], 1, 'network-running', 'walk'],
  ])('refuses %j', async (words, code, error, part) => {
    const result = await pierInProcess([...words, '--json']);
    expect([result.code, JSON.parse(result.stderr)]).toMatchObject([
      code,
      { error: { code: error, message: expect.stringContaining(part) } },
    ]);
  });

  it('with a word on a terminal while it works', async () => {
    const start = vi.spyOn(Waiting.prototype, 'start');
    await run('mine');
    await run('snapshot', 'save', 'later');
    await run('snapshot', 'delete', 'later');
    expect(start.mock.calls).toEqual([1, 2, 3].map(() => ['Waiting for the network']));
    start.mockRestore();
  });

  it('by a table that is drawn at each change, until Ctrl-C', async () => {
    const watch = startWatch();
    const { nodes: first } = await watch.next();
    await run('mine');
    let last: Status;
    do last = await watch.next();
    while (last.nodes[2]!.height === first[2]!.height);
    expect(last.nodes[2]!.height).toBe(first[2]!.height + 1);
    watch.child.kill('SIGINT');
    expect(await watch.ended).toEqual([0, '']);
  });

  it('with names that a shell completes', async () => {
    const names = (...words: string[]) => run('completion', 'bash', '--names', ...words);
    expect(await names('networks')).toBe('walk');
    expect(await names('nodes')).toBe('node1\nnode2\nnode3');
    expect(await names('nodes', '--name', 'other')).toBe('');
    await run('snapshot', 'save', 'kept');
    expect(await names('snapshots', '--name', 'walk')).toBe('kept');
  });

  it('by its user only, as the record of its address and token', () => {
    expect(statSync(runDir).mode & 0o777).toBe(0o700);
    expect(statSync(`${runDir}/walk.json`).mode & 0o777).toBe(0o600);
  });

  it('and stopped', async () => {
    const watch = startWatch();
    await watch.next();
    const follower = followLogs();
    await follower.printed((lines) => lines.length > 0);
    const notes = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await pier(['down'])).toEqual({ code: 0, stdout: 'the network is stopped\n', stderr: '' });
    expect(await watch.ended).toEqual([0, 'The network has stopped.\n']);
    await ended;
    expect(notes.mock.calls.map(([text]) => String(text)).join('')).toMatch(/All nodes are stopped\.\n$/);
    notes.mockRestore();
    expect(await follower.ended).toBe(0);
    expect(follower.messages()).toBe('The network has stopped.\n');
    const { code, stderr } = await pierInProcess(['status', '--json']);
    expect([code, JSON.parse(stderr)]).toMatchObject([1, { error: { code: 'no-network' } }]);
  });
});
