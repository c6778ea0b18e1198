import type { NodeBackend } from './node-backend.ts';

/** Where the nodes of a network run: in this process, or each in its own. */
export interface Engine<State = unknown> {
  readonly nodes: readonly NodeBackend[];
  /** Keeps a connection open over a link; an attempt that waits for its turn begins at once. */
  connect(from: string, to: string): Promise<void>;
  /** The network's clock was set: later calls of nodes find its time. */
  clockChanged(): void;
  /** Closes the connections over links that are cut. */
  closeCut(): Promise<void>;
  /** Returns copies of what all nodes have, and which of them run. */
  capture(): Promise<State>;
  /** Gives all nodes what they had when `state` was taken. They have no connections afterwards. */
  restore(state: State): Promise<void>;
  /** Stops all nodes and removes what they leave behind. */
  close(): Promise<void>;
}
