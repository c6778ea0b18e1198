import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { controlCommands, examples } from '../../src/cli/help.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCommand } from '../../src/cli/run.ts';
import { tempDir } from '../support/temp-dir.ts';

// Each value that an option or argument refuses is reported with its option, with the exit code 2.

const dir = tempDir('option-values');
const HASH = 'ab'.repeat(32);
const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const MAIN_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const TYPO = ADDRESS.replace(/2$/, '3');
const nowhere = join(dir, 'no', 'such', 'file');
const noFolder = '/dev/null/x';

let stderr = '';

beforeEach(() => {
  stderr = '';
  vi.stubEnv('NODE_ID', '3005');
  vi.stubEnv('PIER_DATADIR', dir);
  vi.stubEnv('PIER_NETWORK', undefined);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const noAddress = (option: string) => `${option} 'foo' is not an address of regtest`;
const sending = (...words: string[]) => ['send', ...words];
const verifying = (...words: string[]) => ['verify', HASH, ...words];

/** Calls with a wrong value, and what the message begins with. */
const refused: readonly [words: readonly string[], message: string][] = [
  [['startnode', '--miner', 'foo'], noAddress('--miner')],
  [['createblockchain', '--address', 'foo'], noAddress('--address')],
  [['getbalance', '--address', 'foo'], noAddress('--address')],
  [verifying('--address', 'foo'), noAddress('--address')],
  [sending('--amount', '1', '--to', 'foo'), noAddress('--to')],
  [sending('--amount', '1', '--to', TYPO), `--to '${TYPO}' is not an address of regtest: wrong checksum`],
  [
    sending('--amount', '1', '--to', MAIN_ADDRESS),
    `--to '${MAIN_ADDRESS}' is not an address of regtest: address of another network`,
  ],
  [sending('--to', ADDRESS, '--amount', '1,5'), "--amount '1,5' is not an amount of bitcoins"],
  [sending('--to', ADDRESS, '--amount', '0'), "--amount '0' is not more than 0"],
  [sending('--to', ADDRESS, '--amount', '1', '--fee-rate', 'x'), "--fee-rate 'x' is not a fee rate"],
  [sending('--to', ADDRESS, '--amount', '1', '--seed', 'x'), "--seed 'x' is not an address of the form HOST:PORT"],
  [['startnode', '--seed', '1.2.3.4:99999'], "--seed '1.2.3.4:99999' is not an address of the form HOST:PORT"],
  [['startnode', '--node-id', '99999'], "--node-id '99999' is not a port from 1 to 55535"],
  [['startnode', '--mine-at-txs', 'x'], "--mine-at-txs 'x' is not a whole number"],
  [['startnode', '--miner-threads', '0'], "--miner-threads '0' is not a whole number"],
  [['startnode', '--max-connections', '-1'], "--max-connections '-1' is not a whole number"],
  [['startnode', '--minimumchainwork', 'x'], "--minimumchainwork 'x' is not a number of up to 64 hex digits"],
  [['startnode', '--log-level', 'loud'], "option '--log-level <level>' argument 'loud' is invalid"],
  [['getbalance', '--network', 'moon'], "unknown network 'moon'"],
  [['getbalance', '--network', `${nowhere}.json`], `cannot use network file ${nowhere}.json`],
  [['createwallet', '--datadir', noFolder], `the data directory ${noFolder} cannot be created`],
  [['createwallet', '--restore', '--name', 'x', '--gap', '0'], "--gap '0' is not a whole number"],
  [['createwallet', '--type', 'x'], "option '--type <type>' argument 'x' is invalid"],
  [['printchain', '--limit', '0'], "--limit '0' is not a positive integer"],
  [['minegenesis', nowhere], `cannot use network file ${nowhere}`],
  [['verify', 'x'], "TXID 'x' is not a transaction id"],
  [verifying('--block', 'x'), "--block 'x' is not a block hash or height"],
  [verifying('--node', 'x'), "--node 'x' is not an address of the form HOST:PORT"],
  [verifying('--checkpoint', '5'), "--checkpoint '5' is not of the form HEIGHT:HASH"],
  [['verify', '--proof', nowhere], `--proof '${nowhere}' cannot be read: ENOENT`],
  [['up', '--base-port', 'x'], "--base-port 'x' is not a port from 1 to 55532"],
  [['up', '--base-port', '55533'], "--base-port '55533' is not a port from 1 to 55532"],
  [['up', '--datadir', noFolder], `the data directory ${noFolder} cannot be created`],
  [['up', '--nodes', '2', '--datadir', noFolder], `the data directory ${noFolder} cannot be created`],
  [['up', '--state', nowhere], `--state ${nowhere} cannot be written: ENOENT`],
  [['up', `${nowhere}.yaml`], `${nowhere}.yaml: the file does not exist`],
  [['up', '--nodes', 'x'], "--nodes: 'x' is not a number of nodes"],
  [['up', '--shape', 'tree'], "option '--shape <name>' argument 'tree' is invalid"],
  [['completion', 'bash', '--names', 'x'], "option '--names <kind>' argument 'x' is invalid"],
  [['completion', 'csh'], "command-argument value 'csh' is invalid"],
  [['snapshot', 'dance'], "command-argument value 'dance' is invalid"],
  [['up', '--seed', 'x'], "--seed: 'x' is not a whole number"],
  [['up', '--accounts', 'x'], "--accounts: 'x' is not a whole number"],
  [['up', '--balance', 'x'], "--balance: 'x' is not an amount"],
  [['mine', 'x'], "blocks 'x' is not a number"],
  ...['x', ''].map((lines): [string[], string] => [['logs', '--lines', lines], `--lines '${lines}' is not a number`]),
  ...['0', '-1', '1.5', '5001'].map((lines): [string[], string] => [
    ['logs', '--lines', lines],
    `--lines: ${lines} is not a whole number from 1 to 5000`,
  ]),
  [['logs', ''], "node: '' is not the name of a node"],
  [['mining', 'dance'], "command-argument value 'dance' is invalid"],
  [['mining', 'transactions', 'x'], "number 'x' is not a number"],
  [['mining', 'interval'], 'pier mining interval needs a number of seconds'],
  [['mining', 'poisson'], 'pier mining poisson needs a number of seconds'],
  [['mining', 'manual', '1'], 'pier mining manual takes no number'],
  [['mine', '--time', 'x'], "--time 'x' is not a number"],
  [['reorg', 'x'], "depth 'x' is not a number"],
  [['reorg', '--blocks', 'x'], "--blocks 'x' is not a number"],
  [['pay', '', '1', '1'], "from: '' is not the number of an account, or the name of its wallet"],
  [['pay', '0', '1', '1', '--fee-rate', 'x'], "--fee-rate 'x' is not a number"],
  [['fees', 'x'], "rate 'x' is not a number"],
  [['link', 'a', 'b', '--latency', 'x'], "--latency 'x' is not a number"],
  [['link', 'a', 'b', '--jitter', 'x'], "--jitter 'x' is not a number"],
  [['link', 'a', 'b', '--loss', 'x'], "--loss 'x' is not a number"],
  [['link', 'a', 'b', '--bandwidth', 'x'], "--bandwidth 'x' is not a number"],
  [['time', '--set', 'x'], "--set 'x' is not a number"],
  [['time', '--increase', 'x'], "--increase 'x' is not a number"],
  [['load', '--count', 'x'], "--count 'x' is not a number"],
  [['load', '--seconds', 'x'], "--seconds 'x' is not a number"],
  [['load', '--rate', 'x'], "--rate 'x' is not a number"],
  [['load', '--conflicts', 'x'], "--conflicts 'x' is not a number"],
  [['load', '--chains', 'x'], "--chains 'x' is not a number"],
  [['load', '--seed', 'x'], "--seed 'x' is not a number"],
  // What the network would refuse, whatever it has.
  [['mine', '20000'], 'blocks: 20000 is not a whole number from 0 to 10000'],
  [['mine', '-1'], 'blocks: -1 is not a whole number from 0 to 10000'],
  [['mine', '0.5'], 'blocks: 0.5 is not a whole number'],
  [['mine', '--by', ''], "--by: '' is not the name of a node"],
  [['mine', '--to', ''], "--to: '' is not the number of an account, the name of its wallet, or an address"],
  [['mine', '--time', '5000000000'], '--time: 5000000000 is not a whole number from 0 to 4294967295'],
  [['mining', 'transactions', '0'], 'number: 0 is not a whole number from 1 to 1000000'],
  [['mining', 'transactions', '1.5'], 'number: 1.5 is not a whole number from 1 to 1000000'],
  [['mining', 'interval', '0'], 'number: 0 is not a number of seconds above 0, up to 86400'],
  [['mining', 'poisson', '100000'], 'number: 100000 is not a number of seconds above 0'],
  [['add', '../x'], "new-node: '../x' is not a name: a letter, then up to 31 letters, digits"],
  [['add', '--role', 'boss'], "option '--role <role>' argument 'boss' is invalid"],
  [['add', '--link', ''], "--link: '' is not the name of a node"],
  [['doublespend', 'x'], "txid: 'x' is not a hash of 64 hexadecimal digits"],
  [['doublespend', 'ab'.repeat(32), '--fee-rate', '0'], '--fee-rate: 0 is not a number of satoshis per virtual byte'],
  [['faucet', '', '1'], "account|address: '' is not the number of an account, the name of its wallet, or an address"],
  [['faucet', '0', 'much'], "bitcoins: 'much' is not an amount of bitcoins above 0"],
  [['faucet', '0', '0.00'], "bitcoins: '0.00' is not an amount of bitcoins above 0"],
  [['pay', '0.5', '1', '1'], 'from: 0.5 is not the number of an account'],
  [['pay', '-1', '1', '1'], 'from: -1 is not the number of an account'],
  [['pay', '0', '-1', '1'], 'to: -1 is not the number of an account'],
  ...['abc', '-1', '1e-3', '0.000000001', '0'].map((amount): [string[], string] => [
    ['pay', '0', '1', amount],
    `bitcoins: '${amount}' is not an amount of bitcoins above 0 with up to eight decimals, such as '1.5'`,
  ]),
  [['pay', '0', '', '1'], "to: '' is not the number of an account, the name of its wallet, or an address"],
  [['pay', '0', '1', '1.123456789'], "bitcoins: '1.123456789' is not an amount of bitcoins above 0"],
  [['pay', '0', '1', '1', '--fee-rate', '1001'], '--fee-rate: 1001 is not a number of satoshis per virtual byte'],
  [
    ['pay', '0', '1', 'all', '--fee-rate', '0'],
    "bitcoins: 'all' is not an amount of bitcoins above 0 with up to eight decimals, such as '1.5'\n--fee-rate: 0 is not a number of satoshis",
  ],
  [['reorg', '0'], 'depth: 0 is not a whole number from 1 to 10000'],
  [['reorg', '--blocks', '10001'], '--blocks: 10001 is not a whole number from 1 to 10000'],
  [['reorg', '--by', ''], "--by: '' is not the name of a node"],
  [['partition', 'a,,b'], "groups: '' is not the name of a node"],
  [['fees', '-1'], 'rate: -1 is not 0, or a number of satoshis per virtual byte from 1 to 1000'],
  [['fees', '0.5'], 'rate: 0.5 is not 0, or a number of satoshis per virtual byte from 1 to 1000'],
  [['fees', '1001'], 'rate: 1001 is not 0, or a number of satoshis per virtual byte from 1 to 1000'],
  [['link', '', 'b'], "node: '' is not the name of a node"],
  [['link', 'a', ''], "other: '' is not the name of a node"],
  [['link', 'a', 'b', '--latency', '-1'], '--latency: -1 is not a number of milliseconds from 0 to 3600000'],
  [['link', 'a', 'b', '--jitter', '3600001'], '--jitter: 3600001 is not a number of milliseconds'],
  [['link', 'a', 'b', '--loss', '1'], '--loss: 1 is not a share from 0 to below 1'],
  [['link', 'a', 'b', '--bandwidth', '-1'], '--bandwidth: -1 is not a number of bytes a second of at least 0'],
  [['time', '--set', '4294967296'], '--set: 4294967296 is not a whole number from 0 to 4294967295'],
  [['load', '--count', '0.5'], '--count: 0.5 is not a whole number'],
  [['load', '--seconds', '0'], '--seconds: 0 is not a number of seconds above 0'],
  [['load', '--rate', '0'], '--rate: 0 is not a number of payments a second above 0'],
  [['load', '--conflicts', '1.1'], '--conflicts: 1.1 is not a share from 0 to 1'],
  [['load', '--chains', '-1'], '--chains: -1 is not a share from 0 to 1'],
  [['load', '--seed', '-1'], '--seed: -1 is not a whole number from 0 to 4294967295'],
  ...['save', 'restore', 'delete'].map((action): [string[], string] => [
    ['snapshot', action, ''],
    "snapshot: '' is not the name of a snapshot",
  ]),
  [['snapshot', 'save', 'x'.repeat(101)], `snapshot: '${'x'.repeat(80)}…' is not a name of up to 100 characters`],
  ...['start', 'stop', 'kill', 'pause', 'resume'].map((verb): [string[], string] => [
    [verb, ''],
    "node: '' is not the name of a node",
  ]),
];

it.each(refused)('%j is refused', async (words, message) => {
  expect([await runCommand(words, '0'), stderr]).toEqual([2, expect.stringContaining(`pier: ${message}`)]);
});

it.each(['up', ...controlCommands])('%s refuses what cannot be the name of a network', async (name) => {
  const words = examples[name]![0]!.replace('TXID', 'ab'.repeat(32)).split(' ').slice(1);
  expect(await runCommand([...words, '--name', '../x', '--json'], '0')).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'bad-name', message: "--name '../x' is not the name of a network", hint: expect.any(String) },
  });
});

