import type { ChainState } from './state.ts';

/** Bytes of blocks processed between two yields to the event loop. */
const YIELD_BYTES = 1 << 20;

/** Counts `bytes` as processed; yields to the event loop and waits for the disk when necessary. */
export async function pause(state: ChainState, bytes: number): Promise<void> {
  await state.flusher.throttle();
  state.busyBytes += bytes;
  if (state.busyBytes < YIELD_BYTES) return;
  state.busyBytes = 0;
  await new Promise((resolve) => setImmediate(resolve));
}
