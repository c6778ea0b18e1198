import { namesBlock, namesTx } from '../../wire/messages/inventory.ts';
import type { Handler } from '../handler-context.ts';

export const onInv: Handler<'inv'> = (context, peer, { entries }) => {
  const block = entries.findLast(namesBlock);
  // Of several new blocks the last one leads to the others.
  if (block) context.headers.announced(peer, block.hash);
  const transactions = entries.filter(namesTx);
  if (transactions.length === 0) return;
  if (!context.relaysTransactions || peer.type === 'block-relay-only') {
    return peer.disconnect('announces transactions although we asked for none');
  }
  for (const { hash } of transactions) context.txAnnouncer.noteKnown(peer, hash);
  if (!context.catchUp.isActive) context.transactions.announced(peer, transactions);
};

export const onGetData: Handler<'getdata'> = ({ dataServer }, peer, { entries }) => dataServer.serve(peer, entries);

export const onNotFound: Handler<'notfound'> = ({ blocks, transactions }, peer, { entries }) => {
  blocks.notFound(peer, entries.filter(namesBlock));
  transactions.notFound(peer, entries.filter(namesTx));
};
