import type { ChainState } from './state.ts';

/** Waits for the disk when necessary, and gives other work a turn if the slice is over. */
export async function pause({ flusher, slices }: ChainState): Promise<void> {
  await flusher.throttle();
  if (slices.isOver) await slices.turn();
}
