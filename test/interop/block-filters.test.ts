import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { Chain } from '../../src/chain/chain.ts';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { regtest } from '../../src/consensus/params.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { Transaction, TxOut } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { type BlockPlan, mineBlock, OP_TRUE, outpoint } from '../chain/support/builder.ts';
import { wellFormed } from '../p2p/support/raw-message.ts';
import { RawPeer } from '../p2p/support/raw-peer.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { type Coin, type CoinKind, oddKinds, satisfyAll, standardKinds, unsigned } from '../support/coin-kinds.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

/** Height up to which blocks spend and create outputs of all kinds. The first 100 blocks only provide coins. */
const FULL = 500;
/** Height of the tip: above two checkpoints and above the limit of one getcfheaders. */
const TIP = 2_010;

const spendable = ['p2pk', 'bare multisig', 'anchor', 'nonstandard', 'unknown witness version', 'p2sh true'];
const kinds: readonly CoinKind[] = [
  ...standardKinds,
  ...oddKinds.filter(({ name }) => spendable.includes(name) || name.startsWith('tapscript true')),
  unsigned('an empty script', new Uint8Array(0), { scriptSig: OP_TRUE }),
];
const anyone = oddKinds.find(({ name }) => name === 'nonstandard')!;
const unspendable = oddKinds.filter(({ name }) => name.startsWith('op_return'));

/** Spends coins to one output of 1,000 satoshis per kind; the rest is the fee. */
function pay(coins: readonly Coin[], ...to: readonly CoinKind[]): { tx: Transaction; made: Coin[]; fee: bigint } {
  const outputs: TxOut[] = to.map(({ scriptPubKey }) => ({ value: 1_000n, scriptPubKey }));
  const inputs = coins.map((coin) => ({ coin, sequence: 0xffff_ffff }));
  const tx = satisfyAll({ inputs, outputs, version: 2, lockTime: 0 });
  const made = to.map((kind, vout) => ({ outpoint: outpoint(tx, vout), value: 1_000n, kind }));
  const spent = coins.reduce((sum, { value }) => sum + value, 0n);
  return { tx, made, fee: spent - 1_000n * BigInt(to.length) };
}

/** Plans the block at a height: it spends outputs of the previous block and of the block itself. */
function plan(height: number, matured: Block, before: readonly Coin[]): { plan: BlockPlan; made: Coin[] } {
  const kind = (i: number) => kinds[(height * 3 + i) % kinds.length]!;
  const coin = { outpoint: outpoint(matured.transactions[0]!), value: 5_000_000_000n, kind: anyone };
  const first = pay([coin], kind(0), kind(1), kind(2), kind(0), ...unspendable);
  const second = pay([first.made[3]!, ...before], kind(height));
  const fees = first.fee + second.fee;
  return { plan: { transactions: [first.tx, second.tx], fees }, made: first.made.slice(0, 3) };
}

/** Encodes a block as in Core's block files: magic, size, block. */
function inBlockFile(block: Block): Uint8Array[] {
  const bytes = block.encode();
  return [regtest.magic, new ByteWriter(4).u32(bytes.length).finish(), bytes];
}

