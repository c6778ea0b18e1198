import { expect, it } from 'vitest';
import { reindexUtxo } from '../../src/commands/reindex-utxo.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { FullNode, type NetworkMode } from '../../src/node/full-node.ts';
import { ServiceFlag } from '../../src/p2p/wire/protocol.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { checkFilters } from '../chain/support/chain.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const NAME = 'basic block filter index';

it('a node indexes and serves block filters, unless disabled or without network', async () => {
  const dataDir = tempDir('filters');
  const [nodeId] = await freeNodeIds(1);
  const withNode = async (
    network: NetworkMode,
    isOn: boolean | undefined,
    use: (node: FullNode) => Promise<unknown>,
  ) => {
    const config = nodeConfig({ nodeId, dataDir, p2p: { seeds: [] }, chain: { blockFilterIndex: isOn } }, {});
    const node = await FullNode.start(config, { network, createChain: true, createWallet: false });
    try {
      await use(node);
    } finally {
      await node.stop();
    }
    return config;
  };
  const offers = ({ connections: peers }: FullNode) => (peers.services & ServiceFlag.COMPACT_FILTERS) !== 0n;
  const complete = async (node: FullNode) => {
    expect(offers(node)).toBe(true);
    await waitFor(() => node.chain.blockFilters!.best === node.chain.tip);
    checkFilters(node.chain);
    const state = { synced: true, best_block_height: node.chain.tip.height };
    expect(await callInProcess(node, 'getindexinfo', [])).toEqual({ [NAME]: state });
  };
  const lacks = (count: number) => async (node: FullNode) => {
    expect(offers(node)).toBe(false);
    expect(await callInProcess(node, 'getindexinfo', [])).toEqual({});
    await expect(callInProcess(node, 'getblockfilter', [node.chain.tip.hashHex])).rejects.toThrow(
      'Index is not enabled for filtertype basic',
    );
    await callInProcess(node, 'generatetoaddress', [count, ADDRESS]);
  };
  // More blocks than are indexed during startup.
  await withNode('full', false, lacks(210));
  await withNode('full', undefined, complete);
  await withNode('none', undefined, lacks(3));
  const config = await withNode('full', true, complete);
  // reindexUtxo removes the filters, and the next start rebuilds them.
  await reindexUtxo(config);
  await withNode('full', true, complete);
});
