import { describe, expect, it, vi } from 'vitest';
import { toHex } from '../../../src/bytes/hex.ts';
import { ChainError } from '../../../src/chain/records/errors.ts';
import { verifyChecks } from '../../../src/chain/scripts/script-check.ts';
import type { ScriptPayer } from '../../../src/chain/scripts/script-queue.ts';
import { reject } from '../../../src/consensus/reject.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { ScriptCosts } from '../../../src/p2p/transactions/script-costs.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { OP_TRUE, outpoint, spend } from '../../chain/support/builder.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

/** Priced at 190 hashes, in a branch that is not executed. Succeeds if the last opcode is not OP_0. */
const costly = (last: number): Uint8Array =>
  Uint8Array.from([Op.OP_0, Op.OP_IF, ...Array(190).fill(Op.OP_HASH256), Op.OP_ENDIF, last]);
const VALID = costly(Op.OP_1);
const INVALID = costly(Op.OP_0);
const PADDED = Uint8Array.from([...OP_TRUE, ...new Uint8Array(30).fill(Op.OP_NOP)]);

interface Scene {
  readonly net: TestNetwork;
  readonly node: TestNode;
  /** Spends the coins of `script` one after the other. */
  next(script: Uint8Array): Transaction;
  /** Transactions whose verification has been asked for. */
  readonly verified: { readonly tx: Transaction; readonly precedence: number }[];
  /** Lets verifications finish; before, they wait. */
  release(): void;
}

/** A node whose script verification takes `ms` milliseconds of CPU time, and ends when it is released. */
async function scene(ms: number, isHeld = false): Promise<Scene> {
  const net = new TestNetwork();
  const node = await net.start();
  const coinbaseOutputs = [VALID, INVALID].flatMap((scriptPubKey) => Array(12).fill({ value: 100_000n, scriptPubKey }));
  const [block] = await mine(net, node, 1, { coinbaseOutputs });
  await mine(net, node, 100);
  const [coinbase] = block!.transactions;
  const { scriptCache, scriptQueue } = node.chain;
  const verified: { tx: Transaction; precedence: number }[] = [];
  let release = () => {};
  const released = isHeld ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve();
  vi.spyOn(scriptQueue, 'verify').mockImplementation(async (check, flags, payer: ScriptPayer) => {
    verified.push({ tx: check.tx, precedence: payer.precedence });
    await released;
    const failure = verifyChecks([check], flags);
    if (failure) scriptCache.addFailure(check.tx, flags, failure);
    else scriptCache.add(check.tx, flags);
    payer.spent(ms);
  });
  const used = new Map<Uint8Array, number>([
    [VALID, 0],
    [INVALID, 12],
  ]);
  const next = (script: Uint8Array) => {
    const at = used.get(script)!;
    used.set(script, at + 1);
    return spend({ inputs: [outpoint(coinbase!, at)], outputs: [{ value: 90_000n, scriptPubKey: PADDED }] });
  };
  return { net, node, next, verified, release: () => release() };
}

const pongs = (peer: FakePeer) => peer.received('pong').length;

