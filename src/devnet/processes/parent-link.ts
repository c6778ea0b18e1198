import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toReversedHex } from '../../bytes/hex.ts';
import type { NodeEvent } from '../../node/composition/node-events.ts';
import type { NodeModules } from '../../node/composition/running-node.ts';
import { LOOPBACK, type NodeConfig, nodePaths } from '../../node/config.ts';
import { FullNode } from '../../node/full-node.ts';
import type { LightNode } from '../../node/light-node.ts';
import { saveMempool } from '../../node/mempool-file.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import { NetworkClock } from '../../testing/network-clock.ts';
import { EventSender } from './event-sender.ts';
import type { NodeMessage, ParentMessage } from './parent-messages.ts';

/**
 * The link of a node's process to the network that started it: sets the node's clock, tells links from other peers, and
 * reports the node's changes.
 */
export class ParentLink {
  readonly #clock = new NetworkClock();
  #rpc: Pick<NodeConfig['rpc'], 'password'> & { readonly port?: number | undefined } = {};
  #folder: string | undefined;
  #node: FullNode | LightNode | undefined;
  readonly #events = new EventSender((message, sent) => this.#send(message, sent));
  /** Types of the events that are reported. */
  #followed: readonly NodeEvent['type'][] = [];
  /** Hashes as hex. */
  #withdrawn: ReadonlySet<string> = new Set();
  #linkPorts: ReadonlySet<number> = new Set();
  #hasChanged = false;
  #isSending = false;
  /** Whether the network's process has ended. */
  #isGone = false;

  private constructor() {}

  /** Resolves with the link when the network has sent the time. */
  static open(): Promise<ParentLink> {
    const link = new ParentLink();
    return new Promise((resolve) => {
      process.on('message', (message: ParentMessage) => {
        link.#received(message);
        if (message.type === 'start') resolve(link);
        // The node decides when the process ends.
        process.channel?.unref();
      });
    });
  }

  /** The modules that the network provides. */
  get modules(): Pick<NodeModules, 'clock' | 'refusesBlock'> {
    return { clock: this.#clock, refusesBlock: (peer, hash) => this.#refuses(peer, hash) };
  }

  /** Returns whether a block that the network had before a revert comes from another program. */
  #refuses({ remote }: Peer, hash: Uint8Array): boolean {
    if (this.#withdrawn.size === 0 || !this.#withdrawn.has(toReversedHex(hash))) return false;
    return remote.host !== LOOPBACK || !this.#linkPorts.has(remote.port);
  }

  /** Returns a node's configuration with what the network decides. */
  configure(config: NodeConfig): NodeConfig {
    const { port, password } = this.#rpc;
    return { ...config, rpc: { ...config.rpc, port: port ?? config.rpc.port, password } };
  }

  /** Reports the changes of a node from now on. */
  attach(node: FullNode | LightNode): void {
    this.#node = node;
    this.#events.follow(node, this.#followed);
    const changed = () => this.#changed();
    node.chain.events.on('tip', changed);
    node.connections.events.on('ready', changed);
    if (node instanceof FullNode) {
      node.mempool.events.on('added', changed);
      node.mempool.events.on('removed', changed);
    }
  }

  /**
   * The network's process has ended, as a closed pipe shows. The channel of the messages may say so only later: a light
   * node has stopped by then.
   */
  parentGone(): void {
    this.#isGone = true;
  }

  /** Ends the link. Removes the node's files if the network is gone, which else does it. The node must have stopped. */
  async close(): Promise<void> {
    if (process.connected && !this.#isGone) {
      process.disconnect();
      return;
    }
    if (process.connected) process.disconnect();
    if (this.#folder === undefined) return;
    await rm(this.#folder, { recursive: true, force: true });
    // The last node also removes the folder of the network.
    await rmdir(dirname(this.#folder)).catch(() => {});
  }

  #received(message: ParentMessage): void {
    if (message.type === 'follow') {
      this.#followed = message.types;
      // A node that starts is followed once it is attached.
      if (this.#node) this.#events.follow(this.#node, message.types);
      return;
    }
    if (message.type === 'flush') {
      void this.#answer(message.id, this.#flush());
      return;
    }
    if (message.type === 'links') {
      this.#linkPorts = new Set(message.ports);
      void this.#answer(message.id, Promise.resolve());
      return;
    }
    this.#clock.state = message.clock;
    if (message.type === 'clock') {
      void this.#answer(message.id, Promise.resolve());
      return;
    }
    this.#rpc = { port: message.rpcPort, password: message.rpcPassword };
    this.#withdrawn = new Set(message.withdrawn);
    this.#linkPorts = new Set(message.linkPorts);
    this.#folder = message.folder;
  }

  async #flush(): Promise<void> {
    const node = this.#node;
    await node?.chain.flush();
    await node?.wallets.flushed();
    if (node instanceof FullNode) await saveMempool(node.mempool, nodePaths(node.config).mempool);
  }

  async #answer(id: number, done: Promise<void>): Promise<void> {
    const error = await done.then(
      () => undefined,
      (reason: unknown) => String(reason),
    );
    this.#send({ type: 'done', id, error });
  }

  /** Sends one message for all changes since the last one that has been sent. */
  #changed(): void {
    this.#hasChanged = true;
    if (this.#isSending) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#hasChanged = false;
      this.#send({ type: 'changed' }, () => {
        this.#isSending = false;
        if (this.#hasChanged) this.#changed();
      });
    });
  }

  #send(message: NodeMessage, sent: () => void = () => {}): void {
    // The network may be gone.
    if (process.connected) process.send!(message, undefined, undefined, () => sent());
  }
}
