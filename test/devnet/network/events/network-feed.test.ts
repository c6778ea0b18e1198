import { afterEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../../src/devnet/network/create-network.ts';
import { feedEventTypes } from '../../../../src/devnet/network/events/feed-event-types.ts';
import type { FeedEvent } from '../../../../src/devnet/network/events/network-feed.ts';
import type { NodeNetwork } from '../../../../src/devnet/network/node-network.ts';
import { engineNames } from '../../../../src/devnet/topology/network-options.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

/** Collects events, and waits for those that are still to come. */
class Collector {
  readonly events: FeedEvent[] = [];
  #wake = () => {};

  readonly listener = (event: FeedEvent) => {
    this.events.push(event);
    this.#wake();
  };

  /** Resolves with the first event that has these members. */
  async has(members: Partial<Record<string, unknown>>): Promise<FeedEvent> {
    const matches = (event: FeedEvent) =>
      Object.entries(members).every(([key, value]) => (event as unknown as Record<string, unknown>)[key] === value);
    for (;;) {
      const found = this.events.find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  ofType(type: FeedEvent['type']): FeedEvent[] {
    return this.events.filter((event) => event.type === type);
  }
}

/** Returns the wtxid of a transaction that a node has added. */
function wtxidOf(event: FeedEvent): string {
  const { txid, wtxid = txid } = event as { txid: string; wtxid?: string };
  return wtxid;
}

describe.each(engineNames)('the feed of a network on the engine %s', { timeout: 120_000 }, (engine) => {
  it('tells what happens in nodes, on links and between them, as plain data', async () => {
    network = await createNetwork({ engine, nodes: [{}, {}, { role: 'light', name: 'phone' }], accounts: 2 });
    const [alice, bob] = network.accounts;
    const { height } = await network.node('node1').view();
    const collector = new Collector();
    const off = network.follow(feedEventTypes, collector.listener);

    const { txid } = await alice!.pay(bob!, '1');
    const added = await collector.has({ type: 'transaction', node: 'node2', txid, change: 'added' });
    expect(added).toMatchObject({ vsize: expect.any(Number), fee: expect.any(Number) });
    expect((added as { fee: number }).fee).toBeGreaterThan(100);
    await collector.has({ type: 'mempool', node: 'node2', transactions: 1 });
    expect(await collector.has({ type: 'message', from: 'node1', to: 'node2', command: 'tx' })).toMatchObject({
      count: 1,
      bytes: expect.any(Number),
    });
    // The times say in which order the messages were, also of two processes.
    const between = (from: string, to: string, command: string) =>
      collector.has({ type: 'message', from, to, command });
    const hops = [
      await between('node1', 'node2', 'inv'),
      await between('node2', 'node1', 'getdata'),
      await between('node1', 'node2', 'tx'),
    ].map((event) => (event as { at: number }).at);
    expect([...hops].sort((a, b) => a - b)).toEqual(hops);
    expect(Math.abs(hops[0]! - Date.now())).toBeLessThan(60_000);
    // Each says what it is about, and arrives once; the node that has reported it still has its bytes.
    const sent = await between('node1', 'node2', 'tx');
    expect(sent).toMatchObject({ node: 'node1', id: expect.any(Number), hashes: [wtxidOf(added)], items: 1 });
    const { id, at } = sent as { id: number; at: number };
    const arrival = (await collector.has({ type: 'arrival', node: 'node1', id })) as { at: number };
    expect(arrival.at).toBeGreaterThanOrEqual(at);
    expect(collector.events.filter((event) => event.type === 'arrival' && event.id === id)).toHaveLength(1);
    expect(await between('node2', 'node1', 'getdata')).toMatchObject({ hashes: [wtxidOf(added)], node: 'node2' });
    const { payload, ...rest } = await network.node('node1').call<{ payload: string }>('getmessage', [id]);
    expect(rest).toEqual({ command: 'tx', size: payload.length / 2 });
    expect(await network.node('node1').call('decoderawtransaction', [payload])).toMatchObject({ txid });
    await expect(network.node('node1').call('getmessage', [1])).rejects.toThrow('keeps no message 1');
    await collector.has({ type: 'wallet', wallet: alice!.wallet });

    const [hash] = await network.mine();
    await collector.has({ type: 'block', node: 'node2', height: height + 1, hash, transactions: 2 });
    await collector.has({ type: 'header', node: 'phone', height: height + 1, hash });
    await collector.has({ type: 'transaction', node: 'node2', txid, change: 'removed', reason: 'block' });

    const { lost, won } = await network.reorg({ depth: 1 });
    expect(await collector.has({ type: 'reorg', node: 'node2' })).toMatchObject({ from: lost.at(-1), fork: height });
    await collector.has({ type: 'block', node: 'node2', hash: won[0], height: height + 1 });
    await collector.has({ type: 'block', node: 'node2', hash: won[1], height: height + 2 });

    const link = network.link('node1', 'node2');
    link.set({ latency: 5 });
    await collector.has({ type: 'link', from: 'node2', to: 'node1', isCut: false });
    await link.cut();
    await collector.has({ type: 'link', from: 'node2', to: 'node1', isCut: true });
    await network.node('node2').stop();
    await collector.has({ type: 'node', node: 'node2', status: 'stopped', height: -1 });
    await network.node('node2').start();
    await collector.has({ type: 'node', node: 'node2', status: 'running', height: height + 2 });
    await link.mend();
    await network.mine();
    // The node is followed again after its start.
    await collector.has({ type: 'block', node: 'node2', height: height + 3 });

    off();
    const { length } = collector.events;
    await network.mine();
    expect(collector.events.length).toBe(length);
    expect(collector.ofType('lost')).toEqual([]);
  });

  it('tells only what is asked for', async () => {
    network = await createNetwork({ engine, nodes: 2, accounts: 1 });
    const collector = new Collector();
    network.follow(['block'], collector.listener);
    const [, hash] = await network.mine(2);
    await collector.has({ type: 'block', node: 'node2', hash });
    expect(new Set(collector.events.map(({ type }) => type))).toEqual(new Set(['block']));
  });
});
