import { describe, expect, it } from 'vitest';
import {
  formatAccounts,
  formatFees,
  formatLoad,
  formatMining,
  formatStatus,
} from '../../../src/cli/control/status-text.ts';
import type { ResultOf } from '../../../src/control/protocol/methods.ts';

type Node = ResultOf<'status'>['nodes'][number];

const node: Node = {
  ...{
    id: 15_001,
    name: 'node1',
    role: 'full',
    status: 'running',
    answers: true,
    height: 9,
    peers: 12,
    mempool: 0,
    backlog: 0,
  },
  ...{
    tip: `${'0'.repeat(56)}12345678`,
    balance: '50.10000000',
    p2p: '127.0.0.1:15001',
    rpcUrl: 'http://127.0.0.1:25001/',
  },
  ...{ cookieFile: null, electrumUrl: null, esploraUrl: null },
};
const stopped: Node = {
  ...node,
  name: 'far',
  status: 'stopped',
  answers: false,
  ...{ height: null, tip: null, peers: null },
  balance: null,
};
const status: Omit<ResultOf<'status'>, 'nodes'> = {
  ...{ name: 'net', network: 'regtest', control: null, page: null, time: 1_700_000_000, mining: 'manual' },
  miningFailure: null,
};

it('a status is a table, with numbers to the right and tips as texts', () => {
  expect(formatStatus({ ...status, nodes: [node] }, 200).split('\n')).toEqual([
    'net (regtest), mining by hand, 2023-11-14T22:13:20Z',
    'node   role  height  tip       peers  mempool  balance  RPC',
    'node1  full       9  12345678     12        0     50.1  http://127.0.0.1:25001/',
  ]);
});

it('a failure to mine is a line of its own', () => {
  const miningFailure = { code: 'no-miner', message: 'no full node is running' };
  expect(
    formatStatus({ ...status, miningFailure, mining: { interval: 10 }, nodes: [] })
      .split('\n')
      .slice(0, 2),
  ).toEqual(['net (regtest), mining every 10 s, 2023-11-14T22:13:20Z', 'mining fails: no full node is running']);
});

it('a node that runs and does not answer is named as such', () => {
  const silent = { ...stopped, status: 'running' } as const;
  expect(formatStatus({ ...status, nodes: [silent] }, 79)).toMatch(/^far +full +no answer +- /m);
});

it('a narrow one has no addresses', () => {
  expect(
    formatStatus({ ...status, nodes: [node, stopped] }, 79)
      .split('\n')
      .slice(1),
  ).toEqual([
    'node   role  height   tip       peers  mempool  balance',
    'node1  full  9        12345678     12        0     50.1',
    'far    full  stopped  -             -        0        -',
  ]);
});

describe('accounts', () => {
  const keys = (letter: string) => ({ address: letter.repeat(44), path: '', privateKey: letter.repeat(52) });
  const account = (
    index: number,
    letter: string,
    balance: string | null,
  ): ResultOf<'accounts'>['accounts'][number] => ({
    ...{ index, node: '1', wallet: `account${index}`, balance },
    keys: { legacy: keys('-'), 'p2sh-segwit': keys('-'), bech32: keys(letter), bech32m: keys('-') },
  });
  const result = { mnemonic: 'test junk', accounts: [account(0, 'a', '50.00000000'), account(1, 'b', null)] };
  const lines = (columns?: number) => formatAccounts(result, columns).split('\n');

  it('are in all columns if these fit, or the output is no terminal', () => {
    expect(lines()).toEqual([
      `account      balance  ${'address'.padEnd(44)}  ${'private key'.padEnd(52)}  wallet    node`,
      `      0  50.00000000  ${'a'.repeat(44)}  ${'a'.repeat(52)}  account0  1`,
      `      1            -  ${'b'.repeat(44)}  ${'b'.repeat(52)}  account1  1`,
      'Mnemonic: test junk',
    ]);
    expect(lines(lines()[0]!.length)).toEqual(lines());
  });

  it.each([
    [135, ['account', 'balance', 'address', 'wallet', 'node'], 'private key'],
    [100, ['account', 'balance', 'address', 'wallet', 'node'], 'private key'],
    [80, ['account', 'balance', 'address'], 'private key, wallet, node'],
    [66, ['account', 'balance', 'address'], 'private key, wallet, node'],
    [60, ['account', 'balance', 'wallet', 'node'], 'address, private key'],
    [10, ['account', 'balance', 'wallet', 'node'], 'address, private key'],
  ])('lack columns of %i columns', (columns, header, missing) => {
    const printed = lines(columns);
    expect(printed[0]!.split(/ {2,}/)).toEqual(header);
    expect(printed.slice(-2)).toEqual([`(--json prints ${missing} too)`, 'Mnemonic: test junk']);
    if (columns > 10) for (const line of printed) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

it('the backlog of fees is a column of its own, as long as there is one', () => {
  const light = { ...node, name: 'light', mempool: null, backlog: null };
  const nodes = [{ ...node, mempool: 246, backlog: 244 }, light];
  expect(
    formatStatus({ ...status, nodes }, 79)
      .split('\n')
      .slice(1),
  ).toEqual([
    'node   role  height  tip       peers  mempool  backlog  balance',
    'node1  full       9  12345678     12        2      244     50.1',
    'light  full       9  12345678     12        -        -     50.1',
  ]);
});

it.each([
  [{ rate: 20, backlog: 244 }, '20 satoshis per virtual byte'],
  [{ rate: null, backlog: 0 }, 'transactions confirm at any fee rate'],
  [
    { rate: null, backlog: 244 },
    'transactions confirm at any fee rate; the backlog of 244 transactions stays in the mempools, and no block takes it',
  ],
])('the fees %j are: %s', (fees, text) => {
  expect(formatFees(fees)).toBe(text);
});

describe('refused payments', () => {
  const load = { sent: 90, replaced: 1, chained: 0, refused: 0, refusals: [], vbytes: 1, seconds: 2 };
  const text = '90 payments in 2.0 s, 1 of them replaced;';
  const step = "'pier mine' confirms payments, whose coins can then be spent.";

  it.each([
    [{}, `${text} 0 refused`],
    [
      { refused: 5, refusals: [{ reason: 'Insufficient funds', count: 5 }] },
      `${text} 5 refused: Insufficient funds\n${step}`,
    ],
    [
      {
        refused: 5,
        refusals: [
          { reason: 'Unconfirmed UTXOs are available', count: 3 },
          { reason: 'x', count: 2 },
        ],
      },
      `${text} 5 refused: Unconfirmed UTXOs are available (3 of them)\n${step}`,
    ],
    [
      { refused: 1, refusals: [{ reason: 'min relay fee not met', count: 1 }] },
      `${text} 1 refused: min relay fee not met`,
    ],
  ])('%j are: %s', (refused, expected) => {
    expect(formatLoad({ ...load, ...refused })).toBe(expected);
  });
});

it.each([
  ['manual', 'by hand'],
  [{ transactions: 1 }, 'at each transaction'],
  [{ transactions: 5 }, 'at 5 transactions'],
  [{ interval: 10 }, 'every 10 s'],
  [{ interval: 2.5, poisson: true }, 'every 2.5 s on average'],
] as const)('the mode %j is mining %s', (mode, text) => {
  expect(formatMining(mode)).toBe(text);
});
