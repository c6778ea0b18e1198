import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { regtest } from '../../../src/consensus/params.ts';
import { AccountKeys } from '../../../src/devnet/accounts/account-keys.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { encodeState, loadState } from '../../../src/devnet/network/state/network-state.ts';
import type { EngineName } from '../../../src/devnet/topology/network-options.ts';
import { RunningFullNode } from '../../../src/node/composition/running-full-node.ts';
import { tempDir } from '../../support/temp-dir.ts';

const folder = tempDir('state');
const networks: NodeNetwork[] = [];
afterEach(async () => {
  for (const network of networks.splice(0)) await network.close();
});

const create = async (...options: Parameters<typeof createNetwork>) => {
  const network = await createNetwork(...options);
  networks.push(network);
  return network;
};
const nodes = [
  { name: 'shop', accounts: [1] },
  { name: 'pool', role: 'miner' },
  { name: 'phone', role: 'light' },
] as const;

/** Everything of a network that can be seen. */
async function seen({ accounts, nodes: all, links, mining, time }: NodeNetwork) {
  const views = await Promise.all(all.map((node) => node.view()));
  return {
    nodes: all.map(({ name, role }) => [name, role]),
    chains: views.map(({ height, tip }) => [height, tip]),
    mempools: views.map(({ mempool }) => mempool && [...mempool].sort()),
    accounts: await Promise.all(accounts.map(async (each) => [each.node.name, each.address, await each.balance()])),
    links: links.map(({ from, to, isCut, conditions }) => [from, to, isCut, conditions]),
    ...{ mining, time: time.now() },
  };
}

