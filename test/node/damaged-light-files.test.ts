import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { callMethod } from '../../src/api/methods/dispatch.ts';
import { lightMethods } from '../../src/api/methods/light/index.ts';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { PierError } from '../../src/platform/errors.ts';
import { randomInt } from '../../src/platform/random.ts';
import { encodePaymentProof } from '../../src/spv/payment-proof.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { flipCopies } from '../support/flip-copies.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

/** Flipped bits in each file; half as many pages are zeroed. `npm run test:durability` sets two hundred. */
const DAMAGES = Number(process.env.PIER_DAMAGES ?? 8);
const PAGE = 4096;
/** Blocks that pay the light node, the last ones not mature. */
const REWARDS = 110;

const [origin, folder] = [tempDir('whole-light'), tempDir('damaged-light')];
const [fullId, lightId] = (await freeNodeIds(2)) as [number, number];
const kinds = ['chain', 'wallet'] as const;
type Kind = (typeof kinds)[number];

const configIn = (dataDir: string, seeds: readonly string[] = []) =>
  nodeConfig({ nodeId: lightId, dataDir, p2p: { seeds: [...seeds] } }, {});
const files = nodePaths(configIn(origin));

/** What a light node answers about its headers, its proofs and its wallet. */
async function answersOf(node: LightNode): Promise<unknown[]> {
  const call = (method: string, params: readonly unknown[] = []) =>
    callMethod(node, lightMethods, method, params, 'w') as Promise<unknown>;
  const answers: unknown[] = [];
  for (let height = 0; height <= node.chain.tip.height; height++) {
    answers.push(await call('getblockheader', [await call('getblockhash', [height])]));
  }
  const payments = (await call('listtransactions', ['*', 1_000])) as { txid: string }[];
  const proofs = payments.map(({ txid }) => {
    const proof = node.proofs.get(txid);
    return proof && toHex(encodePaymentProof(proof));
  });
  return [...answers, payments, proofs, await call('getbalances'), await call('listaddresses')];
}

let whole: unknown[];
/** Bytes that each file holds: the merkle root of a block, and the txid of its payment. */
let stored: Record<Kind, Uint8Array>;

beforeAll(async () => {
  const full = await FullNode.start(
    nodeConfig({ nodeId: fullId, dataDir: tempDir('full'), p2p: { seeds: [] }, chain: { scriptThreads: 0 } }, {}),
    { network: 'full', createChain: true, createWallet: false },
  );
  try {
    const light = await LightNode.start(configIn(origin, [`127.0.0.1:${fullId}`]), { network: 'full' });
    const wallet = await light.wallets.createWallet('w');
    for (let i = 0; i < REWARDS; i += 10)
      await callInProcess(full, 'generatetoaddress', [10, await wallet.newAddress()]);
    const payments = async () =>
      (await callMethod(light, lightMethods, 'listtransactions', ['*', 1_000], 'w')) as { txid: string }[];
    await waitFor(() => light.processor.scanner.scanned.hashHex === full.chain.tip.hashHex, { timeoutMs: 60_000 });
    await waitFor(async () => {
      const all = await payments();
      return all.length === REWARDS && all.every(({ txid }) => light.proofs.get(txid));
    });
    whole = await answersOf(light);
    const { merkleRoot } = light.chain.atHeight(REWARDS / 2)!.header;
    // A block with one transaction: the root is its txid. The wallet's records are text.
    stored = { chain: merkleRoot, wallet: Buffer.from(toReversedHex(merkleRoot)) };
    await light.stop();
  } finally {
    await full.stop();
  }
}, 120_000);

/** Copies the files of the node, one of them damaged. */
function damage(kind: Kind, change: (bytes: Buffer) => void): string {
  for (const path of [files.chain, files.wallet]) {
    copyFileSync(path, join(folder, basename(path)));
    rmSync(join(folder, `${basename(path)}-lock`), { force: true });
  }
  const path = join(folder, basename(files[kind]));
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
  return path;
}

/** Checks that an error names the damaged file and the way out. */
function expectNamed(error: unknown, path: string): void {
  if (!(error instanceof PierError)) throw error;
  expect(error.message).toContain(path);
  expect(error.hint).toBeTruthy();
}

/** As {@link isNoticed}; an error names the damage, which differs in each run as the keys do. */
async function isNoticedAfter(damage: string, path: string): Promise<boolean> {
  return isNoticed(path).catch((error: unknown) => {
    throw new Error(`After ${damage} in ${path}: ${error}`, { cause: error });
  });
}

/** Starts a node on the damaged files. Returns whether it noticed; otherwise its answers are those of the whole ones. */
async function isNoticed(path: string): Promise<boolean> {
  const node = await LightNode.start(configIn(folder), { network: 'none' }).catch((error: unknown) => error);
  if (!(node instanceof LightNode)) {
    expectNamed(node, path);
    return true;
  }
  try {
    expect(await answersOf(node)).toEqual(whole);
    return false;
  } catch (error) {
    if (!(error instanceof PierError)) throw error;
    expectNamed(error, path);
    return true;
  } finally {
    await node.stop().catch((error: unknown) => expectNamed(error, path));
  }
}

describe.each(kinds)('The %s file of a light node', (kind) => {
  it('names itself: a flipped bit of a record', async () => {
    const path = damage(kind, (bytes) => flipCopies(bytes, stored[kind], 7));
    expect(await isNoticedAfter('flips in a record', path)).toBe(true);
  });

  // How many of these are noticed differs in each run: random places may be unused.
  it('gives no wrong answer and names itself: flipped bits', { timeout: 60_000 + DAMAGES * 10_000 }, async () => {
    const random = new SeededRandom(20 + kinds.indexOf(kind));
    for (let i = 0; i < DAMAGES; i++) {
      let flip = '';
      const path = damage(kind, (bytes) => {
        const [at, bit] = [randomInt(random, bytes.length), randomInt(random, 8)];
        bytes[at]! ^= 1 << bit;
        flip = `a flip of bit ${bit} of byte ${at} of ${bytes.length}`;
      });
      await isNoticedAfter(flip, path);
    }
  });

  it('gives no wrong answer and names itself: zeroed pages', { timeout: 60_000 + DAMAGES * 10_000 }, async () => {
    const random = new SeededRandom(30 + kinds.indexOf(kind));
    for (let i = 0; i < DAMAGES / 2; i++) {
      const page = i < 2 ? i : randomInt(random, Math.ceil(statSync(files[kind]).size / PAGE));
      const path = damage(kind, (bytes) => bytes.subarray(page * PAGE, (page + 1) * PAGE).fill(0));
      const isNoticed = await isNoticedAfter(`zeros in page ${page}`, path);
      // Both first pages describe the file. Others may be unused.
      if (page < 2) expect([page, isNoticed]).toEqual([page, true]);
    }
  });
});
