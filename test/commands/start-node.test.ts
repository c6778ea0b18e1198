import { expect, it, vi } from 'vitest';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { createBlockchain } from '../../src/commands/create-blockchain.ts';
import { startNode } from '../../src/commands/start-node.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { descriptorLimit, shareDescriptors } from '../../src/node/descriptors.ts';
import { tempDir } from '../support/temp-dir.ts';

it('serves RPC until the node stops', async () => {
  const [nodeId] = await freeNodeIds(1);
  const config = nodeConfig({ nodeId: nodeId!, dataDir: tempDir('start-node'), p2p: { seeds: [] } }, {});
  await createBlockchain(config, { address: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202' });
  const start = vi.spyOn(RpcServer, 'start');
  const { node, rpc } = await startNode(config);
  // As many connections as the process has descriptors for.
  const { rpc: total } = shareDescriptors(descriptorLimit());
  expect(start.mock.calls[0]![0]).toMatchObject({ ...config.rpc, connections: { total } });
  start.mockRestore();
  const url = `http://${rpc.host}:${rpc.port}/`;
  try {
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
  } finally {
    await node.stop();
  }
  await expect(fetch(url, { method: 'POST', body: '{}' })).rejects.toThrow('fetch failed');
});

it('ends RPC before it closes what the calls use', async () => {
  const [nodeId] = await freeNodeIds(1);
  const config = nodeConfig({ nodeId: nodeId!, dataDir: tempDir('start-node'), p2p: { seeds: [] } }, {});
  await createBlockchain(config, { address: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202' });
  const { node, rpc } = await startNode(config);
  const order: string[] = [];
  const note = (name: string, target: { close(): Promise<void> }) => {
    const close = target.close.bind(target);
    target.close = async () => {
      await close();
      order.push(name);
    };
  };
  note('RPC', rpc);
  note('chain', node.chain);
  await node.stop();
  expect(order).toEqual(['RPC', 'chain']);
});
