import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { tempDir } from '../../support/temp-dir.ts';

const folder = tempDir('kept-network');
let network: NodeNetwork | undefined;
afterEach(async () => {
  await network?.close();
  network = undefined;
});

let created = 0;
const nextDir = () => join(folder, `network${++created}`);

/** Creates the network of the tests, or continues it. */
async function open(dataDir: string, options: Parameters<typeof createNetwork>[0] = {}): Promise<NodeNetwork> {
  const nodes = [{ name: 'shop' }, { name: 'pool', role: 'miner' }, { name: 'phone', role: 'light' }] as const;
  network = await createNetwork({ engine: 'processes', nodes, accounts: 2, dataDir, ...options });
  return network;
}
const networkFile = (dataDir: string) => join(dataDir, 'network.json');

describe('a network whose files stay', () => {
  it('goes on where it was: chains, wallets, mempools, time, links, mining mode, ports', async () => {
    const dataDir = nextDir();
    const first = await open(dataDir);
    const ports = first.nodes.map(({ p2p }) => p2p);
    first.time.increase(86_400);
    await first.mine(3);
    first.link('shop', 'pool').set({ latency: 5 });
    await first.link('phone', 'pool').cut();
    first.mining = { transactions: 50 };
    const payment = await first.accounts[0]!.pay(first.accounts[1]!, '1.25');
    await payment.seenBy('all');
    const { tip, height } = await first.node('pool').view();
    const time = first.time.now();
    await first.close();

    const second = await open(dataDir);
    expect(await second.node('pool').view()).toMatchObject({ tip, height, mempool: new Set([payment.txid]) });
    expect(second.nodes.map(({ p2p }) => p2p)).toEqual(ports);
    expect(second.time.now() - time).toBeGreaterThanOrEqual(0);
    expect(second.time.now() - time).toBeLessThan(3600);
    expect(second.link('shop', 'pool').conditions.latency).toBe(5);
    expect(second.links.filter(({ isCut }) => isCut).map(({ from, to }) => [from, to])).toEqual([['phone', 'pool']]);
    expect(second.mining).toEqual({ transactions: 50 });
    await second.mine();
    expect(await second.accounts[1]!.balance()).toBe(51_25000000n);
    expect(await second.node('phone').view()).toMatchObject({ height: height + 1 });

    // What it began with is still known.
    await second.reset();
    expect(await second.accounts[1]!.balance()).toBe(50_00000000n);
    expect(second.links.some(({ isCut }) => isCut)).toBe(false);
    expect(second.mining).toBe('manual');
    await second.close();
    expect((await open(dataDir)).link('shop', 'pool').conditions.latency).toBe(0);
  });

  it('keeps its fee rate, and names the files of nodes after other ports if theirs are taken or the topology asks for others', async () => {
    const dataDir = nextDir();
    const first = await open(dataDir, { nodes: [{ name: 'shop' }] });
    await first.mine(2);
    await first.fees.set(4, { blocks: 1 });
    const { tip } = await first.node('shop').view();
    const { p2p } = first.node('shop');
    await first.close();
    const port = Number(p2p!.split(':')[1]) + 1;
    const second = await open(dataDir, { nodes: [{ name: 'shop', p2p: port }] });
    expect(second.node('shop').p2p).toBe(`127.0.0.1:${port}`);
    expect((await second.node('shop').view()).tip).toBe(tip);
    expect(second.fees.rate).toBe(4);
    expect(
      (await readdir(join(dataDir, 'shop'))).filter((name) => /_\d+/.test(name) && !name.includes(`_${port}`)),
    ).toEqual([]);
  });

  it('is not opened by two at once, nor as another network, nor with a state', async () => {
    const dataDir = nextDir();
    const one = { nodes: [{ name: 'shop' }] };
    const first = await open(dataDir, one);
    await expect(createNetwork({ engine: 'processes', ...one, accounts: 2, dataDir })).rejects.toMatchObject({
      code: 'datadir-in-use',
      message: `the network in ${dataDir} runs (process ${process.pid})`,
      hint: expect.stringContaining('pier down'),
    });
    const state = await first.saveState();
    await first.close();
    await expect(open(dataDir, { ...one, accounts: 3 })).rejects.toMatchObject({
      code: 'datadir-in-use',
      message: expect.stringMatching(/holds another network:\n.*accounts: 3 instead of 2/),
    });
    await expect(createNetwork({ engine: 'processes', state, dataDir })).rejects.toMatchObject({
      code: 'datadir-in-use',
      message: `${dataDir} holds a network, which a state would replace`,
    });
    // Neither attempt has changed it.
    expect((await (await open(dataDir, one)).node('shop').view()).height).toBeGreaterThan(100);
  });

  it('is not created among the files of nodes that are no network', async () => {
    const dataDir = nextDir();
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'blockchain_3000.db'), '');
    await expect(open(dataDir, { nodes: 1, accounts: 1 })).rejects.toMatchObject({
      code: 'datadir-in-use',
      message: `the folder ${dataDir} holds the files of other nodes, such as blockchain_3000.db`,
      hint: expect.stringContaining('pier reset --files'),
    });
    expect(await readdir(dataDir)).toEqual(['blockchain_3000.db']);
  });

  it('is created anew if its creation was interrupted, but not over folders of others', async () => {
    const dataDir = nextDir();
    await mkdir(join(dataDir, 'shop'), { recursive: true });
    const one = { nodes: [{ name: 'shop' }], accounts: 1 };
    await expect(open(dataDir, one)).rejects.toMatchObject({
      code: 'datadir-in-use',
      message: `the folder ${join(dataDir, 'shop')} exists`,
    });
    expect(existsSync(networkFile(dataDir))).toBe(false);
    await writeFile(join(dataDir, 'shop', 'half'), '');
    await writeFile(networkFile(dataDir), JSON.stringify({ version: 1, nodes: ['shop'] }));
    const first = await open(dataDir, one);
    expect(existsSync(join(dataDir, 'shop', 'half'))).toBe(false);
    await first.close();
    expect(JSON.parse(await readFile(networkFile(dataDir), 'utf8'))).not.toHaveProperty('owner');
  });

  it('runs on if its file cannot be written, and says so at the end', async () => {
    const dataDir = nextDir();
    const one = { nodes: [{ name: 'shop' }], accounts: 1 };
    const first = await open(dataDir, one);
    mkdirSync(`${networkFile(dataDir)}.new`);
    first.time.increase(60);
    await first.mine();
    first.mining = { transactions: 9 };
    await first.mine();
    const port = first.node('shop').p2p;
    await expect(first.close()).rejects.toMatchObject({
      code: 'state-not-saved',
      message: expect.stringContaining(`${networkFile(dataDir)} cannot be written: EISDIR`),
    });
    network = undefined;
    await rm(`${networkFile(dataDir)}.new`, { recursive: true });
    // As it was when it could last be written. Its owner has been this process.
    const file = JSON.parse(await readFile(networkFile(dataDir), 'utf8')) as { owner: object; state: object };
    expect(file.state).toMatchObject({ mining: 'manual' });
    await writeFile(networkFile(dataDir), JSON.stringify({ ...file, owner: { ...file.owner, started: '1' } }));
    expect((await open(dataDir, one)).node('shop').p2p).toBe(port);
  });

  it('says what is wrong with the file that describes it', async () => {
    const dataDir = nextDir();
    await mkdir(dataDir, { recursive: true });
    for (const [text, message] of [
      ['{', 'network.json is damaged: '],
      ['{"version":2,"nodes":[]}', 'network.json was written by another version of Pier'],
      ['null', 'network.json was written by another version of Pier'],
    ] as const) {
      await writeFile(networkFile(dataDir), text);
      await expect(open(dataDir)).rejects.toMatchObject({
        code: 'bad-datadir',
        message: expect.stringContaining(message),
      });
    }
    await rm(networkFile(dataDir));
    await mkdir(networkFile(dataDir));
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'bad-datadir', message: /cannot be read: EISDIR/ });
  });
});
