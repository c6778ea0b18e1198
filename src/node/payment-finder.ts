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

/** Milliseconds a node may take to connect and complete the handshake. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Milliseconds without a new header after which the header sync ends, if any peer has sent its whole chain. */
const HEADERS_STALL_MS = 15_000;
/** Milliseconds the header sync may take (Core: HEADERS_DOWNLOAD_TIMEOUT_BASE). */
const HEADERS_TIMEOUT_MS = 15 * 60_000;
const POLL_INTERVAL_MS = 10;

/** Limits the blocks that are searched for a transaction. */
export interface PaymentSearchScope {
  /** The only block to check: its hash (32 bytes, internal order) or its height in the best chain. */
  readonly block?: Uint8Array | number;
  /** Scripts that the transaction pays to or spends from; block filters (BIP158) are matched against them. */
  readonly scripts?: readonly Uint8Array[];
}

/** Progress of `findPayment`: the height of the header sync, or the lowest height searched so far. */
export type FinderProgress =
  | { readonly stage: 'headers'; readonly height: number }
  | { readonly stage: 'search'; readonly height: number };

/** The result of `findPayment`; the caller verifies `claim` against `chain`. */
export interface FoundPayment {
  /** Headers of the best chain that the nodes sent. */
  readonly chain: HeaderChain;
  /** The transaction, with the proof that a block of `chain` contains it. */
  readonly claim: PaymentClaim;
  /** `HOST:PORT` of the nodes that were connected and serve blocks. */
  readonly sources: readonly string[];
}

/** Options of `findPayment`. */
export interface PaymentFinderOptions {
  readonly params: ChainParams;
  /** 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** Nodes to query. The search needs only one of them to answer. */
  readonly nodes: readonly Endpoint[];
  readonly scope: PaymentSearchScope;
  /** Called as the search proceeds. */
  readonly progress?: (progress: FinderProgress) => void;
}

/**
 * Downloads headers from nodes and searches for the block that contains a transaction, as a light client without files.
 * Throws `PierError` 'no-peer', 'no-headers', 'no-such-block', 'not-in-block', 'cannot-search', 'not-found' or
 * 'block-timeout'.
 */
export async function findPayment(options: PaymentFinderOptions): Promise<FoundPayment> {
  const { params, txid, nodes, scope, progress = () => {} } = options;
  const common = { clock: systemClock, logger: silentLogger, random: systemRandom };
  const chain = await HeaderChain.open(params, { ...common, store: new MemoryStore() });
  const book = new AddressBook(common);
  const reached = (height: number) => progress({ stage: 'search', height });
  const processor = new PaymentSearchProcessor({}, { ...common, chain, txid, reached });
  const connections = new ConnectionManager(
    { magic: params.magic, sparesAddedNodes: false, maxOutbound: 0, maxBlockRelayOnly: 0 },
    { ...common, transport: new TcpTransport(), book, processor },
  );
  // Keeps the process alive: timers of `systemClock` do not, and the sockets may all be closed.
  const keepAlive = setInterval(() => {}, 60_000);
  try {
    await connections.start();
    const connected = await connectAll(connections, nodes);
    await untilHeadersReceived(connections, processor, chain, progress);
    const claim = await findClaim(chain, processor, scope, options);
    return { chain, claim, sources: connected.map((peer) => formatEndpoint(peer.target ?? peer.remote)) };
  } finally {
    clearInterval(keepAlive);
    await connections.stop();
  }
}

async function connectAll(connections: ConnectionManager, nodes: readonly Endpoint[]): Promise<Peer[]> {
  const names = nodes.map(formatEndpoint).join(', ');
  const attempts = await Promise.allSettled(nodes.map((node) => withTimeout(connections.connect(node), node)));
  const connected = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const serving = connected.filter(({ services }) => canServeBlocks(services));
  if (serving.length > 0) return serving;
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  const why = failed ? String((failed.reason as Error).message) : 'it does not serve blocks';
  throw new PierError('no-peer', `no node serves blocks at ${names || 'any address'}: ${why}`, {
    hint: 'Use --node HOST:PORT to name a running node that stores all blocks.',
  });
}

function withTimeout(connecting: Promise<Peer>, node: Endpoint): Promise<Peer> {
  return new Promise((resolve, reject) => {
    const late = new PierError(
      'connect-failed',
      `${formatEndpoint(node)} did not answer within ${CONNECT_TIMEOUT_MS / 1000} s`,
    );
    const timer = setTimeout(() => reject(late), CONNECT_TIMEOUT_MS);
    connecting.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Waits until all peers have sent their chains. When the sync stalls, the chain of one peer is enough. Throws `PierError`
 * 'no-headers'.
 */
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
    const isLate = now - since > HEADERS_STALL_MS || now > end;
    if (isLate && ready.some((peer) => processor.hasSentChain(peer))) break;
    if (isLate || ready.length === 0) {
      throw new PierError('no-headers', 'no node has sent a complete header chain', {
        hint: 'A node may be on another network, or on an invalid chain. Use --node HOST:PORT to name another one.',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  const { tip, params } = chain;
  if (tip.chainwork < params.minimumChainWork) {
    throw new PierError(
      'no-headers',
      `the best header chain received has less work than the minimum chainwork of ${params.network}`,
      {
        hint: 'Use --node HOST:PORT to name another node.',
      },
    );
  }
}

/** Finds the block in `scope` and returns the claim with its proof. Throws `PierError`. */
async function findClaim(
  chain: HeaderChain,
  { search }: PaymentSearchProcessor,
  { block, scripts }: PaymentSearchScope,
  { nodes }: PaymentFinderOptions,
): Promise<PaymentClaim> {
  if (block !== undefined) {
    const index = blockAt(chain, block);
    const claim = await search.inBlock(index);
    if (claim) return claim;
    throw new PierError(
      'not-in-block',
      `block ${index.hashHex} at height ${index.height} does not contain the transaction`,
    );
  }
  const canUseBloom = search.offers(ServiceFlag.BLOOM);
  const canUseFilters = scripts !== undefined && search.offers(ServiceFlag.COMPACT_FILTERS);
  const names = nodes.map(formatEndpoint).join(', ');
  if (!canUseBloom && !canUseFilters) {
    const byAddress = scripts === undefined ? '--address A with an address of the transaction, ' : '';
    throw new PierError('cannot-search', `${names} cannot be searched for the block that contains the transaction`, {
      hint: `Add ${byAddress}--block HASH or --block HEIGHT, or name a node that serves Bloom filters (pier startnode --peerbloomfilters).`,
    });
  }
  // Block filters first: they do not reveal the txid to the peer.
  const claim =
    (canUseFilters ? await search.byBlockFilters(scripts) : undefined) ??
    (canUseBloom ? await search.byBloomFilter() : undefined);
  if (claim) return claim;
  throw new PierError(
    'not-found',
    `no block from 0 to ${chain.tip.height} contains the transaction: it is unconfirmed, or hidden by ${names}`,
    { hint: 'Try again after the next block, or use --node HOST:PORT to name another node.' },
  );
}

function blockAt(chain: HeaderChain, block: Uint8Array | number): BlockIndex {
  const index = typeof block === 'number' ? chain.atHeight(block) : chain.getIndex(block);
  if (index && chain.contains(index)) return index;
  throw new PierError('no-such-block', `the block is not in the best chain, which has height ${chain.tip.height}`);
}
