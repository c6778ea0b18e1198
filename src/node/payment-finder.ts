import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { ChainParams } from '../consensus/params.ts';
import { AddressBook } from '../p2p/addresses/address-book.ts';
import { ConnectionManager } from '../p2p/connections/connection-manager.ts';
import type { Endpoint } from '../p2p/net/endpoint.ts';
import { formatEndpoint } from '../p2p/net/endpoint.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import { TcpTransport } from '../p2p/transport/tcp-transport.ts';
import { canServeBlocks, ServiceFlag } from '../p2p/wire/protocol.ts';
import { systemClock } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { silentLogger } from '../platform/logger.ts';
import { systemRandom } from '../platform/random.ts';
import { HeaderChain } from '../spv/header-chain.ts';
import { PaymentSearchProcessor } from '../spv/verify/payment-search-processor.ts';
import type { PaymentClaim } from '../spv/verify/verify-payment.ts';
import { MemoryStore } from '../store/memory-store.ts';

/** Milliseconds in which a node has to be connected, its handshake done. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Milliseconds without a further header after which those that are known are taken. */
const HEADERS_PATIENCE_MS = 15_000;
/** Milliseconds for all headers (Core: HEADERS_DOWNLOAD_TIMEOUT_BASE). */
const HEADERS_TIMEOUT_MS = 15 * 60_000;
const POLL_INTERVAL_MS = 10;

/** Where the block of a transaction is looked for. */
export interface WhereToLook {
  /** In this block of the best chain: its hash (32 bytes, internal order) or its height. */
  readonly block?: Uint8Array | number;
  /** Scripts that the transaction pays to or spends from. */
  readonly scripts?: readonly Uint8Array[];
}

/** What the search is at, for people. */
export type FinderProgress =
  | { readonly stage: 'headers'; readonly height: number }
  | { readonly stage: 'search'; readonly height: number };

/** A payment that was found, unverified: `claim` is to be checked against `chain`. */
export interface FoundPayment {
  readonly chain: HeaderChain;
  readonly claim: PaymentClaim;
  /** `HOST:PORT` of those that were asked. */
  readonly asked: readonly string[];
}

/** Options of `findPayment`. */
export interface PaymentFinderOptions {
  readonly params: ChainParams;
  readonly txid: Uint8Array;
  /** Whom to ask; one that answers is enough. */
  readonly nodes: readonly Endpoint[];
  readonly where: WhereToLook;
  /** Called as the search proceeds. */
  readonly progress?: (progress: FinderProgress) => void;
}

/**
 * Asks nodes for their headers, and for the block that holds a transaction, as a light client that keeps nothing. Throws
 * `PierError`: 'no-peer', 'no-headers', 'no-such-block', 'not-in-block', 'cannot-search', 'not-found', 'block-timeout'.
 */
export async function findPayment(options: PaymentFinderOptions): Promise<FoundPayment> {
  const { params, txid, nodes, where, progress = () => {} } = options;
  const common = { clock: systemClock, logger: silentLogger, random: systemRandom };
  const chain = await HeaderChain.open(params, { ...common, store: new MemoryStore() });
  const book = new AddressBook(common);
  const reached = (height: number) => progress({ stage: 'search', height });
  const processor = new PaymentSearchProcessor({}, { ...common, chain, txid, reached });
  const connections = new ConnectionManager(
    { magic: params.magic, sparesAddedNodes: false, maxOutbound: 0, maxBlockRelayOnly: 0 },
    { ...common, transport: new TcpTransport(), book, processor },
  );
  // The system's timers keep no process alive, and a peer may be gone before it has answered.
  const keepAlive = setInterval(() => {}, 60_000);
  try {
    await connections.start();
    const connected = await connectAll(connections, nodes);
    await untilHeadersReceived(connections, processor, chain, progress);
    const claim = await look(chain, processor, where, options);
    return { chain, claim, asked: connected.map((peer) => formatEndpoint(peer.target ?? peer.remote)) };
  } finally {
    clearInterval(keepAlive);
    await connections.stop();
  }
}

