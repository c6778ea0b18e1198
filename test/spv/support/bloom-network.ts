import { equalBytes } from '../../../src/bytes/compare.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { AddressBook } from '../../../src/p2p/addresses/address-book.ts';
import { ConnectionManager } from '../../../src/p2p/connections/connection-manager.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { ServiceFlag } from '../../../src/p2p/wire/protocol.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import type { Block } from '../../../src/primitives/block.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import type { BloomFilter } from '../../../src/proofs/bloom-filter.ts';
import { MerkleBlock } from '../../../src/proofs/merkle-block.ts';
import { HeaderChain } from '../../../src/spv/header-chain.ts';
import { LightNodeProcessor } from '../../../src/spv/light-node-processor.ts';
import { ProofStore } from '../../../src/spv/proof-store.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { KeyTree } from '../../../src/wallet/keys.ts';
import { LightWallets } from '../../../src/wallet/light-wallets.ts';
import type { Wallet } from '../../../src/wallet/wallet.ts';
import { WalletFile } from '../../../src/wallet/wallet-file.ts';
import { type BlockPlan, mineBlock } from '../../chain/support/builder.ts';
import { FakePeer, versionMessage } from '../../p2p/support/fake-peer.ts';
import { flush, type TestNetwork } from '../../p2p/support/network.ts';

/** Blocks mined by plans on `base`, by default on genesis; genesis is first. */
export class BlockList {
  readonly blocks: readonly Block[];

  constructor(plans: readonly BlockPlan[], base: readonly Block[] = [regtest.genesis]) {
    const blocks = [...base];
    for (const plan of plans) {
      const { hash, header } = blocks.at(-1)!;
      const prev = { height: blocks.length - 1, hash, time: header.time, bits: header.bits };
      blocks.push(mineBlock(prev, { time: header.time + 600, ...plan }));
    }
    this.blocks = blocks;
  }

  get height(): number {
    return this.blocks.length - 1;
  }
}

/** Deviations of a server from BIP37. */
export interface BloomLies {
  /** Whether a matching transaction is omitted. */
  omits?(tx: Transaction): boolean;
  /** Whether a transaction is sent although it does not match. */
  adds?(tx: Transaction): boolean;
  /** Returns the merkle block to send; undefined: none. */
  merkleBlock?(truth: MerkleBlock, height: number): MerkleBlock | undefined;
  /** Returns the transactions to send after the merkle block. */
  transactions?(truth: readonly Transaction[], height: number): readonly Transaction[];
  /** Commands that are not answered. */
  readonly silentOn?: readonly string[];
  /** Milliseconds between merkle blocks. */
  readonly delay?: number;
  readonly services?: bigint;
}

const SERVICES = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.BLOOM;

/** A simulated node that serves merkle blocks (BIP37) to light nodes, and may deviate from the protocol. */
export class BloomServer {
  readonly endpoint: { host: string; port: number };
  /** Heights of the requested merkle blocks, in order. */
  readonly requestedHeights: number[] = [];
  /** Number of requested full blocks. */
  fullBlockRequests = 0;
  /** Filters received by `filterload`, in order. */
  readonly filters: BloomFilter[] = [];
  readonly mempool: Transaction[] = [];
  readonly received: Transaction[] = [];
  chain: BlockList;
  readonly #net: TestNetwork;
  readonly #lies: BloomLies;
  #peer: FakePeer | undefined;
  #filter: BloomFilter | undefined;

  private constructor(net: TestNetwork, port: number, chain: BlockList, lies: BloomLies) {
    this.#net = net;
    this.endpoint = { host: '127.0.0.1', port };
    this.chain = chain;
    this.#lies = lies;
  }