describe('a peer whose transactions cost script time for nothing', () => {
  it('is disconnected, though not as misbehaving', async () => {
    const { net, node, next } = await scene(1_500);
    const peer = await FakePeer.join(net, node);
    const other = await FakePeer.join(net, node);
    for (let i = 0; i < 3; i++) peer.send('tx', next(INVALID));
    await net.advance(100);
    expect(node.disconnects).toEqual([]);
    for (let i = 0; i < 3; i++) peer.send('tx', next(INVALID));
    await net.advance(100);
    expect(node.disconnects).toEqual(['excessive script cost']);
    expect(peer.closed).toBe(true);
    expect(other.closed).toBe(false);
    // What it sent after that is not verified.
    expect(node.chain.scriptQueue.verify).toHaveBeenCalledTimes(4);
  });

  it('may waste a twentieth of one core for ever', async () => {
    const { net, node, next } = await scene(1_900);
    const peer = await FakePeer.join(net, node);
    for (let i = 0; i < 8; i++) {
      peer.send('tx', next(INVALID));
      await net.advance(40_000, 1_000);
    }
    expect(node.chain.scriptQueue.verify).toHaveBeenCalledTimes(8);
    expect(node.disconnects).toEqual([]);
  });

  it('is only deferred if the user added it', async () => {
    const { net, node, next, verified } = await scene(3_000);
    const peer = await FakePeer.manual(net, node);
    for (let i = 0; i < 6; i++) peer.send('tx', next(INVALID));
    await net.advance(100);
    expect(node.disconnects).toEqual([]);
    expect(verified.map(({ precedence }) => Math.ceil(precedence / 3_000))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('waits behind others', async () => {
    const { net, node, next, verified } = await scene(1_200);
    const peer = await FakePeer.join(net, node);
    const other = await FakePeer.join(net, node);
    peer.send('tx', next(INVALID));
    await net.advance(50);
    peer.send('tx', next(VALID));
    other.send('tx', next(VALID));
    await net.advance(50);
    expect(verified[0]!.precedence).toBe(0);
    expect(verified[1]!.precedence).toBeGreaterThan(1_000);
    expect(verified[2]!.precedence).toBe(0);
    expect(node.mempool.size).toBe(2);
  });

  it('is not charged for what the mempool accepts, nor for what it has from another peer', async () => {
    const { net, node, next } = await scene(3_000);
    const peer = await FakePeer.join(net, node);
    const other = await FakePeer.join(net, node);
    for (let i = 0; i < 6; i++) {
      const tx = next(VALID);
      peer.send('tx', tx);
      other.send('tx', tx);
      await net.advance(50);
    }
    expect(node.mempool.size).toBe(6);
    expect(node.disconnects).toEqual([]);
  });
});

describe('while costly scripts of a peer are verified', () => {
  it('only its own messages wait, and no other peer is asked for the transaction', async () => {
    const { net, node, next, release } = await scene(10, true);
    const peer = await FakePeer.join(net, node);
    const other = await FakePeer.join(net, node);
    const tx = next(VALID);
    const entries = [{ type: InvType.WTX, hash: tx.wtxid }];
    peer.send('inv', { entries });
    await peer.waitFor('getdata');
    peer.send('tx', tx);
    peer.send('ping', { nonce: 1n });
    other.send('inv', { entries });
    other.send('ping', { nonce: 2n });
    await net.advance(5_000, 100);
    expect(pongs(peer)).toBe(0);
    expect(pongs(other)).toBe(1);
    expect(other.received('getdata')).toEqual([]);
    release();
    await net.advance(100);
    expect(node.mempool.has(tx.txid)).toBe(true);
    expect(pongs(peer)).toBe(1);
    expect(other.received('getdata')).toEqual([]);
  });

  it('the peer may leave', async () => {
    const { net, node, next, release } = await scene(10, true);
    const peer = await FakePeer.join(net, node);
    const [valid, invalid] = [next(VALID), next(INVALID)];
    peer.send('tx', valid);
    const other = await FakePeer.join(net, node);
    other.send('tx', invalid);
    await net.advance(50);
    peer.connection.close();
    other.connection.close();
    await net.advance(50);
    release();
    await net.advance(50);
    expect(node.mempool.has(valid.txid)).toBe(true);
    expect(node.mempool.has(invalid.txid)).toBe(false);
  });

  it('a full queue drops its transaction, which may come again', async () => {
    const { net, node, next } = await scene(10);
    const peer = await FakePeer.join(net, node);
    vi.mocked(node.chain.scriptQueue.verify).mockRejectedValueOnce(new ChainError('busy', 'full'));
    const tx = next(VALID);
    peer.send('tx', tx);
    peer.send('ping', { nonce: 1n });
    await net.advance(50);
    expect(pongs(peer)).toBe(1);
    expect(node.mempool.size).toBe(0);
    peer.send('tx', tx);
    await net.advance(50);
    expect(node.mempool.size).toBe(1);
  });

  it('of an orphan, the sender of its parent does not wait', async () => {
    const { net, node, next, release, verified } = await scene(6_000, true);
    const parentPeer = await FakePeer.join(net, node);
    const childPeer = await FakePeer.join(net, node);
    const [block] = await mine(net, node, 1);
    await mine(net, node, 100);
    const outputs = [VALID, INVALID].map((scriptPubKey) => ({ value: 100_000n, scriptPubKey }));
    const parent = spend({ inputs: [outpoint(block!.transactions[0]!)], outputs });
    const children = [0, 1].map((vout) =>
      spend({ inputs: [outpoint(parent, vout)], outputs: [{ value: 90_000n, scriptPubKey: PADDED }] }),
    );
    for (const child of children) childPeer.send('tx', child);
    await net.advance(50);
    parentPeer.send('tx', parent);
    parentPeer.send('ping', { nonce: 1n });
    await net.advance(50);
    expect(pongs(parentPeer)).toBe(1);
    expect(node.mempool.size).toBe(1);
    expect(verified.map(({ tx }) => tx.txidHex)).toEqual(children.map(({ txidHex }) => txidHex));
    release();
    await net.advance(50);
    expect(node.mempool.has(children[0]!.txid)).toBe(true);
    expect(node.mempool.has(children[1]!.txid)).toBe(false);
    expect(parentPeer.closed).toBe(false);
    expect(childPeer.closed).toBe(true);
    expect(next).toBeDefined();
  });

  it('of a package, the peer waits and is charged', async () => {
    const { net, node, verified } = await scene(6_000);
    const peer = await FakePeer.join(net, node);
    const [block] = await mine(net, node, 1);
    await mine(net, node, 100);
    // The parent pays nothing, so that it needs the child; the child's script is invalid.
    const { value } = block!.transactions[0]!.outputs[0]!;
    const parent = spend({
      inputs: [outpoint(block!.transactions[0]!)],
      outputs: [{ value, scriptPubKey: INVALID }],
      version: 3,
    });
    const outputs = [{ value: value - 50_000n, scriptPubKey: PADDED }];
    const child = spend({ inputs: [outpoint(parent)], outputs, version: 3 });
    peer.send('tx', child);
    await net.advance(50);
    peer.send('tx', parent);
    await net.advance(50);
    expect(verified.map(({ tx }) => toHex(tx.txid))).toEqual([toHex(child.txid)]);
    expect(node.mempool.size).toBe(0);
    expect(node.disconnects).toEqual(['excessive script cost']);
  });
});

describe('ScriptCosts', () => {
  const invalid = reject('not-standard', 'mempool-script-verify-flag-failed (Invalid Schnorr signature)');
  const cheap = reject('mempool-policy', 'insufficient fee');

  function start(type = 'inbound') {
    const clock = new VirtualClock();
    const reasons: string[] = [];
    const peer = { type, disconnect: (reason: string) => void reasons.push(reason) } as unknown as Peer;
    return { clock, costs: new ScriptCosts(clock), peer, reasons };
  }

  it('forgets 50 milliseconds a second', () => {
    const { clock, costs, peer } = start();
    costs.charge(peer, 1_000);
    clock.advance(4_000);
    expect(costs.wasted(peer)).toBe(800);
    costs.charge(peer, 100);
    expect(costs.wasted(peer)).toBe(900);
    clock.advance(60_000);
    expect(costs.wasted(peer)).toBe(0);
  });

  it('defers from 1,000 milliseconds on and disconnects at 5,000', () => {
    const { costs, peer, reasons } = start();
    costs.charge(peer, 999);
    expect(costs.precedence(peer)).toBe(0);
    costs.charge(peer, 1);
    expect(costs.precedence(peer)).toBe(1_000);
    costs.charge(peer, 3_999);
    expect(reasons).toEqual([]);
    costs.charge(peer, 1);
    expect(reasons).toEqual(['excessive script cost']);
  });

  it('charges scripts that ran at once only if they are invalid, and others for any reject but a conflict', () => {
    const { clock, costs, peer } = start();
    let bill = costs.bill(peer);
    clock.advance(2);
    bill.settle(cheap);
    expect(costs.wasted(peer)).toBe(0);
    bill.settle(invalid);
    expect(costs.wasted(peer)).toBe(2);
    bill = costs.bill(peer);
    bill.spent(300);
    bill.spent(400);
    clock.advance(5_000);
    bill.settle(reject('conflict', 'txn-already-in-mempool'));
    expect(costs.wasted(peer)).toBe(0);
    bill.settle(cheap);
    expect(costs.wasted(peer)).toBe(700);
    const anonymous = costs.bill(undefined);
    anonymous.spent(9_000);
    anonymous.settle(invalid);
    expect(anonymous.precedence).toBe(0);
  });
});
