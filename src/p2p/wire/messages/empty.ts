import type { MessageCodec } from './codec.ts';

/** The content of a message without payload. */
export type EmptyMessage = Record<string, never>;

const NO_PAYLOAD = new Uint8Array(0);

/** Returns the codec of a command without payload. */
function emptyCodec<Command extends string>(command: Command): MessageCodec<Command, EmptyMessage> {
  return { command, encode: () => NO_PAYLOAD, decode: () => ({}) };
}

/** Removes the sender's Bloom filter: the receiver announces all transactions again (BIP37). */
export const filterClear = emptyCodec('filterclear');

/** Requests addresses of other nodes. */
export const getAddr = emptyCodec('getaddr');

/** Requests an announcement of all transactions in the mempool (BIP35). */
export const mempool = emptyCodec('mempool');

/** Signals that the sender accepts `addrv2` (BIP155); sent before `verack`. */
export const sendAddrV2 = emptyCodec('sendaddrv2');

/** Requests announcements of new blocks by `headers` instead of `inv` (BIP130). */
export const sendHeaders = emptyCodec('sendheaders');

/** Acknowledges `version`. */
export const verack = emptyCodec('verack');

/** Signals that the sender announces transactions by wtxid (BIP339); sent before `verack`. */
export const wtxidRelay = emptyCodec('wtxidrelay');
