import { EncodedList, type List } from '../../../bytes/encoded-list.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_INV_ENTRIES } from '../protocol.ts';
import { type MessageCodec, OverlongList } from './codec.ts';

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
  /** At most MAX_INV_ENTRIES. A decoded message's are read from its payload, again each time. */
  readonly entries: List<InvEntry>;
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

const ENTRY_SIZE = 4 + 32;

/** Copies the hash: a view would keep the whole payload in memory as long as one entry is remembered. */
function readEntry(reader: ByteReader): InvEntry {
  return { type: reader.u32(), hash: reader.hash().slice() };
}

function inventoryCodec<Command extends string>(command: Command): MessageCodec<Command, InventoryMessage> {
  return {
    command,
    isTransient: true,
    encode({ entries }) {
      return new ByteWriter(5 + ENTRY_SIZE * entries.length)
        .list(entries, (w, entry) => w.u32(entry.type).bytes(entry.hash))
        .finish();
    },
    decode(payload) {
      const reader = new ByteReader(payload);
      const count = reader.compactSize();
      const entries = new EncodedList(reader, count, ENTRY_SIZE, readEntry);
      if (count > MAX_INV_ENTRIES) throw new OverlongList(0, count, MAX_INV_ENTRIES);
      return { entries };
    },
  };
}

/** Announces transactions and blocks. */
export const inv = inventoryCodec('inv');

/** Requests transactions and blocks. */
export const getData = inventoryCodec('getdata');

/** Lists the entries of a `getdata` that the sender does not have. */
export const notFound = inventoryCodec('notfound');
