import { equalBytes } from '../../../src/bytes/compare.ts';
import type { BlockIndex } from '../../../src/chain/block-index.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { InvType } from '../../../src/p2p/messages/inventory.ts';
import { PeerManager } from '../../../src/p2p/peer-manager.ts';
import { FILTER_CHECKPOINT_INTERVAL, ServiceFlag } from '../../../src/p2p/protocol.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { SeededRandom } from '../../../src/platform/random.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { outPointKey } from '../../../src/primitives/outpoint.ts';
import {
  basicFilterElements,
  encodeFilter,
  filterHash,
  filterHeader,
  NO_FILTER_HEADER,
} from '../../../src/proofs/block-filter.ts';
import { HeaderChain } from '../../../src/spv/header-chain.ts';
import { createSpvParts, type SpvParts } from '../../../src/spv/spv-parts.ts';
import type { Watcher } from '../../../src/spv/watcher.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { type BlockPlan, mineBlock } from '../../chain/support/builder.ts';
import { FakePeer, versionMessage } from '../../p2p/support/fake-peer.ts';
import type { TestNetwork } from '../../p2p/support/network.ts';

/** A chain of blocks, genesis first, with the scripts that each spends. */
export class ServedChain {
  readonly blocks: Block[];
  readonly filters: Uint8Array[];

  private constructor(blocks: Block[]) {
    this.blocks = blocks;
    const scripts = new Map<string, Uint8Array>();
    this.filters = blocks.map((block) => {
      const spent: Uint8Array[] = [];
      for (const tx of block.transactions) {
        if (!tx.isCoinbase) for (const { prevout } of tx.inputs) spent.push(scripts.get(outPointKey(prevout))!);
        for (const [vout, output] of tx.outputs.entries()) {
          scripts.set(outPointKey({ txid: tx.txid, vout }), output.scriptPubKey);
        }
      }
      return encodeFilter(block.hash, basicFilterElements(block, spent));
    });
  }

  /** Blocks by these plans on the first `from` blocks of another chain, by default on genesis. */
  static of(plans: readonly BlockPlan[], base: readonly Block[] = [regtest.genesis]): ServedChain {
    const blocks = [...base];
    for (const plan of plans) {
      const prev = blocks.at(-1)!;
      const [height, { hash }, { time, bits }] = [blocks.length - 1, prev, prev.header];
      blocks.push(mineBlock({ height, hash, time, bits }, { time: time + 600, ...plan }));
    }
    return new ServedChain(blocks);
  }

  get height(): number {
    return this.blocks.length - 1;
  }
}

/** What a server tells instead of the truth. */
export interface Lies {
  /** The filter that it sends for a height. */
  filter?(height: number, truth: Uint8Array): Uint8Array;
  /** The filter whose hash it tells; by default the one that it sends. */
  told?(height: number, truth: Uint8Array): Uint8Array;
  block?(height: number, truth: Block): Block | undefined;
  /** Commands that it does not answer. */
  readonly silentOn?: readonly string[];
  readonly services?: bigint;
}

const SERVICES = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.COMPACT_FILTERS;

/** A node played by the test, which serves a chain to light nodes, and may lie. */
export class Server {
  readonly endpoint: { host: string; port: number };
  readonly asked: string[] = [];
  readonly #lies: Lies;
  readonly #peers = new Set<FakePeer>();
  chain: ServedChain;

  private constructor(port: number, chain: ServedChain, lies: Lies) {
    this.endpoint = { host: '127.0.0.1', port };
    this.chain = chain;
    this.#lies = lies;
  }

