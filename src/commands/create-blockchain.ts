import { Chain } from '../chain/chain.ts';
import { Mempool } from '../mempool/mempool.ts';
import { Miner } from '../mining/miner.ts';
import { makeDataDir, type NodeConfig, nodePaths } from '../node/config.ts';
import { isPublicNetwork } from '../node/networks.ts';
import { systemClock } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { silentLogger } from '../platform/logger.ts';
import { decodeAddress } from '../script/address.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { StoreOperation } from '../store/store.ts';

export interface CreatedBlockchain {
  readonly file: string;
  readonly height: number;
  readonly bestblockhash: string;
  /** Who owns the rewards of all blocks. */
  readonly address: string;
}

/**
 * Creates the node's chain: the network's genesis block and, so that one reward is spendable, as many blocks paying
 * `address` as a reward needs to mature, and one. Public networks cannot be begun like this: they exist already.
 * The chain is made in memory and written in one batch: an interruption leaves one without blocks, which may be created
 * again.
 */
export async function createBlockchain(config: NodeConfig, options: { address: string }): Promise<CreatedBlockchain> {
  const { params } = config;
  const scriptPubKey = decodeAddress(options.address, params.address);
  if (isPublicNetwork(params)) {
    throw new PierError('not-creatable', `the chain of '${params.network}' exists in the world already`, {
      hint: `Download it with 'pier startnode --network ${params.network} --seed HOST:PORT', or create one with --network regtest.`,
    });
  }

  const { chain: file } = nodePaths(config);
  await makeDataDir(config.dataDir);
  const store = await LmdbStore.open({ path: file, network: params.marker, kind: 'blockchain', create: true });
  try {
    const modules = { clock: systemClock, logger: silentLogger };
    const existing = await Chain.open({ params }, { store, ...modules });
    const isBegun = existing.bestHeader.height > 0;
    await existing.close();
    // A chain of nothing but the genesis block is what an interruption leaves, and nothing to lose.
    if (isBegun) {
      throw new PierError('chain-exists', `node ${config.nodeId} has a blockchain already: ${file}`, {
        hint: `Start it with 'NODE_ID=${config.nodeId} pier startnode', or choose another NODE_ID or --datadir.`,
      });
    }
    const memory = new MemoryStore();
    const chain = await Chain.open({ params }, { store: memory, ...modules });
    const miner = new Miner({}, { chain, mempool: new Mempool({}, { chain, ...modules }), ...modules });
    await miner.generate(params.coinbaseMaturity + 1, scriptPubKey, Number.POSITIVE_INFINITY);
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
