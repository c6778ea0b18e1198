import type { Handler } from '../context.ts';
import type { HandshakeCommand } from '../handshake.ts';
import type { Command } from '../messages/index.ts';
import { onAddresses, onGetAddr } from './addresses.ts';
import { onBlock, onGetBlocks } from './blocks.ts';
import { onGetHeaders, onHeaders, onSendHeaders } from './headers.ts';
import { onGetData, onInv, onNotFound } from './inventory.ts';
import { onPing, onPong } from './ping.ts';
import { onFeeFilter, onMempool, onTx } from './transactions.ts';

/** What is done on each command after the handshake. */
export const handlers: { readonly [C in Exclude<Command, HandshakeCommand>]: Handler<C> } = {
  addr: onAddresses,
  addrv2: onAddresses,
  block: onBlock,
  feefilter: onFeeFilter,
  getaddr: onGetAddr,
  getblocks: onGetBlocks,
  getdata: onGetData,
  getheaders: onGetHeaders,
  headers: onHeaders,
  inv: onInv,
  mempool: onMempool,
  notfound: onNotFound,
  ping: onPing,
  pong: onPong,
  // BIP152: understood, and of no consequence while we send no compact blocks.
  sendcmpct: () => {},
  sendheaders: onSendHeaders,
  tx: onTx,
};
