import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { encodeState, type NetworkState, topologyOf } from '../../src/devnet/network/state/network-state.ts';
import { stateFiles } from '../../src/devnet/network/state/state-file.ts';
import { planNetwork } from '../../src/devnet/topology/network-plan.ts';
import { UsageError } from '../../src/node/composition/usage-error.ts';
import { findNetwork } from '../../src/node/networks.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { tempDir } from '../support/temp-dir.ts';

// What `pier up` makes of its arguments, before it starts anything.

const created: unknown[] = vi.hoisted(() => []);
vi.mock('../../src/cli/signals.ts', () => ({
  interruption: () => new AbortController().signal,
  aborted: () => new Promise(() => {}),
  onHangup: () => {},
}));
vi.mock('../../src/devnet/network/create-network.ts', () => {
  const create = (...given: unknown[]) => {
    created.push(...given);
    return Promise.reject(new Error('not started'));
  };
  return { createNetwork: create, continueNetwork: create };
});
vi.mock('../../src/devnet/processes/ports.ts', () => ({ isPortFree: async () => true }));
vi.mock('../../src/devnet/scenario/scenario.ts', () => ({
  Scenario: class {
    constructor() {
      throw new Error('scenario');
    }
  },
}));

const dir = tempDir('up-arguments');
const file = join(dir, 'network.yaml');
writeFileSync(file, 'nodes: 2\nshape: line\n');
const memory = join(dir, 'memory.yaml');
writeFileSync(memory, 'engine: memory\n');
const broken = join(dir, 'broken.yaml');
writeFileSync(broken, 'nodes: 2\n\nsead: 7\n');

beforeEach(() => {
  for (const name of ['PIER_DATADIR', 'PIER_NETWORK']) vi.stubEnv(name, undefined);
  created.length = 0;
});

afterEach(() => vi.restoreAllMocks());

/** Runs `pier up`; returns the options of the network, or throws. */
async function up(...words: string[]): Promise<Record<string, unknown>> {
  await createProgram('0')
    .parseAsync(['up', ...words], { from: 'user' })
    .catch((error: unknown) => {
      if ((error as Error).message !== 'not started') throw error;
    });
  return created[0] as Record<string, unknown>;
}

it('starts the network of a file, each node as a process with RPC', async () => {
  const options = await up(file);
  expect(options).toMatchObject({ shape: 'line', engine: 'processes' });
  expect(options.nodes).toMatchObject([
    { name: 'node1', rpc: true },
    { name: 'node2', rpc: true },
  ]);
  expect(options.dataDir).toBe(undefined);
});

it('takes the data directory from the option, the file or the environment, in this order', async () => {
  const withFolder = join(dir, 'folder.yaml');
  writeFileSync(withFolder, 'engine: processes\ndataDir: inside\n');
  vi.stubEnv('PIER_DATADIR', join(dir, 'env'));
  expect((await up(file)).dataDir).toBe(join(dir, 'env'));
  created.length = 0;
  expect((await up(withFolder)).dataDir).toBe(join(dir, 'inside'));
  created.length = 0;
  expect((await up(withFolder, '--datadir', join(dir, 'option'))).dataDir).toBe(join(dir, 'option'));
});

it('takes the network from the option or the environment', async () => {
  vi.stubEnv('PIER_NETWORK', 'main');
  expect((await up('--nodes', '2', '--network', 'regtest')).network).toBe('regtest');
  await expect(up(file)).rejects.toMatchObject({
    code: 'bad-topology',
    message: expect.stringContaining('main is pub'),
  });
});

it('says which folder makes it continue another network', async () => {
  const folder = tempDir('up-kept');
  const topology = { nodes: [{ name: 'a' }] };
  writeFileSync(join(folder, 'network.json'), JSON.stringify({ version: 1, nodes: ['a'], state: { topology } }));
  await expect(up('--base-port', '4000', '--datadir', folder)).rejects.toMatchObject({
    code: 'useless-option',
    message: `--base-port is for the scenario; the folder ${folder} holds another network, which 'pier up' continues`,
  });
});

it('plays the scenario without a file and without options that describe a network', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(up('--base-port', '4000', '--datadir', dir)).rejects.toThrow('scenario');
});

