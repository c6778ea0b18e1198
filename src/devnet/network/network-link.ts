import type { LinkConditions } from '../../testing/link-conditions.ts';
import type { ConditionsOptions } from '../topology/network-options.ts';
import { withConditions } from '../topology/network-plan.ts';
import { check } from './arguments/method-arguments.ts';
import type { NetworkNode } from './network-node.ts';

/** What a `NetworkLink` asks of its network. */
export interface LinkHooks {
  /** Throws `PierError` 'network-closed' if the network is closed. */
  checkOpen(): void;
  /** Closes connections over links that are cut. */
  cut(): Promise<void>;
  /** Opens the connection again. */
  mended(link: NetworkLink): Promise<void>;
}

/** A link between two nodes of a network. */
export class NetworkLink {
  /** Name of the node that opens the connection. */
  readonly from: string;
  readonly to: string;
  readonly #hooks: LinkHooks;
  #conditions: LinkConditions;
  readonly #listeners = new Set<() => void>();
  #isCut = false;

  /** Networks create their links. @internal */
  constructor(ends: { readonly from: string; readonly to: string }, conditions: LinkConditions, hooks: LinkHooks) {
    this.from = ends.from;
    this.to = ends.to;
    this.#conditions = conditions;
    this.#hooks = hooks;
  }

  /** How it carries bytes, while it is not cut. */
  get conditions(): LinkConditions {
    return this.#conditions;
  }

  /** Whether it carries nothing. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Whether it links two nodes, in either direction. */
  joins(a: NetworkNode | string, b: NetworkNode | string): boolean {
    check.joins({ a, b });
    return this.isBetween(nameOf(a), nameOf(b));
  }

  /** Does what `joins` does, with names. @internal */
  isBetween(a: string, b: string): boolean {
    return (this.from === a && this.to === b) || (this.from === b && this.to === a);
  }

  /** Changes how it carries bytes from now on. Throws `PierError` 'bad-argument'. */
  set(conditions: ConditionsOptions): void {
    this.#hooks.checkOpen();
    check.setLink({ conditions });
    this.#conditions = withConditions(conditions, this.#conditions);
    this.#changed();
  }

  /** Sets what a snapshot kept; connections are closed and opened by the network. @internal */
  restore(isCut: boolean, conditions: LinkConditions): void {
    const isOther = isCut !== this.#isCut || conditions !== this.#conditions;
    this.#isCut = isCut;
    this.#conditions = conditions;
    if (isOther) this.#changed();
  }

  /** Closes its connection and refuses new ones. */
  async cut(): Promise<void> {
    this.#hooks.checkOpen();
    if (this.#isCut) return;
    this.#isCut = true;
    this.#changed();
    await this.#hooks.cut();
  }

  /** Undoes `cut`; the nodes connect again. */
  async mend(): Promise<void> {
    this.#hooks.checkOpen();
    if (!this.#isCut) return;
    this.#isCut = false;
    this.#changed();
    await this.#hooks.mended(this);
  }

  /** Calls `listener` after every change. Returns a function that unsubscribes. @internal */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

const nameOf = (node: NetworkNode | string) => (typeof node === 'string' ? node : node.name);
