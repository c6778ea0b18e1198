import { type Transaction, type TxOut, txOutSize, WITNESS_SCALE_FACTOR } from '../../primitives/transaction.ts';
import { isUnspendable, witnessVersion } from '../../script/script.ts';
import { feeAtRate } from './fee-rate.ts';

/** Bytes of an input without its signature: prevout, length of the script, sequence. */
const INPUT_BASE_SIZE = 32 + 4 + 1 + 4;
/** Bytes of a signature and a compressed key, each with its length. */
const SIGNATURE_SIZE = 107;

/** The value below which an output is dust: what it costs, at `rate`, to make it and to spend it. Satoshis. */
export function dustThreshold(output: TxOut, rate: bigint): bigint {
  if (isUnspendable(output.scriptPubKey)) return 0n;
  const isWitness = witnessVersion(output.scriptPubKey) >= 0;
  const signatureSize = isWitness ? Math.floor(SIGNATURE_SIZE / WITNESS_SCALE_FACTOR) : SIGNATURE_SIZE;
  return feeAtRate(rate, txOutSize(output) + INPUT_BASE_SIZE + signatureSize);
}

/** The indexes of a transaction's outputs that are dust at `rate`. */
export function dustOutputs(tx: Transaction, rate: bigint): number[] {
  const dust: number[] = [];
  tx.outputs.forEach((output, index) => {
    if (output.value < dustThreshold(output, rate)) dust.push(index);
  });
  return dust;
}
