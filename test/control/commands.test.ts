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

  it('says of a snapshot that no node ran', async () => {
    for (const node of network.nodes) await node.stop();
    expect((await run('snapshot', 'save', 'off')).stdout).toBe('off: no node ran\n');
    expect(await json('snapshot', 'list')).toMatchObject({ snapshots: [{ name: 'off', height: null }] });
    expect((await json<{ backlog: number }>('fees')).backlog).toBe(0);
    for (const node of network.nodes) await node.start();
    const { height } = await network.node('node2').view();
    await network.node('node1').pause();
    expect(await json('snapshot', 'save', 'paused')).toMatchObject({ height });
    await network.node('node1').resume();
    await json('snapshot', 'delete', 'paused');
    expect(await json('snapshot', 'delete', 'off')).toEqual({});
  });

  it('prints no line where there is no block, and an object in JSON where there is no result', async () => {
    expect(await run('mine', '0')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await json('mine', '0')).toEqual({ hashes: [] });
    expect(await json('heal')).toEqual({});
    expect(await json('stop', 'node3')).toEqual({});
    expect(await json('start', 'node3')).toEqual({});
    const reset = vi.spyOn(network, 'reset').mockResolvedValue();
    expect(await json('reset')).toEqual({});
    reset.mockRestore();
  });

  it('cuts further links by another partition', async () => {
    const cut = () => network.links.filter(({ isCut }) => isCut).length;
    await json('partition', 'node1');
    expect(await json('partition', 'node3')).toMatchObject({ cut: [{ isCut: true }] });
    expect(cut()).toBe(2);
    await json('heal');
    expect(cut()).toBe(0);
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
    expect(mine.mock.calls).toEqual([[2, { by: network.nodes[1], time: 2_000_000_000, to: network.accounts[1] }]]);
    mine.mockRestore();
    const reorg = vi.spyOn(network, 'reorg').mockResolvedValue({ lost: [], won: ['ab'] } as never);
    await json('reorg', '2', '--blocks', '5', '--by', 'node3');
    expect(reorg.mock.calls).toEqual([[{ depth: 2, blocks: 5, by: network.nodes[2] }]]);
    reorg.mockRestore();
    const add = vi.spyOn(network, 'addNode').mockResolvedValue(network.nodes[2]!);
    await json('add', 'pool', '--role', 'miner', '--link', 'node1', '--link', 'node2');
    expect(add.mock.calls).toEqual([[{ role: 'miner', name: 'pool', links: ['node1', 'node2'] }]]);
    const { height } = await network.nodes[2]!.view();
    expect((await run('add')).stdout).toBe(`node3 (${network.nodes[2]!.role}) runs: height ${height}\n`);
    expect(add.mock.calls[1]).toEqual([{}]);
    add.mockRestore();
    const report = { sent: 1, replaced: 0, chained: 0, refused: 0, refusals: [], vbytes: 1, seconds: 1 };
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
    const [first, second] = network.accounts;
    const payment = vi.spyOn(first!, 'payment').mockResolvedValue({ txid: 'cd'.repeat(32) } as never);
    const conflict = vi.spyOn(first!, 'doubleSpend').mockResolvedValue({ txid: 'ab'.repeat(32) } as never);
    expect(await json('doublespend', 'CD'.repeat(32), '--to', '1', '--fee-rate', '7')).toEqual({
      txid: 'ab'.repeat(32),
    });
    expect(payment.mock.calls).toEqual([['cd'.repeat(32)]]);
    expect(conflict.mock.calls).toEqual([[{ txid: 'cd'.repeat(32) }, { to: second, feeRate: 7 }]]);
    payment.mockRestore();
    conflict.mockRestore();
  });
});

describe('an account', () => {
  it('is named by its number, its wallet, or, to be paid, by an address', async () => {
    const [first, second] = network.accounts;
    const pay = vi.spyOn(first!, 'pay').mockResolvedValue({ txid: 'ab'.repeat(32) } as never);
    const faucet = vi.spyOn(network, 'faucet').mockResolvedValue({ txid: 'ab'.repeat(32) } as never);
    const mine = vi.spyOn(network, 'mine').mockResolvedValue([]);
    for (const to of ['1', 'account1', second!.addresses.legacy]) {
      const payee = to === second!.addresses.legacy ? to : second;
      await json('pay', 'account0', to, '1');
      expect(pay.mock.calls.at(-1)).toEqual([payee, '1', { feeRate: undefined }]);
      await json('faucet', to, '1');
      expect(faucet.mock.calls.at(-1)).toEqual([payee, '1']);
      await json('mine', '--to', to);
      expect(mine.mock.calls.at(-1)).toEqual([1, { by: undefined, time: undefined, to: payee }]);
    }
    for (const spy of [pay, faucet, mine]) spy.mockRestore();
  });

  it('is listed with the others if there is none of that name, or several', async () => {
    const unknown = "pier: no account is called 'bob': there are 0 (account0), 1 (account1)\n";
    expect((await run('pay', '0', 'bob', '1')).stderr).toContain(unknown);
    expect((await run('pay', 'bob', '0', '1')).stderr).toContain(unknown);
    expect((await run('mine', '--to', 'bob')).stderr).toContain(unknown);
    const twins = network.accounts.map(({ index, node }) => ({ index, node, wallet: 'twin' }));
    const original = network.accounts;
    Object.assign(network, { accounts: twins });
    expect((await run('faucet', 'twin', '1')).stderr).toMatch(
      /^pier: 2 accounts are called 'twin'\n *Give the number of one: 0 of node1, 1 of node1\.\n$/,
    );
    // What could be an address is a name if an account has it.
    Object.assign(network, { accounts: [{ ...twins[0]!, wallet: 'savingsOfTheShop' }] });
    const faucet = vi.spyOn(network, 'faucet').mockResolvedValue({ txid: 'ab'.repeat(32) } as never);
    await json('faucet', 'savingsOfTheShop', '1');
    expect(faucet.mock.calls).toEqual([[network.accounts[0], '1']]);
    faucet.mockRestore();
    Object.assign(network, { accounts: [] });
    expect((await run('faucet', '0', '1')).stderr).toContain('there is no account 0: the network has none');
    Object.assign(network, { accounts: original });
  });

  it('is not meant by what looks like an address', async () => {
    const { stderr } = await run('pay', '0', network.accounts[1]!.address.replace(/.$/, 'q'), '1');
    expect(stderr).toMatch(/^pier: to: 'bcrt1.*' is neither an account nor an address of regtest: wrong checksum\n/);
    expect(stderr).toContain('it may have a typo');
    expect((await run('pay', '0', 'alicesOtherWallet', '1')).stderr).toMatch(
      /^pier: to: 'alicesOtherWallet' is neither an account nor an address of regtest: .*\n *Of accounts, there are 0 \(account0\), 1 \(account1\)\.\n$/,
    );
  });
});

