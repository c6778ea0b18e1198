import { describe, expect, it } from 'vitest';
import { onFeeFilter } from '../../../src/p2p/processing/handlers/transactions.ts';
import { ioBlocks } from '../../../src/p2p/transport/block-pool.ts';
import { NO_ADDRESS, toNetAddress } from '../../../src/p2p/wire/messages/net-address.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { TestNetwork } from '../support/network.ts';

describe('the endpoint of an inbound peer', () => {
  const claimed = { host: '203.0.113.7', port: 8333 };

  it.each([
    ['is what its version claims', '203.0.113.7', toNetAddress(claimed)!, claimed],
    [
      'is unknown if it claims another host, to which it could keep us from connecting',
      '203.0.113.8',
      toNetAddress(claimed)!,
      undefined,
    ],
    ['is unknown if it claims none', '203.0.113.7', NO_ADDRESS, undefined],
  ])('%s', async (_, host, sender, endpoint) => {
    const net = new TestNetwork();
    const node = await net.start({ maxOutbound: 0 });
    await FakePeer.join(net, node, { host, version: { sender } });
    const [peer] = node.connections.peers();
    expect(peer!.endpoint).toEqual(endpoint);
    expect([peer!.isAt(claimed), peer!.isAt(peer!.remote), peer!.isAt({ ...peer!.remote, port: 1 })]).toEqual([
      ...[endpoint !== undefined, true, false],
    ]);
  });
});

it('the memory of bytes that are not framed yet is given back at a disconnect', async () => {
  const net = new TestNetwork();
  const node = await net.start({ v2Transport: false });
  const peer = await FakePeer.dial(net, node);
  const before = ioBlocks.used;
  peer.connection.send(new Uint8Array(100_000));
  await net.until(() => peer.closed);
  expect([node.disconnects, ioBlocks.used]).toEqual([['wrong network magic'], before]);
});

it.each([
  [0n, true],
  [2_100_000_000_000_000n, true],
  [2_100_000_000_000_001n, false],
])('a fee filter of %d satoshis is taken: %s', (feeRate, isTaken) => {
  const rates: bigint[] = [];
  const txAnnouncer = { setFeeFilter: (_: unknown, rate: bigint) => rates.push(rate) };
  onFeeFilter({ txAnnouncer } as never, {} as never, { feeRate });
  expect(rates).toEqual(isTaken ? [feeRate] : []);
});
