import type { StoreOperation } from '../../store/store.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { blockKey } from './keys.ts';

/** Records of blocks, all of one kind, that wait in memory to be written, where readers find them first. */
export class PendingRecords {
  readonly #prefix: number;
  readonly #values = new Map<BlockIndex, Uint8Array>();
  bytes = 0;

  constructor(prefix: number) {
    this.#prefix = prefix;
  }

  get(index: BlockIndex): Uint8Array | undefined {
    return this.#values.get(index);
  }

  set(index: BlockIndex, value: Uint8Array): void {
    this.bytes += value.length - (this.#values.get(index)?.length ?? 0);
    this.#values.set(index, value);
  }

  /** Adds its operations to a batch; returns what to do once the batch is written. */
  addTo(operations: StoreOperation[]): () => void {
    const written = [...this.#values];
    for (const [index, value] of written) operations.push({ type: 'put', key: blockKey(this.#prefix, index), value });
    return () => {
      for (const [index, value] of written) {
        // A newer value has yet to be written.
        if (this.#values.get(index) !== value) continue;
        this.#values.delete(index);
        this.bytes -= value.length;
      }
    };
  }
}
