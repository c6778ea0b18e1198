import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { portUser } from '../../../src/cli/up/port-user.ts';
import { type PlayedScenario, type UpScenarioOptions, upScenario } from '../../../src/cli/up/up-scenario.ts';
import { connectControl } from '../../../src/control/client/connect.ts';
import { findRecord, runningNetworks } from '../../../src/control/control-record.ts';
import { controlEvent } from '../../../src/control/protocol/events.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { freeNodeIds, isPortFree } from '../../../src/devnet/processes/ports.ts';
import type { ScenarioOptions } from '../../../src/devnet/scenario/scenario.ts';
import { scenarioNodes } from '../../../src/devnet/scenario/scenario-network.ts';
import { freeBasePort } from '../../support/pier.ts';
import { tempDir } from '../../support/temp-dir.ts';

// What `pier up` does around the scenario, which is replaced.

const TXID = 'ab'.repeat(32);

/** A scenario on a network in this process. */
class FakeScenario implements PlayedScenario {
  readonly options: ScenarioOptions;
  network: NodeNetwork | undefined;
  stops = 0;
  /** Called while the steps are played. */
  opened: ((network: NodeNetwork) => Promise<void>) | undefined;

  constructor(options: ScenarioOptions) {
    this.options = options;
  }

  async play() {
    const { central } = this.options;
    this.network = await createNetwork({
      nodes: scenarioNodes.map((role) => ({ name: role, role, rpc: true })),
      ...{ accounts: 1, balance: '8' },
    });
    for (const [i, { backend }] of this.network.nodes.entries()) {
      vi.spyOn(backend, 'endpoint', 'get').mockReturnValue({ host: '127.0.0.1', port: central + i });
    }
    await this.options.onOpen!(this.network);
    await this.opened?.(this.network);
    return [{ step: 5, title: 'received', facts: [{ nodeId: 1, label: 'payment', value: TXID }] }];
  }
  async mineOn() {
    this.network!.mining = { transactions: 2 };
  }
  async stop() {
    this.stops++;
    await this.network?.close();
  }
}

let stderr = '';
let printed = () => {};
let interrupt = () => {};
let base: number;

