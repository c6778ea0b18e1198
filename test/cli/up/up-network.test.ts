import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { NetworkReport } from '../../../src/cli/up/network-report.ts';
import { upNetwork } from '../../../src/cli/up/up-network.ts';
import { Waiting } from '../../../src/cli/waiting.ts';
import { connectControl } from '../../../src/control/client/connect.ts';
import { findRecord, runningNetworks } from '../../../src/control/control-record.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { isPortFree } from '../../../src/devnet/processes/ports.ts';
import type { NetworkOptions } from '../../../src/devnet/topology/network-options.ts';
import { tempDir } from '../../support/temp-dir.ts';

// `pier up` on a network in this process.

let stdout = '';
let stderr = '';
let printed = () => {};
let network: NodeNetwork | undefined;
let interrupt = () => {};

beforeEach(() => {
  stdout = '';
  stderr = '';
  network = undefined;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    printed();
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await network?.close();
});

/** Starts `pier up`; resolves when it says that the network runs. */
async function up(
  topology: NetworkOptions,
  json: boolean,
  state?: string,
  prepare?: (network: NodeNetwork) => Promise<unknown>,
): Promise<{ ended: Promise<void> }> {
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const create = async (options: NetworkOptions) => {
    network = await createNetwork(options);
    await prepare?.(network);
    return network;
  };
  const ended = upNetwork({ topology, json, state, name: 'up-test', create, interrupted });
  await Promise.race([ended, until('Press Ctrl-C')]);
  return { ended };
}

/** Resolves when stderr has a text. */
async function until(text: string): Promise<void> {
  while (!stderr.includes(text)) {
    await new Promise<void>((resolve) => {
      printed = resolve;
    });
  }
}

it('prints accounts and nodes as JSON, warns of a node that ends, and stops the others at an interrupt', async () => {
  const { ended } = await up({ nodes: [{ name: 'a' }, { name: 'b' }], accounts: 2, balance: '1.5', seed: 9 }, true);
  const report = JSON.parse(stdout) as NetworkReport;
  const [a, b] = network!.nodes;
  expect(report).toMatchObject({
    ...{ network: 'regtest', seed: 9, balance: '1.50000000', height: (await a!.view()).height },
    nodes: [
      { name: 'a', role: 'full', rpc: { host: '127.0.0.1', port: a!.rpc!.port, cookieFile: a!.rpc!.cookieFile } },
      { name: 'b', role: 'full', rpc: { port: b!.rpc!.port } },
    ],
    links: [{ from: 'b', to: 'a', latency: 0, jitter: 0, loss: 0, bandwidth: 0 }],
    mnemonic: 'test test test test test test test test test test test junk',
    accounts: [
      {
        ...{ index: 0, node: 'a', wallet: 'account0' },
        keys: {
          legacy: { path: "m/44'/1'/0'/0/0", address: network!.accounts[0]!.addresses.legacy },
          bech32: { path: "m/84'/1'/0'/0/0", privateKey: network!.accounts[0]!.wif('bech32') },
        },
      },
      { index: 1, wallet: 'account1', keys: { bech32m: { path: "m/86'/1'/1'/0/0" } } },
    ],
  });

  // What other programs read: a member may be added, and none be renamed.
  const members = ['network', 'seed', 'height', 'nodes', 'links', 'mnemonic', 'balance', 'accounts'];
  expect(Object.keys(report)).toEqual(members);
  expect(Object.keys(report.nodes[0]!)).toEqual(['name', 'role', 'p2p', 'rpc']);
  expect(Object.keys(report.nodes[0]!.rpc)).toEqual(['host', 'port', 'cookieFile', 'url']);
  expect(Object.keys(report.accounts[0]!)).toEqual(['index', 'node', 'wallet', 'keys']);
  for (const key of Object.values(report.accounts[0]!.keys)) {
    expect(Object.keys(key)).toEqual(['address', 'path', 'privateKey']);
  }

  // As a user copies them.
  await until(
    "'pier status --name up-test' shows the network, 'pier mine --name up-test' mines, 'pier help' lists more.",
  );

  // What a process that ends by itself says; a stop that a user asks for is no reason for a warning.
  const exit = vi.spyOn(b!.backend, 'unexpectedExit', 'get').mockReturnValue('SIGKILL');
  await b!.kill();
  await until('Warning: b has exited (SIGKILL). The other nodes keep running.');
  await until("'pier logs b --name up-test' shows the end of it");
  exit.mockReturnValue(undefined);
  await b!.start();
  await b!.stop();
  await network!.mine();
  interrupt();
  await ended;
  expect(stderr.match(/Warning/g)).toHaveLength(1);
  expect(stderr).toMatch(/All nodes are stopped\.\n$/);
  expect(a!.status).toBe('stopped');
  expect(await isPortFree(report.nodes[0]!.rpc.port)).toBe(true);
});

