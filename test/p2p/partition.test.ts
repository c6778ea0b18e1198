import { expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { mine, TestNetwork, type TestNode } from './support/network.ts';

/** An anyone-can-spend output: P2WSH of OP_TRUE. */
const ANYONE_CAN_SPEND = concatBytes(Uint8Array.of(0x00, 0x20), sha256(OP_TRUE));

/** Spends a coinbase's first output. */
function spendOf(coinbase: Transaction): Transaction {
  return spend({
    inputs: [outpoint(coinbase)],
    outputs: [{ value: coinbase.outputs[0]!.value - 10_000n, scriptPubKey: ANYONE_CAN_SPEND }],
    sequence: 0xffff_ffff,
    lockTime: 0,
    witness: [OP_TRUE],
  });
}

/** Mines a block with the node's mempool. */
async function mineMempool(net: TestNetwork, node: TestNode): Promise<void> {
  const transactions = [...node.mempool.entries()].map(({ tx }) => tx);
  await mine(net, node, 1, { transactions, fees: 10_000n * BigInt(transactions.length) });
}

it('after a partition, the half with less work reorganises and loses no transaction', async () => {
  let isCut = false;
  const side = (port: number) => port % 2;
  const net = new TestNetwork({
    latencyMs: () => 5,
    isReachable: (fromPort, toPort) => !isCut || side(fromPort) === side(toPort),
  });
  const first = await net.start();
  const coinbaseOutputs = [{ value: 50_0000_0000n, scriptPubKey: ANYONE_CAN_SPEND }];
  const coinbases = (await mine(net, first, 3, { coinbaseOutputs })).map(({ transactions }) => transactions[0]!);
  await mine(net, first, 100);
  // The common seed is on one side.
  for (let i = 1; i < 20; i++) await net.start({ seeds: [first] });
  await net.untilSynced(first.chain.tip.hash, 60_000);
  const sides = [0, 1].map((n) => net.nodes.filter(({ endpoint }) => side(endpoint.port) === n)) as [
    TestNode[],
    TestNode[],
  ];
  await net.until(() => net.nodes.every(({ connections: peers }) => peers.peers().length >= 8), 60_000, 50);

  isCut = true;
  for (const node of net.nodes) {
    for (const peer of node.connections.peers()) {
      const port = peer.endpoint?.port;
      if (port !== undefined && side(port) !== side(node.endpoint.port)) peer.disconnect('cut');
    }
  }
  const [losers, winners] = sides;
  const [a, b, c] = coinbases.map(spendOf) as [Transaction, Transaction, Transaction];
  for (const [node, tx] of [
    [losers[4]!, a],
    [losers[7]!, b],
    [winners[2]!, c],
  ] as const) {
    expect('reject' in node.mempool.accept(tx)).toBe(false);
  }
  await net.until(() => losers.every(({ mempool }) => mempool.size === 2), 5000);
  await net.until(() => winners.every(({ mempool }) => mempool.size === 1), 5000);
  await mineMempool(net, losers[9]!);
  await mine(net, losers[9]!, 1, { tag: 1 });
  await mineMempool(net, winners[5]!);
  await mine(net, winners[5]!, 2, { tag: 2 });
  const heights = (nodes: TestNode[]) => [...new Set(nodes.map(({ chain }) => chain.tip.height))];
  await net.until(() => `${heights(losers)} ${heights(winners)}` === '105 106', 10_000);
  expect(net.nodes.every(({ mempool }) => mempool.size === 0)).toBe(true);
  await net.advance(60_000, 100);

  isCut = false;
  await net.untilSynced(winners[0]!.chain.tip.hash, 60_000);
  // Transactions of disconnected blocks are in every mempool again.
  await net.until(() => net.nodes.every(({ mempool }) => mempool.has(a.txid) && mempool.has(b.txid)), 10_000);
  expect(net.nodes.every(({ mempool }) => mempool.size === 2)).toBe(true);
  for (const { disconnects } of net.nodes) expect(disconnects.filter((reason) => /misbehav/.test(reason))).toEqual([]);
}, 60_000);
