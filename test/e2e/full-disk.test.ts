import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { RPC_PORT_OFFSET } from '../../src/node/config.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { requireOracles } from '../support/oracles.ts';
import { pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { canMount, resizeDisk, smallDisk } from '../support/small-disk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

/** Data disks and log disks that are filled; `npm run test:durability` sets twenty. */
const FILLS = Number(process.env.PIER_FILLS ?? 2);

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const describeDisks = describe.runIf(canMount || requireOracles);

/** A node in a process, with what it has printed on stderr if that is a pipe. */
interface Node {
  readonly child: ChildProcess;
  readonly rpc: RpcClient;
  log: string;
  /** Resolves to the exit code. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

interface Place {
  readonly nodeId: number;
  readonly dataDir: string;
  /** Kibibytes that a file may have (ulimit -f). */
  readonly fileLimit?: number;
}

const variables = ({ nodeId, dataDir }: Place) => ({ NODE_ID: String(nodeId), PIER_DATADIR: dataDir });

function launch(place: Place, stderr: 'pipe' | number = 'pipe'): Node {
  const { nodeId, dataDir, fileLimit } = place;
  // bash has one process, which becomes the node.
  const limit = fileLimit === undefined ? 'unlimited' : String(fileLimit);
  const args = ['-c', 'ulimit -f "$0"; exec "$@"', limit, process.execPath, pierPath, 'startnode', '--no-seed'];
  const child = spawn('bash', args, {
    env: { ...process.env, ...variables(place) },
    stdio: ['ignore', 'ignore', stderr],
  });
  running.add(child);
  const port = nodeId + RPC_PORT_OFFSET;
  const rpc = new RpcClient({ host: '127.0.0.1', port, cookieFile: join(dataDir, `.cookie_${nodeId}`) });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  const node: Node = { child, rpc, log: '', ended };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    node.log += text;
  });
  return node;
}

/** Waits until the node answers. Returns false if it has ended instead. */
async function answers({ rpc, ended }: Node): Promise<boolean> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const isUp = () => rpc.call('uptime').then(Boolean, () => false);
  await waitFor(async () => hasEnded || (await isUp()), { timeoutMs: 60_000, describe: 'the node' });
  return !hasEnded;
}

/** Checks the last words of a command or a node: a file of the folder, the cause and the next step, and no stack. */
function expectWords(stderr: string, dataDir: string): void {
  const words = stderr
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n');
  const [message, hint] = words.slice(words.indexOf('pier: ')).split('\n');
  expect(message).toContain(dataDir);
  expect(message).toMatch(/no space left|limit of file sizes|ENOSPC|EFBIG/);
  expect([message, hint]).toEqual([message, expect.stringMatching(/^ {6}\w+/)]);
  expect(words).not.toMatch(/\n\s+at .*:\d+/);
}

/** Fills the files of a node with blocks and addresses until it fails. Returns what it has acknowledged. */
async function fill({ rpc }: Node, random: SeededRandom): Promise<{ blocks: string[]; addresses: string[] }> {
  const [blocks, addresses]: [string[], string[]] = [[], []];
  const header = await rpc.call<{ hash: string; height: number; time: number }>('getblockheader', [
    await rpc.call('getbestblockhash'),
  ]);
  let { height, time } = header;
  let hash = fromReversedHex(header.hash);
  const bits = regtest.genesis.header.bits;
  for (;;) {
    const data = random.bytes(1 + randomInt(random, 200_000));
    const output = { value: 0n, scriptPubKey: concatBytes(Uint8Array.of(0x6a), data) };
    const block = mineBlock({ hash, height, time, bits }, { coinbaseOutputs: [output] });
    try {
      expect(await rpc.call('submitblock', [toHex(block.encode())])).toBeNull();
      blocks.push(block.hashHex);
      for (let i = randomInt(random, 20); i > 0; i--) addresses.push(await rpc.call<string>('getnewaddress', [], 'w'));
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'AssertionError') throw error;
      return { blocks, addresses };
    }
    ({ hash } = block);
    ({ time } = block.header);
    height++;
  }
}

