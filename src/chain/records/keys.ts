import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import type { OutPoint } from '../../primitives/outpoint.ts';
import type { Range } from '../../store/store.ts';
import type { BlockIndex } from '../tree/block-index.ts';

/** First bytes of the chain's keys, one for each kind of record. Other layers may use other first bytes. */
export const Prefix = {
  /** Properties of the store itself. */
  META: 0x4d, // M
  /** Header and status of a block. */
  INDEX: 0x48, // H
  /** Serialized block. */
  BODY: 0x42, // B
  /** Undo data of a block. */
  UNDO: 0x55, // U
  /** Filter of a block (BIP158). */
  FILTER: 0x46, // F
  /** Filter hash and filter header of a block (BIP157). */
  FILTER_HEADER: 0x47, // G
  /** An unspent output. */
  COIN: 0x43, // C
} as const;

/** Returns the range of keys with this prefix, whose last byte must be below 255. */
export function prefixRange(...prefix: readonly number[]): Range {
  const lt = Uint8Array.from(prefix);
  lt[lt.length - 1]!++;
  return { gte: Uint8Array.from(prefix), lt };
}

/** Returns the key of a property of the store. */
export function metaKey(name: string): Uint8Array {
  return Uint8Array.from([Prefix.META, ...new TextEncoder().encode(name)]);
}

/** Returns the key prefix || height (big-endian) || hash of a block's record, so that parents sort before children. */
export function blockKey(prefix: number, index: Pick<BlockIndex, 'height' | 'hash'>): Uint8Array {
  const key = new Uint8Array(37);
  key[0] = prefix;
  new DataView(key.buffer).setUint32(1, index.height, false);
  key.set(index.hash, 5);
  return key;
}

/** Returns the height and hash in a `blockKey`; the hash is a copy. */
export function parseBlockKey(key: Uint8Array): { height: number; hash: Uint8Array } {
  const height = new DataView(key.buffer, key.byteOffset).getUint32(1, false);
  return { height, hash: key.slice(5, 37) };
}

const TXID = 2;
const VOUT = TXID + 32;

/**
 * Returns the store key of a coin, from its `outPointKey`: prefix || coin set || txid || index. The index takes one
 * byte, or two or four big-endian bytes after 0xfd or 0xfe, so that the outputs of a transaction are adjacent and in
 * order.
 */
export function coinStoreKey(set: number, key: string): Uint8Array {
  const low = key.charCodeAt(32);
  const high = key.charCodeAt(33);
  const size = high > 0 ? 5 : low > 0xfc ? 3 : 1;
  const bytes = new Uint8Array(VOUT + size);
  bytes[0] = Prefix.COIN;
  bytes[1] = set;
  for (let i = 0; i < 32; i++) bytes[TXID + i] = key.charCodeAt(i);
  if (size === 1) {
    bytes[VOUT] = low;
  } else if (size === 3) {
    bytes[VOUT] = 0xfd;
    bytes[VOUT + 1] = low >>> 8;
    bytes[VOUT + 2] = low;
  } else {
    bytes[VOUT] = 0xfe;
    bytes[VOUT + 1] = high >>> 8;
    bytes[VOUT + 2] = high;
    bytes[VOUT + 3] = low >>> 8;
    bytes[VOUT + 4] = low;
  }
  return bytes;
}

/** Returns the range of keys of a transaction's coins. */
export function coinStoreRange(set: number, txid: Uint8Array): Range {
  const gte = Uint8Array.of(Prefix.COIN, set, ...txid);
  return { gte, lt: Uint8Array.of(...gte, 0xff) };
}

/** Returns the outpoint in a `coinStoreKey`. Throws `DecodeError`. */
export function parseCoinStoreKey(bytes: Uint8Array): OutPoint {
  const reader = new ByteReader(bytes, TXID);
  const txid = reader.hash();
  const first = reader.u8();
  let vout = first;
  if (first === 0xfd) vout = reader.u16be();
  else if (first === 0xfe) vout = reader.u16be() * 0x1_0000 + reader.u16be();
  reader.end();
  const least = first === 0xfd ? 0xfd : first === 0xfe ? 0x1_0000 : 0;
  if (first === 0xff || vout < least)
    throw new DecodeError('non-canonical', VOUT, 'output index not minimally encoded');
  return { txid, vout };
}
