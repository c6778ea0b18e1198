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

/** Blocks by these plans on others, by default on genesis, which comes first. */
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

/** What a server does instead of what BIP37 asks of it. */
export interface BloomLies {
  /** Transactions that it does not admit to match. */
  omits?(tx: Transaction): boolean;
  /** Transactions that it shows although they do not match. */
  adds?(tx: Transaction): boolean;
  /** What it sends of a block; nothing for undefined. */
  merkleBlock?(truth: MerkleBlock, height: number): MerkleBlock | undefined;
  /** The transactions that it sends after that. */
  follows?(truth: readonly Transaction[], height: number): readonly Transaction[];
  /** Commands that it does not answer. */
  readonly silentOn?: readonly string[];
  /** Milliseconds that it takes for each block. */
  readonly delay?: number;
  readonly services?: bigint;
}

const SERVICES = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.BLOOM;

/** A node played by the test, which filters its chain for light nodes as BIP37 says, or otherwise. */
export class BloomServer {
  readonly endpoint: { host: string; port: number };
  /** Heights of the blocks that it was asked about, in the order of the questions. */
  readonly asked: number[] = [];
  /** Whole blocks that it was asked for. */
  wholeBlocks = 0;
  /** The filters that were loaded. */
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

  /** The light node's end of the connection. */
  get peer(): FakePeer {
    return this.#peer!;
  }

  /** Has another chain from now on, and says so. */
  announce(chain: BlockList): void {
    this.chain = chain;
    this.peer.send('inv', { entries: [{ type: InvType.BLOCK, hash: chain.blocks.at(-1)!.hash }] });
  }

  /** Has a transaction that waits for a block, and tells of it if it matches. */
  offer(tx: Transaction): void {
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
      for (const [i, { type, hash }] of entries.entries()) {
        if (type === InvType.FILTERED_BLOCK) this.asked.push(this.#heightOf(hash));
        else if (type === InvType.WITNESS_BLOCK) this.wholeBlocks++;
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
    const { omits, adds, merkleBlock, follows } = this.#lies;
    const matches = block.transactions.map(
      (tx) => (this.#filter!.isRelevantAndUpdate(tx) && !omits?.(tx)) || adds?.(tx) === true,
    );
    const truth = MerkleBlock.of(block, matches);
    const shown = merkleBlock ? merkleBlock(truth, height) : truth;
    if (!shown) return;
    peer.send('merkleblock', shown);
    const transactions = block.transactions.filter((_, i) => matches[i]);
    for (const tx of follows?.(transactions, height) ?? transactions) peer.sendPayload('tx', tx.encodeStripped());
  }

  #heightOf(hash: Uint8Array): number {
    return this.chain.blocks.findIndex((block: Block) => equalBytes(block.hash, hash));
  }
}

/** BIP39's first test phrase: the keys of the wallet that the tests pay. */
const MNEMONIC = `${'abandon '.repeat(11)}about`;

export interface BloomLight {
  readonly chain: HeaderChain;
  readonly wallet: Wallet;
  readonly proofs: ProofStore;
  readonly processor: LightNodeProcessor;
  /** Reasons of disconnections, in their order. */
  readonly disconnects: string[];
  /** Whether all headers are known, and their blocks looked through. */
  isAt(height: number): boolean;
  stop(): Promise<void>;
}

/** The scripts of the wallet's first addresses. */
export async function walletScripts(count: number): Promise<Uint8Array[]> {
  const tree = await KeyTree.fromMnemonic(MNEMONIC, 1);
  return Array.from({ length: count }, (_, index) => {
    return tree.output({ type: 'bech32', change: false, index }).scriptPubKey;
  });
}

/** A wallet's file, with the wallet of the tests in it: its keys take a while to be made. */
const template = new MemoryStore();

async function walletStore(clock: Clock): Promise<MemoryStore> {
  const modules = { clock, logger: silentLogger, random: new SeededRandom(9), store: template };
  const file = await WalletFile.open({ params: regtest }, modules);
  if (!file.get('test')) await file.createWallet('test', { mnemonic: MNEMONIC });
  const copy = new MemoryStore();
  await copy.write([...template.entries({})].map(([key, value]) => ({ type: 'put', key, value })));
  return copy;
}

/** A light node that stays connected to these servers, with one wallet that has been restored. */
export async function startBloomLight(net: TestNetwork, servers: readonly BloomServer[]): Promise<BloomLight> {
  const modules = { clock: net.clock, logger: silentLogger, random: new SeededRandom(9) };
  const store = new MemoryStore();
  const chain = await HeaderChain.open({ ...regtest, minimumChainWork: 0n }, { ...modules, store });
  const wallets = await walletStore(net.clock);
  const file = await WalletFile.open({ params: regtest }, { ...modules, store: wallets });
  const proofs = new ProofStore(store);
  const watcher = new LightWallets({ file, chain, proofs, store: wallets, logger: silentLogger });
  const wallet = file.get('test')!;
  const book = new AddressBook(modules);
  const processor = new LightNodeProcessor({ v2Transport: false }, { ...modules, chain, book, watcher, bloom: true });
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
    await flush();
  };
  return { chain, wallet, proofs, processor, disconnects, isAt, stop };
}
