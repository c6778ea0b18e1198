/**
 * For tests and simulations: a clock that moves on demand, a seeded random generator, and a network in memory. With all
 * three, a run of many nodes in one process is the same each time.
 *
 * @example
 * ```ts
 * import { FullNode, nodeConfig } from 'pier/node';
 * import { MemoryNetwork, SeededRandom, VirtualClock } from 'pier/testing';
 *
 * const clock = new VirtualClock();
 * const network = new MemoryNetwork(clock, { latencyMs: () => 50 });
 * const random = new SeededRandom(1);
 * const modules = { clock, random, transport: network.transport('10.0.0.1') };
 * const p2p = { host: '10.0.0.1', seeds: ['10.0.0.2:8333'] };
 * const config = nodeConfig({ nodeId: 8333, dataDir: '/tmp/pier', p2p });
 * const node = await FullNode.start(config, { network: 'full', createChain: false, createWallet: false }, modules);
 * clock.advance(60_000);
 * await node.stop();
 * ```
 *
 * @module pier/testing
 * @packageDocumentation
 */

export { callInProcess } from './call-in-process.ts';
export { idealLink, type LinkConditions } from './link-conditions.ts';
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-transport.ts';
export { SeededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