describe('the next step after an error is a command', () => {
  const status = "'npx pier status --name commands' lists the nodes.";
  it.each([
    [['pay', '0', '1', '1000'], "'npx pier faucet ACCOUNT AMOUNT --name commands' gives it more"],
    [['faucet', '1', '20000000'], "'npx pier mine 101 --name commands' gives the faucet more."],
    [['pay', '0', '1', '0.00000001'], ''],
    [['mine', '--by', 'node9'], status],
    [['reorg', '--by', 'node9'], status],
    [['stop', 'foo'], status],
    [['logs', 'foo'], status],
    [['link', 'node1', 'foo'], status],
    [['partition', 'foo', 'bar'], status],
    [['partition', 'node1', 'node1'], "'npx pier help partition' lists its arguments and options."],
    [['time', '--increase', '9999999999'], "'npx pier help time' lists its arguments and options."],
    [['link', 'node1', 'node3'], 'node1 is linked to node2.'],
    [['snapshot', 'restore', 'x'], 'There are none yet.'],
    [['reorg', '500'], ''],
  ])('after %j', async (words, hint) => {
    await checkHint(words, hint);
  });

  it('after what a node that is stopped or paused cannot do', async () => {
    await network.node('node1').stop();
    await checkHint(['pay', '0', '1', '1'], "'npx pier start node1 --name commands' starts it.");
    await checkHint(['faucet', '0', '1'], "'npx pier start node1 --name commands' starts it.");
    await checkHint(['mine', '--by', 'node1'], "'npx pier start node1 --name commands' starts it.");
    await network.node('node1').start();
    await network.node('node2').pause();
    await checkHint(['mine', '--by', 'node2'], "'npx pier resume node2 --name commands' lets it go on.");
    await network.node('node2').resume();
  });

  it('after a block that is too far in the future', async () => {
    const { time } = await json<{ time: number }>('time', '--freeze');
    await json('time', '--increase', '-20000');
    await checkHint(['mine', '20'], "'npx pier time --set SECONDS --name commands' sets it.");
    await json('time', '--set', String(time), '--resume');
  });

  /** Runs a command that fails: its hint holds `hint`, and nothing that it prints is for programs with the library. */
  async function checkHint(words: readonly string[], hint: string): Promise<void> {
    const { code, stderr } = await run(...words, '--json');
    const { error } = JSON.parse(stderr) as { error: { message: string; hint?: string } };
    expect([code, error.hint ?? '']).toEqual([1, hint === '' ? '' : expect.stringContaining(hint)]);
    expect((await run(...words)).stderr).toBe(
      `pier: ${error.message}\n${error.hint === undefined ? '' : `      ${error.hint}\n`}`,
    );
    expect(stderr).not.toMatch(/network\.|account\.|node\(|createNetwork\(|options\.[a-z]|The call is/);
  }
});

describe('with --json, an error is one line of JSON', () => {
  it.each(controlCommands)('of %s without a network', async (command) => {
    const words = examples[command]![0]!.replace('TXID', 'ab'.repeat(32)).split(' ').slice(1);
    const { code, stdout, stderr } = await pierInProcess([...words, '--json', '--name', 'absent']);
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'no-network', message: "no network called 'absent' runs", hint: expect.any(String) },
    });
  });

  it.each([
    [['mine', '--by', 'node9'], 'unknown-node', 'node9'],
    [['faucet', '9', '1'], 'unknown-account', 'account 9'],
    [['faucet', 'foo', '1'], 'unknown-account', 'foo'],
    [['pay', '0', '1', '1000'], 'rpc-error', 'Insufficient funds'],
    [['pay', '9', '1', '1'], 'unknown-account', 'account 9'],
    [['doublespend', 'ab'.repeat(32)], 'unknown-payment', 'abab'],
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
