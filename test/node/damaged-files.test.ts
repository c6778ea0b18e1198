import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { toReversedHex } from '../../src/bytes/hex.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { PierError } from '../../src/platform/errors.ts';
import { randomInt } from '../../src/platform/random.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { flipCopies } from '../support/flip-copies.ts';
import { pier } from '../support/pier.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Flipped bits in each file; half as many pages are zeroed. `npm run test:durability` sets two hundred. */
const DAMAGES = Number(process.env.PIER_DAMAGES ?? 8);
const PAGE = 4096;

const [origin, folder] = [tempDir('whole'), tempDir('damaged')];
// A node that listens has block filters.
const options = { network: 'full', createChain: true, createWallet: true } as const;
const [nodeId] = (await freeNodeIds(1)) as [number];
const kinds = ['chain', 'wallet', 'mempool'] as const;
type Kind = (typeof kinds)[number];

const configIn = (dataDir: string) =>
  nodeConfig({ nodeId, dataDir, p2p: { seeds: [] }, chain: { scriptThreads: 0 } }, {});

/** What a node answers about its chain, its wallets and its mempool. */
interface Answers {
  readonly chain: unknown[];
  readonly wallet: unknown[];
  readonly mempool: readonly string[];
}

async function answersOf(node: FullNode): Promise<Answers> {
  const call = (method: string, params: readonly unknown[] = []) => callInProcess(node, method, params, 'w');
  const coins = (await call('gettxoutsetinfo', ['hash_serialized_3'])) as Record<string, unknown>;
  const blocks: unknown[] = [];
  for (let height = 0; height <= node.chain.tip.height; height++) {
    const hash = await call('getblockhash', [height]);
    blocks.push(await call('getblock', [hash, 0]), await call('getblockfilter', [hash]));
  }
  return {
    chain: [node.chain.tip.hashHex, coins.hash_serialized_3, coins.total_amount, ...blocks],
    wallet: [
      await call('getbalances'),
      await call('listunspent', [0]),
      await call('listtransactions', ['*', 1000]),
      await call('listaddresses'),
    ],
    mempool: ((await call('getrawmempool')) as string[]).sort(),
  };
}

let whole: Answers;
/** Bytes that each file holds: the merkle root of a block, the txid of a payment, the outpoint of a transaction. */
let stored: Record<Kind, Uint8Array>;
const files = nodePaths(configIn(origin));

beforeAll(async () => {
  const node = await FullNode.start(configIn(origin), options);
  await callInProcess(node, 'createwallet', ['w']);
  const call = <T>(method: string, params: readonly unknown[] = []) =>
    callInProcess(node, method, params, 'w') as Promise<T>;
  const address = await call<string>('getnewaddress');
  await call('generatetoaddress', [110, address]);
  for (let i = 0; i < 12; i++) {
    await call('sendtoaddress', [await call('getnewaddress'), 1 + i / 8]);
    if (i % 4 === 3 && i < 11) await call('generatetoaddress', [1, address]);
  }
  await node.stop();
  const again = await FullNode.start(configIn(origin), options);
  whole = await answersOf(again);
  const { merkleRoot } = again.chain.atHeight(50)!.header;
  const [unconfirmed] = [...again.mempool.entries()];
  // A block with one transaction: the root is its txid. The wallet's records are text.
  stored = {
    chain: merkleRoot,
    wallet: Buffer.from(toReversedHex(merkleRoot)),
    mempool: unconfirmed!.tx.inputs[0]!.prevout.txid,
  };
  await again.stop();
  expect(whole.mempool).toHaveLength(4);
});

