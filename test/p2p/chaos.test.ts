import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Command, codecs } from '../../src/p2p/wire/messages/index.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { FakePeer } from './support/fake-peer.ts';
import { mine, TestNetwork } from './support/network.ts';

it('nodes that mine in competition over slow links, with lost connections, converge to one chain', async () => {
  const random = new SeededRandom(7);
  const net = new TestNetwork({ latencyMs: (from, to) => 20 + ((from.port * 31 + to.port * 17) % 200) });
  const first = await net.start();
  await mine(net, first, 1);
  for (let i = 1; i < 8; i++) {
    await net.start({ seeds: [net.nodes[randomInt(random, i)]!, net.nodes[randomInt(random, i)]!] });
  }
  await net.untilSynced(undefined, 60_000);
  for (let round = 0; round < 25; round++) {
    const node = net.nodes[randomInt(random, net.nodes.length)]!;
    await mine(net, node, 1 + randomInt(random, 2), { tag: round });
    const [peer] = node.connections.peers();
    if (round % 5 === 0) peer?.disconnect('test');
    await net.advance(randomInt(random, 300) + 1);
  }
  // Two branches may have equal work until one of them grows.
  await net.advance(5000);
  await mine(net, net.nodes[0]!, 1, { tag: 1000 });
  await net.untilSynced(undefined, 120_000);
  expect(first.chain.tip.height).toBeGreaterThan(15);
  // There were branches, and no peer was penalized for them.
  expect(net.nodes.some(({ chain }) => chain.tips().length > 1)).toBe(true);
  for (const { disconnects } of net.nodes) expect(disconnects.filter((reason) => /misbehav/.test(reason))).toEqual([]);
});

it('the same seed leads to the same messages', async () => {
  const run = async () => {
    const net = new TestNetwork({ latencyMs: (from, to) => 5 + ((from.port + 3 * to.port) % 40) });
    const seed = await net.start();
    await mine(net, seed, 5);
    for (let i = 0; i < 4; i++) await net.start({ seeds: [seed] });
    await net.untilSynced(seed.chain.tip.hash);
    await mine(net, net.nodes[2]!, 2);
    await net.untilSynced(net.nodes[2]!.chain.tip.hash);
    await net.advance(5000);
    const log = net.nodes.map(({ received }) => received.join(' '));
    await net.stop();
    return log;
  };
  expect(await run()).toEqual(await run());
});

it('a node survives random messages after the handshake', async () => {
  const net = new TestNetwork();
  const node = await net.start();
  await mine(net, node, 3);
  const commands = Object.keys(codecs) as Command[];
  const small = fc.uint8Array({ maxLength: 120 });
  // Begins like a short list.
  const list = fc.tuple(fc.integer({ min: 1, max: 3 }), small).map(([count, bytes]) => Uint8Array.of(count, ...bytes));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...commands), fc.oneof(small, list)), { minLength: 1, maxLength: 40 }),
      async (messages) => {
        const peer = await FakePeer.join(net, node);
        for (const [command, payload] of messages) peer.sendPayload(command, payload);
        await net.advance(30);
        peer.connection.close();
        await net.advance(20);
      },
    ),
    { seed: 5, numRuns: 60 },
  );
  expect(node.disconnects).not.toContain('internal error');
  expect(node.connections.peers()).toEqual([]);
  const other = await net.start({ seeds: [node] });
  await net.until(() => other.chain.tip.height === 3);
});
