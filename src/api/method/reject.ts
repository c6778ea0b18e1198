import { formatReject, type Reject, type TxRejectKind } from '../../consensus/reject.ts';
import { MiningError } from '../../mining/miner.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { AnyRpcNode } from './rpc-node.ts';

/** Logs that the mempool rejected a transaction submitted through RPC. */
export function logRejected(
  { logger }: Pick<AnyRpcNode, 'logger'>,
  tx: Transaction,
  { reason, debug }: Reject<TxRejectKind>,
): void {
  logger.info({ txid: tx.txidHex, wtxid: tx.wtxidHex, reason, debug }, 'rejected transaction');
}

/**
 * Returns the error of a generate method for a block that the chain rejects, another error as it is. Core first makes an
 * empty block, whose rejection is an unexpected error; that can only be for its time.
 */
export function blockRejected(error: unknown): unknown {
  if (!(error instanceof MiningError && error.reject)) return error;
  const isEmptyRejected = error.reject.reason.startsWith('time-too-');
  const code = isEmptyRejected ? RpcCode.MISC_ERROR : RpcCode.VERIFY_ERROR;
  return new RpcError(code, `TestBlockValidity failed: ${formatReject(error.reject)}`);
}

/** Returns sendrawtransaction's error for a rejected transaction (Core: JSONRPCTransactionError). */
export function transactionRejected(reject: Reject<TxRejectKind>): RpcError {
  if (reject.reason === 'txn-already-known') {
    return new RpcError(RpcCode.VERIFY_ALREADY_IN_UTXO_SET, 'Transaction outputs already in utxo set');
  }
  if (reject.reason === 'max-fee-exceeded') {
    const message = 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)';
    return new RpcError(RpcCode.VERIFY_ERROR, message);
  }
  const code = reject.kind === 'missing-inputs' ? RpcCode.VERIFY_ERROR : RpcCode.VERIFY_REJECTED;
  return new RpcError(code, formatReject(reject));
}
