import type { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_INV_ENTRIES } from '../protocol.ts';
import { type MessageCodec, readListInSteps, steppedDecoding } from './codec.ts';

/** Types of inventory entries; the WITNESS forms occur in `getdata` only (BIP144, BIP152, BIP339). */
export const InvType = {
  TX: 1,
  BLOCK: 2,
  FILTERED_BLOCK: 3,
  CMPCT_BLOCK: 4,
  WTX: 5,
  WITNESS_TX: 0x4000_0001,
  WITNESS_BLOCK: 0x4000_0002,
} as const;

/** An inventory entry (Core: CInv). */
export interface InvEntry {
  /** One of `InvType`, or unknown. */
  readonly type: number;
  /** Block hash, txid, or for WTX the wtxid: 32 bytes, internal order. */
  readonly hash: Uint8Array;
}

/** The content of `inv`, `getdata` and `notfound`. */
export interface InventoryMessage {
  /** At most MAX_INV_ENTRIES. */
  readonly entries: readonly InvEntry[];
}

/** Whether an entry refers to a transaction, by txid or wtxid. */
export function namesTx({ type }: InvEntry): boolean {
  return type === InvType.TX || type === InvType.WTX || type === InvType.WITNESS_TX;
}

/** Whether an entry refers to a block, in any form. */
export function namesBlock({ type }: InvEntry): boolean {
  return (
    type === InvType.BLOCK ||
    type === InvType.WITNESS_BLOCK ||
    type === InvType.CMPCT_BLOCK ||
    type === InvType.FILTERED_BLOCK
  );
}

function inventoryCodec<Command extends string>(command: Command): MessageCodec<Command, InventoryMessage> {
  return {
    command,
    encode({ entries }) {
      return new ByteWriter(5 + 36 * entries.length)
        .list(entries, (w, entry) => w.u32(entry.type).bytes(entry.hash))
        .finish();
    },
    ...steppedDecoding(function* (reader) {
      const readEntry = (r: ByteReader) => ({ type: r.u32(), hash: r.hash() });
      return { entries: yield* readListInSteps(reader, readEntry, MAX_INV_ENTRIES) };
    }),
  };
}

/** Announces transactions and blocks. */
export const inv = inventoryCodec('inv');

/** Requests transactions and blocks. */
export const getData = inventoryCodec('getdata');

/** Lists the entries of a `getdata` that the sender does not have. */
export const notFound = inventoryCodec('notfound');
