import { afterEach, expect, it } from 'vitest';
import { RunningFullNode } from '../../src/node/composition/running-full-node.ts';
import { RunningLightNode } from '../../src/node/composition/running-light-node.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { mine, TestNetwork, type TestNode } from '../p2p/support/network.ts';
import { CapturedLogger } from '../support/captured-logger.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Starts a node with a captured log that connects to the seeds. */
async function start<N extends RunningFullNode | RunningLightNode>(
  kind: { startOn(...given: Parameters<typeof RunningFullNode.startOn>): Promise<N> },
  net: TestNetwork,
  seeds: readonly string[],
  chain: Store = new MemoryStore(),
) {
  const log = new CapturedLogger();
  const node = await kind.startOn(
    nodeConfig({ nodeId: 3900, dataDir: '/nonexistent/pier', p2p: { seeds: [...seeds] } }, {}),
    { network: 'full' },
    {
      ...{ clock: net.clock, random: systemRandom, transport: net.network.transport(), logger: log },
      stores: { chain, wallet: new MemoryStore() },
    },
  );
  stops.push(() => node.stop());
  const lines = (message: string) => log.shown.filter((line) => line.message === message);
  return { node, log, lines };
}

const addressOf = ({ endpoint: { host, port } }: TestNode) => `${host}:${port}`;

it('a full node logs each block near the tip, where it comes from, and what a reorganisation replaces', async () => {
  const net = new TestNetwork();
  const peer = await net.start();
  await mine(net, peer, 1);
  const { node, log, lines } = await start(RunningFullNode, net, [addressOf(peer)]);
  await net.until(() => lines('synced').length === 1);
  const [first] = lines('connected block');
  const { tip: common } = peer.chain;
  const line = { level: 'info', category: 'chain', message: 'connected block', transactions: 1 };
  expect(first).toEqual({ ...line, height: 1, block: common.hashHex, from: 'peer 0' });
  expect(lines('synced')).toEqual([
    { level: 'info', category: 'chain', message: 'synced', height: 1, block: common.hashHex, downloaded: 0 },
  ]);

  const hashes = (await callInProcess(node, 'generatetoaddress', [2, ADDRESS])) as string[];
  expect(lines('connected block').slice(1)).toEqual([
    { ...line, height: 2, block: hashes[0], from: 'miner' },
    { ...line, height: 3, block: hashes[1], from: 'miner' },
  ]);

  log.lines.length = 0;
  await net.untilSynced(node.chain.tip.hash);
  const branch = await mine(net, peer, 3, { tag: 7 }, common);
  await net.until(() => node.chain.tip.height === 4);
  const [reorganisation, ...blocks] = log.shown.filter(({ category }) => category === 'chain');
  expect(reorganisation).toEqual({
    ...{ level: 'info', category: 'chain', message: 'reorganised', depth: 2, fork: 1 },
    ...{ height: 4, block: node.chain.tip.hashHex, from: hashes[1] },
  });
  expect(blocks.map(({ message, height, block }) => [message, height, block])).toEqual(
    branch.map(({ hashHex }, i) => ['connected block', 2 + i, hashHex]),
  );
  await node.stop();
  expect(log.shown.at(-1)).toEqual({ level: 'info', category: 'node', message: 'node stopped' });
});

it('logs no line for each block of a download, but that it is synced, also after a restart', async () => {
  const net = new TestNetwork();
  const peer = await net.start();
  await mine(net, peer, 50);
  const store = new MemoryStore();
  const { node, lines } = await start(RunningFullNode, net, [addressOf(peer)], store);
  await net.until(() => lines('synced').length === 1);
  const heights = lines('connected block').map(({ height }) => height as number);
  expect(heights).toEqual([41, 42, 43, 44, 45, 46, 47, 48, 49, 50]);
  expect(lines('synced')).toMatchObject([{ height: 50, downloaded: 40 }]);
  await node.stop();
  const again = await start(RunningFullNode, net, [addressOf(peer)], store);
  await net.until(() => again.lines('synced').length === 1);
  expect(again.lines('synced')).toMatchObject([{ height: 50, downloaded: 0 }]);
  expect(again.lines('connected block')).toEqual([]);
});

it('logs the progress of a download every ten seconds', async () => {
  const net = new TestNetwork();
  const peer = await net.start();
  const { node, lines } = await start(RunningFullNode, net, [addressOf(peer)]);
  const progress = { blocks: 5_000, headers: 20_000, blocksPerSecond: 250.4, secondsLeft: 60, done: false };
  const { events } = node.processor as unknown as { events: { emit(name: 'progress', event: object): void } };
  for (let second = 0; second <= 25; second++) {
    events.emit('progress', progress);
    net.clock.advance(1_000);
  }
  events.emit('progress', { ...progress, done: true });
  const line = { blocks: 5_000, headers: 20_000, blocksPerSecond: 250, secondsLeft: 60 };
  expect(lines('downloading blocks')).toEqual([
    { level: 'info', category: 'chain', message: 'downloading blocks', ...line },
    { level: 'info', category: 'chain', message: 'downloading blocks', ...line },
  ]);
});

it('a light node logs headers, reorganisations, and that it is synced', async () => {
  const net = new TestNetwork();
  const peer = await net.start({ blockFilterIndex: true });
  await mine(net, peer, 30);
  const { node, lines } = await start(RunningLightNode, net, [addressOf(peer)]);
  await net.until(() => lines('synced').length === 1);
  const line = { level: 'info', category: 'chain' };
  expect(lines('synced')).toEqual([
    { ...line, message: 'synced', height: 30, block: peer.chain.tip.hashHex, downloaded: 30 },
  ]);
  expect(lines('accepted headers')).toEqual([]);
  const fork = peer.chain.tip;
  await mine(net, peer, 1);
  await net.until(() => node.chain.tip.height === 31);
  const lost = peer.chain.tip.hashHex;
  expect(lines('accepted headers')).toEqual([
    { ...line, message: 'accepted headers', height: 31, block: lost, headers: 1 },
  ]);
  await mine(net, peer, 2, { tag: 3 }, fork);
  await net.until(() => node.chain.tip.height === 32);
  const block = peer.chain.tip.hashHex;
  expect(lines('reorganised')).toEqual([
    { ...line, message: 'reorganised', depth: 1, fork: 30, height: 32, block, from: lost },
  ]);
});