/** Copies the files of the node, one of them damaged. */
function damage(kind: Kind, change: (bytes: Buffer) => void): void {
  for (const path of [files.chain, files.wallet, files.mempool]) {
    copyFileSync(path, join(folder, basename(path)));
    rmSync(join(folder, `${basename(path)}-lock`), { force: true });
  }
  const path = join(folder, basename(files[kind]));
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

/** Checks that an error names the damaged file and the way out. */
function expectNamed(error: unknown, path: string): void {
  if (!(error instanceof PierError)) throw error;
  expect(error.message).toContain(path);
  expect(error.hint).toBeTruthy();
}

type Outcome = 'refused' | 'detected' | 'harmless';

/** Starts a node on the damaged files and compares its answers with those of the whole ones. */
async function outcome(kind: Kind): Promise<Outcome> {
  const path = join(folder, basename(files[kind]));
  const logger = new CapturedLogger();
  const node = await FullNode.start(configIn(folder), options, { logger }).catch((error: unknown) => error);
  if (!(node instanceof FullNode)) {
    expectNamed(node, path);
    return 'refused';
  }
  try {
    const { chain, wallet, mempool } = await answersOf(node);
    expect(chain).toEqual(whole.chain);
    // Without its file the mempool is empty, and the log says so; the wallet offers its payments again.
    const isLogged = logger.lines.some((line) => line.level === 'warn' && line.path === path);
    expect([mempool, isLogged]).toEqual([whole.mempool, kind === 'mempool' && isLogged]);
    expect(wallet).toEqual(whole.wallet);
    return isLogged ? 'detected' : 'harmless';
  } catch (error) {
    if (!(error instanceof PierError)) throw error;
    expectNamed(error, path);
    return 'detected';
  } finally {
    await node.stop().catch((error: unknown) => expectNamed(error, path));
  }
}

describe.each(kinds)('The %s file of a node', (kind) => {
  it('names itself: a flipped bit of a record', async () => {
    damage(kind, (bytes) => flipCopies(bytes, stored[kind], 7));
    expect(await outcome(kind)).not.toBe('harmless');
  });

  // How many of these are noticed differs in each run: random places may be unused.
  it('gives no wrong answer and names itself: flipped bits', { timeout: 60_000 + DAMAGES * 10_000 }, async () => {
    const random = new SeededRandom(kinds.indexOf(kind));
    for (let i = 0; i < DAMAGES; i++) {
      damage(kind, (bytes) => {
        bytes[randomInt(random, bytes.length)]! ^= 1 << randomInt(random, 8);
      });
      await outcome(kind);
    }
  });

  it('gives no wrong answer and names itself: zeroed pages', { timeout: 60_000 + DAMAGES * 10_000 }, async () => {
    const random = new SeededRandom(10 + kinds.indexOf(kind));
    for (let i = 0; i < DAMAGES / 2; i++) {
      const page = i < 2 ? i : randomInt(random, Math.ceil(statSync(files[kind]).size / PAGE));
      damage(kind, (bytes) => bytes.subarray(page * PAGE, (page + 1) * PAGE).fill(0));
      const result = await outcome(kind);
      // The first page describes the file. Others may be unused.
      if (page === 0) expect(result).not.toBe('harmless');
    }
  });
});

describe('A command on a damaged file', () => {
  it.each(['chain', 'wallet'] as const)('exits with 1 and names the %s file and the way out', async (kind) => {
    const path = join(folder, basename(files[kind]));
    for (const page of [0, 1, 2, 3]) {
      damage(kind, (bytes) => bytes.fill(0, page * PAGE, (page + 1) * PAGE));
      const result = await outcome(kind);
      if (result !== 'refused') continue;
      damage(kind, (bytes) => bytes.fill(0, page * PAGE, (page + 1) * PAGE));
      const { code, stderr } = await pier(['startnode', '--no-seed', '--json', '--with-parent', '--datadir', folder], {
        NODE_ID: String(nodeId),
      });
      expect(code).toBe(1);
      const { error } = JSON.parse(stderr.trim().split('\n').at(-1)!) as { error: Record<string, string> };
      expect(error.message).toContain(path);
      expect(error.hint).toBeTruthy();
    }
  });
});