describeBitcoind('block filters (BIP157, BIP158), compared with bitcoind', () => {
  let bitcoind: Bitcoind;
  let chain: Chain;
  let mempool: Mempool;
  let peers: ConnectionManager;

  beforeAll(async () => {
    const modules = { clock: systemClock, logger: silentLogger };
    chain = await Chain.open({ params: regtest, blockFilterIndex: true }, { ...modules, store: new MemoryStore() });
    mempool = new Mempool({}, { ...modules, chain });
    ({ connections: peers } = fullNodeConnections(
      { listen: [{ host: '127.0.0.1', port: 0 }] },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    ));
    await peers.start();
    const start = Math.floor(Date.now() / 1000) - TIP;
    const blocks: Block[] = [];
    let made: Coin[] = [];
    let prev: BlockIndex = chain.tip;
    while (prev.height < TIP) {
      const height = prev.height + 1;
      const isFull = height > 100 && height <= FULL;
      const content = isFull ? plan(height, blocks[height - 101]!, made) : undefined;
      made = content?.made ?? [];
      const coinbaseOutputs = [{ value: 5_000_000_000n, scriptPubKey: OP_TRUE }];
      const more = height <= FULL - 100 ? { coinbaseOutputs } : {};
      const block = mineBlock(prev, { ...content?.plan, ...more, time: start + height });
      blocks.push(block);
      prev = await accept(block);
    }
    const file = join(tempDir('filters'), 'blocks.dat');
    writeFileSync(file, concatBytes(...blocks.flatMap(inBlockFile)));
    // The self-check after each block would take most of the time.
    const args = ['-blockfilterindex=1', '-peerblockfilters=1', '-checkblockindex=0', `-loadblock=${file}`];
    bitcoind = await startBitcoind({ args });
    await indexed();
  });
  afterAll(async () => {
    await peers?.stop();
    mempool?.close();
    await chain?.close();
    await bitcoind?.stop();
  });

  async function accept(block: Block): Promise<BlockIndex> {
    const { index, reject } = await chain.acceptBlock(block);
    if (!index || reject) throw new Error(`invalid block: ${reject?.reason} (${reject?.debug})`);
    return index;
  }

  async function acceptBoth(block: Block): Promise<BlockIndex> {
    await bitcoind.rpc('submitblock', toHex(block.encode()));
    return accept(block);
  }

  /** Waits until bitcoind has indexed the filter of our tip. */
  async function indexed(): Promise<void> {
    const tip = chain.tip.hashHex;
    const isThere = () =>
      bitcoind.rpc('getblockfilter', tip).then(
        () => true,
        () => false,
      );
    await waitFor(isThere, { timeoutMs: 30_000, describe: "bitcoind's filter index" });
  }

  it('are equal for blocks that create and spend outputs of all kinds', async () => {
    for (let from = 0; from <= FULL; from += 50) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const index = chain.atHeight(from + i)!;
          const theirs = await bitcoind.rpc('getblockfilter', index.hashHex);
          const header = toReversedHex(chain.blockFilters!.commitment(index)!.header);
          expect({ filter: toHex(chain.blockFilters!.filter(index)!), header }, `${index.height}`).toEqual(theirs);
        }),
      );
    }
  });

  /** Sends requests to both nodes and returns the responses of each, as commands with the hash of the payload. */
  async function responses(...requests: readonly Uint8Array[]): Promise<{ ours: string[]; theirs: string[] }> {
    const request = async (port: number) => {
      const peer = new RawPeer(port);
      await peer.shakeHands();
      const messages = await peer.request(requests);
      const received = messages
        .filter(({ command }) => /^cf|^pong/.test(command))
        .map(({ command, payload }) => `${command} ${toHex(sha256(payload))}`);
      const { closed } = peer;
      peer.close();
      return closed ? [...received, 'closed'] : received;
    };
    const [ours, theirs] = await Promise.all([request(peers.endpoint!.port), request(bitcoind.port)]);
    return { ours, theirs };
  }

  const hashAt = (height: number) => chain.atHeight(height)!.hash;
  const range = (startHeight: number, stop: number) => ({ filterType: 0, startHeight, stopHash: hashAt(stop) });
  const filters = (start: number, stop: number) => wellFormed('getcfilters', range(start, stop));
  const headers = (start: number, stop: number) => wellFormed('getcfheaders', range(start, stop));
  const checkpoints = (stop: number) => wellFormed('getcfcheckpt', { filterType: 0, stopHash: hashAt(stop) });

  it('are served as the same bytes', async () => {
    const { ours, theirs } = await responses(filters(0, 999), filters(1_000, 1_999), filters(TIP, TIP));
    expect(theirs).toHaveLength(2_002);
    expect(ours).toEqual(theirs);
  });

  it('are served with the same hashes, headers and checkpoints', async () => {
    const ranges = [headers(0, 1_999), headers(1, 2_000), headers(11, TIP), headers(0, 0), headers(TIP, TIP)];
    const stops = [0, 999, 1_000, 1_001, 1_999, 2_000, TIP].map(checkpoints);
    const { ours, theirs } = await responses(...ranges, ...stops);
    expect(theirs).toHaveLength(5 + 7 + 1);
    expect(ours).toEqual(theirs);
  });

  it('are not served for too large a range; the peer is disconnected', async () => {
    for (const request of [filters(0, 1_000), headers(0, 2_000), headers(10, TIP), filters(5, 4)]) {
      expect(await responses(request, filters(0, 0))).toEqual({ ours: ['closed'], theirs: ['closed'] });
    }
  });

  it('are still served for a stale branch', async () => {
    const fork = chain.tip;
    const time = fork.time + 1;
    const stale = await acceptBoth(mineBlock(fork, { tag: 1, time }));
    const active = await acceptBoth(mineBlock(fork, { tag: 2, time }));
    await acceptBoth(mineBlock(active, { time: time + 1 }));
    await indexed();
    expect(chain.contains(stale)).toBe(false);
    const staleRange = { filterType: 0, startHeight: TIP - 1, stopHash: stale.hash };
    const { ours, theirs } = await responses(
      wellFormed('getcfilters', staleRange),
      wellFormed('getcfheaders', staleRange),
    );
    expect(theirs).toHaveLength(3 + 1 + 1);
    expect(ours).toEqual(theirs);
  });
});
