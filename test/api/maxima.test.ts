import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { ownScript, pay, spend, utxo } from '../support/regtest-chain.ts';
import { TestNode } from './test-node.ts';

// Values equal to a maximum are accepted, and the next ones refused, as by bitcoind.

let node: TestNode;
/** An address whose outputs need no signature. */
const OPEN = encodeAddress(ownScript, regtest.address)!;
let own: string;

beforeAll(async () => {
  node = await TestNode.start({ blockFilterIndex: true });
  await node.call('createwallet', 'w');
  own = await node.call<string>('getnewaddress');
  await node.call('generatetoaddress', 2, own);
  await node.call('generatetoaddress', 2, OPEN);
  await node.call('generatetoaddress', 100, 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202');
});
afterAll(() => node.stop());

/** Returns a spendable output of `OPEN`. */
function openOutput(height: number) {
  const { chain } = node.node;
  return utxo(chain.getBlock(chain.atHeight(height)!)!.transactions[0]!, 0);
}

const refused = (call: Promise<unknown>, rpcCode: number) => expect(call).rejects.toMatchObject({ rpcCode });

describe('a value equal to a maximum', () => {
  it('of a height is the tip', async () => {
    const tip = await node.call<string>('getbestblockhash');
    expect(await node.call('getblockhash', 104)).toBe(tip);
    await refused(node.call('getblockhash', 105), -8);
    expect(await node.call('getblockstats', 104, ['height'])).toEqual({ height: 104 });
    await refused(node.call('getblockstats', 105), -8);
    expect(await node.call('getnetworkhashps', 120, 104)).toBe(await node.call('getnetworkhashps'));
    await refused(node.call('getnetworkhashps', 120, 105), -8);
    expect(await node.call('waitforblockheight', 104)).toMatchObject({ height: 104 });
    const scan = (start: number, stop: number) => node.call('scanblocks', 'start', [`addr(${own})`], start, stop);
    expect(await scan(104, 104)).toMatchObject({ from_height: 104, to_height: 104 });
    expect(await scan(2, 2)).toMatchObject({ relevant_blocks: [await node.call('getblockhash', 2)] });
    await refused(scan(105, 105), -1);
    await refused(scan(104, 105), -1);
    await refused(scan(104, 103), -1);
  });

  it('of a confirmation target is 1008 blocks', async () => {
    for (const target of [1, 1008])
      expect(await node.call('estimatesmartfee', target)).toMatchObject({ blocks: target });
    for (const target of [0, 1009]) await refused(node.call('estimatesmartfee', target), -8);
  });

  it('of an integer is 2^31 - 1', async () => {
    await refused(node.call('getblockhash', 2 ** 31 - 1), -8);
    await refused(node.call('getblockhash', 2 ** 31), -1);
  });

  it('of a mock time is the last whose nanoseconds fit', async () => {
    expect(await node.call('setmocktime', 9_223_372_036)).toBe(null);
    await refused(node.call('setmocktime', 9_223_372_037), -8);
    await node.call('setmocktime', 0);
  });

  it('of the fields of a transaction is 2^32 - 1, but 2^31 - 1 for an output index', async () => {
    const txid = 'ab'.repeat(32);
    const create = (vout: number, sequence: number, lockTime: number) =>
      node.call<string>('createrawtransaction', [{ txid, vout, sequence }], {}, lockTime, false);
    const most = 0xffff_ffff;
    const hex = await create(0x7fff_ffff, most, most);
    // Without outputs it can only be decoded as one without witness.
    expect(hex).toBe(`0200000001${txid}ffffff7f00ffffffff00ffffffff`);
    await refused(create(0x8000_0000, most, most), -1);
    await refused(create(0, most + 1, most), -8);
    await refused(create(0, most, most + 1), -8);
  });

  it('of an amount is 21 million bitcoins', async () => {
    const inputs = [{ txid: 'ab'.repeat(32), vout: 0 }];
    const hex = await node.call<string>('createrawtransaction', inputs, { [own]: 21_000_000 });
    expect(Transaction.decode(fromHex(hex)).outputs[0]!.value).toBe(2_100_000_000_000_000n);
    await refused(node.call('createrawtransaction', inputs, { [own]: '21000000.00000001' }), -3);
  });

  it('of a fee rate or a burnt amount is the limit that the caller gives', async () => {
    const tx = pay([openOutput(3)], 10_000n);
    // The fee at a rate is rounded up.
    const rate = ((10_000 * 1000) / tx.vsize / 1e8).toFixed(8);
    const test = (limit: string) => node.call<{ allowed: boolean }[]>('testmempoolaccept', [toHex(tx.encode())], limit);
    const ceiling = (Math.ceil((10_000 * 1000) / tx.vsize) / 1e8).toFixed(8);
    expect(await test(ceiling)).toMatchObject([{ allowed: true }]);
    expect(await test((Number(rate) - 2e-6).toFixed(8))).toMatchObject([{ 'reject-reason': 'max-fee-exceeded' }]);

    const burn = { value: 1_000n, scriptPubKey: compileScript(Op.OP_RETURN, new Uint8Array(3)) };
    const { output } = openOutput(4);
    const burning = spend([openOutput(4)], [burn, { ...output, value: output.value - 11_000n }]);
    const send = (limit: string) => node.call('sendrawtransaction', toHex(burning.encode()), 0, limit);
    await refused(send('0.00000999'), -25);
    expect(await send('0.00001000')).toBe(burning.txidHex);
  });
});

describe('the limits of a wallet query', () => {
  const confirmations = () => 103;
  const unspent = (...params: unknown[]) => node.call<{ amount: number }[]>('listunspent', ...params);

  it('include coins of exactly minconf and maxconf', async () => {
    // The rewards of blocks 1 and 2 have 104 and 103 confirmations.
    expect(await unspent(confirmations(), confirmations())).toHaveLength(1);
    expect(await unspent(confirmations() + 1)).toHaveLength(1);
    expect(await unspent(confirmations() + 2)).toHaveLength(0);
    expect(await unspent(1, confirmations() - 1)).toHaveLength(0);
    expect(await node.call('getbalance', '*', confirmations() + 1)).toBe(50);
    expect(await node.call('getbalance', '*', confirmations() + 2)).toBe(0);
  });

  it('include coins of exactly the minimum and the maximum amount', async () => {
    const query = (options: Record<string, number>) => unspent(1, 9_999_999, [], true, options);
    expect(await query({ minimumAmount: 50, maximumAmount: 50 })).toHaveLength(2);
    expect(await query({ minimumAmount: 50.00000001 })).toHaveLength(0);
    expect(await query({ maximumAmount: 49.99999999 })).toHaveLength(0);
    expect(await query({ minimumSumAmount: 50 })).toHaveLength(1);
    expect(await query({ minimumSumAmount: 50.00000001 })).toHaveLength(2);
    expect(await query({ maximumCount: 1 })).toHaveLength(1);
    expect(await query({ maximumCount: 2 })).toHaveLength(2);
  });

  it('of listtransactions are a count and a number to skip', async () => {
    const list = async (...params: unknown[]) =>
      (await node.call<unknown[]>('listtransactions', '*', ...params)).length;
    expect([await list(1), await list(2), await list(3), await list(0)]).toEqual([1, 2, 2, 0]);
    expect([await list(10, 1), await list(10, 2), await list(1, 1), await list(1, 2)]).toEqual([1, 0, 1, 0]);
  });
});
