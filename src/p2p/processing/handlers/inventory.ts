import { type InvEntry, namesBlock, namesTx } from '../../wire/messages/inventory.ts';
import type { Handler } from '../handler-context.ts';

/** Entries processed in one step. */
const STEP = 200;

/** Processes announced blocks and transactions. */
export const onInv: Handler<'inv'> = function* (context, peer, { entries }) {
  const mayAnnounceTransactions = context.relaysTransactions && peer.type !== 'block-relay-only';
  let lastBlock: InvEntry | undefined;
  for (const step of inSteps(entries)) {
    lastBlock = step.findLast(namesBlock) ?? lastBlock;
    const transactions = step.filter(namesTx);
    if (transactions.length > 0) {
      if (!mayAnnounceTransactions) return peer.disconnect('transaction inv sent in violation of protocol');
      for (const { hash } of transactions) context.txAnnouncer.noteKnown(peer, hash);
      if (!context.catchUp.isActive) context.transactions.announced(peer, transactions);
    }
    yield;
  }
  // As in Core, only the last block is processed: its headers lead to the others.
  if (lastBlock) context.headers.announced(peer, lastBlock.hash);
};

/** Answers a request for blocks and transactions. */
export const onGetData: Handler<'getdata'> = ({ dataServer }, peer, { entries }) => dataServer.serve(peer, entries);

/** Handles blocks and transactions that the peer cannot serve. */
export const onNotFound: Handler<'notfound'> = function* ({ blocks, transactions }, peer, { entries }) {
  for (const step of inSteps(entries)) {
    blocks.notFound(peer, step.filter(namesBlock));
    transactions.notFound(peer, step.filter(namesTx));
    yield;
  }
};

/** Divides entries into what is processed in one step. */
function* inSteps(entries: Iterable<InvEntry>): Generator<InvEntry[], void, void> {
  let step: InvEntry[] = [];
  for (const entry of entries) {
    step.push(entry);
    if (step.length < STEP) continue;
    yield step;
    step = [];
  }
  if (step.length > 0) yield step;
}
