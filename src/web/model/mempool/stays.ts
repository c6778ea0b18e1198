/** When a transaction was in a node's mempool. */
export interface Stay {
  readonly added: number;
  /** Absent while it is there. */
  readonly removed?: number;
}

/** Numbers for names of nodes, in the order in which they come. */
export class NodeNumbers {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** Returns the number of a name; undefined if it has none. */
  get(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** Returns the number of a name, a new one if it has none. */
  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

/**
 * The last stay of a transaction in each node's mempool: two numbers a node, since thousands of transactions in fifty mempools are
 * too many for objects.
 */
export class Stays implements Iterable<[string, Stay]> {
  readonly #nodes: NodeNumbers;
  /** By the node's number, twice: when it was added, and when removed. 0: it was not. */
  #times: Float64Array;
  #size = 0;
  #present = 0;

  constructor(nodes: NodeNumbers) {
    this.#nodes = nodes;
    this.#times = new Float64Array(2 * nodes.names.length);
  }

  /** The number of nodes that have, or have had, it. */
  get size(): number {
    return this.#size;
  }

  /** The number of nodes that have it now. */
  get present(): number {
    return this.#present;
  }

  get(node: string): Stay | undefined {
    const number = this.#nodes.get(node);
    return number === undefined ? undefined : this.#stay(number);
  }

  /** Returns whether it was in a node's mempool at a moment. */
  isIn(node: string, time: number): boolean {
    const number = this.#nodes.get(node);
    if (number === undefined || 2 * number >= this.#times.length) return false;
    const [added, removed] = [this.#times[2 * number]!, this.#times[2 * number + 1]!];
    return added !== 0 && added <= time && (removed === 0 || removed > time);
  }

  /** When it came to the first mempool; infinite if it came to none. */
  get first(): number {
    let first = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#times.length; i += 2) {
      const added = this.#times[i]!;
      if (added !== 0 && added < first) first = added;
    }
    return first;
  }

  add(node: string, time: number): void {
    const at = 2 * this.#nodes.of(node);
    if (at >= this.#times.length) {
      const grown = new Float64Array(2 * this.#nodes.names.length);
      grown.set(this.#times);
      this.#times = grown;
    }
    if (this.#times[at] === 0) this.#size++;
    if (this.#times[at] === 0 || this.#times[at + 1] !== 0) this.#present++;
    this.#times[at] = time;
    this.#times[at + 1] = 0;
  }

  /** Ends its stay, if it is there. */
  remove(node: string, time: number): void {
    const at = 2 * (this.#nodes.get(node) ?? Number.POSITIVE_INFINITY);
    if (!(at < this.#times.length) || this.#times[at] === 0 || this.#times[at + 1] !== 0) return;
    this.#times[at + 1] = time;
    this.#present--;
  }

  /** Forgets the stays that ended before a time. */
  dropBefore(time: number): void {
    for (let at = 0; at < this.#times.length; at += 2) {
      const removed = this.#times[at + 1]!;
      if (removed === 0 || removed >= time) continue;
      this.#times[at] = 0;
      this.#times[at + 1] = 0;
      this.#size--;
    }
  }

  *[Symbol.iterator](): Iterator<[string, Stay]> {
    for (const [number, name] of this.#nodes.names.entries()) {
      const stay = this.#stay(number);
      if (stay) yield [name, stay];
    }
  }

  #stay(number: number): Stay | undefined {
    const [added, removed] = [this.#times[2 * number], this.#times[2 * number + 1]];
    if (!added) return undefined;
    return removed ? { added, removed } : { added };
  }
}
