import type { Handler } from '../handler-context.ts';

export const onSendCmpct: Handler<'sendcmpct'> = ({ compactPeers }, peer, message) =>
  compactPeers.received(peer, message);

export const onCmpctBlock: Handler<'cmpctblock'> = ({ compactBlocks }, peer, message) =>
  compactBlocks.received(peer, message);

export const onGetBlockTxn: Handler<'getblocktxn'> = ({ chainServer }, peer, message) =>
  chainServer.getBlockTransactions(peer, message);

export const onBlockTxn: Handler<'blocktxn'> = ({ compactBlocks }, peer, message) =>
  compactBlocks.receivedTransactions(peer, message);