  static async start(net: TestNetwork, port: number, chain: ServedChain, lies: Lies = {}): Promise<Server> {
    const server = new Server(port, chain, lies);
    await net.network.transport().listen(server.endpoint, (connection) => server.#serve(new FakePeer(net, connection)));
    return server;
  }

  /** Whether a light node is connected. */
  get isConnected(): boolean {
    return [...this.#peers].some((peer) => !peer.closed);
  }

  /** Has another chain from now on, and says so. */
  announce(chain: ServedChain): void {
    this.chain = chain;
    const entries = [{ type: InvType.BLOCK, hash: chain.blocks.at(-1)!.hash }];
    for (const peer of this.#peers) if (!peer.closed) peer.send('inv', { entries });
  }

  #serve(peer: FakePeer): void {
    this.#peers.add(peer);
    const on: FakePeer['on'] = (command, react) =>
      peer.on(command, (message) => {
        this.asked.push(command);
        if (!this.#lies.silentOn?.includes(command)) react(message);
      });
    on('version', () => {
      peer.send(
        'version',
        versionMessage({ services: this.#lies.services ?? SERVICES, startHeight: this.chain.height }),
      );
      peer.send('verack', {});
    });
    on('getheaders', ({ locator }) => {
      const { blocks } = this.chain;
      const from = locator
        .map((hash) => blocks.findIndex((block) => equalBytes(block.hash, hash)))
        .find((at) => at >= 0);
      peer.send('headers', {
        headers: blocks
          .slice((from ?? 0) + 1)
          .slice(0, 2000)
          .map(({ header }) => header),
      });
    });
    on('getcfcheckpt', ({ filterType, stopHash }) => {
      const headers = this.#filterHeaders().slice(0, this.#heightOf(stopHash) + 1);
      const filterHeaders = headers.filter((_, height) => height > 0 && height % FILTER_CHECKPOINT_INTERVAL === 0);
      peer.send('cfcheckpt', { filterType, stopHash, filterHeaders });
    });
    on('getcfheaders', ({ filterType, startHeight, stopHash }) => {
      const to = this.#heightOf(stopHash);
      const filterHashes = [];
      for (let height = startHeight; height <= to; height++) filterHashes.push(filterHash(this.#told(height)));
      const previousHeader = startHeight === 0 ? NO_FILTER_HEADER : this.#filterHeaders()[startHeight - 1]!;
      peer.send('cfheaders', { filterType, stopHash, previousHeader, filterHashes });
    });
    on('getcfilters', ({ filterType, startHeight, stopHash }) => {
      const to = this.#heightOf(stopHash);
      for (let height = startHeight; height <= to; height++) {
        const blockHash = this.chain.blocks[height]!.hash;
        peer.send('cfilter', { filterType, blockHash, filter: this.#sent(height) });
      }
    });
    on('getdata', ({ entries }) => {
      for (const { hash } of entries) {
        const height = this.#heightOf(hash);
        const truth = this.chain.blocks[height];
        const block = truth && (this.#lies.block ? this.#lies.block(height, truth) : truth);
        if (block) peer.send('block', block);
      }
    });
  }

  #heightOf(hash: Uint8Array): number {
    return this.chain.blocks.findIndex((block) => equalBytes(block.hash, hash));
  }

  #sent(height: number): Uint8Array {
    const truth = this.chain.filters[height]!;
    return this.#lies.filter?.(height, truth) ?? truth;
  }

  #told(height: number): Uint8Array {
    return this.#lies.told?.(height, this.chain.filters[height]!) ?? this.#sent(height);
  }

  #filterHeaders(): Uint8Array[] {
    let header: Uint8Array = NO_FILTER_HEADER;
    return this.chain.blocks.map((_, height) => {
      header = filterHeader(header, filterHash(this.#told(height)));
      return header;
    });
  }
}

/** A watcher that keeps what it is told. */
export class Notes implements Watcher {
  readonly wanted: Uint8Array[];
  /** Heights of the blocks that were found, in the order of their coming. */
  readonly blocks: number[] = [];
  tip: BlockIndex | undefined;
  genesis!: BlockIndex;

  constructor(wanted: Uint8Array[]) {
    this.wanted = wanted;
  }

  start(): BlockIndex {
    return this.tip ?? this.genesis;
  }

  scripts(): readonly Uint8Array[] {
    return this.wanted;
  }

  found(index: BlockIndex, block: Block): boolean {
    const outputs = block.transactions.flatMap((tx) => tx.outputs);
    const isOurs = outputs.some((output) => this.wanted.some((script) => equalBytes(script, output.scriptPubKey)));
    this.blocks.push(index.height);
    return isOurs;
  }

  scanned(index: BlockIndex): void {
    this.tip = index;
  }
}

export interface LightNode {
  readonly chain: HeaderChain;
  readonly peers: PeerManager;
  readonly parts: SpvParts;
  /** Reasons of disconnections, in their order. */
  readonly disconnects: string[];
  stop(): Promise<void>;
}

/** A light node that stays connected to these servers, and looks for what `watcher` wants. */
export async function startLight(
  net: TestNetwork,
  watcher: Notes,
  servers: readonly Server[],
  { store = new MemoryStore(), minimumChainWork = 0n }: { store?: Store; minimumChainWork?: bigint } = {},
): Promise<LightNode> {
  const modules = { clock: net.clock, logger: silentLogger, random: new SeededRandom(9) };
  const chain = await HeaderChain.open({ ...regtest, minimumChainWork }, { ...modules, store });
  watcher.genesis = chain.atHeight(0)!;
  let parts!: SpvParts;
  const peers = new PeerManager(
    {
      addNodes: servers.map(({ endpoint }) => endpoint),
      ...{ blocksOnly: true, v2Transport: false, sparesAddedNodes: false, maxOutbound: 4 },
    },
    {
      ...modules,
      chain,
      transport: net.network.transport(),
      makeParts: (options, addresses) => {
        parts = createSpvParts(options, { ...modules, chain, watcher, addresses });
        return parts;
      },
    },
  );
  const disconnects: string[] = [];
  peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
  await peers.start();
  return { chain, peers, parts, disconnects, stop: () => peers.stop() };
}
