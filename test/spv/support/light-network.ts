import { equalBytes } from '../../../src/bytes/compare.ts';
import { toHex } from '../../../src/bytes/hex.ts';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import { type ChainParams, regtest } from '../../../src/consensus/params.ts';
import { AddressBook } from '../../../src/p2p/addresses/address-book.ts';
import { ConnectionManager } from '../../../src/p2p/connections/connection-manager.ts';
import type { CFCheckptMessage, CFHeadersMessage } from '../../../src/p2p/wire/messages/block-filters.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { FILTER_CHECKPOINT_INTERVAL, ServiceFlag } from '../../../src/p2p/wire/protocol.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
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
import { LightNodeProcessor } from '../../../src/spv/light-node-processor.ts';
import type { Watcher } from '../../../src/spv/watcher.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { type BlockPlan, mineBlock } from '../../chain/support/builder.ts';
import { FakePeer, versionMessage } from '../../p2p/support/fake-peer.ts';
import type { TestNetwork } from '../../p2p/support/network.ts';

/** Stands for the script of a spent output that is not in the chain. */
const UNKNOWN_SCRIPT = new Uint8Array(0);

/** A chain of blocks, genesis first, with their block filters (BIP158). */
export class ServedChain {
  readonly blocks: Block[];
  readonly filters: Uint8Array[];

  private constructor(blocks: Block[]) {
    this.blocks = blocks;
    const scripts = new Map<string, Uint8Array>();
    this.filters = blocks.map((block) => {
      const spent: Uint8Array[] = [];
      for (const tx of block.transactions) {
        if (!tx.isCoinbase)
          for (const { prevout } of tx.inputs) spent.push(scripts.get(outPointKey(prevout)) ?? UNKNOWN_SCRIPT);
        for (const [vout, output] of tx.outputs.entries()) {
          scripts.set(outPointKey({ txid: tx.txid, vout }), output.scriptPubKey);
        }
      }
      return encodeFilter(block.hash, basicFilterElements(block, spent));
    });
  }

  /** Mines blocks by these plans on `base`, by default on genesis. */
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

/** False data that a server sends. The functions receive the true data. */
export interface Lies {
  /** Returns the filter to send for a height. */
  filter?(height: number, truth: Uint8Array, block: Block): Uint8Array;
  /** Returns the filter whose hash to send; default: the filter that is sent. */
  hashed?(height: number, truth: Uint8Array, block: Block): Uint8Array;
  /** Returns the block to send; undefined: `notfound`. */
  block?(height: number, truth: Block): Block | undefined;
  hashes?(truth: CFHeadersMessage): CFHeadersMessage;
  checkpoints?(truth: CFCheckptMessage): CFCheckptMessage;
  /** Commands that are not answered. */
  readonly silentOn?: readonly string[];
  readonly services?: bigint;
}

let nextPort = 4000;
const SERVICES = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.COMPACT_FILTERS;

/** A simulated node that serves a chain to light nodes, and may send false data. */
export class Server {
  readonly endpoint: { host: string; port: number };
  /** Commands received, in order. */
  readonly commands: string[] = [];
  /** Hashes in received `inv` messages, as hex in internal order, with duplicates. */
  readonly announced: string[] = [];
  readonly #lies: Lies;
  readonly #peers = new Set<FakePeer>();
  /** Chains served; the current one is first. */
  readonly #chains: ServedChain[];

  private constructor(endpoint: { host: string; port: number }, chain: ServedChain, lies: Lies) {
    this.endpoint = endpoint;
    this.#chains = [chain];
    this.#lies = lies;
  }

