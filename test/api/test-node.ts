import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { Chain } from '../../src/chain/chain.ts';
import { type ChainParams, chainParams, type NetworkName } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import { Miner } from '../../src/mining/miner.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { type Clock, MockableClock, systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { decodeAddress } from '../../src/script/address.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../src/wallet/wallet-sync.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';

/** Options of a test node. */
export interface TestNodeOptions {
  readonly network?: NetworkName;
  /** Chain parameters to use instead of the network's. */
  readonly params?: ChainParams;
  readonly clock?: Clock;
  /** Whether the node accepts peers over TCP. */
  readonly listen?: boolean;
  /** Default true. */
  readonly v2Transport?: boolean;
  /** Default false. */
  readonly blockFilterIndex?: boolean;
  /** Address that receives the block rewards of the miner. */
  readonly minerAddress?: string;
}

/** A full node in memory, with an RPC server and a client. */
export class TestNode {
  readonly node: RpcNode;
  readonly server: RpcServer;
  readonly client: RpcClient;
  readonly #dir: string;
  readonly #detachWallets: () => Promise<void>;

  private constructor(node: RpcNode, server: RpcServer, dir: string, detachWallets: () => Promise<void>) {
    this.node = node;
    this.server = server;
    this.client = new RpcClient({ host: server.host, port: server.port, cookieFile: server.cookieFile });
    this.#dir = dir;
    this.#detachWallets = detachWallets;
  }

  static async start(options: TestNodeOptions = {}): Promise<TestNode> {
    const { network = 'regtest' } = options;
    const clock = new MockableClock(options.clock ?? systemClock);
    const dir = await mkdtemp(join(tmpdir(), 'pier-api-'));
    const { params = chainParams(network), blockFilterIndex = false } = options;
    const logger = silentLogger;
    const chain = await Chain.open({ params, blockFilterIndex }, { store: new MemoryStore(), clock, logger });
    const mempool = new Mempool({}, { chain, clock, logger });
    const { listen = false, v2Transport = true } = options;
    const { connections: peers } = fullNodeConnections(
      { ...(listen ? { listen: [{ host: '127.0.0.1', port: 0 }] } : {}), v2Transport },
      { chain, mempool, transport: new TcpTransport(), clock, random: systemRandom, logger },
    );
    await peers.start();
    const walletStore = new MemoryStore();
    const wallets = await WalletFile.open({ params }, { store: walletStore, clock, random: systemRandom, logger });
    const detach = await attachWallet(wallets, { chain, mempool, clock, logger });
    const { minerAddress } = options;
    const scriptPubKey = minerAddress === undefined ? undefined : decodeAddress(minerAddress, params.address);
    const node: RpcNode = {
      config: { nodeId: 3000, dataDir: dir, mining: { address: minerAddress, mineAtTxs: 2 } },
      params,
      clock,
      logger,
      chain,
      mempool,
      connections: peers,
      miner: new Miner(scriptPubKey ? { scriptPubKey } : {}, { chain, mempool, clock, logger }),
      wallets,
      startedAt: clock.monotonic(),
      submitTransaction: (tx) => mempool.accept(tx),
      stop: async () => {},
    };
    const cookieFile = join(dir, '.cookie_3000');
    const server = await RpcServer.start({ host: '127.0.0.1', port: 0, cookieFile }, node, rpcMethods);
    return new TestNode(node, server, dir, detach);
  }

  call<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T> {
    return this.client.call<T>(method, params);
  }

  /** Calls a method for a wallet. */
  callWallet<T = unknown>(wallet: string, method: string, ...params: readonly unknown[]): Promise<T> {
    return this.client.call<T>(method, params, wallet);
  }

  /** Calls a method and returns the body of the response as text. */
  async raw(method: string, params: readonly unknown[]): Promise<string> {
    const authorization = `Basic ${Buffer.from(await readFile(this.server.cookieFile)).toString('base64')}`;
    const body = JSON.stringify({ id: 1, method, params });
    return (
      await fetch(`http://127.0.0.1:${this.server.port}/`, { method: 'POST', body, headers: { authorization } })
    ).text();
  }

  async stop(): Promise<void> {
    await this.server.close();
    await this.node.miner.stop();
    await this.node.connections.stop();
    await this.#detachWallets();
    this.node.mempool.close();
    await this.node.chain.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
