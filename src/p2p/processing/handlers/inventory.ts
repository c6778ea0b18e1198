import { namesBlock, namesTx } from '../../wire/messages/inventory.ts';
import type { Handler } from '../handler-context.ts';

/** Announcements processed in one step. */
const STEP = 200;

/** Processes announced blocks and transactions. */
export const onInv: Handler<'inv'> = function* (context, peer, { entries }) {
  // As in Core, only the last block is processed: its headers lead to the others.
  const block = entries.findLast(namesBlock);
  if (block) context.headers.announced(peer, block.hash);
  const transactions = entries.filter(namesTx);
  if (transactions.length === 0) return;
  if (!context.relaysTransactions || peer.type === 'block-relay-only') {
    return peer.disconnect('transaction inv sent in violation of protocol');
  }
  for (let at = 0; at < transactions.length; at += STEP) {
    const some = transactions.slice(at, at + STEP);
    for (const { hash } of some) context.txAnnouncer.noteKnown(peer, hash);
    if (!context.catchUp.isActive) context.transactions.announced(peer, some);
    yield;
  }
};

/** Answers a request for blocks and transactions. */
export const onGetData: Handler<'getdata'> = ({ dataServer }, peer, { entries }) => dataServer.serve(peer, entries);

/** Handles blocks and transactions that the peer cannot serve. */
export const onNotFound: Handler<'notfound'> = ({ blocks, transactions }, peer, { entries }) => {
  blocks.notFound(peer, entries.filter(namesBlock));
  transactions.notFound(peer, entries.filter(namesTx));
};
