import { describe, expect, it, vi } from 'vitest';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import { requestsUnofferedService } from '../../../src/p2p/peer/protocol-violations.ts';
import { onFilterAdd, onFilterLoad } from '../../../src/p2p/processing/handlers/bloom.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { TestNetwork } from '../support/network.ts';

describe('a list longer than the protocol allows', () => {
  const list = (count: number, size: number, prefix = 0) =>
    new ByteWriter()
      .bytes(new Uint8Array(prefix))
      .compactSize(count)
      .bytes(new Uint8Array(count * size))
      .finish();
  // Core's limits: MAX_ADDR_TO_SEND, MAX_LOCATOR_SZ, MAX_INV_SZ, MAX_HEADERS_RESULTS.
  it.each([
    ['addr', list(1_001, 30), 'misbehaving: oversized addr'],
    ['getblocks', list(102, 32, 4), 'oversized getblocks'],
    ['getdata', list(50_001, 36), 'misbehaving: oversized getdata'],
    ['getheaders', list(102, 32, 4), 'oversized getheaders'],
    ['headers', list(2_001, 81), 'misbehaving: oversized headers'],
    ['inv', list(50_001, 36), 'misbehaving: oversized inv'],
    ['notfound', list(50_001, 36), undefined],
  ])('in %s is a reason to disconnect, or ignored', async (command, payload, reason) => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    peer.sendPayload(command, payload);
    await net.advance(300);
    expect(node.disconnects).toEqual(reason ? [reason] : []);
  });
});

it('a message whose handler fails closes the connection', async () => {
  const net = new TestNetwork();
  const node = await net.start();
  const [peer, other] = [await FakePeer.join(net, node), await FakePeer.join(net, node)];
  vi.spyOn(node.chain, 'findLocator').mockImplementation(() => {
    throw new Error('test');
  });
  peer.send('getheaders', { locator: [new Uint8Array(32)], stop: new Uint8Array(32) });
  await net.advance(300);
  expect([node.disconnects, peer.closed, other.closed]).toEqual([['internal error'], true, false]);
});

describe('a request for a service that is not offered', () => {
  it.each([
    ['filterload', 0, 4n],
    ['filteradd', 0, 4n],
    ['filterclear', 0, 4n],
    ['mempool', 0, 4n],
    ['getcfilters', 37, 64n],
    ['getcfheaders', 37, 64n],
    ['getcfcheckpt', 33, 64n],
  ])('%s is one if its payload has %d bytes, without the service bit %d', (command, length, flag) => {
    expect(requestsUnofferedService(command, new Uint8Array(length), ~flag & 0xffffn)).toBe(true);
    expect(requestsUnofferedService(command, new Uint8Array(length), flag)).toBe(false);
    if (length > 0) expect(requestsUnofferedService(command, new Uint8Array(length - 1), 0n)).toBe(false);
    expect(requestsUnofferedService('getdata', new Uint8Array(length), 0n)).toBe(false);
  });
});

describe('Bloom filters', () => {
  function start(filter?: { insert(element: Uint8Array): void }, type = 'inbound') {
    const calls: unknown[] = [];
    const txAnnouncer = { filter: () => filter, setFilter: (_: unknown, set: unknown) => calls.push(set) };
    const peer = { type, misbehaving: (reason: string) => calls.push(reason) };
    return { calls, context: { txAnnouncer } as never, peer: peer as never };
  }

  it.each([true, false])('within the size constraints (%s) are set', (isWithinSizeConstraints) => {
    const { calls, context, peer } = start();
    const filter = { isWithinSizeConstraints };
    onFilterLoad(context, peer, filter as never);
    expect(calls).toEqual([isWithinSizeConstraints ? filter : 'too-large bloom filter']);
  });

  it.each([
    ['of 520 bytes is added', 520, true, 'inbound', [520]],
    ['of 521 bytes is misbehaviour', 521, true, 'inbound', ['too-large filteradd element']],
    ['without a filter is misbehaviour', 20, false, 'inbound', ['filteradd without a filter']],
    ['without a filter is ignored of a block-relay-only peer', 20, false, 'block-relay-only', []],
  ])('an element %s', (_, length, hasFilter, type, expected) => {
    const inserted: unknown[] = [];
    const filter = { insert: (element: Uint8Array) => inserted.push(element.length) };
    const { calls, context, peer } = start(hasFilter ? filter : undefined, type);
    onFilterAdd(context, peer, { element: new Uint8Array(length) });
    expect([...inserted, ...calls]).toEqual(expected);
  });
});
