import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/hex.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { OP_TRUE, outpoint, spend } from '../../chain/support/builder.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

/** Large enough for the mempool's minimum transaction size. */
const SCRIPT = Uint8Array.from([...OP_TRUE, ...new Uint8Array(30).fill(0x61)]);

interface Scene {
  readonly net: TestNetwork;
  readonly node: TestNode;
  /** A transaction without a fee, which needs a child that pays for it. */
  readonly parent: Transaction;
}

/** Spends the first output of `tx` by a transaction of version 3. */
function child(tx: Transaction, fee: bigint): Transaction {
  const outputs = [{ value: tx.outputs[0]!.value - fee, scriptPubKey: SCRIPT }];
  return spend({ inputs: [outpoint(tx)], outputs, version: 3 });
}

async function scene(): Promise<Scene> {
  const net = new TestNetwork();
  const node = await net.start();
  const [block] = await mine(net, node, 1);
  await mine(net, node, 100);
  return { net, node, parent: child(block!.transactions[0]!, 0n) };
}

const txid = (tx: Transaction) => `${InvType.WITNESS_TX} ${toHex(tx.txid)}`;
const requested = (peer: FakePeer) =>
  peer.received('getdata').flatMap(({ entries }) => [...entries].map(({ type, hash }) => `${type} ${toHex(hash)}`));

describe('a low-fee parent', () => {
  it('is accepted with a child that was received before it', async () => {
    const { net, node, parent } = await scene();
    const peer = await FakePeer.join(net, node);
    peer.send('tx', child(parent, 10_000n));
    await peer.waitFor('getdata');
    expect(requested(peer)).toEqual([txid(parent)]);
    peer.send('tx', parent);
    await net.until(() => node.mempool.size === 2, 500);
  });

  it('is requested again for a child that is received after it, and accepted with it', async () => {
    const { net, node, parent } = await scene();
    const peer = await FakePeer.join(net, node);
    peer.send('tx', parent);
    await net.advance(50);
    // It is not requested again without a child.
    peer.send('inv', { entries: [{ type: InvType.WTX, hash: parent.wtxid }] });
    await net.advance(100);
    expect(requested(peer)).toEqual([]);
    expect(node.mempool.size).toBe(0);
    peer.send('tx', child(parent, 10_000n));
    await peer.waitFor('getdata');
    expect(requested(peer)).toEqual([txid(parent)]);
    peer.send('tx', parent);
    await net.until(() => node.mempool.size === 2, 500);
  });

  it('is tried once with each child', async () => {
    const { net, node, parent } = await scene();
    const peer = await FakePeer.join(net, node);
    let packages = 0;
    const { mempool } = node;
    const acceptPackage = mempool.acceptPackage.bind(mempool);
    mempool.acceptPackage = (txs) => {
      packages++;
      return acceptPackage(txs);
    };
    const lowFeeChild = child(parent, 1n);
    peer.send('tx', lowFeeChild);
    peer.send('tx', parent);
    await net.advance(50);
    peer.send('tx', parent);
    peer.send('tx', lowFeeChild);
    peer.send('tx', parent);
    await net.advance(50);
    expect([packages, mempool.size]).toEqual([1, 0]);
    peer.send('tx', child(parent, 10_000n));
    peer.send('tx', parent);
    await net.until(() => mempool.size === 2, 500);
    expect(packages).toBe(2);
  });

  it("is tried with the same peer's child before another peer's", async () => {
    const { net, node, parent } = await scene();
    const [honest, other] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    const [good, newer] = [child(parent, 10_000n), child(parent, 20_000n)];
    const tried: string[] = [];
    const acceptPackage = node.mempool.acceptPackage.bind(node.mempool);
    node.mempool.acceptPackage = (txs) => {
      tried.push(txs[1]!.txidHex);
      return acceptPackage(txs);
    };
    honest.send('tx', good);
    await net.advance(50);
    other.send('tx', newer);
    await net.advance(50);
    honest.send('tx', parent);
    await net.until(() => node.mempool.size === 2, 500);
    expect(tried).toEqual([good.txidHex]);
    // The other peer's child, accepted as an orphan afterwards, replaces it by its higher fee.
    expect(node.mempool.has(newer.txid)).toBe(true);
  });

  it('is requested again after a new block', async () => {
    const { net, node, parent } = await scene();
    const peer = await FakePeer.join(net, node);
    peer.send('tx', parent);
    await net.advance(50);
    await mine(net, node, 1);
    peer.send('inv', { entries: [{ type: InvType.WTX, hash: parent.wtxid }] });
    await peer.waitFor('getdata', 1, 500);
  });
});

describe('the parents of an orphan', () => {
  it('are requested from every peer that announces it, one after the other', async () => {
    const { net, node, parent } = await scene();
    const [silent, helpful] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
    const orphan = child(parent, 10_000n);
    silent.send('tx', orphan);
    await silent.waitFor('getdata');
    helpful.send('inv', { entries: [{ type: InvType.WTX, hash: orphan.wtxid }] });
    await net.advance(100);
    expect(requested(helpful)).toEqual([]);
    silent.connection.close();
    await helpful.waitFor('getdata', 1, 500);
    expect(requested(helpful)).toEqual([txid(parent)]);
    helpful.send('tx', parent);
    await net.until(() => node.mempool.size === 2, 500);
  });

  it('are not requested if two of them have a low fee, since a package has only one parent', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const blocks = await mine(net, node, 2);
    await mine(net, node, 100);
    // Without witnesses their txids equal their wtxids, so the child's prevouts match the remembered rejects.
    const parents = blocks.map(({ transactions }) => child(transactions[0]!, 0n));
    const peer = await FakePeer.join(net, node);
    for (const parent of parents) peer.send('tx', parent);
    await net.advance(50);
    const outputs = [{ value: 50_0000_0000n, scriptPubKey: SCRIPT }];
    const both = spend({ inputs: parents.map((parent) => outpoint(parent)), outputs, version: 3 });
    peer.send('tx', both);
    await net.advance(100);
    expect(requested(peer)).toEqual([]);
  });
});
