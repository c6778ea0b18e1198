import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { isPortFree } from '../../../src/devnet/processes/ports.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';
import { TestNode } from '../../api/test-node.ts';
import { freePort, waitFor } from '../../support/wait.ts';

interface PeerJson {
  readonly inbound: boolean;
  readonly addr: string;
  readonly transport_protocol_type: string;
}

describe.each(engineNames)('a port for other peers, with the engine %s', { timeout: 120_000 }, (engine) => {
  let network: NodeNetwork;
  let outsider: TestNode;
  beforeEach(async () => {
    outsider = await TestNode.start({ listen: true });
  });
  afterEach(async () => {
    await outsider.stop();
    await network?.close();
  });

  const patience = { timeoutMs: 60_000 };
  const tip = async () => (await network.node('node1').view()).tip;
  const follows = () => waitFor(async () => outsider.node.chain.tip.hashHex === (await tip()), patience);

  it('lets any node join, through stops and reverts', async () => {
    const port = await freePort();
    // Each process takes a while to start.
    const more = engine === 'memory' ? [{ role: 'light' } as const] : [];
    network = await createNetwork({ engine, nodes: [{ p2p: port }, { p2p: true }, ...more], accounts: 2 });
    const [first, second, light] = network.nodes;
    expect(first!.p2p).toBe(`127.0.0.1:${port}`);
    expect(second!.p2p).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(second!.p2p).not.toBe(first!.p2p);
    expect(light?.p2p).toBe(undefined);
    const id = await network.snapshot();

    await outsider.call('addnode', first!.p2p, 'add');
    await follows();
    await waitFor(() => outsider.node.connections.peers().some(({ isReady }) => isReady), patience);
    const [bob] = network.accounts;
    const payment = await bob!.pay(network.accounts[1]!, '1');
    await waitFor(() => outsider.node.mempool.size === 1, patience);
    const mined = await outsider.call<string[]>('generatetoaddress', 2, bob!.address);
    await second!.reached(outsider.node.chain.tip.height, { timeout: 60_000 });
    await payment.confirmed(2, { timeout: 60_000 });
    expect(await tip()).toBe(mined[1]);

    // Nodes in processes have addresses, which they announce.
    if (engine === 'memory') {
      expect(await outsider.call('getnodeaddresses', 0)).toEqual([]);
      await first!.pause();
      await network.mine(1, { by: second!, timeout: 60_000 });
      expect(outsider.node.chain.tip.hashHex).toBe(mined[1]);
      await first!.resume();
      await network.synced();
      await follows();
    }

    await first!.stop();
    expect(first!.p2p).toBe(undefined);
    expect(await isPortFree(port)).toBe(true);
    await first!.start();
    await network.synced();
    await network.mine(1, { timeout: 60_000 });
    await follows();
    expect(first!.p2p).toBe(`127.0.0.1:${port}`);
    const { p2p } = second!;

    await outsider.call('addnode', first!.p2p, 'remove');
    await network.revert(id);
    expect([first!.p2p, second!.p2p]).toEqual([`127.0.0.1:${port}`, p2p]);
    await outsider.call('addnode', p2p, 'add');
    await waitFor(
      async () => (await second!.call<PeerJson[]>('getpeerinfo')).length === network.nodes.length,
      patience,
    );
    await network.close();
    expect(await isPortFree(port)).toBe(true);
  });

  it('lets the node connect to others', async () => {
    network = await createNetwork({ engine, nodes: [{ p2p: true }], accounts: 0 });
    const { connections } = outsider.node;
    const { host, port } = connections.endpoint!;
    await network.node('node1').call('addnode', [`${host}:${port}`, 'add']);
    await follows();
    const [peer] = await network.node('node1').call<PeerJson[]>('getpeerinfo');
    expect(peer).toMatchObject({ inbound: false, transport_protocol_type: 'v2' });
  });

  it('lets peers follow after a revert, and brings back nothing', async () => {
    network = await createNetwork({ engine, nodes: [{ p2p: true }, {}], accounts: 1 });
    const theirTip = () => outsider.node.chain.tip;
    const [node, other] = network.nodes;
    const wait = { timeout: 60_000 };
    const has = async (hash: string) => (await node!.call('getblock', [hash]).catch(() => undefined)) !== undefined;
    const { height } = await node!.view();
    const base = await network.snapshot();
    await outsider.call('addnode', node!.p2p, 'add');
    const isConnected = () => outsider.node.connections.peers().some(({ isReady }) => isReady);
    await waitFor(isConnected, patience);

    const lost = await network.mine(2, wait);
    await waitFor(() => theirTip().height === height + 2, patience);
    const later = await network.snapshot();
    const [third] = await network.mine(1, wait);
    await waitFor(() => theirTip().hashHex === third, patience);
    await network.revert(base);
    await waitFor(isConnected, patience);
    // It offers what it has and builds on it.
    const [fourth] = await outsider.call<string[]>('generatetoaddress', 1, network.accounts[0]!.address);
    // To another address: the same blocks would be mined again.
    await network.mine(3, { by: other!, to: network.accounts[0]!, ...wait });
    expect((await node!.view()).height).toBe(height + 3);
    await waitFor(() => [...outsider.node.chain.tips()].length === 2, patience);
    expect([theirTip().hashHex, await has(third!), await has(fourth!)]).toEqual([fourth, false, false]);
    // With more work, the chain of the network wins there too.
    const hashes = await network.mine(2, wait);
    await waitFor(() => theirTip().hashHex === hashes[1], patience);

    // What a snapshot has is accepted again, and what follows it.
    await network.revert(later);
    await outsider.call('invalidateblock', await outsider.call('getblockhash', height + 1));
    expect(theirTip().hashHex).toBe(fourth);
    await outsider.call('invalidateblock', third);
    expect(theirTip().hashHex).toBe((await node!.view()).tip);
    await waitFor(isConnected, patience);
    const [fresh] = await outsider.call<string[]>('generatetoaddress', 1, network.accounts[0]!.address);
    await waitFor(async () => (await other!.view()).tip === fresh, patience);

    // Links carry what is submitted again, in both directions.
    await network.revert(base);
    for (const [i, submitter] of [other!, node!].entries()) {
      await submitter.call('submitblock', [await outsider.call('getblock', lost[i]!, 0)]);
      await network.synced(wait);
      expect(await tip()).toBe(lost[i]);
    }
  });
});

describe('a port for other peers', () => {
  it('is there in memory only where asked', async () => {
    await using network = await createNetwork({ nodes: [{}, { p2p: false }, { p2p: true }], accounts: 0 });
    const [first, second, third] = network.nodes;
    expect([first!.p2p, second!.p2p]).toEqual([undefined, undefined]);
    const taken = Number(third!.p2p!.split(':')[1]);
    await expect(createNetwork({ nodes: [{}, { p2p: taken }], accounts: 0 })).rejects.toMatchObject({
      code: 'port-in-use',
    });
  });
});
