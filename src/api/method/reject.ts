import { formatReject, type Reject, type TxRejectKind } from '../../consensus/reject.ts';
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
