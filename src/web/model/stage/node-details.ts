import type { Timeline } from '../timeline.ts';

/** What is read of `getpeerinfo`. */
interface PeerResult {
  readonly inbound: boolean;
  readonly transport_protocol_type?: string;
}

/** What is read of `getlightinfo`. */
interface LightResult {
  readonly merkleblocks: number;
  readonly blocks: number;
}

/** Nodes that are asked at a time. */
const ASKED = 10;

/** Calls a method of a node. */
export type CallNode = <T>(node: string, method: string, params?: readonly unknown[]) => Promise<T>;

/** What no event says of nodes and links, asked now and then. */
export class NodeDetails {
  readonly #timeline: Timeline;
  readonly #call: CallNode;
  /** Transports of each node's connections, those that it has opened and others. */
  readonly #transports = new Map<string, { readonly opened: Set<string>; readonly accepted: Set<string> }>();
  /** What each node was when it was asked last. */
  readonly #asked = new Map<string, string>();
  readonly #proofs = new Map<string, number>();

  constructor(timeline: Timeline, call: CallNode) {
    this.#timeline = timeline;
    this.#call = call;
  }

  /** Whether a link is encrypted (BIP324). False while that is not known. */
  isEncrypted(from: string, to: string): boolean {
    // A link is one of the connections that its first end has opened and its second end has accepted.
    const sides = [this.#transports.get(from)?.opened, this.#transports.get(to)?.accepted];
    return sides.some((side) => side?.size === 1 && side.has('v2'));
  }

  /** Blocks of which a light node has checked a proof or the whole block. */
  proofs(node: string): number | undefined {
    return this.#proofs.get(node);
  }

  /** Asks the nodes whose connections have changed, a few at a time, and light nodes for their proofs. */
  async refresh(): Promise<void> {
    const running = [...this.#timeline.nodes.values()].filter(({ moments }) => moments.at(-1)?.status === 'running');
    const changed = running.filter(({ name }) => this.#stateOf(name) !== this.#asked.get(name)).slice(0, ASKED);
    const light = running.filter(({ role }) => role === 'light').slice(0, ASKED);
    await Promise.all([
      ...changed.map(({ name }) => this.#askPeers(name)),
      ...light.map(({ name }) => this.#askProofs(name)),
    ]);
  }

  #stateOf(name: string): string {
    const cuts = [...this.#timeline.links.values()].filter(({ from, to }) => from === name || to === name);
    const peers = this.#timeline.nodes.get(name)?.moments.at(-1)?.peers;
    return `${peers} ${cuts.map(({ moments }) => moments.at(-1)!.isCut).join()}`;
  }

  async #askPeers(name: string): Promise<void> {
    const state = this.#stateOf(name);
    const peers = await this.#call<readonly PeerResult[]>(name, 'getpeerinfo').catch(() => undefined);
    this.#asked.set(name, state);
    if (!peers) return;
    const transports = (isInbound: boolean) =>
      new Set(
        peers.flatMap(({ inbound, transport_protocol_type: type }) =>
          type === undefined || type === 'detecting' || inbound !== isInbound ? [] : [type],
        ),
      );
    this.#transports.set(name, { opened: transports(false), accepted: transports(true) });
    // A connection that has just begun does not know it yet.
    if (peers.some(({ transport_protocol_type: type }) => type === 'detecting')) this.#asked.delete(name);
  }

  async #askProofs(name: string): Promise<void> {
    const info = await this.#call<LightResult>(name, 'getlightinfo').catch(() => undefined);
    if (info) this.#proofs.set(name, info.merkleblocks + info.blocks);
  }
}
