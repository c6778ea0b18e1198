import { afterEach, describe, expect, it } from 'vitest';
import { JsonNumber } from '../../src/api/json/json.ts';
import { TestNode } from './test-node.ts';

// P2WPKH of twenty zero bytes.
const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const DAY = 24 * 60 * 60;

let node: TestNode;
afterEach(() => node.stop());

const timeOf = async (hash: string) => (await node.call<{ time: number }>('getblockheader', hash)).time;

describe('setmocktime', () => {
  it('sets the time of chain, mempool and wallets', async () => {
    node = await TestNode.start();
    const { clock, chain, mempool, wallets } = node.node;
    await node.call('setmocktime', 1_400_000_000);
    const wallet = await wallets!.createWallet('w');
    const address = await node.callWallet<string>('w', 'getnewaddress');
    const { hex, hash } = await node.call<{ hex: string; hash: string }>('generateblock', address, [], false);

    // The tip is more than a day old, until the clock is set back.
    await node.call('setmocktime', 1_400_000_001 + DAY);
    expect(await node.call('submitblock', hex)).toBe(null);
    expect(await timeOf(hash)).toBe(1_400_000_000);
    expect(chain.isInitialBlockDownload).toBe(true);
    await node.call('setmocktime', 1_400_000_000 + DAY);
    expect(chain.isInitialBlockDownload).toBe(false);

    await node.call('generatetoaddress', 100, ADDRESS);
    await node.call('setmocktime', 1_500_000_000);
    const txid = await node.callWallet<string>('w', 'sendtoaddress', ADDRESS, 1);
    expect(await node.call('getmempoolentry', txid)).toMatchObject({ time: 1_500_000_000 });
    expect(await node.callWallet('w', 'gettransaction', txid)).toMatchObject({ time: 1_500_000_000 });
    expect(wallet.name).toBe('w');

    // After fourteen days, the next transaction triggers the expiry of the first.
    await node.call('setmocktime', 1_500_000_000 + 14 * DAY + 1);
    await node.callWallet('w', 'sendtoaddress', ADDRESS, 1).catch(() => {});
    expect(mempool.size).toBe(0);

    await node.call('setmocktime', 0);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000);
  });

  it.each(['-1', '9223372037', '9223372036854775807'])('refuses %s with all its digits', async (time) => {
    node = await TestNode.start();
    await expect(node.call('setmocktime', new JsonNumber(time))).rejects.toMatchObject({
      rpcCode: -8,
      message: `Mocktime must be in the range [0, 9223372036], not ${time}.`,
    });
  });

  it('is for regtest only', async () => {
    node = await TestNode.start({ network: 'testnet4' });
    await expect(node.call('setmocktime', 1)).rejects.toMatchObject({
      rpcCode: -1,
      message: 'setmocktime is for regression testing (-regtest mode) only',
    });
  });
});
