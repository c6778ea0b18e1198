import { afterEach, describe, expect, it, vi } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { FeedEvent } from '../../../src/devnet/network/events/network-feed.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import type { NetworkOptions } from '../../../src/devnet/topology/network-options.ts';
import { systemClock } from '../../../src/platform/clock.ts';

let network: NodeNetwork;

async function create(options: NetworkOptions = {}): Promise<NodeNetwork> {
  network = await createNetwork(options);
  return network;
}

afterEach(() => network?.close());

const heights = async () => Promise.all(network.nodes.map(async (node) => (await node.view()).height));

describe('createNetwork', () => {
  it('gives each account spendable coins, and confirms a payment', async () => {
    const { accounts, nodes } = await create({ nodes: 3, accounts: 10 });
    expect(nodes.map(({ name }) => name)).toEqual(['node1', 'node2', 'node3']);
    for (const account of accounts) expect(await account.balance()).toBe(5_000_000_000n);
    const [alice, bob] = accounts;
    const payment = await alice!.pay(bob!.address, '1.5');
    await payment.seenBy('all');
    expect(await payment.confirmations()).toBe(0);
    await network.mine(1);
    await payment.confirmed();
    expect(await payment.confirmations()).toBe(1);
    expect(await bob!.balance()).toBe(5_150_000_000n);
  });

  it('derives the accounts from the published mnemonic', async () => {
    const { accounts } = await create({ accounts: 2 });
    // BIP44, BIP49, BIP84 and BIP86 with coin type 1: m/84'/1'/0'/0/0 and so on.
    expect(accounts[0]!.addresses).toEqual({
      legacy: expect.stringMatching(/^[mn]/),
      'p2sh-segwit': expect.stringMatching(/^2/),
      bech32: 'bcrt1qquv9lg5g2r4jkr0ahun0ddfg5xntxjelwjpnuw',
      bech32m: expect.stringMatching(/^bcrt1p/),
    });
    expect(accounts[1]!.address).not.toBe(accounts[0]!.address);
    const info = await accounts[1]!.node.call<{ hdkeypath: string }>(
      'getaddressinfo',
      [accounts[1]!.address],
      accounts[1]!.wallet,
    );
    expect(info.hdkeypath).toBe("m/84'/1'/1'/0/0");
    for (const address of Object.values(accounts[1]!.addresses)) {
      const payment = await accounts[0]!.pay(address, '1');
      await payment.seenBy('all');
    }
    await network.mine();
    expect(await accounts[1]!.balance()).toBe(5_400_000_000n);
  });

  it('gives accounts what is asked for, to the nodes that are asked for', async () => {
    const { accounts } = await create({
      accounts: 3,
      balance: '0.5',
      nodes: [{ name: 'a' }, { name: 'b', accounts: [1] }],
    });
    expect(accounts.map(({ node }) => node.name)).toEqual(['a', 'b', 'a']);
    for (const account of accounts) expect(await account.balance()).toBe(50_000_000n);
    expect(await (await accounts[1]!.pay(accounts[0]!, 1_000n)).confirmations()).toBe(0);
  });

  it('creates networks of one node, without accounts, and with more money than a halving leaves', async () => {
    await create({ nodes: 1, accounts: 0 });
    expect(await heights()).toEqual([111]);
    await network.close();
    await create({ nodes: 1, accounts: 2, balance: '4000' });
    expect(await network.accounts[1]!.balance()).toBe(400_000_000_000n);
    await network.close();
    await expect(create({ accounts: 10, balance: '2000' })).rejects.toMatchObject({ code: 'bad-topology' });
    // Its blocks take a million hashes each.
    await expect(create({ network: 'classroom' })).rejects.toMatchObject({
      code: 'bad-topology',
      message: 'network: its blocks cost too much work to mine the coins of the accounts',
    });
  });

  it('follows the chain on light nodes', async () => {
    await create({ nodes: [{}, { role: 'light', name: 'phone' }] });
    await network.mine(3);
    const [full, light] = await heights();
    expect(light).toBe(full);
    expect((await network.node('phone').view()).mempool).toBe(undefined);
  });

  it('pays from the faucet', async () => {
    await create({ nodes: 1 });
    const address = await network.accounts[0]!.newAddress('bech32m');
    const payment = await network.faucet(address, '2.5');
    await network.mine();
    await payment.confirmed();
    expect(await network.accounts[0]!.balance()).toBe(5_250_000_000n);
    await expect(network.faucet(address, '1,5')).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

describe('NodeNetwork', () => {
  it('mines on the node, to the address and with the transactions that are asked for', async () => {
    const [alice, bob] = (await create({ nodes: 2 })).accounts;
    const first = await alice!.pay(bob!, '1');
    const second = await alice!.pay(bob!, '2');
    await second.seenBy('all');
    const [hash] = await network.mine(1, { by: 'node2', to: bob!, transactions: [second.txid] });
    const block = await network.node('node1').call<{ tx: { txid: string; vout: unknown }[] }>('getblock', [hash, 2]);
    expect(block.tx.map(({ txid }) => txid)).toEqual([expect.any(String), second.txid]);
    expect(JSON.stringify(block.tx[0]!.vout)).toContain(bob!.address);
    expect([await first.confirmations(), await second.confirmations()]).toEqual([0, 1]);
    await expect(network.mine(1, { transactions: ['00'] })).rejects.toThrow();
    expect(await network.mine(0)).toEqual([]);
    // The faucet gets what is for no other.
    const [own] = await network.mine();
    const { tx } = await network.node('node1').call<typeof block>('getblock', [own, 2]);
    const { details } = await network
      .node('node1')
      .call<{ details: unknown[] }>('gettransaction', [tx[0]!.txid], 'faucet');
    expect(details).toMatchObject([{ category: 'immature' }]);
  });

  it('mines other blocks on each side of a division, at one moment and to one address', async () => {
    network = await createNetwork({ nodes: 2 });
    network.time.freeze();
    await network.partition([['node1'], ['node2']]);
    const [[one], [other]] = [await network.mine(1, { by: 'node1' }), await network.mine(1, { by: 'node2' })];
    expect(one).not.toBe(other);
    // Once the sides meet, each keeps its own, and knows the other's.
    for (const link of network.links) await link.mend();
    const [third] = await network.mine(1, { by: 'node1' });
    await network.node('node2').reached((await network.node('node1').view()).height);
    expect((await network.node('node2').view()).tip).toBe(third);
  });

  it('does not wait for nodes that keep a branch of equal work', async () => {
    network = await createNetwork({ nodes: 2 });
    const [first, second] = network.nodes;
    network.link('node1', 'node2').set({ latency: 300 });
    const mined = await Promise.all([network.mine(1, { by: first! }), network.mine(1, { by: second! })]);
    const tips = await Promise.all([first!, second!].map(async (node) => (await node.view()).tip));
    expect(tips).toEqual(mined.flat());
  });

  it('mines by a miner if there is one', async () => {
    await create({ nodes: [{}, { role: 'miner' }] });
    await network.node('node2').stop();
    expect(await network.mine()).toHaveLength(1);
    expect((await network.node('node1').view()).height).toBe(123);
    await network.node('node2').start();
    await network.synced();
    await network.node('node1').stop();
    await network.mine();
    expect((await network.node('node2').view()).height).toBe(124);
  });

  it('has one clock, which can be set, moved and stopped', async () => {
    await create({ nodes: 2 });
    const { time } = network;
    const start = time.now();
    time.freeze();
    time.increase(86_400);
    expect(time.now() - start).toBeGreaterThanOrEqual(86_400);
    expect(time.now() - start).toBeLessThan(86_460);
    const [hash] = await network.mine();
    const blockTime = async (of: string) =>
      (await network.node('node2').call<{ time: number }>('getblockheader', [of])).time;
    expect(await blockTime(hash!)).toBe(time.now());
    const later = new Date((time.now() + 7_000) * 1000);
    const [second] = await network.mine(1, { time: later });
    expect(await blockTime(second!)).toBe(later.getTime() / 1000);
    expect(time.now()).toBe(later.getTime() / 1000);
    time.resume();
    time.set(later.getTime() / 1000 + 100);
    expect(time.now() - later.getTime() / 1000).toBeGreaterThanOrEqual(100);
  });

  it('mines by itself at a number of transactions, and at an interval', async () => {
    const [alice, bob] = (await create({ nodes: 2 })).accounts;
    network.mining = { transactions: 2 };
    const first = await alice!.pay(bob!, '1');
    expect(await first.confirmations()).toBe(0);
    const second = await alice!.pay(bob!, '1');
    await second.confirmed();
    await first.confirmed();
    network.mining = { transactions: 1 };
    await (await alice!.pay(bob!, '1')).confirmed();
    const { height } = await network.node('node1').view();
    for (const poisson of [false, true]) {
      network.mining = { interval: 0.001, poisson };
      await network.node('node2').reached(height + (poisson ? 6 : 3));
    }
    network.mining = 'manual';
  });

  it('keeps why it fails to mine by itself, until it works again', async () => {
    const [alice, bob] = (await create({ nodes: 1 })).accounts;
    const [node] = network.nodes;
    const seen: FeedEvent[] = [];
    let changed = () => {};
    network.follow(['mode'], (event) => {
      seen.push(event);
      changed();
    });
    const next = async () => {
      while (seen.length === 0) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
      return seen.shift();
    };
    const mining = { transactions: 1 };
    network.mining = mining;
    expect(await next()).toEqual({ type: 'mode', mining, failure: null });
    await node!.stop();
    const failure = { code: 'no-miner', message: 'no full node is running' };
    expect(await next()).toEqual({ type: 'mode', mining, failure });
    expect(network.miningFailure).toMatchObject(failure);
    await expect(network.synced()).rejects.toMatchObject(failure);
    await node!.start();
    expect(await next()).toEqual({ type: 'mode', mining, failure: null });
    await (await alice!.pay(bob!, '1')).confirmed();
  });

  it('shows by a block that is mined by hand that mining works again', async () => {
    const [alice, bob] = (await create({ nodes: 2 })).accounts;
    const after = vi.spyOn(systemClock, 'after');
    network.mining = { interval: 3_600 };
    const due = after.mock.calls.find(([ms]) => ms === 3_600_000)![1];
    after.mockRestore();
    const mine = vi.spyOn(network, 'mine').mockRejectedValueOnce(new Error('refused'));
    const failed = new Promise<void>((resolve) => network.follow(['mode'], () => resolve()));
    due();
    await failed;
    mine.mockRestore();
    await expect(network.mine(0)).rejects.toThrow('refused');
    const payment = await alice!.pay(bob!, '1');
    await expect(payment.confirmed()).rejects.toThrow('refused');
    expect(payment.node.name).toBe('node1');
    // Neither the wait for the payment nor that for the block fails for it.
    expect(await network.mine(1, { by: 'node2' })).toHaveLength(1);
    expect(network.miningFailure).toBe(undefined);
    await payment.confirmed();
  });

  it('says what it waited for and what there was instead', async () => {
    await create({ nodes: 2 });
    const error = await network
      .node('node2')
      .reached(500, { timeout: 1 })
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      code: 'wait-timeout',
      message: expect.stringMatching(
        /^block 500 on node2: not within 1 ms\. node2 \(running\) is at 122 \([0-9a-f]{16}…\) with 1 peers, 0 transactions/,
      ),
    });
    const waiting = network.node('node1').reached(500);
    await network.close();
    await expect(waiting).rejects.toMatchObject({ code: 'network-closed' });
    const [node] = network.nodes;
    for (const late of [
      () => node!.call('getblockcount'),
      () => node!.start(),
      () => network.mine(),
      () => network.accounts[0]!.balance(),
    ]) {
      await expect(late()).rejects.toMatchObject({ code: 'network-closed' });
    }
    expect(node!.status).toBe('stopped');
  });

  it('names the nodes there are', async () => {
    await create({ nodes: 2, links: [] });
    expect(() => network.node('node9')).toThrow(
      expect.objectContaining({ code: 'unknown-node', message: expect.stringContaining('there are node1, node2') }),
    );
    expect(() => network.link('node1', 'node2')).toThrow(expect.objectContaining({ code: 'unknown-link' }));
  });
});
