import { equalBytes } from '../../../src/bytes/compare.ts';
import { toHex, toReversedHex } from '../../../src/bytes/hex.ts';
import { Chain } from '../../../src/chain/chain.ts';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import { type ChainParams, regtest } from '../../../src/consensus/params.ts';
import { type Logger, silentLogger } from '../../../src/platform/logger.ts';
import type { Block } from '../../../src/primitives/block.ts';
import {
  basicFilterElements,
  encodeFilter,
  filterHash,
  filterHeader,
  NO_FILTER_HEADER,
} from '../../../src/proofs/block-filter.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { type BlockPlan, mineBlock } from './builder.ts';

/** One hour after regtest's genesis, so that blocks built one second apart are recent. */
export const START_MS = 1_296_688_602_000 + 3_600_000;

/** Settings of `openChain`. */
export interface TestChainOptions {
  readonly store?: Store;
  readonly params?: ChainParams;
  readonly clock?: VirtualClock;
  readonly coinCacheBytes?: number;
  readonly scriptThreads?: number;
  readonly blockFilterIndex?: boolean;
  readonly logger?: Logger;
}

/** Opens a chain, by default on regtest with an empty in-memory store. */
export function openChain(options: TestChainOptions = {}): Promise<Chain> {
  const { store = new MemoryStore(), params = regtest, clock = new VirtualClock(START_MS), ...others } = options;
  const { logger = silentLogger, ...rest } = others;
  return Chain.open({ params, ...rest }, { store, clock, logger });
}

/** Mines `count` blocks on `from` (default: the tip) and submits them; throws if one is rejected. */
export async function extend(chain: Chain, count: number, plan: BlockPlan = {}, from?: BlockIndex): Promise<Block[]> {
  const blocks: Block[] = [];
  let prev = from ?? chain.tip;
  for (let i = 0; i < count; i++) {
    const block = mineBlock(prev, plan);
    prev = await accept(chain, block);
    blocks.push(block);
  }
  return blocks;
}

/** Submits a block; throws if it is rejected. */
export async function accept(chain: Chain, block: Block): Promise<BlockIndex> {
  const { index, reject } = await chain.acceptBlock(block);
  if (!index || reject) throw new Error(`block rejected: ${reject?.reason} (${reject?.debug})`);
  return index;
}

/** Throws unless the filter index has the correct filter and commitment of every block up to the tip. */
export function checkFilters(chain: Chain): void {
  const filters = chain.blockFilters!;
  let header: Uint8Array = NO_FILTER_HEADER;
  for (let height = 0; height <= chain.tip.height; height++) {
    const index = chain.atHeight(height)!;
    const spent = chain.getUndo(index)!.flatMap((coins) => coins.map(({ output }) => output.scriptPubKey));
    const filter = encodeFilter(index.hash, basicFilterElements(chain.getBlock(index)!, spent));
    header = filterHeader(header, filterHash(filter));
    const commitment = filters.commitment(index);
    if (!commitment) throw new Error(`no filter of block ${height} of ${chain.tip.height}`);
    const isRight =
      equalBytes(filters.filter(index)!, filter) &&
      equalBytes(commitment.hash, filterHash(filter)) &&
      equalBytes(commitment.header, header);
    if (!isRight) throw new Error(`wrong filter of block ${height}`);
  }
  if (filters.best !== chain.tip) throw new Error('the index is complete but does not report it');
}

/** Returns the UTXO set as text lines. */
export function describeCoins(chain: Chain): string[] {
  const lines: string[] = [];
  for (const { outpoint, coin } of chain.coins()) {
    const { value, scriptPubKey } = coin.output;
    const name = `${toReversedHex(outpoint.txid)}:${outpoint.vout}`;
    lines.push(`${name} ${coin.height} ${coin.isCoinbase} ${value} ${toHex(scriptPubKey)}`);
  }
  return lines;
}
