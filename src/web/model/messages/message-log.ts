/**
 * The last messages, in the order of their times. It is a ring: to add one and to forget the oldest costs the same however many
 * there are.
 */
export class MessageLog<Message extends { readonly time: number }> implements Iterable<Message> {
  readonly #items: (Message | undefined)[];
  /** Where the oldest is. */
  #first = 0;
  #length = 0;
  #dropped = 0;

  readonly #forgotten: (message: Message) => void;

  /** `forgotten` is called for each message that is forgotten. */
  constructor(capacity: number, forgotten: (message: Message) => void = () => {}) {
    this.#items = new Array(capacity);
    this.#forgotten = forgotten;
  }

  /** How many were forgotten: with its position, the number of a message. */
  get dropped(): number {
    return this.#dropped;
  }

  get length(): number {
    return this.#length;
  }

  /** Returns one, counted from the oldest, or from the newest if `index` is negative. */
  at(index: number): Message | undefined {
    const from = index < 0 ? this.#length + index : index;
    return from < 0 || from >= this.#length ? undefined : this.#items[this.#slot(from)];
  }

  /** Adds one where its time belongs: another process reports its own a little later. Forgets the oldest if it is full. */
  add(message: Message): void {
    if (this.#length === this.#items.length) this.#dropFirst();
    let index = this.#length++;
    for (; index > 0; index--) {
      const before = this.#items[this.#slot(index - 1)]!;
      if (before.time <= message.time) break;
      this.#items[this.#slot(index)] = before;
    }
    this.#items[this.#slot(index)] = message;
  }

  /** Forgets those before a time. */
  dropBefore(time: number): void {
    while (this.#length > 0 && this.at(0)!.time < time) this.#dropFirst();
  }

  /** Returns the position of the first at or after a time. */
  lowerBound(time: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[this.#slot(middle)]!.time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns those from one position on, before another one. */
  slice(from: number, to: number): Message[] {
    const found: Message[] = [];
    for (let i = from; i < to; i++) found.push(this.#items[this.#slot(i)]!);
    return found;
  }

  *[Symbol.iterator](): Iterator<Message> {
    for (let i = 0; i < this.#length; i++) yield this.#items[this.#slot(i)]!;
  }

  #slot(index: number): number {
    const slot = this.#first + index;
    return slot < this.#items.length ? slot : slot - this.#items.length;
  }

  #dropFirst(): void {
    this.#forgotten(this.#items[this.#first]!);
    this.#items[this.#first] = undefined;
    this.#first = this.#slot(1);
    this.#length--;
    this.#dropped++;
  }
}
