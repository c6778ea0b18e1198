import { afterEach, expect, it } from 'vitest';
import { type NodeConfigInput, nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { ServiceFlag } from '../../src/p2p/wire/protocol.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';

let node: FullNode | LightNode | undefined;
afterEach(() => node?.stop());

/** Starts a node in memory, without connections. */
async function start(layers: NodeConfigInput): Promise<FullNode> {
  const config = nodeConfig({ nodeId: 3000, dataDir: '/nonexistent/pier', ...layers }, {});
  const started = await FullNode.start(config, { network: 'none', createChain: false, createWallet: false });
  node = started;
  return started;
}

it('passes policy options to the mempool', async () => {
  const { mempool } = await start({ mempool: { minRelayFeeRate: 5000n, requireStandard: false } });
  expect(mempool.options).toMatchObject({ minRelayFeeRate: 5000n, requireStandard: false, dustRelayFeeRate: 3000n });
});

it('passes service options to the P2P layer', async () => {
  const p2p = { v2Transport: false, bloomFilters: true, blocksOnly: true };
  const { connections } = await start({ p2p });
  expect(connections.services & (ServiceFlag.P2P_V2 | ServiceFlag.BLOOM)).toBe(ServiceFlag.BLOOM);
  expect(connections.relaysTransactions).toBe(false);
});

it.each([true, false])('passes v2Transport to the P2P layer of a light node: %s', async (v2Transport) => {
  const config = nodeConfig({ nodeId: 3000, dataDir: '/nonexistent/pier', p2p: { v2Transport } }, {});
  const stores = { chain: new MemoryStore(), wallet: new MemoryStore() };
  const light = await LightNode.start(config, { network: 'none' }, { stores });
  node = light;
  expect(light.connections.services).toBe(v2Transport ? ServiceFlag.P2P_V2 : 0n);
});

it('resolves the address of the RPC server separately', () => {
  const config = nodeConfig({ nodeId: 3000, p2p: { host: '10.0.0.1' }, rpc: { host: '127.0.0.2', port: 9999 } }, {});
  expect([config.p2p.host, config.rpc]).toEqual(['10.0.0.1', { host: '127.0.0.2', port: 9999 }]);
  expect(nodeConfig({ nodeId: 3000, p2p: { host: '0.0.0.0' } }, {}).rpc).toEqual({ host: '127.0.0.1', port: 13000 });
});
