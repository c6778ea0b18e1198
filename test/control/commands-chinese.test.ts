import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/cli/text/width.ts';
import { NetworkName } from '../../src/control/control-record.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { pierInProcess } from '../support/pier-in-process.ts';

// What the commands say in Chinese of a network in this process.

let network: NodeNetwork;
let control: NetworkControl;
let name: NetworkName;

beforeAll(async () => {
  network = await createNetwork({ nodes: 3, accounts: 2, shape: 'line' });
  control = await NetworkControl.start(network, { name: 'chinese', port: 0 });
  name = await NetworkName.claim({ name: 'chinese', pid: process.pid, url: control.url, token: control.token });
}, 60_000);
afterAll(async () => {
  name?.release();
  await control?.close();
  await network?.close();
});

const run = (...words: string[]) => pierInProcess([...words, '--name', 'chinese'], { LC_ALL: 'zh_CN.UTF-8' });

/** Returns the column of a terminal at which a text begins in a line. */
const columnOf = (line: string, text: string) => displayWidth(line.slice(0, line.indexOf(text)));

describe('in Chinese', () => {
  it('the status is a table whose columns are aligned', async () => {
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    const [summary, header, ...rows] = stdout.trimEnd().split('\n') as [string, string, ...string[]];
    expect(summary).toMatch(/^chinese \(regtest\)，挖矿：手动，/);
    expect(header.split(/ +/)).toEqual(['节点', '角色', '高度', '链尖', '对等节点', '内存池', '余额', 'RPC']);
    expect(rows.map((row) => row.split(/ +/).slice(0, 2))).toEqual([
      ['node1', '全节点'],
      ['node2', '全节点'],
      ['node3', '全节点'],
    ]);
    const tips = network.nodes.map(async (node) => (await node.view()).tip.slice(-8));
    for (const [i, row] of rows.entries()) expect(columnOf(row, (await tips[i])!)).toBe(columnOf(header, '链尖'));
    // Numbers end where their titles do.
    for (const row of rows) expect(displayWidth(row)).toBe(displayWidth(header));
  });

  it('the accounts are', async () => {
    const { stdout } = await run('accounts');
    const [header, first] = stdout.split('\n') as [string, string];
    const { address, keys } = (await pierInProcess(['accounts', '--json', '--name', 'chinese']).then(
      ({ stdout: text }) => JSON.parse(text).accounts[0],
    )) as { address: string; keys: { bech32: { address: string } } };
    expect(columnOf(first, keys.bech32.address ?? address)).toBe(columnOf(header, '地址'));
    expect(stdout).toContain('助记词：test test');
  });

  it.each([
    [['mine'], /^[0-9a-f]{64}\n$/],
    [['mining', 'interval', '60'], /^挖矿：每 60 秒\n$/],
    [['mining', 'manual'], /^挖矿：手动\n$/],
    [['link', 'node1', 'node2'], /^node2 - node1：延迟 0 ms，抖动 0 ms，丢失率 0，带宽不限\n$/],
    [['partition', 'node1'], /^已切断 1 条链路\n$/],
    [['heal'], /^所有链路已恢复，各节点已达成一致\n$/],
    [['snapshot', 'list'], /^没有快照\n$/],
    [['snapshot', 'save', 'calm'], /^calm：高度 \d+\n$/],
    [['fees'], /^任何费率的交易都能确认\n$/],
    [['stop', 'node3'], /^node3 已停止\n$/],
  ])('%j prints %j', async (words, printed) => {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(printed);
  });

  it.each([
    [
      ['start', 'node9'],
      "没有名为 'node9' 的节点：现有 node1, node2, node3",
      "用 'npx pier status --name chinese' 列出各节点。",
    ],
    [['snapshot', 'restore', 'x'], "没有快照 'x'", '现有 calm。'],
    [['mine', '--by', 'node3'], 'node3 已停止：不能挖矿', "用 'npx pier start node3 --name chinese' 启动它。"],
    [
      ['pay', '0', '1', '5000'],
      /^余额不足 \(Insufficient funds\)：5000\.00000000 BTC 加手续费超过可花费的 [\d.]+ BTC$/,
      "用 'npx pier accounts --name chinese' 查看各账户可花费的余额，用 'npx pier faucet ACCOUNT AMOUNT --name chinese' 为账户增加余额，用 'npx pier mine 101 --name chinese' 为水龙头增加余额。",
    ],
    [
      ['faucet', '0', '1x'],
      "bitcoins：'1x' 不是大于 0、最多八位小数的比特币金额，例如 '1.5'",
      "用 'npx pier help faucet' 查看它的参数和选项。",
    ],
  ])('%j fails with a hint', async (words, message, hint) => {
    const { stdout, stderr } = await run(...words);
    const [first, second] = stderr.trimEnd().split('\n') as [string, string];
    expect(stdout).toBe('');
    expect(first.replace(/^pier: /, '')).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
    expect(second.trim()).toBe(hint);
  });

  it('results and errors as JSON are in English', async () => {
    const status = JSON.parse((await run('status', '--json')).stdout) as { nodes: { role: string; status: string }[] };
    expect(status.nodes.at(-1)).toMatchObject({ role: 'full', status: 'stopped' });
    expect(JSON.parse((await run('start', 'node9', '--json')).stderr)).toEqual({
      error: {
        code: 'unknown-node',
        message: "no node is called 'node9': there are node1, node2, node3",
        hint: "'npx pier status --name chinese' lists the nodes.",
      },
    });
  });
});
