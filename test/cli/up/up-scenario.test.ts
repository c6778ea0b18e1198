import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { portUser } from '../../../src/cli/up/port-user.ts';
import { type PlayedScenario, type UpScenarioOptions, upScenario } from '../../../src/cli/up/up-scenario.ts';
import { freeNodeIds, isPortFree } from '../../../src/devnet/processes/ports.ts';
import type { ScenarioOptions } from '../../../src/devnet/scenario.ts';
import { freeBasePort } from '../../support/pier.ts';
import { tempDir } from '../../support/temp-dir.ts';

// What `pier up` does around the scenario, which is replaced.

const TXID = 'ab'.repeat(32);
const balances: Readonly<Record<string, { trusted: number; immature: number }>> = {
  central: { trusted: 39.9, immature: 5050 },
  alice: { trusted: 8, immature: 0 },
};

/** A scenario whose nodes the test ends. */
class FakeScenario implements PlayedScenario {
  readonly options: ScenarioOptions;
  readonly ends: (() => void)[] = [];
  readonly nodes: PlayedScenario['nodes'];
  stops = 0;

  constructor(options: ScenarioOptions) {
    this.options = options;
    const { central, wallet, miner, light } = options;
    this.nodes = [central, wallet, miner, light].map((nodeId, i) => ({
      ...{ nodeId, exit: 'SIGKILL' },
      exited: new Promise<void>((resolve) => this.ends.push(resolve)),
      rpc: {
        call: async (method: string, _params: unknown, name: string) => {
          if (nodeId === light) throw new Error('not asked');
          return method === 'listwallets' ? [['central'], ['alice'], []][i] : { mine: balances[name] };
        },
      } as unknown as PlayedScenario['nodes'][number]['rpc'],
    }));
  }

  async play() {
    return [{ step: 5, title: 'received', facts: [{ nodeId: 1, label: 'payment', value: TXID }] }];
  }
  mineOn(): never {
    throw new Error('not on regtest');
  }
  async stop() {
    this.stops++;
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
  const ended = upScenario({ basePort: String(base), ...options }, interrupted, (given) => {
    scenario = new FakeScenario(given);
    return scenario;
  });
  await Promise.race([ended, until('Press Ctrl-C')]);
  return { scenario: scenario!, ended };
}

it('prints commands that work elsewhere, and which wallets have coins', async () => {
  const datadir = tempDir('up scenario');
  const { ended } = await up({ datadir });
  expect(stderr).toContain(`
Wallets and what they can spend:
  node ${base}  central   39.90000000 BTC (and 5050.00000000 immature)
  node ${base + 1}  alice     8.00000000 BTC
`);
  expect(stderr).toContain(
    `-rpcport=${base + 10_001} -rpccookiefile="${join(datadir, `.cookie_${base + 1}`)}" getblockchaininfo`,
  );
  expect(stderr).toContain(`  or: NODE_ID=${base + 1} pier rpc --datadir "${datadir}" getblockchaininfo\n`);
  expect(stderr).toContain(`: NODE_ID=${base + 3} pier verify --datadir "${datadir}" ${TXID}\n`);
  interrupt();
  await ended;
});

it('warns of a node that ends, with its log, and keeps the others running until an interrupt', async () => {
  const datadir = tempDir('up-scenario');
  const { scenario, ended } = await up({ datadir });
  scenario.options.onLog!(base + 2, 'the last line');
  scenario.ends[2]!();
  const log = join(datadir, `node_${base + 2}.log`);
  await until(`Its log is in ${log}.`);
  expect(stderr).toContain(`Warning: node ${base + 2} has exited (SIGKILL). The other nodes keep running.`);
  expect(scenario.stops).toBe(0);
  interrupt();
  // Nodes that end with the network are not worth a warning.
  for (const end of scenario.ends) end();
  await ended;
  expect(scenario.stops).toBe(1);
  expect(stderr.match(/Warning/g)).toHaveLength(1);
  expect(stderr).toMatch(/All nodes are stopped\.\n$/);
  expect(readFileSync(log, 'utf8')).toBe('the last line\n');
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
      hint: expect.stringContaining('--base-port'),
    });
    web.close();
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
