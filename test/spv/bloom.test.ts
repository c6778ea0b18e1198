import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MAX_BLOOM_FILTER_SIZE } from '../../src/proofs/bloom-filter.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { parentHash } from '../../src/proofs/merkle-tree.ts';
import { PartialMerkleTree } from '../../src/proofs/partial-merkle-tree.ts';
import { verifyTransactionProof } from '../../src/proofs/transaction-proof.ts';
import { type BlockPlan, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { BlockList, type BloomLies, BloomServer, startBloomLight, walletScripts } from './support/bloom-network.ts';

const net = new TestNetwork();
let port = 5000;
let scripts: Uint8Array[];

beforeAll(async () => {
  scripts = await walletScripts(40);
});

let coins = 0;
/** Returns a transaction that pays the wallet's address at this index; it spends an unknown output. */
function payment(address = 0, value = 1000n): Transaction {
  const txid = sha256d(Uint8Array.of(coins, coins++ >>> 8));
  return spend({ inputs: [{ txid, vout: 0 }], outputs: [{ value, scriptPubKey: scripts[address]! }] });
}

/** Returns a transaction that spends the wallet's output, without a signature. */
function spending(tx: Transaction): Transaction {
  return spend({ inputs: [outpoint(tx)], outputs: [{ value: 900n, scriptPubKey: OP_TRUE }] });
}

function stranger(): Transaction {
  const txid = sha256d(Uint8Array.of(9, coins, coins++ >>> 8));
  return spend({ inputs: [{ txid, vout: 1 }], outputs: [{ value: 5n, scriptPubKey: OP_TRUE }] });
}

/** Returns a chain of this height; `holds` are the wallet's transactions by height, mixed with others. */
function chainOf(height: number, holds: Record<number, readonly Transaction[]> = {}): BlockList {
  const plan = (at: number): BlockPlan =>
    holds[at] ? { transactions: [stranger(), ...holds[at], stranger(), stranger()] } : {};
  return new BlockList(Array.from({ length: height }, (_, i) => plan(i + 1)));
}

function serve(chain: BlockList, lies: BloomLies = {}): Promise<BloomServer> {
  return BloomServer.start(net, port++, chain, lies);
}

const txids = (transactions: readonly { readonly txidHex: string }[]) => transactions.map(({ txidHex }) => txidHex);
const confirmed = ({ wallet }: { readonly wallet: { history(): readonly { entry: { tx: Transaction } }[] } }) =>
  txids(wallet.history().map(({ entry }) => entry.tx));

describe('a light node with Bloom filters', () => {
  it('finds payments and spends, proves each with the depth of the tree, and fetches no full block', async () => {
    const [first, second] = [payment(0), payment(3)];
    const [spent, reward] = [spending(first), { value: 7n, scriptPubKey: scripts[1]! }];
    const plans = Array.from({ length: 400 }, (_, i): BlockPlan => {
      if (i === 99) return { transactions: [stranger(), first, stranger()] };
      if (i === 100) return { transactions: [stranger(), spent, second] };
      return i === 299 ? { coinbaseOutputs: [reward] } : {};
    });
    const chain = new BlockList(plans);
    const server = await serve(chain);
    const light = await startBloomLight(net, [server]);
    await net.until(() => light.isAt(400));
    expect(confirmed(light)).toEqual(txids([first, spent, second, chain.blocks[300]!.transactions[0]!]));
    for (const { entry } of light.wallet.history()) {
      const { height, position } = entry.confirmation!;
      const proof = light.proofs.get(entry.tx.txidHex)!;
      expect([proof.height, proof.proof.position]).toEqual([height, position]);
      expect(txids([chain.blocks[height]!.transactions[position]!])).toEqual([entry.tx.txidHex]);
      const { header } = chain.blocks[height]!;
      const result = verifyTransactionProof({ header, transaction: entry.tx, ...proof });
      expect(result).toEqual({ valid: true, position, depthProved: true });
    }
    expect(light.wallet.balance().trusted).toBe(1007n);
    expect([server.fullBlockRequests, light.processor.scanner.counts.blocks]).toEqual([0, 0]);
    expect(light.disconnects).toEqual([]);
    await light.stop();
  });

  it('sends the same filter to two peers, with few false positives', async () => {
    const chain = chainOf(60, { 20: [payment(0)] });
    const servers = [await serve(chain), await serve(chain), await serve(chain)];
    const light = await startBloomLight(net, servers);
    await net.until(() => light.isAt(60));
    await net.advance(3000);
    const loaded = servers.filter(({ filters }) => filters.length > 0);
    // Two peers check each other. A third one would only learn the wallet's addresses.
    expect(loaded).toHaveLength(2);
    const filters = loaded.flatMap((server) => server.filters);
    expect(new Set(filters.map(({ tweak, data, hashFuncs }) => `${tweak} ${data.length} ${hashFuncs}`)).size).toBe(1);
    const last = filters.at(-1)!;
    expect(last.data.length).toBeLessThanOrEqual(MAX_BLOOM_FILTER_SIZE);
    // BIP37 tests the data pushes of a script: here the witness program.
    expect(scripts.slice(0, 20).every((script) => last.contains(script.subarray(2)))).toBe(true);
    let others = 0;
    for (let i = 0; i < 50_000; i++) if (last.contains(sha256d(Uint8Array.of(i, i >>> 8)))) others++;
    expect(others).toBeLessThan(25);
    // Every block was requested from both.
    for (const { requestedHeights } of loaded) expect(new Set(requestedHeights).size).toBe(60);
    await light.stop();
  });

  it.each([0, 1])('finds a payment that one of two peers omits, and drops that peer (order %i)', async (order) => {
    const hidden = payment(1);
    const chain = chainOf(50, { 10: [payment(0)], 30: [hidden] });
    const honest = await serve(chain);
    const liar = await serve(chain, { omits: (tx) => tx.txidHex === hidden.txidHex });
    const light = await startBloomLight(net, order === 0 ? [honest, liar] : [liar, honest]);
    await net.until(() => light.wallet.transaction(hidden.txidHex) !== undefined);
    await net.until(() => light.disconnects.length > 0);
    expect(light.disconnects).toEqual([`misbehaving: omitted matching transaction ${hidden.txidHex}`]);
    expect([honest.isConnected, liar.isConnected]).toEqual([true, false]);
    await light.stop();
  });

  it('requests blocks that only one peer has served from two peers once a second peer can serve them', async () => {
    const hidden = payment(1);
    const chain = chainOf(50, { 10: [payment(0)], 30: [hidden] });
    const liar = await serve(chain, { omits: (tx) => tx.txidHex === hidden.txidHex });
    const late = await BloomServer.start(net, port + 500, chainOf(0));
    const light = await startBloomLight(net, [liar, late]);
    await net.until(() => light.isAt(50));
    expect(light.wallet.transaction(hidden.txidHex)).toBeUndefined();
    late.announce(chain);
    await net.until(() => light.wallet.transaction(hidden.txidHex) !== undefined);
    expect([late.isConnected, liar.isConnected]).toEqual([true, false]);
    await light.stop();
  });

  it('extends the filter when new keys are used, and requests blocks again', async () => {
    // The gap limit is 20: a later key is watched only after an earlier one is found.
    const paid = [payment(15), payment(34), payment(39)];
    const chain = chainOf(60, {
      20: [paid[0]!],
      22: [paid[1]!, spending(paid[0]!)],
      23: [paid[2]!, spending(paid[1]!)],
    });
    const servers = [await serve(chain), await serve(chain)];
    const light = await startBloomLight(net, servers);
    await net.until(() => light.isAt(60));
    expect(confirmed(light)).toHaveLength(5);
    expect(light.wallet.balance().trusted).toBe(1000n);
    expect(light.disconnects).toEqual([]);
    await light.stop();
  });

  it('withdraws proofs of a disconnected branch, and proves a payment again in the new one', async () => {
    const [moved, lost] = [payment(0), payment(1)];
    const chain = chainOf(30, { 20: [moved, lost] });
    const servers = [await serve(chain), await serve(chain)];
    const light = await startBloomLight(net, servers);
    await net.until(() => light.isAt(30));
    const other = new BlockList(
      Array.from({ length: 20 }, (_, i) => ({ tag: 7, ...(i === 12 ? { transactions: [moved] } : {}) })),
      chain.blocks.slice(0, 16),
    );
    for (const server of servers) server.announce(other);
    await net.until(() => light.isAt(35));
    expect(light.proofs.get(moved.txidHex)?.height).toBe(28);
    expect(light.proofs.get(lost.txidHex)).toBeUndefined();
    expect(light.proofs.withdrawn().map(([txid]) => txid)).toEqual([lost.txidHex]);
    expect(light.wallet.transaction(lost.txidHex)?.confirmations).toBe(0);
    expect(light.disconnects).toEqual([]);
    await light.stop();
  });

  it('scans a new block at once', async () => {
    const chain = chainOf(20);
    const server = await serve(chain);
    const light = await startBloomLight(net, [server]);
    await net.until(() => light.isAt(20));
    const paid = payment(2);
    server.announce(new BlockList([{ transactions: [paid] }], chain.blocks));
    await net.until(() => light.wallet.transaction(paid.txidHex)?.confirmations === 1, 1000);
    await light.stop();
  });
});

// The lock time is chosen so that the txid, as the second half of 64 bytes, is the valid end of a transaction.
const unmined = () =>
  spend({
    inputs: [{ txid: new Uint8Array(32).fill(7), vout: 0 }],
    outputs: [{ value: 1000n, scriptPubKey: scripts[0]! }],
    lockTime: 7_943_634,
  });

describe('a light node with Bloom filters rejects', () => {
  const paid = () => payment(0);

  /** Connects to a liar first and an honest server second. Expects to drop the liar and find the payment. */
  async function expectDropped(lies: BloomLies, reason: RegExp | string, maxMs = 10_000): Promise<void> {
    const tx = paid();
    const chain = chainOf(30, { 12: [tx] });
    const [honest, liar] = [await serve(chain), await serve(chain, lies)];
    const light = await startBloomLight(net, [liar, honest]);
    await net.until(() => light.disconnects.length > 0 && light.isAt(30), maxMs);
    expect(light.disconnects).toEqual([expect.stringMatching(reason)]);
    expect([honest.isConnected, liar.isConnected]).toEqual([true, false]);
    expect(confirmed(light)).toEqual([tx.txidHex]);
    await light.stop();
  }

  it('a merkle block with a wrong merkle root', () =>
    expectDropped(
      {
        merkleBlock: ({ header, tree }, height) => {
          const hashes = tree.hashes.map((hash, i) => (height === 12 && i === 1 ? sha256d(hash) : hash));
          return new MerkleBlock(header, new PartialMerkleTree(tree.transactionCount, hashes, tree.flags));
        },
      },
      'invalid merkleblock: merkle root mismatch',
    ));

  it('a merkle block with an unknown header', () =>
    expectDropped(
      {
        merkleBlock: ({ header, tree }, height) =>
          new MerkleBlock(height === 12 ? new BlockHeader({ ...header, nonce: header.nonce + 1 }) : header, tree),
      },
      'unrequested merkleblock',
    ));

  it('a merkle block without one of its transactions', () =>
    expectDropped(
      { transactions: (truth, height) => (height === 12 ? truth.slice(0, 1) : truth) },
      'merkleblock without its matched transactions',
    ));

  it('answers that skip a block', () =>
    expectDropped({ merkleBlock: (truth, height) => (height === 12 ? undefined : truth) }, 'skipped merkleblock'));

  it('an unmined payment below a transaction of 64 bytes (CVE-2017-12842)', async () => {
    const left = concatBytes(Uint8Array.of(1, 0, 0, 0, 1), new Uint8Array(27).fill(5));
    const bait = Transaction.decode(concatBytes(left, unmined().txid));
    expect(bait.strippedSize).toBe(64);
    const chain = new BlockList([{}, { transactions: [stranger(), bait, stranger()] }, {}]);
    const txids = chain.blocks[2]!.transactions.map(({ txid }) => txid);
    // The forged tree is one level deeper than the block's, and presents the bait as an inner node above two leaves.
    const hashes = [parentHash(txids[0]!, txids[1]!), left, unmined().txid, txids[3]!];
    const forged = new PartialMerkleTree(8, hashes, Uint8Array.of(0b0101101));
    expect(new MerkleBlock(chain.blocks[2]!.header, forged).extract().matches).toEqual([
      { txid: unmined().txid, position: 5 },
    ]);
    const liar = await serve(chain, {
      merkleBlock: (truth, height) => (height === 2 ? new MerkleBlock(truth.header, forged) : truth),
      transactions: (truth, height) => (height === 2 ? [unmined()] : truth),
    });
    const light = await startBloomLight(net, [liar]);
    await net.until(() => light.disconnects.length > 0);
    expect(light.disconnects).toEqual([expect.stringMatching('merkleblock without the coinbase')]);
    expect(confirmed(light)).toEqual([]);
    await light.stop();
  });

  it('a transaction of 64 bytes, without a penalty for the peer', async () => {
    const tx = payment(0);
    const fourBytes = { value: 1n, scriptPubKey: new Uint8Array(4).fill(0x51) };
    const small = spend({ inputs: [outpoint(tx)], outputs: [fourBytes] });
    expect(small.strippedSize).toBe(64);
    const chain = chainOf(30, { 10: [tx], 12: [small] });
    const light = await startBloomLight(net, [await serve(chain), await serve(chain)]);
    await net.until(() => light.isAt(30));
    expect(confirmed(light)).toEqual([tx.txidHex]);
    expect(light.disconnects).toEqual([]);
    await light.stop();
  });

  it('many transactions that do not match', async () => {
    const many = Array.from({ length: 150 }, stranger);
    const chain = chainOf(30, { 12: many });
    const wanted = new Set(many.map(({ txidHex }) => txidHex));
    const server = await BloomServer.start(net, port++, chain, { adds: (tx) => wanted.has(tx.txidHex) });
    const light = await startBloomLight(net, [server]);
    await net.until(() => light.disconnects.length > 0);
    expect(light.disconnects).toEqual(['too many non-matching transactions']);
    await light.stop();
  });

  it('a silent peer', () =>
    expectDropped({ silentOn: ['getdata'] }, 'slow merkleblock responses|merkleblock timeout', 30_000));

  it('a slow peer', () => expectDropped({ delay: 5000 }, 'slow merkleblock responses', 40_000));
});

describe('an unconfirmed payment', () => {
  async function atTip() {
    const paid = payment(0, 50_000n);
    const server = await serve(chainOf(20, { 5: [paid] }));
    return { paid, server, start: () => startBloomLight(net, [server]) };
  }

  it('is pending when it is announced, and proved when a block contains it', async () => {
    const { server, start } = await atTip();
    const [before, after] = [payment(1), payment(2)];
    server.addToMempool(before);
    const light = await start();
    await net.until(() => light.wallet.transaction(before.txidHex) !== undefined);
    server.addToMempool(stranger());
    server.addToMempool(after);
    await net.until(() => light.wallet.transaction(after.txidHex) !== undefined);
    expect(light.wallet.balance()).toEqual({ trusted: 50_000n, pending: 2000n, immature: 0n });
    expect(light.wallet.transaction(before.txidHex)?.confirmations).toBe(0);
    expect(light.proofs.get(before.txidHex)).toBeUndefined();
    // The node does not relay it: that would reveal its wallet.
    expect(light.processor.broadcast.size).toBe(0);
    server.announce(new BlockList([{ transactions: [before] }], server.chain.blocks));
    await net.until(() => light.wallet.transaction(before.txidHex)?.confirmations === 1);
    expect(light.proofs.get(before.txidHex)?.height).toBe(21);
    expect(light.wallet.balance()).toEqual({ trusted: 51_000n, pending: 1000n, immature: 0n });
    await light.stop();
  });

  it('that spends our coins is accepted only with valid signatures', async () => {
    const { paid, server, start } = await atTip();
    const light = await start();
    await net.until(() => light.isAt(20));
    server.addToMempool(spending(paid));
    await net.advance(2000);
    expect(light.wallet.balance().trusted).toBe(50_000n);
    // A payment from another copy of the wallet.
    const { tx } = await light.wallet.createTransaction([{ value: 20_000n, scriptPubKey: OP_TRUE }], { feeRate: 1 });
    server.addToMempool(tx);
    await net.until(() => light.wallet.transaction(tx.txidHex) !== undefined);
    expect(light.wallet.transaction(spending(paid).txidHex)).toBeUndefined();
    await light.stop();
  });

  it('is replaced by a later conflicting one, and rejected if it conflicts with a block', async () => {
    const { server, start } = await atTip();
    const light = await start();
    await net.until(() => light.isAt(20));
    const first = payment(1);
    const rival = (value: bigint, address: number) =>
      spend({ inputs: [first.inputs[0]!.prevout], outputs: [{ value, scriptPubKey: scripts[address]! }] });
    server.addToMempool(first);
    server.addToMempool(rival(700n, 2));
    await net.until(() => light.wallet.balance().pending === 700n);
    server.announce(new BlockList([{ transactions: [rival(800n, 3)] }], server.chain.blocks));
    await net.until(() => light.isAt(21));
    expect(light.wallet.balance()).toEqual({ trusted: 50_800n, pending: 0n, immature: 0n });
    expect(light.wallet.transaction(first.txidHex)?.confirmations).toBe(-1);
    server.addToMempool(rival(900n, 4));
    await net.advance(2000);
    expect(light.wallet.balance()).toEqual({ trusted: 50_800n, pending: 0n, immature: 0n });
    await light.stop();
  });

  it('is one of at most a hundred, since a peer can invent them', async () => {
    const { server, start } = await atTip();
    const light = await start();
    await net.until(() => light.isAt(20));
    for (let i = 0; i < 150; i++) {
      server.addToMempool(payment(0));
      if (i % 50 === 49) await net.advance(100);
    }
    await net.advance(1000);
    expect(light.wallet.balance().pending).toBe(100_000n);
    await light.stop();
  });
});
