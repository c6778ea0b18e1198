import type { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Range, Snapshot, Store, StoreEntry, StoreOperation } from '../../../src/store/store.ts';

/** A store that counts writes; those for which `fails` returns true throw and change nothing. */
export class FaultyStore implements Store {
  readonly damaged: readonly Uint8Array[] = [];
  readonly inner: MemoryStore;
  readonly #fails: (write: number) => boolean;
  writes = 0;

  constructor(inner: MemoryStore, fails: (write: number) => boolean) {
    this.inner = inner;
    this.#fails = fails;
  }

  #check(): void {
    if (this.#fails(++this.writes)) throw new Error('the disk is gone');
  }

  async write(operations: readonly StoreOperation[]): Promise<void> {
    this.#check();
    await this.inner.write(operations);
  }

  writeSync(operations: readonly StoreOperation[]): void {
    this.#check();
    this.inner.writeSync(operations);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.inner.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.inner.has(key);
  }

  keys(range?: Range): Uint8Array[] {
    return this.inner.keys(range);
  }

  entries(range?: Range): IterableIterator<StoreEntry> {
    return this.inner.entries(range);
  }

  snapshot(): Snapshot {
    return this.inner.snapshot();
  }

  flushed(): Promise<void> {
    return this.inner.flushed();
  }

  async close(): Promise<void> {}
}
