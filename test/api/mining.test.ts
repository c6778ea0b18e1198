import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import { Block } from '../../src/primitives/block.ts';
import { TestNode } from './test-node.ts';

// P2WPKH of twenty zero bytes.
const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

let node: TestNode;
beforeEach(async () => {
  node = await TestNode.start({ minerAddress: ADDRESS });
});
afterEach(() => node.stop());

describe('mining methods', () => {
  it('generates blocks that pay an address', async () => {
    const hashes = await node.call<string[]>('generatetoaddress', 3, ADDRESS);
    expect(hashes).toHaveLength(3);
    expect(await node.call('getbestblockhash')).toBe(hashes[2]);
    const block = await node.call<{ tx: { vout: { value: number; scriptPubKey: { address: string } }[] }[] }>(
      'getblock',
      hashes[0],
      2,
    );
    expect(block.tx[0]?.vout[0]).toMatchObject({ value: 50, scriptPubKey: { address: ADDRESS } });
    expect(await node.call('generatetoaddress', 0, ADDRESS)).toEqual([]);
    await expect(node.call('generatetoaddress', 1, 'nonsense')).rejects.toMatchObject({
      rpcCode: -5,
      message: expect.stringMatching(/^Error: Invalid address/),
    });
  });

  it('generates a block without submitting it', async () => {
    const { hash, hex } = await node.call<{ hash: string; hex: string }>('generateblock', ADDRESS, [], false);
    expect(await node.call('getblockcount')).toBe(0);
    expect(Block.decode(fromHex(hex)).hashHex).toBe(hash);
    expect(await node.call('submitheader', hex.slice(0, 160))).toBe(null);
    expect(await node.call('getchaintips')).toMatchObject([{ status: 'headers-only', hash }, { status: 'active' }]);
    await expect(node.call('getblock', hash)).rejects.toMatchObject({ rpcCode: -1 });
    expect(await node.call('submitblock', hex)).toBe(null);
    expect(await node.call('submitblock', hex)).toBe('duplicate');
    expect(await node.call('getbestblockhash')).toBe(hash);
  });

  it('does not generate an invalid block', async () => {
    const [hash] = await node.call<string[]>('generatetoaddress', 1, ADDRESS);
    const { tx } = await node.call<{ tx: { txid: string }[] }>('getblock', hash, 2);
    const spend = await node.call('createrawtransaction', [{ txid: tx[0]?.txid, vout: 0 }], { [ADDRESS]: 1 });
    await expect(node.call('generateblock', ADDRESS, [spend])).rejects.toMatchObject({
      rpcCode: -25,
      message: expect.stringMatching('bad-txns-premature-spend-of-coinbase'),
    });
    await expect(node.call('generateblock', ADDRESS, ['00'.repeat(32)])).rejects.toMatchObject({ rpcCode: -5 });
    await expect(node.call('generateblock', ADDRESS, ['zz'])).rejects.toMatchObject({ rpcCode: -22 });
  });

  it('accepts a block whose coinbase lacks the witness reserved value', async () => {
    const { hex, hash } = await node.call<{ hash: string; hex: string }>('generateblock', ADDRESS, [], false);
    const block = Block.decode(fromHex(hex));
    expect(block.transactions[0]?.hasWitness).toBe(true);
    const stripped = Buffer.from(block.encodeStripped()).toString('hex');
    expect(await node.call('submitblock', stripped)).toBe(null);
    expect(await node.call('getbestblockhash')).toBe(hash);
  });

  it('waits for blocks', async () => {
    const [height, any, hash] = [
      node.call<{ height: number }>('waitforblockheight', 2),
      node.call<{ height: number }>('waitfornewblock'),
      node.call<{ height: number }>('waitforblock', await node.call('getbestblockhash')),
    ];
    expect(await hash).toMatchObject({ height: 0 });
    const [first, second] = await node.call<[string, string]>('generatetoaddress', 2, ADDRESS);
    expect(await any).toEqual({ height: 1, hash: first });
    expect(await height).toEqual({ height: 2, hash: second });
    expect(await node.call('waitforblockheight', 1)).toEqual({ height: 2, hash: second });
    expect(await node.call('waitfornewblock', 1)).toEqual({ height: 2, hash: second });
    expect(await node.call('waitfornewblock', 0, first)).toEqual({ height: 2, hash: second });
  });

  it("returns the state of the node's own miner", async () => {
    expect(await node.call('getminerinfo')).toEqual({ running: false, address: ADDRESS, mineattxs: 2, hashrate: 0 });
    const [hash] = await node.call<string[]>('generatetoaddress', 1, ADDRESS);
    expect(await node.call('getminerinfo')).toMatchObject({
      lastblock: { hash, height: 1, transactions: 1, hashes: expect.any(Number), nonce: expect.any(Number) },
    });
  });

  it("starts and stops the node's own miner", async () => {
    const running = async () => (await node.call<{ running: boolean }>('getminerinfo')).running;
    for (const generate of [true, true, false, false]) {
      expect(await node.call('setgenerate', generate)).toBeNull();
      expect(await running()).toBe(generate);
    }
    await expect(node.call('setgenerate')).rejects.toMatchObject({ rpcCode: -1 });
  });
});
