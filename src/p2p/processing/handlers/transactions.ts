import { moneyRange } from '../../../primitives/amount.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Handler, HandlerContext } from '../handler-context.ts';

export const onTx: Handler<'tx'> = (context, peer, tx) => {
  if (!context.relaysTransactions || peer.type === 'block-relay-only') {
    return peer.disconnect('sends transactions although we asked for none');
  }
  // A transaction may spend what the peer's blocks before it have made.
  const settled = context.blocks.settled(peer);
  return settled ? settled.then(() => take(context, peer, tx)) : take(context, peer, tx);
};

function take({ catchUp, transactions, txAnnouncer }: HandlerContext, peer: Peer, tx: Transaction): void {
  if (catchUp.isActive) return;
  txAnnouncer.noteKnown(peer, peer.handshake.wtxidRelay ? tx.wtxid : tx.txid);
  transactions.received(peer, tx);
}

export const onFeeFilter: Handler<'feefilter'> = ({ txAnnouncer }, peer, { feeRate }) => {
  if (moneyRange(feeRate)) txAnnouncer.setFeeFilter(peer, feeRate);
};

/** BIP35, for those who can use bloom filters only; others have been disconnected before. */
export const onMempool: Handler<'mempool'> = ({ txAnnouncer }, peer) => txAnnouncer.announceMempool(peer);
