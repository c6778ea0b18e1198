import { Chain } from '../chain/chain.ts';
import { Mempool } from '../mempool/mempool.ts';
import { Miner } from '../mining/miner.ts';
import { makeDataDir, type NodeConfig, nodePaths } from '../node/config.ts';
import { isPublicNetwork } from '../node/networks.ts';
import { systemClock } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { silentLogger } from '../platform/logger.ts';
import { decodeAddress } from '../script/address.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { StoreOperation } from '../store/store.ts';

/** The result of `createBlockchain`. */
export interface CreatedBlockchain {
  /** Path of the chain's file. */
  readonly file: string;
  readonly height: number;
  readonly bestblockhash: string;
  /** The address that all block rewards pay. */
  readonly address: string;
}

/**
 * Creates the node's chain: the genesis block, and `coinbaseMaturity` + 1 blocks whose rewards pay `address`, so
 * that one reward is spendable. The blocks are mined in memory and written in one batch: an interruption leaves a
 * chain with the genesis block only, which can be created again. `onProgress` is called before the first block and after
 * each. Throws `PierError` 'not-creatable' on a public network and 'chain-exists' if the node has a chain, and
 * `AddressError`.
 *
 * @example
 * ```ts
 * import { createBlockchain, createWallet, nodeConfig } from 'pier';
 *
 * const config = nodeConfig({ nodeId: 3000, dataDir: '/tmp/pier' });
 * const { address } = await createWallet(config, { name: 'central' });
 * const { height, file } = await createBlockchain(config, { address });
 * console.log(`${file} has ${height} blocks`);
 * ```
 */
export async function createBlockchain(
  config: NodeConfig,
  options: { address: string; onProgress?: (blocks: number, total: number) => void },
): Promise<CreatedBlockchain> {
  const { params } = config;
  const scriptPubKey = decodeAddress(options.address, params.address);
  if (isPublicNetwork(params)) {
    throw new PierError('not-creatable', `cannot create a blockchain on the public network '${params.network}'`, {
      hint: `Download it with 'pier startnode --network ${params.network} --seed HOST:PORT', or create one with --network regtest.`,
    });
  }

  const { chain: file } = nodePaths(config);
  makeDataDir(config.dataDir);
  const store = await LmdbStore.open({ path: file, network: params.marker, kind: 'blockchain', create: true });
  try {
    const modules = { clock: systemClock, logger: silentLogger };
    const existing = await Chain.open({ params }, { store, ...modules });
    const hasBlocks = existing.bestHeader.height > 0;
    await existing.close();
    // An interrupted run leaves a chain with the genesis block only, which may be overwritten.
    if (hasBlocks) {
      throw new PierError('chain-exists', `node ${config.nodeId} already has a blockchain: ${file}`, {
        hint:
          `Start it with 'NODE_ID=${config.nodeId} pier startnode'. To keep it and begin another network, choose another ` +
          `folder with --datadir; to begin anew, stop the nodes: 'pier reset --files' then removes their files, wallets too.`,
      });
    }
    const memory = new MemoryStore();
    const chain = await Chain.open({ params }, { store: memory, ...modules });
    const miner = new Miner({}, { chain, mempool: new Mempool({}, { chain, ...modules }), ...modules });
    const count = params.coinbaseMaturity + 1;
    miner.events.on('mined', ({ index }) => options.onProgress?.(index.height, count));
    options.onProgress?.(0, count);
    await miner.generate(count, scriptPubKey, Number.POSITIVE_INFINITY);
    const { height, hashHex: bestblockhash } = chain.tip;
    await chain.close();

    const operations: StoreOperation[] = [];
    for (const [key, value] of memory.entries()) operations.push({ type: 'put', key, value });
    await store.write(operations);
    await store.flushed();
    return { file, height, bestblockhash, address: options.address };
  } finally {
    await store.close();
  }
}
