import type { Handler } from '../handler-context.ts';

/** Negotiates compact block relay (BIP152). */
export const onSendCmpct: Handler<'sendcmpct'> = ({ compactPeers }, peer, message) =>
  compactPeers.received(peer, message);

/** Processes a compact block. */
export const onCmpctBlock: Handler<'cmpctblock'> = ({ compactBlocks }, peer, message) =>
  compactBlocks.received(peer, message);

/** Answers a request for transactions of a block. */
export const onGetBlockTxn: Handler<'getblocktxn'> = ({ chainServer }, peer, message) =>
  chainServer.getBlockTransactions(peer, message);

/** Completes a compact block with the requested transactions. */
export const onBlockTxn: Handler<'blocktxn'> = ({ compactBlocks }, peer, message) =>
  compactBlocks.receivedTransactions(peer, message);
