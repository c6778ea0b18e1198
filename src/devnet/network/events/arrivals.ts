/** Messages and arrivals that wait for the other of the two; the oldest are forgotten. */
const MAX_WAITING = 10_000;

/** A message as its sender reports it. */
export interface SentMessage {
  /** Name of the sender. */
  readonly node: string;
  readonly id: number;
}

/**
 * Finds the message that has arrived. Both ends of a connection count its messages, so that the n-th sent is the n-th
 * received. Which of the two reports comes first is open: nodes are different processes.
 */
export class Arrivals {
  readonly #sent = new Map<string, SentMessage>();
  readonly #received = new Map<string, number>();
  readonly #found: (message: SentMessage, at: number) => void;

  /** `found` is called once for each message that has arrived. */
  constructor(found: (message: SentMessage, at: number) => void) {
    this.#found = found;
  }

  /** Reports a message that was sent; `key` names the connection's direction and the place in it. */
  sent(key: string, message: SentMessage): void {
    const at = take(this.#received, key);
    if (at === undefined) put(this.#sent, key, message);
    else this.#found(message, at);
  }

  /** Reports a message that was received at a time. */
  received(key: string, at: number): void {
    const message = take(this.#sent, key);
    if (message === undefined) put(this.#received, key, at);
    else this.#found(message, at);
  }
}

function take<T>(map: Map<string, T>, key: string): T | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_WAITING) map.delete(map.keys().next().value!);
}
