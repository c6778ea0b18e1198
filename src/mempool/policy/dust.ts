import { type Transaction, type TxOut, txOutSize, WITNESS_SCALE_FACTOR } from '../../primitives/transaction.ts';
import { isUnspendable, witnessVersion } from '../../script/script.ts';
import { feeAtRate } from './fee-rate.ts';

/** Bytes of an input without its signature: prevout, script length, sequence. */
const INPUT_BASE_SIZE = 32 + 4 + 1 + 4;
/** Bytes of a signature and a compressed public key, each with its length. */
const SIGNATURE_SIZE = 107;

/**
 * Returns the value in satoshis below which an output is dust: its cost at `rate` (Core: GetDustThreshold).
 *
 * @example
 * ```ts
 * import { dustThreshold } from 'pier/mempool';
 * import { compileScript } from 'pier/script';
 *
 * const scriptPubKey = compileScript(0, new Uint8Array(20));
 * console.log(dustThreshold({ value: 0n, scriptPubKey }, 3_000n)); // 294
 * ```
 */
export function dustThreshold(output: TxOut, rate: bigint): bigint {
  if (isUnspendable(output.scriptPubKey)) return 0n;
  const isWitness = witnessVersion(output.scriptPubKey) >= 0;
  const signatureSize = isWitness ? Math.floor(SIGNATURE_SIZE / WITNESS_SCALE_FACTOR) : SIGNATURE_SIZE;
  return feeAtRate(rate, txOutSize(output) + INPUT_BASE_SIZE + signatureSize);
}

/** Returns the indexes of the outputs that are dust at `rate` (Core: GetDust). */
export function dustOutputs(tx: Transaction, rate: bigint): number[] {
  const dust: number[] = [];
  tx.outputs.forEach((output, index) => {
    if (output.value < dustThreshold(output, rate)) dust.push(index);
  });
  return dust;
}
