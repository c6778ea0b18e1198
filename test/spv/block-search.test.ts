import { expect, it } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { AddressBook } from '../../src/p2p/addresses/address-book.ts';
import { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import { ServiceFlag } from '../../src/p2p/wire/protocol.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { Block } from '../../src/primitives/block.ts';
import { basicFilterElements, encodeFilter } from '../../src/proofs/block-filter.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { PartialMerkleTree } from '../../src/proofs/partial-merkle-tree.ts';
import { HeaderChain } from '../../src/spv/header-chain.ts';
import { PaymentSearchProcessor } from '../../src/spv/verify/payment-search-processor.ts';
import { selfContained, verifySelfContained } from '../../src/spv/verify/proof-file.ts';
import type { PaymentClaim } from '../../src/spv/verify/verify-payment.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { OP_TRUE } from '../chain/support/builder.ts';
import { FakePeer, versionMessage } from '../p2p/support/fake-peer.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { blocksOf, payment } from './support/proved-payment.ts';

const net = new TestNetwork();
/** More than one batch of blocks; the payment is in the second batch from the tip. */
const counts = Array.from({ length: 150 }, (_, i) => (i === 29 ? 3 : 0));
const blocks = blocksOf(counts);
const sought = blocks[30]!.transactions[2]!;
const heights = new Map(blocks.map((block, height) => [block.hashHex, height]));

interface Lies {
  /** Returns the merkle block to send instead of the right one; undefined for no answer. */
  merkleBlock?(height: number, truth: MerkleBlock): MerkleBlock | undefined;
  filter?(height: number, truth: Uint8Array): Uint8Array;
}

let nextPort = 5000;

/** Starts a fake node that serves Bloom and block filters of these blocks, and may lie. */
async function serve(
  lies: Lies = {},
  served: readonly Block[] = blocks,
): Promise<{ endpoint: { host: string; port: number }; peer(): FakePeer }> {
  const endpoint = { host: '127.0.0.1', port: nextPort++ };
  let peer!: FakePeer;
  const services = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.BLOOM | ServiceFlag.COMPACT_FILTERS;
  await net.network.transport().listen(endpoint, (connection) => {
    peer = new FakePeer(net, connection);
    peer.on('version', () => {
      peer.send('version', versionMessage({ services, startHeight: served.length - 1 }));
      peer.send('verack', {});
    });
    peer.on('getheaders', () => peer.send('headers', { headers: served.slice(1).map(({ header }) => header) }));
    peer.on('filterload', (filter) => expect(filter.isWithinSizeConstraints).toBe(true));
    peer.on('getdata', ({ entries }) => {
      for (const { type, hash } of entries) {
        const block = served.find((each) => Buffer.compare(each.hash, hash) === 0)!;
        if (type !== InvType.FILTERED_BLOCK) peer.send('block', block);
        else answer(block);
      }
    });
    const answer = (block: Block) => {
      const truth = MerkleBlock.of(
        block,
        block.transactions.map((tx) => tx.txidHex === sought.txidHex),
      );
      const sent = lies.merkleBlock ? lies.merkleBlock(heights.get(block.hashHex)!, truth) : truth;
      if (sent) peer.send('merkleblock', sent);
    };
    peer.on('getcfilters', ({ filterType, startHeight, stopHash }) => {
      for (const [height, block] of served.entries()) {
        if (height < startHeight) continue;
        const truth = encodeFilter(block.hash, basicFilterElements(block, []));
        const filter = lies.filter?.(height, truth) ?? truth;
        peer.send('cfilter', { filterType, blockHash: block.hash, filter });
        if (Buffer.compare(block.hash, stopHash) === 0) break;
      }
    });
  });
  return { endpoint, peer: () => peer };
}

interface Outcome {
  readonly claim: PaymentClaim | undefined;
  readonly chain: HeaderChain;
  /** Disconnect reasons. */
  readonly disconnects: string[];
}

/** Searches for the payment with these nodes, in this order. */
async function search(
  servers: readonly { endpoint: { host: string; port: number } }[],
  look: (processor: PaymentSearchProcessor) => Promise<PaymentClaim | undefined>,
  txid = sought.txid,
): Promise<Outcome> {
  const common = { clock: net.clock, logger: silentLogger, random: new SeededRandom(5) };
  const chain = await HeaderChain.open(regtest, { ...common, store: new MemoryStore() });
  const book = new AddressBook(common);
  const processor = new PaymentSearchProcessor({ v2Transport: false }, { ...common, chain, txid, reached: () => {} });
  const peers = new ConnectionManager(
    { magic: regtest.magic, sparesAddedNodes: false, maxOutbound: 0, maxBlockRelayOnly: 0 },
    { ...common, transport: net.network.transport(), book, processor },
  );
  const disconnects: string[] = [];
  peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
  await peers.start();
  for (const { endpoint } of servers) void peers.connect(endpoint);
  await net.until(
    () => peers.peers().length === servers.length && peers.peers().every((p) => processor.hasSentChain(p)),
  );
  let done = false;
  const looking = look(processor).finally(() => {
    done = true;
  });
  await net.until(() => done, 200_000, 100);
  const claim = await looking;
  await peers.stop();
  return { claim, chain, disconnects: disconnects.filter((reason) => reason !== 'node shutdown') };
}

const bloom = (processor: PaymentSearchProcessor) => processor.search.byBloomFilter();
const filters = (processor: PaymentSearchProcessor) => processor.search.byBlockFilters([OP_TRUE]);

function expectProved({ claim, chain }: Outcome): void {
  const proof = selfContained(chain, claim!);
  const nowSeconds = Math.floor(net.clock.now() / 1000);
  const verdict = verifySelfContained(regtest, proof, { nowSeconds, txid: sought.txid });
  expect(verdict).toMatchObject({ verified: true, position: 2, confirmations: 121 });
}

it('finds the block by a Bloom filter, and by block filters, from the tip down', async () => {
  for (const look of [bloom, filters]) {
    const outcome = await search([await serve()], look);
    expectProved(outcome);
    expect(outcome.disconnects).toEqual([]);
  }
});

it('finds nothing if no block contains the transaction', async () => {
  for (const look of [bloom, filters]) {
    expect((await search([await serve()], look, payment(5).txid)).claim).toBeUndefined();
  }
});

it('asks the next node if one hides the block, sends an invalid answer, or does not answer', async () => {
  const hidden: Lies = {
    merkleBlock: (height, truth) => (height === 30 ? MerkleBlock.of(blocks[30]!, [false, false, false, false]) : truth),
    filter: (height, truth) => (height === 30 ? encodeFilter(blocks[30]!.hash, []) : truth),
  };
  for (const look of [bloom, filters]) expectProved(await search([await serve(hidden), await serve()], look));

  // A merkle tree of the txid alone, with a header that does not commit to it.
  const elsewhere: Lies = {
    merkleBlock: (height, truth) =>
      height === 140 ? new MerkleBlock(truth.header, PartialMerkleTree.of([sought.txid], [true])) : truth,
  };
  const outcome = await search([await serve(elsewhere), await serve()], bloom);
  expectProved(outcome);
  expect(outcome.disconnects).toEqual([expect.stringMatching(/misbehaving: invalid merkleblock/)]);

  const silent: Lies = { merkleBlock: (height, truth) => (height === 100 ? undefined : truth) };
  const second = await search([await serve(silent), await serve()], bloom);
  expectProved(second);
  expect(second.disconnects).toEqual(['block search timeout']);

  const nonsense: Lies = { filter: (height, truth) => (height === 120 ? Uint8Array.of(0xff) : truth) };
  const third = await search([await serve(nonsense), await serve()], filters);
  expectProved(third);
  expect(third.disconnects).toEqual([expect.stringMatching(/misbehaving: malformed filter/)]);
});

it('finds nothing in a chain with less work than another, even if it contains the transaction', async () => {
  const without = blocksOf(counts.map(() => 1));
  const short = blocks.slice(0, 60);
  for (const look of [bloom, filters]) {
    const alone = await search([await serve({}, short)], look);
    expect(alone.claim?.height).toBe(30);
    const both = await search([await serve({}, short), await serve({}, without)], look);
    expect([both.claim, both.chain.tip.height]).toEqual([undefined, 150]);
  }
});
