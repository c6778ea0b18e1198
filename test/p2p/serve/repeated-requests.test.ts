import { describe, expect, it, vi } from 'vitest';
import { toHex } from '../../../src/bytes/hex.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork } from '../support/network.ts';

const output = { value: 0n, scriptPubKey: new Uint8Array(5_000).fill(0x6a) };

/** A node with a big block three below its tip, and a peer. Counts how often the chain is read. */
async function setUp() {
  const net = new TestNetwork();
  const node = await net.start();
  const [block] = await mine(net, node, 1, { coinbaseOutputs: [output] });
  await mine(net, node, 3);
  const peer = await FakePeer.join(net, node);
  const read = [vi.spyOn(node.chain, 'getBlock'), vi.spyOn(node.chain, 'getRawBlock')];
  return { net, node, peer, block: block!, reads: () => read.reduce((sum, { mock }) => sum + mock.calls.length, 0) };
}

describe('a block that is requested again and again', () => {
  it.each([
    ['compact', InvType.CMPCT_BLOCK, 'cmpctblock'],
    ['without witnesses', InvType.BLOCK, 'block'],
  ] as const)('%s is read and encoded once', async (_form, type, command) => {
    const { net, peer, block, reads } = await setUp();
    peer.send('getdata', { entries: new Array(200).fill({ type, hash: block.hash }) });
    await net.until(() => peer.received(command).length === 200);
    expect(reads()).toBe(1);
    const last = peer.messages.findLast((message) => message.command === command)!;
    if (command === 'block') expect(toHex(last.payload)).toBe(toHex(block.encodeStripped()));
    else expect(peer.received('cmpctblock').at(-1)!.prefilled[0]!.tx.txidHex).toBe(block.transactions[0]!.txidHex);
  });

  it('by its transactions is read once', async () => {
    const { net, peer, block, reads } = await setUp();
    for (let i = 0; i < 50; i++) peer.send('getblocktxn', { blockHash: block.hash, indexes: [0] });
    await net.until(() => peer.received('blocktxn').length === 50);
    expect(reads()).toBe(1);
    const [tx] = peer.received('blocktxn').at(-1)!.transactions;
    expect(toHex(tx!.encode())).toBe(toHex(block.transactions[0]!.encode()));
  });
});
