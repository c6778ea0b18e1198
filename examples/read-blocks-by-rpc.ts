// Starts a node in a process of its own and reads its blocks by JSON-RPC, as from a bitcoind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBlockchain, createWallet, freeNodeIds, NodeProcess, nodeConfig } from 'pier';
import { RpcError } from 'pier/api';

interface RpcBlock {
  readonly height: number;
  readonly hash: string;
  readonly nextblockhash?: string;
  readonly tx: readonly { readonly txid: string; readonly vout: readonly { readonly value: number }[] }[];
}

const dataDir = await mkdtemp(join(tmpdir(), 'pier-example-'));
const [nodeId] = await freeNodeIds(1);
const config = nodeConfig({ nodeId, dataDir, p2p: { seeds: [] } });
const { address } = await createWallet(config);
await createBlockchain(config, { address });

const node = await NodeProcess.start({ nodeId: config.nodeId, dataDir, seeds: [] });
try {
  let hash: string | undefined = await node.rpc.call<string>('getblockhash', [99]);
  while (hash !== undefined) {
    const block: RpcBlock = await node.rpc.call<RpcBlock>('getblock', { blockhash: hash, verbosity: 2 });
    console.log(`${block.height} ${block.hash} pays ${block.tx[0]?.vout[0]?.value} BTC`);
    hash = block.nextblockhash;
  }
  await node.rpc.call('getblockhash', [1_000]);
} catch (error) {
  if (!(error instanceof RpcError)) throw error;
  console.log(`error ${error.rpcCode}: ${error.message}`);
} finally {
  await node.stop();
  await rm(dataDir, { recursive: true });
}
