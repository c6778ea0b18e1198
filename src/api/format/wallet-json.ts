import { compareBytes } from '../../bytes/compare.ts';
import { fromReversedHex, toReversedHex } from '../../bytes/hex.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import { SEQUENCE_FINAL } from '../../primitives/transaction.ts';
import { encodeAddress } from '../../script/address.ts';
import type { Wallet } from '../../wallet/wallet.ts';
import type { WalletTransaction } from '../../wallet/wallet-view.ts';
import { amountJson, type JsonObject } from '../json/json.ts';
import { hexJson } from './large-json.ts';

/** A wallet, and the chain and mempool that its transactions are described with. */
export interface WalletView {
  readonly wallet: Wallet;
  readonly chain: Pick<HeaderView, 'params'>;
  /** Undefined on a light node. */
  readonly mempool: Mempool | undefined;
}

/** Returns whether a transaction is an immature coinbase. */
export function isImmature({ entry, confirmations }: WalletTransaction, { chain }: WalletView): boolean {
  return entry.tx.isCoinbase && confirmations <= chain.params.coinbaseMaturity;
}

/** Returns the last block that the wallet has processed (Core: AppendLastProcessedBlock). */
export function lastProcessedBlock(wallet: Wallet): JsonObject | undefined {
  const { syncedTo } = wallet;
  return syncedTo && { hash: toReversedHex(syncedTo.locator[0]!), height: syncedTo.height };
}

/** Describes the confirmation status of a wallet transaction (Core: WalletTxToJSON). */
export function walletTransactionJson(transaction: WalletTransaction, view: WalletView): JsonObject {
  const { entry, confirmations, isTrusted } = transaction;
  const { tx, confirmation, time } = entry;
  const block = confirmation && {
    blockhash: toReversedHex(confirmation.blockHash),
    blockheight: confirmation.height,
    blockindex: confirmation.position,
    blocktime: confirmation.blockTime,
  };
  return {
    confirmations,
    generated: tx.isCoinbase ? true : undefined,
    ...(block ?? { trusted: isTrusted }),
    txid: tx.txidHex,
    wtxid: tx.wtxidHex,
    walletconflicts: sortedTxids(view.wallet.conflictsOf(tx).map((conflict) => conflict.tx.txidHex)),
    mempoolconflicts: sortedTxids([...entry.mempoolConflicts]),
    time,
    timereceived: time,
    'bip125-replaceable': replaceability(transaction, view),
  };
}

/** Sorts as a set of Core's: by the bytes in internal order. */
function sortedTxids(txids: readonly string[]): string[] {
  return txids.toSorted((a, b) => compareBytes(fromReversedHex(a), fromReversedHex(b)));
}

/**
 * Lists the payments in a transaction, sent before received, without change. What the wallet received in a conflicted
 * transaction is not listed (Core: ListTransactions).
 */
export function paymentsJson(transaction: WalletTransaction, view: WalletView): JsonObject[] {
  const { entry, debit, fee, confirmations } = transaction;
  const { wallet, chain } = view;
  const { tx } = entry;
  const abandoned = entry.abandoned && !entry.conflict;
  const sent: JsonObject[] = [];
  const received: JsonObject[] = [];
  for (const [vout, { value, scriptPubKey }] of tx.outputs.entries()) {
    const key = wallet.keyOf(scriptPubKey);
    const isSent = debit > 0n;
    if (isSent && key?.change) continue;
    const address = encodeAddress(scriptPubKey, chain.params.address);
    const label = key && !key.change ? (key.label ?? '') : undefined;
    if (isSent) {
      const paid = amountJson(fee === undefined ? 0n : -fee);
      sent.push({ address, category: 'send', amount: amountJson(-value), label, vout, fee: paid, abandoned });
    }
    if (key && confirmations >= 0) {
      const category = receivedCategory(transaction, view);
      received.push({ address, category, amount: amountJson(value), label, vout, abandoned });
    }
  }
  return [...sent, ...received];
}

function receivedCategory(transaction: WalletTransaction, view: WalletView): string {
  if (!transaction.entry.tx.isCoinbase) return 'receive';
  if (transaction.confirmations < 1) return 'orphan';
  return isImmature(transaction, view) ? 'immature' : 'generate';
}

/** Describes a wallet transaction as in gettransaction: payments, confirmation status and encoding. */
export function fullTransactionJson(transaction: WalletTransaction, view: WalletView): JsonObject {
  const { entry, debit, credit, fee } = transaction;
  const counted = isImmature(transaction, view) ? 0n : credit;
  return {
    amount: amountJson(counted - debit + (fee ?? 0n)),
    fee: fee === undefined || entry.tx.isCoinbase ? undefined : amountJson(-fee),
    ...walletTransactionJson(transaction, view),
    details: paymentsJson(transaction, view),
    hex: hexJson(entry.tx.encode()),
    lastprocessedblock: lastProcessedBlock(view.wallet),
  };
}

/** Returns whether a transaction or an unconfirmed ancestor signals replaceability (BIP125). */
function replaceability({ entry, confirmations }: WalletTransaction, { mempool }: WalletView): string {
  if (confirmations !== 0) return 'no';
  const signals = ({ tx }: { tx: WalletTransaction['entry']['tx'] }) =>
    tx.inputs.some(({ sequence }) => sequence < SEQUENCE_FINAL - 1);
  if (signals(entry)) return 'yes';
  const unconfirmed = mempool?.get(entry.tx.txid);
  if (!mempool || !unconfirmed) return 'unknown';
  return [...mempool.ancestors(unconfirmed)].some(signals) ? 'yes' : 'no';
}
