import { it } from 'vitest';
import { createBlockchain } from '../../src/commands/create-blockchain.ts';
import { createWallet } from '../../src/commands/create-wallet.ts';
import { send } from '../../src/commands/send.ts';
import { startNode } from '../../src/commands/start-node.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

it('a payment of a stopped node is sent to a peer before the command ends', async () => {
  const [seedId, nodeId] = await freeNodeIds(2);
  const seedConfig = nodeConfig({ nodeId: seedId!, dataDir: tempDir('send-seed'), p2p: { seeds: [] } }, {});
  const seeds = [`127.0.0.1:${seedId}`];
  const config = nodeConfig({ nodeId: nodeId!, dataDir: tempDir('send'), p2p: { seeds } }, {});
  const { address } = await createWallet(config, { name: 'alice' });
  await createBlockchain(seedConfig, { address });
  const seed = await startNode(seedConfig);
  try {
    await callInProcess(seed.node, 'generatetoaddress', [101, ADDRESS]);
    // Downloads the chain, so that the payment below is the first thing that the node does.
    const own = await startNode(config);
    await waitFor(() => own.node.chain.tip === own.node.chain.bestHeader && own.node.chain.tip.height > 100);
    await own.node.stop();
    const { txid } = await send(config, { to: ADDRESS, amount: '1' });
    await waitFor(() => [...seed.node.mempool.entries()].some(({ tx }) => tx.txidHex === txid));
  } finally {
    await seed.node.stop();
  }
});
