import type { HandshakeCommand } from '../../peer/handshake.ts';
import type { Command } from '../../wire/messages/index.ts';
import type { Handler } from '../handler-context.ts';
import { onAddresses, onGetAddr } from './addresses.ts';
import { onBlock, onGetBlocks } from './blocks.ts';
import { onFilterAdd, onFilterClear, onFilterLoad } from './bloom.ts';
import { onBlockTxn, onCmpctBlock, onGetBlockTxn, onSendCmpct } from './compact-blocks.ts';
import { onGetCFCheckpt, onGetCFHeaders, onGetCFilters, onUnrequestedFilters } from './filters.ts';
import { onGetHeaders, onHeaders, onSendHeaders } from './headers.ts';
import { onGetData, onInv, onNotFound } from './inventory.ts';
import { onPing, onPong } from './ping.ts';
import { onFeeFilter, onMempool, onTx } from './transactions.ts';

/** The handler of each command that peers send after the handshake. */
export const handlers: { readonly [C in Exclude<Command, HandshakeCommand>]: Handler<C> } = {
  addr: onAddresses,
  addrv2: onAddresses,
  block: onBlock,
  blocktxn: onBlockTxn,
  cfcheckpt: onUnrequestedFilters,
  cfheaders: onUnrequestedFilters,
  cfilter: onUnrequestedFilters,
  cmpctblock: onCmpctBlock,
  feefilter: onFeeFilter,
  filteradd: onFilterAdd,
  filterclear: onFilterClear,
  filterload: onFilterLoad,
  getaddr: onGetAddr,
  getblocks: onGetBlocks,
  getblocktxn: onGetBlockTxn,
  getcfcheckpt: onGetCFCheckpt,
  getcfheaders: onGetCFHeaders,
  getcfilters: onGetCFilters,
  getdata: onGetData,
  getheaders: onGetHeaders,
  headers: onHeaders,
  inv: onInv,
  mempool: onMempool,
  // A full node never requests filtered blocks.
  merkleblock: () => {},
  notfound: onNotFound,
  ping: onPing,
  pong: onPong,
  sendcmpct: onSendCmpct,
  sendheaders: onSendHeaders,
  tx: onTx,
};
