import type { Miner, MinerEvents } from '../mining/miner.ts';

const lastMined = new WeakMap<Miner, MinerEvents['mined']>();

/** Remembers the last block that the node's own miner makes from now on; the returned function stops that. */
export function watchMiner(miner: Miner): () => void {
  return miner.events.on('mined', (event) => lastMined.set(miner, event));
}

/** The last block that the miner made since it is watched. */
export function lastMinedBy(miner: Miner): MinerEvents['mined'] | undefined {
  return lastMined.get(miner);
}