beforeEach(async () => {
  for (const name of ['NODE_ID', 'PIER_DATADIR', 'PIER_NETWORK']) vi.stubEnv(name, undefined);
  base = await freeBasePort();
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    printed();
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function until(text: string): Promise<void> {
  while (!stderr.includes(text)) {
    await new Promise<void>((resolve) => {
      printed = resolve;
    });
  }
}

/** Starts `pier up`; resolves when its nodes run. */
async function up(options: Partial<UpScenarioOptions>): Promise<{ scenario: FakeScenario; ended: Promise<void> }> {
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  let scenario: FakeScenario | undefined;
  const ended = upScenario({ basePort: String(base), name: 'up-scenario', ...options }, interrupted, (given) => {
    scenario = new FakeScenario(given);
    return scenario;
  });
  await Promise.race([ended, until('Press Ctrl-C')]);
  return { scenario: scenario!, ended };
}

it('prints commands that work elsewhere, and which wallets have coins', async () => {
  const datadir = tempDir('up scenario');
  const { ended } = await up({ datadir });
  expect(stderr).toMatch(
    new RegExp(`
Wallets and what they can spend:
  node ${base}  account0  8.00000000 BTC
  node ${base}  faucet    [0-9.]+ BTC \\(and 5000.00000000 immature\\)
The network`),
  );
  expect(stderr).toContain(
    `-rpcport=${base + 10_001} -rpccookiefile="${join(datadir, `.cookie_${base + 1}`)}" getblockchaininfo`,
  );
  expect(stderr).toContain(`  or: NODE_ID=${base + 1} pier rpc --datadir "${datadir}" getblockchaininfo\n`);
  expect(stderr).toContain(`: NODE_ID=${base + 3} pier verify --datadir "${datadir}" ${TXID}\n`);
  interrupt();
  await ended;
});

it('lets clients control the network, warns of a node that ends, and runs on until an interrupt', async () => {
  const { scenario, ended } = await up({ datadir: tempDir('up-scenario') });
  expect(scenario.options).toMatchObject({ central: base, wallet: base + 1, miner: base + 2, light: base + 3 });
  const network = scenario.network!;
  expect(await runningNetworks()).toMatchObject([{ name: 'up-scenario' }]);
  const client = await connectControl(await findRecord('up-scenario'));
  expect(await client.call('status')).toMatchObject({
    mining: { transactions: 2 },
    nodes: [{ name: 'central' }, { name: 'wallet' }, { name: 'miner' }, { name: 'light' }],
  });
  const miner = network.node('miner');
  vi.spyOn(miner.backend, 'unexpectedExit', 'get').mockReturnValue('SIGKILL');
  await miner.kill();
  await until("'pier logs miner --name up-scenario' shows the end of it");
  expect(stderr).toContain('Warning: miner has exited (SIGKILL). The other nodes keep running.');
  expect(scenario.stops).toBe(0);
  interrupt();
  await ended;
  expect(scenario.stops).toBe(1);
  // Nodes that end with the network are not worth a warning.
  expect(stderr.match(/Warning/g)).toHaveLength(1);
  expect(stderr).toMatch(/All nodes are stopped\.\n$/);
  expect(await runningNetworks()).toEqual([]);
  await client.close();
});

it('lets clients watch the steps, and change the network afterwards', async () => {
  let interrupted = () => {};
  const ended = upScenario(
    { basePort: String(base), name: 'up-scenario', datadir: tempDir('up-scenario') },
    new Promise<void>((resolve) => {
      interrupted = resolve;
    }),
    (given) => {
      const scenario = new FakeScenario(given);
      scenario.opened = async () => {
        expect(stderr).toMatch(/^Watch it in a browser: http:\/\/127\.0\.0\.1:\d+\/#token=[0-9a-f]{64}$/m);
        const client = await connectControl(await findRecord('up-scenario'));
        expect((await client.call('status')).nodes).toHaveLength(4);
        expect((await client.call('links')).links.length).toBeGreaterThan(0);
        await expect(client.call('mine')).rejects.toMatchObject({
          code: 'network-busy',
          message: 'the steps of the scenario are being played',
        });
        await expect(client.call('reset')).rejects.toMatchObject({ code: 'network-busy' });
        const step = { step: 1, title: 'the miner node connects' };
        given.onStep!({ ...step, facts: [{ nodeId: base + 2, label: 'height', value: 7 }] });
        // A client that comes later gets it, too.
        const { server } = await client.events();
        const events = await client.events({ types: ['step'], after: { server, number: 0 } });
        for await (const event of events) {
          expect(controlEvent.parse(event)).toMatchObject({
            ...{ ...step, type: 'step' },
            facts: [{ node: 'miner', label: 'height', value: 7 }],
          });
          break;
        }
        await client.close();
      };
      return scenario;
    },
  );
  await Promise.race([ended, until('Press Ctrl-C')]);
  const client = await connectControl(await findRecord('up-scenario'));
  expect((await client.call('mine')).hashes).toHaveLength(1);
  await client.close();
  interrupted();
  await ended;
});

it('ends when a client asks for it, also while the steps are played', async () => {
  const stopped = upScenario(
    { basePort: String(base), name: 'up-scenario', datadir: tempDir('up-scenario') },
    new Promise(() => {}),
    (given) => {
      const scenario = new FakeScenario(given);
      scenario.opened = async () => {
        const client = await connectControl(await findRecord('up-scenario'));
        await client.call('down');
        await new Promise(() => {});
      };
      return scenario;
    },
  );
  await stopped;
  expect(stderr).toMatch(/All nodes are stopped\.\n$/);
  expect(stderr).not.toContain('Press Ctrl-C');
});

it('ends when a client asks for it later', async () => {
  const { scenario, ended } = await up({ datadir: tempDir('up-scenario') });
  const client = await connectControl(await findRecord('up-scenario'));
  await client.call('down');
  await ended;
  expect(scenario.network!.nodes.every(({ status }) => status === 'stopped')).toBe(true);
  await client.close();
});

it('leaves the name and the nodes of another network alone', async () => {
  const { ended } = await up({ datadir: tempDir('up-scenario') });
  const other = await freeBasePort();
  await expect(
    upScenario({ basePort: String(other), name: 'up-scenario', datadir: tempDir('other') }, ended, () => {
      throw new Error('not created');
    }),
  ).rejects.toMatchObject({ code: 'network-running' });
  interrupt();
  await ended;
});

describe('a port that is taken', () => {
  const listen = async (server: Server, port: number) => {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };

  it('is reported with what its program is', async () => {
    const web = createHttpServer((_request, response) => response.writeHead(404).end());
    await listen(web, base);
    await expect(up({ datadir: tempDir('taken') })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `port ${base} is in use by a program that speaks HTTP`,
      hint: 'Stop that program, or choose other ports with --base-port.',
    });
    await new Promise((resolve) => web.close(resolve));
    // The RPC of another network's node speaks HTTP.
    const rpc = createHttpServer((_request, response) => response.writeHead(404).end());
    await listen(rpc, base + 10_000);
    await expect(up({ datadir: tempDir('taken') })).rejects.toMatchObject({
      code: 'port-in-use',
      hint: "Stop that program, which may be another pier up ('pier down' stops it), or choose other ports with --base-port.",
    });
    rpc.close();
    expect(stderr).not.toContain('Pier: a Bitcoin network');
  });

  it('is of another program if it does not speak HTTP', async () => {
    const server = createServer((socket) => socket.resume().end('SSH-2.0\r\n'));
    const port = await listen(server, 0);
    expect(await portUser(port)).toBe('another program');
    await new Promise((resolve) => server.close(resolve));
    const [free] = await freeNodeIds(1);
    expect(await portUser(free!)).toBe('another program');
    expect(await isPortFree(free!)).toBe(true);
  });
});
