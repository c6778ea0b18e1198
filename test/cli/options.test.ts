import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { controlCommands } from '../../src/cli/help.ts';
import { createProgram } from '../../src/cli/program.ts';
import { Waiting } from '../../src/cli/waiting.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import { LogOutput } from '../../src/node/log-output.ts';
import { tempDir } from '../support/temp-dir.ts';

// Each option of each command is given and left out; what the command then does differs as the help says. The commands
// themselves are replaced: they note how they are called.

/** A call of a function below the command line. */
interface Noted {
  readonly name: string;
  readonly args: readonly unknown[];
}

const noted: Noted[] = vi.hoisted(() => []);
const note = vi.hoisted(() => <T>(name: string, result?: T) => (...args: unknown[]): Promise<T> => {
  noted.push({ name, args });
  // A node that starts would run until a signal.
  return result === undefined ? Promise.reject(new Error('noted')) : Promise.resolve(result);
});

vi.mock('../../src/cli/signals.ts', () => ({
  interruption: () => new AbortController().signal,
  aborted: () => new Promise(() => {}),
  onHangup: () => {},
}));
vi.mock('node:stream/consumers', () => ({ text: async () => 'words from standard input' }));
vi.mock('../../src/commands/start-node.ts', () => ({ startNode: note('full'), startLightNode: note('light') }));
vi.mock('../../src/commands/create-blockchain.ts', () => ({
  createBlockchain: note('createBlockchain', { file: 'f', height: 1, bestblockhash: 'h' }),
}));
vi.mock('../../src/commands/mine-genesis.ts', () => ({ mineGenesis: note('mineGenesis', {}) }));
vi.mock('../../src/commands/print-chain.ts', () => ({ printChain: note('printChain', 0) }));
vi.mock('../../src/commands/reindex-utxo.ts', () => ({ reindexUtxo: note('reindexUtxo', { blocks: 1, coins: 2 }) }));
vi.mock('../../src/commands/create-wallet.ts', () => ({
  createWallet: note('createWallet', { wallet: 'w', address: 'a', type: 't' }),
}));
vi.mock('../../src/commands/mnemonic.ts', () => ({
  showMnemonics: note('showMnemonics', []),
  restoreWallet: note('restoreWallet', { wallet: 'w', address: 'a' }),
}));
vi.mock('../../src/commands/list-addresses.ts', () => ({ listAddresses: note('listAddresses', []) }));
vi.mock('../../src/commands/get-balance.ts', () => ({
  getBalances: note('getBalances', []),
  getAddressBalance: note('getAddressBalance', { address: 'a', balance: 1 }),
}));
vi.mock('../../src/commands/send.ts', () => ({ send: note('send', { txid: 't', wallet: 'w' }) }));
vi.mock('../../src/api/client/rpc-client.ts', () => ({
  RpcClient: class {
    readonly options: unknown;
    constructor(options: unknown) {
      this.options = options;
    }
    callExact(...args: unknown[]) {
      return note('call', 'text')(this.options, ...args);
    }
  },
}));
vi.mock('../../src/commands/verify.ts', async (original) => ({
  ...(await original<typeof import('../../src/commands/verify.ts')>()),
  verifyTransaction: note('verifyTransaction', { verdict: {}, proof: {}, source: 's' }),
  verifyProof: note('verifyProof', { verdict: {}, proof: {}, source: 's' }),
  exportProof: (...args: unknown[]) => {
    noted.push({ name: 'exportProof', args });
    return { exported: true };
  },
}));
vi.mock('../../src/spv/verify/payment-report.ts', () => ({ paymentReport: () => ({ verified: true }) }));
vi.mock('../../src/cli/payment-report-text.ts', () => ({ formatPaymentReport: () => 'report' }));
vi.mock('../../src/devnet/processes/ports.ts', () => ({
  isPortFree: async () => true,
  freeNodeIds: async () => [1, 2, 3, 4],
}));
vi.mock('../../src/devnet/network/create-network.ts', () => ({
  createNetwork: note('createNetwork'),
  continueNetwork: note('continueNetwork'),
}));
vi.mock('../../src/devnet/scenario/scenario.ts', () => ({
  Scenario: class {
    readonly options: { onStep?: unknown };
    readonly nodes = [];
    constructor(options: { onStep?: unknown }) {
      this.options = options;
    }
    play() {
      return note('scenario')(this.options);
    }
    async stop() {}
  },
}));

