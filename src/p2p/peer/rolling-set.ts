/**
 * Remembers at least the last half of `capacity` keys, and never more than `capacity`: two generations, of which the
 * older one is dropped whole when the younger one is full.
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
