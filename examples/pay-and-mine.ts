// Pays from one wallet to another and mines a block that confirms the payment.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBlockchain, createWallet, freeNodeIds, getBalances, nodeConfig, send } from 'pier';

const dataDir = await mkdtemp(join(tmpdir(), 'pier-example-'));
const [nodeId] = await freeNodeIds(1);
const config = nodeConfig({ nodeId, dataDir, p2p: { seeds: [] } });
try {
  const alice = await createWallet(config, { name: 'alice' });
  const bob = await createWallet(config, { name: 'bob', type: 'bech32m' });
  await createBlockchain(config, { address: alice.address });

  // The node is not running: each call starts it on its files, without a network, and stops it.
  const { txid, block } = await send(config, { from: 'alice', to: bob.address, amount: '1.5', mine: true });
  console.log(`transaction ${txid}`);
  console.log(`block ${block}`);
  for (const { wallet, trusted } of await getBalances(config)) console.log(`${wallet}: ${trusted} BTC`);
} finally {
  await rm(dataDir, { recursive: true });
}
