import { afterEach, describe, expect, it } from 'vitest';
import { type NodeConfigInput, nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import type { Transport } from '../../src/p2p/transport/connection.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

let node: FullNode | LightNode | undefined;
afterEach(() => node?.stop());

const HOSTS = ['8.8.8.8', '2a01::1', '10.0.0.1', '192.168.7.7', 'fd00::1', '127.0.0.1'];
const LOCAL = HOSTS.slice(2).toSorted();

/** Starts a node that knows addresses of `HOSTS`. Returns the hosts that it connects to in ten minutes. */
async function dialed(light: boolean, input: NodeConfigInput): Promise<string[]> {
  const hosts = new Set<string>();
  const transport: Transport = {
    connect: ({ host }) => {
      hosts.add(host);
      return Promise.reject(new Error('unreachable'));
    },
    listen: (endpoint) => Promise.resolve({ endpoint, close: () => Promise.resolve() }),
  };
  const clock = new VirtualClock();
  const dataDir = tempDir('public-addresses');
  const config = nodeConfig({ nodeId: 3000, dataDir, ...input, p2p: { seeds: [], ...input.p2p } }, {});
  const modules = { clock, transport };
  const files = { createChain: false, createWallet: false };
  node = await (light
    ? LightNode.start(config, { network: 'full' }, modules)
    : FullNode.start(config, { network: 'full', ...files }, modules));
  for (const host of HOSTS) {
    const endpoint = { host, port: 8333 };
    node.connections.addresses.add({ endpoint, services: 1033n, time: clock.now() / 1000 }, endpoint);
  }
  for (let second = 0; second < 600; second++) {
    clock.advance(1_000);
    await Promise.resolve();
  }
  return [...hosts].toSorted();
}

describe.each([
  ['full', false],
  ['light', true],
])('a %s node', (_, light) => {
  it('connects to loopback and private addresses only on a local network', async () => {
    expect(await dialed(light, {})).toEqual(LOCAL);
    await node?.stop();
    expect(await dialed(light, { network: 'classroom' })).toEqual(LOCAL);
  });

  it('connects to public addresses as well if told so, and on public networks', async () => {
    expect(await dialed(light, { p2p: { publicAddresses: true } })).toEqual(HOSTS.toSorted());
    await node?.stop();
    expect(await dialed(light, { network: 'test' })).toEqual(HOSTS.toSorted());
    await node?.stop();
    expect(await dialed(light, { network: 'test', p2p: { publicAddresses: false } })).toEqual(LOCAL);
  });
});