describe('a saved network', { timeout: 120_000 }, () => {
  it.each<[EngineName, EngineName]>([
    ['memory', 'memory'],
    ['memory', 'processes'],
    ['processes', 'memory'],
  ])('of the engine %s goes on with the engine %s', async (from, to) => {
    const network = await create({ nodes, accounts: 2, balance: '3', seed: 7, engine: from });
    const [alice, bob] = network.accounts;
    network.link('shop', 'pool').set({ latency: 3 });
    await network.mine(2);
    const payment = await alice!.pay(bob!, '1');
    await (await bob!.pay(alice!, '0.5')).seenBy('all', { timeout: 60_000 });
    await payment.seenBy('all', { timeout: 60_000 });
    network.mining = { interval: 3_600 };
    network.time.freeze();
    network.time.increase(-1_000);
    const file = join(folder, `${from}-${to}.state`);
    await network.save(file);
    const before = await seen(network);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await network.close();

    const loaded = await create({ state: file, engine: to });
    expect(await seen(loaded)).toEqual(before);
    loaded.mining = 'manual';
    await loaded.mine(1, { timeout: 60_000 });
    await loaded.synced({ timeout: 60_000 });
    const [alice2] = loaded.accounts;
    expect(await alice2!.balance()).not.toBe(before.accounts[0]![2]);
    expect((await loaded.node('shop').view()).mempool!.size).toBe(0);
  });

  it('begins with its state: no other chain is made before', async () => {
    const network = await create({
      nodes: 2,
      accounts: 1,
      mnemonic: 'legal winner thank year wave sausage worth useful legal winner thank yellow',
    });
    await network.mine(3);
    await network.fees.set(7, { blocks: 1 });
    await network.node('node2').stop();
    const file = join(folder, 'stopped.state');
    await network.save(file);
    const { height } = await network.node('node1').view();
    await network.close();
    const start = vi.spyOn(RunningFullNode, 'startOn');
    try {
      const loaded = await create({ state: file });
      expect(start).toHaveBeenCalledTimes(1);
      expect(loaded.nodes.map(({ status }) => status)).toEqual(['running', 'stopped']);
      expect([(await loaded.node('node1').view()).height, loaded.fees.rate]).toEqual([height, 7]);
      await loaded.node('node2').start();
      await loaded.synced();
      expect((await loaded.node('node2').view()).height).toBe(height);
    } finally {
      start.mockRestore();
    }
  });

  it.each(['memory', 'processes'] as const)('keeps payments of lowered priority with the engine %s', async (engine) => {
    const network = await create({ nodes: 2, accounts: 2, engine });
    const [alice, bob] = network.accounts;
    const payment = await alice!.pay(bob!, '1');
    await payment.seenBy('all', { timeout: 60_000 });
    for (const node of network.nodes) await node.call('prioritisetransaction', [payment.txid, 0, -100_000]);
    const second = network.node('node2');
    await second.stop();
    await second.start();
    await network.synced({ timeout: 60_000 });
    expect([...(await second.view()).mempool!]).toEqual([payment.txid]);
    const file = join(folder, `lowered-${engine}.state`);
    await network.save(file);
    await network.load(file);
    for (const node of network.nodes) {
      const { fees } = await node.call<{ fees: { base: number; modified: number } }>('getmempoolentry', [payment.txid]);
      expect(fees.modified).toBeCloseTo(fees.base - 0.001, 8);
    }
  });

  it('keeps stopped nodes, cut links and forks', async () => {
    const network = await create({ nodes: 3, accounts: 1 });
    await network.partition([['node1'], ['node2', 'node3']]);
    await network.mine(1, { by: 'node1' });
    await network.mine(2, { by: 'node2' });
    await network.node('node3').stop();
    const file = join(folder, 'cut.state');
    await network.save(file);
    const before = await seen(network);
    await network.heal();
    await network.mine(1);
    await network.load(file);
    expect(await seen(network)).toEqual({ ...before, time: expect.any(Number) });
    expect(network.node('node3').status).toBe('stopped');
    await network.node('node3').start();
    await network.heal();
    await network.synced();
  });

  it('goes on from its bytes, which are those of a file', async () => {
    const network = await create({ nodes, accounts: 2, balance: '3' });
    const [alice, bob] = network.accounts;
    await (await alice!.pay(bob!, '1')).seenBy('all');
    network.time.freeze();
    const state = await network.saveState();
    const before = await seen(network);
    await network.mine(2);
    await network.load(state);
    expect(await seen(network)).toEqual(before);
    const file = join(folder, 'bytes.state');
    await writeFile(file, state);
    await network.close();
    for (const saved of [state, file]) expect(await seen(await create({ state: saved }))).toEqual(before);
    expect(await (await create({ nodes: 1, accounts: 0 })).load(state).catch((error: unknown) => error)).toMatchObject({
      code: 'bad-state',
      message: expect.stringContaining('this is the state of a network with other nodes'),
    });
  });

  it('is what reset restores, again and again', async () => {
    const network = await create({ nodes, accounts: 2 });
    await (await network.accounts[0]!.pay(network.accounts[1]!, '1')).seenBy('all');
    network.mining = { interval: 3_600 };
    network.time.freeze();
    network.time.increase(-1_000);
    await network.link('shop', 'pool').cut();
    const before = await seen(network);
    const loaded = await create({ state: await network.saveState() });
    for (let round = 0; round < 2; round++) {
      loaded.mining = 'manual';
      loaded.time.increase(5_000);
      await loaded.link('shop', 'pool').mend();
      await loaded.mine(2);
      await loaded.reset();
      expect(await seen(loaded)).toEqual(before);
    }
  });

  it('is replaced as a whole, and refused if it is not what it should be', async () => {
    const network = await create({ nodes: 1, accounts: 1 });
    const file = join(folder, 'good.state');
    await network.save(file);
    await network.save(file);
    expect((await readdir(folder)).filter((name) => name.includes('.new-'))).toEqual([]);
    const before = await seen(network);
    const good = await readFile(file);
    const refused = async (content: Uint8Array, message: RegExp) => {
      const path = join(folder, 'bad.state');
      await writeFile(path, content);
      const attempts = [path, content].flatMap((state) => [() => network.load(state), () => createNetwork({ state })]);
      for (const attempt of attempts) {
        await expect(attempt()).rejects.toMatchObject({ code: 'bad-state', message: expect.stringMatching(message) });
      }
    };
    await refused(new Uint8Array(0), /format of this version/);
    await refused(randomBytes(100), /format of this version/);
    await refused(Buffer.concat([Buffer.from('PIERNET2'), good.subarray(8)]), /format of this version/);
    await refused(good.subarray(0, 20), /checksum/);
    await refused(good.subarray(0, -1), /checksum/);
    for (const at of [9, good.length >> 1, good.length - 1]) {
      const flipped = Buffer.from(good);
      flipped[at]! ^= 1;
      await refused(flipped, /checksum/);
    }
    await expect(network.load(join(folder, 'none'))).rejects.toMatchObject({ code: 'bad-state' });
    const other = await create({ nodes: 2, accounts: 1 });
    await expect(other.load(file)).rejects.toMatchObject({
      code: 'bad-state',
      message: expect.stringContaining('other nodes'),
    });
    await expect(createNetwork({ state: file, nodes: 2 } as never)).rejects.toMatchObject({
      code: 'bad-topology',
      message: expect.stringContaining('nodes'),
    });
    expect(await seen(network)).toEqual({ ...before, time: expect.any(Number) });
  });

  it('keeps wallets with keys of their own', async () => {
    const network = await create({ nodes: 2, accounts: 0 });
    const address = await network.node('node1').call<string>('getnewaddress', [], 'faucet');
    const saved = await loadState(await network.saveState(), undefined);
    const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
    const seed = { node: 'node1', wallet: 'faucet', mnemonic };
    const withWallets = (accounts: (typeof seed)[]) =>
      encodeState({ ...saved, wallets: { faucet: seed, accounts, rewards: address } });
    const state = await withWallets([{ ...seed, wallet: 'other' }]);
    await expect(network.load(state)).rejects.toMatchObject({
      code: 'bad-state',
      message: expect.stringContaining('its wallets have other keys'),
    });
    await expect(createNetwork({ state: await withWallets([{ ...seed, node: 'node3' }]) })).rejects.toMatchObject({
      code: 'bad-state',
      message: "the state has a wallet on 'node3', which is no full node of its network",
    });
    const own = await create({ state });
    expect(own.accounts.map(({ wallet, node, index }) => [wallet, node.name, index])).toEqual([['other', 'node1', 0]]);
    const [keys] = await AccountKeys.derive(mnemonic, regtest, [0]);
    expect(own.accounts[0]!.addresses.legacy).toBe(keys!.address('legacy'));
    const [hash] = await own.mine();
    const block = await own
      .node('node2')
      .call<{ tx: { vout: { scriptPubKey: { address: string } }[] }[] }>('getblock', [hash!, 2]);
    expect(block.tx[0]!.vout[0]!.scriptPubKey.address).toBe(address);
    await own.load(await own.saveState());
  });

  it('is as it was if it cannot be written', async () => {
    const network = await create({ nodes: 1, accounts: 0 });
    const missing = join(folder, 'no', 'such', 'folder');
    await expect(network.save(missing)).rejects.toMatchObject({ code: 'state-not-saved' });
    await expect(network.save(folder)).rejects.toMatchObject({ code: 'state-not-saved' });
    expect((await readdir(folder)).filter((name) => name.includes('.new-'))).toEqual([]);
  });
});
