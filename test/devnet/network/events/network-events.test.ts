import { afterEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../../src/devnet/network/create-network.ts';
import type { NetworkEvent } from '../../../../src/devnet/network/events/network-events.ts';
import type { NodeNetwork } from '../../../../src/devnet/network/node-network.ts';
import { engineNames } from '../../../../src/devnet/topology/network-options.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

/** Returns the next event for which `isWanted`; every iterator ends with the network. */
async function next(events: AsyncIterator<NetworkEvent>, isWanted: (event: NetworkEvent) => boolean) {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error('the events have ended');
    if (isWanted(value)) return value;
  }
}

describe.each(engineNames)('events on the engine %s', { timeout: 120_000 }, (engine) => {
  it('tell what happens on each node and link', async () => {
    network = await createNetwork({ engine, nodes: [{}, {}, { role: 'light', name: 'phone' }], accounts: 2 });
    const [alice, bob] = network.accounts;
    const [node, phone] = [network.node('node2'), network.node('phone')];
    const events = network.events();
    const { height } = await node.view();

    const payment = await alice!.pay(bob!, '1');
    const { txid } = payment;
    const added = await next(events, (event) => event.type === 'transaction' && event.node === node);
    expect(added).toEqual({ type: 'transaction', node, txid, change: 'added' });

    const [hash] = await network.mine();
    const seen: NetworkEvent[] = [];
    for (let i = 0; i < 2; i++) {
      seen.push(await next(events, ({ type, ...rest }) => type !== 'link' && 'node' in rest && rest.node === node));
    }
    expect(seen).toContainEqual({ type: 'block', node, height: height + 1, hash });
    expect(seen).toContainEqual({ type: 'transaction', node, txid, change: 'removed' });

    const [second] = await network.mine(2);
    expect(
      await next(events, (event) => event.type === 'block' && event.node === phone && event.hash === second),
    ).toEqual({ type: 'block', node: phone, height: height + 2, hash: second });

    const { lost, won } = await network.reorg({ depth: 3 });
    const reorg = await next(events, (event) => event.type === 'reorg' && event.node === node);
    expect(reorg).toMatchObject({ type: 'reorg', node, from: lost.at(-1) });
    expect(won).toContain((reorg as { hash: string }).hash);

    await node.stop();
    expect(await next(events, ({ type }) => type === 'node')).toEqual({ type: 'node', node, status: 'stopped' });
    await node.start();
    expect(await next(events, ({ type }) => type === 'node')).toEqual({ type: 'node', node, status: 'running' });
    await phone.pause();
    expect(await next(events, ({ type }) => type === 'node')).toMatchObject({ node: phone, status: 'paused' });
    await phone.resume();
    expect(await next(events, ({ type }) => type === 'node')).toMatchObject({ node: phone, status: 'running' });

    const link = network.link('node1', 'node2');
    await link.cut();
    expect(await next(events, ({ type }) => type === 'link')).toEqual({ type: 'link', link, isCut: true });
    await link.mend();
    expect(await next(events, ({ type }) => type === 'link')).toEqual({ type: 'link', link, isCut: false });
    link.set({ latency: 1 });
    expect(await next(events, ({ type }) => type === 'link')).toEqual({ type: 'link', link, isCut: false });

    const ended = expect(next(events, () => false)).rejects.toThrow('the events have ended');
    await network.close();
    await ended;
  });
});

describe.each(engineNames)(
  'what the nodes themselves do not report, on the engine %s',
  { timeout: 120_000 },
  (engine) => {
    it('is seen by comparison: a lost mempool, a revert, and the blocks of a light node', async () => {
      network = await createNetwork({ engine, nodes: [{}, {}, { role: 'light', name: 'phone' }], accounts: 2 });
      const [alice, bob] = network.accounts;
      const [node, phone] = [network.node('node2'), network.node('phone')];
      const id = await network.snapshot();
      const { height, tip } = await node.view();
      const { txid } = await alice!.pay(bob!, '1');
      await network.synced();
      const events = network.events();
      // The answer comes after that to the first look.
      await node.view();
      const ofNode = (event: NetworkEvent) => event.type === 'transaction' && event.node === node;
      await network.link('node1', 'node2').cut();
      await node.kill();
      await node.start();
      expect(await next(events, ofNode)).toEqual({ type: 'transaction', node, txid, change: 'removed' });
      await network.link('node1', 'node2').mend();
      expect(await next(events, ofNode)).toEqual({ type: 'transaction', node, txid, change: 'added' });
      const hashes = await network.mine(3);
      for (const [i, hash] of hashes.entries()) {
        expect(await next(events, (event) => event.type === 'block' && event.node === phone)).toEqual({
          ...{ type: 'block', node: phone, height: height + 1 + i, hash },
        });
      }
      const { txid: undone } = await alice!.pay(bob!, '1');
      await network.synced();
      await network.revert(id);
      const later = network.events();
      const reorg = { type: 'reorg', from: hashes[2], height, hash: tip };
      expect(await next(events, (event) => event.type === 'reorg' && event.node === node)).toEqual({ ...reorg, node });
      const removed = { type: 'transaction', node, txid: undone, change: 'removed' };
      expect(await next(events, ofNode)).toEqual(removed);
      // What was before the call is no event.
      await network.mine();
      expect((await next(later, (event) => 'node' in event && event.node === phone)).type).toBe('block');
    });
  },
);

describe('NodeNetwork.events', () => {
  it('ends when its signal aborts, and with a break', async () => {
    network = await createNetwork({ nodes: 1, accounts: 0 });
    const controller = new AbortController();
    const events = network.events({ signal: controller.signal });
    const waiting = events.next();
    controller.abort();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await network.events({ signal: controller.signal }).next()).toEqual({ value: undefined, done: true });

    const others = network.events();
    await network.mine();
    for await (const { type } of others) {
      expect(type).toBe('block');
      break;
    }
    expect(await others.next()).toEqual({ value: undefined, done: true });
  });

  it('fails after the events that fit, if too many wait', async () => {
    network = await createNetwork({ nodes: 1, accounts: 0 });
    const events = network.events({ limit: 2 });
    await network.mine(4);
    expect((await events.next()).value).toMatchObject({ type: 'block' });
    expect((await events.next()).value).toMatchObject({ type: 'block' });
    await expect(events.next()).rejects.toMatchObject({ code: 'too-many-events' });
  });
});
