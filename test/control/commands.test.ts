import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { controlCommands, examples } from '../../src/cli/help.ts';
import { NetworkName } from '../../src/control/control-record.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { pierInProcess } from '../support/pier-in-process.ts';

// What the commands make of a network in this process; test/e2e/control-commands.test.ts runs them on one of processes.

let network: NodeNetwork;
let control: NetworkControl;
let name: NetworkName;

beforeAll(async () => {
  network = await createNetwork({ nodes: 3, accounts: 2, shape: 'line' });
  control = await NetworkControl.start(network, { name: 'commands', port: 0 });
  name = await NetworkName.claim({ name: 'commands', pid: process.pid, url: control.url, token: control.token });
}, 60_000);
afterAll(async () => {
  name?.release();
  await control?.close();
  await network?.close();
});

const run = (...words: string[]) => pierInProcess([...words, '--name', 'commands']);

/** Runs a command that succeeds; returns the JSON that it prints. */
async function json<T = Record<string, unknown>>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as T;
}

describe('a command', () => {
  it('changes links', async () => {
    const link = network.link('node1', 'node2');
    await json('link', 'node2', 'node1', '--latency', '1', '--jitter', '2', '--loss', '0.5', '--bandwidth', '9');
    expect(link.conditions).toEqual({ latency: 1, jitter: 2, loss: 0.5, bandwidth: 9 });
    await json('link', 'node1', 'node2', '--latency', '0', '--jitter', '0', '--loss', '0', '--bandwidth', '0');
    await json('link', 'node1', 'node2', '--cut');
    expect(link.isCut).toBe(true);
    expect(await json('link', 'node1', 'node2')).toMatchObject({ isCut: true });
    await json('link', 'node1', 'node2', '--mend');
    expect(link.isCut).toBe(false);
  });

  it('changes the time', async () => {
    const [freeze, resume] = [vi.spyOn(network.time, 'freeze'), vi.spyOn(network.time, 'resume')];
    const now = network.time.now();
    await json('time', '--freeze');
    expect([freeze.mock.calls.length, resume.mock.calls.length]).toEqual([1, 0]);
    expect((await json<{ time: number }>('time', '--set', String(now + 100))).time).toBe(now + 100);
    expect((await json<{ time: number }>('time', '--increase', '-40')).time).toBe(now + 60);
    expect(network.time.now()).toBe(now + 60);
    await json('time', '--resume');
    expect([freeze.mock.calls.length, resume.mock.calls.length]).toEqual([1, 1]);
  });

  it('keeps, lists, restores and deletes snapshots', async () => {
    const names = async () =>
      (await json<{ snapshots: { name: string }[] }>('snapshot', 'list')).snapshots.map((each) => each.name);
    const saved = vi.spyOn(network, 'snapshot');
    const { height } = await json<{ height: number }>('snapshot', 'save', 'one');
    await json('snapshot', 'save');
    await json('mine');
    expect(await names()).toEqual(['one', '2']);
    await json('snapshot', 'delete', '2');
    expect(await names()).toEqual(['one']);
    expect((await network.node('node3').view()).height).toBe(height + 1);
    await json('snapshot', 'restore', 'one');
    expect((await network.node('node3').view()).height).toBe(height);
    await json('snapshot', 'delete', 'one');
    expect(await names()).toEqual([]);
    // The network keeps nothing of them either.
    for (const { value: id } of saved.mock.results) {
      await expect(network.revert(await id)).rejects.toMatchObject({ code: 'unknown-snapshot' });
    }
  });

  it('sets when the network mines', async () => {
    await json('mining', 'transactions', '3');
    expect(network.mining).toEqual({ transactions: 3 });
    expect((await run('mining')).stdout).toBe('mining at 3 transactions\n');
    await json('mining', 'poisson', '3600');
    expect(network.mining).toEqual({ interval: 3600, poisson: true });
    await json('mining', 'interval', '3600');
    expect(network.mining).toEqual({ interval: 3600 });
    await json('mining', 'manual');
    expect(network.mining).toBe('manual');
  });

  it('gives all of its options to the network', async () => {
    const mine = vi.spyOn(network, 'mine').mockResolvedValue(['ab']);
    await json('mine', '2', '--by', 'node2', '--to', '1', '--time', '2000000000');
    expect(mine.mock.calls).toEqual([[2, { by: 'node2', time: 2_000_000_000, to: network.accounts[1] }]]);
    mine.mockRestore();
    const reorg = vi.spyOn(network, 'reorg').mockResolvedValue({ lost: [], won: ['ab'] } as never);
    await json('reorg', '2', '--blocks', '5', '--by', 'node3');
    expect(reorg.mock.calls).toEqual([[{ depth: 2, blocks: 5, by: 'node3' }]]);
    reorg.mockRestore();
    const report = { sent: 1, replaced: 0, chained: 0, refused: 0, vbytes: 1, seconds: 1 };
    const traffic = vi.spyOn(network, 'traffic').mockResolvedValue(report);
    const options = ['--seconds', '2', '--rate', '3', '--conflicts', '0.1', '--chains', '0.2', '--seed', '5'];
    await json('load', '--count', '1', ...options);
    expect(traffic.mock.calls[0]).toMatchObject([
      { count: 1, seconds: 2, rate: 3, conflicts: 0.1, chains: 0.2, seed: 5, signal: expect.any(AbortSignal) },
    ]);
    traffic.mockRestore();
    const pay = vi.spyOn(network.accounts[0]!, 'pay').mockResolvedValue({ txid: 'ab'.repeat(32) } as never);
    await json('pay', '0', '1', '0.5', '--fee-rate', '7');
    expect(pay.mock.calls).toEqual([[network.accounts[1], '0.5', { feeRate: 7 }]]);
    pay.mockRestore();
  });
});

describe('with --json, an error is one line of JSON', () => {
  it.each(controlCommands)('of %s without a network', async (command) => {
    const words = examples[command]![0]!.split(' ').slice(1);
    const { code, stdout, stderr } = await pierInProcess([...words, '--json', '--name', 'absent']);
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'no-network', message: "no network called 'absent' runs", hint: expect.any(String) },
    });
  });

  it.each([
    [['mine', '--by', 'node9'], 'unknown-node', 'node9'],
    [['faucet', '9', '1'], 'bad-argument', 'account 9'],
    [['faucet', 'foo', '1'], 'bad-argument', 'faucet: to'],
    [['pay', '0', '1', '1000'], 'rpc-error', 'Insufficient funds'],
    [['pay', '9', '1', '1'], 'bad-argument', 'account 9'],
    [['reorg', '500'], 'bad-reorg', 'depth'],
    [['partition', 'node1', 'node7'], 'unknown-node', 'node7'],
    [['link', 'node1', 'node3'], 'unknown-link', 'node3'],
    [['snapshot', 'restore', 'none'], 'unknown-snapshot', 'none'],
    [['snapshot', 'delete', 'none'], 'unknown-snapshot', 'none'],
    ...['start', 'stop', 'kill', 'pause', 'resume'].map((verb) => [[verb, 'node9'], 'unknown-node', 'node9'] as const),
  ] as const)('of %j', async (words, error, part) => {
    const { code, stdout, stderr } = await run(...words, '--json');
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: error, message: expect.stringContaining(part) } });
  });
});
