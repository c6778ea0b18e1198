import { afterAll, beforeAll, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { decodeMessage } from '../../src/p2p/wire/messages/index.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { BloomFilter } from '../../src/proofs/bloom-filter.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { ScriptCursor } from '../../src/script/cursor.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mineBlock, OP_TRUE, outpoint } from '../chain/support/builder.ts';
import { bloomMisbehaviours } from '../p2p/support/bloom-misbehaviours.ts';
import { raw, wellFormed } from '../p2p/support/raw-message.ts';
import { RawPeer } from '../p2p/support/raw-peer.ts';
import { type Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { Choice } from '../support/choice.ts';
import { type Coin, type CoinKind, oddKinds, satisfyAll, standardKinds, unsigned } from '../support/coin-kinds.ts';
import { startCorePolicyNode } from '../support/core-policy.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { verdictOfBitcoind, verdictOfPier } from './support/verdict.ts';

const MATURE = 140;
/** Blocks with transactions, on top of the empty ones. */
const BLOCKS = 5;
/** Transactions per block. */
const PER_BLOCK = 12;
const FILTERS = 25;

const choice = new Choice(new SeededRandom(37));
const bareKinds = oddKinds.filter(({ name }) => name === 'p2pk' || name === 'bare multisig');

/** Returns a random kind; if `isShort`, one whose script has at most 34 bytes, which is the limit of Knots' mempool. */
function randomKind(isShort: boolean): CoinKind {
  if (choice.chance(3)) return unsigned('data', compileScript(choice.bytes(1 + choice.int(31)), Op.OP_DROP, Op.OP_1));
  return choice.pick(isShort || choice.chance(2) ? standardKinds : bareKinds);
}

/** A pool of coins of random kinds. */
class Coins {
  readonly #coins: Coin[] = [];

  constructor(...coins: readonly Coin[]) {
    this.#coins.push(...coins);
  }

  /** Spends one or two coins (one for the mempool) to as many new coins and an unspendable output. */
  spend({ forMempool = false } = {}): Transaction {
    const inputs = Array.from({ length: forMempool ? 1 : 1 + choice.int(2) }, () => this.#remove()).filter(
      (coin) => coin !== undefined,
    );
    const kinds = inputs.map(() => randomKind(forMempool));
    const value = inputs.reduce((sum, coin) => sum + coin.value, -21_000n) / BigInt(kinds.length);
    const broken = concatBytes(compileScript(choice.bytes(8)), Uint8Array.of(Op.OP_PUSHDATA1, 9));
    const tx = satisfyAll({
      inputs: inputs.map((coin) => ({ coin, sequence: 0xffff_ffff })),
      outputs: [...kinds.map(({ scriptPubKey }) => ({ value, scriptPubKey })), { value: 1_000n, scriptPubKey: broken }],
      version: 2,
      lockTime: 0,
    });
    this.#coins.push(...kinds.map((kind, i) => ({ outpoint: outpoint(tx, i), value, kind })));
    return tx;
  }

  /** Removes a coin, more likely an old one, sometimes one of the same block. */
  #remove(): Coin | undefined {
    return this.#coins.splice(Math.min(choice.int(40), choice.int(this.#coins.length)), 1)[0];
  }
}

function pushesOf(script: Uint8Array): Uint8Array[] {
  const pushes: Uint8Array[] = [];
  const cursor = new ScriptCursor(script);
  while (cursor.next()) if (cursor.opcode <= Op.OP_PUSHDATA4 && cursor.data.length > 0) pushes.push(cursor.data);
  return pushes;
}

/** Returns an element that makes a filter match the transaction. */
function elementOf(tx: Transaction): Uint8Array {
  const input = choice.pick(tx.inputs);
  const pushes = pushesOf(choice.chance(2) ? input.scriptSig : choice.pick(tx.outputs).scriptPubKey);
  const spent = concatBytes(input.prevout.txid, Uint8Array.of(input.prevout.vout, 0, 0, 0));
  return choice.pick([tx.txid, spent, ...pushes, ...pushes]);
}

function randomFilter(transactions: readonly Transaction[]): BloomFilter {
  const rate = choice.pick([0.000001, 0.001, 0.05, 0.3]);
  const count = 1 + choice.int(5);
  const tweak = choice.random.bytes(4);
  const filter = BloomFilter.forElements(count, rate, new DataView(tweak.buffer).getUint32(0), choice.int(256));
  for (let i = choice.int(count + 1); i > 0; i--) filter.insert(elementOf(choice.pick(transactions)));
  return filter;
}

describeBitcoind('Bloom filters (BIP37), compared with bitcoind', () => {
  let bitcoind: Bitcoind;
  let chain: Chain;
  let mempool: Mempool;
  let peers: ConnectionManager;
  let coins: Coins;
  let mined: readonly Transaction[];
  const open: RawPeer[] = [];

  beforeAll(async () => {
    // `noban` peers get transaction announcements without delay.
    const noDelay = '-whitelist=noban@127.0.0.1';
    bitcoind = await startCorePolicyNode('-debug=net', '-acceptnonstdtxn=1', '-peerbloomfilters=1', noDelay);
    const modules = { clock: systemClock, logger: silentLogger };
    chain = await Chain.open({ params: regtest }, { ...modules, store: new MemoryStore() });
    mempool = new Mempool({ requireStandard: false }, { ...modules, chain });
    ({ connections: peers } = fullNodeConnections(
      { listen: [{ host: '127.0.0.1', port: 0 }], bloomFilters: true },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    ));
    await peers.start();
    for (let i = 0; i < MATURE; i++) await addBlock([]);
    const firsts = Array.from({ length: MATURE - 100 }, (_, i): Coin => {
      const [tx] = chain.getBlock(chain.atHeight(i + 1)!)!.transactions;
      return { outpoint: outpoint(tx!), value: tx!.outputs[0]!.value, kind: unsigned('true', OP_TRUE) };
    });
    coins = new Coins(...firsts);
    const all: Transaction[] = [];
    for (let i = 0; i < BLOCKS; i++) {
      const transactions = Array.from({ length: PER_BLOCK }, () => coins.spend());
      await addBlock(transactions);
      all.push(...transactions);
    }
    mined = all;
  });
  afterAll(async () => {
    await peers?.stop();
    mempool?.close();
    await chain?.close();
    await bitcoind?.stop();
  });

  async function addBlock(transactions: readonly Transaction[]): Promise<void> {
    const time = Math.max(chain.tip.time + 1, Math.floor(Date.now() / 1000) - MATURE - BLOCKS);
    const block = mineBlock(chain.tip, { transactions, time });
    const { reject } = await chain.acceptBlock(block);
    const theirs = await bitcoind.rpc('submitblock', toHex(block.encode()));
    expect([reject, theirs]).toEqual([undefined, null]);
  }

  /** Connects a peer to bitcoind and a peer to Pier, with the same version message. */
  async function connectBoth(relay: boolean): Promise<readonly [RawPeer, RawPeer]> {
    const ports = [bitcoind.port, peers.endpoint!.port] as const;
    const [theirs, ours] = [new RawPeer(ports[0]), new RawPeer(ports[1])];
    open.push(theirs, ours);
    for (const peer of [theirs, ours]) {
      await peer.shakeHands({ relay });
      await peer.request([]);
    }
    return [theirs, ours];
  }

  /** Sends the same messages to both nodes and returns the responses of each with the given commands. */
  async function responses(pair: readonly RawPeer[], messages: readonly Uint8Array[], ...commands: readonly string[]) {
    return Promise.all(
      pair.map(async (peer) => {
        const received = [...(await peer.request(messages))];
        // Announcements follow the pong.
        if (commands.includes('inv')) received.push(...(await peer.request([])));
        return received.filter(({ command }) => commands.includes(command));
      }),
    );
  }

  /** Returns the announced hashes, sorted: bitcoind announces in the order of fee rates. */
  const announced = (messages: Awaited<ReturnType<typeof responses>>[number] | undefined) =>
    messages!
      .flatMap(({ payload }) => [...decodeMessage('inv', payload).entries].map(({ hash }) => toHex(hash)))
      .sort();

  const filteredBlocks = () => {
    const entries = Array.from({ length: BLOCKS + 1 }, (_, i) => ({
      type: InvType.FILTERED_BLOCK,
      hash: chain.atHeight(MATURE + i)!.hash,
    }));
    return wellFormed('getdata', { entries });
  };

  it('serves the same merkle blocks and transactions for random filters', async () => {
    const pair = await connectBoth(true);
    let matches = 0;
    for (let i = 0; i < FILTERS; i++) {
      const load = wellFormed('filterload', randomFilter(mined));
      const added = choice.chance(3) ? [wellFormed('filteradd', { element: elementOf(choice.pick(mined)) })] : [];
      // Twice, since matched outputs may update the filter (BLOOM_UPDATE_ALL).
      const messages = [load, ...added, filteredBlocks(), filteredBlocks()];
      const [theirs, ours] = await responses(pair, messages, 'merkleblock', 'tx', 'notfound');
      const formatted = (list: typeof theirs) => list!.map(({ command, payload }) => `${command} ${toHex(payload)}`);
      expect(formatted(ours)).toEqual(formatted(theirs));
      const blocks = theirs!.filter(({ command }) => command === 'merkleblock');
      expect(blocks).toHaveLength(2 * (BLOCKS + 1));
      for (const { payload } of blocks) matches += MerkleBlock.decode(payload).extract().matches.length;
    }
    // Each request covers about 66 transactions. The filters match some of them, not all.
    expect(matches).toBeGreaterThan(FILTERS * 8);
    expect(matches).toBeLessThan(FILTERS * 2 * 66 * 0.8);
  });

  it('serves no merkle block without a filter, nor after filterclear', async () => {
    const pair = await connectBoth(true);
    const clear = raw('filterclear');
    for (const messages of [
      [filteredBlocks()],
      [wellFormed('filterload', randomFilter(mined)), clear, filteredBlocks()],
    ]) {
      expect(await responses(pair, messages, 'merkleblock', 'tx', 'notfound')).toEqual([[], []]);
    }
  });

  it('announces matching transactions, to relay=0 peers after filterload, and the mempool on request', async () => {
    const [relaying, silent] = [await connectBoth(true), await connectBoth(false)];
    const relays = async () => [
      (await bitcoind.rpc<{ relaytxes: boolean }[]>('getpeerinfo')).slice(-2).map(({ relaytxes }) => relaytxes),
      peers
        .peers()
        .slice(-2)
        .map((peer) => peers.info(peer).relaysTransactions),
    ];
    const submit = async (count: number) => {
      const transactions = Array.from({ length: count }, () => coins.spend({ forMempool: true }));
      for (const tx of transactions) {
        const result = mempool.accept(tx);
        const theirs = await bitcoind.rpc('sendrawtransaction', toHex(tx.encode()), 0, 1).catch(String);
        expect(['reject' in result && result.reject.reason, theirs]).toEqual([false, tx.txidHex]);
      }
      return transactions;
    };
    const both = (list: boolean[]) => [list, list];
    expect(await relays()).toEqual(both([true, false]));
    const first = await submit(15);
    const announcements = async (pair: readonly RawPeer[], ...messages: readonly Uint8Array[]) => {
      const [theirs, ours] = (await responses(pair, messages, 'inv')).map(announced);
      expect(ours).toEqual(theirs);
      return ours!;
    };
    const ids = (transactions: readonly Transaction[]) => transactions.map((tx) => toHex(tx.txid)).sort();
    expect(await announcements(silent)).toEqual([]);
    // A `mempool` request is answered even with relay=0.
    expect(await announcements(silent, raw('mempool'))).toEqual(ids(first));
    expect(await announcements(relaying, raw('mempool'))).toEqual(ids(first));

    for (let i = 0; i < 6; i++) {
      const filter = randomFilter(first);
      filter.insert(elementOf(choice.pick(first)));
      const load = wellFormed('filterload', filter);
      const some = await announcements(silent, load, raw('mempool'));
      expect(some.length).toBeGreaterThan(0);
      expect(await announcements(relaying, load, raw('mempool'))).toEqual(some);
    }
    expect(await relays()).toEqual(both([true, true]));

    // New transactions are announced if they match.
    for (let i = 0; i < 3; i++) {
      const filter = randomFilter([...mined, ...first]);
      for (const pair of [silent, relaying]) await announcements(pair, wellFormed('filterload', filter));
      const counts = [...silent, ...relaying].map((peer) => peer.received.length);
      await submit(8);
      for (const pair of [silent, relaying]) await responses(pair, [], 'inv');
      const hashes = [...silent, ...relaying].map((peer, j) =>
        announced(peer.received.slice(counts[j]).filter(({ command }) => command === 'inv')),
      );
      expect(hashes.slice(1)).toEqual([hashes[0], hashes[0], hashes[0]]);
    }
    // After filterclear all transactions are announced.
    for (const pair of [silent, relaying]) await announcements(pair, raw('filterclear'));
    const counts = silent.map((peer) => peer.received.length);
    const last = await submit(3);
    await responses(silent, [], 'inv');
    for (const [j, peer] of silent.entries()) {
      expect(announced(peer.received.slice(counts[j]).filter(({ command }) => command === 'inv'))).toEqual(ids(last));
    }
    // A transaction can be requested by its txid even if it does not match.
    const nothing = BloomFilter.forElements(1, 0.000001, 0, 0);
    const getdata = wellFormed('getdata', { entries: [{ type: InvType.TX, hash: last[0]!.txid }] });
    const [theirs, ours] = await responses(silent, [wellFormed('filterload', nothing), getdata], 'tx', 'notfound');
    expect(ours).toEqual(theirs);
    expect(ours!.map(({ payload }) => toHex(payload))).toEqual([toHex(last[0]!.encodeStripped())]);
  });

  it('signals NODE_BLOOM', async () => {
    const { localservicesnames } = await bitcoind.rpc<{ localservicesnames: string[] }>('getnetworkinfo');
    expect(localservicesnames).toContain('BLOOM');
    const pair = await connectBoth(true);
    for (const { received } of pair) {
      const version = received.find(({ command }) => command === 'version')!;
      expect(decodeMessage('version', version.payload).services & 4n).toBe(4n);
    }
    for (const peer of open.splice(0)) peer.close();
  });

  it.each(bloomMisbehaviours)('$name: $verdict', async ({ verdict, messages }) => {
    const bytes = messages({ tip: chain.tip, now: 0, coin: () => ({ txid: new Uint8Array(32), vout: 0 }) });
    const theirs = await verdictOfBitcoind(bitcoind, bytes);
    const ours = await verdictOfPier(peers, bytes, theirs);
    expect({ ours, theirs }).toEqual({ ours: verdict, theirs: verdict });
  });
});
