import { afterEach, describe, expect, it, vi } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';

let network: NodeNetwork;
afterEach(async () => {
  vi.useRealTimers();
  await network?.close();
});

const nodes = [{ accounts: [0, 1] }, {}] as const;
/** Milliseconds of latency, more than mining a block takes. */
const LATENCY = 100;

describe('a block that is mined after a payment', () => {
  it('waits for it, also on another node than the payer’s', async () => {
    network = await createNetwork({ nodes, accounts: 2, links: [{ between: ['node1', 'node2'], latency: LATENCY }] });
    const [alice, bob] = network.accounts;
    const payment = await alice!.pay(bob!, '1');
    await network.mine(1, { by: 'node2' });
    expect(await payment.confirmations()).toBe(1);
    const bumped = await alice!.bumpFee(await alice!.pay(bob!, '1'));
    await network.mine(1, { by: 'node2' });
    expect(await bumped.confirmations()).toBe(1);
    const faucet = await network.faucet(bob!, '1');
    await network.mine(1, { by: 'node2' });
    expect(await faucet.confirmations()).toBe(1);
  });

  it('waits for none that the miner does not reach, refuses or has', async () => {
    network = await createNetwork({ nodes, accounts: 2 });
    const [alice, bob] = network.accounts;
    await network.partition([['node1'], ['node2']]);
    const cutOff = await alice!.pay(bob!, '1');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    await network.mine(1, { by: 'node2' });
    expect(await cutOff.confirmations()).toBe(0);
    vi.useRealTimers();
    await network.heal();
    await network.mine(1, { by: 'node2' });
    expect(await cutOff.confirmations()).toBe(1);

    await network.partition([['node1'], ['node2']]);
    const refused = await alice!.pay(bob!, '1', { feeRate: 20 });
    const replaced = await bob!.pay(alice!, '1');
    await bob!.bumpFee(replaced);
    // It pays less in all, and more for each byte: no node replaces one by the other.
    const rival = await alice!.doubleSpend(refused, { submit: false, feeRate: 21 });
    await network.node('node2').call('sendrawtransaction', [rival.hex]);
    await network.heal();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    await network.mine(1, { by: 'node2' });
    expect([await refused.confirmations(), await replaced.confirmations()]).toEqual([-1, -1]);
  });

  it('waits for none that a revert has undone', async () => {
    network = await createNetwork({ nodes, accounts: 2 });
    const [alice, bob] = network.accounts;
    const id = await network.snapshot();
    await alice!.pay(bob!, '1');
    await network.revert(id);
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    expect(await network.mine(1, { by: 'node2' })).toHaveLength(1);
  });
});