it('what the network would refuse is a usage error in JSON too', async () => {
  expect(await runCommand(['pay', '0', '1', 'all', '--fee-rate', '0', '--json'], '0')).toBe(2);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'bad-argument',
      message: expect.stringMatching(
        /^bitcoins: .*\n--fee-rate: 0 is not a number of satoshis per virtual byte from 1 to 1000$/,
      ),
      hint: expect.stringContaining("pier help pay' lists its arguments and options."),
    },
  });
});

it('announces no mining of a chain that cannot be created', async () => {
  expect(await runCommand(['createblockchain', '--network', 'main', '--address', MAIN_ADDRESS], '0')).toBe(1);
  expect(stderr).toMatch(/^pier: cannot create a blockchain on the public network 'main'/);
});

it('names NODE_ID if the environment has the value', async () => {
  vi.stubEnv('NODE_ID', 'x');
  expect(await runCommand(['getbalance'], '0')).toBe(2);
  expect(stderr).toMatch(/^pier: NODE_ID 'x' is not a port/);
});

describe('the table above', () => {
  /** Options whose values are free: names and texts, and those that only a node or a disk can refuse. */
  const free = ['--name', '--by', '--from', '--wallet', '--mnemonic', '--export', '--headers-from'];
  // test/cli/startnode.test.ts
  free.push('--host', '--rpc-host');

  it.each(createProgram('0').commands.map((command) => [command.name(), command] as const))(
    'has each option of %s that takes a value',
    (_name, command) => {
      const tested = refused.flatMap(([words]) => words);
      const options = command.options.filter(({ required }) => required).map(({ long }) => long!);
      expect(options.filter((option) => !free.includes(option) && !tested.includes(option))).toEqual([]);
    },
  );
});
