import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { atFileEnd } from './file-end.ts';
import { tempDir } from './temp-dir.ts';

/** An in-process full node with LMDB files, a P2P port and a wallet `test`. Stopped at the end of the test file. */
export interface TestFullNode {
  readonly node: FullNode;
  /** `HOST:PORT` of the P2P port. */
  readonly p2p: string;
  /** Calls an RPC method, on the wallet `test`. */
  rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T>;
  newAddress(type?: string): Promise<string>;
  mine(count: number): Promise<string[]>;
}

/** Starts a full node on regtest that connects to `seeds` (`HOST:PORT`). */
export async function startFullNode(seeds: readonly string[] = []): Promise<TestFullNode> {
  const [nodeId] = await freeNodeIds(1);
  const config = nodeConfig({ nodeId: nodeId!, dataDir: tempDir('node'), p2p: { seeds } });
  const node = await FullNode.start(config, { network: 'full', createChain: true, createWallet: true });
  atFileEnd(() => node.stop());
  await node.wallets.createWallet('test');
  const rpc = <T>(method: string, ...params: readonly unknown[]) =>
    callInProcess(node, method, params, 'test') as Promise<T>;
  const newAddress = (type = 'bech32') => rpc<string>('getnewaddress', '', type);
  return {
    node,
    p2p: `127.0.0.1:${config.nodeId}`,
    rpc,
    newAddress,
    mine: async (count) => rpc<string[]>('generatetoaddress', count, await newAddress()),
  };
}
