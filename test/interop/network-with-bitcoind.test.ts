import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import type { NetworkOptions } from '../../src/devnet/topology/network-options.ts';
import { describeBitcoind } from '../support/bitcoind.ts';
import { bitcoindDir } from '../support/oracles.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

describeBitcoind(
  'a network with a bitcoind',
  () => {
    let network: NodeNetwork;
    /** A network on whose nodes several tests go on. */
    let shared: NodeNetwork | undefined;
    afterEach(async () => {
      if (network !== shared) await network?.close();
    });
    afterAll(() => shared?.close());

    const path = join(bitcoindDir ?? '', 'bitcoind');
    /** Processes may be slow to answer on a busy machine. */
    const wait = { timeout: 60_000 };
    /** A bitcoind between two nodes of Pier. It opens one of its links, and accepts the other. */
    const create = async (options: NetworkOptions = {}) => {
      network = await createNetwork({
        engine: 'processes',
        nodes: [{ name: 'shop' }, { name: 'core', kind: 'bitcoind', path }, { name: 'pool' }],
        links: [{ between: ['shop', 'core'] }, { between: ['core', 'pool'] }],
        accounts: 2,
        ...options,
      });
      return network.node('core');
    };
    /** Goes on with the shared network, its nodes in sync and without unconfirmed transactions. */
    const goOn = async () => {
      if (!shared) {
        await create();
        shared = network;
      }
      network = shared;
      await network.mine(1, { by: 'pool', ...wait });
      await network.synced(wait);
      return network.node('core');
    };
    const heights = () => Promise.all(network.nodes.map(async (node) => (await node.view()).height));
    const tips = async () => new Set(await Promise.all(network.nodes.map(async (node) => (await node.view()).tip)));

    it('makes a backlog of fees, or says at once that the bitcoind does not relay it', async () => {
      const core = await create();
      const before = await Promise.all(network.nodes.map((node) => node.view()));
      const { subversion } = await core.call<{ subversion: string }>('getnetworkinfo');
      const relays = !/Knots/.test(subversion) && Number(/Satoshi:(\d+)/.exec(subversion)![1]) >= 30;
      const set = network.fees.set(20, { blocks: 1, ...wait });
      if (relays) {
        await set;
        expect(await core.call('estimatesmartfee', [1])).toBeDefined();
        return;
      }
      await expect(set).rejects.toMatchObject({
        code: 'fees-not-relayed',
        message: expect.stringMatching(/^fees\.set: core refuses the transactions of the backlog: \S/),
      });
      expect(network.fees.rate).toBe(undefined);
      expect(await Promise.all(network.nodes.map((node) => node.view()))).toEqual(before);
      // It is asked only while it runs.
      await core.stop();
      await network.fees.set(20, { blocks: 1, ...wait });
      expect(network.fees.rate).toBe(20);
    });

    it('pays, mines on each node, and follows the time', async () => {
      const core = await goOn();
      const [alice, bob] = network.accounts;
      const [base] = await heights();
      const before = await bob!.balance();
      expect(await core.call('getnetworkinfo')).toMatchObject({ subversion: expect.stringMatching(/^\/Satoshi:/) });
      expect(await core.call('getblockchaininfo')).toMatchObject({ blocks: base, initialblockdownload: false });

      const payment = await alice!.pay(bob!, '1.5');
      await payment.seenBy('all', wait);
      for (const by of ['core', 'shop', 'pool']) await network.mine(2, { by, ...wait });
      await payment.confirmed(6, wait);
      await network.synced(wait);
      expect(await heights()).toEqual([base! + 6, base! + 6, base! + 6]);
      expect(await bob!.balance()).toBe(before + 1_5000_0000n);

      network.time.freeze();
      network.time.increase(3 * 24 * 60 * 60);
      const now = network.time.now();
      for (const by of ['shop', 'core'] as const) {
        const [hash] = await network.mine(1, { by, ...wait });
        expect(await core.call('getblockheader', [hash])).toMatchObject({ time: now });
      }
      // Also when no time passes, a transaction is announced at once.
      for (const amount of ['1', '2', '3']) await (await bob!.pay(alice!, amount)).seenBy('all', wait);
      network.time.resume();
      network.time.increase(60 * 60);
      const [later] = await network.mine(1, { by: 'core', ...wait });
      const { time } = await core.call<{ time: number }>('getblockheader', [later]);
      expect(time).toBeGreaterThanOrEqual(now + 60 * 60 - 1);
      // Ahead of the system's time, the time of bitcoind runs on.
      const current = async () =>
        (await core.call<{ curtime: number }>('getblocktemplate', [{ rules: ['segwit'] }])).curtime;
      const start = await current();
      await waitFor(async () => (await current()) >= start + 2, { timeoutMs: 60_000 });
      expect(await current()).toBeLessThanOrEqual(network.time.now());
    });

    it('reorganises, by blocks that either side gets first', async () => {
      const core = await goOn();
      const [alice, bob] = network.accounts;
      const branches = (await core.call<unknown[]>('getchaintips')).length;
      for (const by of ['core', 'pool']) {
        const payment = await alice!.pay(bob!, '1');
        await payment.seenBy(core, wait);
        await network.mine(3, { by: 'core', ...wait });
        const [height] = await heights();
        const { lost, won } = await network.reorg({ depth: 3, drop: [payment.txid], by, ...wait });
        expect([lost.length, won.length]).toEqual([3, 4]);
        expect(await heights()).toEqual([height! + 1, height! + 1, height! + 1]);
        expect([...(await tips())]).toEqual([won.at(-1)]);
        expect(await core.call('getblockheader', [lost[0]])).toMatchObject({ confirmations: -1 });
        expect(await payment.confirmations()).toBe(0);
        await payment.seenBy('all', wait);
        await network.mine(1, { by, ...wait });
        await payment.confirmed(1, wait);
      }
      expect(await core.call('getchaintips')).toHaveLength(branches + 2);
    });

    it('is partitioned and heals', async () => {
      const core = await goOn();
      const [alice, bob] = network.accounts;
      const [base] = await heights();
      for (const [winner, loser] of [
        ['core', 'shop'],
        ['pool', 'core'],
      ] as const) {
        const [before] = await heights();
        await network.partition([['shop'], ['core'], ['pool']]);
        await network.mine(1, { by: loser, ...wait });
        await network.mine(2, { by: winner, ...wait });
        const payment = await alice!.pay(bob!, '2');
        expect((await core.view()).mempool!.has(payment.txid)).toBe(false);
        await network.heal(wait);
        await network.synced(wait);
        expect(await heights()).toEqual([before! + 2, before! + 2, before! + 2]);
        await payment.seenBy('all', wait);
      }
      expect(await heights()).toEqual([base! + 4, base! + 4, base! + 4]);
    });

    it('restores snapshots', async () => {
      const core = await create();
      const [alice, bob] = network.accounts;
      await network.mine(1, { by: 'core', ...wait });
      const payment = await alice!.pay(bob!, '1');
      await payment.seenBy('all', wait);
      const pid = core.pid;
      const id = await network.snapshot();
      // It was not restarted.
      expect([core.pid, (await core.view()).peers]).toEqual([pid, 2]);
      const before = { heights: await heights(), tips: await tips() };
      await network.mine(2, { by: 'core', ...wait });
      network.time.increase(24 * 60 * 60);
      for (const change of [() => core.pause(), () => core.stop(), async () => {}]) {
        await change();
        await network.revert(id);
        expect({ heights: await heights(), tips: await tips() }).toEqual(before);
        expect([...(await core.view()).mempool!]).toEqual([payment.txid]);
        await network.mine(1, { by: 'core', ...wait });
        expect(await payment.confirmations()).toBe(1);
      }
      // Its log is no part of what is restored: it has all four starts.
      const log = await readFile(core.logFile!, 'utf8');
      expect(log.match(/Done loading/g)).toHaveLength(4);
    });

    it('restores the transactions that it alone has', async () => {
      const core = await create();
      const [alice, bob] = network.accounts;
      const payment = await alice!.pay(bob!, '1');
      await payment.seenBy('all', wait);
      // Its peers cannot announce it again.
      await network.partition([['shop'], ['core'], ['pool']]);
      const { hex, txid } = await alice!.doubleSpend(payment, { submit: false });
      await core.call('sendrawtransaction', [hex]);
      const id = await network.snapshot();
      await core.kill();
      await network.revert(id);
      expect([...(await core.view()).mempool!]).toEqual([txid]);
      expect([...(await network.node('shop').view()).mempool!]).toEqual([payment.txid]);
    });

    it('starts again when its last block is days ahead of the clock on the wall', async () => {
      const core = await goOn();
      network.time.freeze();
      network.time.increase(3 * 24 * 60 * 60);
      await network.mine(1, { by: 'pool', ...wait });
      const before = await tips();
      await core.stop();
      await core.start();
      await network.synced(wait);
      expect(await tips()).toEqual(before);
    });

    it('is saved to a file and loaded again', async () => {
      const core = await create();
      const [alice, bob] = network.accounts;
      await network.mine(2, { by: 'core', ...wait });
      const payment = await alice!.pay(bob!, '1');
      await payment.seenBy('all', wait);
      const state = join(tempDir('network-with-bitcoind'), 'state');
      await network.save(state);
      const before = { heights: await heights(), tips: await tips() };
      await network.mine(1, { by: 'core', ...wait });
      await network.load(state);
      expect({ heights: await heights(), tips: await tips() }).toEqual(before);
      expect([...(await core.view()).mempool!]).toEqual([payment.txid]);
      await network.close();

      await expect(createNetwork({ state })).rejects.toMatchObject({
        code: 'bad-topology',
        message: expect.stringContaining('nodes[1].kind'),
      });
      network = await createNetwork({ state, engine: 'processes' });
      expect({ heights: await heights(), tips: await tips() }).toEqual(before);
      await network.mine(1, { by: 'core', ...wait });
      expect(await network.accounts[1]!.balance()).toBe(51_0000_0000n);
    });

    it('starts again after a stop and a kill, and is held back', async () => {
      const core = await goOn();
      const [alice, bob] = network.accounts;
      const payment = await alice!.pay(bob!, '1');
      await payment.seenBy('all', wait);
      await core.stop();
      expect([core.status, core.pid]).toEqual(['stopped', undefined]);
      await expect(core.call('getblockcount')).rejects.toMatchObject({ code: 'node-stopped' });
      await core.start();
      expect((await core.view()).mempool!.has(payment.txid)).toBe(true);
      await core.kill();
      // Alone, since peers may announce the payment again.
      await network.partition([['shop'], ['core'], ['pool']]);
      await core.start();
      expect((await core.view()).mempool!.size).toBe(0);
      await core.kill();
      await network.heal(wait);
      await network.mine(1, { by: 'pool', ...wait });
      await core.start();
      // It is the only way from pool to shop.
      await network.mine(2, { by: 'core', ...wait });
      await network.synced(wait);

      await core.pause();
      expect(core.status).toBe('paused');
      const call = core.call<number>('getblockcount');
      network.time.increase(60);
      await network.mine(1, { by: 'pool', ...wait });
      await core.resume();
      await core.reached(await network.node('pool').call<number>('getblockcount'), wait);
      expect(await call).toBeGreaterThan(0);
      await network.synced(wait);
    });

    it('has two of them, linked to each other first, which all get the chain', async () => {
      const nodes = [
        { name: 'core', kind: 'bitcoind', path },
        { name: 'other', kind: 'bitcoind', path },
        { name: 'shop' },
      ] as const;
      await create({ nodes, links: undefined, shape: 'mesh' });
      expect((await tips()).size).toBe(1);
      const id = await network.snapshot();
      await network.mine(2, { by: 'other', ...wait });
      await network.revert(id);
      await network.mine(1, { by: 'core', ...wait });
      expect((await tips()).size).toBe(1);
      await network.reset();
      expect((await tips()).size).toBe(1);
    });

    it('serves a light node, mines by itself, and is stopped with the network', async () => {
      const core = await create({
        nodes: [
          { name: 'core', kind: 'bitcoind', path, role: 'miner' },
          { name: 'shop' },
          { name: 'phone', role: 'light' },
        ],
        links: [{ between: ['core', 'shop'] }, { between: ['phone', 'core'] }],
      });
      expect(network.accounts[0]!.node.name).toBe('shop');
      network.mining = { transactions: 1 };
      const payment = await network.accounts[0]!.pay(network.accounts[1]!, '1');
      await payment.confirmed(1, wait);
      await (await network.faucet(network.accounts[0]!, '1')).confirmed(1, wait);
      await network.synced(wait);
      const id = await network.snapshot();
      const { pid: before, rpc } = core;
      const { origin, username, password } = new URL(rpc!.url);
      const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
      const body = JSON.stringify({ id: 1, method: 'getblockcount', params: [] });
      for (let round = 0; round < 2; round++) {
        const reply = await fetch(origin, { method: 'POST', headers, body });
        expect(await reply.json()).toMatchObject({ result: (await core.view()).height });
        expect(core.rpc!.url).toBe(rpc!.url);
        await network.revert(id);
      }
      const { pid } = core;
      expect(pid).not.toBe(before);
      await network.close();
      expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
      await expect(access(rpc!.cookieFile)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  },
  { timeout: 180_000 },
);