it('says of a network that is partitioned how many tips there are, and which command mends it', async () => {
  const split = await up({ nodes: 3, accounts: 0 }, true, undefined, async (made) => {
    await made.partition([['node1'], ['node2']]);
    await made.mine(1, { by: 'node1' });
  });
  const mend = "3 links are cut: 'pier heal --name up-test' mends them. Press Ctrl-C to stop.\n";
  expect(stderr).toContain(`All 3 nodes are running, with 2 different tips. ${mend}`);
  interrupt();
  await split.ended;
  stderr = '';
  const equal = await up({ nodes: 2, accounts: 0 }, true, undefined, (made) => made.partition([['node1']]));
  expect(stderr).toContain(
    "All 2 nodes are running and in sync. 1 link is cut: 'pier heal --name up-test' mends it. Press",
  );
  interrupt();
  await equal.ended;
});

it('prints them for people, and each block', async () => {
  const { ended } = await up({ nodes: [{}, { role: 'light' }], accounts: 1 }, false);
  const [account] = network!.accounts;
  const [first, light] = network!.nodes;
  const { port, cookieFile } = first!.rpc!;
  expect(stdout).toBe(`Accounts, 50.00 BTC each
  (0)  ${account!.address}  ${account!.wif()}  wallet account0 of node1
Mnemonic: test test test test test test test test test test test junk
Paths:    m/84'/1'/N'/0/0 is the key of account N
These keys are public: never use them for coins of value.

Nodes
  node1  full     P2P ${first!.backend.endpoint.host}:8333  RPC http://127.0.0.1:${port}/
         bitcoin-cli -rpcport=${port} -rpccookiefile=${cookieFile} getblockchaininfo
  node2  light    P2P ${light!.backend.endpoint.host}:8333  RPC http://127.0.0.1:${light!.rpc!.port}/
         bitcoin-cli -rpcport=${light!.rpc!.port} -rpccookiefile=${light!.rpc!.cookieFile} getblockchaininfo

Mine a block
  bitcoin-cli -rpcport=${port} -rpccookiefile=${cookieFile} generatetoaddress 1 ${account!.address}
  curl --user "$(cat ${cookieFile})" --data '{"method":"generatetoaddress","params":[1,"${account!.address}"]}' http://127.0.0.1:${port}/

`);
  const [command] = /^ {2}curl .*$/m.exec(stdout)!;
  const { height } = await first!.view();
  const { stdout: reply } = await promisify(execFile)('/bin/sh', ['-c', command]);
  expect(JSON.parse(reply)).toMatchObject({ result: [expect.any(String)], error: null });
  expect((await first!.view()).height).toBe(height + 1);
  // The first of these blocks may be mined before the node is watched.
  while (!stdout.includes('block ')) await network!.mine();
  expect(stdout).toMatch(/\nblock \d+ {2}[0-9a-f]{64} /);
  interrupt();
  await ended;
});

it('says of other keys that they are printed, and prints none without accounts', async () => {
  const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
  const first = await up({ nodes: 1, accounts: 1, mnemonic }, false);
  expect(stdout).toContain('These keys are printed here and stored unencrypted: never use them for coins of value.');
  interrupt();
  await first.ended;
  stdout = '';
  stderr = '';
  const second = await up({ nodes: 1, accounts: 0 }, false);
  expect(stdout).toMatch(/^Nodes\n/);
  interrupt();
  await second.ended;
});

it('stops a network that is interrupted while it starts', async () => {
  const interrupted = Promise.resolve();
  const create = async (options: NetworkOptions) => {
    network = await createNetwork(options);
    return network;
  };
  await upNetwork({ topology: { nodes: 2, accounts: 1 }, json: true, name: 'up-test', create, interrupted });
  expect(network!.nodes.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
  expect(stdout).toBe('');
});

it('has its name from before it is created until all nodes are stopped, also after a failure', async () => {
  let fail = (_: Error) => {};
  const create = () =>
    new Promise<NodeNetwork>((_resolve, reject) => {
      fail = reject;
    });
  const start = () =>
    upNetwork({ topology: { nodes: 1 }, json: true, name: 'up-test', create, interrupted: new Promise(() => {}) });
  const first = start();
  while (!(await runningNetworks()).some(({ name }) => name === 'up-test')) await setImmediate();
  await expect(connectControl(await findRecord('up-test'))).rejects.toMatchObject({ code: 'network-starting' });
  await expect(start()).rejects.toMatchObject({ code: 'network-running' });
  fail(new Error('out of nodes'));
  await expect(first).rejects.toThrow('out of nodes');
  await expect(findRecord('up-test')).rejects.toMatchObject({ code: 'no-network' });
});

it('does not warn of nodes that the interrupt itself has ended', async () => {
  const { ended } = await up({ nodes: 2, accounts: 1 }, true);
  await network!.nodes[1]!.kill();
  interrupt();
  await ended;
  expect(stderr).not.toContain('Warning');
});

it('says on a terminal that it saves the state, and stops the nodes', async () => {
  const start = vi.spyOn(Waiting.prototype, 'start');
  const state = join(tempDir('up-state'), 'state');
  const { ended } = await up({ nodes: 1, accounts: 0 }, true, state);
  interrupt();
  await ended;
  expect(start.mock.calls.flat()).toEqual([
    'Creating a network of 1 nodes',
    'Saving the state of the network',
    'Stopping the nodes',
  ]);
  expect(stderr).toContain(`The state of the network is in ${state}.`);
});
