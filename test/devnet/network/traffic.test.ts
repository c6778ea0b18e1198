import { afterEach, describe, expect, it, vi } from 'vitest';
import { RpcError } from '../../../src/api/json/rpc-error.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';
import { PierError } from '../../../src/platform/errors.ts';
import { addressTypes } from '../../../src/wallet/keys.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

interface Entry {
  readonly vsize: number;
  readonly fees: { readonly base: number };
}

const entries = async () =>
  Object.values(await network.node('node1').call<Record<string, Entry>>('getrawmempool', [true]));

describe.each(engineNames)('traffic on the engine %s', { timeout: 120_000 }, (engine) => {
  it('fills the mempools of all nodes with payments and their replacements', async () => {
    network = await createNetwork({ engine, nodes: [{}, { accounts: [1, 2] }], accounts: 4 });
    const { sent, replaced, refused, vbytes } = await network.traffic({ count: 30, feeRates: [5, 40], seed: 3 });
    expect([sent, replaced, refused]).toEqual([30, 0, 0]);
    await network.synced({ timeout: 60_000 });
    const made = await entries();
    expect(made).toHaveLength(30);
    expect(made.reduce((sum, { vsize }) => sum + vsize, 0)).toBe(vbytes);
    const rates = made.map(({ vsize, fees }) => (fees.base * 1e8) / vsize);
    expect(Math.min(...rates)).toBeGreaterThan(4.9);
    expect(Math.max(...rates)).toBeLessThan(42);
    expect(Math.max(...rates)).toBeGreaterThan(2 * Math.min(...rates));
    await network.mine();
    expect(await entries()).toEqual([]);

    const conflicting = await network.traffic({ count: 5, conflicts: 1 });
    expect(conflicting).toMatchObject({ sent: 5, replaced: 5 });
    // A payment without change ends a chain.
    const chain = await network.traffic({ count: 10, chains: 1 });
    expect(chain.sent).toBe(10);
    expect(chain.chained).toBeGreaterThan(4);
    await network.synced({ timeout: 60_000 });
    // The mempool fits into a block, so that the lowest rate confirms.
    for (const node of network.nodes) {
      expect(await node.call('estimatesmartfee', [2])).toEqual({ feerate: 0.000001, blocks: 2 });
    }
    expect(await network.traffic({ count: 0 })).toMatchObject({ sent: 0, vbytes: 0 });
  });
});

