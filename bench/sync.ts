import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RpcClient } from 'pier/api';
import { toHex } from 'pier/bytes';
import { freeNodeIds, NodeProcess } from 'pier/devnet';
import { Bitcoind } from './bitcoind.ts';
import { median } from './median.ts';
import { makeSpendChain, type SpendChain } from './spend-chain.ts';

const ENGINES = ['native', 'wasm'] as const;

/** Options of `benchSync`. */
export interface SyncOptions {
  /** Seed of the generated chain. */
  readonly seed: number;
  /** Number of downloads per node. */
  readonly rounds: number;
  /** Number of full blocks in the chain. */
  readonly fullBlocks: number;
}

/**
 * Downloads a chain full of signatures by P2P from a bitcoind on loopback and validates it fully: with a second
 * bitcoind, and with Pier for each of its secp256k1 engines. Prints inputs per second, and the ratio of Pier to
 * bitcoind.
 */
export async function benchSync({ seed, rounds, fullBlocks }: SyncOptions): Promise<void> {
  const chain = await makeSpendChain({ seed, fullBlocks, transactionsPerBlock: 2_000 });
  const { blocks, inputs } = chain;
  console.log(`sync: ${blocks.length} blocks, ${inputs} signed inputs (seed ${seed}), downloaded from bitcoind`);
  const source = await Bitcoind.start();
  try {
    await feed(source, chain);
    const rates = new Map<string, number[]>();
    const measure = async (name: string, run: () => Promise<number>) => {
      const rate = inputs / (await run());
      rates.set(name, [...(rates.get(name) ?? []), rate]);
    };
    for (let round = 0; round < rounds; round++) {
      await measure('bitcoind', () => syncBitcoind(source, blocks.length));
      for (const engine of ENGINES) await measure(engine, () => syncPier(engine, source, blocks.length));
    }
    const reference = median(rates.get('bitcoind')!);
    for (const [name, all] of rates) {
      const rate = median(all);
      const share = name === 'bitcoind' ? '' : `  ${(rate / reference).toFixed(3)} of bitcoind's`;
      const label = name === 'bitcoind' ? name : `Pier (${name})`;
      console.log(`  ${label.padEnd(14)} ${Math.round(rate).toString().padStart(7)} inputs/s${share}`);
    }
  } finally {
    await source.stop();
  }
}

async function feed(source: Bitcoind, { blocks }: SpendChain): Promise<void> {
  for (const block of blocks) {
    const reject = await source.rpc.call('submitblock', [toHex(block.encode())]);
    if (reject !== null) throw new Error(`bitcoind rejected a block: ${reject}`);
  }
}

async function syncBitcoind(source: Bitcoind, height: number): Promise<number> {
  const bitcoind = await Bitcoind.start();
  try {
    return await secondsToSync(bitcoind.rpc, source, height);
  } finally {
    await bitcoind.stop();
  }
}

async function syncPier(engine: (typeof ENGINES)[number], source: Bitcoind, height: number): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pier-bench-'));
  const [nodeId] = await freeNodeIds(1);
  process.env.PIER_SECP256K1 = engine;
  // A node without a chain needs a seed. Nothing listens here, so the node does not sync before the clock starts.
  const seeds = ['127.0.0.1:1'];
  // No block filter index, as bitcoind has none by default.
  const options = { nodeId: nodeId!, dataDir, seeds, logLevel: 'warn', blockFilterIndex: false } as const;
  const node = await NodeProcess.start(options);
  try {
    return await secondsToSync(node.rpc, source, height);
  } finally {
    await node.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Returns the seconds from `addnode` of the only peer until the tip is connected. */
async function secondsToSync(rpc: RpcClient, source: Bitcoind, height: number): Promise<number> {
  const start = performance.now();
  await rpc.call('addnode', [source.p2p, 'onetry']);
  await rpc.call('waitforblockheight', [height, 600_000]);
  const seconds = (performance.now() - start) / 1000;
  const tip = await rpc.call('getbestblockhash');
  if (tip !== (await source.rpc.call('getbestblockhash'))) throw new Error(`the tip ${tip} is not the source's`);
  return seconds;
}
