import { addr } from './addr.ts';
import { addrV2 } from './addrv2.ts';
import { cFCheckpt, cFHeaders, cFilter, getCFCheckpt, getCFHeaders, getCFilters } from './block-filters.ts';
import { blockTxn, getBlockTxn } from './block-transactions.ts';
import { cmpctBlock } from './cmpctblock.ts';
import type { MessageCodec } from './codec.ts';
import { filterClear, getAddr, mempool, sendAddrV2, sendHeaders, verack, wtxidRelay } from './empty.ts';
import { feeFilter } from './feefilter.ts';
import { filterAdd } from './filteradd.ts';
import { headers } from './headers.ts';
import { getData, inv, notFound } from './inventory.ts';
import { getBlocks, getHeaders } from './locator.ts';
import { ping, pong } from './nonce.ts';
import { block, filterLoad, merkleBlock, tx } from './objects.ts';
import { sendCmpct } from './sendcmpct.ts';
import { version } from './version.ts';

/** The codecs of all known commands. */
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

/** A known command. */
export type Command = keyof typeof codecs;

/** The decoded payload of a command. */
export type MessageOf<C extends Command> = ReturnType<(typeof codecs)[C]['decode']>;

/** Whether a command is known. */
export function isCommand(command: string): command is Command {
  return Object.hasOwn(codecs, command);
}

/** Whether a command's decoded message is used only until it is handled, and nothing of it keeps the payload. */
export function isTransient(command: Command): boolean {
  const codec: MessageCodec<string, unknown> = codecs[command];
  return codec.isTransient === true;
}

/**
 * Encodes a message's payload.
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { decodeMessage, encodeMessage } from 'pier/p2p';
 *
 * const payload = encodeMessage('ping', { nonce: 5n });
 * console.log(toHex(payload)); // 0500000000000000
 * console.log(decodeMessage('ping', payload).nonce); // 5
 * ```
 */
export function encodeMessage<C extends Command>(command: C, message: MessageOf<C>): Uint8Array {
  return (codecs[command].encode as (message: MessageOf<C>) => Uint8Array)(message);
}

/**
 * Decodes a payload in steps, each a fraction of a millisecond of work. Throws `DecodeError`.
 */
export function* decodeInSteps<C extends Command>(
  command: C,
  payload: Uint8Array,
): Generator<void, MessageOf<C>, void> {
  const codec: MessageCodec<string, unknown> = codecs[command];
  return (codec.decodeInSteps ? yield* codec.decodeInSteps(payload) : codec.decode(payload)) as MessageOf<C>;
}

/** Decodes a payload; the result may be a view of it. Throws `DecodeError`. */
export function decodeMessage<C extends Command>(command: C, payload: Uint8Array): MessageOf<C> {
  return codecs[command].decode(payload) as MessageOf<C>;
}