const dir = tempDir('options');
const TXID = 'ab'.repeat(32);
let stdout = '';

beforeEach(() => {
  vi.stubEnv('NODE_ID', '3005');
  vi.stubEnv('PIER_DATADIR', dir);
  vi.stubEnv('PIER_NETWORK', undefined);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

/** Runs a command; returns what it called and printed, or its error if it did not come to a call. */
async function run(words: readonly string[]) {
  noted.length = 0;
  stdout = '';
  const thrown = await createProgram('0')
    .parseAsync([...words], { from: 'user' })
    .catch((error: unknown) => error);
  const calls = [...noted];
  if (thrown instanceof Error && thrown.message !== 'noted') throw thrown;
  return { calls, stdout };
}

type Run = Awaited<ReturnType<typeof run>>;
type Read = (run: Run) => unknown;

const argument =
  (index: number): Read =>
  ({ calls }) =>
    calls[0]?.args[index];
const config =
  (read: (config: NodeConfig) => unknown): Read =>
  ({ calls }) =>
    read(calls[0]!.args[0] as NodeConfig);
const option =
  (name: string): Read =>
  (each) =>
    (argument(1)(each) as Record<string, unknown>)[name];
const called: Read = ({ calls }) => calls.map(({ name }) => name);
const isJson: Read = ({ stdout: text }) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** An option: what follows the command, what shows its effect, and that with and without it. */
type Case = readonly [words: readonly string[], read: Read, given: unknown, absent: unknown];

const node: Readonly<Record<string, Case>> = {
  '--node-id': [['--node-id', '3999'], config(({ nodeId }) => nodeId), 3999, 3005],
  '--rpc-host': [['--rpc-host', '127.0.0.9'], config(({ rpc }) => rpc.host), '127.0.0.9', '127.0.0.1'],
  '--datadir': [['--datadir', join(dir, 'other')], config(({ dataDir }) => dataDir), join(dir, 'other'), dir],
  '--network': [['--network', 'signet'], config(({ params }) => params.network), 'signet', 'regtest'],
};
const json: Readonly<Record<string, Case>> = { '--json': [['--json'], isJson, true, false] };
const seeds = config(({ p2p }) => p2p.seeds.map(({ host, port }) => `${host}:${port}`));
const seed: Readonly<Record<string, Case>> = {
  '--seed': [['--seed', '10.0.0.1:1', '--seed', '7'], seeds, ['10.0.0.1:1', '127.0.0.1:7'], ['127.0.0.1:3000']],
  '--no-seed': [['--no-seed'], seeds, [], ['127.0.0.1:3000']],
};
/** What a network is created with; undefined if none is. */
const created =
  (read: (options: Record<string, unknown>) => unknown): Read =>
  ({ calls: [call] }) =>
    call?.name === 'createNetwork' ? read(call.args[0] as Record<string, unknown>) : undefined;
/** Whether a step of the scenario is printed as text. */
const printsStep: Read = ({ calls }) => {
  const { onStep } = calls[0]!.args[0] as { onStep: (step: unknown) => void };
  stdout = '';
  onStep({ step: 1, title: 'a step', facts: [{ nodeId: 1, label: 'a fact', value: 5 }] });
  return stdout.includes('a step');
};
/** Whether a line of a node's log is printed. */
const printsLog: Read = ({ calls }) => {
  const { onLog } = calls[0]!.args[0] as { onLog?: (nodeId: number, line: string) => void };
  const write = vi.spyOn(LogOutput.prototype, 'write').mockReturnValue();
  onLog?.(1, 'a line');
  const isPrinted = write.mock.calls.length > 0;
  write.mockRestore();
  return isPrinted;
};
const MNEMONIC = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const SIGNET_ADDRESS = 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx';
const OTHER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/** `--network` of a command that takes an address of the network. */
const networkOf = (option: string): Readonly<Record<string, Case>> => {
  const [words, ...rest] = node['--network']!;
  return { '--network': [[...words, option, SIGNET_ADDRESS], ...rest] };
};

/** The options of each command, after the words that the command needs. */
const commands: Readonly<
  Record<string, readonly [words: readonly string[], Readonly<Record<string, Case | undefined>>]>
> = {
  startnode: [
    [],
    {
      ...node,
      ...seed,
      // Its effect is the line that a node prints when it is ready: test/e2e.
      '--json': undefined,
      '--spv': [['--spv'], called, ['light'], ['full']],
      '--bloom': [['--spv', '--bloom'], config(({ light }) => light.bloom), true, false],
      '--miner': [['--miner', ADDRESS], config(({ mining }) => mining.address), ADDRESS, undefined],
      '--mine-at-txs': [['--mine-at-txs', '5'], config(({ mining }) => mining.mineAtTxs), 5, 2],
      '--miner-threads': [['--miner-threads', '3'], config(({ mining }) => mining.threads), 3, undefined],
      '--blocks-only': [['--blocks-only'], config(({ p2p }) => p2p.blocksOnly), true, false],
      '--no-blockfilterindex': [['--no-blockfilterindex'], config(({ chain }) => chain.blockFilterIndex), false, true],
      '--trickle': [['--trickle'], config(({ p2p }) => p2p.trickle), true, false],
      '--no-trickle': [['--network', 'main', '--no-trickle'], config(({ p2p }) => p2p.trickle), false, false],
      '--peerbloomfilters': [['--peerbloomfilters'], config(({ p2p }) => p2p.bloomFilters), true, false],
      '--public-addresses': [['--public-addresses'], config(({ p2p }) => p2p.publicAddresses), true, false],
      '--no-public-addresses': [
        ['--network', 'main', '--no-public-addresses'],
        config(({ p2p }) => p2p.publicAddresses),
        false,
        false,
      ],
      '--host': [['--host', '127.0.0.9'], config(({ p2p }) => p2p.host), '127.0.0.9', '127.0.0.1'],
      '--no-v2': [['--no-v2'], config(({ p2p }) => p2p.v2Transport), false, true],
      '--max-connections': [['--max-connections', '9'], config(({ p2p }) => p2p.maxConnections), 9, 125],
      '--no-auto-connect': [['--no-auto-connect'], config(({ p2p }) => p2p.maxOutbound), 0, undefined],
      '--relaxed-durability': [['--relaxed-durability'], config(({ store }) => store.relaxedDurability), true, false],
      '--log-level': [
        ['--log-level', 'debug'],
        ({ calls }) => (calls[0]!.args[1] as { logger: { level: string } }).logger.level,
        'debug',
        'info',
      ],
      '--minimumchainwork': [['--minimumchainwork', 'ff'], config(({ params }) => params.minimumChainWork), 255n, 0n],
      // Needs a parent process: test/e2e.
      '--with-parent': undefined,
    },
  ],
  createblockchain: [
    ['--address', ADDRESS],
    {
      ...node,
      ...networkOf('--address'),
      ...json,
      '--address': [['--address', OTHER], option('address'), OTHER, ADDRESS],
    },
  ],
  // Without --json only errors differ.
  // Its hidden options: test/cli/completion/.
  completion: [['bash'], {}],
  minegenesis: [['file'], { '--json': undefined }],
  printchain: [
    [],
    {
      ...node,
      '--json': [['--json'], isJson, true, false],
      '--limit': [['--limit', '3'], option('limit'), 3, undefined],
    },
  ],
  reindexutxo: [[], { ...node, ...json }],
  createwallet: [
    [],
    {
      ...node,
      ...json,
      '--name': [['--name', 'alice'], option('name'), 'alice', undefined],
      '--type': [['--type', 'bech32m'], option('type'), 'bech32m', 'bech32'],
      '--restore': [['--name', 'x', '--restore'], called, ['restoreWallet'], ['createWallet']],
      '--gap': [['--name', 'x', '--restore', '--gap', '77'], option('gap'), 77, undefined],
    },
  ],
  showmnemonic: [[], { ...node, ...json }],
  listaddresses: [[], { ...node, ...json }],
  getbalance: [
    [],
    {
      ...node,
      ...json,
      '--address': [
        ['--address', ADDRESS],
        ({ calls }) => [calls[0]!.name, calls[0]!.args[1]],
        ['getAddressBalance', ADDRESS],
        ['getBalances', undefined],
      ],
    },
  ],
  send: [
    ['--to', ADDRESS, '--amount', '1'],
    {
      ...node,
      ...networkOf('--to'),
      ...seed,
      ...json,
      '--to': [['--to', OTHER], option('to'), OTHER, ADDRESS],
      '--amount': [['--amount', '2.5'], option('amount'), '2.5', '1'],
      '--from': [['--from', 'alice'], option('from'), 'alice', undefined],
      '--fee-rate': [['--fee-rate', '2.5'], option('feeRate'), '2.5', undefined],
      '--mine': [['--mine'], option('mine'), true, undefined],
    },
  ],
  verify: [
    [TXID],
    {
      '--node-id': [
        ['--node-id', '3999'],
        ({ calls }) => (calls[0]!.args[0] as { own: NodeConfig }).own.nodeId,
        3999,
        3005,
      ],
      '--rpc-host': [
        ['--rpc-host', '127.0.0.9'],
        ({ calls }) => (calls[0]!.args[0] as { own: NodeConfig }).own.rpc.host,
        '127.0.0.9',
        '127.0.0.1',
      ],
      '--datadir': [
        ['--datadir', join(dir, 'other')],
        ({ calls }) => (calls[0]!.args[0] as { own: NodeConfig }).own.dataDir,
        join(dir, 'other'),
        dir,
      ],
      '--network': [['--network', 'signet'], config(({ params }) => params.network), 'signet', 'regtest'],
      ...json,
      '--node': [
        ['--node', '10.0.0.1:1', '--node', '7'],
        ({ calls }) => (calls[0]!.args[0] as { nodes: unknown }).nodes,
        [
          { host: '10.0.0.1', port: 1 },
          { host: '127.0.0.1', port: 7 },
        ],
        [{ host: '127.0.0.1', port: 3000 }],
      ],
      '--block': [['--block', '5'], ({ calls }) => (calls[0]!.args[2] as { block: unknown }).block, '5', undefined],
      '--address': [
        ['--address', ADDRESS],
        ({ calls }) => (calls[0]!.args[2] as { address: unknown }).address,
        ADDRESS,
        undefined,
      ],
      '--proof': [
        ['--proof', '-'],
        ({ calls }) => [calls[0]!.name, calls[0]!.args[1]],
        ['verifyProof', 'words from standard input'],
        ['verifyTransaction', TXID],
      ],
      '--checkpoint': [
        ['--checkpoint', '1:00'],
        ({ calls }) => (calls[0]!.args[2] as { checkpoint: unknown }).checkpoint,
        '1:00',
        undefined,
      ],
      '--export': [
        ['--export', join(dir, 'proof')],
        called,
        ['verifyTransaction', 'exportProof'],
        ['verifyTransaction'],
      ],
      '--headers-from': [
        ['--export', join(dir, 'proof'), '--headers-from', '9'],
        ({ calls }) => calls[1]?.args[2],
        '9',
        undefined,
      ],
    },
  ],
  rpc: [
    ['getwalletinfo'],
    {
      '--node-id': [['--node-id', '3999'], ({ calls }) => (calls[0]!.args[0] as { port: number }).port, 13_999, 13_005],
      '--rpc-host': [
        ['--rpc-host', '127.0.0.9'],
        ({ calls }) => (calls[0]!.args[0] as { host: string }).host,
        '127.0.0.9',
        '127.0.0.1',
      ],
      '--datadir': [
        ['--datadir', join(dir, 'other')],
        ({ calls }) => (calls[0]!.args[0] as { cookieFile: string }).cookieFile,
        join(dir, 'other', '.cookie_3005'),
        join(dir, '.cookie_3005'),
      ],
      // Only the default data directory depends on it.
      '--network': undefined,
      ...json,
      '--wallet': [['--wallet', 'alice'], argument(3), 'alice', undefined],
    },
  ],
  up: [
    [],
    {
      '--nodes': [['--nodes', '20'], created(({ nodes }) => (nodes as unknown[]).length), 20, undefined],
      '--shape': [['--nodes', '9', '--shape', 'star'], created(({ shape }) => shape), 'star', undefined],
      '--seed': [['--nodes', '9', '--seed', '7'], created(({ seed }) => seed), 7, undefined],
      // What other commands find by it: test/e2e/control-commands.test.ts.
      '--name': undefined,
      // What it saves and loads: test/e2e/up-network.test.ts.
      '--state': [['--state', join(dir, 'no.state')], ({ calls }) => calls[0]!.name, 'createNetwork', 'scenario'],
      '--accounts': [['--accounts', '3'], created(({ accounts }) => accounts), 3, undefined],
      '--mnemonic': [['--mnemonic', MNEMONIC], created(({ mnemonic }) => mnemonic), MNEMONIC, undefined],
      '--balance': [['--balance', '1.5'], created(({ balance }) => balance), '1.5', undefined],
      '--datadir': [['--datadir', join(dir, 'other')], config(({ dataDir }) => dataDir), join(dir, 'other'), dir],
      '--network': [
        ['--network', 'classroom'],
        ({ calls }) => (calls[0]!.args[0] as { network: { argument: string } }).network.argument,
        'classroom',
        'regtest',
      ],
      '--json': [['--json'], printsStep, false, true],
      '--base-port': [
        ['--base-port', '4000'],
        ({ calls }) => {
          const { central, wallet, miner, light } = calls[0]!.args[0] as Record<string, number>;
          return [central, wallet, miner, light];
        },
        [4000, 4001, 4002, 4003],
        [3000, 3001, 3002, 3003],
      ],
      '--log': [['--log'], printsLog, true, false],
    },
  ],
  scenario: [
    [],
    {
      '--json': [['--json'], printsStep, false, true],
      '--log': [['--log'], ({ calls }) => Object.hasOwn(calls[0]!.args[0] as object, 'onLog'), true, false],
    },
  ],
};

const walletCommands = ['createwallet', 'showmnemonic', 'listaddresses', 'getbalance'];

const longNames = (command: Command) =>
  command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long }) => long!)
    .sort();

