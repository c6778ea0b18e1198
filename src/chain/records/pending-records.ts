import type { StoreOperation } from '../../store/store.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { blockKey } from './keys.ts';

/** Records of one kind that are not written yet. Readers must check them before the store. */
export class PendingRecords {
  readonly #prefix: number;
  readonly #values = new Map<BlockIndex, Uint8Array>();
  /** Sum of their lengths. */
  bytes = 0;

  constructor(prefix: number) {
    this.#prefix = prefix;
  }

  /** Returns the pending record of a block. */
  get(index: BlockIndex): Uint8Array | undefined {
    return this.#values.get(index);
  }

  /** Adds or replaces the record of a block. */
  set(index: BlockIndex, value: Uint8Array): void {
    this.bytes += value.length - (this.#values.get(index)?.length ?? 0);
    this.#values.set(index, value);
  }

  /** Adds the records to a batch; returns a function to call once the batch is written. */
  addToBatch(operations: StoreOperation[]): () => void {
    const written = [...this.#values];
    for (const [index, value] of written) operations.push({ type: 'put', key: blockKey(this.#prefix, index), value });
    return () => {
      for (const [index, value] of written) {
        // Replaced during the write: the newer value is still pending.
        if (this.#values.get(index) !== value) continue;
        this.#values.delete(index);
        this.bytes -= value.length;
      }
    };
  }
}
