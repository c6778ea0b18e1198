export { callInProcess } from './call-in-process.ts';
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-transport.ts';
export { SeededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
