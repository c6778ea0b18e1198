import { namesBlock, namesTx } from '../../wire/messages/inventory.ts';
import type { Handler } from '../handler-context.ts';

/** Processes announced blocks and transactions. */
export const onInv: Handler<'inv'> = (context, peer, { entries }) => {
  // As in Core, only the last block is processed: its headers lead to the others.
  const block = entries.findLast(namesBlock);
  if (block) context.headers.announced(peer, block.hash);
  const transactions = entries.filter(namesTx);
  if (transactions.length === 0) return;
  if (!context.relaysTransactions || peer.type === 'block-relay-only') {
    return peer.disconnect('transaction inv sent in violation of protocol');
  }
  for (const { hash } of transactions) context.txAnnouncer.noteKnown(peer, hash);
  if (!context.catchUp.isActive) context.transactions.announced(peer, transactions);
};

/** Answers a request for blocks and transactions. */
export const onGetData: Handler<'getdata'> = ({ dataServer }, peer, { entries }) => dataServer.serve(peer, entries);

/** Handles blocks and transactions that the peer cannot serve. */
export const onNotFound: Handler<'notfound'> = ({ blocks, transactions }, peer, { entries }) => {
  blocks.notFound(peer, entries.filter(namesBlock));
  transactions.notFound(peer, entries.filter(namesTx));
};
