import { concatBytes } from '../../../src/bytes/compare.ts';
import { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import type { Block } from '../../../src/primitives/block.ts';
import type { OutPoint } from '../../../src/primitives/outpoint.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from '../../chain/support/builder.ts';
import { takeCensus } from '../../support/census.ts';
import type { FullNodeConnectionsOptions } from '../../support/full-node-connections.ts';
import { FakePeer, versionMessage } from './fake-peer.ts';
import type { Scene, Verdict } from './misbehaviours.ts';
import { mine, START_MS, TestNetwork, type TestNode } from './network.ts';

/** Blocks of all nodes at the start: enough for a fork from the first ones to have too little work. */
const BLOCKS = 260;
/** Bytes per chunk of an attack, about what a socket delivers at once. */
const CHUNK = 65_536;

const outputOf = (value: bigint) => ({ value, scriptPubKey: OP_TRUE });

/** A node under attack, between two honest ones that know each other only through it, and an honest peer that pings. */
export class Siege {
  readonly net: TestNetwork;
  readonly node: TestNode;
  readonly near: TestNode;
  readonly far: TestNode;
  readonly #pinger: FakePeer;
  /** The node's disconnect reasons, by the peer's host. */
  readonly #disconnects = new Map<string, string>();
  #hosts = 0;
  #coins = 0;
  #pings = 0n;

  private constructor(net: TestNetwork, nodes: readonly TestNode[], pinger: FakePeer) {
    this.net = net;
    [this.node, this.near, this.far] = nodes as [TestNode, TestNode, TestNode];
    this.#pinger = pinger;
    this.node.connections.events.on('disconnected', ({ peer, reason }) =>
      this.#disconnects.set(peer.remote.host, reason),
    );
  }

  /** Starts the nodes, which run until `stop()`. */
  static async begin(options: FullNodeConnectionsOptions = {}): Promise<Siege> {
    const net = new TestNetwork({ lasting: true });
    const nodes = [await net.start({ blockFilterIndex: true, ...options }), await net.start(), await net.start()];
    const [node, near, far] = nodes as [TestNode, TestNode, TestNode];
    for (let i = 0; i < BLOCKS; i++) {
      const block = mineBlock(node.chain.tip, { time: START_MS / 1000 - BLOCKS + i });
      for (const { chain } of nodes) await chain.acceptBlock(block);
    }
    for (const { connections: peers } of [near, far]) peers.addNode(node.endpoint);
    const pinger = await FakePeer.join(net, node);
    await net.until(() => node.connections.peers().filter((peer) => peer.isReady).length === 3);
    await net.advance(1_000);
    return new Siege(net, nodes, pinger);
  }

  get scene(): Scene {
    return { tip: this.node.chain.tip, now: Math.floor(this.net.clock.now() / 1000), coin: () => this.coin() };
  }

  /** Returns a mature, unspent coin of 50 BTC, a new one at each call. */
  coin(): OutPoint {
    const { chain } = this.node;
    return outpoint(chain.getBlock(chain.atHeight(++this.#coins)!)!.transactions[0]!);
  }

  /** Connects an attacker from a new host, without a handshake. */
  async dial(): Promise<Attacker> {
    this.#hosts++;
    const host = `203.0.${this.#hosts >> 8}.${this.#hosts & 0xff}`;
    return new Attacker(this, host, await FakePeer.dial(this.net, this.node, host));
  }

  /** Connects an attacker from a new host and completes the handshake. */
  async join(): Promise<Attacker> {
    const attacker = await this.dial();
    await attacker.shakeHands();
    return attacker;
  }

  verdict(host: string): Verdict {
    const reason = this.#disconnects.get(host);
    if (reason === undefined) return 'ignored';
    return reason.startsWith('misbehaving') ? 'discouraged' : 'disconnected';
  }

  /**
   * Returns the approximate bytes that the node holds for all its peers, in queues, caches and buffers.
   */
  heldBytes(): number {
    const { connections: peers, chain, mempool } = this.node;
    const excluded = new Set<object>([chain, mempool, this.net.clock, this.net.network]);
    return takeCensus(peers, (held) => excluded.has(held) || held instanceof BlockIndex).bytes;
  }

  /**
   * Fails unless a ping, a transaction and a block of honest peers are processed in `withinMs` virtual milliseconds
   * each.
   */
  async expectService(withinMs = 1_000): Promise<void> {
    const { net, near, far } = this;
    const nonce = ++this.#pings;
    this.#pinger.send('ping', { nonce });
    await net.until(() => this.#pinger.received('pong').some((pong) => pong.nonce === nonce), withinMs);
    const fee = 10_000n;
    const tx = spend({
      inputs: [this.coin()],
      outputs: [outputOf(2_500_000_000n), outputOf(2_500_000_000n - fee)],
    });
    const accepted = near.mempool.accept(tx);
    if ('reject' in accepted) throw new Error(accepted.reject.reason);
    await net.until(() => far.mempool.getByWtxid(tx.wtxid) !== undefined, withinMs);
    const [block] = (await mine(net, near, 1, { transactions: [tx], fees: fee })) as [Block];
    await net.until(() => Buffer.compare(far.chain.tip.hash, block.hash) === 0, withinMs);
  }

  stop(): Promise<void> {
    return this.net.stop();
  }
}

/** A hostile inbound peer. */
export class Attacker {
  readonly host: string;
  readonly peer: FakePeer;
  readonly #siege: Siege;

  constructor(siege: Siege, host: string, peer: FakePeer) {
    this.#siege = siege;
    this.host = host;
    this.peer = peer;
  }

  /** Completes the handshake, unless the node disconnects. */
  async shakeHands(): Promise<void> {
    const { net } = this.#siege;
    this.peer.send('version', versionMessage());
    await net.until(() => this.peer.closed || this.peer.commands().includes('verack'));
    this.peer.send('wtxidrelay', {});
    this.peer.send('verack', {});
    await net.advance(20);
  }

  /** Sends messages in chunks, and lets the node process them. */
  async send(messages: readonly Uint8Array[]): Promise<void> {
    const stream = concatBytes(...messages);
    for (let at = 0; at < stream.length; at += CHUNK) {
      // Copied, so that an unread chunk does not keep the whole stream in memory.
      this.peer.connection.send(stream.slice(at, at + CHUNK));
      await this.#siege.net.advance(10);
    }
    await this.#siege.net.advance(100);
  }

  get verdict(): Verdict {
    return this.#siege.verdict(this.host);
  }

  leave(): void {
    this.peer.connection.close();
  }
}