describe('NodeNetwork.traffic', () => {
  interface Output {
    readonly value: number;
    readonly scriptPubKey: { readonly address: string };
  }

  /** Returns what each transaction of the mempool pays, in one order. */
  const paid = async () => {
    const txids = await network.node('node1').call<string[]>('getrawmempool');
    const transactions = txids.map((txid) =>
      network.node('node1').call<{ vout: Output[] }>('getrawtransaction', [txid, true]),
    );
    return (await Promise.all(transactions)).map(({ vout }) =>
      vout.map(({ value, scriptPubKey }) => ({ value, address: scriptPubKey.address })),
    );
  };

  it('makes chains of unconfirmed payments, and none without the option', async () => {
    network = await createNetwork({ nodes: [{}, { accounts: [1] }], accounts: 2 });
    const id = await network.snapshot();
    // Each account has five coins.
    const without = await network.traffic({ count: 5 });
    expect(without).toMatchObject({ sent: 5, chained: 0 });
    const longest = async () => {
      await network.synced();
      const chains = Object.values(
        await network.node('node1').call<Record<string, { ancestorcount: number }>>('getrawmempool', [true]),
      );
      return Math.max(...chains.map(({ ancestorcount }) => ancestorcount));
    };
    expect(await longest()).toBeLessThan(4);
    await network.revert(id);
    expect(await network.traffic({ count: 60, chains: 1 })).toMatchObject({ sent: 60, chained: 57, refused: 0 });
    expect(await longest()).toBe(25);
    await network.revert(id);
    const { chained, refused } = await network.traffic({ count: 40, chains: 0.5, seed: 2 });
    expect([chained > 8, chained < 32, refused]).toEqual([true, true, 0]);
    await network.revert(id);
    expect(await network.traffic({ count: 6, chains: 1, conflicts: 1 })).toMatchObject({ chained: 0, replaced: 6 });
    await network.synced();
    await network.mine();
    expect(await entries()).toEqual([]);
  });

  it('pays addresses of the types only', async () => {
    network = await createNetwork({ nodes: 1, accounts: 2 });
    const id = await network.snapshot();
    for (const type of addressTypes) {
      const addresses = network.accounts.map((account) => account.addresses[type]);
      await network.traffic({ count: 6, types: [type] });
      const payments = await paid();
      expect(payments).toHaveLength(6);
      for (const outputs of payments) expect(outputs.some(({ address }) => addresses.includes(address))).toBe(true);
      await network.revert(id);
    }
  });

  it('follows from its seed', async () => {
    network = await createNetwork({ nodes: 1, accounts: 3 });
    const id = await network.snapshot();
    const made: string[] = [];
    for (const seed of [1, 1, 2]) {
      await network.traffic({ count: 8, seed });
      const known = new Set(network.accounts.flatMap(({ addresses }) => Object.values(addresses)));
      const payments = (await paid()).flatMap((outputs) => outputs.filter(({ address }) => known.has(address)));
      made.push(JSON.stringify(payments.map(({ address, value }) => `${address} ${value}`).sort()));
      await network.revert(id);
    }
    expect(made[1]).toBe(made[0]);
    expect(made[2]).not.toBe(made[0]);
  });

  it('makes at most the payments a second that are asked for', async () => {
    network = await createNetwork({ nodes: 1, accounts: 4 });
    const { sent, seconds } = await network.traffic({ count: 6, rate: 25 });
    expect(sent).toBe(6);
    // The first is made at once.
    expect(seconds).toBeGreaterThanOrEqual(5 / 25);
  });

  it('counts what wallets cannot pay', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1, balance: '0' });
    const refusals = [{ reason: 'Insufficient funds', count: 7 }];
    expect(await network.traffic({ count: 7 })).toMatchObject({ sent: 0, refused: 7, refusals });
  });

  it('says why payments are refused, the most frequent reason first', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1 });
    const [account] = network.accounts;
    const { refused, refusals } = await network.traffic({ count: 400 });
    expect(refusals).toEqual([
      { reason: expect.stringMatching(/^Unconfirmed UTXOs are available, .* mempool$/), count: refused },
    ]);
    const txid = 'ab'.repeat(32);
    const errors = [
      new RpcError(-6, '0.00000001 BTC is dust: nodes relay no such output below 0.00000294 BTC'),
      new RpcError(-26, `insufficient fee, rejecting replacement ${txid}, less fees than 5`),
      new RpcError(-26, `insufficient fee, rejecting replacement ${'cd'.repeat(32)}, less fees than 6`),
      new PierError('bad-replacement', `payment ${txid} has no change`),
    ];
    const pay = vi.spyOn(account!, 'pay').mockImplementation(() => Promise.reject(errors.shift()));
    expect(await network.traffic({ count: 4 })).toMatchObject({
      refused: 4,
      refusals: [
        { reason: 'insufficient fee', count: 2 },
        { reason: '… BTC is dust', count: 1 },
        { reason: 'bad-replacement', count: 1 },
      ],
    });
    errors.push(new PierError('node-stopped', 'x'));
    await expect(network.traffic({ count: 1 })).rejects.toMatchObject({ code: 'node-stopped' });
    pay.mockRestore();
  });

  it('ends when its signal aborts, its time is over, or the network closes', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1 });
    // The second payment would be due after an hour.
    const slow = { rate: 1 / 3600 };
    const controller = new AbortController();
    const events = network.events();
    const aborted = network.traffic({ ...slow, signal: controller.signal });
    await events.next();
    controller.abort();
    expect(await aborted).toMatchObject({ sent: 1 });
    expect(await network.traffic({ signal: controller.signal })).toMatchObject({ sent: 0 });
    const { seconds } = await network.traffic({ ...slow, seconds: 0.05 });
    expect(seconds).toBeGreaterThanOrEqual(0.05);
    const closing = expect(network.traffic(slow)).rejects.toMatchObject({ code: 'network-closed' });
    await events.next();
    await network.close();
    await closing;
  });

  it('needs accounts', async () => {
    network = await createNetwork({ nodes: 1, accounts: 0 });
    await expect(network.traffic()).rejects.toMatchObject({ code: 'bad-traffic' });
  });
});
