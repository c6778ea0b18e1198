import type { Coin, CoinView } from '../consensus/coins.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import { MEMPOOL_HEIGHT } from './entry.ts';
import type { MempoolGraph } from './graph.ts';

/** Returns the coin of a mempool or unspent chain output, even if the mempool spends it (Core: CCoinsViewMemPool). */
export function findCoin(graph: MempoolGraph, chainCoins: CoinView, outpoint: OutPoint): Coin | undefined {
  const maker = graph.get(outpoint.txid);
  if (!maker) return chainCoins.getCoin(outpoint);
  const output = maker.tx.outputs[outpoint.vout];
  return output && { output, height: MEMPOOL_HEIGHT, isCoinbase: false };
}
