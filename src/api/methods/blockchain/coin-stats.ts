import { compareBytes } from '../../../bytes/compare.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { Chain } from '../../../chain/chain.ts';
import type { Coin } from '../../../consensus/coins.ts';
import { sha256, startSha256 } from '../../../crypto/hash.ts';
import { type OutPoint, writeOutPoint } from '../../../primitives/outpoint.ts';
import { txOutSize, writeTxOut } from '../../../primitives/transaction.ts';
import { MuHash } from '../../format/muhash.ts';
import type { Step } from '../../json/step.ts';

/** Hashes of the UTXO set that `coinStats` computes (Core: CoinStatsHashType). */
export const coinHashTypes = ['hash_serialized_3', 'muhash', 'none'] as const;
/** One of `coinHashTypes`. */
export type CoinHashType = (typeof coinHashTypes)[number];

/** Statistics of the UTXO set (Core: CCoinsStats). */
export interface CoinStats {
  readonly height: number;
  /** Hash of the tip, in internal order. */
  readonly bestBlock: Uint8Array;
  readonly txouts: number;
  /** Number of transactions with an unspent output. */
  readonly transactions: number;
  /** Size that is independent of the database format (Core: GetBogoSize). */
  readonly bogoSize: number;
  /** Satoshis. */
  readonly totalAmount: bigint;
  /** 32 bytes in internal order; undefined for hash type `none`. */
  readonly hash: Uint8Array | undefined;
}

/** Counts and hashes the UTXO set at the current tip (Core: ComputeUTXOStats). Calls `step` after each coin. */
export async function coinStats(chain: Chain, hashType: CoinHashType, step: Step): Promise<CoinStats> {
  const { height, hash: bestBlock } = chain.tip;
  const hasher = coinHasher(hashType);
  let txouts = 0;
  let transactions = 0;
  let bogoSize = 0;
  let totalAmount = 0n;
  let lastTxid = new Uint8Array(0);
  // Ordered by txid and index, as the serialised hash requires.
  for (const { outpoint, coin } of chain.coins()) {
    const pause = step();
    if (pause) await pause;
    hasher.add(outpoint, coin);
    txouts++;
    if (compareBytes(lastTxid, outpoint.txid) !== 0) transactions++;
    lastTxid = outpoint.txid as Uint8Array<ArrayBuffer>;
    // Txid, index, height and coinbase flag, amount, script length, script.
    bogoSize += 32 + 4 + 4 + 8 + 2 + coin.output.scriptPubKey.length;
    totalAmount += coin.output.value;
  }
  return { height, bestBlock, txouts, transactions, bogoSize, totalAmount, hash: hasher.digest() };
}

interface CoinHasher {
  add(outpoint: OutPoint, coin: Coin): void;
  digest(): Uint8Array | undefined;
}

function coinHasher(hashType: CoinHashType): CoinHasher {
  if (hashType === 'none') return { add: () => {}, digest: () => undefined };
  if (hashType === 'muhash') {
    const muhash = new MuHash();
    return { add: (outpoint, coin) => muhash.add(serializeCoin(outpoint, coin)), digest: () => muhash.digest() };
  }
  const hash = startSha256();
  return {
    add: (outpoint, coin) => hash.update(serializeCoin(outpoint, coin)),
    digest: () => sha256(hash.digest()),
  };
}

/** Serialises an outpoint, height and coinbase flag in one number, and the output (Core: TxOutSer). */
function serializeCoin(outpoint: OutPoint, coin: Coin): Uint8Array {
  const writer = new ByteWriter(40 + txOutSize(coin.output));
  writeOutPoint(writer, outpoint);
  writer.u32(coin.height * 2 + (coin.isCoinbase ? 1 : 0));
  writeTxOut(writer, coin.output);
  return writer.finish();
}
