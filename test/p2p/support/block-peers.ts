import { Chain } from '../../../src/chain/chain.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { BlockDownload } from '../../../src/p2p/blocks/block-download.ts';
import { PeerChains } from '../../../src/p2p/blocks/peer-chain.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import type { InvEntry } from '../../../src/p2p/wire/messages/inventory.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { mineBlock } from '../../chain/support/builder.ts';
import { flush, START_MS } from './network.ts';

/** A peer that records what it is sent. */
export interface BlockPeer {
  readonly peer: Peer;
  /** Heights of the requested blocks, in order. */
  readonly requested: number[];
  /** The `InvType` of each request. */
  readonly types: number[];
  /** Why it was disconnected or reported; undefined while it was not. */
  reason: string | undefined;
}

/** Fields of a `BlockPeer`. The default is an outbound peer with all blocks. */
export interface BlockPeerFields {
  readonly inbound?: boolean;
  readonly services?: bigint;
  /** Its best block; default: the last of the chain. */
  readonly height?: number;
}

/** A `BlockDownload` on a chain of which all headers, but only some blocks are there. */
export class BlockScene {
  readonly clock = new VirtualClock(START_MS);
  readonly chain: Chain;
  readonly chains: PeerChains;
  readonly blocks: readonly Block[];
  readonly download: BlockDownload;
  /** Peers that `delivered` was called with. */
  readonly delivered: Peer[] = [];
  readonly #heights: ReadonlyMap<string, number>;
  #nextId = 0;

  private constructor(chain: Chain, blocks: readonly Block[]) {
    this.chain = chain;
    this.blocks = blocks;
    this.#heights = new Map(blocks.map(({ hashHex }, i) => [hashHex, i + 1]));
    this.chains = new PeerChains(chain);
    this.download = new BlockDownload(
      { chain, chains: this.chains, clock: this.clock, logger: silentLogger },
      { mayRequestCompact: () => true, delivered: (peer) => this.delivered.push(peer) },
    );
  }

  /** The blocks are `age` seconds old at the start; the first `stored` of them are stored. */
  static async start(
    count: number,
    options: { age?: number; stored?: number; minimumChainWork?: bigint } = {},
  ): Promise<BlockScene> {
    const { age = 30 * 24 * 3600, stored = 0, minimumChainWork = 0n } = options;
    const clock = new VirtualClock(START_MS);
    const chain = await Chain.open(
      { params: { ...regtest, minimumChainWork } },
      { clock, logger: silentLogger, store: new MemoryStore() },
    );
    const blocks: Block[] = [];
    let prev: { hash: Uint8Array; height: number; time: number; bits: number } = chain.tip;
    for (let i = 0; i < count; i++) {
      const block = mineBlock(prev, { time: START_MS / 1000 - age - count + i });
      prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: block.header.bits };
      blocks.push(block);
    }
    chain.acceptHeaders(blocks.map(({ header }) => header));
    for (const block of blocks.slice(0, stored)) await chain.acceptBlock(block);
    return new BlockScene(chain, blocks);
  }

  /** Connects a peer, without requests yet. */
  connect({ inbound = false, services = 9n, height = this.blocks.length }: BlockPeerFields = {}): BlockPeer {
    const fake = { requested: [] as number[], types: [] as number[], reason: undefined as string | undefined };
    const end = (reason: string) => {
      fake.reason ??= reason;
    };
    const send = (_: string, { entries }: { entries: readonly InvEntry[] }) => {
      for (const { type, hash } of entries) {
        fake.types.push(type);
        fake.requested.push(this.#heights.get(Buffer.from(hash).reverse().toString('hex'))!);
      }
    };
    const peer = { id: this.#nextId++, inbound, services, isClosed: false, send, disconnect: end, misbehaving: end };
    const connected = Object.assign(fake, { peer: peer as unknown as Peer });
    this.chains.peerReady(connected.peer);
    this.download.peerReady(connected.peer);
    if (height > 0) this.chains.get(connected.peer)!.learn(this.chain.getIndex(this.blocks[height - 1]!.hash)!);
    return connected;
  }

  /** Lets a peer send the block at `height`, and waits until it is processed. */
  async deliver({ peer }: BlockPeer, height: number): Promise<void> {
    const handling = this.download.received(peer, this.blocks[height - 1]!);
    if (handling && 'next' in handling) for (const _ of handling);
    await this.download.idle();
    await flush();
  }

  /** Answers that the blocks at `heights` are not there. */
  notFound({ peer }: BlockPeer, ...heights: number[]): void {
    this.download.notFound(
      peer,
      heights.map((height) => ({ type: 0x4000_0002, hash: this.blocks[height - 1]!.hash })),
    );
  }

  /** Closes a peer's connection. */
  close({ peer }: BlockPeer): void {
    Object.assign(peer, { isClosed: true });
    this.chains.peerClosed(peer);
    this.download.peerClosed(peer);
  }

  /** Lets time pass, then ticks once. */
  tick(ms: number): void {
    this.clock.advance(ms);
    this.download.tick();
  }
}