describe('with a state', () => {
  const state = join(dir, 'network.state');
  const plan = planNetwork({ nodes: 2, shape: 'line' }, findNetwork);
  const saved = {
    ...{ topology: topologyOf(plan), time: 5_000, clock: { offset: 0, frozen: 5_000 }, mining: 'manual' as const },
    links: plan.links.map(({ conditions }) => ({ isCut: true, conditions })),
    fees: undefined,
    nodes: plan.nodes.map(() => ({
      contents: { chain: new MemoryStore(), wallet: new MemoryStore(), mempool: undefined },
      status: 'running' as const,
    })),
  };
  const writeState = async (path: string, content: NetworkState) => stateFiles.write(path, await encodeState(content));
  beforeEach(() => writeState(state, saved));

  it.each([
    ['alone', ['--state', state]],
    ['with its file', [file, '--state', state]],
    ['with its options', ['--nodes', '2', '--shape', 'line', '--state', state]],
  ])('continues it %s', async (_what, words) => {
    const options = await up(...words);
    expect(options).toMatchObject({ engine: 'processes', nodes: [{ name: 'node1', rpc: true }, { name: 'node2' }] });
    expect(created[1]).toMatchObject({
      time: 5_000,
      topology: { balance: '50.00000000', nodes: [{ name: 'node1' }, {}] },
      links: [{ isCut: true }],
    });
  });

  it.each<[string, string[], string[]]>([
    ['a file', [file, '--state', state], [`${file} describes another network`, 'links[0].latency: 0 instead of 3']],
    ['options', ['--nodes', '3', '--state', state], ['the command describes another', 'nodes: 3 instead of 2']],
  ])('refuses %s of another network with what differs', async (_what, words, messages) => {
    const links = saved.topology.links!.map((link) => ({ ...link, latency: 3 }));
    await writeState(state, { ...saved, topology: { ...saved.topology, links } });
    const error = await up(...words).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'other-topology', hint: expect.stringContaining(`pier up --state ${state}`) });
    for (const message of messages) expect((error as Error).message).toContain(message);
    expect(created).toEqual([]);
  });

  it.each([
    ['in a folder that does not exist', join(dir, 'none', 'a.state'), 'ENOENT'],
    ['that is a folder', dir, 'it is a folder'],
  ])('refuses a path %s before anything is started', async (_what, path, reason) => {
    await expect(up(file, '--state', path)).rejects.toMatchObject({
      code: 'state-not-saved',
      message: expect.stringContaining(`${path} cannot be written: `),
    });
    await expect(up(file, '--state', path)).rejects.toThrow(reason);
    expect(created).toEqual([]);
  });

  it('leaves no file where there was none', async () => {
    const path = join(dir, 'new.state');
    expect(await up(file, '--state', path)).toMatchObject({ shape: 'line' });
    expect(created[1]).toBe(undefined);
    expect(readdirSync(dir).filter((name) => name.startsWith('new.state'))).toEqual([]);
  });
});

/** Arguments that are refused, and the error. */
const refused: readonly [words: readonly string[], code: string, message: string][] = [
  [[file, '--nodes', '3'], 'useless-option', `--nodes cannot be combined with a file: write it into ${file}`],
  [[file, '--shape', 'line'], 'useless-option', '--shape cannot be combined with a file'],
  [[file, '--seed', '1'], 'useless-option', '--seed cannot be combined with a file'],
  [[file, '--accounts', '1'], 'useless-option', '--accounts cannot be combined with a file'],
  [[file, '--mnemonic', 'x'], 'useless-option', '--mnemonic cannot be combined with a file'],
  [[file, '--balance', '1'], 'useless-option', '--balance cannot be combined with a file'],
  [[file, '--network', 'regtest'], 'useless-option', '--network cannot be combined with a file'],
  [
    [file, '--base-port', '4000'],
    'useless-option',
    '--base-port is for the scenario, which other networks do not play',
  ],
  [['--nodes', '3', '--base-port', '3000'], 'useless-option', '--base-port is for the scenario'],
  [['--seed', '3', '--log'], 'useless-option', '--log is for the scenario'],
  [[broken], 'bad-topology', 'broken.yaml:3: sead: there is no such option'],
  [[memory], 'bad-topology', "memory.yaml: engine: 'memory' is for programs; pier up starts processes"],
  [[join(dir, 'none.yaml')], 'bad-topology', 'none.yaml: the file does not exist'],
  [['--nodes', '0'], 'bad-topology', '--nodes: 0 is not a whole number from 1 to 1000'],
  [['--nodes', 'many'], 'bad-topology', "--nodes: 'many' is not a number of nodes"],
  [['--nodes', '2.5'], 'bad-topology', '--nodes: 2.5 is not a whole number'],
  [['--nodes', '-1', '--seed', 'x'], 'bad-topology', "--seed: 'x' is not a whole number"],
  [['--accounts', '-1'], 'bad-topology', '--accounts: -1 is not a whole number from 0 to 1000'],
  [['--balance', '1e3'], 'bad-topology', "--balance: '1e3' is not an amount"],
  [['--mnemonic', 'test test'], 'bad-topology', '--mnemonic: not a BIP39 mnemonic'],
  [['--nodes', '2', '--network', 'main'], 'bad-topology', '--network: main is public: its chain cannot be mined here'],
  [['--nodes', '2', '--network', 'signet'], 'bad-topology', '--network: signet is public'],
  [['--nodes', '2', '--network', 'mein'], 'bad-topology', "--network: unknown network 'mein'"],
];

it.each(refused)('%j is refused as %s', async (words, code, message) => {
  const error = await up(...words).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(created).toEqual([]);
});
