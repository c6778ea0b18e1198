import { addr } from './addr.ts';
import { addrV2 } from './addrv2.ts';
import { block } from './block.ts';
import { blockTxn } from './blocktxn.ts';
import { cFCheckpt } from './cfcheckpt.ts';
import { cFHeaders } from './cfheaders.ts';
import { cFilter } from './cfilter.ts';
import { cmpctBlock } from './cmpctblock.ts';
import { feeFilter } from './feefilter.ts';
import { filterAdd } from './filteradd.ts';
import { filterClear } from './filterclear.ts';
import { filterLoad } from './filterload.ts';
import { getAddr } from './getaddr.ts';
import { getBlocks } from './getblocks.ts';
import { getBlockTxn } from './getblocktxn.ts';
import { getCFCheckpt } from './getcfcheckpt.ts';
import { getCFHeaders } from './getcfheaders.ts';
import { getCFilters } from './getcfilters.ts';
import { getData } from './getdata.ts';
import { getHeaders } from './getheaders.ts';
import { headers } from './headers.ts';
import { inv } from './inv.ts';
import { mempool } from './mempool.ts';
import { merkleBlock } from './merkleblock.ts';
import { notFound } from './notfound.ts';
import { ping } from './ping.ts';
import { pong } from './pong.ts';
import { sendAddrV2 } from './sendaddrv2.ts';
import { sendCmpct } from './sendcmpct.ts';
import { sendHeaders } from './sendheaders.ts';
import { tx } from './tx.ts';
import { verack } from './verack.ts';
import { version } from './version.ts';
import { wtxidRelay } from './wtxidrelay.ts';

/** Every command that we know, with its codec. */
export const codecs = {
  addr,
  addrv2: addrV2,
  block,
  blocktxn: blockTxn,
  cfcheckpt: cFCheckpt,
  cfheaders: cFHeaders,
  cfilter: cFilter,
  cmpctblock: cmpctBlock,
  feefilter: feeFilter,
  filteradd: filterAdd,
  filterclear: filterClear,
  filterload: filterLoad,
  getaddr: getAddr,
  getblocks: getBlocks,
  getblocktxn: getBlockTxn,
  getcfcheckpt: getCFCheckpt,
  getcfheaders: getCFHeaders,
  getcfilters: getCFilters,
  getdata: getData,
  getheaders: getHeaders,
  headers,
  inv,
  mempool,
  merkleblock: merkleBlock,
  notfound: notFound,
  ping,
  pong,
  sendaddrv2: sendAddrV2,
  sendcmpct: sendCmpct,
  sendheaders: sendHeaders,
  tx,
  verack,
  version,
  wtxidrelay: wtxidRelay,
} as const;

export type Command = keyof typeof codecs;

/** What a command's payload says. */
export type MessageOf<C extends Command> = ReturnType<(typeof codecs)[C]['decode']>;

export function isCommand(command: string): command is Command {
  return Object.hasOwn(codecs, command);
}

export function encodeMessage<C extends Command>(command: C, message: MessageOf<C>): Uint8Array {
  return (codecs[command].encode as (message: MessageOf<C>) => Uint8Array)(message);
}

/** Throws `DecodeError`. */
export function decodeMessage<C extends Command>(command: C, payload: Uint8Array): MessageOf<C> {
  return codecs[command].decode(payload) as MessageOf<C>;
}
