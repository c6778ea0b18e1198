import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '../../../src/devnet/network/account.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import { NetworkFees } from '../../../src/devnet/network/network-fees.ts';
import { NetworkLink } from '../../../src/devnet/network/network-link.ts';
import { NetworkNode } from '../../../src/devnet/network/network-node.ts';
import { NetworkTime } from '../../../src/devnet/network/network-time.ts';
import { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { Payment } from '../../../src/devnet/network/payment.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';
import { CallRecorder, type RecordedClass } from '../../support/call-recorder.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait.ts';

const source = (name: string) => new URL(`../../../src/devnet/network/${name}.ts`, import.meta.url);
const recorded: readonly RecordedClass[] = [
  { type: NodeNetwork, source: source('node-network') },
  { type: NetworkNode, source: source('network-node') },
  { type: NetworkLink, source: source('network-link') },
  { type: NetworkTime, source: source('network-time') },
  { type: NetworkFees, source: source('network-fees') },
  { type: Account, source: source('account') },
  { type: Payment, source: source('payment') },
];

// Each test runs on both engines: what they do must not differ.
describe.each(engineNames)('a network with the engine %s', { timeout: 120_000 }, (engine) => {
  let network: NodeNetwork;
  /** Networks on whose nodes several tests go on. */
  let shared: NodeNetwork | undefined;
  let pair: NodeNetwork | undefined;
  let recorder: CallRecorder;
  beforeAll(() => {
    recorder = new CallRecorder(recorded);
  });
  afterEach(async () => {
    if (network !== shared && network !== pair) await network?.close();
  });
  afterAll(async () => {
    recorder.stop();
    await shared?.close();
    await pair?.close();
  });

  /** Processes may be slow to answer on a busy machine. */
  const wait = { timeout: 60_000 };
  const nodes = [{ name: 'shop', accounts: [1] }, { name: 'bank' }, { name: 'pool', role: 'miner' }] as const;
  const heights = () => Promise.all(network.nodes.map(async (node) => (await node.view()).height));
  const mempools = () => Promise.all(network.nodes.map(async (node) => [...((await node.view()).mempool ?? [])]));

  async function openShared(): Promise<void> {
    const options = { nodes: [{ ...nodes[0], p2p: true }, nodes[1], nodes[2]], shape: 'line', accounts: 2 } as const;
    shared ??= await createNetwork({ engine, ...options });
    network = shared;
  }

  /** Goes on with two nodes that serve RPC. */
  async function openPair(): Promise<void> {
    const options = { nodes: nodes.slice(0, 2).map(({ name }) => ({ name, rpc: true })), accounts: 1 };
    pair ??= await createNetwork({ engine, ...options });
    network = pair;
  }

  /** Goes on with the shared network, its nodes in sync and without unconfirmed transactions. */
  async function goOn(): Promise<void> {
    await openShared();
    await network.mine(1, wait);
    await network.synced(wait);
  }

  it('pays, mines, moves the time, and lets a light node follow', async () => {
    network = await createNetwork({ engine, nodes: [...nodes, { name: 'phone', role: 'light' }], accounts: 2 });
    const [alice, bob] = network.accounts;
    expect([alice!.node.name, bob!.node.name]).toEqual(['shop', 'shop']);
    expect(await Promise.all(network.accounts.map((each) => each.balance()))).toEqual([50_0000_0000n, 50_0000_0000n]);
    const payment = await alice!.pay(bob!, '1.5');
    await payment.seenBy('all', wait);
    const [base] = await heights();
    await network.mine(2, wait);
    await payment.confirmed(2, wait);
    await network.synced(wait);
    expect(await heights()).toEqual([base! + 2, base! + 2, base! + 2, base! + 2]);
    expect(await bob!.balance()).toBe(51_5000_0000n);

    network.time.freeze();
    network.time.increase(3 * 24 * 60 * 60);
    const now = network.time.now();
    const [hash] = await network.mine(1, { by: 'bank', to: bob!, ...wait });
    const { time } = await network.node('shop').call<{ time: number }>('getblockheader', [hash]);
    expect(time).toBe(now);
    const received = await network.faucet(alice!.address, 70_000n);
    await received.seenBy('all', wait);
    const exactly = await network.mine(1, { by: 'bank', transactions: [received.txid], time: now + 60, ...wait });
    const block = await network.node('pool').call<{ tx: string[]; time: number }>('getblock', [exactly[0]]);
    expect([block.tx[1], block.time]).toEqual([received.txid, now + 60]);
  });

  it('restores a snapshot of everything again and again', async () => {
    await openShared();
    const [alice, bob] = network.accounts;
    const payment = await alice!.pay(bob!, '1');
    await payment.seenBy('all', wait);
    const first = { heights: await heights(), mempools: [[], [], []] };
    network.link('shop', 'bank').set({ latency: 5 });
    network.time.freeze();
    const time = network.time.now();
    const id = await network.snapshot();
    const before = { heights: await heights(), mempools: await mempools() };
    // Below, processes start a third time.
    for (let round = 0; round < (engine === 'memory' ? 2 : 1); round++) {
      network.time.increase(1_000);
      network.link('shop', 'bank').set({ latency: 0 });
      await network.mine(3, wait);
      await network.link('bank', 'pool').cut();
      await network.node('shop').stop();
      await network.revert(id);
      expect({ heights: await heights(), mempools: await mempools() }).toEqual(before);
      expect([network.time.now(), network.link('shop', 'bank').conditions.latency]).toEqual([time, 5]);
      expect(await bob!.balance()).toBe(50_0000_0000n);
    }
    await network.mine(1, wait);
    await payment.confirmed(1, wait);

    await network.link('bank', 'pool').cut();
    network.time.increase(1_000_000);
    network.mining = { transactions: 2 };
    await network.reset();
    expect({ heights: await heights(), mempools: await mempools() }).toEqual(first);
    expect(await bob!.balance()).toBe(50_0000_0000n);
    expect(network.links.map(({ isCut, conditions }) => [isCut, conditions.latency])).toEqual([
      [false, 0],
      [false, 0],
    ]);
    expect(network.mining).toBe('manual');
    // It runs again, with the time of this machine.
    expect(Math.abs(network.time.now() - Date.now() / 1000)).toBeLessThan(600);
    await network.revert(id);
    expect([network.time.now(), await mempools()]).toEqual([time, before.mempools]);
    network.time.resume();
    network.link('shop', 'bank').set({ latency: 0 });
  });

  it('keeps the logs of its nodes, over stops and reverts', async () => {
    await openPair();
    const shop = network.node('shop');
    const logged = () => shop.logs(1_000).map(({ message }) => message);
    const id = await network.snapshot();
    const [hash] = await network.mine(1, wait);
    await waitFor(() => logged().includes('mined block'));
    expect(shop.logs().find(({ message }) => message === 'connected block')).toMatchObject({
      ...{ level: 'info', category: 'chain', fields: { block: hash, transactions: 1, from: 'miner' } },
    });
    await waitFor(() => network.node('bank').logs(1).length === 1);
    await shop.stop();
    await waitFor(() => logged().at(-1) === 'node stopped');
    const before = logged();
    await network.revert(id);
    await waitFor(() => logged().length > before.length + 2);
    expect(logged().slice(0, before.length)).toEqual(before);
    expect(shop.logs(2)).toEqual(shop.logs(1_000).slice(-2));
    const times = shop.logs(1_000).map(({ time }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));

    if (engine === 'memory') {
      expect(shop.logFile).toBeUndefined();
      return;
    }
    const text = await readFile(shop.logFile!, 'utf8');
    const written = text.trimEnd().split('\n');
    expect(written.map((line) => (JSON.parse(line) as { msg: string }).msg).slice(0, before.length)).toEqual(before);
  });

  it('partitions, heals and reorganises', async () => {
    await goOn();
    const [alice, bob] = network.accounts;
    const [base] = await heights();
    await network.partition([['shop'], ['bank', 'pool']]);
    await network.mine(1, { by: 'shop', ...wait });
    const payment = await bob!.pay(alice!, '2');
    await network.mine(2, { by: 'pool', ...wait });
    expect(await heights()).toEqual([base! + 1, base! + 2, base! + 2]);
    await network.heal(wait);
    await network.synced(wait);
    expect(await heights()).toEqual([base! + 2, base! + 2, base! + 2]);
    await payment.seenBy('all', wait);
    await network.mine(3, wait);
    const { lost, won } = await network.reorg({ depth: 3, drop: [payment.txid], by: 'bank', ...wait });
    expect([lost.length, won.length]).toEqual([3, 4]);
    expect(await payment.confirmations()).toBe(0);
    expect(await heights()).toEqual([base! + 6, base! + 6, base! + 6]);
    await expect(network.reorg({ depth: 1_000 })).rejects.toMatchObject({ code: 'bad-reorg' });
  });

  it('survives what happens to its nodes', async () => {
    await goOn();
    const [alice, bob] = network.accounts;
    const shop = network.node('shop');
    const payment = await alice!.pay(bob!, '1');
    await payment.seenBy('all', wait);
    await network.node('pool').stop();
    await network.node('pool').start();
    expect((await network.node('pool').view()).mempool!.has(payment.txid)).toBe(true);

    const bank = network.node('bank');
    await bank.kill();
    expect(bank.status).toBe('stopped');
    await expect(bank.call('getblockcount')).rejects.toMatchObject({ code: 'node-stopped' });
    const seen = network.node('pool').reached(10_000, { timeout: 50 });
    await expect(seen).rejects.toMatchObject({ code: 'wait-timeout', message: expect.stringContaining('pool') });
    await bank.start();
    await network.mine(1, { by: 'pool', ...wait });
    await network.synced(wait);

    await shop.pause();
    expect(shop.status).toBe('paused');
    const call = shop.call('getblockcount');
    expect(
      await Promise.race([
        call,
        network
          .node('pool')
          .call('getblockcount')
          .then(() => 'first'),
      ]),
    ).toBe('first');
    await expect(network.synced({ timeout: 1 })).resolves.toBeUndefined();
    await shop.resume();
    expect(await call).toBe((await shop.view()).height);
    await network.synced(wait);
  });

  it('serves RPC at one address through reverts, and leaves nothing behind', async () => {
    await openPair();
    const shop = network.node('shop');
    const { url, cookieFile } = shop.rpc!;
    const { username, password, origin } = new URL(url);
    const request = () =>
      fetch(origin, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
        body: JSON.stringify({ id: 1, method: 'getblockcount', params: [] }),
      });
    const { height } = await network.node('bank').view();
    expect(await (await request()).json()).toMatchObject({ result: height });
    // A client stays valid through reverts and restarts.
    const id = await network.snapshot();
    await network.mine(1, wait);
    expect(await (await request()).json()).toMatchObject({ result: height + 1 });
    await network.revert(id);
    expect(await (await request()).json()).toMatchObject({ result: height });
    await shop.kill();
    await shop.start();
    expect(await (await request()).json()).toMatchObject({ result: height });
    expect(shop.rpc!.url).toBe(url);
    expect(await readFile(cookieFile, 'utf8')).toBe(`${username}:${password}`);
    const files = engine === 'memory' ? [cookieFile] : [cookieFile, shop.logFile!];
    for (const file of files) await access(file);
    await network.close();
    await expect(request()).rejects.toThrow();
    for (const file of files) await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('replaces payments, and raises their fees', async () => {
    await goOn();
    const [alice, bob] = network.accounts;
    const before = await bob!.balance();
    const slow = await alice!.pay(bob!, '1', { feeRate: 2 });
    await slow.seenBy('all', wait);
    const bumped = await alice!.bumpFee(slow, { feeRate: 20 });
    await bumped.seenBy('all', wait);
    const conflict = await alice!.doubleSpend(bumped);
    await conflict.seenBy(network.node('pool'), wait);
    await network.synced(wait);
    expect(await mempools()).toEqual([[conflict.txid], [conflict.txid], [conflict.txid]]);
    await network.mine(1, wait);
    const payment = await alice!.pay(await bob!.newAddress('bech32m'), '2');
    await payment.seenBy('all', wait);
    await network.mine(1, wait);
    const other = await alice!.doubleSpend(payment, { submit: false });
    await network.reorg({ replace: [other], ...wait });
    expect(await payment.confirmations()).toBe(-2);
    expect(await bob!.balance()).toBe(before);
  });

  it('mines by itself, and sets its time and links', async () => {
    await goOn();
    const [alice, bob] = network.accounts;
    network.mining = { transactions: 1 };
    await (await alice!.pay(bob!, '1')).confirmed(1, wait);
    network.mining = { interval: 0.2 };
    const { height } = await network.node('pool').view();
    await network.node('shop').reached(height + 2, wait);
    expect(network.miningFailure).toBe(undefined);
    network.mining = 'manual';
    await network.synced(wait);

    const later = network.time.now() + 50_000;
    network.time.set(later);
    network.time.freeze();
    const [hash] = await network.mine(1, wait);
    const { time } = await network.node('bank').call<{ time: number }>('getblockheader', [hash]);
    expect(time - later).toBeLessThanOrEqual(60);
    expect(time).toBeGreaterThanOrEqual(later);
    network.time.resume();

    const link = network.link('shop', 'bank');
    expect([link.joins('bank', 'shop'), link.joins('bank', 'pool')]).toEqual([true, false]);
    const pool = network.node('pool');
    expect([pool.role, pool.isFull, pool.pid !== undefined]).toEqual(['miner', true, engine === 'processes']);
    await link.cut();
    expect(link.isCut).toBe(true);
    await link.mend();
    link.set({ latency: 3 });
    await network.synced(wait);
    expect([link.isCut, link.conditions.latency]).toEqual([false, 3]);
    expect(() => network.link('shop', 'shop')).toThrow();
    expect(() => network.node('nowhere')).toThrow(expect.objectContaining({ code: 'unknown-node' }));

    const id = await network.snapshot();
    network.deleteSnapshot(id);
    await expect(network.revert(id)).rejects.toMatchObject({ code: 'unknown-snapshot' });
  });

  it('shows what happens, sets fees, makes traffic, and is saved and loaded', async () => {
    await goOn();
    const [alice] = network.accounts;
    expect(network.node('shop').p2p).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(alice!.address).toBe(alice!.addresses.bech32);
    expect(alice!.wif()).toMatch(/^c/);
    expect(JSON.stringify(alice!.descriptors())).toContain(alice!.extendedKeys().private);

    const followed = new Set<string>();
    const unfollow = network.follow(['block'], (event) => {
      if (event.type === 'block') followed.add(event.node);
    });
    const events = network.events();
    const first = events.next();
    const [hash] = await network.mine(1, wait);
    expect((await first).value).toMatchObject({ type: 'block', hash });
    await events.return(undefined);
    // Processes learn a moment later that they are followed.
    await waitFor(() => network.mine(1, wait).then(() => followed.size === 3), { timeoutMs: 60_000 });
    unfollow();

    const bytes = await network.saveState();
    const before = { heights: await heights(), mempools: await mempools() };
    await network.fees.set(5, { blocks: 1, ...wait });
    expect(network.fees.rate).toBe(5);
    await network.fees.clear();
    await network.load(bytes);
    expect({ heights: await heights(), mempools: await mempools() }).toEqual(before);
    expect(await network.traffic({ count: 3 })).toMatchObject({ sent: 3 });
    const file = join(tempDir('engines'), `${engine}.state`);
    await network.save(file);
    await network.mine(1, wait);
    await network.load(file);
    expect((await mempools()).map(({ length }) => length)).toEqual([3, 3, 3]);
  });

  it('gets one more node', async () => {
    await goOn();
    const [alice, bob] = network.accounts;
    const payment = await alice!.pay(bob!, '1');
    await payment.seenBy('all', wait);
    const node = await network.addNode({ links: ['bank'], ...wait });
    expect(network.nodes.at(-1)).toBe(node);
    const { tip } = await network.node('bank').view();
    expect(await node.view()).toMatchObject({ tip, mempool: new Set([payment.txid]) });
    expect((await alice!.payment(payment.txid)).hex).toBe(payment.hex);
  });

  it('has been called by each of its public methods in these tests', async () => {
    expect(await recorder.missing(recorded)).toEqual([]);
  });
});
