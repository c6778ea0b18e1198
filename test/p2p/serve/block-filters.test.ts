import { describe, expect, it, vi } from 'vitest';
import { FilterIndex } from '../../../src/chain/filters/filter-index.ts';
import { filterHash, filterHeader, NO_FILTER_HEADER } from '../../../src/proofs/block-filter.ts';
import { mineBlock } from '../../chain/support/builder.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { mine, TestNetwork, type TestNode } from '../support/network.ts';

const BASIC = 0;

async function nodeWithIndex(blocks: number): Promise<{ net: TestNetwork; node: TestNode }> {
  const net = new TestNetwork();
  const node = await net.start({ blockFilterIndex: true });
  await mine(net, node, blocks);
  return { net, node };
}

// The bytes and the limits of requests are compared with bitcoind's in test/interop/block-filters.test.ts.
describe('a node with a block filter index', () => {
  it('offers the service bit; a node without it disconnects peers that request filters', async () => {
    const { net, node } = await nodeWithIndex(1);
    const without = await net.start();
    const offered = await FakePeer.join(net, node);
    const notOffered = await FakePeer.join(net, without);
    const bit = 1n << 6n;
    expect(offered.received('version')[0]!.services & bit).toBe(bit);
    expect(notOffered.received('version')[0]!.services & bit).toBe(0n);
    const stopHash = without.chain.tip.hash;
    notOffered.send('getcfcheckpt', { filterType: BASIC, stopHash });
    await net.until(() => notOffered.closed);
    for (const command of ['getcfilters', 'getcfheaders'] as const) {
      const peer = await FakePeer.join(net, without);
      peer.send(command, { filterType: BASIC, startHeight: 0, stopHash });
      await net.until(() => peer.closed);
    }
  });

  it('serves filters that match its filter hashes and headers', async () => {
    const { net, node } = await nodeWithIndex(250);
    const peer = await FakePeer.join(net, node);
    const stopHash = node.chain.tip.hash;
    peer.send('getcfilters', { filterType: BASIC, startHeight: 0, stopHash });
    peer.send('getcfheaders', { filterType: BASIC, startHeight: 0, stopHash });
    peer.send('getcfheaders', { filterType: BASIC, startHeight: 250, stopHash });
    const last = await peer.waitFor('cfheaders', 2);
    const filters = peer.received('cfilter');
    expect(filters.map(({ blockHash }) => blockHash)).toEqual(
      Array.from({ length: 251 }, (_, height) => node.chain.atHeight(height)!.hash),
    );
    const [all] = peer.received('cfheaders');
    expect(all!.previousHeader).toEqual(NO_FILTER_HEADER);
    expect(all!.filterHashes).toEqual(filters.map(({ filter }) => filterHash(filter)));
    const header = all!.filterHashes.slice(0, 250).reduce(filterHeader, NO_FILTER_HEADER);
    expect(last).toEqual({
      filterType: BASIC,
      stopHash,
      previousHeader: header,
      filterHashes: all!.filterHashes.slice(250),
    });
  });

  it('serves filters of a stale branch', async () => {
    const { net, node } = await nodeWithIndex(2);
    const { tip } = node.chain;
    const other = await mine(net, node, 3, { tag: 7 }, tip.prev!);
    expect(node.chain.tip.hashHex).toBe(other.at(-1)!.hashHex);
    const peer = await FakePeer.join(net, node);
    peer.send('getcfilters', { filterType: BASIC, startHeight: 1, stopHash: tip.hash });
    await peer.waitFor('cfilter', 2);
    expect(peer.received('cfilter').map(({ blockHash }) => blockHash)).toEqual([tip.prev!.hash, tip.hash]);
  });

  it('disconnects a request for a block that is not fully validated', async () => {
    const { net, node } = await nodeWithIndex(2);
    const stored = mineBlock(node.chain.tip.prev!, { tag: 9 });
    await node.chain.acceptBlock(stored);
    const peer = await FakePeer.join(net, node);
    peer.send('getcfilters', { filterType: BASIC, startHeight: 0, stopHash: stored.hash });
    await net.until(() => peer.closed);
    expect(peer.received('cfilter')).toEqual([]);
  });

  it('does not answer for blocks that are not indexed yet', async () => {
    const { net, node } = await nodeWithIndex(2);
    const peer = await FakePeer.join(net, node);
    const unknown = vi.spyOn(FilterIndex.prototype, 'commitment').mockReturnValue(undefined);
    const stopHash = node.chain.tip.hash;
    const request = () => {
      peer.send('getcfilters', { filterType: BASIC, startHeight: 0, stopHash });
      peer.send('getcfheaders', { filterType: BASIC, startHeight: 0, stopHash });
    };
    request();
    await net.advance(1_000);
    expect(peer.closed).toBe(false);
    expect(peer.commands()).not.toContain('cfilter');
    expect(peer.commands()).not.toContain('cfheaders');
    unknown.mockRestore();
    request();
    await peer.waitFor('cfheaders');
    expect(peer.received('cfilter')).toHaveLength(3);
  });
});
