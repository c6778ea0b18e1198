import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcess, type NodeProcessOptions } from '../../src/devnet/processes/node-process.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { pierJson } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

/** Number of kills. `.ci/run` sets fifty, which take a minute and a half; `npm run test:durability` a thousand. */
const KILLS = Number(process.env.PIER_KILLS ?? 4);
/** Maximal delay of a kill after the start of a round's work, which covers signing, relay, mining and flushing. */
const LONGEST_DELAY_MS = 60;
/** Blocks that are looked at after each kill; all of them are at the end. */
const RECENT_BLOCKS = 30;

interface Tip {
  readonly blocks: number;
  readonly bestblockhash: string;
}

interface Listed {
  readonly wallet: string;
  readonly address: string;
}

const wallets = ['central', 'alice', 'miner'] as const;

describe('SIGKILL', () => {
  const dataDir = tempDir('kill');
  const random = new SeededRandom(9);
  const nodes: NodeProcess[] = [];
  /** Per node: addresses and blocks that it has reported, and so must keep. */
  const promisedAddresses: Set<string>[] = [new Set(), new Set(), new Set()];
  const promisedBlocks: Set<string>[] = [new Set(), new Set(), new Set()];
  /** The payments that alice's node has reported. */
  const promisedPayments = new Set<string>();

  const common = () => ['--datadir', dataDir];

  beforeAll(async () => {
    const ids = await freeNodeIds(3);
    const addresses: string[] = [];
    for (const [i, id] of ids.entries()) {
      const { address } = await pierJson<Listed>(id, ['createwallet', '--name', wallets[i]!, ...common()]);
      addresses.push(address);
      promisedAddresses[i]!.add(address);
    }
    await pierJson(ids[0]!, ['createblockchain', '--address', addresses[0]!, ...common()]);
    const seeds = [`127.0.0.1:${ids[0]}`];
    const options: NodeProcessOptions[] = [
      { nodeId: ids[0]!, dataDir, seeds: [] },
      { nodeId: ids[1]!, dataDir, seeds },
      { nodeId: ids[2]!, dataDir, seeds, minerAddress: addresses[2]!, mineAtTxs: 2 },
    ];
    for (const each of options) nodes.push(await NodeProcess.start(each));
    await nodes[0]!.rpc.call('sendtoaddress', [addresses[1]!, 10], 'central');
    await mine();
    await agreement();
  }, 60_000);

  afterAll(async () => {
    for (const node of nodes) await node.stop();
  });

  /**
   * Waits until all nodes have the same tip, and returns it. If two nodes have mined on the same block, each keeps its
   * own tip (first seen); another block then breaks the tie.
   */
  function agreement(): Promise<string> {
    return waitFor(
      async () => {
        const tips = await Promise.all(nodes.map((node) => node.rpc.call<Tip>('getblockchaininfo')));
        const hashes = new Set(tips.map((tip) => tip.bestblockhash));
        if (hashes.size === 1) return tips[0]!.bestblockhash;
        const known = await Promise.all(nodes.map((node) => node.rpc.call<{ hash: string }[]>('getchaintips')));
        // All nodes know all branches, which have the same work.
        const isTie =
          new Set(tips.map((tip) => tip.blocks)).size === 1 &&
          known.every((branches) => [...hashes].every((hash) => branches.some((branch) => branch.hash === hash)));
        if (isTie) await mine();
        return false;
      },
      { timeoutMs: 30_000, describe: 'all nodes to agree' },
    );
  }

  async function mine(): Promise<void> {
    const rewardTo = await nodes[0]!.rpc.call('getnewaddress', [], wallets[0]);
    await nodes[0]!.rpc.call('generatetoaddress', [1, rewardTo]);
  }

  /** Starts new addresses, payments and a block on all nodes. Requests to the killed node may fail. */
  function work(): Promise<unknown> {
    const own = nodes.map((node, i) =>
      node.rpc.call<string>('getnewaddress', [], wallets[i]!).then((address) => {
        promisedAddresses[i]!.add(address);
        return address;
      }),
    );
    const payments = [0, 1, 2].map(async (i) => {
      const to = await own[i]!;
      promisedPayments.add(await nodes[1]!.rpc.call<string>('sendtoaddress', [to, 0.001], 'alice'));
    });
    const block = own[0]!
      .then((to) => nodes[0]!.rpc.call<string[]>('generatetoaddress', [1, to]))
      // The response is sent after the block is on disk.
      .then(([hash]) => promisedBlocks[0]!.add(hash!));
    return Promise.allSettled([...own, ...payments, block]);
  }

  /** Checks that a node has these blocks. */
  async function expectBlocks(node: NodeProcess, hashes: readonly string[]): Promise<void> {
    for (const hash of hashes) {
      const block = await node.rpc.call<{ hash: string; tx: string[] }>('getblock', [hash, 1]);
      expect(block.hash).toBe(hash);
      expect(block.tx.length).toBeGreaterThan(0);
    }
  }

  it(`loses no confirmed block, no key and no payment on any node (${KILLS} times)`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = randomInt(random, nodes.length);
      const delay = randomInt(random, LONGEST_DELAY_MS);
      const tips = await Promise.all(nodes.map((node) => node.rpc.call<string>('getbestblockhash')));
      const done = work();
      await new Promise((resolve) => setTimeout(resolve, delay));
      await nodes[victim]!.kill();
      await done;

      const node = await NodeProcess.start(nodes[victim]!.options);
      nodes[victim] = node;
      const listed = await node.rpc.call<Listed[]>('listaddresses');
      const known = new Set(listed.map(({ address }) => address));
      for (const address of promisedAddresses[victim]!) expect(known).toContain(address);
      await expectBlocks(node, [...promisedBlocks[victim]!].slice(-RECENT_BLOCKS));
      if (victim === 1) {
        for (const txid of promisedPayments) {
          const { txid: found } = await node.rpc.call<{ txid: string }>('gettransaction', [txid], 'alice');
          expect(found).toBe(txid);
        }
        // Each restart reads the same file: those of the last one are enough.
        promisedPayments.clear();
      }
      const agreed = await agreement();
      // The filter header commits to the filters of all blocks.
      const filters = await Promise.all(
        nodes.map(({ rpc }) => rpc.call<{ header: string }>('getblockfilter', [agreed])),
      );
      expect(new Set(filters.map(({ header }) => header)).size).toBe(1);
      // A tip is announced before it is on disk; by now it is.
      for (const [i, hash] of tips.entries()) promisedBlocks[i]!.add(hash);
    }

    for (const [i, node] of nodes.entries()) await expectBlocks(node, [...promisedBlocks[i]!]);

    // The keys can still sign: every wallet sends all its coins to alice.
    const to = await nodes[1]!.rpc.call<string>('getnewaddress', [], 'alice');
    for (const [i, node] of nodes.entries()) {
      const { mine } = await node.rpc.call<{ mine: { trusted: number } }>('getbalances', [], wallets[i]!);
      if (mine.trusted === 0) continue;
      const params = { address: to, amount: mine.trusted, subtractfeefromamount: true };
      expect(await node.rpc.call('sendtoaddress', params, wallets[i]!)).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('during createwallet or createblockchain does not prevent a retry', {
    timeout: 60_000,
  }, async () => {
    const [id] = await freeNodeIds(1);
    const folder = tempDir('kill-create');
    const env = { ...process.env, NODE_ID: String(id) };
    const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    for (let i = 0; i < 4; i++) {
      const args = i % 2 === 0 ? ['createwallet', '--name', `w${i}`] : ['createblockchain', '--address', address];
      const child = spawn(process.execPath, ['bin/pier.js', ...args, '--datadir', folder], { env, stdio: 'ignore' });
      const timer = setTimeout(() => child.kill('SIGKILL'), 150 + randomInt(random, 500));
      await new Promise((resolve) => child.once('close', resolve));
      clearTimeout(timer);
    }
    await pierJson(id!, ['createwallet', '--name', 'last', '--datadir', folder]);
    await pierJson(id!, ['createblockchain', '--address', address, '--datadir', folder]).catch((error: Error) =>
      expect(error.message).toContain('"code":"chain-exists"'),
    );
    const [tip] = await pierJson<{ height: number }[]>(id!, ['printchain', '--limit', '1', '--datadir', folder]);
    expect(tip!.height).toBe(101);
  });
});