describeDisks('A full data disk', () => {
  it('stops the node with the file, the cause and the next step, and nothing acknowledged is lost', {
    timeout: 60_000 + FILLS * 120_000,
  }, async () => {
    const random = new SeededRandom(1);
    for (let round = 0; round < FILLS; round++) {
      const [nodeId] = (await freeNodeIds(1)) as [number];
      const kib = 2_000 + randomInt(random, 6_000);
      // A disk, then a limit of file sizes.
      const isDisk = round % 2 === 0;
      const place: Place = isDisk
        ? { nodeId, dataDir: smallDisk('full-data', kib) }
        : { nodeId, dataDir: tempDir('full-data'), fileLimit: kib };
      const { dataDir } = place;
      expect((await pierInProcess(['createblockchain', '--address', ADDRESS], variables(place))).code).toBe(0);
      expect((await pierInProcess(['createwallet', '--name', 'w'], variables(place))).code).toBe(0);

      const node = launch(place);
      expect(await answers(node)).toBe(true);
      const { blocks, addresses } = await fill(node, random);
      expect(await node.ended).toBe(1);
      expectWords(node.log, dataDir);
      expect(blocks.length).toBeGreaterThan(0);

      const whole = async (again: Node) => {
        for (const hash of blocks) {
          expect(await again.rpc.call<{ confirmations: number }>('getblockheader', [hash])).toMatchObject({ hash });
        }
        const tip = await again.rpc.call<{ previousblockhash: string; hash: string }>('getblockheader', [
          await again.rpc.call('getbestblockhash'),
        ]);
        // A block that was written before the answer got lost may be there too.
        expect([tip.hash, tip.previousblockhash]).toContain(blocks.at(-1));
        const listed = await again.rpc.call<{ address: string }[]>('listaddresses');
        const known = new Set(listed.map(({ address }) => address));
        for (const address of addresses) expect(known).toContain(address);
      };

      const full = launch(place);
      if (await answers(full)) {
        await whole(full);
        full.child.kill('SIGTERM');
        expect([0, 1]).toContain(await full.ended);
      } else {
        expect(await full.ended).toBe(1);
        expectWords(full.log, dataDir);
      }

      if (isDisk) resizeDisk(dataDir, 4 * kib);
      const again = launch({ nodeId, dataDir });
      expect([await answers(again), again.log]).toEqual([true, expect.anything()]);
      await whole(again);
      expect(await again.rpc.call<string[]>('generatetoaddress', [3, ADDRESS])).toHaveLength(3);
      again.child.kill('SIGTERM');
      expect(await again.ended).toBe(0);
    }
  });

  it('is named by every command that begins on it', { timeout: 180_000 }, async () => {
    const [nodeId] = (await freeNodeIds(1)) as [number];
    const failures: string[] = [];
    for (const kib of [4, 12, 40, 90, 140, 350, 450]) {
      const dataDir = smallDisk('full-start', kib);
      const place = { nodeId, dataDir };
      for (const command of [
        ['createwallet', '--name', 'w'],
        ['createblockchain', '--address', ADDRESS],
        ['getbalance'],
      ]) {
        const { code, stderr } = await pierInProcess(command, variables(place));
        if (code === 0 || /missing|has no/.test(stderr)) continue;
        failures.push(stderr);
        expect([kib, command[0], code]).toEqual([kib, command[0], 1]);
        expectWords(stderr, dataDir);
      }
      const node = launch(place);
      if (await answers(node)) {
        node.child.kill('SIGTERM');
        expect(await node.ended).toBe(0);
      } else if (!/has no blockchain/.test(node.log)) {
        failures.push(node.log);
        expect(await node.ended).toBe(1);
        expectWords(node.log, dataDir);
      }
    }
    expect(failures.length).toBeGreaterThan(4);
  });
});

describeDisks('A full log disk', () => {
  it('changes nothing that the node does', { timeout: 60_000 + FILLS * 60_000 }, async () => {
    const random = new SeededRandom(2);
    const [nodeId] = (await freeNodeIds(1)) as [number];
    const place = { nodeId, dataDir: tempDir('full-log') };
    expect((await pierInProcess(['createblockchain', '--address', ADDRESS], variables(place))).code).toBe(0);
    for (let round = 0; round < FILLS; round++) {
      // Full from the start, or soon.
      const kib = round === 0 ? 4 : 4 + 4 * randomInt(random, 8);
      const path = join(smallDisk('log', kib), 'node.log');
      const file = openSync(path, 'w');
      const node = launch(place, file);
      closeSync(file);
      expect(await answers(node)).toBe(true);
      for (let i = 0; i < 40; i++) {
        // Each block is a line of the log.
        const [hash] = await node.rpc.call<string[]>('generatetoaddress', [1, ADDRESS]);
        expect(await node.rpc.call('getbestblockhash')).toBe(hash);
      }
      expect(readFileSync(path).length).toBeLessThanOrEqual(kib * 1024);
      resizeDisk(join(path, '..'), 4_000);
      // What could not be written comes later, in its order.
      const lines = () => readFileSync(path, 'utf8').split('\n');
      await waitFor(() => lines().filter((line) => line.includes('mined block')).length === 40, {
        describe: 'the rest of the log',
      });
      for (const line of lines().filter((text) => text.startsWith('{'))) JSON.parse(line);
      node.child.kill('SIGTERM');
      expect(await node.ended).toBe(0);
    }
  });
});
