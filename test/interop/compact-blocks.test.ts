import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { type Bitcoind, type BitcoindWallet, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { startFullNode, type TestFullNode } from '../support/node.ts';
import { waitFor } from '../support/wait.ts';

interface PeerInfo {
  readonly bip152_hb_to: boolean;
  readonly bip152_hb_from: boolean;
  readonly bytessent_per_msg: Record<string, number>;
  readonly bytesrecv_per_msg: Record<string, number>;
}

/** Bytes that BIP324 adds to a message with a short id: length, header, id and tag. */
const PACKET = 3 + 1 + 1 + 16;

describeBitcoind('compact blocks, exchanged with bitcoind', () => {
  let bitcoind: Bitcoind;
  let wallet: BitcoindWallet;
  let node: TestFullNode;

  const tips = async () => [await bitcoind.rpc('getbestblockhash'), await node.rpc('getbestblockhash')];
  const synced = () => waitFor(async () => new Set(await tips()).size === 1, { timeoutMs: 20_000 });
  const ourPeer = async () => (await node.rpc<PeerInfo[]>('getpeerinfo'))[0]!;
  const theirPeer = async () => (await bitcoind.rpc<PeerInfo[]>('getpeerinfo'))[0]!;

  /** Returns a signed payment that is in neither mempool. */
  async function payment(): Promise<Transaction> {
    const created = await wallet.rpc<string>('createrawtransaction', [], { [await wallet.newAddress()]: 1 });
    const { hex } = await wallet.rpc<{ hex: string }>('fundrawtransaction', created, { lockUnspents: true });
    const signed = await wallet.rpc<{ hex: string }>('signrawtransactionwithwallet', hex);
    return Transaction.decode(fromHex(signed.hex));
  }

  const hex = (tx: Transaction) => Buffer.from(tx.encode()).toString('hex');

  beforeAll(async () => {
    // `noban` peers get transaction announcements without delay.
    bitcoind = await startBitcoind({ args: ['-whitelist=in,out,noban@127.0.0.1'] });
    wallet = await bitcoind.wallet();
    await wallet.mine(110);
    node = await startFullNode([`127.0.0.1:${bitcoind.port}`]);
    await synced();
    // Each node announces a tip to the other, so that both select it as a high-bandwidth peer.
    await bitcoind.mine(1);
    await synced();
    await node.mine(1);
    await synced();
  });
  afterAll(() => bitcoind?.stop());

  it('are negotiated in high-bandwidth mode in both directions', async () => {
    await waitFor(async () => (await ourPeer()).bip152_hb_to && (await ourPeer()).bip152_hb_from);
    expect(await theirPeer()).toMatchObject({ bip152_hb_to: true, bip152_hb_from: true });
  });

  it('are reconstructed from our mempool; missing transactions are requested', async () => {
    const known = await payment();
    await bitcoind.rpc('sendrawtransaction', hex(known));
    await waitFor(() => node.node.mempool.has(known.txid));
    const unknown = await payment();
    const before = await ourPeer();
    await bitcoind.rpc('generateblock', await wallet.newAddress(), [known.txidHex, hex(unknown)]);
    await synced();
    const after = await ourPeer();
    expect(after.bytesrecv_per_msg.cmpctblock).toBeGreaterThan(before.bytesrecv_per_msg.cmpctblock ?? 0);
    // The packet overhead, the block's hash, a count, and the single missing transaction.
    const { length } = unknown.encode();
    expect(after.bytesrecv_per_msg.blocktxn).toBe((before.bytesrecv_per_msg.blocktxn ?? 0) + PACKET + 32 + 1 + length);
    expect(after.bytesrecv_per_msg.block).toBe(before.bytesrecv_per_msg.block);
    expect(node.node.mempool.size).toBe(0);
  });

  it("are reconstructed from bitcoind's mempool; missing transactions are requested", async () => {
    const known = await payment();
    await bitcoind.rpc('sendrawtransaction', hex(known));
    await waitFor(() => node.node.mempool.has(known.txid));
    const unknown = await payment();
    const before = await theirPeer();
    await node.rpc('generateblock', await node.newAddress(), [known.txidHex, hex(unknown)]);
    await synced();
    const after = await theirPeer();
    expect(after.bytesrecv_per_msg.cmpctblock).toBeGreaterThan(before.bytesrecv_per_msg.cmpctblock ?? 0);
    const { length } = unknown.encode();
    expect(after.bytesrecv_per_msg.blocktxn).toBe((before.bytesrecv_per_msg.blocktxn ?? 0) + PACKET + 32 + 1 + length);
    expect(after.bytesrecv_per_msg.block).toBe(before.bytesrecv_per_msg.block);
    expect(await bitcoind.rpc('getrawmempool')).toEqual([]);
  });
});
