// Starts a full node on regtest with a chain of 101 blocks, and asks it about itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBlockchain, createWallet, freeNodeIds, nodeConfig, startNode } from 'pier';

const dataDir = await mkdtemp(join(tmpdir(), 'pier-example-'));
const [nodeId] = await freeNodeIds(1);
const config = nodeConfig({ nodeId, dataDir, p2p: { seeds: [] } });

// The rewards of the first blocks go to the wallet; one of them may be spent, the others have yet to mature.
const { address } = await createWallet(config, { name: 'alice' });
await createBlockchain(config, { address });

const { node, rpc } = await startNode(config);
try {
  console.log(`network: ${node.params.network}`);
  console.log(`height: ${node.chain.tip.height}`);
  console.log(`best block: ${node.chain.tip.hashHex}`);
  console.log(`P2P: ${config.p2p.host}:${config.nodeId}, RPC: ${rpc.host}:${rpc.port}`);
  node.chain.events.on('tip', ({ tip }) => console.log(`new tip: ${tip.height}`));
  await node.miner.generate(1, node.wallets.get('alice')!.watchedScripts()[0]!);
} finally {
  await node.stop();
  await rm(dataDir, { recursive: true });
}