  static async start(net: TestNetwork, port: number, chain: BlockList, lies: BloomLies = {}): Promise<BloomServer> {
    const server = new BloomServer(net, port, chain, lies);
    await net.network.transport().listen(server.endpoint, (connection) => server.#serve(new FakePeer(net, connection)));
    return server;
  }

  get isConnected(): boolean {
    return this.#peer?.closed === false;
  }

  /** The connection to the light node. */
  get peer(): FakePeer {
    return this.#peer!;
  }

  /** Switches to another chain and announces its tip. */
  announce(chain: BlockList): void {
    this.chain = chain;
    this.peer.send('inv', { entries: [{ type: InvType.BLOCK, hash: chain.blocks.at(-1)!.hash }] });
  }

  /** Adds an unconfirmed transaction, and announces it if it matches the filter. */
  addToMempool(tx: Transaction): void {
    this.mempool.push(tx);
    if (this.#filter?.isRelevantAndUpdate(tx)) {
      this.peer.send('inv', { entries: [{ type: InvType.WTX, hash: tx.wtxid }] });
    }
  }

  #serve(peer: FakePeer): void {
    this.#peer = peer;
    const { silentOn = [], services = SERVICES } = this.#lies;
    const on: FakePeer['on'] = (command, react) =>
      peer.on(command, (message) => {
        if (!silentOn.includes(command)) react(message);
      });
    on('version', () => {
      peer.send('version', versionMessage({ services, startHeight: this.chain.height }));
      peer.send('wtxidrelay', {});
      peer.send('verack', {});
    });
    on('getheaders', ({ locator }) => {
      const { blocks } = this.chain;
      const known = locator.map((hash) => this.#heightOf(hash)).find((height) => height >= 0) ?? 0;
      peer.send('headers', { headers: blocks.slice(known + 1, known + 2001).map(({ header }) => header) });
    });
    on('filterload', (filter) => {
      this.filters.push(filter);
      this.#filter = filter;
    });
    on('mempool', () => {
      const entries = this.mempool
        .filter((tx) => this.#filter!.isRelevantAndUpdate(tx))
        .map((tx) => ({ type: InvType.WTX, hash: tx.wtxid }));
      if (entries.length > 0) peer.send('inv', { entries });
    });
    on('tx', (tx) => this.received.push(tx));
    on('getdata', ({ entries }) => {
      for (const [i, { type, hash }] of [...entries].entries()) {
        if (type === InvType.FILTERED_BLOCK) this.requestedHeights.push(this.#heightOf(hash));
        else if (type === InvType.WITNESS_BLOCK) this.fullBlockRequests++;
        if (type !== InvType.FILTERED_BLOCK) this.#sendTransaction(peer, hash);
        else if (this.#lies.delay === undefined) this.#sendFiltered(peer, hash);
        else this.#net.clock.after((i + 1) * this.#lies.delay, () => this.#sendFiltered(peer, hash));
      }
    });
  }

  #sendTransaction(peer: FakePeer, hash: Uint8Array): void {
    const tx = this.mempool.find(({ wtxid }) => equalBytes(wtxid, hash));
    if (tx) peer.send('tx', tx);
  }

  #sendFiltered(peer: FakePeer, hash: Uint8Array): void {
    const height = this.#heightOf(hash);
    const block = this.chain.blocks[height];
    if (!block || !this.#filter) return;
    const { omits, adds, merkleBlock, transactions } = this.#lies;
    const matches = block.transactions.map(
      (tx) => (this.#filter!.isRelevantAndUpdate(tx) && !omits?.(tx)) || adds?.(tx) === true,
    );
    const truth = MerkleBlock.of(block, matches);
    const sent = merkleBlock ? merkleBlock(truth, height) : truth;
    if (!sent) return;
    peer.send('merkleblock', sent);
    const matching = block.transactions.filter((_, i) => matches[i]);
    for (const tx of transactions?.(matching, height) ?? matching) peer.sendPayload('tx', tx.encodeStripped());
  }

  #heightOf(hash: Uint8Array): number {
    return this.chain.blocks.findIndex((block: Block) => equalBytes(block.hash, hash));
  }
}

/** Mnemonic of the test wallet: the first test vector of BIP39. */
export const MNEMONIC = `${'abandon '.repeat(11)}about`;

/** A light node with a Bloom filter, under test. */
export interface BloomLight {
  readonly chain: HeaderChain;
  readonly file: WalletFile;
  readonly wallet: Wallet;
  readonly proofs: ProofStore;
  readonly processor: LightNodeProcessor;
  /** Disconnect reasons, in order. */
  readonly disconnects: string[];
  /** Whether the node has synced and scanned `height` blocks. */
  isAt(height: number): boolean;
  stop(): Promise<void>;
}

/** Returns the scripts of the test wallet's first addresses. */
export async function walletScripts(count: number): Promise<Uint8Array[]> {
  const tree = await KeyTree.fromMnemonic(MNEMONIC, 1);
  return Array.from({ length: count }, (_, index) => {
    return tree.output({ type: 'bech32', change: false, index }).scriptPubKey;
  });
}

/** A wallet file with the test wallet. It is copied, because deriving the keys is slow. */
const template = new MemoryStore();

async function walletStore(clock: Clock): Promise<MemoryStore> {
  const modules = { clock, logger: silentLogger, random: new SeededRandom(9), store: template };
  const file = await WalletFile.open({ params: regtest }, modules);
  if (!file.get('test')) await file.createWallet('test', { mnemonic: MNEMONIC });
  return copyOf(template);
}

/** The files of a light node. */
export interface LightStores {
  readonly chain: MemoryStore;
  readonly wallets: MemoryStore;
}

/** Returns a copy of the files, as a crash would leave them. */
export async function copyStores({ chain, wallets }: LightStores): Promise<LightStores> {
  return { chain: await copyOf(chain), wallets: await copyOf(wallets) };
}

async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  await copy.write([...store.entries({})].map(([key, value]) => ({ type: 'put', key, value })));
  return copy;
}

/** Returns the files of a new light node with the test wallet, restored. */
export async function newStores(net: TestNetwork): Promise<LightStores> {
  return { chain: new MemoryStore(), wallets: await walletStore(net.clock) };
}

/** Options of `startBloomLight`. */
export interface BloomLightOptions {
  /** Whether to search with Bloom filters; default true. Otherwise with block filters. */
  readonly bloom?: boolean;
  /** Default: those of a new node. */
  readonly stores?: LightStores;
}

/** Starts a light node that stays connected to the servers, with one restored wallet. */
export async function startBloomLight(
  net: TestNetwork,
  servers: readonly { readonly endpoint: { host: string; port: number } }[],
  { bloom = true, stores }: BloomLightOptions = {},
): Promise<BloomLight> {
  const modules = { clock: net.clock, logger: silentLogger, random: new SeededRandom(9) };
  const { chain: store, wallets } = stores ?? (await newStores(net));
  const chain = await HeaderChain.open({ ...regtest, minimumChainWork: 0n }, { ...modules, store });
  const file = await WalletFile.open({ params: regtest }, { ...modules, store: wallets });
  const proofs = new ProofStore(store);
  const watcher = new LightWallets({ file, chain, proofs, clock: net.clock, logger: silentLogger });
  const wallet = file.get('test')!;
  const book = new AddressBook(modules);
  const processor = new LightNodeProcessor({ v2Transport: false }, { ...modules, chain, book, watcher, bloom });
  const peers = new ConnectionManager(
    {
      magic: regtest.magic,
      addNodes: servers.map(({ endpoint }) => endpoint),
      ...{ sparesAddedNodes: false, maxOutbound: 4 },
    },
    { ...modules, transport: net.network.transport(), book, processor },
  );
  watcher.attach({
    rescanAfter: (index) => processor.scanner.rewindTo(index),
    unconfirmedChanged: (transactions) => processor.broadcast.replaceAll(transactions),
  });
  const disconnects: string[] = [];
  peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
  await peers.start();
  const isAt = (height: number) => chain.tip.height === height && processor.scanner.scanned === chain.tip;
  const stop = async () => {
    await peers.stop();
    await watcher.close();
    await chain.flush();
    await flush();
  };
  return { file, chain, wallet, proofs, processor, disconnects, isAt, stop };
}
