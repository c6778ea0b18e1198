import { moneyRange } from '../../../primitives/amount.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Handler, HandlerContext } from '../handler-context.ts';

/** Processes a received transaction. */
export const onTx: Handler<'tx'> = (context, peer, tx) => {
  if (!context.relaysTransactions || peer.type === 'block-relay-only') {
    return peer.disconnect('transaction sent in violation of protocol');
  }
  // The transaction may spend outputs of blocks that the peer sent before it.
  const settled = context.blocks.settled(peer);
  return settled ? settled.then(() => processTx(context, peer, tx)) : processTx(context, peer, tx);
};

function processTx(
  { catchUp, transactions, txAnnouncer }: HandlerContext,
  peer: Peer,
  tx: Transaction,
): void | Promise<void> {
  if (catchUp.isActive) return;
  txAnnouncer.noteKnown(peer, peer.handshake.wtxidRelay ? tx.wtxid : tx.txid);
  return transactions.received(peer, tx);
}

/** Sets the minimum fee rate of transactions to announce to the peer (BIP133). */
export const onFeeFilter: Handler<'feefilter'> = ({ txAnnouncer }, peer, { feeRate }) => {
  if (moneyRange(feeRate)) txAnnouncer.setFeeFilter(peer, feeRate);
};

/** Announces the mempool (BIP35). `Peer` disconnects the sender if this node does not offer Bloom filters. */
export const onMempool: Handler<'mempool'> = ({ txAnnouncer }, peer) => txAnnouncer.announceMempool(peer);
