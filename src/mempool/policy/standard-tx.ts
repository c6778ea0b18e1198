import type { TxRejectReason } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { isPushOnly } from '../../script/script.ts';
import { solve } from '../../script/standard.ts';
import type { MempoolOptions } from '../options.ts';
import {
  MAX_DUST_OUTPUTS_PER_TX,
  MAX_STANDARD_MULTISIG_KEYS,
  MAX_STANDARD_SCRIPTSIG_SIZE,
  MAX_STANDARD_TX_WEIGHT,
  MIN_STANDARD_TX_NONWITNESS_SIZE,
  TX_MAX_STANDARD_VERSION,
  TX_MIN_STANDARD_VERSION,
} from './constants.ts';
import { dustOutputs } from './dust.ts';

/**
 * Returns why a transaction is not standard, regardless of its inputs' coins; undefined if it is (Core: IsStandardTx).
 */
export function nonStandardReason(tx: Transaction, options: MempoolOptions): TxRejectReason | undefined {
  if (tx.version < TX_MIN_STANDARD_VERSION || tx.version > TX_MAX_STANDARD_VERSION) return 'version';
  if (tx.weight > MAX_STANDARD_TX_WEIGHT) return 'tx-size';
  for (const { scriptSig } of tx.inputs) {
    if (scriptSig.length > MAX_STANDARD_SCRIPTSIG_SIZE) return 'scriptsig-size';
    if (!isPushOnly(scriptSig)) return 'scriptsig-not-pushonly';
  }
  return (
    nonStandardOutputReason(tx, options) ??
    (dustOutputs(tx, options.dustRelayFeeRate).length > MAX_DUST_OUTPUTS_PER_TX ? 'dust' : undefined)
  );
}

/** Returns whether a transaction is too small to be standard; Core checks this separately, after IsStandardTx. */
export function isTooSmall(tx: Transaction): boolean {
  return tx.strippedSize < MIN_STANDARD_TX_NONWITNESS_SIZE;
}

function nonStandardOutputReason(tx: Transaction, options: MempoolOptions): TxRejectReason | undefined {
  let dataCarrierBytes = 0;
  for (const { scriptPubKey } of tx.outputs) {
    const { type, solutions } = solve(scriptPubKey);
    if (type === 'nonstandard') return 'scriptpubkey';
    if (type === 'nulldata') {
      dataCarrierBytes += scriptPubKey.length;
      if (dataCarrierBytes > options.maxDataCarrierBytes) return 'datacarrier';
    } else if (type === 'multisig') {
      if (solutions.length > MAX_STANDARD_MULTISIG_KEYS) return 'scriptpubkey';
      if (!options.permitBareMultisig) return 'bare-multisig';
    }
  }
  return undefined;
}
