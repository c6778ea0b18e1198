import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import type { OutPoint } from '../../primitives/outpoint.ts';
import type { Range } from '../../store/store.ts';
import type { BlockIndex } from '../tree/block-index.ts';

/** The first byte of a key tells what it is for; other layers may keep their data under other first bytes. */
export const Prefix = {
  /** Facts about the store itself. */
  META: 0x4d, // M
  /** Header and status of a block. */
  INDEX: 0x48, // H
  /** A block, as it is sent. */
  BODY: 0x42, // B
  /** What a block spends. */
  UNDO: 0x55, // U
  /** The filter of a block (BIP158). */
  FILTER: 0x46, // F
  /** Hash and header of a block's filter (BIP157). */
  FILTER_HEADER: 0x47, // G
  /** An unspent output. */
  COIN: 0x43, // C
} as const;

/** All keys that begin with these bytes, the last of which must be below 255. */
export function prefixRange(...prefix: readonly number[]): Range {
  const lt = Uint8Array.from(prefix);
  lt[lt.length - 1]!++;
  return { gte: Uint8Array.from(prefix), lt };
}

/** The key of a fact about the store. */
export function metaKey(name: string): Uint8Array {
  return Uint8Array.from([Prefix.META, ...new TextEncoder().encode(name)]);
}

/** Prefix, height, hash: blocks lie in the order of their heights, so parents come first and new ones at the end. */
export function blockKey(prefix: number, index: Pick<BlockIndex, 'height' | 'hash'>): Uint8Array {
  const key = new Uint8Array(37);
  key[0] = prefix;
  new DataView(key.buffer).setUint32(1, index.height, false);
  key.set(index.hash, 5);
  return key;
}

/** Height and hash of a `blockKey`; the hash is a copy. */
export function parseBlockKey(key: Uint8Array): { height: number; hash: Uint8Array } {
  const height = new DataView(key.buffer, key.byteOffset).getUint32(1, false);
  return { height, hash: key.slice(5, 37) };
}

const TXID = 2;
const VOUT = TXID + 32;

/**
 * The store's key of an unspent output, from its `outPointKey`. Which of two sets it belongs to is the second byte; then
 * come txid and index, so that the outputs of one transaction lie together and in order. The index takes one byte, or
 * three or five where the first says so.
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

/** The keys of a transaction's unspent outputs. */
export function coinStoreRange(set: number, txid: Uint8Array): Range {
  const gte = Uint8Array.of(Prefix.COIN, set, ...txid);
  return { gte, lt: Uint8Array.of(...gte, 0xff) };
}

/** Inverse of `coinStoreKey`. Throws `DecodeError`. */
export function parseCoinStoreKey(bytes: Uint8Array): OutPoint {
  const reader = new ByteReader(bytes, TXID);
  const txid = reader.hash();
  const first = reader.u8();
  let vout = first;
  if (first === 0xfd) vout = reader.u16be();
  else if (first === 0xfe) vout = reader.u16be() * 0x1_0000 + reader.u16be();
  reader.end();
  const least = first === 0xfd ? 0xfd : first === 0xfe ? 0x1_0000 : 0;
  if (first === 0xff || vout < least) throw new DecodeError('non-canonical', VOUT, 'index of more bytes than needed');
  return { txid, vout };
}
