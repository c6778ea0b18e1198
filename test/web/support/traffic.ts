import type { ControlEvent } from '../../../src/control/protocol/events.ts';
import { Timeline } from '../../../src/web/model/timeline.ts';

/** What may be said of a message. */
interface MessageOptions {
  readonly command?: string;
  readonly hashes?: readonly string[];
}

/** A network of which the timeline knows what a test says. Times are milliseconds. */
export class Traffic {
  readonly timeline = new Timeline();
  #number = 0;

  /** The network is known from 0 on. */
  constructor(names: readonly string[]) {
    const node = { role: 'full', status: 'running', height: 1, tip: '', peers: 1, mempool: 0 };
    this.timeline.start({ nodes: names.map((name) => ({ ...node, name })) } as never, [], 0);
  }

  /** A message that arrives after so many milliseconds; undefined: it does not. */
  send(at: number, from: string, to: string, duration: number | undefined, options: MessageOptions = {}): number {
    const { command = 'tx', hashes = [] } = options;
    const id = ++this.#number;
    this.#add(at, {
      ...{ type: 'message', node: from, id, at, from, to, command, count: 1, bytes: 9 },
      ...{ hashes, items: hashes.length },
    });
    if (duration !== undefined) this.#add(at + duration, { type: 'arrival', node: from, id, at: at + duration });
    return id;
  }

  /** A node connects a block. */
  block(at: number, node: string, hash: string): void {
    this.#add(at, { type: 'block', node, hash, height: 2, previous: '', transactions: 1, size: 9 });
  }

  /** A transaction comes into a node's mempool. */
  transaction(at: number, node: string, txid: string, wtxid: string): void {
    this.#add(at, { type: 'transaction', node, txid, wtxid, change: 'added' });
  }

  #add(time: number, event: object): void {
    this.timeline.add({ number: ++this.#number, time, ...event } as ControlEvent);
  }
}