describe('the options', () => {
  it('are all tested here', () => {
    const program = createProgram('0');
    // The others are tested on a network: test/e2e/control-commands.test.ts.
    const here = program.commands.filter((command) => !controlCommands.includes(command.name()));
    expect(here.map((command) => command.name()).sort()).toEqual(Object.keys(commands).sort());
    for (const command of here) {
      const [, cases] = commands[command.name()]!;
      expect([command.name(), longNames(command)]).toEqual([command.name(), Object.keys({ ...cases }).sort()]);
    }
  });

  for (const [name, [words, cases]] of Object.entries(commands)) {
    for (const [flag, each] of Object.entries(cases)) {
      if (!each) continue;
      it(`${name} ${flag}`, async () => {
        const [given, read, expected, absent] = each;
        // Options stand before a method, and after the options that a command needs.
        const withOption = name === 'rpc' ? [name, ...given, ...words] : [name, ...words, ...given];
        expect(read(await run(withOption))).toEqual(expected);
        expect(read(await run([name, ...words]))).toEqual(absent);
      });
    }
  }

  it.each(['createblockchain', 'minegenesis', 'reindexutxo', 'send', 'rpc', ...walletCommands])(
    '%s says on a terminal what takes long',
    async (name) => {
      const start = vi.spyOn(Waiting.prototype, 'start').mockClear();
      await run([name, ...commands[name]![0]]);
      expect(start.mock.calls.flat()).toEqual([expect.stringMatching(/^[A-Z]/)]);
    },
  );

  it('verify --export writes the proof', async () => {
    const file = join(dir, 'exported');
    await writeFile(file, 'old');
    await run(['verify', TXID, '--export', file]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ exported: true });
  });

  it('startnode --no-trickle announces at once on a public network', async () => {
    const trickle = config(({ p2p }) => p2p.trickle);
    expect(trickle(await run(['startnode', '--network', 'main']))).toBe(true);
  });
});
