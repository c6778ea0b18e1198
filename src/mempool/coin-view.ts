import type { Coin, CoinView } from '../consensus/coins.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import { MEMPOOL_HEIGHT } from './entry.ts';
import type { MempoolGraph } from './graph.ts';

/** The coin of an output of the mempool or, failing that, of the chain, whether or not the mempool spends it. */
export function findCoin(graph: MempoolGraph, chainCoins: CoinView, outpoint: OutPoint): Coin | undefined {
  const maker = graph.get(outpoint.txid);
  if (!maker) return chainCoins.getCoin(outpoint);
  const output = maker.tx.outputs[outpoint.vout];
  return output && { output, height: MEMPOOL_HEIGHT, isCoinbase: false };
}
