import { Chain } from '../../../src/chain/chain.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { Mempool } from '../../../src/mempool/mempool.ts';
import type { Endpoint } from '../../../src/p2p/net/endpoint.ts';
import { TcpTransport } from '../../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { mineBlock } from '../../chain/support/builder.ts';
import { atFileEnd } from '../../support/file-end.ts';
import { fullNodeConnections } from '../../support/full-node-connections.ts';

/** An in-process node from which node processes download. */
export interface Seed {
  readonly endpoint: Endpoint;
  readonly chain: Chain;
  /** The heights of the requested blocks, in order. */
  readonly served: number[];
  /** Called after each addition to `served`. */
  onServed?: () => void;
  /** Requests for further blocks are not answered. Default: no limit. */
  limit?: number;
}

/** Starts a regtest node with `height` empty blocks, one second apart, up to now. */
export async function startSeed(height: number): Promise<Seed> {
  const modules = { clock: systemClock, logger: silentLogger };
  const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, { ...modules, store: new MemoryStore() });
  const start = Math.floor(Date.now() / 1000) - height;
  let prev = { hash: regtest.genesis.hash, height: 0, time: 0, bits: regtest.genesis.header.bits };
  const accepted: Promise<unknown>[] = [];
  for (let at = 1; at <= height; at++) {
    const block = mineBlock(prev, { time: start + at });
    prev = { hash: block.hash, height: at, time: block.header.time, bits: block.header.bits };
    accepted.push(chain.acceptBlock(block));
  }
  await Promise.all(accepted);
  const mempool = new Mempool({}, { ...modules, chain });
  const { connections: peers } = fullNodeConnections(
    { listen: [{ host: '127.0.0.1', port: 0 }] },
    { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
  );
  await peers.start();
  atFileEnd(() => chain.close());
  atFileEnd(() => mempool.close());
  atFileEnd(() => peers.stop());

  const seed: Seed = { endpoint: peers.endpoint!, chain, served: [] };
  const getRawBlock = chain.getRawBlock.bind(chain);
  chain.getRawBlock = (index) => {
    if (seed.limit !== undefined && seed.served.length >= seed.limit) return undefined;
    seed.served.push(index.height);
    seed.onServed?.();
    return getRawBlock(index);
  };
  return seed;
}
