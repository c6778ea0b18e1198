/** A binary heap with the greatest `score` on top. */
export class MaxHeap<T extends { readonly score: number }> {
  readonly #items: T[];

  /** Takes ownership of `items` and heapifies it in place. */
  constructor(items: T[]) {
    this.#items = items;
    for (let i = (items.length >> 1) - 1; i >= 0; i--) this.#down(items[i]!, i);
  }

  /** Adds an item. */
  push(item: T): void {
    const items = this.#items;
    let index = items.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex]!;
      if (parent.score >= item.score) break;
      items[index] = parent;
      index = parentIndex;
    }
    items[index] = item;
  }

  /** Removes and returns the item with the greatest score; undefined if empty. */
  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last && items.length > 0) this.#down(last, 0);
    return top;
  }

  #down(item: T, from: number): void {
    const items = this.#items;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      if (childIndex + 1 < items.length && items[childIndex + 1]!.score > items[childIndex]!.score) childIndex++;
      if (items[childIndex]!.score <= item.score) break;
      items[index] = items[childIndex]!;
      index = childIndex;
    }
    items[index] = item;
  }
}
