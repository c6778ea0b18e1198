import { followNode, type NodeEvent } from '../../node/composition/node-events.ts';
import type { RunningFullNode } from '../../node/composition/running-full-node.ts';
import type { RunningLightNode } from '../../node/composition/running-light-node.ts';
import type { NodeMessage } from './parent-messages.ts';

/** Events that may wait for the network to read earlier ones. */
const MAX_WAITING = 20_000;

/** Sends the events of a node to its network, in batches: one at a time, so that a busy network is not flooded. */
export class EventSender {
  readonly #send: (message: NodeMessage, sent: () => void) => void;
  #waiting: NodeEvent[] = [];
  #lost = 0;
  #isSending = false;
  #unfollow = () => {};

  constructor(send: (message: NodeMessage, sent: () => void) => void) {
    this.#send = send;
  }

  /** Sends events of the given types from now on, and no others. */
  follow(node: RunningFullNode | RunningLightNode, types: readonly NodeEvent['type'][]): void {
    this.#unfollow();
    this.#unfollow = followNode(node, new Set(types), (event) => this.#push(event));
  }

  #push(event: NodeEvent): void {
    if (this.#waiting.length >= MAX_WAITING) this.#lost++;
    else this.#waiting.push(event);
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => this.#sendBatch());
  }

  #sendBatch(): void {
    const events = this.#waiting;
    if (this.#lost > 0) events.push({ type: 'lost', count: this.#lost });
    this.#waiting = [];
    this.#lost = 0;
    this.#send({ type: 'events', events }, () => {
      if (this.#waiting.length > 0) this.#sendBatch();
      else this.#isSending = false;
    });
  }
}