  static async start(net: TestNetwork, chain: ServedChain, lies: Lies = {}, host = '127.0.0.1'): Promise<Server> {
    const server = new Server({ host, port: nextPort++ }, chain, lies);
    await net.network.transport().listen(server.endpoint, (connection) => server.#serve(new FakePeer(net, connection)));
    return server;
  }

  /** Whether a light node is connected. */
  get isConnected(): boolean {
    return [...this.#peers].some((peer) => !peer.closed);
  }

  get chain(): ServedChain {
    return this.#chains[0]!;
  }

  /** Number of connections accepted so far. */
  get connectionCount(): number {
    return this.#peers.size;
  }

  /** Switches to another chain and announces its tip. */
  announce(chain: ServedChain): void {
    this.#chains.unshift(chain);
    const entries = [{ type: InvType.BLOCK, hash: chain.blocks.at(-1)!.hash }];
    for (const peer of this.#peers) if (!peer.closed) peer.send('inv', { entries });
  }

  #serve(peer: FakePeer): void {
    this.#peers.add(peer);
    const on: FakePeer['on'] = (command, react) =>
      peer.on(command, (message) => {
        this.commands.push(command);
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
    on('inv', ({ entries }) => {
      this.announced.push(...[...entries].map(({ hash }) => toHex(hash)));
    });
    on('getcfcheckpt', ({ filterType, stopHash }) => {
      const found = this.#find(stopHash);
      if (!found) return;
      const headers = this.filterHeaders(found.chain).slice(0, found.height + 1);
      const filterHeaders = headers.filter((_, height) => height > 0 && height % FILTER_CHECKPOINT_INTERVAL === 0);
      const truth = { filterType, stopHash, filterHeaders };
      peer.send('cfcheckpt', this.#lies.checkpoints?.(truth) ?? truth);
    });
    on('getcfheaders', ({ filterType, startHeight, stopHash }) => {
      const found = this.#find(stopHash);
      if (!found) return;
      const { chain, height: to } = found;
      const filterHashes = [];
      for (let height = startHeight; height <= to; height++) filterHashes.push(filterHash(this.#hashed(chain, height)));
      const previousHeader = startHeight === 0 ? NO_FILTER_HEADER : this.filterHeaders(chain)[startHeight - 1]!;
      const truth = { filterType, stopHash, previousHeader, filterHashes };
      peer.send('cfheaders', this.#lies.hashes?.(truth) ?? truth);
    });
    on('getcfilters', ({ filterType, startHeight, stopHash }) => {
      const found = this.#find(stopHash);
      if (!found) return;
      const { chain, height: to } = found;
      for (let height = startHeight; height <= to; height++) {
        const blockHash = chain.blocks[height]!.hash;
        peer.send('cfilter', { filterType, blockHash, filter: this.#sent(chain, height) });
      }
    });
    on('getdata', ({ entries }) => {
      for (const { hash } of entries) {
        const found = this.#find(hash);
        const truth = found?.chain.blocks[found.height];
        const block = truth && (this.#lies.block ? this.#lies.block(found.height, truth) : truth);
        if (block) peer.send('block', block);
        else peer.send('notfound', { entries: [{ type: InvType.WITNESS_BLOCK, hash }] });
      }
    });
  }

  /** Finds a block in the current chain or an earlier one. */
  #find(hash: Uint8Array): { readonly chain: ServedChain; readonly height: number } | undefined {
    for (const chain of this.#chains) {
      const height = chain.blocks.findIndex((block) => equalBytes(block.hash, hash));
      if (height >= 0) return { chain, height };
    }
    return undefined;
  }

  #sent(chain: ServedChain, height: number): Uint8Array {
    const truth = chain.filters[height]!;
    return this.#lies.filter?.(height, truth, chain.blocks[height]!) ?? truth;
  }

  #hashed(chain: ServedChain, height: number): Uint8Array {
    return this.#lies.hashed?.(height, chain.filters[height]!, chain.blocks[height]!) ?? this.#sent(chain, height);
  }

  /** Returns the filter headers that the server sends, by height. */
  filterHeaders(chain = this.chain): Uint8Array[] {
    let header: Uint8Array = NO_FILTER_HEADER;
    return chain.blocks.map((_, height) => {
      header = filterHeader(header, filterHash(this.#hashed(chain, height)));
      return header;
    });
  }
}

/** A watcher that records the blocks it receives. */
export class RecordingWatcher implements Watcher {
  readonly wanted: Uint8Array[];
  /** Heights of the received blocks, in order of arrival. */
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
    if (!this.blocks.includes(index.height)) this.blocks.push(index.height);
    return isOurs;
  }

  rewindTo(index: BlockIndex): void {
    this.tip = index;
  }

  scanned(index: BlockIndex): void {
    this.tip = index;
  }
}

/** A light node under test. */
export interface LightNode {
  readonly chain: HeaderChain;
  readonly connections: ConnectionManager;
  readonly processor: LightNodeProcessor;
  /** Disconnect reasons, in order. */
  readonly disconnects: string[];
  stop(): Promise<void>;
}

/** Starts a light node that stays connected to the servers and scans for the scripts of `watcher`. */
export async function startLight(
  net: TestNetwork,
  watcher: RecordingWatcher,
  servers: readonly Server[],
  { store = new MemoryStore(), params = regtest }: { store?: Store; params?: ChainParams } = {},
): Promise<LightNode> {
  const modules = { clock: net.clock, logger: silentLogger, random: new SeededRandom(9) };
  const chain = await HeaderChain.open(params, { ...modules, store });
  watcher.genesis = chain.atHeight(0)!;
  const book = new AddressBook(modules);
  const processor = new LightNodeProcessor({ v2Transport: false }, { ...modules, chain, book, watcher });
  const peers = new ConnectionManager(
    {
      magic: params.magic,
      addNodes: servers.map(({ endpoint }) => endpoint),
      ...{ sparesAddedNodes: false, maxOutbound: 4 },
    },
    { ...modules, transport: net.network.transport(), book, processor },
  );
  const disconnects: string[] = [];
  peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
  await peers.start();
  return { chain, connections: peers, processor, disconnects, stop: () => peers.stop() };
}
