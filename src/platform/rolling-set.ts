/**
 * A bounded set of the most recent keys (Core: CRollingBloomFilter): at least the last `capacity / 2`, at most
 * `capacity`. It has two generations; when the younger one is full, the older one is dropped.
 */
export class RollingSet {
  readonly #generationSize: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(capacity: number) {
    this.#generationSize = Math.ceil(capacity / 2);
  }

  add(key: string): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