async function connectAll(connections: ConnectionManager, nodes: readonly Endpoint[]): Promise<Peer[]> {
  const names = nodes.map(formatEndpoint).join(', ');
  const calls = await Promise.allSettled(nodes.map((node) => inTime(connections.connect(node), node)));
  const connected = calls.flatMap((call) => (call.status === 'fulfilled' ? [call.value] : []));
  const serving = connected.filter(({ services }) => canServeBlocks(services));
  if (serving.length > 0) return serving;
  const failed = calls.find((call) => call.status === 'rejected');
  const why = failed ? String((failed.reason as Error).message) : 'it has no blocks to show';
  throw new PierError('no-peer', `nobody can be asked at ${names || 'no address'}: ${why}`, {
    hint: 'Name a node that runs and has all blocks with --node HOST:PORT.',
  });
}

function inTime(connecting: Promise<Peer>, node: Endpoint): Promise<Peer> {
  return new Promise((resolve, reject) => {
    const late = new PierError('connect-failed', `${formatEndpoint(node)} does not answer`);
    const timer = setTimeout(() => reject(late), CONNECT_TIMEOUT_MS);
    connecting.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits for the chains of all peers, as long as there is progress; one that has told its own is enough. */
async function untilHeadersReceived(
  connections: ConnectionManager,
  processor: PaymentSearchProcessor,
  chain: HeaderChain,
  progress: (progress: FinderProgress) => void,
): Promise<void> {
  const end = systemClock.monotonic() + HEADERS_TIMEOUT_MS;
  let reached = -1;
  let since = systemClock.monotonic();
  for (;;) {
    const ready = connections.peers().filter((peer) => peer.isReady && canServeBlocks(peer.services));
    if (ready.length > 0 && ready.every((peer) => processor.hasSentChain(peer))) break;
    const height = processor.presyncedHeaders ?? chain.tip.height;
    if (height !== reached) {
      reached = height;
      since = systemClock.monotonic();
      progress({ stage: 'headers', height });
    }
    const now = systemClock.monotonic();
    const isLate = now - since > HEADERS_PATIENCE_MS || now > end;
    if (isLate && ready.some((peer) => processor.hasSentChain(peer))) break;
    if (isLate || ready.length === 0) {
      throw new PierError('no-headers', 'no node that was asked has told its chain of headers', {
        hint: 'It may be of another network, or its chain invalid. Name another with --node HOST:PORT.',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  const { tip, params } = chain;
  if (tip.chainwork < params.minimumChainWork) {
    throw new PierError('no-headers', `the chain that was told has less work than ${params.network}'s`, {
      hint: 'Name another node with --node HOST:PORT.',
    });
  }
}

async function look(
  chain: HeaderChain,
  { search }: PaymentSearchProcessor,
  { block, scripts }: WhereToLook,
  { nodes }: PaymentFinderOptions,
): Promise<PaymentClaim> {
  if (block !== undefined) {
    const index = blockAt(chain, block);
    const claim = await search.inBlock(index);
    if (claim) return claim;
    throw new PierError(
      'not-in-block',
      `block ${index.hashHex} at height ${index.height} does not hold the transaction`,
    );
  }
  const mayBloom = search.offers(ServiceFlag.BLOOM);
  const mayFilter = scripts !== undefined && search.offers(ServiceFlag.COMPACT_FILTERS);
  const names = nodes.map(formatEndpoint).join(', ');
  if (!mayBloom && !mayFilter) {
    const more = scripts === undefined ? '--address A, one that it pays; or ' : '';
    throw new PierError('cannot-search', `${names} cannot be asked which block holds the transaction`, {
      hint: `Add ${more}--block HASH, or its height; or name a node with Bloom filters, as 'pier startnode --peerbloomfilters' has.`,
    });
  }
  // Block filters first: they tell nobody what is sought.
  const claim =
    (mayFilter ? await search.byBlockFilters(scripts) : undefined) ??
    (mayBloom ? await search.byBloomFilter() : undefined);
  if (claim) return claim;
  throw new PierError(
    'not-found',
    `no block from 0 to ${chain.tip.height} is known to hold the transaction: it is unconfirmed, or ${names} does not show it`,
    { hint: 'Ask again when a block has been mined, or another node with --node HOST:PORT.' },
  );
}

function blockAt(chain: HeaderChain, block: Uint8Array | number): BlockIndex {
  const index = typeof block === 'number' ? chain.atHeight(block) : chain.getIndex(block);
  if (index && chain.contains(index)) return index;
  throw new PierError('no-such-block', `the best chain, of height ${chain.tip.height}, has no such block`);
}
