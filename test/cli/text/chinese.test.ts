import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatPaymentReport } from '../../../src/cli/payment-report-text.ts';
import { StatusLine } from '../../../src/cli/status-line.ts';
import { formatStep } from '../../../src/cli/step-text.ts';
import { syncLine } from '../../../src/cli/sync-display.ts';
import { t, useTexts } from '../../../src/cli/text/texts.ts';
import { displayWidth } from '../../../src/cli/text/width.ts';
import { zh } from '../../../src/cli/text/zh/index.ts';
import { Waiting } from '../../../src/cli/waiting.ts';
import { pierInProcess } from '../../support/pier-in-process.ts';
import { tempDir } from '../../support/temp-dir.ts';

describe('in Chinese', () => {
  beforeEach(() => useTexts(zh));
  afterEach(() => {
    useTexts();
    vi.useRealTimers();
  });

  it('a step has its title, and facts whose values are aligned', () => {
    const facts = [
      { nodeId: 3001, label: 'height', value: 101 },
      { nodeId: 3001, label: "alice's balance", value: '10 BTC' },
      { nodeId: 3001, label: 'headers and filters downloaded', value: '103 and 102' },
      { nodeId: 3001, label: 'hash rate', value: '12 per second' },
    ];
    const lines = formatStep({ step: 4, title: 'the wallet node creates 2 payments', facts }).split('\n');
    expect(lines).toEqual([
      '4. 钱包节点创建 2 笔付款',
      '   节点 3001  高度                  101',
      '   节点 3001  alice 的余额          10 BTC',
      '   节点 3001  下载的区块头与过滤器  103 与 102',
      '   节点 3001  哈希率                每秒 12 次',
      '',
    ]);
  });

  it('what is waited for fits into the terminal', () => {
    vi.useFakeTimers();
    const written: string[] = [];
    const waiting = new Waiting({ columns: 20, write: (text) => written.push(text) });
    waiting.start(t`Searching the chain for payments`);
    vi.advanceTimersByTime(3_000);
    expect(written.map((text) => text.slice('\r\u001b[2K'.length))).toEqual(['正在链上查找付款 ……']);
    expect(displayWidth(written[0]!.slice(5))).toBeLessThanOrEqual(new StatusLine({ columns: 20, write() {} }).width);
    waiting.end();
  });

  it('the progress of a sync fits into the terminal', () => {
    const progress = { blocks: 50, headers: 200, blocksPerSecond: 7, secondsLeft: 90, done: false };
    expect(syncLine(progress as Parameters<typeof syncLine>[0], 80)).toBe(
      `${'█'.repeat(6)}${'░'.repeat(18)} 25%  区块 50/200  每秒 7 个区块  剩余 1 分 30 秒`,
    );
    for (let width = 10; width < 80; width++)
      expect(displayWidth(syncLine(progress as Parameters<typeof syncLine>[0], width))).toBeLessThanOrEqual(width);
  });

  it('a payment that is not proved has its reason', () => {
    const report = {
      ...({ verified: false, flaw: 'no-such-block' } as const),
      reason: 'the claimed block is not among the headers (height 9; the last header has 5)',
    };
    expect(formatPaymentReport(report, { network: 'regtest', source: 'standard input' })).toBe(
      '未证明：所称的区块不在这些区块头之中（高度 9；最后一个区块头的高度为 5）。',
    );
  });
});

describe('an error in Chinese', () => {
  it('names the command that helps, as it is to be called', async () => {
    const folder = tempDir('chinese');
    const words = ['getbalance', '--node-id', '5123', '--datadir', folder];
    expect(await pierInProcess([...words, '--lang', 'zh'])).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: [
        `pier: 节点 5123 没有钱包：${folder}/wallet_5123.db 不存在`,
        `      用 'NODE_ID=5123 npx pier createwallet --datadir ${folder}' 创建一个。\n`,
      ].join('\n'),
    });
    const { stderr } = await pierInProcess([...words, '--lang', 'zh', '--json']);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'missing-wallet',
      message: expect.stringMatching(/^node 5123 has no wallet/),
    });
  });

  it('lists the faults of options', async () => {
    const { code, stderr } = await pierInProcess(['up', '--nodes', '0', '--seed', 'y', '--lang', 'zh']);
    expect([code, stderr]).toEqual([
      2,
      [
        'pier: --nodes：0 不是 1 至 1000 的整数',
        "--seed：'y' 不是 0 至 4294967295 的整数",
        "      用 'npx pier help up' 查看选项。\n",
      ].join('\n'),
    ]);
  });
});
