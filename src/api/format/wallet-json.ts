import { toHex, toReversedHex } from '../../bytes/hex.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import { SEQUENCE_FINAL } from '../../primitives/transaction.ts';
import { encodeAddress } from '../../script/address.ts';
import type { Wallet, WalletTransaction } from '../../wallet/wallet.ts';
import { amountJson, type JsonObject } from '../json/json.ts';

/** What a wallet's transactions are shown with. */
export interface WalletView {
  readonly wallet: Wallet;
  readonly chain: Pick<HeaderView, 'params'>;
  /** Absent in a light node. */
  readonly mempool: Mempool | undefined;
}

/** Whether a transaction is a reward that is too young to be spent. */
export function isImmature({ entry, confirmations }: WalletTransaction, { chain }: WalletView): boolean {
  return entry.tx.isCoinbase && confirmations <= chain.params.coinbaseMaturity;
}

/** The last block that the wallet has seen. */
export function lastProcessedBlock(wallet: Wallet): JsonObject | undefined {
  const { syncedTo } = wallet;
  return syncedTo && { hash: toReversedHex(syncedTo.locator[0]!), height: syncedTo.height };
}

/** Where a transaction of a wallet stands (Core: WalletTxToJSON). */
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

/** The payments in a transaction, sent ones first (Core: ListTransactions). Change is not among them. */
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

/** All of a transaction: its payments, where it stands, and its encoding (Core: gettransaction). */
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

/** Whether what waits for a block can be relied on: the wallet's own, and in the mempool. */
function isTrusted({ entry, debit, fee }: WalletTransaction): boolean {
  return entry.inMempool && debit > 0n && fee !== undefined;
}

/** Whether a transaction, or one in the mempool that it depends on, announces that it may be replaced (BIP125). */
function replaceability({ entry, confirmations }: WalletTransaction, { mempool }: WalletView): string {
  if (confirmations !== 0) return 'no';
  const signals = ({ tx }: { tx: WalletTransaction['entry']['tx'] }) =>
    tx.inputs.some(({ sequence }) => sequence < SEQUENCE_FINAL - 1);
  if (signals(entry)) return 'yes';
  const waiting = mempool?.get(entry.tx.txid);
  if (!mempool || !waiting) return 'unknown';
  return [...mempool.ancestors(waiting)].some(signals) ? 'yes' : 'no';
}
