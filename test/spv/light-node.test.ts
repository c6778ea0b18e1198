import { afterEach, describe, expect, it, vi } from 'vitest';
import { callMethod } from '../../src/api/methods/dispatch.ts';
import { lightMethods } from '../../src/api/methods/light/index.ts';
import { fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { BlockTree } from '../../src/chain/tree/block-tree.ts';
import { type ChainParams, regtest } from '../../src/consensus/params.ts';
import { nextWorkRequired } from '../../src/consensus/pow.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { LightNode } from '../../src/node/light-node.ts';
import type { Block } from '../../src/primitives/block.ts';
import { merkleProofRoot } from '../../src/proofs/merkle-proof.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type BlockPlan, mineBlock, spend } from '../chain/support/builder.ts';
import { START_MS, TestNetwork } from '../p2p/support/network.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { RecordingWatcher, ServedChain, Server, startLight } from './support/light-network.ts';

const net = new TestNetwork();
const nodes: LightNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

const MNEMONIC = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
/** BIP84's account 0 of that mnemonic on a test network, its first address. */
const FIRST_ADDRESS = 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk';
const COIN = 100_000_000n;

interface LightInfo {
  readonly headers: number;
  readonly scanned: number;
  readonly filterpeers: number;
  readonly tipage: number;
  readonly withdrawn: readonly { readonly txid: string; readonly height: number }[];
}

class Light {
  readonly node: LightNode;
  readonly log: CapturedLogger;

  private constructor(node: LightNode, log: CapturedLogger) {
    this.node = node;
    this.log = log;
  }

  static async start(dataDir: string, servers: readonly Server[]): Promise<Light> {
    const log = new CapturedLogger();
    const seeds = servers.map(({ endpoint: { host, port } }) => `${host}:${port}`);
    const config = nodeConfig({ nodeId: 3999, dataDir, p2p: { seeds, v2Transport: false } }, {});
    const modules = { clock: net.clock, random: new SeededRandom(5), transport: net.network.transport(), logger: log };
    const node = await LightNode.start(config, { network: 'full' }, modules);
    nodes.push(node);
    return new Light(node, log);
  }

  rpc<T>(method: string, ...params: unknown[]): Promise<T> {
    return callMethod(this.node, lightMethods, method, params) as Promise<T>;
  }

  /** Restores a wallet from the mnemonic and returns its first script. Any block may pay it. */
  async wallet(): Promise<Uint8Array> {
    const wallet = await this.node.wallets.createWallet('w', { mnemonic: MNEMONIC });
    expect(await wallet.newAddress()).toBe(FIRST_ADDRESS);
    return wallet.watchedScripts().find((script) => wallet.keyOf(script)?.index === 0)!;
  }

  info(): Promise<LightInfo> {
    return this.rpc<LightInfo>('getlightinfo');
  }

  async balance(): Promise<{ trusted: number; pending: number }> {
    const { mine } = await this.rpc<{ mine: { trusted: number; untrusted_pending: number } }>('getbalances');
    return { trusted: mine.trusted, pending: mine.untrusted_pending };
  }

  async confirmations(txid: string): Promise<number> {
    return (await this.rpc<{ confirmations: number }>('gettransaction', txid)).confirmations;
  }

  async until(chain: ServedChain): Promise<void> {
    const { hashHex } = chain.blocks.at(-1)!;
    await net.until(() => this.node.processor.scanner.scanned.hashHex === hashHex);
  }

  stop(): Promise<void> {
    nodes.splice(nodes.indexOf(this.node), 1);
    return this.node.stop();
  }
}

const plain = (count: number, tag = 0): BlockPlan[] => Array.from({ length: count }, () => ({ tag }));
const on = (base: ServedChain, height: number, plans: readonly BlockPlan[]) =>
  ServedChain.of(plans, base.blocks.slice(0, height + 1));

/** Returns a payment that spends an unknown output; a light node cannot check that. */
function payment(to: Uint8Array, seed: number, value = COIN) {
  const prevout = { txid: new Uint8Array(32).fill(seed), vout: 0 };
  return spend({ inputs: [prevout], outputs: [{ value, scriptPubKey: to }], witness: [Uint8Array.of(1)] });
}

async function paidNode() {
  const dataDir = tempDir('light');
  const server = await Server.start(net, ServedChain.of([]));
  const light = await Light.start(dataDir, [server]);
  const ours = await light.wallet();
  const [early, late] = [payment(ours, 1), payment(ours, 2)];
  const plans = plain(60);
  plans[32] = { transactions: [early] };
  plans[36] = { transactions: [late] };
  const chain = ServedChain.of(plans);
  server.announce(chain);
  await light.until(chain);
  return { dataDir, server, light, early, late, chain };
}

/** Waits for a proof: it is stored some time after the wallet has the payment. */
function expectProved(light: Light, txid: string, block: Block, height: number): Promise<void> {
  return vi.waitFor(async () => {
    const { proof, ...at } = light.node.proofs.get(txid)!;
    expect([toHex(at.blockHash), at.height]).toEqual([toHex(block.hash), height]);
    expect(toHex(merkleProofRoot(fromReversedHex(txid), proof))).toBe(toHex(block.header.merkleRoot));
    const { blockhash, position } = await light.rpc<{ blockhash: string; position: number }>('getpaymentproof', txid);
    expect([blockhash, position]).toEqual([block.hashHex, proof.position]);
  });
}

function expectWithdrawn(light: Light, ...expected: readonly object[]): Promise<void> {
  return vi.waitFor(async () => expect((await light.info()).withdrawn).toMatchObject(expected));
}

describe('a reorganisation', () => {
  it('withdraws the proofs of disconnected payments only, until another block confirms them', async () => {
    const { server, light, early, late, chain } = await paidNode();
    await expectProved(light, early.txidHex, chain.blocks[33]!, 33);
    await expectProved(light, late.txidHex, chain.blocks[37]!, 37);
    expect(await light.balance()).toEqual({ trusted: 2, pending: 0 });
    expect(server.announced).toEqual([]);

    // The fork point is between two hashes of a locator. The first payment is below it and stays confirmed.
    const other = on(chain, 35, plain(30, 1));
    server.announce(other);
    await light.until(other);
    expect(await light.balance()).toEqual({ trusted: 1, pending: 1 });
    expect(await light.confirmations(late.txidHex)).toBe(0);
    expect(await light.confirmations(early.txidHex)).toBe(65 - 33 + 1);
    await expectProved(light, early.txidHex, chain.blocks[33]!, 33);
    await expectWithdrawn(light, { txid: late.txidHex, height: 37 });
    await expect(light.rpc('getpaymentproof', late.txidHex)).rejects.toThrow('No payment proof for this transaction');
    const logged = light.log.shown.filter(({ message }) => message === 'payment proof withdrawn: block disconnected');
    expect(logged).toMatchObject([{ level: 'warn', txid: late.txidHex, height: 37 }]);
    // The transaction is announced again, so that it can be mined again.
    await net.until(() => server.announced.includes(toHex(late.txid)));

    const again = on(other, 65, [{ transactions: [late] }]);
    server.announce(again);
    await light.until(again);
    await expectProved(light, late.txidHex, again.blocks[66]!, 66);
    expect(await light.balance()).toEqual({ trusted: 2, pending: 0 });
    await expectWithdrawn(light);
  });

  it('to a branch with the same payment proves it there', async () => {
    const { server, light, late, chain } = await paidNode();
    const other = on(chain, 35, [...plain(4, 1), { transactions: [late] }, ...plain(25, 1)]);
    server.announce(other);
    await light.until(other);
    await expectProved(light, late.txidHex, other.blocks[40]!, 40);
    expect(await light.confirmations(late.txidHex)).toBe(65 - 40 + 1);
    await expectWithdrawn(light);
  });

  it('while the node is stopped has the same effect', async () => {
    const { dataDir, server, light, early, late, chain } = await paidNode();
    await light.stop();
    const reopened = await Light.start(dataDir, []);
    expect((await reopened.info()).scanned).toBe(60);
    await expectProved(reopened, late.txidHex, chain.blocks[37]!, 37);
    await reopened.stop();

    const other = on(chain, 35, plain(30, 1));
    server.announce(other);
    const after = await Light.start(dataDir, [server]);
    await after.until(other);
    expect(await after.balance()).toEqual({ trusted: 1, pending: 1 });
    await expectWithdrawn(after, { txid: late.txidHex });
    await expectProved(after, early.txidHex, chain.blocks[33]!, 33);
    await net.until(() => server.announced.includes(toHex(late.txid)));
    await after.stop();
    // The files agree.
    const last = await Light.start(dataDir, [server]);
    expect(await last.balance()).toMatchObject({ trusted: 1 });
    await expectWithdrawn(last, { txid: late.txidHex });
  });

  it('that only one of the two files has is detected at the start', async () => {
    const { dataDir, server, light, early, late, chain } = await paidNode();
    // The wallet file has a payment without a proof in the header file: a crash between the two writes.
    await expectProved(light, late.txidHex, chain.blocks[37]!, 37);
    await light.node.proofs.withdraw(({ height }) => height < 37);
    await light.stop();
    const after = await Light.start(dataDir, [server]);
    expect(await after.confirmations(late.txidHex)).toBe(0);
    await after.until(chain);
    await expectProved(after, late.txidHex, chain.blocks[37]!, 37);
    await expectProved(after, early.txidHex, chain.blocks[33]!, 33);
    expect(await after.balance()).toEqual({ trusted: 2, pending: 0 });
  });
});

describe('a header chain', () => {
  /** A retarget every ten blocks. */
  const params: ChainParams = {
    ...regtest,
    ...{ powTargetSpacing: 600, powTargetTimespan: 6000, powNoRetargeting: false, powAllowMinDifficultyBlocks: false },
  };

  /** Returns `count` blocks with this spacing. */
  function spaced(count: number, seconds: number): { chain: ServedChain; work: bigint } {
    const tree = new BlockTree();
    const blocks = [regtest.genesis];
    let prev = tree.restore(regtest.genesis.header, regtest.genesis.hash, undefined);
    for (let i = 0; i < count; i++) {
      const time = prev.time + seconds;
      const { height, hash } = prev;
      const block = mineBlock(
        { height, hash, time, bits: nextWorkRequired(prev, time, params) },
        { time, tag: seconds },
      );
      blocks.push(block);
      prev = tree.restore(block.header, block.hash, prev);
    }
    return { chain: ServedChain.of([], blocks), work: prev.chainwork };
  }
  const heavy = spaced(40, 150);
  const long = spaced(60, 600);

  it('that is longer but has less work is not the best chain, in either order of connection', async () => {
    expect(heavy.work).toBeGreaterThan(long.work);
    for (const longFirst of [true, false]) {
      const servers = [await Server.start(net, long.chain), await Server.start(net, heavy.chain)];
      const light = await startLight(net, new RecordingWatcher([]), longFirst ? servers : servers.toReversed(), {
        params,
      });
      await net.until(() => light.chain.filterHeight === 40 && light.processor.scanner.scanned.height === 40);
      await net.advance(5000);
      expect(light.chain.tip.hashHex).toBe(heavy.chain.blocks[40]!.hashHex);
      await light.stop();
    }
  });

  it("with less than the network's minimum chain work is not stored", async () => {
    const server = await Server.start(net, long.chain);
    const minimum = { params: { ...params, minimumChainWork: heavy.work } };
    const light = await startLight(net, new RecordingWatcher([]), [server], minimum);
    await net.advance(5000);
    expect(light.chain.tip.height).toBe(0);
    light.connections.addNode((await Server.start(net, heavy.chain)).endpoint);
    await net.until(() => light.chain.tip.height === 40);
    await light.stop();
  });

  it('that one peer does not extend is extended by another', async () => {
    const { server, light, chain } = await paidNode();
    const next = ServedChain.of(plain(5), chain.blocks);
    const honest = await Server.start(net, next);
    light.node.connections.addNode(honest.endpoint);
    await light.until(next);
    expect(server.isConnected).toBe(true);
    expect((await light.info()).headers).toBe(65);
  });

  it('that no peer extends has a growing tip age', async () => {
    const { light, chain } = await paidNode();
    const age = Math.floor(START_MS / 1000) - chain.blocks.at(-1)!.header.time;
    const before = (await light.info()).tipage;
    expect(before).toBeGreaterThanOrEqual(age);
    await net.advance(3600_000, 1000);
    expect((await light.info()).tipage - before).toBe(3600);
  });
});

it('an automatic outbound peer whose chain stays behind is disconnected', async () => {
  const old = ServedChain.of(plain(5));
  const honest = await Server.start(net, ServedChain.of(plain(5), old.blocks));
  const watcher = new RecordingWatcher([]);
  const light = await startLight(net, watcher, [honest]);
  await net.until(() => light.chain.tip.height === 10);
  const stale = await Server.start(net, old, {}, '20.1.1.1');
  const time = net.clock.now() / 1000;
  light.connections.addresses.add({ endpoint: stale.endpoint, services: 1097n, time }, stale.endpoint);
  await net.until(() => stale.isConnected);
  await net.until(() => light.disconnects.length > 0, 23 * 60_000, 500);
  expect(light.disconnects).toEqual(['chain sync timeout']);
  await light.stop();
});
