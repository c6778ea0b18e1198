import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { blockSubsidy } from '../../consensus/subsidy.ts';
import type { Block } from '../../primitives/block.ts';
import { type TxOut, txOutSize, WITNESS_SCALE_FACTOR } from '../../primitives/transaction.ts';
import { isUnspendable } from '../../script/script.ts';
import { type Json, JsonNumber } from '../json/json.ts';
import type { Step } from '../json/step.ts';
import { feeOf } from './transaction-json.ts';

/** Bytes of an unspent output besides its TxOut: outpoint, height and coinbase flag (Core until 30: PER_UTXO_OVERHEAD). */
const PER_UTXO_OVERHEAD = 36 + 4 + 1;
/** Shares of the block's weight at which fee rates are sampled. */
const PERCENTILES = [0.1, 0.25, 0.5, 0.75, 0.9] as const;

/**
 * Computes the statistics of getblockstats: fees in satoshis, fee rates in satoshis per virtual byte, sizes in bytes.
 * `undo` holds the spent outputs of each transaction but the coinbase. Calls `step` after each transaction.
 */
export async function blockStats(
  index: BlockIndex,
  block: Block,
  undo: readonly (readonly Coin[])[],
  { params, step }: { readonly params: ChainParams; readonly step: Step },
): Promise<Record<string, Json>> {
  const [coinbase, ...txs] = block.transactions;
  const isGenesis = index.height === 0;
  let ins = 0;
  let outs = coinbase!.outputs.length;
  let totalOut = 0n;
  let witnessed = { count: 0, size: 0, weight: 0 };
  const made = new OutputCount();
  made.add(coinbase!.outputs, !isGenesis);
  const fees: number[] = [];
  const sizes: number[] = [];
  const rates: { rate: number; weight: number }[] = [];

  for (const [i, tx] of txs.entries()) {
    const pause = step();
    if (pause) await pause;
    const spent = undo[i]!;
    const { totalSize: size, weight } = tx;
    const fee = Number(feeOf(tx, spent));
    ins += tx.inputs.length;
    outs += tx.outputs.length;
    for (const { value } of tx.outputs) totalOut += value;
    made.add(tx.outputs, true);
    made.remove(spent);
    sizes.push(size);
    fees.push(fee);
    rates.push({ rate: Math.trunc((fee * WITNESS_SCALE_FACTOR) / weight), weight });
    if (tx.hasWitness) {
      const { count, size: sum, weight: weightSum } = witnessed;
      witnessed = { count: count + 1, size: sum + size, weight: weightSum + weight };
    }
  }

  const totalFee = sum(fees);
  const totalSize = sum(sizes);
  const totalWeight = sum(rates.map(({ weight }) => weight));
  const average = (total: number) => (txs.length > 0 ? Math.trunc(total / txs.length) : 0);
  const feeRates = rates.map(({ rate }) => rate);
  return {
    avgfee: average(totalFee),
    avgfeerate: totalWeight > 0 ? Math.trunc((totalFee * WITNESS_SCALE_FACTOR) / totalWeight) : 0,
    avgtxsize: average(totalSize),
    blockhash: index.hashHex,
    feerate_percentiles: percentilesByWeight(rates, totalWeight),
    height: index.height,
    ins,
    maxfee: highest(fees),
    maxfeerate: highest(feeRates),
    maxtxsize: highest(sizes),
    medianfee: median(fees),
    mediantime: index.medianTimePast(),
    mediantxsize: median(sizes),
    minfee: lowest(fees),
    minfeerate: lowest(feeRates),
    mintxsize: lowest(sizes),
    outs,
    subsidy: Number(blockSubsidy(index.height, params)),
    swtotal_size: witnessed.size,
    swtotal_weight: witnessed.weight,
    swtxs: witnessed.count,
    time: index.time,
    total_out: new JsonNumber(String(totalOut)),
    total_size: totalSize,
    total_weight: totalWeight,
    totalfee: totalFee,
    txs: block.transactions.length,
    utxo_increase: outs - ins,
    utxo_size_inc: made.size,
    utxo_increase_actual: made.keptCount - ins,
    utxo_size_inc_actual: made.keptSize,
  };
}

/** Changes of the UTXO set by a block. `kept` counts omit outputs that never enter it: unspendable and genesis ones. */
class OutputCount {
  size = 0;
  keptCount = 0;
  keptSize = 0;

  add(outputs: readonly TxOut[], entersSet: boolean): void {
    for (const output of outputs) {
      const size = txOutSize(output) + PER_UTXO_OVERHEAD;
      this.size += size;
      if (!entersSet || isUnspendable(output.scriptPubKey)) continue;
      this.keptCount++;
      this.keptSize += size;
    }
  }

  remove(spent: readonly Coin[]): void {
    for (const { output } of spent) {
      const size = txOutSize(output) + PER_UTXO_OVERHEAD;
      this.size -= size;
      this.keptSize -= size;
    }
  }
}

/** Returns the fee rates at the percentiles of weight (Core: CalculatePercentilesByWeight). */
function percentilesByWeight(rates: readonly { rate: number; weight: number }[], totalWeight: number): number[] {
  const sorted = [...rates].sort((a, b) => a.rate - b.rate || a.weight - b.weight);
  const last = sorted[sorted.length - 1]?.rate ?? 0;
  return PERCENTILES.map((share) => {
    let weight = 0;
    for (const entry of sorted) {
      weight += entry.weight;
      if (weight >= totalWeight * share) return entry.rate;
    }
    return last;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.trunc((sorted[middle - 1]! + sorted[middle]!) / 2);
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function lowest(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((least, value) => Math.min(least, value));
}
