import type { NodeView } from '../../nodes/node-backend.ts';
import type { NetworkLink } from '../network-link.ts';
import type { NetworkNode } from '../network-node.ts';

/** A node that was added to a running network, and its links. */
export interface AddedNode {
  readonly node: NetworkNode;
  readonly links: readonly NetworkLink[];
  /** What it has before it connects: the genesis block alone. */
  readonly view: Pick<NodeView, 'height' | 'tip'>;
}

/** The nodes and links of a network. The arrays are the same ones as long as it exists, and grow. */
export class NetworkMembers {
  readonly nodes: NetworkNode[] = [];
  readonly links: NetworkLink[] = [];
  readonly #listeners = new Set<(added: AddedNode) => void>();

  /** Adds a node of a running network, and reports it. */
  add(added: AddedNode): void {
    this.nodes.push(added.node);
    this.links.push(...added.links);
    for (const listener of [...this.#listeners]) listener(added);
  }

  /** Calls `listener` for each node that is added. Returns a function that unsubscribes. */
  onAdded(listener: (added: AddedNode) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` after every change of a node, also of one that is added later. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void {
    const offs = this.nodes.map(({ backend }) => backend.onChange(listener));
    offs.push(
      this.onAdded(({ node }) => {
        offs.push(node.backend.onChange(listener));
        listener();
      }),
    );
    return () => {
      for (const off of offs) off();
    };
  }
}
