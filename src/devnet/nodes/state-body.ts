import { binaryKey, fromBinaryKey } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { StoreOperation } from '../../store/store.ts';
import type { StoredNode } from './engine.ts';

/** Encodes what nodes have. Values that several records share, as the blocks of all nodes, are written once. */
export function encodeStoredNodes(nodes: readonly StoredNode[]): Uint8Array {
  const values = new Map<string, number>();
  const places = nodes.map(({ chain, wallet, mempool }) => ({
    stores: [chain, wallet].map((store) =>
      [...store.entries()].map(([key, value]) => ({ key, at: place(values, value) })),
    ),
    mempool,
  }));
  const writer = new ByteWriter(1 << 20);
  writer.list([...values.keys()], (w, value) => w.varBytes(fromBinaryKey(value)));
  writer.list(places, (w, { stores, mempool }) => {
    for (const records of stores) w.list(records, (each, { key, at }) => each.varBytes(key).compactSize(at));
    w.u8(mempool ? 1 : 0);
    if (mempool) w.varBytes(mempool);
  });
  return writer.finish();
}

/** Returns the index of a value in the list of different values. */
function place(values: Map<string, number>, value: Uint8Array): number {
  const key = binaryKey(value);
  const known = values.get(key);
  if (known !== undefined) return known;
  values.set(key, values.size);
  return values.size - 1;
}

/** Decodes what `encodeStoredNodes` returns. Throws `DecodeError`. */
export async function decodeStoredNodes(bytes: Uint8Array): Promise<StoredNode[]> {
  const reader = new ByteReader(bytes);
  const values = reader.list((r) => r.varBytes().slice());
  const value = (at: number) => {
    const found = values[at];
    if (!found) throw new DecodeError('invalid', reader.offset, `no value has the index ${at}`);
    return found;
  };
  const nodes = reader.list((r) => {
    const stores = [0, 1].map(() =>
      r.list((each): StoreOperation => {
        return { type: 'put', key: each.varBytes().slice(), value: value(each.compactSize()) };
      }),
    );
    return { stores, mempool: r.u8() === 0 ? undefined : r.varBytes().slice() };
  });
  reader.end();
  return Promise.all(
    nodes.map(async ({ stores, mempool }) => {
      const [chain, wallet] = [new MemoryStore(), new MemoryStore()];
      await chain.write(stores[0]!);
      await wallet.write(stores[1]!);
      return { chain, wallet, mempool };
    }),
  );
}
