import { followNode, type NodeEvent } from '../../node/composition/node-events.ts';
import type { RunningFullNode } from '../../node/composition/running-full-node.ts';
import type { RunningLightNode } from '../../node/composition/running-light-node.ts';

/** Types of node events. */
export type NodeEventTypes = ReadonlySet<NodeEvent['type']>;

/** The followers of a node's events, over its starts and stops. */
export class Followers {
  readonly #followers = new Map<object, { readonly types: NodeEventTypes; listener(event: NodeEvent): void }>();
  readonly #changed: () => void;

  /** `changed` is called when `types` may have changed. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** All types that have a follower. */
  get types(): NodeEventTypes {
    const types = new Set<NodeEvent['type']>();
    for (const follower of this.#followers.values()) for (const type of follower.types) types.add(type);
    return types;
  }

  /** Adds a follower. Returns a function that removes it. */
  add(types: NodeEventTypes, listener: (event: NodeEvent) => void): () => void {
    const key = {};
    this.#followers.set(key, { types, listener });
    this.#changed();
    return () => {
      if (this.#followers.delete(key)) this.#changed();
    };
  }

  /** Tells the followers of events of its type; all of them of lost events. */
  emit(event: NodeEvent): void {
    for (const { types, listener } of this.#followers.values()) {
      if (types.has(event.type) || event.type === 'lost') listener(event);
    }
  }
}

/** The followers of a node in this process. */
export class LocalFollowers extends Followers {
  #node: RunningFullNode | RunningLightNode | undefined;
  #unfollow = () => {};

  constructor() {
    super(() => this.#follow());
  }

  /** Sets the node that they follow from now on; undefined while there is none. */
  attach(node: RunningFullNode | RunningLightNode | undefined): void {
    this.#node = node;
    this.#follow();
  }

  #follow(): void {
    this.#unfollow();
    const { types } = this;
    const isFollowed = this.#node && types.size > 0;
    this.#unfollow = isFollowed ? followNode(this.#node!, types, (event) => this.emit(event)) : () => {};
  }
}
