import { afterEach, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import type { Payment } from '../../../src/devnet/network/payment.ts';
import { addressTypes } from '../../../src/wallet/keys.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

interface Decoded {
  readonly vin: readonly { readonly txid: string; readonly vout: number }[];
  readonly vout: readonly { readonly value: number; readonly scriptPubKey: { readonly address: string } }[];
}

const decode = ({ hex }: Payment) => network.node('node1').call<Decoded>('decoderawtransaction', [hex]);
const mempool = async (name: string) => [...(await network.node(name).view()).mempool!];
const feeRate = async ({ txid }: Payment) => {
  const entry = await network.node('node1').call<{ vsize: number; fees: { base: number } }>('getmempoolentry', [txid]);
  return Math.round(entry.fees.base * 1e8) / entry.vsize;
};

it('replaces a payment and what spends it on all nodes, and pays the coins back', async () => {
  network = await createNetwork({ nodes: 2, accounts: 2 });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '15', { feeRate: 20 });
  const child = await alice!.pay(bob!, '34.9', { feeRate: 3 });
  expect(await network.node('node1').call('getmempooldescendants', [payment.txid])).toEqual([child.txid]);
  await child.seenBy('all');
  const conflict = await alice!.doubleSpend(payment);
  expect(conflict.txid).not.toBe(payment.txid);
  expect((await decode(conflict)).vin.map(({ txid, vout }) => [txid, vout])).toEqual(
    (await decode(payment)).vin.map(({ txid, vout }) => [txid, vout]),
  );
  await conflict.seenBy('all');
  for (const name of ['node1', 'node2']) expect(await mempool(name)).toEqual([conflict.txid]);
  await network.mine();
  await conflict.confirmed();
  expect(await payment.confirmations()).toBe(-1);
  expect(await bob!.balance()).toBe(5_000_000_000n);
  const balance = await alice!.balance();
  expect(balance).toBeLessThan(5_000_000_000n);
  expect(balance).toBeGreaterThan(4_999_900_000n);
});

it('finds a payment of its wallet by the txid, and none that it only received', async () => {
  network = await createNetwork({ nodes: 1, accounts: 2 });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '1.5');
  const found = await alice!.payment(payment.txid);
  expect(found).toMatchObject({ txid: payment.txid, hex: payment.hex, wallet: 'account0', node: alice!.node });
  const conflict = await alice!.doubleSpend(found);
  expect(await mempool('node1')).toEqual([conflict.txid]);
  for (const [account, txid] of [
    [bob!, conflict.txid],
    [bob!, payment.txid],
    [alice!, 'ab'.repeat(32)],
  ] as const) {
    await expect(account.payment(txid)).rejects.toMatchObject({
      ...{ code: 'unknown-payment', message: `${account.wallet} has made no payment ${txid}` },
    });
  }
  await network.node('node1').stop();
  await expect(alice!.payment(payment.txid)).rejects.toMatchObject({ code: 'node-stopped' });
});

it('pays another address, at the fee rate that is asked for', async () => {
  network = await createNetwork({ nodes: 1, accounts: 2 });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(alice!, '1', { feeRate: 2 });
  const conflict = await alice!.doubleSpend(payment, { to: bob!, feeRate: 50 });
  const { vout } = await decode(conflict);
  expect(vout.map(({ scriptPubKey }) => scriptPubKey.address)).toEqual([bob!.address]);
  expect(await feeRate(conflict)).toBeGreaterThanOrEqual(50);
  expect(await feeRate(conflict)).toBeLessThan(51);
});

it('signs for coins of each type of address', async () => {
  network = await createNetwork({ nodes: 1, accounts: 2 });
  const [alice, bob] = network.accounts;
  for (const type of addressTypes) await network.faucet(await bob!.newAddress(type), '10');
  await network.mine();
  const payment = await bob!.pay(alice!, '89.9');
  expect((await decode(payment)).vin).toHaveLength(9);
  const conflict = await bob!.doubleSpend(payment);
  expect(await mempool('node1')).toEqual([conflict.txid]);
});

it('makes a transaction that is not submitted, for a reorganisation that confirms it', async () => {
  network = await createNetwork({ nodes: 2 });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '1.5');
  await network.mine();
  const conflict = await alice!.doubleSpend(payment, { submit: false });
  expect(await mempool('node1')).toEqual([]);
  for (const late of [() => alice!.doubleSpend(payment), () => alice!.bumpFee(payment)]) {
    await expect(late()).rejects.toMatchObject({
      code: 'bad-replacement',
      message: expect.stringContaining('has 1 confirmations'),
    });
  }
  await network.reorg({ replace: [conflict.hex] });
  expect(await conflict.confirmations()).toBe(2);
  expect(await payment.confirmations()).toBe(-2);
  expect(await bob!.balance()).toBe(5_000_000_000n);
});

it('raises the fee of a payment at the cost of its change', async () => {
  network = await createNetwork({ nodes: 2 });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '1.5', { feeRate: 1 });
  const bumped = await alice!.bumpFee(payment, { feeRate: 30 });
  await bumped.seenBy('all');
  expect(await mempool('node2')).toEqual([bumped.txid]);
  expect(await feeRate(bumped)).toBeGreaterThanOrEqual(30);
  const again = await alice!.bumpFee(bumped);
  expect(await mempool('node1')).toEqual([again.txid]);
  expect(await feeRate(again)).toBeGreaterThanOrEqual(31);
  await network.mine();
  expect(await bob!.balance()).toBe(5_150_000_000n);
});

it('refuses what it cannot do and changes nothing', async () => {
  network = await createNetwork({ nodes: 1, accounts: 2, balance: '0.25' });
  const [alice, bob] = network.accounts;
  const payment = await alice!.pay(bob!, '0.03', { feeRate: 10 });
  const whole = await bob!.pay(alice!, '0.25', { subtractFee: true });
  const before = await mempool('node1');
  const cases: [() => Promise<unknown>, object][] = [
    [() => bob!.doubleSpend(payment), { code: 'bad-replacement', message: expect.stringContaining('of account0') }],
    [() => bob!.bumpFee(payment), { code: 'bad-replacement' }],
    [() => bob!.bumpFee(whole), { code: 'bad-replacement', message: expect.stringContaining('no change') }],
    [() => alice!.doubleSpend(payment, { feeRate: 9 }), { rpcCode: -26, message: expect.stringContaining('fee') }],
    [() => alice!.doubleSpend(payment, { feeRate: 100_000 }), { message: expect.stringContaining('leaves nothing') }],
  ];
  for (const [call, error] of cases) {
    await expect(call()).rejects.toMatchObject(error);
    expect(await mempool('node1')).toEqual(before);
  }
});
