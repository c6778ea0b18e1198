import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import { Miner } from '../../src/mining/miner.ts';
import { closeAll } from '../../src/node/composition/running-node.ts';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { FullNode, type StartOptions } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { MempoolFile } from '../../src/node/mempool-file.ts';
import { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import type { Endpoint } from '../../src/p2p/net/endpoint.ts';
import type { Transport } from '../../src/p2p/transport/connection.ts';
import { HeaderChain } from '../../src/spv/header-chain.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { LightWallets } from '../../src/wallet/light-wallets.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const dataDir = tempDir('node-lifecycle');
let nodes = 0;
const newConfig = (more = {}) => nodeConfig({ nodeId: 3000 + nodes++, dataDir, p2p: { seeds: [] }, ...more }, {});
const files: StartOptions = { network: 'full', createChain: true, createWallet: true };

/** A network that notes what a node asks of it. */
class NotedTransport implements Transport {
  readonly listened: Endpoint[] = [];
  readonly dialed: string[] = [];
  closed = 0;
  failure: Error | undefined;

  connect({ host, port }: Endpoint): Promise<never> {
    this.dialed.push(`${host}:${port}`);
    return Promise.reject(new Error('unreachable'));
  }

  async listen(endpoint: Endpoint) {
    if (this.failure) throw this.failure;
    this.listened.push(endpoint);
    return { endpoint, close: async () => void this.closed++ };
  }
}

/** Returns modules of a node whose time stands still and whose network is empty. */
function modules() {
  return { clock: new VirtualClock(1_770_000_000_000), transport: new NotedTransport(), logger: new CapturedLogger() };
}

afterEach(() => vi.restoreAllMocks());

/** Notes the end of each call of a method, under a name. */
function noteEnds(order: string[], methods: [object, string, string | ((object: object) => string)][]): void {
  for (const [prototype, method, name] of methods) {
    const original = (prototype as Record<string, (...args: unknown[]) => unknown>)[method]!;
    vi.spyOn(prototype as Record<string, () => unknown>, method).mockImplementation(function (
      this: object,
      ...args: unknown[]
    ) {
      const label = typeof name === 'string' ? name : name(this);
      const result = original.call(this, ...args);
      if (!(result instanceof Promise)) {
        order.push(label);
        return result;
      }
      return result.finally(() => order.push(label));
    });
  }
}
const storeName = (store: object) => (/wallet_/.test((store as LmdbStore).path) ? 'wallet file' : 'chain file');

describe('closeAll', () => {
  it('closes one after the other, the last first, whatever fails, and throws the first error', async () => {
    const order: string[] = [];
    const closer = (name: string, error?: Error) => async () => {
      order.push(`${name} begins`);
      await null;
      order.push(`${name} ends`);
      if (error) throw error;
    };
    const [first, second] = [new Error('first'), new Error('second')];
    await expect(closeAll([closer('a'), closer('b', second), closer('c', first)])).rejects.toBe(first);
    expect(order).toEqual(['c begins', 'c ends', 'b begins', 'b ends', 'a begins', 'a ends']);
    await closeAll([]);
  });
});

describe('A full node', () => {
  it('stops once: leaves the network, then closes its parts, files last', async () => {
    const node = await FullNode.start(newConfig(), files, modules());
    const order: string[] = [];
    noteEnds(order, [
      [ConnectionManager.prototype, 'stop', 'connections'],
      [Miner.prototype, 'stop', 'miner'],
      [MempoolFile.prototype, 'stop', 'mempool file'],
      [Mempool.prototype, 'close', 'mempool'],
      [Chain.prototype, 'close', 'chain'],
      [LmdbStore.prototype, 'close', storeName],
    ]);
    node.beforeStop(async () => order.push('first callback'));
    node.beforeStop(async () => order.push('second callback'));
    let isStopped = false;
    void node.stopped.then(() => (isStopped = true));
    const stopping = node.stop();
    expect(node.stop()).toBe(stopping);
    await null;
    expect(isStopped).toBe(false);
    await stopping;
    await null;
    expect(isStopped).toBe(true);
    expect(order).toEqual([
      'second callback',
      'first callback',
      'connections',
      'miner',
      'wallet file',
      'mempool file',
      'mempool',
      'chain',
      'chain file',
    ]);
    expect(node.failure).toBeUndefined();
  });

  it('has stopped although a part cannot be closed', async () => {
    const node = await FullNode.start(newConfig(), { ...files, createChain: false, createWallet: false }, modules());
    node.beforeStop(() => Promise.reject(new Error('as asked')));
    await expect(node.stop()).rejects.toThrow('as asked');
    await node.stopped;
  });

  it('closes what it has opened if it cannot start', async () => {
    const config = newConfig();
    const common = modules();
    common.transport.failure = new Error('the port is taken');
    for (let i = 0; i < 2; i++) {
      await expect(FullNode.start(config, files, common)).rejects.toThrow('the port is taken');
    }
    const opened = await LmdbStore.open({
      path: nodePaths(config).wallet,
      network: config.params.marker,
      kind: 'wallet',
    });
    await opened.close();
    // The clock has nothing left to do.
    common.transport.failure = undefined;
    const node = await FullNode.start(config, files, common);
    await node.stop();
    expect(common.transport.closed).toBe(1);
  });

  it.each([
    ['full', 1, true],
    ['outbound', 0, true],
    ['none', 0, false],
  ] as const)('with network %s: listens, connects to its seeds', async (network, listens, dials) => {
    const config = newConfig({ p2p: { seeds: ['10.0.0.1:1000', '4000'], host: '10.0.0.2' } });
    const common = modules();
    const node = await FullNode.start(config, { network, createChain: false, createWallet: false }, common);
    await new Promise((resolve) => setImmediate(resolve));
    expect(common.transport.listened).toEqual(listens ? [{ host: '10.0.0.2', port: config.nodeId }] : []);
    expect(common.transport.dialed.slice(0, 2)).toEqual(dials ? ['10.0.0.1:1000', '127.0.0.1:4000'] : []);
    await node.stop();
    expect(common.transport.closed).toBe(listens);
  });

  it.each([
    ['full', ADDRESS, true],
    ['outbound', ADDRESS, false],
    ['full', undefined, false],
  ] as const)('with network %s and miner address %s: mines: %s', async (network, address, mines) => {
    const start = vi.spyOn(Miner.prototype, 'start').mockImplementation(() => {});
    const config = newConfig({ mining: { address } });
    const node = await FullNode.start(config, { network, createChain: false, createWallet: false }, modules());
    expect(start).toHaveBeenCalledTimes(mines ? 1 : 0);
    await node.stop();
  });

  it('keeps chain and wallets in memory unless there are files or they are to be created', async () => {
    const config = newConfig();
    const paths = nodePaths(config);
    const exist = () => [paths.chain, paths.wallet, paths.mempool].map(existsSync);
    const start = (createChain: boolean, createWallet: boolean) =>
      FullNode.start(config, { network: 'none', createChain, createWallet }, modules());
    await (await start(false, false)).stop();
    expect(exist()).toEqual([false, false, false]);
    const withChain = await start(true, false);
    await callInProcess(withChain, 'generatetoaddress', [1, ADDRESS]);
    await withChain.stop();
    expect(exist().slice(0, 2)).toEqual([true, false]);
    await (await start(true, true)).stop();
    expect(exist().slice(0, 2)).toEqual([true, true]);
    const again = await start(false, false);
    expect(again.chain.tip.height).toBe(1);
    await again.stop();
  });

  it('uses the stores that it is given, and does not close them', async () => {
    const stores = { chain: new MemoryStore(), wallet: new MemoryStore() };
    const config = nodeConfig({ nodeId: 3000, dataDir: '/nonexistent/pier', p2p: { seeds: [] } }, {});
    for (const height of [1, 2]) {
      const node = await FullNode.start(config, { ...files, network: 'none' }, { ...modules(), stores });
      if (height === 1) await node.wallets.createWallet('w');
      await callInProcess(node, 'generatetoaddress', [1, ADDRESS]);
      expect([node.chain.tip.height, node.wallets.wallets().length]).toEqual([height, 1]);
      await node.stop();
    }
    expect(stores.chain.keys().length).toBeGreaterThan(0);
  });

  it('passes the time of its clock, and logs each layer under its category', async () => {
    const common = modules();
    const origin = common.clock.now();
    vi.spyOn(common.clock, 'monotonic').mockImplementation(() => common.clock.now() - origin + 77);
    const node = await FullNode.start(newConfig(), { ...files, network: 'none' }, common);
    common.clock.advance(1_000);
    // Times are measured by the monotonic clock, whose origin is not that of the time of day.
    expect([node.clock.now(), node.startedAt, node.clock.monotonic() - node.startedAt]).toEqual([
      common.clock.now(),
      77,
      1_000,
    ]);
    await callInProcess(node, 'generatetoaddress', [1, ADDRESS]);
    node.logger.info({}, 'as asked');
    const categories = new Set(common.logger.lines.map(({ category }) => category));
    expect([...categories]).toEqual(expect.arrayContaining(['chain', 'rpc']));
    const { time } = node.chain.tip;
    expect(time).toBe(common.clock.now() / 1000);
    await node.stop();
  });
});

describe('A light node', () => {
  const light = (config: ReturnType<typeof newConfig>, common = modules()) =>
    LightNode.start(config, { network: 'full' }, common);

  it('stops: leaves the network, then saves headers and wallets, files last', async () => {
    const node = await light(newConfig());
    const order: string[] = [];
    noteEnds(order, [
      [ConnectionManager.prototype, 'stop', 'connections'],
      [LightWallets.prototype, 'close', 'wallets'],
      [HeaderChain.prototype, 'flush', 'headers'],
      [LmdbStore.prototype, 'close', storeName],
    ]);
    await node.stop();
    const own = order.filter((name, i) => order.lastIndexOf(name) === i);
    expect(own).toEqual(['connections', 'wallets', 'wallet file', 'headers', 'chain file']);
  });

  it('never listens, and connects to its seeds unless it has no network', async () => {
    for (const network of ['full', 'none'] as const) {
      const common = modules();
      const config = newConfig({ p2p: { seeds: ['10.0.0.1:1000'] } });
      const node = await LightNode.start(config, { network }, common);
      await new Promise((resolve) => setImmediate(resolve));
      expect(common.transport.listened).toEqual([]);
      expect(common.transport.dialed.slice(0, 1)).toEqual(network === 'full' ? ['10.0.0.1:1000'] : []);
      await node.stop();
    }
  });

  it('closes what it has opened if it cannot start', async () => {
    const config = newConfig();
    const open = vi.spyOn(WalletFile, 'open').mockRejectedValue(new Error('as asked'));
    for (let i = 0; i < 2; i++) await expect(light(config)).rejects.toThrow('as asked');
    open.mockRestore();
    await (await light(config)).stop();
  });

  it('stops when its headers cannot be written', async () => {
    const node = await light(newConfig());
    const error = new Error('the disk is full');
    node.chain.events.emit('failed', { error });
    await node.stopped;
    expect(node.failure).toBe(error);
  });
});
