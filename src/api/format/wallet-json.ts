import { toHex, toReversedHex } from '../../bytes/hex.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import { SEQUENCE_FINAL } from '../../primitives/transaction.ts';
import { encodeAddress } from '../../script/address.ts';
import type { Wallet, WalletTransaction } from '../../wallet/wallet.ts';
import { amountJson, type JsonObject } from '../json/json.ts';

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
  const { entry, confirmations } = transaction;
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
    ...(block ?? { trusted: isTrusted(transaction) }),
    txid: tx.txidHex,
    wtxid: tx.wtxidHex,
    walletconflicts: [],
    mempoolconflicts: [],
    time,
    timereceived: time,
    'bip125-replaceable': replaceability(transaction, view),
  };
}

/** Lists the payments in a transaction, sent before received, without change (Core: ListTransactions). */
export function paymentsJson(transaction: WalletTransaction, view: WalletView): JsonObject[] {
  const { entry, debit, fee } = transaction;
  const { wallet, chain } = view;
  const { tx } = entry;
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
      sent.push({ address, category: 'send', amount: amountJson(-value), label, vout, fee: paid, abandoned: false });
    }
    if (key) {
      const category = receivedCategory(transaction, view);
      received.push({ address, category, amount: amountJson(value), label, vout, abandoned: false });
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
    hex: toHex(entry.tx.encode()),
    lastprocessedblock: lastProcessedBlock(view.wallet),
  };
}

/** Returns whether an unconfirmed transaction is trusted: sent by the wallet, and in the mempool. */
function isTrusted({ entry, debit, fee }: WalletTransaction): boolean {
  return entry.inMempool && debit > 0n && fee !== undefined;
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
